"""NIQE: how far the local statistics of a picture's blocks are from those of pristine photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from scipy.special import gamma

from genlevel.errors import NotScorable
from genlevel.metrics.dense import one_of
from genlevel.metrics.evidence import Array, FloatArray
from genlevel.metrics.learned.batches import Pixels
from genlevel.metrics.learned.brisque import halving_matrix
from genlevel.metrics.learned.persample import PerVideo
from genlevel.metrics.learned.weights import Weights

PRISTINE = Weights(
    "the mean and covariance of NIQE's features over pristine photographs",
    "niqe_pris_params.npz",
    "https://github.com/XPixelGroup/BasicSR, basicsr/metrics (or modelparameters.mat of the authors' release)",
)
BLOCK = 96
_FEATURES = 36
_SHAPES = np.arange(0.2, 10.0005, 0.001)
# Rises with the shape.
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
_LUMA = {"rgb2gray": (0.0, (0.2989, 0.587, 0.114)), "ycbcr": (16.0, (65.481 / 255, 128.553 / 255, 24.966 / 255))}
# Packed a thousandfold, it still is no burden.
_MAX_FILE = 1 << 17
_NAMES = (("mu_pris_param", "cov_pris_param"), ("mu_prisparam", "cov_prisparam"))


class Pristine(NamedTuple):
    """Mean (36,) and covariance (36, 36) of the features of blocks of pristine photographs."""

    mean: FloatArray
    covariance: FloatArray


@lru_cache(maxsize=2)
def load_pristine(path: Path) -> Pristine:
    """The published arrays from an ``.npz`` or a MATLAB ``.mat`` file; no object in it is unpickled.

    Raises:
        NotScorable: if the file holds something else.
    """
    try:
        if path.stat().st_size > _MAX_FILE:
            raise ValueError(f"larger than {_MAX_FILE} bytes")
        held = _arrays(path)
        pairs = [pair for pair in _NAMES if set(pair) <= set(held)]
        if not pairs:
            raise ValueError(f"has not the arrays {' and '.join(_NAMES[0])}")
        mean_name, covariance_name = pairs[0]
        found = Pristine(np.asarray(held[mean_name], np.float64).ravel(), np.asarray(held[covariance_name], np.float64))
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotScorable(f"{path}: cannot be read as NIQE's pristine model ({first[:120]})") from None
    if found.mean.shape != (_FEATURES,) or found.covariance.shape != (_FEATURES, _FEATURES):
        raise NotScorable(f"{path}: has shapes {found.mean.shape} and {found.covariance.shape}, not (36,) and (36, 36)")
    if not (np.isfinite(found.mean).all() and np.isfinite(found.covariance).all()):
        raise NotScorable(f"{path}: holds numbers that are not finite")
    return found


def _arrays(path: Path) -> dict[str, Any]:
    if path.suffix == ".mat":
        from scipy.io import loadmat

        return dict(loadmat(str(path)))
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def features(grey: FloatArray) -> FloatArray:
    """Features of the whole blocks of a grey picture (H, W) in 0 to 255, (blocks, 36): 18 at full size, 18 at half.

    A row is NaN where a block does not vary. Sides beyond the last whole block of 96 pixels are cut off.
    """
    height, width = (side // BLOCK * BLOCK for side in grey.shape)
    if not height or not width:
        return np.zeros((0, _FEATURES))
    plane = np.ascontiguousarray(grey[:height, :width], np.float64)
    half = halving_matrix(height) @ plane @ halving_matrix(width).T
    return np.hstack([_of_blocks(_normalised(plane), BLOCK), _of_blocks(_normalised(half), BLOCK // 2)])


def _normalised(grey: FloatArray) -> FloatArray:
    """Contrast-normalised values: less the local mean, over the local deviation plus 1."""
    window = cv2.getGaussianKernel(7, 7.0 / 6.0)
    mean, square = (cv2.sepFilter2D(p, -1, window, window, borderType=cv2.BORDER_REPLICATE) for p in (grey, grey**2))
    values: FloatArray = (grey - mean) / (np.sqrt(np.abs(square - mean**2)) + 1.0)
    return values


def _of_blocks(values: FloatArray, side: int) -> FloatArray:
    rows, columns = values.shape[0] // side, values.shape[1] // side
    blocks = values.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)
    shape, left, right, _ = _asymmetric(blocks)
    found = [shape, (left + right) / 2]
    for shift in _SHIFTS:
        shape, left, right, mean = _asymmetric(blocks * np.roll(blocks, shift, axis=(1, 2)))
        found += [shape, mean, left, right]
    return np.column_stack(found)


def _asymmetric(blocks: Array) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Shape, left and right scale and mean of the asymmetric generalised Gaussian fitted to each block, (blocks,) each."""
    x = blocks.reshape(len(blocks), -1)
    square = x**2
    negative, positive = x < 0, x > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt((square * negative).sum(1) / negative.sum(1))
        right = np.sqrt((square * positive).sum(1) / positive.sum(1))
        skew = left / right
        ratio = np.abs(x).mean(1) ** 2 / square.mean(1)
    ratio = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    fits = np.isfinite(ratio)
    above = np.clip(np.searchsorted(_RATIOS, np.where(fits, ratio, 1.0)), 1, len(_RATIOS) - 1)
    nearer_below = np.abs(_RATIOS[above - 1] - ratio) <= np.abs(_RATIOS[above] - ratio)
    shape = np.where(fits, _SHAPES[above - nearer_below], np.nan)
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    mean = (right - left) * scale * gamma(2 / shape) / gamma(1 / shape)
    return shape, left * scale, right * scale, mean


