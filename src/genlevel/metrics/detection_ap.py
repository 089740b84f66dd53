"""COCO's average precision as evidence per image and a reduction under image weights."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from types import NoneType
from typing import Any, ClassVar, NamedTuple

import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths
from genlevel.metrics.dense import need
from genlevel.metrics.detection_kinds import Kind
from genlevel.metrics.detection_match import Bools, Ints, by_score, match, pack, pair_up, ranks
from genlevel.metrics.evidence import Array, Evidence, FloatArray, Ragged

COCO_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
_RECALLS = np.linspace(0.0, 1.0, 101)
_TINY = np.spacing(1.0)
_LARGEST_SCORE = 1e300


class Objects(NamedTuple):
    """Detections or truths of many images, flat."""

    image: Ints
    label: Ints
    score: FloatArray
    """Of detections; zeros for truths."""
    crowd: Bools
    ignored: Bools
    shapes: Any
    """As the kind of object keeps them: a list, or an array with a row for each."""


class ClassCurve(NamedTuple):
    """One class's evidence, by falling score, under B weightings."""

    weights: FloatArray
    """Of each detection, shape (B, D)."""
    hit: Array
    skip: Array
    wanted: FloatArray
    """The weight of the truths, shape (B,)."""


@lru_cache(maxsize=1 << 16)
def label_id(label: str) -> int:
    """A 64-bit number that stands for a class's name in evidence, the same in every process."""
    return int.from_bytes(hashlib.blake2b(label.encode(), digest_size=8).digest(), "little", signed=True)


class _Ids(dict[str, int]):
    """Labels with their :func:`label_id`."""

    def __missing__(self, label: str) -> int:
        self[label] = number = label_id(label)
        return number


def score_of(item: Mapping[str, Any]) -> float:
    """The item's score; 1 where it has none, 0 where it is not a finite number."""
    score = _number(item.get("score", 1.0))
    return score if abs(score) <= _LARGEST_SCORE else 0.0


def scores_of(items: Sequence[Mapping[str, Any]]) -> FloatArray:
    """The score of each item as :func:`score_of` says, shape (n,)."""
    raw = [item.get("score", 1.0) for item in items]
    try:
        scores = np.fromiter(raw, np.float64, len(raw))
    except (TypeError, ValueError, OverflowError):
        scores = np.array([_number(score) for score in raw], np.float64)
    return np.where(np.abs(scores) <= _LARGEST_SCORE, scores, 0.0)


def _number(thing: Any) -> float:
    try:
        return float(thing)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def is_mapping(thing: Any) -> bool:
    """Whether ``thing`` is a mapping; quick where it is a dict."""
    return type(thing) is dict or isinstance(thing, Mapping)


