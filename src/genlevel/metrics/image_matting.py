"""Alpha mattes: sum of absolute differences, mean squared error, gradient error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from genlevel.errors import MetricError
from genlevel.metrics.columns import pieces
from genlevel.metrics.dense import LARGEST, MeanMetric, need, real_array, usable
from genlevel.metrics.evidence import Array, FloatArray

_UNKNOWN = 128


def matte(thing: Any) -> Array | None:
    """A matte (H, W) of its own type, bytes 0-255 or numbers 0-1; None where it is none."""
    array = real_array(thing)
    return array if array is not None and array.ndim == 2 else None


def _alpha(values: Array) -> FloatArray:
    """Values of a matte in 0-1."""
    return values / 255.0 if values.dtype == np.uint8 else values.astype(np.float64, copy=False)


class Mattes(NamedTuple):
    """An answered and a true matte, and which of their pixels count (bool), all (H, W); None for all."""

    given: Array
    truth: Array
    counted: Array | None

    def apart(self) -> Iterator[FloatArray]:
        """The differences of the pixels that count, piece by piece."""
        given, truth = self.given.ravel(), self.truth.ravel()
        counted = None if self.counted is None else self.counted.ravel()
        for piece in pieces(len(truth)):
            apart = _alpha(given[piece]) - _alpha(truth[piece])
            yield apart if counted is None else apart[counted[piece]]


@dataclass(frozen=True)
class _MattingError(MeanMetric):
    """An error of a matte, mean over images, in the unit that papers print.

    A reference is a matte, or ``{"alpha": matte, "trimap": map}``: then only pixels count whose trimap is 128 (unknown). An
    answer of another size or not finite is not answered. Where no pixel counts the error is 0.
    """

    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = "a matte (H, W), bytes or 0-1; reference: a matte, or {'alpha', 'trimap'}"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The error of one matte."""
        trimap = None
        if isinstance(reference, Mapping):
            trimap = real_array(reference.get("trimap"))
            reference = reference.get("alpha")
        truth, given = matte(reference), matte(answer)
        need(truth is not None, row, "is not a matte (H, W)")
        assert truth is not None
        need(trimap is None or trimap.shape == truth.shape, row, "has a trimap of another size than its matte")
        error = math.nan
        if given is not None and given.shape == truth.shape:
            with np.errstate(invalid="ignore", over="ignore"):
                error = self.error(Mattes(given, truth, None if trimap is None else trimap == _UNKNOWN))
        # An error of all pixels is finite only where they are.
        if trimap is not None or not error <= LARGEST:
            need(usable(truth) is not None, row, "is not a matte of finite numbers")
            return None if usable(given) is None or math.isnan(error) else error
        return error

    def error(self, mattes: Mattes) -> float:
        """The error over the pixels that count."""
        raise NotImplementedError


@dataclass(frozen=True)
class SumAbsoluteDifferences(_MattingError):
    """SAD; edge cases as in :class:`_MattingError`."""

    name = "sad"
    title = "SAD"
    definition = "mean over images of the sum of |alpha - alpha*| over pixels, divided by 1000"
    source = "Rhemann et al. 2009"

    def error(self, mattes: Mattes) -> float:
        """Sum of absolute differences, in thousands."""
        return sum(float(np.abs(apart, out=apart).sum()) for apart in mattes.apart()) / 1000.0


@dataclass(frozen=True)
class MattingMse(_MattingError):
    """MSE of mattes, times ``factor`` (1000; papers also print it as it is, 1); edge cases as in :class:`_MattingError`."""

    factor: float = 1000.0

    name = "matting_mse"
    title = "MSE of mattes"
    definition = "mean over images of 1000 times the mean (alpha - alpha*)^2 over pixels"
    source = "Rhemann et al. 2009"

    def __post_init__(self) -> None:
        if not 0.0 < self.factor < float("inf"):
            raise MetricError(f"matting_mse: factor={self.factor} must be above 0")

    def error(self, mattes: Mattes) -> float:
        """Mean of the squared differences, times the factor."""
        total, count = 0.0, 0
        for apart in mattes.apart():
            total, count = total + float(np.vdot(apart, apart)), count + len(apart)
        return self.factor * total / count if count else 0.0


@dataclass(frozen=True)
class GradientError(_MattingError):
    """Gradient error; edge cases as in :class:`_MattingError`."""

    name = "grad"
    title = "Grad"
    definition = (
        "mean over images of the sum of squared differences of gradient magnitudes (Gaussian, sigma 1.4), / 1000"
    )
    source = "Rhemann et al. 2009"

    def error(self, mattes: Mattes) -> float:
        """Sum of squared differences of the gradients, in thousands."""
        apart = (_gradient(_alpha(mattes.given)) - _gradient(_alpha(mattes.truth))) ** 2
        return float((apart if mattes.counted is None else apart[mattes.counted]).sum()) / 1000.0


def _gradient(matte: FloatArray, sigma: float = 1.4) -> FloatArray:
    """Magnitude of the derivative of a Gaussian, its kernel of unit energy as in the authors' code."""
    half = int(np.ceil(sigma * np.sqrt(-2.0 * np.log(np.sqrt(2.0 * np.pi) * sigma * 1e-2))))
    x = np.arange(-half, half + 1, dtype=np.float64)
    bell = np.exp(-(x**2) / (2.0 * sigma**2)) / (sigma * np.sqrt(2.0 * np.pi))
    slope = -x * bell / sigma**2
    scale = float(np.sqrt((np.outer(bell, slope) ** 2).sum()))
    along = [
        ndimage.correlate1d(
            ndimage.correlate1d(matte, slope, axis=axis, mode="nearest"), bell, axis=1 - axis, mode="nearest"
        )
        for axis in (0, 1)
    ]
    magnitude: FloatArray = np.hypot(*along) / scale
    return magnitude
