"""What COCO's AP can be of: boxes, masks, keypoints. Each kind reads its items and computes overlaps of pairs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
from hotcoco import mask as coco_mask

from genlevel.errors import MetricError
from genlevel.metrics import masks
from genlevel.metrics.columns import plain_numbers, plain_rows
from genlevel.metrics.dense import LARGEST, numbers, usable
from genlevel.metrics.detection_match import Bools, Ints, box_overlaps
from genlevel.metrics.evidence import Array, FloatArray

Box = tuple[float, float, float, float]
_LARGEST = 1e9

# Spread of human annotations of COCO's 17 keypoints, nose to ankles.
COCO_SIGMAS = (
    *(0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072),
    *(0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
)


class Kind(ABC):
    """One kind of object."""

    limit: ClassVar[int] = 100
    """How many detections of a class in an image count."""
    form: ClassVar[str]
    """What an item must hold, for messages."""

    @abstractmethod
    def read(self, item: Mapping[str, Any]) -> Any:
        """The item's shape, of a detection or a truth; None where it cannot be read."""

    def read_all(self, items: Sequence[Mapping[str, Any]]) -> tuple[Any, Bools]:
        """The shapes of the items that can be read, in order, and which those are, shape (n,)."""
        shapes = [self.read(item) for item in items]
        readable = np.fromiter((shape is not None for shape in shapes), np.bool_, len(shapes))
        return [shape for shape in shapes if shape is not None], readable

    def ignored(self, shapes: Any) -> Bools:
        """Which truths of these shapes count neither way, shape (n,)."""
        return np.zeros(len(shapes), np.bool_)

    @abstractmethod
    def overlaps(self, detections: Any, truths: Any, crowd: Bools, i: Ints, j: Ints) -> FloatArray:
        """Overlap of ``detections[i[k]]`` and ``truths[j[k]]``, 0 to 1; equal ``i`` are neighbours, ``crowd`` is per truth."""


def read_box(thing: Any) -> Box | None:
    """A box x, y, width, height of finite numbers with sides of at least 0; None for anything else."""
    try:
        x, y, width, height = thing
        box = (float(x), float(y), float(width), float(height))
    except (TypeError, ValueError, OverflowError):
        return None
    # NaN fails every comparison.
    sound = abs(box[0]) < _LARGEST and abs(box[1]) < _LARGEST and 0 <= box[2] < _LARGEST and 0 <= box[3] < _LARGEST
    return box if sound else None


def read_boxes(things: list[Any]) -> tuple[FloatArray, Bools]:
    """The boxes (n, 4) among ``things`` that :func:`read_box` takes, in order, and which those are."""
    try:
        rows = plain_rows(things, 4)
        boxes: Array = np.array(things) if rows is None else rows
        if boxes.dtype.kind not in "biuf":
            raise TypeError
        boxes = boxes.astype(np.float64, copy=False).reshape(len(things), 4)
    except (TypeError, ValueError, OverflowError):
        read = list(map(read_box, things))
        readable: Bools = np.fromiter((box is not None for box in read), np.bool_, len(read))
        return box_array([box for box in read if box is not None]), readable
    sound = sound_boxes(boxes)
    return (boxes if sound.all() else boxes[sound]), sound


def sound_boxes(boxes: FloatArray) -> Bools:
    """Which boxes (n, 4) are finite with sides of at least 0, as :func:`read_box` takes them, shape (n,)."""
    x, y, width, height = boxes.T
    # NaN fails every comparison.
    sides = (width >= 0) & (width < _LARGEST) & (height >= 0) & (height < _LARGEST)
    sound: Bools = sides & (np.abs(x) < _LARGEST) & (np.abs(y) < _LARGEST)
    return sound


def box_iou(a: Box, b: Box) -> float:
    """IoU of two boxes, at most 1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = width * height if width > 0 and height > 0 else 0.0
    union = a[2] * a[3] + b[2] * b[3] - both
    return min(both / union, 1.0) if union > 0 else 0.0


def box_array(boxes: Sequence[Box]) -> FloatArray:
    """Boxes as float64 (n, 4), also for none."""
    return np.array(boxes, np.float64).reshape(len(boxes), 4)


class BoxKind(Kind):
    """Boxes; overlap is IoU, with a crowd the share of the detection that it covers."""

    form = "'box': [x, y, width, height]"

    def read(self, item: Mapping[str, Any]) -> Box | None:
        """The item's ``box``."""
        return read_box(item.get("box"))

    def read_all(self, items: Sequence[Mapping[str, Any]]) -> tuple[Any, Bools]:
        """Boxes (n, 4), read at one go where all have four numbers."""
        return read_boxes([item.get("box") for item in items])

    def overlaps(self, detections: Any, truths: Any, crowd: Bools, i: Ints, j: Ints) -> FloatArray:
        """IoU of boxes."""
        return box_overlaps(detections[i], truths[j], crowd[j])


