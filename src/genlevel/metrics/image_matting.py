"""Alpha mattes: sum of absolute differences, mean squared error, gradient error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need, numbers, usable
from genlevel.metrics.evidence import FloatArray

_UNKNOWN = 128


def alpha(thing: Any) -> FloatArray | None:
    """A matte (H, W) in 0-1, from bytes 0-255 or numbers 0-1; None where it is none."""
    array = usable(numbers(thing))
    if array is None or array.ndim != 2:
        return None
    return array / 255.0 if np.asarray(thing).dtype == np.uint8 else array


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
            trimap = numbers(reference.get("trimap"))
            reference = reference.get("alpha")
        truth = alpha(reference)
        need(truth is not None, row, "is not a matte (H, W)")
        assert truth is not None
        need(trimap is None or trimap.shape == truth.shape, row, "has a trimap of another size than its matte")
        given = alpha(answer)
        if given is None or given.shape != truth.shape:
            return None
        counted: Any = ... if trimap is None else trimap == _UNKNOWN
        return self.error(given, truth, counted)

    def error(self, given: FloatArray, truth: FloatArray, counted: Any) -> float:
        """The error over the counted pixels: a mask, or all (``...``)."""
        raise NotImplementedError


@dataclass(frozen=True)
class SumAbsoluteDifferences(_MattingError):
    """SAD; edge cases as in :class:`_MattingError`."""

    name = "sad"
    title = "SAD"
    definition = "mean over images of the sum of |alpha - alpha*| over pixels, divided by 1000"
    source = "Rhemann et al. 2009"

    def error(self, given: FloatArray, truth: FloatArray, counted: Any) -> float:
        """Sum of absolute differences, in thousands."""
        return float(np.abs(given - truth)[counted].sum()) / 1000.0


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

    def error(self, given: FloatArray, truth: FloatArray, counted: Any) -> float:
        """Mean of the squared differences, times the factor."""
        apart = (given - truth)[counted].ravel()
        return self.factor * float(np.einsum("i,i->", apart, apart)) / apart.size if apart.size else 0.0


@dataclass(frozen=True)
class GradientError(_MattingError):
    """Gradient error; edge cases as in :class:`_MattingError`."""

    name = "grad"
    title = "Grad"
    definition = (
        "mean over images of the sum of squared differences of gradient magnitudes (Gaussian, sigma 1.4), / 1000"
    )
    source = "Rhemann et al. 2009"

    def error(self, given: FloatArray, truth: FloatArray, counted: Any) -> float:
        """Sum of squared differences of the gradients, in thousands."""
        return float(((_gradient(given) - _gradient(truth)) ** 2)[counted].sum()) / 1000.0


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
