"""Depth maps, optical flow and surface normals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from genlevel.metrics.base import Unit
from genlevel.metrics.columns import pieces
from genlevel.metrics.dense import LARGEST, MeanMetric, need, one_of, real_array, usable
from genlevel.metrics.evidence import Array, FloatArray
from genlevel.records import Direction

_SMALLEST_DEPTH = 1e-3
Pixels = Iterable[tuple[FloatArray, FloatArray]]
"""Answered and true depths of one map's known pixels, piece by piece."""


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
        truth = real_array(reference)
        need(truth is not None, row, "is not a depth map")
        assert truth is not None
        # Neither NaN nor infinity passes. As float64, so that a limit is the same for maps of every type.
        known = (truth > np.float64(self.low)) & (truth <= np.float64(min(self.high, LARGEST)))
        need(bool(known.any()), row, "has no pixel with a known depth")
        given = real_array(answer)
        if given is None or given.shape != truth.shape:
            return None
        if usable(given) is None and usable(given[known]) is None:
            return None
        if self.align != "none":
            x, y = given[known].astype(np.float64), truth[known].astype(np.float64)
            given, truth, known = align(x, y, self.align), y, np.ones(len(y), np.bool_)
        return self.statistic(self._pixels(given.ravel(), truth.ravel(), known.ravel()))

    def _pixels(self, given: Array, truth: Array, known: Array) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Answered and true depths of the known pixels, piece by piece; all arguments are flat."""
        for piece in pieces(len(truth)):
            x, y, these = given[piece], truth[piece], known[piece]
            if not these.all():
                x, y = x[these], y[these]
                if not len(x):
                    continue
            x, y = x.astype(np.float64), y.astype(np.float64)
            if self.disparity:
                x, y = 1.0 / np.maximum(x, _SMALLEST_DEPTH), 1.0 / y
            yield np.clip(x, max(self.low, _SMALLEST_DEPTH), self.high, out=x), y

    def statistic(self, pixels: Pixels) -> float:
        """The number of one map; answered and true depths are positive."""
        raise NotImplementedError


def _mean(parts: Iterable[Array]) -> float:
    """Of all numbers of the parts."""
    total, count = 0.0, 0
    for part in parts:
        total, count = total + float(part.sum()), count + len(part)
    return total / count


def _deviation(parts: Iterable[FloatArray]) -> float:
    """Standard deviation of all numbers of the parts, each part first about its own mean, so that no digits are lost."""
    count, mean, square = 0, 0.0, 0.0
    for part in parts:
        own, total = float(part.mean()), count + len(part)
        apart = part - own
        square += float(np.vdot(apart, apart)) + (own - mean) ** 2 * count * len(part) / total
        mean += (own - mean) * len(part) / total
        count = total
    return math.sqrt(square / count)


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

    def statistic(self, pixels: Pixels) -> float:
        """Mean relative error."""
        return _mean(np.abs(x - y) / y for x, y in pixels)


@dataclass(frozen=True)
class SquaredRelative(_DepthMetric):
    """SqRel of depth; options and edge cases as in :class:`_DepthMetric`."""

    name = "sq_rel"
    title = "SqRel"
    definition = "mean over maps of the mean (d - d*)^2 / d* over known pixels"

    def statistic(self, pixels: Pixels) -> float:
        """Mean squared error relative to the depth."""
        return _mean((x - y) ** 2 / y for x, y in pixels)


@dataclass(frozen=True)
class DepthRms(_DepthMetric):
    """RMS of the depth error; options and edge cases as in :class:`_DepthMetric`."""

    name = "rms"
    title = "RMS"
    definition = "mean over maps of the root of the mean (d - d*)^2 over known pixels"

    def statistic(self, pixels: Pixels) -> float:
        """Root of the mean squared error."""
        return math.sqrt(_mean((x - y) ** 2 for x, y in pixels))


@dataclass(frozen=True)
class DepthLogRms(_DepthMetric):
    """RMS of the error of the log depth; options and edge cases as in :class:`_DepthMetric`."""

    name = "rms_log"
    title = "RMS log"
    definition = "mean over maps of the root of the mean (ln d - ln d*)^2 over known pixels"

    def statistic(self, pixels: Pixels) -> float:
        """Root of the mean squared log error."""
        return math.sqrt(_mean((np.log(x) - np.log(y)) ** 2 for x, y in pixels))


@dataclass(frozen=True)
class DepthLog10(_DepthMetric):
    """Mean error of log10 depth; options and edge cases as in :class:`_DepthMetric`."""

    name = "log10"
    title = "log10"
    definition = "mean over maps of the mean |log10 d - log10 d*| over known pixels"

    def statistic(self, pixels: Pixels) -> float:
        """Mean absolute error of the decimal logarithm."""
        return _mean(np.abs(np.log10(x) - np.log10(y)) for x, y in pixels)


@dataclass(frozen=True)
class ScaleInvariantLog(_DepthMetric):
    """SILog; options and edge cases as in :class:`_DepthMetric`."""

    name = "silog"
    title = "SILog"
    definition = "mean over maps of 100 sqrt(mean(e^2) - mean(e)^2), e = ln d - ln d* over known pixels"
    source = "KITTI depth prediction benchmark"

    def statistic(self, pixels: Pixels) -> float:
        """Standard deviation of the log error, times 100."""
        return 100.0 * _deviation(np.log(x) - np.log(y) for x, y in pixels)


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

    def statistic(self, pixels: Pixels) -> float:
        """Share of pixels with max(d/d*, d*/d) below the factor."""
        return _mean(np.maximum(x / y, y / x) < self.factor for x, y in pixels)


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
