"""Boxes: COCO AP at several thresholds, and the share of grounded boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need, numbers
from genlevel.metrics.detection_ap import COCO_THRESHOLDS, AveragePrecision, Found, label_id
from genlevel.metrics.detection_match import Ints, box_overlaps
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.tracking import paired_iou

_ANSWER = "a list of {'label', 'box': [x, y, width, height], 'score'}; reference: a list of {'label', 'box', 'crowd'?}"
_LARGEST = 1e9


def _box(thing: Any) -> tuple[float, float, float, float] | None:
    try:
        x, y, width, height = thing
        box = (float(x), float(y), float(width), float(height))
    except (TypeError, ValueError, OverflowError):
        return None
    # NaN fails every comparison.
    sound = abs(box[0]) < _LARGEST and abs(box[1]) < _LARGEST and 0 <= box[2] < _LARGEST and 0 <= box[3] < _LARGEST
    return box if sound else None


def score_of(item: Mapping[str, Any]) -> float:
    """The item's score; 1 where it has none, 0 where it is not a finite number."""
    try:
        score = float(item.get("score", 1.0))
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return score if abs(score) <= 1e300 else 0.0


def answered_items(answers: Sequence[Any]) -> list[tuple[int, int, float, Mapping[str, Any]]]:
    """Row, label id, score and item of everything in the answers that is a mapping with a label."""
    items = []
    for row, answer in enumerate(answers):
        if not isinstance(answer, (list, tuple)):
            continue
        for item in answer:
            if isinstance(item, Mapping) and item.get("label") is not None:
                items.append((row, label_id(str(item["label"])), score_of(item), item))
    return items


def reference_items(references: Sequence[Any]) -> list[tuple[int, int, Mapping[str, Any]]]:
    """Row, label id and item of everything in the references; a :class:`MetricError` names the row of a broken one."""
    items = []
    for row, reference in enumerate(references):
        need(isinstance(reference, (list, tuple)), row, "is not a list of objects")
        for item in reference:
            need(isinstance(item, Mapping) and item.get("label") is not None, row, "has an object without a 'label'")
            items.append((row, label_id(str(item["label"])), item))
    return items


def found(rows: Sequence[int], labels: Sequence[int], scores: Sequence[float] | None, shape: Any) -> Found:
    """Flat arrays of detections (with scores), or of truths whose crowd flags are still to be set (without)."""
    n = len(rows)
    no = np.zeros(n, np.bool_)
    score = np.zeros(n) if scores is None else np.array(scores, np.float64)
    return Found(np.array(rows, np.int64), np.array(labels, np.int64), score, no, no, shape)


def _boxes(boxes: list[tuple[float, float, float, float]]) -> FloatArray:
    return np.array(boxes, np.float64).reshape(len(boxes), 4)


@dataclass(frozen=True)
class BoxAp(AveragePrecision):
    """COCO AP of boxes at IoU 0.50, 0.55, ..., 0.95; options and edge cases as in :class:`AveragePrecision`.

    A truth with ``crowd`` may be found any number of times and counts neither way; the IoU with it is the share of the detection
    that it covers.
    """

    name = "ap"
    title = "AP"
    definition = "mean over classes and IoU 0.50:0.05:0.95 of the precision at 101 recalls, each the best at that recall or above"
    answer = _ANSWER

    def detections(self, answers: Sequence[Any]) -> Found:
        """Readable boxes of the answers."""
        rows, labels, scores, boxes = [], [], [], []
        for row, label, score, item in answered_items(answers):
            box = _box(item.get("box"))
            if box is not None:
                rows.append(row)
                labels.append(label)
                scores.append(score)
                boxes.append(box)
        return found(rows, labels, scores, _boxes(boxes))

    def truths(self, references: Sequence[Any]) -> Found:
        """Boxes of the references."""
        rows, labels, crowds, boxes = [], [], [], []
        for row, label, item in reference_items(references):
            box = _box(item.get("box"))
            need(box is not None, row, f"has a box that is not [x, y, width, height]: {item.get('box')!r:.80}")
            assert box is not None
            rows.append(row)
            labels.append(label)
            crowds.append(bool(item.get("crowd", False)))
            boxes.append(box)
        crowd = np.array(crowds, np.bool_)
        return found(rows, labels, None, _boxes(boxes))._replace(crowd=crowd, ignored=crowd)

    def overlaps(self, found: Found, truth: Found, i: Ints, j: Ints) -> FloatArray:
        """IoU of boxes."""
        return box_overlaps(found.shape[i], truth.shape[j], truth.crowd[j])


@dataclass(frozen=True)
class BoxAp50(BoxAp):
    """COCO AP of boxes at IoU 0.50; see :class:`BoxAp`."""

    name = "ap50"
    title = "AP50"
    definition = "mean over classes of the precision at 101 recalls, each the best at that recall or above, at IoU 0.50"
    thresholds = (COCO_THRESHOLDS[0],)


@dataclass(frozen=True)
class BoxAp75(BoxAp):
    """COCO AP of boxes at IoU 0.75; see :class:`BoxAp`."""

    name = "ap75"
    title = "AP75"
    definition = "mean over classes of the precision at 101 recalls, each the best at that recall or above, at IoU 0.75"
    thresholds = (COCO_THRESHOLDS[5],)


@dataclass(frozen=True)
class BoxAp10(BoxAp):
    """COCO AP of boxes at IoU 0.10; see :class:`BoxAp`."""

    name = "ap10"
    title = "AP10"
    definition = "mean over classes of the precision at 101 recalls, each the best at that recall or above, at IoU 0.10"
    thresholds = (0.1,)


@dataclass(frozen=True)
class GroundingAccuracy(MeanMetric):
    """Share of samples whose box has an IoU of at least ``iou`` (0.5) with the reference.

    An answer is one box, or a list of detections of which the best scored (of equals the first) counts. A missing answer
    counts 0.
    """

    iou: float = 0.5

    name = "grounding_accuracy"
    title = "Acc@IoU"
    definition = "number of samples with IoU(answered box, reference box) >= 0.5 / number of samples"
    source = "RefCOCO evaluation, Yu et al. 2016"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a box [x, y, width, height] or a list of detections; reference: a box or a list with one object"

    def __post_init__(self) -> None:
        if not 0.0 < self.iou <= 1.0:
            raise MetricError(f"grounding_accuracy: iou={self.iou} must be above 0 and at most 1")

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """1 for a box that is near enough, else 0."""
        truth = _one_box(reference)
        need(truth is not None, row, "is not a box [x, y, width, height]")
        given = _one_box(answer)
        if given is None or truth is None:
            return None
        return float(paired_iou(_boxes([given]), _boxes([truth]))[0] >= self.iou)


def _one_box(thing: Any) -> tuple[float, float, float, float] | None:
    if isinstance(thing, Mapping):
        return _box(thing.get("box"))
    if isinstance(thing, (list, tuple)) and thing and isinstance(thing[0], Mapping):
        items = [item for item in thing if isinstance(item, Mapping)]
        return _box(max(items, key=score_of).get("box"))
    flat = numbers(thing)
    return None if flat is None or flat.size != 4 else _box(flat.ravel().tolist())
