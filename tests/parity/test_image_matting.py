"""Errors of mattes against the authors' formulas with a two-dimensional convolution."""

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError

ndimage = pytest.importorskip("scipy.ndimage")


def gradient(matte: np.ndarray, sigma: float = 1.4) -> np.ndarray:
    """Rhemann's gaussgradient.m: full kernels, made pixel by pixel and divided by their energy."""
    half = int(np.ceil(sigma * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * sigma * 1e-2))))
    size = 2 * half + 1
    hx = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            u, v = i - half, j - half
            gauss = np.exp(-(u**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
            slope = -v * np.exp(-(v**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi)) / sigma**2
            hx[i, j] = gauss * slope
    hx /= np.sqrt((hx**2).sum())
    return np.sqrt(
        ndimage.convolve(matte, hx, mode="nearest") ** 2 + ndimage.convolve(matte, hx.T, mode="nearest") ** 2
    )


def test_sad_and_gradient() -> None:
    r = np.random.default_rng(0)
    truth = [ndimage.gaussian_filter(r.random((30 + k, 40)), 2) for k in (0, 3, 400)]
    given = [np.clip(t + r.normal(0, 0.05, t.shape), 0, 1) for t in truth]
    trimap = np.where(r.random((30, 40)) < 0.5, 128, 255)
    sad = [np.abs(g - t).sum() / 1000 for g, t in zip(given, truth, strict=True)]
    grad = [((gradient(g) - gradient(t)) ** 2).sum() / 1000 for g, t in zip(given, truth, strict=True)]
    assert metrics.compute("sad", given, truth) == pytest.approx(np.mean(sad), abs=1e-12)
    assert metrics.compute("grad", given, truth) == pytest.approx(np.mean(grad), abs=1e-12)
    mse = [1000 * ((g - t) ** 2).mean() for g, t in zip(given, truth, strict=True)]
    assert metrics.compute("matting_mse", given, truth) == pytest.approx(np.mean(mse), abs=1e-12)
    assert metrics.compute("matting_mse", given, truth, factor=1.0) == pytest.approx(np.mean(mse) / 1000, abs=1e-15)
    with pytest.raises(MetricError, match=r"factor=0 must be above 0"):
        metrics.get("matting_mse", factor=0)
    reference = {"alpha": truth[0], "trimap": trimap}
    within = 1000 * ((given[0] - truth[0])[trimap == 128] ** 2).mean()
    assert metrics.compute("matting_mse", given[:1], [reference]) == pytest.approx(within, abs=1e-12)
    want = np.abs(given[0] - truth[0])[trimap == 128].sum() / 1000
    assert metrics.compute("sad", given[:1], [reference]) == pytest.approx(want, abs=1e-12)


def test_bytes_are_255ths_and_other_sizes_are_no_answer() -> None:
    truth = np.full((10, 10), 255, np.uint8)
    assert metrics.compute("sad", [truth // 255 * 51], [truth]) == pytest.approx(100 * 0.8 / 1000)
    metric = metrics.get("sad")
    evidence = metric.measure([truth, truth[:5], None], [truth, truth, truth])
    assert (float(metric.reduce(evidence)), float(metric.coverage(evidence))) == (0.0, pytest.approx(1 / 3))


@pytest.mark.parametrize("name", ["sad", "grad", "matting_mse"])
@pytest.mark.parametrize("broken", [np.nan, np.inf, 1e200])
def test_one_broken_pixel_of_a_large_matte(name: str, broken: float) -> None:
    r = np.random.default_rng(3)
    truth, trimap = r.random((150, 170)), np.zeros((150, 170))
    given, holed = truth.copy(), truth.copy()
    holed[-1, -1] = broken
    metric = metrics.get(name)
    assert metric.measure([given, holed], [truth, truth])["answered"].tolist() == [True, False]
    assert metric.measure([holed], [{"alpha": truth, "trimap": trimap}])["answered"].tolist() == [False]
    for answer in (given, None, given[:9]):
        for reference in (holed, {"alpha": holed, "trimap": trimap}):
            with pytest.raises(MetricError, match=r"reference of sample 0 .* is not a matte of finite numbers"):
                metric.measure([answer], [reference])


@pytest.mark.parametrize("name", ["sad", "grad", "matting_mse"])
def test_a_trimap_without_unknown_pixels_has_no_error(name: str) -> None:
    truth = np.zeros((6, 6))
    assert metrics.compute(name, [truth + 0.5], [{"alpha": truth, "trimap": np.zeros((6, 6))}]) == 0.0
