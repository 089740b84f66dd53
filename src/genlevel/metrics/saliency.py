"""Salient and camouflaged objects: S-, E-, F- and weighted F-measure of a grey map against a mask.

All but the weighted F-measure follow from histograms: a map has 256 levels, so counts per level and quadrant say all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.dense import MeanMetric, need, numbers, one_of
from genlevel.metrics.evidence import Array, Evidence, FloatArray

_EPS = np.spacing(1.0)
_ALPHA, _BETA2 = 0.5, 0.3
_ANSWER = (
    "a map (H, W): bytes 0-255, or 0-1; of a video (T, H, W); reference: a mask of the same size, above half is object"
)


@dataclass(frozen=True)
class Pair:
    """A map in 0-1 and a mask, (H, W)."""

    soft: FloatArray
    mask: Array
    """bool."""

    @cached_property
    def grey(self) -> Array:
        """The map at 256 levels, uint8."""
        return (self.soft * 255.0).astype(np.uint8)


def _frames(thing: Any) -> Array | None:
    """Maps (T, H, W) in 0-255 of an image (H, W) or a video (T, H, W); None where it is neither or not finite.

    Bytes stay bytes; anything else becomes float64, and is scaled where no value is above 1.
    """
    if not isinstance(thing, np.ndarray) or thing.dtype != np.uint8 or not thing.size or int(thing.max()) <= 1:
        thing = numbers(thing)
        if thing is None or not bool((np.abs(thing) <= 255.0).all()) or float(thing.min()) < 0:
            return None
        if float(thing.max()) <= 1.0:
            thing = thing * 255.0
    array: Array = thing
    if array.ndim not in (2, 3):
        return None
    return array[None] if array.ndim == 2 else array


def softened(grey: Array, *, stretch: bool) -> FloatArray:
    """A map of 0-255 as 0-1; with ``stretch`` its least and largest value become 0 and 1, unless it is constant."""
    if grey.dtype != np.uint8:
        whole: FloatArray = grey / 255.0
        low, high = float(whole.min()), float(whole.max())
        return (whole - low) / (high - low) if stretch and high > low else whole
    # A table of the 256 levels instead of arithmetic on every pixel.
    levels = np.arange(256) / 255.0
    low, high = levels[int(grey.min())], levels[int(grey.max())]
    table: FloatArray = (levels - low) / (high - low) if stretch and high > low else levels
    return np.asarray(cv2.LUT(np.ascontiguousarray(grey), table), np.float64)


def pairs(answer: Any, reference: Any, row: int, *, normalise: bool) -> list[Pair] | None:
    """Map and mask for each frame; None where the answer is none of the reference's size."""
    truth = _frames(reference)
    need(truth is not None, row, "is not a mask (H, W) of numbers from 0 to 255")
    given = _frames(answer)
    if given is None or truth is None or given.shape != truth.shape:
        return None
    half = 127 if truth.dtype == np.uint8 else 127.5
    return [Pair(softened(g, stretch=normalise), t > half) for g, t in zip(given, truth, strict=True)]


@dataclass(frozen=True)
class _SaliencyMetric(MeanMetric):
    """A likeness of a grey map and a mask, mean over frames of a sample and over samples.

    A map is stretched to its whole range first, as the reference tools do; ``normalise=False`` leaves it. The mask is what
    is above 127 of 255 (or above half of 1). A missing answer, one of another size or with values outside 0-255, counts 0.
    """

    normalise: bool = True

    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = _ANSWER

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """Mean likeness over frames."""
        frames = pairs(answer, reference, row, normalise=self.normalise)
        return None if frames is None else float(np.mean([self.likeness(frame) for frame in frames]))

    def likeness(self, pair: Pair) -> float:
        """Of one frame."""
        raise NotImplementedError


@dataclass(frozen=True)
class SMeasure(_SaliencyMetric):
    """Structure measure; options and edge cases as in :class:`_SaliencyMetric`.

    Half object likeness and half region likeness. Without an object in the mask it is 1 - the mean of the map, with nothing
    but object the mean of the map. A quadrant without pixels (the object lies in the last row or column) counts nothing.
    """

    name = "s_measure"
    title = "S-measure"
    definition = "mean of half the object and half the region likeness of map and mask, cut at 0"
    source = "Fan et al. 2017; pysodmetrics Smeasure"

    def likeness(self, pair: Pair) -> float:
        """S-measure of one frame."""
        share = np.count_nonzero(pair.mask) / pair.mask.size
        if share == 0.0:
            return 1.0 - float(pair.soft.mean())
        if share == 1.0:
            return float(pair.soft.mean())
        inside, outside = pair.soft[pair.mask], pair.soft[~pair.mask]
        np.subtract(1.0, outside, out=outside)
        body = share * _object_likeness(inside) + (1.0 - share) * _object_likeness(outside)
        return float(max(0.0, _ALPHA * body + (1.0 - _ALPHA) * _region_likeness(pair)))


