"""Metrics of classification: one label a sample, or a set of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio, weighted_mean
from genlevel.metrics.evidence import Array, Evidence, FloatArray
from genlevel.metrics.text import stable_hash

_COLLECTIONS = (list, tuple, set, frozenset)


def _hits(answers: Sequence[Any], references: Sequence[Any]) -> Array:
    check_lengths(answers, references)
    hits = (
        a is not None and (a in r if isinstance(r, _COLLECTIONS) else a == r)
        for a, r in zip(answers, references, strict=True)
    )
    return np.fromiter(hits, np.bool_, len(answers))


@dataclass(frozen=True)
class Accuracy(Metric):
    """Share of samples whose answer equals a reference.

    Equality is exact; reading a label out of a model's text is the task type's work.

    >>> metric = Accuracy()
    >>> float(metric.reduce(metric.measure(["a", None, "c"], ["a", "b", ["c", "C"]])))
    0.6666666666666666
    """

    name = "accuracy"
    title = "Accuracy"
    definition = "number of answers equal to one of their references / number of samples"
    source = "scikit-learn accuracy_score"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a label (str or int); reference: a label or a list of acceptable labels"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Column ``correct`` (bool)."""
        return _readable(lambda a, r: Evidence(correct=_hits(a, r)), answers, references)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of ``correct``."""
        return weighted_mean(evidence["correct"], as_weights(evidence, weights), empty=0.0)


Measure = Callable[[Sequence[Any], Sequence[Any]], Evidence]


def _readable(measure: Measure, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
    """``measure``; where something is no label at all (an array, a mapping), again with such answers as missing ones.

    Raises:
        MetricError: naming the row whose reference is no label.
    """
    try:
        return measure(answers, references)
    except (TypeError, ValueError, RecursionError):
        golds = [_reference(reference, row) for row, reference in enumerate(references)]
        return measure([plain(answer) for answer in answers], golds)


def plain(value: Any) -> Any:
    """``value`` if it can be a label, else None; an array of one number is that number."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    try:
        hash(value)
    except (TypeError, RecursionError):
        return None
    return value


def _reference(value: Any, row: int) -> Any:
    found: Any = [p for p in map(plain, value) if p is not None] if isinstance(value, _COLLECTIONS) else plain(value)
    if value is not None and (found is None or (found == [] and len(value))):
        raise MetricError(f"reference of sample {row} (from 0) is no label or list of labels")
    return found


def _codes(labels: Iterable[Any], size: int) -> Array:
    """Labels as 64-bit hashes: the same label has the same code in every shard; 0 stands for none."""
    labels = list(labels)
    # 1 and 1.0 are equal, 1 and "1" are not, as for accuracy.
    known = {
        label: stable_hash(f"s{label}" if isinstance(label, str) else f"n{hash(label)}")
        for label in dict.fromkeys(labels)
    }
    known[None] = 0
    return np.fromiter(map(known.__getitem__, labels), np.int64, size)


def _labels(references: Sequence[Any]) -> list[Any]:
    """One label per sample: the first of several acceptable ones."""
    if {*map(type, references)} <= {str}:
        return list(references)
    labels = []
    for row, reference in enumerate(references):
        label = next(iter(reference), None) if isinstance(reference, _COLLECTIONS) else reference
        if label is None:
            raise MetricError(f"sample {row} (from 0) has no reference label")
        labels.append(label)
    return labels


def _by_class(codes: Array, classes: Array, weights: FloatArray) -> FloatArray:
    """Weight of the rows of each class, shape (..., classes); codes that are no class count nowhere."""
    index = np.searchsorted(classes, codes)
    index = np.where(classes[np.minimum(index, len(classes) - 1)] == codes, index, len(classes))
    table = weights.reshape(-1, weights.shape[-1])
    sums = np.stack([np.bincount(index, weights=row, minlength=len(classes) + 1) for row in table])
    by_class: FloatArray = sums[:, :-1].astype(np.float64).reshape(*weights.shape[:-1], len(classes))
    return by_class


@dataclass(frozen=True)
class MacroAccuracy(Metric):
    """Mean over classes of the share of the class's samples that are answered rightly (balanced accuracy).

    The classes are those among the references; under weights, those whose samples have weight. Where a sample has several
    acceptable labels, the first is its class and any of them is right.
    """

    name = "macro_accuracy"
    title = "Macro accuracy"
    definition = "mean over the references' classes of recall"
    source = "scikit-learn balanced_accuracy_score"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a label (str or int); reference: a label or a list of acceptable labels"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``correct`` (bool) and ``label`` (int64 hash of the reference's class)."""
        return _readable(self._measure, answers, references)

    def _measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        return Evidence(correct=_hits(answers, references), label=_codes(_labels(references), len(references)))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean recall of the classes that have weight."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        classes = np.unique(evidence["label"])
        size = _by_class(evidence["label"], classes, w)
        right = _by_class(evidence["label"], classes, w * evidence["correct"])
        return ratio(ratio(right, size, empty=0.0).sum(axis=-1), (size > 0).sum(axis=-1), empty=0.0)


