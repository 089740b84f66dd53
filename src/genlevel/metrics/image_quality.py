"""Likeness of two images: PSNR, SSIM and MS-SSIM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Unit
from genlevel.metrics.dense import MeanMetric, need, one_of
from genlevel.metrics.evidence import Array, FloatArray

_ANSWER = "an image (H, W, 3) or (H, W), 0 to data_range, or a video (T, H, W, 3); reference: one of the same size"
_WINDOW, _SIGMA = 11, 1.5
_K1, _K2 = 0.01, 0.03
# Wang, Simoncelli and Bovik 2003.
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@dataclass(frozen=True)
class _ImageMetric(MeanMetric):
    """A likeness of two images, mean over pairs.

    ``data_range`` is the span of the values (255 for bytes); ``channel="y"`` compares the BT.601 luma (16-235, as MATLAB's
    rgb2ycbcr gives it) instead of all channels; ``crop`` pixels are left out at each side. A grey image against a colour
    one is taken as three equal channels. An answer of another size, or with values that are not finite, counts as missing.
    The mean is over the answered pairs, and the coverage carries the others: no decibel or index is "nothing", because score
    maps give 0 dB and an SSIM of 0 a sigma above 0. A reference that is not an image raises :class:`MetricError`.
    """

    data_range: float = 255.0
    channel: str = "rgb"
    crop: int = 0

    unit: ClassVar[Unit] = "raw"
    direction = "higher"
    answer = _ANSWER
    bounded = False

    def __post_init__(self) -> None:
        one_of("channel", self.channel, ("rgb", "y"))
        if not (self.data_range > 0 and self.crop >= 0):
            raise MetricError(f"{self.name}: data_range must be above 0 and crop at least 0")

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The likeness of one pair; of two videos the mean over the reference's frames, where a missing frame counts 0."""
        if getattr(reference, "ndim", 0) == 4:
            film = answer if getattr(answer, "ndim", 0) == 4 else ()
            frames = [self.value(g, r, row) for g, r in zip(film, reference, strict=False)]
            return sum(f or 0.0 for f in frames) / len(reference) if frames else None
        truth = image(reference)
        need(truth is not None, row, "is not an image of finite values")
        given = image(answer)
        assert truth is not None
        if given is None or given.shape[:2] != truth.shape[:2]:
            return None
        channels = max(given.shape[2], truth.shape[2])
        x, y = self._prepared(given, channels), self._prepared(truth, channels)
        need(y.size > 0, row, f"has nothing left after a crop of {self.crop} pixels")
        return self.likeness(x, y)

    def _prepared(self, pixels: Array, channels: int) -> Array:
        if pixels.shape[2] != channels:
            pixels = np.repeat(pixels[:, :, :1], channels, axis=2)
        if self.crop:
            pixels = pixels[self.crop : -self.crop, self.crop : -self.crop]
        if self.channel == "y" and channels >= 3:
            pixels = luma(pixels, self.data_range)[:, :, None]
        return np.ascontiguousarray(pixels)

    def likeness(self, x: Array, y: Array) -> float:
        """Of two images (H, W, C) of the same size."""
        raise NotImplementedError


def image(thing: Any) -> Array | None:
    """An image as uint8 or float64 (H, W, C), C 1 to 4; None where it is none."""
    try:
        array = np.asarray(thing)
    except (TypeError, ValueError):
        return None
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not array.size or array.shape[2] > 4 or array.dtype.kind not in "biuf":
        return None
    if array.dtype == np.uint8:
        return array
    array = array.astype(np.float64)
    return array if bool((np.abs(array) < 1e9).all()) else None


def luma(pixels: Array, data_range: float) -> FloatArray:
    """BT.601 luma of RGB (H, W, 3), from 16/255 to 235/255 of ``data_range``, shape (H, W)."""
    weights = np.array([65.481, 128.553, 24.966]) / 255.0
    return pixels[:, :, :3].astype(np.float64) @ weights + 16.0 / 255.0 * data_range


@dataclass(frozen=True)
class Psnr(_ImageMetric):
    """Peak signal-to-noise ratio in dB, mean over images; identical images count ``cap`` dB (100).

    Options and edge cases as in :class:`_ImageMetric`. No pair counts more than ``cap`` or less than 0.
    """

    cap: float = 100.0

    name = "psnr"
    title = "PSNR"
    definition = "mean over images of 10 log10(data_range^2 / MSE over all pixels and channels), at most 100 dB"
    source = "scikit-image peak_signal_noise_ratio"
    range = (0.0, 100.0)

    def likeness(self, x: Array, y: Array) -> float:
        """In dB, within [0, cap]."""
        if x.dtype != y.dtype:
            x, y = x.astype(np.float64), y.astype(np.float64)
        error = cv2.norm(x, y, cv2.NORM_L2SQR) / x.size
        if error <= 0:
            return self.cap
        return float(np.clip(10.0 * np.log10(self.data_range**2 / error), 0.0, self.cap))