def _object_likeness(values: FloatArray) -> float:
    """Of values (n,), which are changed."""
    mean = float(values.mean())
    values -= mean
    spread = math.sqrt(float(np.einsum("i,i->", values, values)) / (len(values) - 1)) if len(values) > 1 else 0.0
    return float(2.0 * mean / (mean**2 + 1.0 + spread + _EPS))


def _region_likeness(pair: Pair) -> float:
    """Likeness in the four quadrants about the mask's centroid, weighted by their area."""
    height, width = pair.mask.shape
    y, x = (_middle(np.count_nonzero(pair.mask, axis=axis)) + 1 for axis in (1, 0))
    total = 0.0
    for part in (
        (slice(0, y), slice(0, x)),
        (slice(0, y), slice(x, None)),
        (slice(y, None), slice(0, x)),
        (slice(y, None), slice(x, None)),
    ):
        soft, mask = pair.soft[part], pair.mask[part]
        if soft.size:
            total += soft.size / (height * width) * _quadrant(soft, mask)
    return total


def _middle(counts: Array) -> int:
    """The mean place, rounded, of as many pixels as ``counts`` says at each."""
    return round(int(np.arange(len(counts)) @ counts) / int(counts.sum()))


def _quadrant(a: FloatArray, b: Array) -> float:
    """SSIM without constants of a part of the map and of the mask."""
    n, x, y = a.size, float(a.mean()), np.count_nonzero(b) / b.size
    dx = a - x
    more = max(n - 1, 1)
    xx, yy = float(np.einsum("ij,ij->", dx, dx)) / more, n * y * (1.0 - y) / more
    # The mask is 0 or 1: its covariance is a sum over the object, and 0 where there is nothing but object.
    xy = float(dx[b].sum()) / more if 0.0 < y < 1.0 else 0.0
    top, bottom = 4.0 * x * y * xy, (x**2 + y**2) * (xx + yy)
    if top != 0.0:
        return float(top / (bottom + _EPS))
    return 1.0 if bottom == 0.0 else 0.0


def level_counts(pair: Pair) -> tuple[FloatArray, FloatArray]:
    """Pixels at or above each threshold from 255 down to 0, inside and outside the mask, each shape (256,)."""
    inside = np.bincount(pair.grey[pair.mask], minlength=256)
    outside = np.bincount(pair.grey[~pair.mask], minlength=256)
    return np.cumsum(inside[::-1]).astype(np.float64), np.cumsum(outside[::-1]).astype(np.float64)


@dataclass(frozen=True)
class _CurveMetric(Metric):
    """A number from a curve over 256 thresholds per sample, averaged over frames and samples.

    ``how``: ``max`` (the best place of the averaged curve), ``mean`` (its mean) or ``adaptive`` (the threshold of each map
    is twice its mean). Other options and edge cases as in :class:`_SaliencyMetric`.
    """

    how: str = "max"
    normalise: bool = True

    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = _ANSWER
    levels: ClassVar[int] = 257

    def __post_init__(self) -> None:
        one_of("how", self.how, ("max", "mean", "adaptive"))

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Column ``curve`` (n, 257): values by falling threshold, and last the value at the adaptive one."""
        check_lengths(answers, references)
        curves = np.zeros((len(answers), self.levels))
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            frames = pairs(answer, reference, row, normalise=self.normalise)
            if frames is not None:
                curves[row] = np.mean([np.append(self.curve(f), self.adaptive(f)) for f in frames], axis=0)
        return Evidence(curve=curves)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The number from the averaged curve."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        curve = evidence["curve"]
        if self.how == "adaptive":
            return np.minimum(weighted_mean(curve[:, -1], w, empty=0.0), 1.0)
        total = w.sum(axis=-1)[..., None]
        mean = np.divide(w @ curve[:, :-1], total, out=np.zeros((*w.shape[:-1], 256)), where=total > 0)
        picked: FloatArray = mean.max(axis=-1) if self.how == "max" else mean.mean(axis=-1)
        # The enhanced alignment of a perfect map is size / (size - 1).
        return np.minimum(picked, 1.0)

    def curve(self, pair: Pair) -> FloatArray:
        """The value at each threshold from 255 down to 0, shape (256,)."""
        raise NotImplementedError

    def adaptive(self, pair: Pair) -> float:
        """The value at the threshold of twice the map's mean (at most 1)."""
        raise NotImplementedError


