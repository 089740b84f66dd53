"""Depth maps, optical flow and surface normals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from genlevel.metrics.base import Unit
from genlevel.metrics.dense import LARGEST, MeanMetric, need, numbers, one_of, usable
from genlevel.metrics.evidence import FloatArray
from genlevel.records import Direction

_SMALLEST_DEPTH = 1e-3


@dataclass(frozen=True)
class _DepthMetric(MeanMetric):
    """Mean over depth maps of a number over the pixels with a known depth.

    A pixel is known where the reference is finite and lies in (``low``, ``high``]. ``align`` fits the answer to the reference
    per map first: ``none``, ``median`` (one factor), ``scale_shift`` (least squares). An answered depth is then cut to
    [max(low, 0.001), high]. ``disparity=True`` says that answers and references are 1/depth and that the fit is made there.
    An answer of another size, or not finite at a known pixel, is not answered.
    """

    align: str = "none"
    low: float = 0.0
    high: float = float("inf")
    disparity: bool = False

    unit: ClassVar[Unit] = "raw"
    direction: ClassVar[Direction] = "lower"
    range = (0.0, float("inf"))
    bounded = False
    answer = "a depth map (H, W) or a number; reference: a depth map of the same size, 0 or NaN where unknown"
    source = "Eigen et al. 2014, evaluation of depth maps"

    def __post_init__(self) -> None:
        one_of("align", self.align, ("none", "median", "scale_shift"))

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The statistic over the known pixels of one map."""
        truth = numbers(reference)
        need(truth is not None, row, "is not a depth map")
        assert truth is not None
        # Neither NaN nor infinity passes.
        known = (truth > self.low) & (truth <= min(self.high, LARGEST))
        need(bool(known.any()), row, "has no pixel with a known depth")
        given = numbers(answer)
        if given is None or given.shape != truth.shape:
            return None
        everywhere = bool(known.all())
        given = usable(given.ravel() if everywhere else given[known])
        if given is None:
            return None
        y = truth.ravel() if everywhere else truth[known]
        x = align(given, y, self.align)
        if self.disparity:
            x, y = 1.0 / np.maximum(x, _SMALLEST_DEPTH), 1.0 / y
        return self.statistic(np.clip(x, max(self.low, _SMALLEST_DEPTH), self.high), y)

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """The number of one map; ``x`` answered and ``y`` true depths, both positive, shape (pixels,)."""
        raise NotImplementedError


def align(x: FloatArray, y: FloatArray, how: str) -> FloatArray:
    """``x`` fitted to ``y`` (both flat): by the ratio of medians, or by least squares with a factor and a shift."""
    if how == "median":
        middle = float(np.median(x))
        return x * (float(np.median(y)) / middle) if middle > 0 else x
    if how == "scale_shift":
        dx = x - x.mean()
        spread = float(dx @ dx)
        scale = float(dx @ (y - y.mean())) / spread if spread > 0 else 0.0
        fitted: FloatArray = scale * dx + y.mean()
        return fitted
    return x


@dataclass(frozen=True)
class AbsoluteRelative(_DepthMetric):
    """AbsRel of depth; options and edge cases as in :class:`_DepthMetric`."""

    name = "abs_rel"
    title = "AbsRel"
    definition = "mean over maps of the mean |d - d*| / d* over known pixels"

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """Mean relative error."""
        return float(np.mean(np.abs(x - y) / y))


@dataclass(frozen=True)
class SquaredRelative(_DepthMetric):
    """SqRel of depth; options and edge cases as in :class:`_DepthMetric`."""

    name = "sq_rel"
    title = "SqRel"
    definition = "mean over maps of the mean (d - d*)^2 / d* over known pixels"

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """Mean squared error relative to the depth."""
        return float(np.mean((x - y) ** 2 / y))


@dataclass(frozen=True)
class DepthRms(_DepthMetric):
    """RMS of the depth error; options and edge cases as in :class:`_DepthMetric`."""

    name = "rms"
    title = "RMS"
    definition = "mean over maps of the root of the mean (d - d*)^2 over known pixels"

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """Root of the mean squared error."""
        return float(np.sqrt(np.mean((x - y) ** 2)))


@dataclass(frozen=True)
class DepthLogRms(_DepthMetric):
    """RMS of the error of the log depth; options and edge cases as in :class:`_DepthMetric`."""

    name = "rms_log"
    title = "RMS log"
    definition = "mean over maps of the root of the mean (ln d - ln d*)^2 over known pixels"

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """Root of the mean squared log error."""
        return float(np.sqrt(np.mean((np.log(x) - np.log(y)) ** 2)))


@dataclass(frozen=True)
class DepthLog10(_DepthMetric):
    """Mean error of log10 depth; options and edge cases as in :class:`_DepthMetric`."""

    name = "log10"
    title = "log10"
    definition = "mean over maps of the mean |log10 d - log10 d*| over known pixels"

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """Mean absolute error of the decimal logarithm."""
        return float(np.mean(np.abs(np.log10(x) - np.log10(y))))


@dataclass(frozen=True)
class ScaleInvariantLog(_DepthMetric):
    """SILog; options and edge cases as in :class:`_DepthMetric`."""

    name = "silog"
    title = "SILog"
    definition = "mean over maps of 100 sqrt(mean(e^2) - mean(e)^2), e = ln d - ln d* over known pixels"
    source = "KITTI depth prediction benchmark"

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """Standard deviation of the log error, times 100."""
        return float(100.0 * np.std(np.log(x) - np.log(y)))


@dataclass(frozen=True)
class _Delta(_DepthMetric):
    """Share of known pixels whose depth is right within a factor; options and edge cases as in :class:`_DepthMetric`.

    An answer that is missing or of another size counts 0.
    """

    factor: ClassVar[float]
    unit = "fraction"
    direction = "higher"
    range = (0.0, 1.0)
    bounded = True

    def statistic(self, x: FloatArray, y: FloatArray) -> float:
        """Share of pixels with max(d/d*, d*/d) below the factor."""
        return float(np.mean(np.maximum(x / y, y / x) < self.factor))


@dataclass(frozen=True)
class Delta1(_Delta):
    """Delta 1; see :class:`_Delta`."""

    name = "delta1"
    title = "δ < 1.25"
    definition = "mean over maps of the share of known pixels with max(d/d*, d*/d) < 1.25"
    factor = 1.25


@dataclass(frozen=True)
class Delta2(_Delta):
    """Delta 2; see :class:`_Delta`."""

    name = "delta2"
    title = "δ < 1.25²"
    definition = "mean over maps of the share of known pixels with max(d/d*, d*/d) < 1.25^2"
    factor = 1.25**2


@dataclass(frozen=True)
class Delta3(_Delta):
    """Delta 3; see :class:`_Delta`."""

    name = "delta3"
    title = "δ < 1.25³"
    definition = "mean over maps of the share of known pixels with max(d/d*, d*/d) < 1.25^3"
    factor = 1.25**3