@dataclass(frozen=True)
class Ssim(_ImageMetric):
    """Structural similarity, mean over images.

    Wang et al.'s: a Gaussian window of 11 pixels with sigma 1.5, population covariance, only windows that lie inside the
    image, mean over channels. In an image below 11 pixels the window is the largest odd one that fits. Options and edge
    cases as in :class:`_ImageMetric`.
    """

    name = "ssim"
    title = "SSIM"
    definition = "mean over images of the mean SSIM index over windows (Gaussian, 11 pixels, sigma 1.5) and channels"
    source = "Wang et al. 2004; scikit-image structural_similarity(gaussian_weights=True, use_sample_covariance=False)"
    range = (-1.0, 1.0)
    unit = "fraction"

    def likeness(self, x: Array, y: Array) -> float:
        """Mean SSIM of one pair."""
        return float(np.mean(_ssim_terms(x, y, self.data_range)[0]))


@dataclass(frozen=True)
class MsSsim(_ImageMetric):
    """Multi-scale structural similarity, mean over images.

    Five scales with 2x2 averaging between them, negative terms cut to 0, per channel and then the mean over channels. An
    image whose shorter side is below 161 pixels has fewer scales: those whose side is at least 11 (one always), their
    weights divided by their sum. Options and edge cases as in :class:`_ImageMetric`.

    By definition pictures without detail have much in common: a blank page has some 0.35 to 0.65 with a page of text, a plain
    grey picture 0.2 to 0.45 with a photograph. Read a number beside that of such an answer.
    """

    name = "ms_ssim"
    title = "MS-SSIM"
    definition = "mean over images of the product of contrast-structure terms at 5 scales and the SSIM of the coarsest"
    source = "Wang, Simoncelli and Bovik 2003; pytorch-msssim"
    range = (0.0, 1.0)
    unit = "fraction"

    def likeness(self, x: Array, y: Array) -> float:
        """MS-SSIM of one pair."""
        side = min(x.shape[:2])
        # Halving rounds up: an odd side gets a border.
        scales = max(1, sum(-(-side // 2**k) >= _WINDOW for k in range(len(_SCALES))))
        weights = np.array(_SCALES[:scales])
        if scales < len(_SCALES):  # the published five add up to 1.0001 and are used as they are
            weights /= weights.sum()
        product = np.ones(x.shape[2])
        for k, weight in enumerate(weights):
            whole, contrast = _ssim_terms(x, y, self.data_range)
            term = whole if k == scales - 1 else contrast
            product = product * np.maximum(term, 0.0) ** weight
            if k < scales - 1:
                x, y = _halved(x), _halved(y)
        return float(product.mean())


def _halved(pixels: Array) -> Array:
    """Means of 2x2 blocks. An odd side gets a border of zeros that counts in the mean, as avg_pool2d(padding) does."""
    height, width = pixels.shape[:2]
    top, left = height % 2, width % 2
    padded = np.pad(pixels.astype(np.float64), ((top, 0), (left, 0), (0, 0)))
    height, width = padded.shape[0] // 2 * 2, padded.shape[1] // 2 * 2
    blocks = padded[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    halves: Array = blocks.mean(axis=(1, 3))
    return halves


# Rows of windows that are worked on at a time: what is held then fits a processor's cache.
_STRIP_VALUES = 50_000


def _ssim_terms(x: Array, y: Array, data_range: float) -> tuple[FloatArray, FloatArray]:
    """Per channel the mean SSIM and the mean contrast-structure term, each shape (C,)."""
    side = min(_WINDOW, min(x.shape[:2]))
    size = side - (side + 1) % 2
    height, width, channels = x.shape
    rows = height - size + 1
    strip = max(size, _STRIP_VALUES // (width * channels))
    whole, alone = np.zeros(channels), np.zeros(channels)
    for start in range(0, rows, strip):
        part = slice(start, min(start + strip, rows) + size - 1)
        sums = _strip_sums(x[part], y[part], size, data_range)
        whole += sums[0]
        alone += sums[1]
    windows = rows * (width - size + 1)
    return whole / windows, alone / windows


def _strip_sums(x: Array, y: Array, size: int, data_range: float) -> tuple[FloatArray, FloatArray]:
    """Sums of the SSIM and of the contrast-structure term over all windows that lie in a strip, each shape (C,)."""
    kernel = cv2.getGaussianKernel(size, _SIGMA, cv2.CV_64F)
    half, (height, width, channels) = size // 2, x.shape
    # 64 bits: in flat parts a variance is a small difference of large squares.
    a, b = x.astype(np.float64), y.astype(np.float64)

    def blur(pixels: Array) -> Array:
        out = cv2.sepFilter2D(pixels, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
        return out.reshape(height, width, channels)[half : height - half, half : width - half]

    mean_a, mean_b = blur(a), blur(b)
    both = mean_a * mean_b
    square = mean_a * mean_a + mean_b * mean_b
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    contrast = (2.0 * (blur(a * b) - both) + c2) / (blur(a * a + b * b) - square + c2)
    light = (2.0 * both + c1) / (square + c1)
    whole: FloatArray = (contrast * light).sum(axis=(0, 1))
    alone: FloatArray = contrast.sum(axis=(0, 1))
    return whole, alone