class MaskKind(Kind):
    """Masks; overlap is IoU of pixels, with a crowd the share of the detection. Masks of different sizes do not overlap."""

    form = "'mask': run lengths, polygons with 'size', or a bitmap"

    def read(self, item: Mapping[str, Any]) -> masks.Rle | None:
        """The item's ``mask``."""
        try:
            return masks.read(item.get("mask"), item.get("size"))
        except MetricError:
            return None

    def read_all(self, items: Sequence[Mapping[str, Any]]) -> tuple[Any, Bools]:
        """Masks, checked many at a time."""
        found = masks.read_all([item.get("mask") for item in items], [item.get("size") for item in items])
        readable = np.fromiter((rle is not None for rle in found), np.bool_, len(found))
        return [rle for rle in found if rle is not None], readable

    def overlaps(self, detections: Any, truths: Any, crowd: Bools, i: Ints, j: Ints) -> FloatArray:
        """IoU of masks, all detections of a group with all its truths at a time."""
        overlap = np.zeros(len(i))
        if not len(i):
            return overlap
        # A group: neighbours whose truths begin with the same one.
        first = np.flatnonzero(np.diff(i, prepend=-1))
        starts = first[np.flatnonzero(np.diff(j[first], prepend=-1))]
        for low, high in pairwise([*starts.tolist(), len(i)]):
            mine = list(dict.fromkeys(i[low:high].tolist()))
            width = (high - low) // len(mine)
            theirs = j[low : low + width].tolist()
            found, wanted = [detections[k] for k in mine], [truths[k] for k in theirs]
            if len({tuple(rle["size"]) for rle in (*found, *wanted)}) > 1:
                for row, rle in enumerate(found):
                    same = [k for k, other in enumerate(wanted) if other["size"] == rle["size"]]
                    if same:
                        at = [low + row * width + k for k in same]
                        crowds = [bool(crowd[theirs[k]]) for k in same]
                        overlap[at] = np.asarray(coco_mask.iou([rle], [wanted[k] for k in same], crowds))[0]
                continue
            overlap[low:high] = np.asarray(coco_mask.iou(found, wanted, crowd[theirs].tolist())).ravel()
        return overlap


class Person(NamedTuple):
    """Keypoints (K, 3) as x, y, visibility, and of a truth its box and area."""

    points: FloatArray
    box: Box
    area: float