def distance(found: FloatArray, pristine: Pristine) -> float:
    """NIQE of features (blocks, 36); NaN where no block varies. The covariance of a single block is 0."""
    with_value = found[~np.isnan(found).any(axis=1)]
    if not len(with_value):
        return float("nan")
    # As in the authors' code, a feature's mean is over all blocks that have it.
    difference = pristine.mean - np.nanmean(found, axis=0)
    covariance = np.cov(with_value, rowvar=False) if len(with_value) > 1 else np.zeros((_FEATURES, _FEATURES))
    pooled = np.linalg.pinv((pristine.covariance + covariance) / 2)
    return float(np.sqrt(max(difference @ pooled @ difference, 0.0)))


@dataclass(frozen=True)
class Niqe(PerVideo):
    """NIQE, mean over frames and samples.

    Blocks of 96 pixels, MATLAB's halving. A picture without a whole block that varies has no value and counts as missing.
    The pristine model is part of the definition.

    Options: ``weights``, the file of the pristine model; ``luma``, ``rgb2gray`` (the authors') or ``ycbcr`` (BT.601 from
    16 to 235, as BasicSR computes it), either rounded to whole values.
    """

    weights: str = ""
    luma: str = "rgb2gray"

    name = "niqe"
    title = "NIQE"
    definition = "Mahalanobis distance of 36 statistics of 96-pixel blocks from those of pristine photographs"
    source = "Mittal et al. 2013"
    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = "a picture or a video, sides of at least 96 pixels; the reference is ignored"
    needs = ("weights: NIQE pristine model",)
    files = (("weights", PRISTINE),)
    uses_reference = False

    def __post_init__(self) -> None:
        one_of("luma", self.luma, tuple(_LUMA))

    def values(self, pairs: Sequence[tuple[Pixels, Any]]) -> FloatArray:
        """Distances; NaN for a video with a frame that has none."""
        pristine = load_pristine(PRISTINE.find(self.weights))
        return np.array([np.mean([self._of(frame, pristine) for frame in frames]) for frames, _ in pairs])

    def _of(self, frame: Pixels, pristine: Pristine) -> float:
        offset, shares = _LUMA[self.luma]
        return distance(features(np.rint(frame.astype(np.float64) @ np.array(shares) + offset)), pristine)
