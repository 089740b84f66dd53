"""PSNR, SSIM and MS-SSIM against scikit-image and pytorch-msssim."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError

skimage = pytest.importorskip("skimage.metrics")
ndimage = pytest.importorskip("scipy.ndimage")


def pairs(seed: int, shape: tuple[int, ...] = (60, 71, 3), n: int = 3) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(seed)
    truth = [
        ndimage.gaussian_filter(r.integers(0, 256, shape).astype(float), (k, k, 0)[: len(shape)]) for k in range(n)
    ]
    truth = [(255 * (t - t.min()) / np.ptp(t)).astype(np.uint8) for t in truth]
    given = [np.clip(t + r.normal(0, 15, shape), 0, 255).astype(np.uint8) for t in truth]
    return given, truth


def wang(a: Any, b: Any, **more: Any) -> float:
    options: Any = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return float(skimage.structural_similarity(a, b, **(options | more)))


@pytest.mark.parametrize("shape", [(60, 71, 3), (40, 33)])
def test_colour_and_grey(shape: tuple[int, ...]) -> None:
    given, truth = pairs(0, shape)
    axis = 2 if len(shape) == 3 else None
    psnr = [skimage.peak_signal_noise_ratio(t, g) for g, t in zip(given, truth, strict=True)]
    ssim = [wang(t, g, channel_axis=axis) for g, t in zip(given, truth, strict=True)]
    assert metrics.compute("psnr", given, truth) == pytest.approx(np.mean(psnr), abs=1e-9)
    assert metrics.compute("ssim", given, truth) == pytest.approx(np.mean(ssim), abs=1e-9)
    floats = [g / 255 for g in given], [t / 255 for t in truth]
    assert metrics.compute("psnr", *floats, data_range=1.0) == pytest.approx(np.mean(psnr), abs=1e-9)
    assert metrics.compute("ssim", *floats, data_range=1.0) == pytest.approx(np.mean(ssim), abs=1e-9)


def test_ssim_of_nearly_flat_images_keeps_its_digits() -> None:
    r = np.random.default_rng(1)
    for level in (3, 128, 250):
        truth = np.full((50, 50), level, np.uint8)
        given = truth + r.integers(0, 3, truth.shape).astype(np.uint8)
        assert metrics.compute("ssim", [given], [truth]) == pytest.approx(wang(truth, given), abs=1e-9)


def test_luma_and_crop() -> None:
    color = pytest.importorskip("skimage.color")
    given, truth = pairs(2)
    inside = slice(4, -4), slice(4, -4)
    y = [[color.rgb2ycbcr(image)[..., 0][inside] for image in side] for side in (given, truth)]
    want = [skimage.peak_signal_noise_ratio(t, g, data_range=255) for g, t in zip(*y, strict=True)]
    assert metrics.compute("psnr", given, truth, channel="y", crop=4) == pytest.approx(np.mean(want), abs=1e-6)


def test_ms_ssim() -> None:
    msssim = pytest.importorskip("pytorch_msssim")
    torch = pytest.importorskip("torch")
    for shape in ((176, 190, 3), (203, 181, 3)):
        given, truth = pairs(3, shape)
        for g, t in zip(given, truth, strict=True):
            tensors = [torch.tensor(i.astype(np.float64)).permute(2, 0, 1)[None] for i in (g, t)]
            # Its own window is in single precision and does not add up to 1.
            window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
            win = torch.tensor(window / window.sum()).reshape(1, 1, 1, 11).repeat(3, 1, 1, 1)
            want = float(msssim.ms_ssim(*tensors, data_range=255, win=win))
            assert metrics.compute("ms_ssim", [g], [t]) == pytest.approx(want, abs=1e-9)


def test_ends_of_the_scales() -> None:
    black, white = np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 255, np.uint8)
    assert metrics.compute("psnr", [black, white], [black, black]) == 50.0
    for name in ("ssim", "ms_ssim"):
        assert metrics.compute(name, [black], [black]) == 1.0
        assert 0.0 <= metrics.compute(name, [black], [white]) < 1e-3
        assert metrics.compute(name, [black[:4, :5]], [black[:4, :5]]) == 1.0  # smaller than the window
        metric = metrics.get(name)
        evidence = metric.measure([None, black[:5], black], [black] * 3)
        assert float(metric.reduce(evidence)) == 1.0  # of the one that can be compared
        assert float(metric.coverage(evidence)) == pytest.approx(1 / 3)
    assert metrics.compute("psnr", [None, black[:5], "x", black * np.nan], [black] * 4) == 0.0
    assert metrics.compute("psnr", [black[..., 0]], [black]) == 100.0
    for bad in (None, "x", np.full((3, 3), np.nan), np.zeros((2, 2, 9))):
        with pytest.raises(MetricError, match="sample 0"):
            metrics.compute("psnr", [black], [bad])
    with pytest.raises(MetricError, match="crop"):
        metrics.compute("psnr", [black], [black], crop=6)
