"""NIQE against scikit-video's fit, piq's halving and SciPy's filters, block by block."""

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scipy.io
import scipy.linalg
from numpy.typing import NDArray
from scipy import ndimage

from genlevel import metrics
from genlevel.errors import NotScorable
from genlevel.metrics.learned import niqe
from tests.parity.test_learned_brisque import photo
from tests.parity.without_torchvision import reference_module

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def fit() -> ModuleType:
    """``skvideo.utils.stats`` alone: the package around it does not load with a present NumPy."""
    package = find_spec("skvideo")
    if package is None or not package.submodule_search_locations:
        pytest.skip("needs scikit-video")
    spec = spec_from_file_location("skvideo_stats", Path(package.submodule_search_locations[0], "utils", "stats.py"))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def theirs(grey: NDArray[np.float64], fit: ModuleType) -> NDArray[np.float64]:
    height, width = (s // 96 * 96 for s in grey.shape)
    plane, levels = grey[:height, :width], []
    x = np.arange(-3, 4)
    bell = np.exp(-(x**2) / (2 * (7 / 6) ** 2))
    kernel = np.outer(bell, bell) / np.outer(bell, bell).sum()
    for side in (96, 48):
        mean = ndimage.correlate(plane, kernel, mode="nearest")
        spread = np.sqrt(np.abs(ndimage.correlate(plane**2, kernel, mode="nearest") - mean**2))
        values = (plane - mean) / (spread + 1)
        rows = []
        for top in range(0, plane.shape[0], side):
            for left in range(0, plane.shape[1], side):
                block = values[top : top + side, left : left + side]
                alpha, _, bl, br, *_ = fit.aggd_features(block.copy())
                row = [alpha, (bl + br) / 2]
                for product in fit.paired_product(block):
                    alpha, mean_parameter, bl, br, *_ = fit.aggd_features(product.copy())
                    row += [alpha, mean_parameter, bl, br]
                rows.append(row)
        levels.append(np.array(rows))
        small = reference_module("piq.functional.resize").imresize(
            torch.from_numpy(plane.copy())[None, None], sizes=(plane.shape[0] // 2, plane.shape[1] // 2)
        )
        plane = small[0, 0].numpy()
    return np.hstack(levels)


def pristine(path: Path, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    made = np.vstack([niqe.features(photo(192, 288, int(rng.integers(1000)))[..., 1].astype(float)) for _ in range(9)])
    mean, covariance = made.mean(0), np.cov(made.T)
    np.savez(path, mu_pris_param=mean[None], cov_pris_param=covariance)
    return mean, covariance


@pytest.mark.parametrize(("height", "width"), [(96, 96), (200, 310), (96, 193)])
def test_features_equal_independent_parts(height: int, width: int, fit: ModuleType) -> None:
    grey = photo(height, width, width)[..., 0].astype(np.float64)
    expected = theirs(grey, fit)
    found = niqe.features(grey)
    assert found.shape == expected.shape == ((height // 96) * (width // 96), 36)
    # A shape between two entries of the table of steps of 0.001 may round to either.
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1.1e-3)
    assert np.mean(np.abs(found - expected) < 1e-6) > 0.95


def test_distance_equals_the_formula(tmp_path: Path, fit: ModuleType) -> None:
    mean, covariance = pristine(tmp_path / "p.npz")
    picture = photo(200, 300, 77)
    found = metrics.compute("niqe", [picture], [None], weights=str(tmp_path / "p.npz"))
    grey = np.rint(0.2989 * picture[..., 0] + 0.587 * picture[..., 1] + 0.114 * picture[..., 2])
    rows = theirs(grey, fit)
    d = rows.mean(0) - mean
    expected = np.sqrt(d @ scipy.linalg.pinv((covariance + np.cov(rows.T)) / 2) @ d)
    assert found == pytest.approx(expected, rel=1e-4)
    scipy.io.savemat(tmp_path / "p.mat", {"mu_prisparam": mean[None], "cov_prisparam": covariance})
    assert metrics.compute("niqe", [picture], [None], weights=str(tmp_path / "p.mat")) == pytest.approx(found, rel=1e-9)
    video = np.stack([picture, picture])
    assert metrics.compute("niqe", [video], [None], weights=str(tmp_path / "p.npz")) == pytest.approx(found)


def test_noise_is_farther_than_a_photograph(tmp_path: Path) -> None:
    pristine(tmp_path / "p.npz")
    clean = photo(192, 192, 5)
    noise = np.random.default_rng(0).integers(0, 256, clean.shape, dtype=np.uint8)
    values = [metrics.compute("niqe", [p], [None], weights=str(tmp_path / "p.npz")) for p in (clean, noise)]
    assert values[0] < values[1]


def test_pictures_without_a_value_are_missing(tmp_path: Path) -> None:
    pristine(tmp_path / "p.npz")
    metric = metrics.get("niqe", weights=str(tmp_path / "p.npz"))
    flat, small = np.full((96, 96, 3), 7, np.uint8), photo(95, 300, 0)
    evidence = metric.measure([flat, small, None, photo(96, 96, 1)], [None] * 4)
    assert evidence["answered"].tolist() == [False, False, False, True]
    assert float(metric.coverage(evidence)) == 0.25
    assert np.isfinite(float(metric.reduce(evidence)))
    half = photo(96, 192, 2)
    half[:, 96:] = 100
    assert metric.measure([half], [None])["answered"].all()


def test_other_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = np.array([{"code": "here"}], dtype=object)
    np.savez(tmp_path / "o.npz", mu_pris_param=objects, cov_pris_param=np.eye(36))
    np.savez(tmp_path / "s.npz", mu_pris_param=np.zeros(35), cov_pris_param=np.eye(36))
    np.savez(tmp_path / "n.npz", mu_pris_param=np.full(36, np.nan), cov_pris_param=np.eye(36))
    np.savez(tmp_path / "x.npz", a=np.zeros(3))
    (tmp_path / "big.npz").write_bytes(bytes(2 << 20))
    (tmp_path / "bad.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(90))
    for name, why in (("o.npz", "cannot be read"), ("s.npz", "shapes"), ("n.npz", "not finite"), ("x.npz", "has not the arrays"),
                      ("big.npz", "larger"), ("bad.mat", "cannot be read")):  # fmt: skip
        with pytest.raises(NotScorable, match=why):
            niqe.load_pristine(tmp_path / name)
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    with pytest.raises(NotScorable, match=r"niqe_pris_params.npz from https"):
        metrics.compute("niqe", [photo(96, 96, 0)], [None])
