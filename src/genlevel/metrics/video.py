"""Things found in a video's time: tubes of boxes and moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.dense import LARGEST, MeanMetric, need
from genlevel.metrics.detection_kinds import read_boxes
from genlevel.metrics.detection_match import Ints
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.tracking import paired_iou

Moment = tuple[float, float]


class Tube(NamedTuple):
    """A box in each of some frames."""

    frames: Ints
    """Ascending, each once."""
    boxes: FloatArray
    """(frames, 4) as x, y, width, height."""


def read_tube(thing: Any) -> Tube | None:
    """Boxes by frame from ``{frame: box}``, ``{"start": n, "boxes": [...]}`` or ``[...]`` (from frame 0); None for no tube.

    A box is [x, y, width, height] or ``{"bbox": ...}``; a frame whose box cannot be read or has no area is not in the tube.
    Of two boxes for a frame the later one counts.
    """
    if isinstance(thing, Mapping) and "boxes" in thing:
        start, rows = thing.get("start", 0), thing["boxes"]
    elif isinstance(thing, (Mapping, list, tuple, np.ndarray)):
        start, rows = 0, thing
    else:
        return None
    try:
        if isinstance(rows, Mapping):
            numbered, items = list(map(int, rows)), list(rows.values())
        else:
            items = list(rows)
            numbered = list(range(int(start), int(start) + len(items)))
        frames = np.array(numbered, np.int64).reshape(len(items))
    except (TypeError, ValueError, OverflowError):
        return None
    if not {*map(type, items)} <= {list, tuple}:
        items = [item.get("bbox", item.get("box")) if isinstance(item, Mapping) else item for item in items]
    boxes, readable = read_boxes(items)
    real = (boxes[:, 2:] > 0).all(axis=1)
    frames, boxes = frames[readable][real], boxes[real]
    if bool((np.diff(frames) <= 0).any()):
        frames, last = np.unique(frames[::-1], return_index=True)
        boxes = boxes[::-1][last]
    return Tube(frames, boxes)


def tube_overlap(given: Tube, truth: Tube) -> float:
    """vIoU: IoU of boxes summed over the frames in both, divided by the number of frames in either."""
    a, b = given.boxes, truth.boxes
    shared = len(a)
    if not np.array_equal(given.frames, truth.frames):
        both, i, j = np.intersect1d(given.frames, truth.frames, assume_unique=True, return_indices=True)
        a, b, shared = a[i], b[j], len(both)
    if not shared:
        return 0.0
    return float(paired_iou(a, b).sum()) / (len(given.frames) + len(truth.frames) - shared)


@dataclass(frozen=True)
class MeanVIou(MeanMetric):
    """m_vIoU of spatio-temporal grounding; a missing answer or an empty tube counts 0."""

    name = "m_viou"
    title = "m_vIoU"
    definition = "mean over samples of the sum of box IoU over frames in both tubes / number of frames in either"
    source = "VidSTG, Zhang et al. 2020; HC-STVG"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a tube: {frame: [x, y, width, height]} or {'start': n, 'boxes': [...]}; reference: a tube"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """VIoU of one tube."""
        truth = read_tube(reference)
        need(truth is not None and len(truth.frames) > 0, row, "is not a tube with at least one box")
        given = read_tube(answer)
        return None if given is None or truth is None else tube_overlap(given, truth)


@dataclass(frozen=True)
class _VIouRecall(MeanVIou):
    """Share of samples whose vIoU is above a threshold; edge cases as in :class:`MeanVIou`."""

    threshold: ClassVar[float]

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """1 where the tube is near enough, else 0."""
        overlap = super().value(answer, reference, row)
        return None if overlap is None else float(overlap > self.threshold)


@dataclass(frozen=True)
class VIou30(_VIouRecall):
    """vIoU@0.3; see :class:`_VIouRecall`."""

    name = "viou_30"
    title = "vIoU@0.3"
    definition = "number of samples with vIoU > 0.3 / number of samples"
    threshold = 0.3


@dataclass(frozen=True)
class VIou50(_VIouRecall):
    """vIoU@0.5; see :class:`_VIouRecall`."""

    name = "viou_50"
    title = "vIoU@0.5"
    definition = "number of samples with vIoU > 0.5 / number of samples"
    threshold = 0.5


def read_moments(thing: Any) -> list[Moment] | None:
    """Moments as start and end from one pair or a ranked list of pairs; None where it is none."""
    if isinstance(thing, np.ndarray):
        thing = thing.tolist()
    if not isinstance(thing, (list, tuple)) or not len(thing):
        return None
    rows = thing if isinstance(thing[0], (list, tuple, np.ndarray)) else [thing]
    try:
        moments = [(float(start), float(end)) for start, end in rows]
    except (TypeError, ValueError, OverflowError):
        return None
    return moments if all(-LARGEST <= start <= end <= LARGEST for start, end in moments) else None


def moment_overlap(a: Moment, b: Moment) -> float:
    """IoU in time; continuous, no frame is added."""
    both = min(a[1], b[1]) - max(a[0], b[0])
    return both / (a[1] - a[0] + b[1] - b[0] - both) if both > 0 else 0.0


@dataclass(frozen=True)
class TemporalIou(MeanMetric):
    """Mean IoU in time of the first answered moment, with the best of several true ones. A missing answer counts 0.

    A reference that is not a moment of a length above 0 raises :class:`MetricError`.
    """

    name = "temporal_iou"
    title = "mIoU in time"
    definition = "mean over samples of the IoU in time of the first answered and the true moment, in continuous seconds"
    source = "Gao et al. 2017 (TALL)"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a moment [start, end] or a ranked list of moments; reference: a moment or several"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The best IoU of one sample."""
        truth = read_moments(reference)
        need(truth is not None and all(end > start for start, end in truth), row, "is not a moment [start, end]")
        given = read_moments(answer)
        if given is None or truth is None:
            return None
        return max(moment_overlap(g, t) for g in given[: self.first] for t in truth)

    @property
    def first(self) -> int:
        """How many of the answered moments count."""
        return 1


@dataclass(frozen=True)
class TemporalRecall(TemporalIou):
    """R@n, IoU=m: share of samples with a moment of an IoU of at least ``iou`` (0.5) among the first ``n`` (1)."""

    n: int = 1
    iou: float = 0.5

    name = "temporal_recall"
    title = "R@1, IoU=0.5"
    definition = "number of samples whose first moment has an IoU in time of at least 0.5 / number of samples"

    def __post_init__(self) -> None:
        if self.n < 1 or not 0.0 < self.iou <= 1.0:
            raise MetricError(
                f"temporal_recall: n={self.n} must be at least 1 and iou={self.iou} above 0 and at most 1"
            )

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """1 where one of the first n moments is near enough, else 0."""
        best = super().value(answer, reference, row)
        return None if best is None else float(best >= self.iou)

    @property
    def first(self) -> int:
        """``n``."""
        return self.n