class KeypointKind(Kind):
    """Keypoints; overlap is COCO's object keypoint similarity.

    ``sigmas`` are the spreads of each keypoint; without them COCO's 17, and their mean for another number of keypoints.
    A truth without ``area`` has that of its box, without ``box`` that of its labelled keypoints.
    """

    limit = 20
    form = "'keypoints': [x, y, visibility, ...]"

    def __init__(self, sigmas: Sequence[float] = ()) -> None:
        self._sigmas = tuple(sigmas)

    def read(self, item: Mapping[str, Any]) -> Person | None:
        """The item's ``keypoints``, flat or (K, 3); (K, 2) are all visible."""
        points = usable(numbers(item.get("keypoints")))
        if points is None or (points.ndim == 1 and points.size % 3) or points.ndim > 2:
            return None
        points = points.reshape(-1, 3) if points.ndim == 1 else points
        if points.shape[1] == 2:
            points = np.column_stack([points, np.full(len(points), 2.0)])
        if points.shape[1] != 3 or (self._sigmas and len(points) != len(self._sigmas)):
            return None
        seen = points[points[:, 2] > 0, :2]
        box = read_box(item.get("box"))
        if box is None:
            low, high = (seen.min(axis=0), seen.max(axis=0)) if len(seen) else (np.zeros(2), np.zeros(2))
            box = (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
        area = usable(numbers(item.get("area")))
        return Person(points, box, float(area.ravel()[0]) if area is not None else box[2] * box[3])

    def read_all(self, items: Sequence[Mapping[str, Any]]) -> tuple[Any, Bools]:
        """Persons, read at one go where all have as many keypoints in one list of numbers each, and plain boxes and areas."""
        things = [item.get("keypoints") for item in items]
        width = len(things[0]) if things and type(things[0]) is list else 0
        flat = plain_rows(things, width) if width and width % 3 == 0 else None
        boxes, areas = self._boxes_and_areas(items)
        fits = not self._sigmas or width == 3 * len(self._sigmas)
        if flat is None or boxes is None or areas is None or not fits or not (np.abs(flat) <= LARGEST).all():
            return super().read_all(items)
        points = flat.reshape(len(items), -1, 3)
        seen, places = (points[:, :, 2] > 0)[:, :, None], points[:, :, :2]
        low, high = (np.where(seen, places, np.inf).min(axis=1), np.where(seen, places, -np.inf).max(axis=1))
        around = np.where(seen.any(axis=1), np.hstack([low, high - low]), 0.0)
        boxes = np.where(np.isnan(boxes), around, boxes)
        areas = np.where(np.isnan(areas), boxes[:, 2] * boxes[:, 3], areas).tolist()
        persons = map(Person, points, map(tuple, boxes.tolist()), areas)
        return list(persons), np.ones(len(items), np.bool_)

    def _boxes_and_areas(self, items: Sequence[Mapping[str, Any]]) -> tuple[FloatArray | None, FloatArray | None]:
        """Plain boxes (n, 4) and areas (n,), NaN where there is none; None where something else is among them."""
        boxes = plain_rows([item.get("box") for item in items], 4)
        areas = plain_numbers([item.get("area") for item in items])
        if boxes is None or not (sound_boxes(boxes) | np.isnan(boxes).all(axis=1)).all():
            return None, areas
        return boxes, areas if areas is not None and not (np.abs(areas) > LARGEST).any() else None

    def ignored(self, shapes: Any) -> Bools:
        """A truth without a labelled keypoint counts neither way."""
        return np.array([not (person.points[:, 2] > 0).any() for person in shapes], np.bool_)

    def overlaps(self, detections: Any, truths: Any, crowd: Bools, i: Ints, j: Ints) -> FloatArray:
        """Object keypoint similarity."""
        overlap = np.zeros(len(i))
        given, true = (np.array([len(p.points) for p in side], np.int64) for side in (detections, truths))
        for count in np.unique(given):
            # Pairs of as many keypoints; a person with another number is not alike at all.
            alike = np.flatnonzero((given[i] == count) & (true[j] == count))
            if not len(alike):
                continue
            mine, theirs = np.flatnonzero(given == count), np.flatnonzero(true == count)
            points = np.array([detections[k].points[:, :2] for k in mine])
            persons = np.array([truths[k].points for k in theirs])
            more = np.array([(*truths[k].box, truths[k].area) for k in theirs])
            for part in np.array_split(alike, len(alike) * int(count) // 1_000_000 + 1):
                a, b = np.searchsorted(mine, i[part]), np.searchsorted(theirs, j[part])
                overlap[part] = self._similarity(points[a], persons[b], more[b])
        return overlap

    def _similarity(self, given: FloatArray, truth: FloatArray, more: FloatArray) -> FloatArray:
        """Of answered keypoints (n, K, 2) and true ones (n, K, 3) with box and area (n, 5), shape (n,)."""
        seen = truth[:, :, 2] > 0
        none = ~seen.any(axis=1)
        apart = given - truth[:, :, :2]
        if none.any():
            # No keypoint is labelled: how far outside the doubled box the answered ones lie.
            corner, side = more[none, None, :2], more[none, None, 2:4]
            low, high = corner - side, corner + 2 * side
            apart[none] = np.maximum(0.0, low - given[none]) + np.maximum(0.0, given[none] - high)
            seen[none] = True
        error = (apart**2).sum(axis=2) / self._spread(given.shape[1]) / (more[:, 4:] + np.spacing(1.0)) / 2.0
        likeness = np.where(seen, np.exp(-np.minimum(error, 700.0)), 0.0)
        similarity: FloatArray = likeness.sum(axis=1) / seen.sum(axis=1)
        return similarity

    def _spread(self, keypoints: int) -> Array:
        if self._sigmas:
            sigmas = np.array(self._sigmas)
        elif keypoints == len(COCO_SIGMAS):
            sigmas = np.array(COCO_SIGMAS)
        else:
            sigmas = np.full(keypoints, np.mean(COCO_SIGMAS))
        spread: Array = (2.0 * sigmas) ** 2
        return spread


KINDS = ("box", "mask", "keypoints")


def kind_of(name: str, sigmas: Sequence[float] = ()) -> Kind:
    """The kind called ``name``; a :class:`MetricError` lists the known ones."""
    if name == "box":
        return BoxKind()
    if name == "mask":
        return MaskKind()
    if name == "keypoints":
        return KeypointKind(sigmas)
    raise MetricError(f"option kind='{name}' is unknown; known: {', '.join(KINDS)}")