@dataclass(frozen=True)
class AveragePrecision(Metric):
    """Average precision of scored detections, mean over thresholds and over classes that occur in a reference.

    Only the best-scored ``limit`` detections of a class in an image count (0: as many as the kind of object has by
    definition, 100 for boxes). Of equal scores the earlier image, and in an image the earlier detection, comes first.
    Detections of a class that no reference of the set has do not count. A detection that cannot be read (no label, a box
    that is not finite or has a negative side) is dropped; a score that is not finite is 0. A missing answer is an image
    without detections. A set without any truth scores 0. With ``one_class=True`` labels do not matter.
    """

    limit: int = 0
    one_class: bool = False

    thresholds: ClassVar[tuple[float, ...]] = COCO_THRESHOLDS
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    resamples = 200

    @abstractmethod
    def objects(self) -> Kind:
        """The kind of object that is detected."""

    def levels(self) -> tuple[float, ...]:
        """The overlaps from which on a detection hits, at most 32."""
        return self.thresholds

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns, all ragged with a row per image.

        Per detection ``label``, ``score``, and bits per threshold ``hit`` (matches a counting truth) and ``skip`` (matches an
        ignored one); and ``truth``, the label of each counting truth.
        """
        check_lengths(answers, references)
        n, kind = len(answers), self.objects()
        truth = self._truths(references, kind)
        found = self._detections(answers, kind)
        _, code = np.unique(np.concatenate([found.label, truth.label]), return_inverse=True)
        width = int(code.max(initial=0)) + 1
        group = np.concatenate([found.image, truth.image]) * width + code
        group_d, group_t = group[: len(found.label)], group[len(found.label) :]
        # Equal scores keep the order of the answer; of the truths those that count come first.
        order_d = by_score(group_d, found.score)
        order_t = np.lexsort((truth.ignored, group_t))
        order_d = order_d[ranks(group_d[order_d]) < (self.limit or kind.limit)]
        group_d, group_t = group_d[order_d], group_t[order_t]
        pairs = pair_up(group_d, group_t, n * width)
        overlap = kind.overlaps(found.shapes, truth.shapes, truth.crowd, order_d[pairs.detection], order_t[pairs.truth])
        hit, skip = match(
            pairs, overlap, ranks(group_d), truth.crowd[order_t], truth.ignored[order_t], np.array(self.levels())
        )
        image, counting = found.image[order_d], ~truth.ignored
        columns = {"label": found.label[order_d], "score": found.score[order_d], "hit": pack(hit), "skip": pack(skip)}
        rows = {name: _ragged(values, image, n) for name, values in columns.items()}
        rows["truth"] = _ragged(truth.label[counting], truth.image[counting], n)
        return Evidence(**rows)

    def _detections(self, answers: Sequence[Any], kind: Kind) -> Objects:
        rows = [answer if isinstance(answer, (list, tuple)) else () for answer in answers]
        items = list(chain.from_iterable(rows))
        label = self._labels(items)
        if label is None:
            rows = [
                [item for item in row if is_mapping(item) and (self.one_class or item.get("label") is not None)]
                for row in rows
            ]
            items = list(chain.from_iterable(rows))
            label = self._numbers(items, [str(item.get("label")) for item in items])
        shapes, readable = kind.read_all(items)
        image, score = np.repeat(np.arange(len(rows)), list(map(len, rows))), scores_of(items)
        if not readable.all():
            image, label, score = image[readable], label[readable], score[readable]
        no = np.zeros(len(image), np.bool_)
        return Objects(image, label, score, no, no, shapes)

    def _truths(self, references: Sequence[Any], kind: Kind) -> Objects:
        for row, reference in enumerate(references):
            if not isinstance(reference, (list, tuple)):
                need(False, row, "is not a list of objects")
        items = list(chain.from_iterable(references))
        label = self._labels(items)
        if label is None:
            for row, reference in enumerate(references):
                for item in reference:
                    need(is_mapping(item), row, "has an object that is not a mapping")
                    need(self.one_class or item.get("label") is not None, row, "has an object without a 'label'")
            label = self._numbers(items, [str(item.get("label")) for item in items])
        image = np.repeat(np.arange(len(references)), list(map(len, references)))
        shapes, readable = kind.read_all(items)
        if not readable.all():
            need(False, int(image[~readable][0]), f"has an object without a usable {kind.form}")
        crowd = np.fromiter([bool(item.get("crowd", False)) for item in items], np.bool_, len(items))
        ignored = crowd | kind.ignored(shapes)
        return Objects(image, label, np.zeros(len(items)), crowd, ignored, shapes)

    def _labels(self, items: list[Any]) -> Ints | None:
        """The numbers of the items' labels; None unless every item is a dict with a label: then each is looked at alone."""
        if not {*map(type, items)} <= {dict}:
            return None
        labels = [] if self.one_class else [item.get("label") for item in items]
        kinds = {*map(type, labels)}
        return None if NoneType in kinds else self._numbers(items, labels if kinds <= {str} else list(map(str, labels)))

    def _numbers(self, items: list[Any], labels: list[str]) -> Ints:
        if self.one_class:
            return np.zeros(len(items), np.int64)
        return np.fromiter(map(_Ids().__getitem__, labels), np.int64, len(labels))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """AP under image weights: a weight of 2 is that image twice.

        Only among equal scores within one image does the order of its two copies' detections matter, and differ.
        """
        w = as_weights(evidence, weights)
        flat = np.atleast_2d(w)
        total, present = np.zeros(len(flat)), np.zeros(len(flat))
        for curve in class_curves(evidence, flat):
            counted = curve.wanted > 0
            total += np.where(counted, self.class_precision(curve), 0.0)
            present += counted
        mean: FloatArray = total / np.maximum(present, 1.0)
        return mean.reshape(w.shape[:-1])

    def class_precision(self, curve: ClassCurve) -> FloatArray:
        """AP of one class, mean over thresholds, shape (B,)."""
        levels = len(self.levels())
        bits = np.uint32(1) << np.arange(levels, dtype=np.uint32)
        if len(curve.weights) == 1:
            return self._single_precision(curve, bits)
        total = np.zeros(len(curve.weights))
        everything = np.cumsum(curve.weights, axis=1)
        any_skip = bool(curve.skip.any())
        for bit in bits:
            hits = np.flatnonzero(curve.hit & bit)
            if not len(hits):
                continue
            counted = everything if not any_skip else np.cumsum(np.where(curve.skip & bit, 0.0, curve.weights), axis=1)
            total += self.area(np.cumsum(curve.weights[:, hits], axis=1), counted[:, hits], curve.wanted)
        return total / levels

    def _single_precision(self, curve: ClassCurve, bits: Array) -> FloatArray:
        """The same under one weighting, all thresholds at once."""
        hits = np.flatnonzero(curve.hit)
        if not len(hits):
            return np.zeros(1)
        counted = np.cumsum(curve.weights, axis=1)[:, hits]
        if curve.skip.any():
            skipped = np.where(curve.skip & bits[:, None], curve.weights, 0.0)
            counted = counted - np.cumsum(skipped, axis=1)[:, hits]
        found = np.cumsum(np.where(curve.hit[hits] & bits[:, None], curve.weights[:, hits], 0.0), axis=1)
        # Where a level has no hit here precision has fallen and recall stands still: the area stays what it is.
        areas = self.area(found, np.broadcast_to(counted, found.shape), np.repeat(curve.wanted, len(bits)))
        return np.array([areas.sum() / len(bits)])

    def area(self, hits: FloatArray, counted: FloatArray, wanted: FloatArray) -> FloatArray:
        """Area under a precision-recall curve, shape (B,); COCO's unless a subclass says otherwise.

        ``hits`` and ``counted`` (B, P) are the weights of hits and of all counting detections up to and with each hit,
        ``wanted`` (B,) that of the truths. Between hits recall stands still and precision falls: no other place matters.
        """
        return interpolated(hits, counted, wanted)


