"""Objects in images: COCO AP of boxes, masks or keypoints at several thresholds, and the share of grounded boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.columns import plain_rows
from genlevel.metrics.dense import MeanMetric, Values, need, numbers
from genlevel.metrics.detection_ap import COCO_THRESHOLDS, AveragePrecision, score_of
from genlevel.metrics.detection_kinds import Box, Kind, box_iou, kind_of, read_box, sound_boxes
from genlevel.metrics.tracking import paired_iou


@dataclass(frozen=True)
class CocoAp(AveragePrecision):
    """COCO AP at overlaps 0.50, 0.55, ..., 0.95; options and edge cases as in :class:`AveragePrecision`.

    ``kind`` is ``box`` (default), ``mask`` or ``keypoints`` (``sigmas``: the spread of each keypoint, by default COCO's). A
    truth with ``crowd`` may be found any number of times and counts neither way; the overlap with it is the share of the
    detection that it covers. At most 100 detections of a class in an image count, 20 for keypoints.
    """

    kind: str = "box"
    sigmas: tuple[float, ...] = ()

    name = "ap"
    title = "AP"
    definition = "mean over classes and IoU 0.50:0.05:0.95 of the precision at 101 recalls, each the best from there on"
    source = "COCO detection evaluation; pycocotools COCOeval (area=all)"
    answer = (
        "a list of {'label', 'box': [x, y, width, height], 'score'} (or 'mask', or 'keypoints'); "
        "reference: a list of the same with 'crowd' where it is one"
    )

    def __post_init__(self) -> None:
        kind_of(self.kind, self.sigmas)

    def objects(self) -> Kind:
        """Boxes, masks or keypoints."""
        return kind_of(self.kind, self.sigmas)


@dataclass(frozen=True)
class CocoAp50(CocoAp):
    """COCO AP at an overlap of 0.50; see :class:`CocoAp`."""

    name = "ap50"
    title = "AP50"
    definition = "mean over classes of the precision at 101 recalls, each the best from there on, at IoU 0.50"
    thresholds = (COCO_THRESHOLDS[0],)


@dataclass(frozen=True)
class CocoAp75(CocoAp):
    """COCO AP at an overlap of 0.75; see :class:`CocoAp`."""

    name = "ap75"
    title = "AP75"
    definition = "mean over classes of the precision at 101 recalls, each the best from there on, at IoU 0.75"
    thresholds = (COCO_THRESHOLDS[5],)


@dataclass(frozen=True)
class CocoAp10(CocoAp):
    """COCO AP at an overlap of 0.10; see :class:`CocoAp`."""

    name = "ap10"
    title = "AP10"
    definition = "mean over classes of the precision at 101 recalls, each the best from there on, at IoU 0.10"
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

    def values(self, answers: Sequence[Any], references: Sequence[Any]) -> Values | None:
        """1 for a box that is near enough, else 0, of samples of one plain box on both sides."""
        truth, given = plain_rows(references, 4), plain_rows(answers, 4)
        if truth is None or given is None or not sound_boxes(truth).all():
            return None
        answered = sound_boxes(given)
        overlap = paired_iou(np.where(answered, given.T, 0.0), truth.T)
        return Values((overlap >= self.iou).astype(np.float64), answered)

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """1 for a box that is near enough, else 0."""
        truth = _one_box(reference)
        need(truth is not None, row, "is not a box [x, y, width, height]")
        given = _one_box(answer)
        if given is None or truth is None:
            return None
        return float(box_iou(given, truth) >= self.iou)


def _one_box(thing: Any) -> Box | None:
    if type(thing) in (list, tuple) and len(thing) == 4 and type(thing[0]) in (float, int):
        return read_box(thing)
    if isinstance(thing, Mapping):
        return read_box(thing.get("box"))
    if isinstance(thing, (list, tuple)) and thing and isinstance(thing[0], Mapping):
        items = [item for item in thing if isinstance(item, Mapping)]
        return read_box(max(items, key=score_of).get("box"))
    flat = numbers(thing)
    return None if flat is None or flat.size != 4 else read_box(flat.ravel().tolist())
