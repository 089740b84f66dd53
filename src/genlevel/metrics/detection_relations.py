"""Relations between objects: recall of a scene graph's triplets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need
from genlevel.metrics.detection_ap import score_of
from genlevel.metrics.detection_kinds import Box, box_iou, read_box


class Triplet(NamedTuple):
    """Subject, predicate, object, with the boxes of subject and object where they are known."""

    words: tuple[str, str, str]
    boxes: tuple[Box, Box] | None
    score: float


def _word(thing: Any) -> str:
    return _folded(thing) if type(thing) is str else _folded(str(thing))


@lru_cache(1 << 14)
def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def read_triplet(thing: Any) -> Triplet | None:
    """A triplet from a mapping or a sequence of three words; None where it is none."""
    try:
        return _triplet(thing)
    except RecursionError:  # nested without end
        return None


def _triplet(thing: Any) -> Triplet | None:
    if isinstance(thing, (list, tuple)):
        return Triplet((_word(thing[0]), _word(thing[1]), _word(thing[2])), None, 1.0) if len(thing) == 3 else None
    if not isinstance(thing, Mapping):
        return None
    words = tuple(_word(thing[k]) for k in ("subject", "predicate", "object") if thing.get(k) is not None)
    if len(words) != 3:
        return None
    boxes = (read_box(thing.get("subject_box")), read_box(thing.get("object_box")))
    score = score_of(thing)
    first, second = boxes
    return Triplet((words[0], words[1], words[2]), (first, second) if first and second else None, score)


@dataclass(frozen=True)
class _TripletRecall(MeanMetric):
    """Recall of true triplets among the K best answered ones, mean over samples.

    A triplet is right where its three words are the same (case and spacing do not count) and, where the reference has
    boxes, both answered boxes have an IoU of at least ``iou`` (0.5) with them; ``iou=0`` does not look at boxes. An
    answered triplet finds at most one true one, the first that is left. With equal scores the first answered ones count.
    A sample without a true triplet raises :class:`MetricError`. A missing answer counts 0.
    """

    iou: float = 0.5

    k: ClassVar[int]
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    source = "Xu et al. 2017, scene graph detection"
    answer = (
        "a list of [subject, predicate, object] or {'subject', 'predicate', 'object', 'subject_box'?, 'object_box'?, 'score'?}; "
        "reference: the same"
    )

    def __post_init__(self) -> None:
        if not 0.0 <= self.iou <= 1.0:
            raise MetricError(f"{self.name}: iou={self.iou} must be within 0 and 1")

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The recall of one sample."""
        need(isinstance(reference, (list, tuple)) and len(reference) > 0, row, "is not a list of triplets")
        truth = [read_triplet(item) for item in reference]
        need(None not in truth, row, "has a triplet without subject, predicate and object")
        if not isinstance(answer, (list, tuple)):
            return None
        given = [t for t in map(read_triplet, answer) if t]
        given = sorted(given, key=lambda t: -t.score)[: self.k]
        return self._recall(given, [t for t in truth if t])

    def _recall(self, given: Sequence[Triplet], truth: Sequence[Triplet]) -> float:
        left: dict[tuple[str, str, str], list[Triplet]] = {}
        for triplet in truth:
            left.setdefault(triplet.words, []).append(triplet)
        hits = 0
        for triplet in given:
            alike = left.get(triplet.words, ())
            place = next((k for k, true in enumerate(alike) if self._same(triplet, true)), None)
            if place is not None:
                del left[triplet.words][place]
                hits += 1
        return hits / len(truth)

    def _same(self, given: Triplet, truth: Triplet) -> bool:
        if not truth.boxes or self.iou == 0.0:
            return True
        if not given.boxes:
            return False
        return all(box_iou(a, b) >= self.iou for a, b in zip(given.boxes, truth.boxes, strict=True))


@dataclass(frozen=True)
class RecallAt20(_TripletRecall):
    """Scene-graph recall at 20; see :class:`_TripletRecall`."""

    name = "recall_at_20"
    title = "R@20"
    definition = "mean over images of the share of true triplets among the 20 best answered ones"
    k = 20


@dataclass(frozen=True)
class RecallAt50(_TripletRecall):
    """Scene-graph recall at 50; see :class:`_TripletRecall`."""

    name = "recall_at_50"
    title = "R@50"
    definition = "mean over images of the share of true triplets among the 50 best answered ones"
    k = 50


@dataclass(frozen=True)
class RecallAt100(_TripletRecall):
    """Scene-graph recall at 100; see :class:`_TripletRecall`."""

    name = "recall_at_100"
    title = "R@100"
    definition = "mean over images of the share of true triplets among the 100 best answered ones"
    k = 100