def class_curves(evidence: Evidence, weights: FloatArray) -> Iterator[ClassCurve]:
    """One curve for each class that a reference has, under weights (B, n)."""
    if not len(evidence):
        return
    truth, label = evidence.ragged("truth"), evidence.ragged("label")
    score, hit, skip = (evidence.ragged(name).values for name in ("score", "hit", "skip"))
    image = label.row_of
    classes, code = np.unique(np.concatenate([truth.values, label.values]), return_inverse=True)
    code_t, code_d = code[: len(truth.values)], code[len(truth.values) :]
    # Rows are in the order of the images, so of equal scores the first is that of one pass over the images.
    order = by_score(code_d, score)
    labels, image, hit, skip = code_d[order], image[order], hit[order], skip[order]
    by_label = np.argsort(code_t, kind="stable")
    start, stop = (np.searchsorted(code_t[by_label], np.arange(len(classes)), side) for side in ("left", "right"))
    low, high = (np.searchsorted(labels, np.arange(len(classes)), side) for side in ("left", "right"))
    truth_image = truth.row_of[by_label]
    for k in np.flatnonzero(stop > start).tolist():
        wanted = weights[:, truth_image[start[k] : stop[k]]].sum(axis=1)
        part = slice(low[k], high[k])
        yield ClassCurve(weights[:, image[part]], hit[part], skip[part], wanted)


def interpolated(hits: FloatArray, counted: FloatArray, wanted: FloatArray) -> FloatArray:
    """Mean of the interpolated precision at 101 recalls; arguments and result as :meth:`AveragePrecision.area`."""
    precision = hits / (counted + _TINY)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / np.where(wanted > 0, wanted, 1.0)[:, None]
    # How many of the 101 recalls are reached: the whole part, set right where rounding puts it on the wrong side.
    reached = np.minimum(recall * 100.0, 100.0).astype(np.int64)
    reached -= _RECALLS[reached] > recall
    reached += (reached < 100) & (_RECALLS[np.minimum(reached + 1, 100)] <= recall)
    # Recall 0 is reached from the start, whatever comes first.
    mean: FloatArray = (envelope * np.diff(reached + 1, axis=1, prepend=0)).sum(axis=1) / len(_RECALLS)
    return mean


def _ragged(values: Array, rows: Ints, n: int) -> Ragged:
    """``values`` whose ascending ``rows`` say where each belongs, as ``n`` rows."""
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(rows, minlength=n))])
    return Ragged(values, offsets)
