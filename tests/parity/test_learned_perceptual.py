"""LPIPS and DISTS against the packages lpips and torchmetrics, with the same random trunk and the published heads."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.parity.without_torchvision import reference_module

torch = pytest.importorskip("torch")
lpips = reference_module("lpips")
their_dists = reference_module("torchmetrics.functional.image.dists")

from genlevel import metrics  # noqa: E402
from genlevel.errors import MetricError, NotScorable  # noqa: E402
from genlevel.metrics.learned.perceptual import Dists, Lpips  # noqa: E402

nn = torch.nn


def plain_alexnet() -> Any:
    """The layers of Krizhevsky's second AlexNet, written out."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, stride=2),
    )  # fmt: skip


def plain_vgg16() -> Any:
    """Configuration D of the VGG paper."""
    layers, inputs = [], 3
    for step in (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"):
        if step == "M":
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(inputs, step, 3, padding=1), nn.ReLU()]
            inputs = step
    return nn.Sequential(*layers)


PLAIN = {"alex": plain_alexnet, "vgg": plain_vgg16}


@pytest.fixture(scope="module")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Path]]:
    torch.manual_seed(1)
    folder, made = tmp_path_factory.mktemp("trunks"), {}
    for net, plain in PLAIN.items():
        features = plain().eval()
        for layer in features:
            if isinstance(layer, nn.Conv2d):  # the default would fade to nothing after 13 layers
                nn.init.kaiming_normal_(layer.weight)
                nn.init.normal_(layer.bias, 0.0, 0.1)
        state = {f"features.{k}": v for k, v in features.state_dict().items()}
        # The published files hold the classifier too.
        torch.save(state | {"classifier.6.bias": torch.zeros(2)}, folder / f"{net}.pth")
        made[net] = features, folder / f"{net}.pth"
    return made


def heads_file(net: str) -> Path:
    return Path(lpips.__file__).parent / "weights" / "v0.1" / f"{net}.pth"


def pictures(count: int, height: int, width: int, seed: int) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def tensor(picture: NDArray[np.uint8]) -> Any:
    return torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()).float()


@pytest.mark.parametrize("net", ["alex", "vgg"])
def test_lpips_equals_the_package(net: str, trunks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    features, path = trunks[net]
    name = {"alex": "alexnet", "vgg": "vgg16"}[net]
    monkeypatch.setattr(
        lpips.pretrained_networks, "tv", SimpleNamespace(**{name: lambda **_: SimpleNamespace(features=features)})
    )
    theirs = lpips.LPIPS(net=net, verbose=False)
    answers = [*pictures(2, 64, 80, 1), *pictures(2, 70, 64, 2), np.zeros((64, 64, 3), np.uint8)]
    references = [*pictures(2, 64, 80, 3), *pictures(1, 70, 64, 4), answers[3], np.full((64, 64, 3), 255, np.uint8)]
    metric = Lpips(net=net, weights=str(path), heads=str(heads_file(net)))
    evidence = metric.measure(answers, references)
    with torch.no_grad():
        expected = [
            theirs(tensor(a) / 127.5 - 1, tensor(b) / 127.5 - 1).item()
            for a, b in zip(answers, references, strict=True)
        ]
    np.testing.assert_allclose(evidence["value"], expected, rtol=2e-5, atol=1e-7)
    assert evidence["value"][3] == 0.0 and min(np.delete(expected, 3)) > 1e-3
    assert float(metric.reduce(evidence)) == pytest.approx(np.mean(expected), rel=2e-5)


def test_dists_equals_torchmetrics(trunks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    features, path = trunks["vgg"]
    monkeypatch.setattr(their_dists, "_TORCHVISION_AVAILABLE", True)
    monkeypatch.setattr(their_dists, "vgg16", lambda **_: SimpleNamespace(features=features), raising=False)
    monkeypatch.setattr(their_dists, "VGG16_Weights", SimpleNamespace(DEFAULT=None), raising=False)
    theirs = their_dists.DISTSNetwork()
    heads = Path(their_dists.__file__).parent / "dists_models" / "weights.pt"
    answers = [*pictures(2, 64, 80, 1), *pictures(2, 71, 64, 2), np.zeros((64, 64, 3), np.uint8)]
    references = [*pictures(2, 64, 80, 3), *pictures(1, 71, 64, 4), answers[3], np.full((64, 64, 3), 255, np.uint8)]
    evidence = Dists(weights=str(path), heads=str(heads)).measure(answers, references)
    with torch.no_grad():
        expected = [theirs(tensor(a) / 255, tensor(b) / 255).item() for a, b in zip(answers, references, strict=True)]
    np.testing.assert_allclose(evidence["value"], expected, rtol=2e-5, atol=2e-6)
    assert min(np.delete(expected, 3)) > 0.01


def test_dists_makes_large_pictures_small(trunks: Any) -> None:
    """Against Pillow's antialiased bilinear, which the paper's code calls."""
    image = pytest.importorskip("PIL.Image")
    _, path = trunks["vgg"]
    heads = Path(their_dists.__file__).parent / "dists_models" / "weights.pt"
    a, b = (np.kron(p, np.ones((6, 6, 1), np.uint8)) for p in (pictures(1, 55, 44, s)[0] for s in (1, 2)))
    small = [np.asarray(image.fromarray(p).resize((256, 320), image.Resampling.BILINEAR)) for p in (a, b)]
    metric = Dists(weights=str(path), heads=str(heads))
    assert metric.measure([a], [b])["value"][0] == pytest.approx(
        metric.measure([small[0]], [small[1]])["value"][0], abs=1e-3
    )


def test_missing_and_odd_answers(trunks: Any) -> None:
    _, path = trunks["alex"]
    metric = Lpips(weights=str(path), heads=str(heads_file("alex")))
    picture = pictures(1, 64, 64, 0)[0]
    grey = np.full((64, 64), 7, np.uint8)
    evidence = metric.measure([None, picture[:60], grey, "text", picture], [picture] * 5)
    assert evidence["answered"].tolist() == [False, False, True, False, True]
    assert float(metric.coverage(evidence)) == 0.4
    assert float(metric.reduce(evidence, np.array([1.0, 1, 0, 1, 0]))) == np.inf
    with pytest.raises(MetricError, match="32 pixels"):
        metric.measure([picture], [picture[:10]])


def test_files_that_are_something_else(trunks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = pictures(1, 64, 64, 0)[0]
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    with pytest.raises(NotScorable, match="alexnet-owt"):
        metrics.compute("lpips", [picture], [picture])
    with pytest.raises(NotScorable, match="LPIPS v0"):
        metrics.compute("lpips", [picture], [picture], weights=str(trunks["alex"][1]))
    with pytest.raises(NotScorable, match="shape"):
        metrics.compute("lpips", [picture], [picture], weights=str(trunks["vgg"][1]), heads=str(heads_file("alex")))
    with pytest.raises(NotScorable, match="vgg16-397923af"):
        metrics.compute("dists", [picture], [picture])
    with pytest.raises(MetricError, match="alex or vgg"):
        metrics.get("lpips", net="squeeze")
