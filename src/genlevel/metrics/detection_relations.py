"""Relations between objects: recall of a scene graph's triplets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need
from genlevel.metrics.detection_ap import scores_of
from genlevel.metrics.detection_kinds import Box, box_iou, read_box

Words = tuple[str, str, str]
"""Subject, predicate, object."""
Boxes = tuple[Box, Box]
"""Of subject and object."""
_PARTS = ("subject", "predicate", "object")


class _Folded(dict[str, str]):
    """Words in lower case, their spaces single; a scene graph has the same few again and again."""

    most: ClassVar[int] = 1 << 14

    def __missing__(self, text: str) -> str:
        if len(self) >= self.most:
            self.clear()
        folded = self[text] = " ".join(text.lower().split())
        return folded


_FOLDED = _Folded()


def read_words(items: Sequence[Any]) -> list[Words | None]:
    """The words of triplets, each a mapping or a sequence of three; None for each that is none."""
    kinds = {*map(type, items)}
    try:
        rows = map(itemgetter(*_PARTS), items) if kinds == {dict} else items
        if kinds == {dict} or (kinds <= {list, tuple} and {*map(len, items)} <= {3}):
            flat = iter([*map(_FOLDED.__getitem__, chain.from_iterable(rows))])
            return [*zip(flat, flat, flat, strict=True)]
    except (KeyError, TypeError, AttributeError):
        pass  # not all are whole, or of texts
    return [*map(_words, items)]


def _words(thing: Any) -> Words | None:
    if isinstance(thing, Mapping):
        thing = [word for part in _PARTS if (word := thing.get(part)) is not None]
    if not isinstance(thing, (list, tuple)) or len(thing) != 3:
        return None
    try:
        first, second, third = (_FOLDED[str(word)] for word in thing)
    except RecursionError:  # nested without end
        return None
    return first, second, third


def read_pair(thing: Any) -> Boxes | None:
    """The boxes of a triplet's subject and object; None where one is not known."""
    if not isinstance(thing, Mapping) or thing.get("subject_box") is None:
        return None
    first, second = read_box(thing["subject_box"]), read_box(thing.get("object_box"))
    return (first, second) if first and second else None


def ranked(triplets: Sequence[Any]) -> Sequence[Any]:
    """Triplets by falling score, of equals the first; a list of words has the score 1."""
    kinds = {*map(type, triplets)}
    if kinds <= {list, tuple}:
        return triplets
    scored = triplets if kinds == {dict} else [item if isinstance(item, Mapping) else {} for item in triplets]
    return [triplets[k] for k in np.argsort(-scores_of(scored), kind="stable").tolist()]


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
        left: dict[Words, list[Boxes | None]] = {}
        for item, words in zip(reference, read_words(reference), strict=True):
            need(words is not None, row, "has a triplet without subject, predicate and object")
            assert words is not None
            left.setdefault(words, []).append(read_pair(item) if self.iou else None)
        if not isinstance(answer, (list, tuple)):
            return None
        hits = 0
        items, found = self._best(answer)
        for k in [k for k, words in enumerate(found) if words in left]:
            alike = left[found[k]]
            place = self._place(items[k], alike) if alike else None
            if place is not None:
                del alike[place]
                hits += 1
        return hits / len(reference)

    def _best(self, answer: Sequence[Any]) -> tuple[Sequence[Any], list[Words]]:
        """The K best triplets, and the words of each."""
        items = ranked(answer)
        words = read_words(items[: self.k])
        if None in words:
            whole = [(item, found) for item, found in zip(items, read_words(items), strict=True) if found is not None]
            items, words = [item for item, _ in whole], [found for _, found in whole]
        return items, [found for found in words[: self.k] if found is not None]

    def _place(self, item: Any, alike: Sequence[Boxes | None]) -> int | None:
        """The first of the true triplets of the same words that an answered one finds; None for none."""
        given = read_pair(item) if any(alike) else None
        for place, truth in enumerate(alike):
            if truth is None:
                return place
            if given and all(box_iou(a, b) >= self.iou for a, b in zip(given, truth, strict=True)):
                return place
        return None


@dataclass(frozen=True)
class RecallAt20(_TripletRecall):
    """Scene-graph recall at 20; see :class:`_TripletRecall`."""

    name = "recall_at_20"
    title = "R@20 (relations)"
    definition = "mean over images of the share of true triplets among the 20 best answered ones"
    k = 20


@dataclass(frozen=True)
class RecallAt50(_TripletRecall):
    """Scene-graph recall at 50; see :class:`_TripletRecall`."""

    name = "recall_at_50"
    title = "R@50 (relations)"
    definition = "mean over images of the share of true triplets among the 50 best answered ones"
    k = 50


@dataclass(frozen=True)
class RecallAt100(_TripletRecall):
    """Scene-graph recall at 100; see :class:`_TripletRecall`."""

    name = "recall_at_100"
    title = "R@100 (relations)"
    definition = "mean over images of the share of true triplets among the 100 best answered ones"
    k = 100
