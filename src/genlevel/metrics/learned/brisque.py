"""BRISQUE: how far a picture's local statistics are from those of undistorted photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from scipy.special import gammaln

from genlevel.errors import NotScorable
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.batches import Pixels
from genlevel.metrics.learned.persample import PerVideo
from genlevel.metrics.learned.weights import Weights, torch_or_explain

SVR = Weights(
    "the support vectors of BRISQUE",
    "brisque_svm_weights.pt",
    "https://github.com/photosynthesis-team/piq/releases/tag/v0.4.0",
)
_SHAPES = np.arange(0.2, 10.0005, 0.001)
_GAMMA, _RHO = 0.05, -153.591
_SHIFTS = ((0, 1), (1, 0), (1, 1), (-1, 1))
# Lower and upper bound of each feature over the training set, from the authors' release.
_LOW = np.array(
    [0.338, 0.017204, 0.236, -0.123884, 0.000155, 0.001122, 0.244, -0.123586, 0.000152, 0.000975, 0.249, -0.135687,
     0.000174, 0.000913, 0.258, -0.143408, 0.000179, 0.000888, 0.471, 0.012809, 0.218, -0.094876, 1.5e-5, 0.001272,
     0.222, -0.115772, 1.6e-5, 0.001374, 0.227, -0.117188, 3e-5, 0.001122, 0.228, -0.12243, 2.8e-5, 0.001118]
)  # fmt: skip
_HIGH = np.array(
    [10, 0.806612, 1.642, 0.20293, 0.712298, 0.470257, 1.641, 0.179083, 0.710456, 0.470984, 1.555, 0.100858,
     0.684173, 0.534174, 1.561, 0.100486, 0.685696, 0.536508, 3.264, 0.703171, 1.046, 0.187459, 0.442057, 0.40803,
     1.042, 0.162604, 0.444362, 0.40243, 0.996, 0.098323, 0.531903, 0.369589, 0.99, 0.098658, 0.530092, 0.370399]
)  # fmt: skip


class Svr(NamedTuple):
    """Support vectors (k, 36) and their coefficients (k,)."""

    vectors: FloatArray
    coefficients: FloatArray


@lru_cache(maxsize=2)
def load_svr(path: Path) -> Svr:
    """The published pair of tensors: coefficients and support vectors.

    Raises:
        NotScorable: if the file holds something else. Nothing but tensors is unpickled.
    """
    torch = torch_or_explain()
    try:
        coefficients, vectors = torch.load(path, map_location="cpu", weights_only=True)
        found = Svr(vectors.double().numpy(), coefficients.double().numpy().ravel())
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotScorable(f"{path}: cannot be read as BRISQUE's support vectors ({first[:120]})") from None
    if found.vectors.shape != (len(found.coefficients), len(_LOW)):
        raise NotScorable(
            f"{path}: has vectors of shape {found.vectors.shape} for {len(found.coefficients)} coefficients"
        )
    return found


def features(picture: Pixels) -> FloatArray | None:
    """The 36 features of a picture, uint8 (H, W, 3): 18 at full size and 18 at half. None where nothing varies."""
    # In whole thousandths, so that halves are halves and round the same way everywhere.
    grey = np.rint(picture.astype(np.int64) @ np.array([299, 587, 114]) / 1000.0)
    half = halving_matrix(grey.shape[0]) @ grey @ halving_matrix(grey.shape[1]).T if min(grey.shape) > 1 else grey
    both = [_statistics(plane) for plane in (grey, half)]
    if both[0] is None or both[1] is None:
        return None
    return np.concatenate([both[0], both[1]])


def _statistics(grey: FloatArray) -> FloatArray | None:
    """Shape and spread of the contrast-normalised values and of their products with four neighbours, (18,)."""
    window = cv2.getGaussianKernel(7, 7.0 / 6.0)
    mean, square = (cv2.sepFilter2D(p, -1, window, window, borderType=cv2.BORDER_CONSTANT) for p in (grey, grey**2))
    values = (grey - mean) / (np.sqrt(np.abs(square - mean**2)) + 1.0)
    variance, spread = float(np.mean(values**2)), float(np.mean(np.abs(values)))
    if variance < 1e-12:
        return None
    # The ratio of the moments of a generalised Gaussian, by shape.
    ratios = np.exp(gammaln(1 / _SHAPES) + gammaln(3 / _SHAPES) - 2 * gammaln(2 / _SHAPES))
    found = [_SHAPES[np.argmin(np.abs(variance / spread**2 - ratios))], variance]
    for shift in _SHIFTS:
        fitted = _asymmetric(values * np.roll(values, shift, axis=(0, 1)), ratios)
        if fitted is None:
            return None
        found += fitted
    return np.array(found)


def _asymmetric(x: FloatArray, ratios: FloatArray) -> list[float] | None:
    """Shape, mean and the two variances of an asymmetric generalised Gaussian fitted to ``x`` by its moments."""
    left, right = x[x < 0], x[x > 0]
    if not left.size or not right.size:
        return None
    lower, upper = float(np.mean(left**2)), float(np.mean(right**2))
    skew = np.sqrt(lower / upper)
    ratio = np.mean(np.abs(x)) ** 2 / np.mean(x**2) * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = float(_SHAPES[np.argmin(np.abs(ratio - 1 / ratios))])
    scale = exp(float(gammaln(2 / shape) - (gammaln(1 / shape) + gammaln(3 / shape)) / 2))
    return [shape, float(np.sqrt(upper) - np.sqrt(lower)) * scale, lower, upper]


@lru_cache(maxsize=16)
def halving_matrix(size: int) -> FloatArray:
    """Bicubic, antialiased halving of ``size`` values as MATLAB's imresize does it, (size // 2, size)."""
    out = size // 2
    scale = size / out
    centres = (np.arange(out) + 0.5) * scale - 0.5
    reach = int(np.ceil(2 * scale))
    taps = np.floor(centres)[:, None].astype(int) + np.arange(-reach, reach + 1)
    x = np.abs(taps - centres[:, None]) / scale
    inner, outer = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weight = np.where(x <= 1, inner, np.where(x < 2, outer, 0.0))
    weight /= weight.sum(axis=1, keepdims=True)
    # Beyond the border the values are mirrored, the border itself included.
    taps = np.mod(taps, 2 * size)
    taps = np.where(taps >= size, 2 * size - 1 - taps, taps)
    matrix = np.zeros((out, size))
    np.add.at(matrix, (np.arange(out)[:, None], taps), weight)
    return matrix


