"""Objects in space: AP of turned boxes, of point instances, and AP by centre distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.dense import numbers, one_of, usable
from genlevel.metrics.detection_ap import AveragePrecision, ClassCurve, interpolated
from genlevel.metrics.detection_kinds import Kind
from genlevel.metrics.detection_match import Bools, Ints
from genlevel.metrics.evidence import FloatArray

_LARGEST = 1e7
_NUSCENES_METRES = (0.5, 1.0, 2.0, 4.0)
_LEAST_RECALL, _LEAST_PRECISION = 0.1, 0.1


def footprint(boxes: FloatArray) -> FloatArray:
    """Corners (n, 4, 2) on the ground, counter-clockwise, of boxes (n, 7): centre x, y, z, length, width, height, yaw."""
    cos, sin = np.cos(boxes[:, 6]), np.sin(boxes[:, 6])
    x = boxes[:, 3, None] / 2.0 * np.array([1.0, -1.0, -1.0, 1.0])
    y = boxes[:, 4, None] / 2.0 * np.array([1.0, 1.0, -1.0, -1.0])
    turned = np.stack([x * cos[:, None] - y * sin[:, None], x * sin[:, None] + y * cos[:, None]], axis=-1)
    corners: FloatArray = turned + boxes[:, None, :2]
    return corners


def shared_area(a: FloatArray, b: FloatArray) -> FloatArray:
    """Area that convex quadrangles ``a[k]`` and ``b[k]`` share, both (n, 4, 2) counter-clockwise, shape (n,).

    Sutherland and Hodgman's clipping on all pairs at once. Each clip of a polygon adds at most one corner, so that eight
    places are enough; a place that is not needed repeats a neighbour, which adds no area.
    """
    polygon = np.repeat(a, 2, axis=1)
    for k in range(4):
        start, edge = b[:, k, None], (b[:, (k + 1) % 4] - b[:, k])[:, None]
        side = edge[..., 0] * (polygon[..., 1] - start[..., 1]) - edge[..., 1] * (polygon[..., 0] - start[..., 0])
        polygon = _clip(polygon, side)
    # Around a point of the polygon, so that large coordinates do not cost digits.
    p = polygon - polygon[:, :1]
    q = np.roll(p, -1, axis=1)
    area: FloatArray = 0.5 * np.maximum((p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0]).sum(axis=1), 0.0)
    return area


def _clip(polygon: FloatArray, side: FloatArray) -> FloatArray:
    """The part of each polygon (n, p, 2) where the signed distance ``side`` (n, p) is not negative."""
    after, side_after = np.roll(polygon, -1, axis=1), np.roll(side, -1, axis=1)
    inside, inside_after = side >= 0, side_after >= 0
    step = side - side_after
    share = np.divide(side, step, out=np.zeros_like(side), where=step != 0)
    crossing = polygon + share[..., None] * (after - polygon)
    # In order: the corner itself, then the place where its edge crosses; what is outside becomes the corner kept last.
    both = np.stack([polygon, crossing], axis=2).reshape(len(polygon), -1, 2)
    keep = np.stack([inside, inside != inside_after], axis=2).reshape(len(polygon), -1)
    width = int(keep.sum(axis=1).max(initial=1))
    order = np.argsort(~keep, axis=1, kind="stable")[:, :width]
    kept = np.take_along_axis(both, order[..., None], axis=1)
    count = keep.sum(axis=1)
    last = np.take_along_axis(kept, np.maximum(count - 1, 0)[:, None, None], axis=1)
    return np.where(
        (np.arange(width) < count[:, None])[..., None], kept, np.where((count > 0)[:, None, None], last, 0.0)
    )


def turned_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """IoU of volumes of boxes ``a[k]`` and ``b[k]``, (n, 7) as :func:`footprint` takes them; shape (n,)."""
    height = np.minimum(a[:, 2] + a[:, 5] / 2, b[:, 2] + b[:, 5] / 2) - np.maximum(
        a[:, 2] - a[:, 5] / 2, b[:, 2] - b[:, 5] / 2
    )
    reach = (np.hypot(a[:, 3], a[:, 4]) + np.hypot(b[:, 3], b[:, 4])) / 2
    near = (height > 0) & (np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1]) <= reach)
    iou = np.zeros(len(a))
    if near.any():
        a, b = a[near], b[near]
        both = shared_area(footprint(a), footprint(b)) * height[near]
        union = np.prod(a[:, 3:6], axis=1) + np.prod(b[:, 3:6], axis=1) - both
        iou[near] = np.clip(np.divide(both, union, out=np.zeros_like(both), where=union > 0), 0.0, 1.0)
    return iou


class SpaceKind(Kind):
    """Boxes (x, y, z, length, width, height[, yaw]), with the centre and yaw about z; or sets of points by index.

    The overlap is IoU of volumes or of points. With ``centre=True`` it is 1/(1 + distance of the centres on the ground), so
    that nearer is more and a limit in metres is a threshold.
    """

    limit = 500
    form = "'box': [x, y, z, length, width, height, yaw] or 'points': indices"

    def __init__(self, *, centre: bool) -> None:
        self._centre = centre

    def read(self, item: Mapping[str, Any]) -> Any:
        """A box (7,) or sorted unique indices."""
        if item.get("points") is not None and not self._centre:
            points = usable(numbers(item["points"]))
            if points is None or points.ndim != 1 or (points < 0).any() or (points != np.floor(points)).any():
                return None
            return np.unique(points.astype(np.int64))
        box = usable(numbers(item.get("box")))
        if box is None or box.shape not in ((6,), (7,)) or np.abs(box).max() > _LARGEST or (box[3:6] < 0).any():
            return None
        return box if len(box) == 7 else np.append(box, 0.0)

    def overlaps(self, detections: Any, truths: Any, crowd: Bools, i: Ints, j: Ints) -> FloatArray:
        """IoU, or nearness of centres."""
        kinds = [detections[a].dtype.kind + truths[b].dtype.kind for a, b in zip(i, j, strict=True)]
        boxed = np.array([kind == "ff" for kind in kinds], np.bool_)
        overlap = np.zeros(len(i))
        if boxed.any():
            a = np.array([detections[k] for k in i[boxed]])
            b = np.array([truths[k] for k in j[boxed]])
            apart = np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1])
            overlap[boxed] = 1.0 / (1.0 + apart) if self._centre else turned_iou(a, b)
        for k in np.flatnonzero(~boxed).tolist():
            a, b = detections[i[k]], truths[j[k]]
            if a.dtype.kind == b.dtype.kind == "i":
                both = len(np.intersect1d(a, b, assume_unique=True))
                overlap[k] = both / (len(a) + len(b) - both)
        return overlap


@dataclass(frozen=True)
class SpaceMap50(AveragePrecision):
    """Mean AP of boxes or point instances in space at an IoU of 0.50.

    ``integration`` is ``area`` (default: the whole area under the precision envelope, as indoor benchmarks take it) or
    ``coco`` (101 recalls). Boxes are turned about the vertical axis and their IoU is that of volumes, exact to rounding.
    Options and edge cases as in :class:`AveragePrecision`; at most 500 detections of a class in a scene count.
    """

    integration: str = "area"

    name = "map50"
    title = "mAP@50"
    definition = "mean over classes of the area under the precision envelope over recall, at an IoU of 0.50 in space"
    source = "ScanNet and SUN RGB-D detection protocols; PASCAL VOC 2010 area"
    thresholds = (0.5,)
    answer = (
        "a list of {'label', 'box': [x, y, z, length, width, height, yaw] or 'points': indices, 'score'}; "
        "reference: a list of the same"
    )

    def __post_init__(self) -> None:
        one_of("integration", self.integration, ("area", "coco"))

    def objects(self) -> Kind:
        """Boxes in space or sets of points."""
        return SpaceKind(centre=False)

    def area(self, hits: FloatArray, counted: FloatArray, wanted: FloatArray) -> FloatArray:
        """The area under the envelope, or the mean at 101 recalls."""
        return (
            interpolated(hits, counted, wanted) if self.integration == "coco" else envelope_area(hits, counted, wanted)
        )


def envelope_area(hits: FloatArray, counted: FloatArray, wanted: FloatArray) -> FloatArray:
    """Area under the precision envelope; arguments and result as :meth:`AveragePrecision.area`."""
    precision = hits / np.where(counted > 0, counted, 1.0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    gain = np.diff(hits, axis=1, prepend=0.0)
    total: FloatArray = (envelope * gain).sum(axis=1) / np.where(wanted > 0, wanted, 1.0)
    return total


@dataclass(frozen=True)
class SpaceMap(SpaceMap50):
    """Mean AP of boxes or point instances in space; options and edge cases as in :class:`SpaceMap50`.

    ``match="iou"`` (default) takes the mean over IoU 0.50, 0.55, ..., 0.95. ``match="centre"`` is nuScenes' mAP: centres on
    the ground within 0.5, 1, 2 and 4 m, precision at 101 recalls of which those above 0.1 count, less 0.1 and divided by
    0.9. ``ious`` replaces the thresholds, e.g. ``(0.25,)``.
    """

    match: str = "iou"
    ious: tuple[float, ...] = ()

    name = "map"
    title = "mAP"
    definition = (
        "mean over classes and IoU 0.50:0.05:0.95 in space of the area under the precision envelope over recall"
    )
    source = "ScanNet and SUN RGB-D detection protocols; nuScenes detection (match='centre')"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("match", self.match, ("iou", "centre"))
        if not all(0.0 < iou <= 1.0 for iou in self.ious) or len(self.ious) > 32:
            raise MetricError(f"map: ious={self.ious} must be at most 32 numbers above 0 and up to 1")

    def objects(self) -> Kind:
        """Boxes in space or sets of points."""
        return SpaceKind(centre=self.match == "centre")

    def levels(self) -> tuple[float, ...]:
        """IoU thresholds, or the nearness that stands for each distance."""
        if self.match == "centre":
            # nuScenes' distance must be below the limit; the next larger nearness leaves the limit itself out.
            return tuple(float(np.nextafter(1.0 / (1.0 + metres), 2.0)) for metres in _NUSCENES_METRES)
        return self.ious or tuple(np.linspace(0.5, 0.95, 10).tolist())

    def class_precision(self, curve: ClassCurve) -> FloatArray:
        """AP of one class."""
        return super().class_precision(curve) if self.match == "iou" else _nuscenes_precision(curve)


def _nuscenes_precision(curve: ClassCurve) -> FloatArray:
    """NuScenes' AP of one class, mean over the distances, shape (B,)."""
    recalls = np.linspace(0.0, 1.0, 101)
    total = np.zeros(len(curve.weights))
    everything = np.arange(curve.weights.shape[1])
    for b in np.flatnonzero(curve.wanted > 0):
        order, mass = copies(everything, curve.weights[b])
        counted = np.cumsum(mass)
        for t in range(len(_NUSCENES_METRES) if len(order) else 0):
            hits = np.cumsum(np.where(curve.hit[order] & np.uint32(1 << t), mass, 0.0))
            precision = np.interp(recalls, hits / curve.wanted[b], hits / counted, right=0.0)
            above = precision[round(100 * _LEAST_RECALL) + 1 :] - _LEAST_PRECISION
            total[b] += np.maximum(above, 0.0).mean() / (1.0 - _LEAST_PRECISION)
    return total / len(_NUSCENES_METRES)


def copies(items: Ints, weights: FloatArray) -> tuple[Ints, FloatArray]:
    """Items with a weight, and their weights; of whole weights so many copies of 1 each.

    Where a curve is drawn straight from item to item, copies lie on it where one item of twice the weight does not.
    """
    items, weights = items[weights > 0], weights[weights > 0]
    if bool((weights == np.floor(weights)).all()):
        items = np.repeat(items, weights.astype(np.int64))
        weights = np.ones(len(items))
    return items, weights
