"""BRISQUE against piq, feature by feature, with the same random support vectors."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.parity.without_torchvision import reference_module

torch = pytest.importorskip("torch")
reference = reference_module("piq.brisque")

from genlevel import metrics  # noqa: E402
from genlevel.errors import NotScorable  # noqa: E402
from genlevel.metrics.learned import brisque  # noqa: E402


def photo(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Blurred noise over a slope, with some noise on top: varies at all scales, as photographs do."""
    import cv2

    rng = np.random.default_rng(seed)
    x = sum(cv2.GaussianBlur(rng.normal(0, 40 * s, (height, width, 3)), (0, 0), s) for s in (1, 3, 9))
    return np.clip(x + np.linspace(60, 180, width)[None, :, None], 0, 255).astype(np.uint8)


def theirs(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    x = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()).double()
    rounded = torch.round(reference.rgb2yiq(x)[:, :1])
    # One pixel in a thousand has a luma of exactly one half more than a whole; there floating point decides at random.
    exact = torch.from_numpy(np.rint((picture.astype(int) * [299, 587, 114]).sum(-1) / 1000))[None, None]
    assert float((exact - rounded).abs().max()) <= 1 and float((exact != rounded).double().mean()) < 0.005
    x = exact
    rows = []
    for _ in range(2):
        rows.append(reference._natural_scene_statistics(x))
        x = reference.imresize(x, sizes=(x.size(2) // 2, x.size(3) // 2))
    return torch.cat(rows, dim=-1)[0].numpy()


@pytest.mark.parametrize(("height", "width"), [(96, 128), (64, 64), (97, 61)])
def test_features_equal_piq(height: int, width: int) -> None:
    picture = photo(height, width, height)
    found = brisque.features(picture)
    assert found is not None
    # Where a fitted shape lies between two entries of its table, rounding picks one: a step of 0.001.
    np.testing.assert_allclose(found, theirs(picture), rtol=1e-4, atol=1.1e-3)
    assert np.mean(np.abs(found - theirs(picture)) < 1e-6) > 0.9


def test_score_equals_piq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    vectors, coefficients = rng.uniform(-1, 1, (50, 36)), rng.normal(-0.9, 1.0, 50)
    torch.save((torch.from_numpy(coefficients), torch.from_numpy(vectors)), tmp_path / "svr.pt")
    monkeypatch.setattr(
        reference, "load_url", lambda *_, **__: (torch.from_numpy(coefficients), torch.from_numpy(vectors.copy()))
    )
    picture = photo(96, 80, 1)
    expected = reference.brisque(torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()).double(), data_range=255)
    found = brisque.features(picture)
    assert found is not None
    svr = brisque.load_svr(tmp_path / "svr.pt")
    assert brisque.score(found, svr) == pytest.approx(float(expected), rel=1e-4)
    flat = np.full((40, 40, 3), 9, np.uint8)
    assert metrics.compute("brisque", [flat, None], [None, None], weights=str(tmp_path / "svr.pt")) == 100.0


def test_other_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save((torch.zeros(3), torch.zeros(3, 5)), tmp_path / "other.pt")
    with pytest.raises(NotScorable, match="shape"):
        brisque.load_svr(tmp_path / "other.pt")
    (tmp_path / "x.pt").write_bytes(b"x")
    with pytest.raises(NotScorable, match="cannot be read"):
        brisque.load_svr(tmp_path / "x.pt")
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    with pytest.raises(NotScorable, match="brisque_svm"):
        metrics.compute("brisque", [photo(32, 32, 0)], [None])