@dataclass(frozen=True)
class FMeasure(_CurveMetric):
    """F-measure with beta² = 0.3; options and edge cases as in :class:`_CurveMetric`. Without an object in the mask it is 0."""

    name = "f_measure"
    title = "F-measure (max)"
    definition = "best over 256 thresholds of the mean over samples of 1.3 P R / (0.3 P + R)"
    source = "Achanta et al. 2009; pysodmetrics Fmeasure"

    def curve(self, pair: Pair) -> FloatArray:
        """F at each threshold."""
        inside, outside = level_counts(pair)
        total = float(max(pair.mask.sum(), 1))
        precision = np.divide(inside, inside + outside, out=np.zeros(256), where=inside + outside > 0)
        return _f(precision, inside / total)

    def adaptive(self, pair: Pair) -> float:
        """F at twice the mean."""
        chosen = pair.soft >= min(2.0 * float(pair.soft.mean()), 1.0)
        both = float(np.count_nonzero(chosen & pair.mask))
        if both == 0.0:
            return 0.0
        precision, recall = both / float(chosen.sum()), both / float(pair.mask.sum())
        return float(_f(np.array(precision), np.array(recall)))


def _f(precision: FloatArray, recall: FloatArray) -> FloatArray:
    bottom = _BETA2 * precision + recall
    f: FloatArray = np.divide((1 + _BETA2) * precision * recall, bottom, out=np.zeros_like(bottom), where=bottom > 0)
    return f


@dataclass(frozen=True)
class EMeasure(_CurveMetric):
    """Enhanced-alignment measure; options and edge cases as in :class:`_CurveMetric`; ``how="mean"`` by default."""

    how: str = "mean"

    name = "e_measure"
    title = "E-measure (mean)"
    definition = (
        "mean over 256 thresholds of the mean over samples of the enhanced alignment of the cut map and the mask"
    )
    source = "Fan et al. 2018; pysodmetrics Emeasure"

    def curve(self, pair: Pair) -> FloatArray:
        """E at each threshold."""
        inside, outside = level_counts(pair)
        return _alignment(inside, outside, float(pair.mask.sum()), float(pair.mask.size))

    def adaptive(self, pair: Pair) -> float:
        """E at twice the mean."""
        chosen = pair.soft >= min(2.0 * float(pair.soft.mean()), 1.0)
        both = float(np.count_nonzero(chosen & pair.mask))
        rest = float(np.count_nonzero(chosen)) - both
        return float(_alignment(np.array([both]), np.array([rest]), float(pair.mask.sum()), float(pair.mask.size))[0])


def _alignment(inside: FloatArray, outside: FloatArray, objects: float, size: float) -> FloatArray:
    """Enhanced alignment from the chosen pixels inside and outside the mask, the mask's pixels and all pixels."""
    chosen = inside + outside
    if objects == 0.0:
        total = size - chosen
    elif objects == size:
        total = chosen
    else:
        a, b = chosen / size, objects / size
        total = np.zeros_like(chosen)
        # The four kinds of pixel: chosen or not, object or not, each with its own pair of values less their means.
        kinds = (
            (inside, 1.0, 1.0),
            (outside, 1.0, 0.0),
            (objects - inside, 0.0, 1.0),
            (size - objects - outside, 0.0, 0.0),
        )
        for count, given, truth in kinds:
            x, y = given - a, truth - b
            total = total + count * (2.0 * x * y / (x * x + y * y + _EPS) + 1.0) ** 2 / 4.0
    out: FloatArray = total / (size - 1.0 + _EPS)
    return out


@dataclass(frozen=True)
class WeightedFMeasure(_SaliencyMetric):
    """Weighted F-measure with beta² = 1; options and edge cases as in :class:`_SaliencyMetric`.

    Errors near the object's border count less and those far from it more. Without an object in the mask it is 0.
    """

    name = "weighted_f_measure"
    title = "Weighted F-measure"
    definition = "mean over samples of the F1 of weighted precision and recall of the grey map"
    source = "Margolin et al. 2014; pysodmetrics WeightedFmeasure"

    def likeness(self, pair: Pair) -> float:
        """Weighted F of one frame."""
        mask = pair.mask
        if not mask.any():
            return 0.0
        apart, (rows, columns) = distance_transform_edt(~mask, return_indices=True)
        error = np.abs(pair.soft - mask)
        # Outside the object an error depends on that at the nearest pixel of the object.
        spread = np.where(mask, error, error[rows, columns])
        kernel = cv2.getGaussianKernel(7, 5, cv2.CV_64F)
        smooth = cv2.sepFilter2D(spread, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_CONSTANT)
        least = np.where(mask & (smooth < error), smooth, error)
        importance = np.where(mask, 1.0, 2.0 - np.exp(np.log(0.5) / 5.0 * apart))
        weighted = least * importance
        hits = float(mask.sum()) - float(weighted[mask].sum())
        recall = 1.0 - float(weighted[mask].mean())
        precision = hits / (hits + float(weighted[~mask].sum()) + _EPS)
        return float(np.clip(2.0 * recall * precision / (recall + precision + _EPS), 0.0, 1.0))