@dataclass(frozen=True)
class MacroF1(Metric):
    """Mean over classes of F1, the classes being those among answers and references (scikit-learn's rule).

    A missing answer is no class. Where a sample has several acceptable labels, an answer that is one of them counts as the
    sample's class, and otherwise the first is its class.
    """

    name = "macro_f1"
    title = "Macro F1"
    definition = "mean over the classes of 2TP/(2TP+FP+FN)"
    source = "scikit-learn f1_score(average='macro')"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a label (str or int); reference: a label or a list of acceptable labels"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``given`` and ``label`` (int64 hashes; 0 for a missing answer)."""
        return _readable(self._measure, answers, references)

    def _measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        right = _hits(answers, references)
        labels = [a if hit else first for a, hit, first in zip(answers, right, _labels(references), strict=True)]
        return Evidence(given=_codes(answers, len(answers)), label=_codes(labels, len(labels)))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean F1 of the classes that have weight on either side."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        given, label = evidence["given"], evidence["label"]
        classes = np.setdiff1d(np.union1d(given, label), [0])
        size = _by_class(given, classes, w) + _by_class(label, classes, w)
        right = _by_class(label, classes, w * (given == label))
        return ratio(ratio(2 * right, size, empty=0.0).sum(axis=-1), (size > 0).sum(axis=-1), empty=0.0)


def label_set(value: Any, *, fold: bool) -> frozenset[Any]:
    """A label, or a collection of labels, as a set; ``fold`` makes case and spacing of texts not count."""
    if value is None:
        return frozenset()
    items = value if isinstance(value, _COLLECTIONS) else (value,)
    if {*map(type, items)} <= {str}:
        return frozenset(map(_folded, items)) if fold else frozenset(items)
    return frozenset(_fold(item) for item in items if item is not None) if fold else frozenset(map(_frozen, items))


@lru_cache(65536)
def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _fold(item: Any) -> Any:
    if isinstance(item, str):
        return _folded(item)
    return tuple(map(_fold, item)) if isinstance(item, (list, tuple)) else item


def _frozen(item: Any) -> Any:
    return tuple(map(_frozen, item)) if isinstance(item, (list, tuple)) else item


def _set_or_none(value: Any, fold: bool) -> frozenset[Any] | None:
    """:func:`label_set`, or None where an item is no label (an array, a mapping, nested without end)."""
    try:
        return label_set(value, fold=fold)
    except (TypeError, RecursionError):
        return None


@dataclass(frozen=True)
class MicroF1(Metric):
    """F1 of the labels of all samples taken together: what extraction and labelling tasks report.

    Each side is a set of labels (a single label is a set of one), such as entities, relations as tuples, or a class. Case
    and spacing do not count unless ``fold`` is False. A missing answer counts as that many wrong labels as the reference
    has (at least one), so that silence is never worth more than a wrong answer, and F1 of single labels is the accuracy. An
    empty list is an answer: nothing was found. Where no sample has a label on either side, F1 is 0.

    >>> metric = MicroF1()
    >>> float(metric.reduce(metric.measure([["Aspirin"], "flu"], [["aspirin", "ibuprofen"], ["cold"]])))
    0.4
    """

    fold: bool = True

    name = "micro_f1"
    title = "Micro F1"
    definition = "2*shared labels/(answered labels + reference labels), each summed over all samples"
    source = "scikit-learn f1_score(average='micro')"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a list or set of labels, or one label; reference: the same"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``shared``, ``given`` and ``expected`` (int32)."""
        check_lengths(answers, references)
        rows: list[tuple[int, int, int]] = []
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            expected = _set_or_none(reference, self.fold)
            if expected is None:
                raise MetricError(f"reference of sample {row} (from 0) is no label or collection of labels")
            given = _set_or_none(answer, self.fold)
            if given is None:
                answer, given = None, frozenset()
            claimed = len(given) if answer is not None else max(1, len(expected))
            rows.append((len(given & expected), claimed, len(expected)))
        table = np.array(rows, np.int32).reshape(-1, 3)
        return Evidence(shared=table[:, 0], given=table[:, 1], expected=table[:, 2])

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """F1 of the weighted sums."""
        w = as_weights(evidence, weights)
        shared, given, expected = (w @ evidence[name].astype(np.float64) for name in ("shared", "given", "expected"))
        return ratio(2 * shared, given + expected, empty=0.0)
