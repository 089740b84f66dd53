"""Ranking metrics: recall at K and mean reciprocal rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.classification import plain
from genlevel.metrics.evidence import Evidence, FloatArray

_COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)
NOT_FOUND = 0


@dataclass(frozen=True)
class _Ranking(Metric):
    """The rank of the best right item, from 1.

    An answer is the list of items, best first, or one item, or ``{"scores": array}`` with one score per item, the
    references then being positions. Among equal scores the right item comes last (``ties="last"``, the default) or first
    (``ties="first"``); a model that scores all items alike must not look perfect. NaN scores rank last.
    """

    ties: str = "last"

    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a ranked list of items, one item, or {'scores': array}; reference: the right item or a list of right ones"

    def __post_init__(self) -> None:
        if self.ties not in ("first", "last"):
            raise MetricError(f"{self.name}: ties='{self.ties}'; known: first, last")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Column ``rank`` (int32) of the best right item; 0 where none is in the list."""
        check_lengths(answers, references)
        ranks = np.zeros(len(answers), np.int32)
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            right = _items(reference)
            if not right:
                raise MetricError(f"sample {row} (from 0) has no right item")
            if answer is not None:
                ranks[row] = self._rank(answer, right, row)
        return Evidence(rank=ranks)

    def _rank(self, answer: Any, right: list[Any], row: int) -> int:
        if not isinstance(answer, Mapping):
            items = answer if type(answer) is list else _items(answer, keep=True)
            try:
                return next((place for place, item in enumerate(items, 1) if item in right), NOT_FOUND)
            except (TypeError, ValueError):  # arrays among the items
                items = _items(answer, keep=True)
                return next((place for place, item in enumerate(items, 1) if item in right), NOT_FOUND)
        scores = _scores(answer)
        if scores is None:
            return NOT_FOUND
        try:
            positions = sorted({int(item) for item in right})
        except (TypeError, ValueError, OverflowError):
            raise MetricError(f"sample {row} (from 0): a right item is no position among the scores") from None
        if not 0 <= positions[0] <= positions[-1] < len(scores):
            raise MetricError(f"sample {row} (from 0): a right position lies outside the {len(scores)} scores")
        best = scores[positions].max()
        ahead, level = int((scores > best).sum()), int((scores == best).sum())
        own = int((scores[positions] == best).sum())
        return ahead + (1 if self.ties == "first" else level - own + 1)


def _scores(answer: Mapping[Any, Any]) -> FloatArray | None:
    """One score per item, NaN as the lowest; None where the answer holds none."""
    try:
        scores = np.asarray(answer.get("scores", ()))
        scores = scores.astype(np.float64).ravel() if scores.dtype.kind != "c" else np.zeros(0)
    except (TypeError, ValueError, OverflowError):
        return None
    return np.where(np.isnan(scores), -np.inf, scores) if scores.size else None


def _items(thing: Any, *, keep: bool = False) -> list[Any]:
    """Items of a collection, or one item; what cannot be an item is left out, or with ``keep`` holds its place."""
    many = isinstance(thing, _COLLECTIONS) and getattr(thing, "ndim", 1) > 0
    items = [plain(item) for item in (thing if many else [thing])]
    return items if keep else [item for item in items if item is not None]


@dataclass(frozen=True)
class _RecallAt(_Ranking):
    """Share of samples with a right item among the first K. Options as in :class:`_Ranking`."""

    k: ClassVar[int]
    source = "retrieval literature; torchmetrics RetrievalHitRate"

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted share of ranks from 1 to K."""
        rank = evidence["rank"]
        return weighted_mean((rank > 0) & (rank <= self.k), as_weights(evidence, weights), empty=0.0)


@dataclass(frozen=True)
class RecallAt1(_RecallAt):
    """Recall at 1; see :class:`_Ranking`."""

    name = "recall_at_1"
    title = "R@1"
    definition = "number of samples whose first item is right / number of samples"
    k = 1


@dataclass(frozen=True)
class RecallAt5(_RecallAt):
    """Recall at 5; see :class:`_Ranking`."""

    name = "recall_at_5"
    title = "R@5"
    definition = "number of samples with a right item among the first 5 / number of samples"
    k = 5


@dataclass(frozen=True)
class RecallAt10(_RecallAt):
    """Recall at 10; see :class:`_Ranking`."""

    name = "recall_at_10"
    title = "R@10"
    definition = "number of samples with a right item among the first 10 / number of samples"
    k = 10


@dataclass(frozen=True)
class MeanReciprocalRank(_Ranking):
    """Mean of 1/rank of the best right item, 0 where it is missing. Options as in :class:`_Ranking`."""

    name = "mrr"
    title = "MRR"
    definition = "mean over samples of 1/rank of the best right item"
    source = "Voorhees 1999; torchmetrics RetrievalMRR"

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the reciprocal ranks."""
        rank = evidence["rank"].astype(np.float64)
        reciprocal = np.divide(1.0, rank, out=np.zeros_like(rank), where=rank > 0)
        return weighted_mean(reciprocal, as_weights(evidence, weights), empty=0.0)
