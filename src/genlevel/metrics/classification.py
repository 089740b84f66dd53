"""Metrics of classification: one label a sample, or a set of labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import eq
from types import NoneType
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, counted, ratio, weighted_mean, weighted_sum
from genlevel.metrics.evidence import Array, Evidence, FloatArray
from genlevel.metrics.text import stable_hash

_COLLECTIONS = (list, tuple, set, frozenset)


def _single(references: Sequence[Any]) -> bool:
    """Whether each reference is one label of a plain kind, so that none has to be looked at alone."""
    return {*map(type, references)} <= {str, int}


def _hits(answers: Sequence[Any], references: Sequence[Any]) -> Array:
    check_lengths(answers, references)
    if _single(references):
        return np.fromiter(map(eq, answers, references), np.bool_, len(answers))
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


class _Codes(dict[Any, int]):
    """Labels as 64-bit hashes: the same label has the same code in every shard; 0 stands for none."""

    def __missing__(self, label: Any) -> int:
        # 1 and 1.0 are equal, 1 and "1" are not, as for accuracy.
        text = f"s{label}" if isinstance(label, str) else f"n{hash(label)}"
        self[label] = code = 0 if label is None else stable_hash(text)
        return code

    def of(self, labels: Sequence[Any]) -> Array:
        """The code of each label, int64."""
        return np.fromiter(map(self.__getitem__, labels), np.int64, len(labels))


def _labels(references: Sequence[Any]) -> Sequence[Any]:
    """One label per sample: the first of several acceptable ones."""
    if _single(references):
        return references
    labels: list[Any] = []
    for row, reference in enumerate(references):
        label = next(iter(reference), None) if isinstance(reference, _COLLECTIONS) else reference
        if label is None:
            raise MetricError(f"sample {row} (from 0) has no reference label")
        labels.append(label)
    return labels


def _by_class(index: Array, classes: int, weights: FloatArray) -> FloatArray:
    """Weight of the rows of each class, shape (..., classes), where ``index`` says the class of each row."""
    table = weights.reshape(-1, weights.shape[-1])
    sums = np.stack([np.bincount(index, weights=row, minlength=classes) for row in table])
    by_class: FloatArray = sums.astype(np.float64).reshape(*weights.shape[:-1], classes)
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
        return Evidence(correct=_hits(answers, references), label=_Codes().of(_labels(references)))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean recall of the classes that have weight."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        classes = counted(evidence["label"])[0]
        index = np.searchsorted(classes, evidence["label"])
        size = _by_class(index, len(classes), w)
        right = _by_class(index, len(classes), w * evidence["correct"])
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
        check_lengths(answers, references)
        labels = references
        if not _single(references):
            right = _hits(answers, references)
            labels = [a if hit else first for a, hit, first in zip(answers, right, _labels(references), strict=True)]
        codes = _Codes()
        return Evidence(given=codes.of(answers), label=codes.of(labels))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean F1 of the classes that have weight on either side."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        given, label = evidence["given"], evidence["label"]
        classes = counted(np.concatenate([given, label]))[0]
        index, index_given = np.searchsorted(classes, label), np.searchsorted(classes, given)
        size = _by_class(index_given, len(classes), w) + _by_class(index, len(classes), w)
        right = _by_class(index, len(classes), w * (given == label))
        size, right = size[..., classes != 0], right[..., classes != 0]  # a missing answer is no class
        return ratio(ratio(2 * right, size, empty=0.0).sum(axis=-1), (size > 0).sum(axis=-1), empty=0.0)


_PLAIN = {str, int, float, bool, NoneType}


def _members(value: Any) -> Collection[Any]:
    """A label, or a collection of labels, as a collection."""
    return value if isinstance(value, _COLLECTIONS) else () if value is None else (value,)


def _canonical(row: Iterable[Any], fold: bool) -> tuple[Any, ...] | None:
    """The labels of a row with lists in them as tuples, or None where an item is no label (an array, nested without end).

    ``fold`` makes case and spacing of texts not count, and leaves out None.
    """
    try:
        labels = tuple(_fold(item) for item in row if item is not None) if fold else tuple(map(_frozen, row))
        hash(labels)
    except (TypeError, RecursionError):
        return None
    return labels


def _fold(item: Any) -> Any:
    if isinstance(item, str):
        return " ".join(item.split()).casefold()
    return tuple(map(_fold, item)) if isinstance(item, (list, tuple)) else item


def _frozen(item: Any) -> Any:
    return tuple(map(_frozen, item)) if isinstance(item, (list, tuple)) else item


def _label_keys(rows: Sequence[Collection[Any]], *, fold: bool) -> tuple[Array, int]:
    """Each label of each row once, as row * width + a number that stands for the label; ascending. And the width."""
    items = list(chain.from_iterable(rows))
    label = dict.fromkeys(items)
    label = {item: _fold(item) if fold else item for item in label}
    number = {name: k for k, name in enumerate(dict.fromkeys(label.values()))}
    code = {item: number[name] for item, name in label.items()}
    codes = np.fromiter(map(code.__getitem__, items), np.int64, len(items))
    row = np.repeat(np.arange(len(rows)), np.fromiter(map(len, rows), np.int64, len(rows)))
    if fold and None in code:
        row, codes = row[codes != code[None]], codes[codes != code[None]]
    return counted(row * len(number) + codes)[0], max(1, len(number))


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
        n, answered = len(answers), np.array([answer is not None for answer in answers], np.bool_)
        rows = [*map(_members, answers), *map(_members, references)]
        if {*map(type, chain.from_iterable(rows))} <= _PLAIN:
            keys, width = _label_keys(rows, fold=self.fold)
        else:
            found = [_canonical(row, self.fold) for row in rows]
            for row, labels in enumerate(found[n:]):
                if labels is None:
                    raise MetricError(f"reference of sample {row} (from 0) is no label or collection of labels")
            answered &= np.array([labels is not None for labels in found[:n]], np.bool_)
            keys, width = _label_keys([labels or () for labels in found], fold=False)
        middle = int(np.searchsorted(keys, n * width))
        ours, theirs = keys[:middle], keys[middle:] - n * width
        shared, given, expected = (
            np.bincount(side // width, minlength=n).astype(np.int32)
            for side in (np.intersect1d(ours, theirs, assume_unique=True), ours, theirs)
        )
        return Evidence(shared=shared, given=np.where(answered, given, np.maximum(1, expected)), expected=expected)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """F1 of the weighted sums."""
        w = as_weights(evidence, weights)
        shared, given, expected = (weighted_sum(evidence[name], w) for name in ("shared", "given", "expected"))
        return ratio(2 * shared, given + expected, empty=0.0)
