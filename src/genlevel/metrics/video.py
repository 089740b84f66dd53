"""Things found in a video's time: tubes of boxes and moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need, numbers, usable
from genlevel.metrics.detection_kinds import Box, box_array, read_box
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.tracking import paired_iou

Tube = dict[int, Box]


def read_tube(thing: Any) -> Tube | None:
    """Boxes by frame from ``{frame: box}``, ``{"start": n, "boxes": [...]}`` or ``[...]`` (from frame 0); None for no tube.

    A box is [x, y, width, height] or ``{"bbox": ...}``; a frame whose box cannot be read or has no area is not in the tube.
    """
    if isinstance(thing, Mapping) and "boxes" in thing:
        start, rows = thing.get("start", 0), thing["boxes"]
    elif isinstance(thing, (Mapping, list, tuple, np.ndarray)):
        start, rows = 0, thing
    else:
        return None
    try:
        items = list(rows.items()) if isinstance(rows, Mapping) else list(enumerate(rows, int(start)))
        frames = [int(frame) for frame, _ in items]
    except (TypeError, ValueError, OverflowError):
        return None
    boxes = [read_box(item.get("bbox", item.get("box")) if isinstance(item, Mapping) else item) for _, item in items]
    return {f: box for f, box in zip(frames, boxes, strict=True) if box is not None and box[2] > 0 and box[3] > 0}


def tube_overlap(given: Tube, truth: Tube) -> float:
    """vIoU: IoU of boxes summed over the frames in both, divided by the number of frames in either."""
    shared = sorted(given.keys() & truth.keys())
    if not shared:
        return 0.0
    iou = paired_iou(box_array([given[f] for f in shared]), box_array([truth[f] for f in shared]))
    return float(iou.sum()) / len(given.keys() | truth.keys())


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
        need(bool(truth), row, "is not a tube with at least one box")
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


def read_moments(thing: Any) -> FloatArray | None:
    """Moments (n, 2) as start and end from one pair or a ranked list of pairs; None where it is none."""
    array = usable(numbers(thing))
    if array is None or array.ndim not in (1, 2) or array.shape[-1] != 2:
        return None
    moments = array.reshape(-1, 2)
    return moments if bool((moments[:, 1] >= moments[:, 0]).all()) else None


def moment_overlaps(given: FloatArray, truth: FloatArray) -> FloatArray:
    """IoU in time of each of ``given`` (n, 2) with each of ``truth`` (m, 2), shape (n, m); continuous, no frame is added."""
    low = np.maximum(given[:, None, 0], truth[None, :, 0])
    high = np.minimum(given[:, None, 1], truth[None, :, 1])
    both = np.maximum(high - low, 0.0)
    union = (given[:, 1] - given[:, 0])[:, None] + (truth[:, 1] - truth[:, 0])[None] - both
    iou: FloatArray = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return iou


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
    best_of: ClassVar[int] = 1

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The best IoU of one sample."""
        truth = read_moments(reference)
        need(truth is not None and bool((truth[:, 1] > truth[:, 0]).all()), row, "is not a moment [start, end]")
        given = read_moments(answer)
        if given is None or truth is None:
            return None
        return float(moment_overlaps(given[: self.best_of], truth).max())


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
        given = read_moments(answer)
        first: Sequence[Any] | FloatArray | None = None if given is None else given[: self.n]
        overlaps = [
            TemporalIou.value(self, moment, reference, row) for moment in (first if first is not None else [None])
        ]
        real = [o for o in overlaps if o is not None]
        return float(max(real) >= self.iou) if real else None