def score(found: FloatArray, svr: Svr) -> float:
    """The support vector regression on 36 features; about 0 (good) to 100."""
    scaled = 2 * (found - _LOW) / (_HIGH - _LOW) - 1
    kernel = np.exp(-_GAMMA * np.sum((svr.vectors - scaled) ** 2, axis=1))
    return float(kernel @ svr.coefficients) - _RHO


@dataclass(frozen=True)
class Brisque(PerVideo):
    """BRISQUE, mean over frames and samples, cut to 0 to 100.

    Features and regression as in piq; OpenCV's and MATLAB's regressions give other numbers. A picture without variation
    has no features and counts 100, as does a missing answer.

    Option: ``weights``, the file of the support vectors.
    """

    weights: str = ""

    name = "brisque"
    title = "BRISQUE"
    definition = "support vector regression on 36 statistics of contrast-normalised luma at two scales"
    source = "Mittal et al. 2012; piq 0.8.0"
    range = (0.0, 100.0)
    unit = "percent"
    direction = "lower"
    answer = "a picture or a video; the reference is ignored"
    needs = ("extra: learned", "weights: BRISQUE support vectors")
    files = (("weights", SVR),)
    uses_reference = False

    def values(self, pairs: Sequence[tuple[Pixels, Any]]) -> FloatArray:
        """Scores."""
        svr = load_svr(SVR.find(self.weights))
        return np.array([np.mean([self._of(frame, svr) for frame in frames]) for frames, _ in pairs])

    def _of(self, frame: Pixels, svr: Svr) -> float:
        found = features(frame)
        return 100.0 if found is None else min(max(score(found, svr), 0.0), 100.0)
