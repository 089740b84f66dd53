"""The Inception graph against torch-fidelity's, with the same random weights."""

from pathlib import Path

import numpy as np
import pytest

from tests.parity.without_torchvision import reference_module

torch = pytest.importorskip("torch")
reference = reference_module("torch_fidelity.feature_extractor_inceptionv3")

from genlevel.errors import NotScorable  # noqa: E402
from genlevel.metrics.learned import inception  # noqa: E402
from genlevel.metrics.learned.weights import INCEPTION  # noqa: E402


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = inception.Inception()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(model.state_dict(), path)
    return path


def test_features_and_logits_equal_the_reference(weights: Path) -> None:
    rng = np.random.default_rng(1)
    images = torch.from_numpy(rng.integers(0, 256, (3, 3, 70, 53), dtype=np.uint8))
    theirs = reference.FeatureExtractorInceptionV3(
        "inception", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(weights)
    )
    with torch.no_grad():
        expected, expected_logits = theirs(images)
        features, logits = inception.load(weights)(images)
    np.testing.assert_allclose(features.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(logits.numpy(), expected_logits.numpy(), rtol=1e-5, atol=1e-6)


def test_other_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"conv.weight": torch.zeros(1)}, path)
    with pytest.raises(NotScorable, match="Conv2d_1a_3x3"):
        inception.load(path)


def test_code_in_a_weights_file_is_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (open, (str(marker), "w"))

    path = tmp_path / "evil.pth"
    torch.save({"x": Evil()}, path)
    with pytest.raises(NotScorable, match="cannot be read"):
        inception.load(path)
    assert not marker.exists()


def test_missing_weights_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    with pytest.raises(NotScorable, match=r"weights-inception.*github.com.*GENLEVEL_WEIGHTS"):
        INCEPTION.find()
