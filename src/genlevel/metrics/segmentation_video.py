"""Objects segmented through a video: region likeness J, boundary F, and J&F."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio
from genlevel.metrics.dense import label_map, need
from genlevel.metrics.evidence import Array, Evidence, FloatArray

_TOLERANCE = 0.008


class _Film(NamedTuple):
    """Masks (T, H, W) by object."""

    shape: tuple[int, ...]
    masks: dict[str, Array]


def _film(thing: Any) -> _Film | None:
    """Objects from a map of ids (T, H, W), or from ``{object: masks (T, H, W)}``; 0 is the background; None for neither."""
    if isinstance(thing, Mapping):
        masks = {str(name): mask for name, given in thing.items() if (mask := _mask(given)) is not None}
        shapes = {mask.shape for mask in masks.values()}
        if len(shapes) != 1 or len(masks) != len(thing) or len(next(iter(shapes))) != 3:
            return None
        return _Film(shapes.pop(), masks)
    ids = label_map(thing)
    if ids is None or ids.ndim not in (2, 3):
        return None
    ids = ids[None] if ids.ndim == 2 else ids
    return _Film(ids.shape, {str(int(i)): ids == i for i in np.unique(ids) if i != 0})


def _mask(thing: Any) -> Array | None:
    """What is not 0 as bool; None where ``thing`` is no map of whole numbers."""
    if isinstance(thing, np.ndarray) and thing.dtype == np.bool_ and thing.size:
        return thing
    labels = label_map(thing)
    return None if labels is None else np.asarray(labels != 0)


def region_likeness(a: Array, b: Array) -> float:
    """IoU of two masks; 1 where both are empty."""
    both = int(np.count_nonzero(a & b))
    either = int(np.count_nonzero(a)) + int(np.count_nonzero(b)) - both
    return both / either if either else 1.0


def outline(mask: Array) -> Array:
    """Pixels whose right, lower or lower right neighbour is on the other side, as the Berkeley benchmark draws it."""
    padded = np.pad(mask, ((0, 1), (0, 1)))
    here, right, below, both = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    edge: Array = (here ^ right) | (here ^ below) | (here ^ both)
    edge[-1] = here[-1] ^ right[-1]
    edge[:, -1] = here[:, -1] ^ below[:, -1]
    edge[-1, -1] = False
    return edge


def boundary_f(a: Array, b: Array, tolerance: float = _TOLERANCE) -> float:
    """F1 of outlines within ``tolerance`` of the diagonal (rounded up to pixels); 1 where both masks have none."""
    near = int(np.ceil(tolerance * np.hypot(*a.shape)))
    rows, columns = np.flatnonzero((a | b).any(axis=1)), np.flatnonzero((a | b).any(axis=0))
    if not len(rows):
        return 1.0
    # The outline reaches one pixel beyond the mask, to the left and above; the border of the frame keeps its own rule.
    window = (slice(max(rows[0] - 1, 0), rows[-1] + 3), slice(max(columns[0] - 1, 0), columns[-1] + 3))
    edge_a, edge_b = outline(a)[window], outline(b)[window]
    count_a, count_b = int(np.count_nonzero(edge_a)), int(np.count_nonzero(edge_b))
    if not count_a or not count_b:
        return float(count_a == count_b)
    precision = int(np.count_nonzero(edge_a & (_distance(edge_b) <= near + 1e-3))) / count_a
    recall = int(np.count_nonzero(edge_b & (_distance(edge_a) <= near + 1e-3))) / count_b
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _distance(edge: Array) -> Array:
    distance: Array = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance


@dataclass(frozen=True)
class _VideoObjects(Metric):
    """A number per object, mean over its frames; then the mean over all objects of the set.

    ``ends=False`` leaves out the first frame, whose masks are given, and the last, of videos with more than two frames. An
    answered object that the reference does not have counts nothing. A video without any object raises
    :class:`MetricError`. A missing answer, or one of another size, counts 0 for each of its objects.
    """

    ends: bool = True

    region: ClassVar[bool] = True
    boundary: ClassVar[bool] = True
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    source = "Perazzi et al. 2016; DAVIS 2017 evaluation"
    answer = "object ids (T, H, W), 0 for none, or {object: masks (T, H, W)}; reference: the same"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``region`` and ``boundary`` (sums over objects; 0 where the metric has no use of it) and ``objects``."""
        check_lengths(answers, references)
        table = np.zeros((len(answers), 3))
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            truth = _film(reference)
            need(truth is not None and len(truth.masks) > 0, row, "is not a video with at least one object")
            assert truth is not None
            given = _film(answer)
            table[row, 2] = len(truth.masks)
            if given is not None and given.shape == truth.shape:
                table[row, :2] = self._sums(given, truth)
        region, boundary, objects = np.ascontiguousarray(table.T)
        return Evidence(region=region, boundary=boundary, objects=objects)

    def _sums(self, given: _Film, truth: _Film) -> FloatArray:
        frames = range(truth.shape[0])
        if not self.ends and len(frames) > 2:
            frames = frames[1:-1]
        nothing = np.zeros(truth.shape, np.bool_)
        sums = np.zeros(2)
        for name, mask in truth.masks.items():
            other = given.masks.get(name, nothing)
            if self.region:
                sums[0] += np.mean([region_likeness(other[t], mask[t]) for t in frames])
            if self.boundary:
                sums[1] += np.mean([boundary_f(other[t], mask[t]) for t in frames])
        return sums

    def _mean(self, column: str, evidence: Evidence, weights: FloatArray | None) -> FloatArray:
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        return ratio(w @ evidence[column], w @ evidence["objects"], empty=0.0)


@dataclass(frozen=True)
class RegionJ(_VideoObjects):
    """J; options and edge cases as in :class:`_VideoObjects`."""

    name = "region_j"
    title = "Region J"
    definition = "mean over objects of the mean over frames of the IoU of masks, 1 where both are empty"
    boundary = False

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean J over objects."""
        return self._mean("region", evidence, weights)


@dataclass(frozen=True)
class BoundaryF(_VideoObjects):
    """F of outlines; options and edge cases as in :class:`_VideoObjects`."""

    name = "boundary_f"
    title = "Boundary F"
    definition = "mean over objects of the mean over frames of the F1 of outlines within 0.8 % of the diagonal"
    region = False

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean F over objects."""
        return self._mean("boundary", evidence, weights)


@dataclass(frozen=True)
class JAndF(_VideoObjects):
    """J&F; options and edge cases as in :class:`_VideoObjects`."""

    name = "j_and_f"
    title = "J&F"
    definition = "mean of region J and boundary F"

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean of J and F."""
        return (self._mean("region", evidence, weights) + self._mean("boundary", evidence, weights)) / 2.0
