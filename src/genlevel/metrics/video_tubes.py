"""Tubes, boxes in some frames of a video: read and compared for many samples at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from genlevel.metrics.detection_kinds import read_boxes
from genlevel.metrics.detection_match import Bools, Ints
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.tracking import paired_iou


class Tubes(NamedTuple):
    """The boxes of n tubes, ordered by tube and frame; a frame comes once in a tube."""

    tube: Ints
    """Shape (boxes,): which of the n it belongs to."""
    frame: Ints
    """Shape (boxes,)."""
    boxes: FloatArray
    """Shape (boxes, 4) as x, y, width, height."""
    sound: Bools
    """Shape (n,): whether there is a tube at all, perhaps without a box."""

    @property
    def lengths(self) -> Ints:
        """Frames of each tube, shape (n,)."""
        return np.bincount(self.tube, minlength=len(self.sound))


def read_tubes(things: Sequence[Any]) -> Tubes:
    """Boxes by frame from ``{frame: box}``, ``{"start": n, "boxes": [...]}`` or ``[...]`` (from frame 0) each.

    A box is [x, y, width, height] or ``{"bbox": ...}``; a frame whose box cannot be read or has no area is not in the tube.
    Of two boxes for a frame the later one counts.
    """
    sound = np.zeros(len(things), np.bool_)
    lengths = np.zeros(len(things), np.int64)
    numbered: list[Ints] = [np.zeros(0, np.int64)]
    items: list[Any] = []
    for row, thing in enumerate(things):
        rows = _rows(thing)
        if rows is not None:
            numbered.append(rows[0])
            items += rows[1]
            lengths[row], sound[row] = len(rows[1]), True
    if not {*map(type, items)} <= {list, tuple}:
        items = [item.get("bbox", item.get("box")) if isinstance(item, Mapping) else item for item in items]
    boxes, readable = read_boxes(items)
    tube, frame = np.repeat(np.arange(len(things)), lengths), np.concatenate(numbered)
    real = (boxes[:, 2] > 0) & (boxes[:, 3] > 0)
    if not (len(real) == len(frame) and real.all()):
        tube, frame, boxes = tube[readable][real], frame[readable][real], boxes[real]
    if bool(((np.diff(frame) <= 0) & (np.diff(tube) == 0)).any()):
        order = np.lexsort((frame, tube))
        last = np.append((np.diff(frame[order]) != 0) | (np.diff(tube[order]) != 0), True)
        tube, frame, boxes = tube[order[last]], frame[order[last]], boxes[order[last]]
    return Tubes(tube, frame, boxes, sound)


def _rows(thing: Any) -> tuple[Ints, list[Any]] | None:
    """Frames and what stands for their boxes; None where ``thing`` is no tube."""
    if isinstance(thing, Mapping) and "boxes" in thing:
        start, rows = thing.get("start", 0), thing["boxes"]
    elif isinstance(thing, (Mapping, list, tuple, np.ndarray)):
        start, rows = 0, thing
    else:
        return None
    try:
        if isinstance(rows, Mapping):
            return np.fromiter(map(int, rows), np.int64, len(rows)), list(rows.values())
        items = list(rows)
        return np.array(range(int(start), int(start) + len(items)), np.int64), items
    except (TypeError, ValueError, OverflowError):
        return None


def tube_overlaps(given: Tubes, truth: Tubes) -> FloatArray:
    """VIoU of tube k of both, shape (n,): IoU of boxes summed over the frames in both / number of frames in either."""
    n = len(truth.sound)
    tube, a, b = truth.tube, given.boxes, truth.boxes
    if not (np.array_equal(given.tube, tube) and np.array_equal(given.frame, truth.frame)):
        # A number for each pair of tube and frame that does not overflow, however far apart the frames are.
        known, place = np.unique(np.concatenate([given.frame, truth.frame]), return_inverse=True)
        here, there = np.split(place, [len(given.frame)])
        mine, theirs = given.tube * len(known) + here, truth.tube * len(known) + there
        _, i, j = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
        tube, a, b = tube[j], a[i], b[j]
    either = given.lengths + truth.lengths - np.bincount(tube, minlength=n)
    total = np.bincount(tube, paired_iou(a.T, b.T), n)
    overlap: FloatArray = np.divide(total, either, out=np.zeros(n), where=either > 0)
    return overlap
