"""Things found in a video's time: tubes of boxes and moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.columns import plain_rows
from genlevel.metrics.dense import LARGEST, MeanMetric, Values, need, need_all
from genlevel.metrics.video_tubes import read_tubes, tube_overlaps

Moment = tuple[float, float]


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

    def values(self, answers: Sequence[Any], references: Sequence[Any]) -> Values:
        """VIoU of each tube."""
        truth = read_tubes(references)
        need_all(truth.lengths > 0, "is not a tube with at least one box")
        given = read_tubes(answers)
        return Values(tube_overlaps(given, truth), given.sound)


@dataclass(frozen=True)
class _VIouRecall(MeanVIou):
    """Share of samples whose vIoU is above a threshold; edge cases as in :class:`MeanVIou`."""

    threshold: ClassVar[float]

    def values(self, answers: Sequence[Any], references: Sequence[Any]) -> Values:
        """1 where the tube is near enough, else 0."""
        overlap, answered = super().values(answers, references)
        return Values((overlap > self.threshold).astype(np.float64), answered)


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

    def values(self, answers: Sequence[Any], references: Sequence[Any]) -> Values | None:
        """IoU of samples of one moment on both sides."""
        truth, given = plain_rows(references, 2), plain_rows(answers, 2)
        if truth is None or given is None:
            return None
        (g0, g1), (t0, t1) = given.T, truth.T
        # NaN fails every comparison.
        if not bool(((t0 >= -LARGEST) & (t0 < t1) & (t1 <= LARGEST)).all()):
            return None
        answered = (g0 >= -LARGEST) & (g0 <= g1) & (g1 <= LARGEST)
        both = np.minimum(g1, t1) - np.maximum(g0, t0)
        value = np.divide(both, g1 - g0 + t1 - t0 - both, out=np.zeros(len(both)), where=answered & (both > 0))
        return Values(value, answered)

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

    def values(self, answers: Sequence[Any], references: Sequence[Any]) -> Values | None:
        """1 where the moment is near enough, else 0, of samples of one moment on both sides."""
        overlaps = super().values(answers, references)
        return None if overlaps is None else overlaps._replace(value=(overlaps.value >= self.iou).astype(np.float64))

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """1 where one of the first n moments is near enough, else 0."""
        best = super().value(answer, reference, row)
        return None if best is None else float(best >= self.iou)

    @property
    def first(self) -> int:
        """``n``."""
        return self.n
