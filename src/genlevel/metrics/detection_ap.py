"""COCO's average precision as evidence per image and a reduction under image weights."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths
from genlevel.metrics.detection_match import Bools, Ints, match, pack, pair_up, ranks
from genlevel.metrics.evidence import Array, Evidence, FloatArray, Ragged

COCO_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
_RECALLS = np.linspace(0.0, 1.0, 101)
_TINY = np.spacing(1.0)


class Found(NamedTuple):
    """Detections or truths of many images, flat."""

    image: Ints
    label: Ints
    score: FloatArray
    """Of detections; zeros for truths."""
    crowd: Bools
    ignored: Bools
    shape: Any
    """What an overlap is computed from: boxes (n, 4), a list of masks, ..."""


@lru_cache(maxsize=1 << 16)
def label_id(label: str) -> int:
    """A 64-bit number that stands for a class's name in evidence, the same in every process."""
    return int.from_bytes(hashlib.blake2b(label.encode(), digest_size=8).digest(), "little", signed=True)


@dataclass(frozen=True)
class AveragePrecision(Metric):
    """COCO's AP: 101-point interpolated precision, mean over thresholds and over classes that occur in a reference.

    At most ``limit`` (100) detections of a class in an image count, the best scored. Of equal scores the earlier image, and
    in an image the earlier detection, comes first. Detections of a class that no reference of the set has do not count. A
    detection that cannot be read (no label, a box that is not finite or has a negative side) is dropped; a score that is
    not finite is 0. A missing answer is an image without detections. A set without any truth scores 0. With
    ``one_class=True`` labels do not matter.
    """

    limit: int = 100
    one_class: bool = False

    thresholds: ClassVar[tuple[float, ...]] = COCO_THRESHOLDS
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    resamples = 200
    source = "COCO detection evaluation; pycocotools COCOeval (area=all)"

    @abstractmethod
    def detections(self, answers: Sequence[Any]) -> Found:
        """What the answers hold, flat; unreadable items are left out."""

    @abstractmethod
    def truths(self, references: Sequence[Any]) -> Found:
        """What the references hold, flat; a :class:`MetricError` names the row of a broken one."""

    @abstractmethod
    def overlaps(self, found: Found, truth: Found, i: Ints, j: Ints) -> FloatArray:
        """The overlap, 0 to 1, of detection ``i[k]`` and truth ``j[k]`` for each k."""

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns, all ragged with a row per image.

        Per detection ``label``, ``score``, and bits per threshold ``hit`` (matches a counting truth) and ``skip`` (matches an
        ignored one); and ``truth``, the label of each counting truth.
        """
        check_lengths(answers, references)
        n = len(answers)
        found, truth = self.detections(answers), self.truths(references)
        if self.one_class:
            found = found._replace(label=np.zeros_like(found.label))
            truth = truth._replace(label=np.zeros_like(truth.label))
        _, code = np.unique(np.concatenate([found.label, truth.label]), return_inverse=True)
        width = int(code.max(initial=0)) + 1
        group = np.concatenate([found.image, truth.image]) * width + code
        group_d, group_t = group[: len(found.label)], group[len(found.label) :]
        # Stable, so that equal scores keep the order of the answer; of the truths those that count come first.
        order_d = np.lexsort((-found.score, group_d))
        order_t = np.lexsort((truth.ignored, group_t))
        order_d = order_d[ranks(group_d[order_d]) < self.limit]
        group_d, group_t = group_d[order_d], group_t[order_t]
        pairs = pair_up(group_d, group_t, n * width)
        overlap = self.overlaps(found, truth, order_d[pairs.detection], order_t[pairs.truth])
        hit, skip = match(
            pairs, overlap, ranks(group_d), truth.crowd[order_t], truth.ignored[order_t], np.array(self.thresholds)
        )
        image, counting = found.image[order_d], ~truth.ignored
        by_image = np.argsort(truth.image[counting], kind="stable")
        columns = {"label": found.label[order_d], "score": found.score[order_d], "hit": pack(hit), "skip": pack(skip)}
        rows = {name: _ragged(values, image, n) for name, values in columns.items()}
        rows["truth"] = _ragged(truth.label[counting][by_image], truth.image[counting][by_image], n)
        return Evidence(**rows)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """AP under image weights: a weight of 2 counts an image's detections and truths twice."""
        w = as_weights(evidence, weights)
        flat = w.reshape(-1, w.shape[-1])
        total, present = np.zeros(len(flat)), np.zeros(len(flat))
        if len(evidence):
            for precision, counted in self.class_curves(evidence, flat):
                total += np.where(counted, precision.mean(axis=1), 0.0)
                present += counted
        mean: FloatArray = total / np.maximum(present, 1.0)
        return mean.reshape(w.shape[:-1])

    def class_curves(self, evidence: Evidence, weights: FloatArray) -> list[tuple[FloatArray, Bools]]:
        """For each class in a reference its AP (B, T) and whether a truth of it has weight (B,)."""
        truth, label = evidence.ragged("truth"), evidence.ragged("label")
        score, hit, skip = (evidence.ragged(name).values for name in ("score", "hit", "skip"))
        image = label.row_of
        # Rows are in the order of the images, so a stable sort settles equal scores as one pass over the images would.
        order = np.lexsort((-score, label.values))
        labels, image, hit, skip = label.values[order], image[order], hit[order], skip[order]
        by_label = np.argsort(truth.values, kind="stable")
        classes, start = np.unique(truth.values[by_label], return_index=True)
        stop = np.append(start[1:], len(truth.values))
        low, high = np.searchsorted(labels, classes, "left"), np.searchsorted(labels, classes, "right")
        truth_image = truth.row_of[by_label]
        curves = []
        for k in range(len(classes)):
            wanted = weights[:, truth_image[start[k] : stop[k]]].sum(axis=1)
            part = slice(low[k], high[k])
            precision = self._class_precision(weights[:, image[part]], hit[part], skip[part], wanted)
            curves.append((precision, wanted > 0))
        return curves

    def _class_precision(self, w: FloatArray, hit: Array, skip: Array, wanted: FloatArray) -> FloatArray:
        """AP per threshold, shape (B, T), of one class's detections by falling score, with weights ``w`` (B, D)."""
        precision = np.zeros((len(w), len(self.thresholds)))
        everything = np.cumsum(w, axis=1)
        any_skip = bool(skip.any())
        for t in range(len(self.thresholds)):
            bit = np.uint32(1 << t)
            hits = np.flatnonzero(hit & bit)
            if not len(hits):
                continue
            counted = everything if not any_skip else np.cumsum(np.where(skip & bit, 0.0, w), axis=1)
            precision[:, t] = interpolated(np.cumsum(w[:, hits], axis=1), counted[:, hits], wanted)
        return precision


def interpolated(hits: FloatArray, counted: FloatArray, wanted: FloatArray) -> FloatArray:
    """101-point interpolated precision, shape (B,).

    ``hits`` and ``counted`` (B, P) are the weights of hits and of all counting detections up to and with each hit, ``wanted``
    (B,) that of the truths. Between hits recall stands still and precision falls, so no other position matters.
    """
    precision = hits / (counted + _TINY)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / np.where(wanted > 0, wanted, 1.0)[:, None]
    # How many of the 101 recalls are reached: the whole part, set right where rounding puts it on the wrong side.
    reached = np.minimum(recall * 100.0, 100.0).astype(np.int64)
    reached -= _RECALLS[reached] > recall
    reached += (reached < 100) & (_RECALLS[np.minimum(reached + 1, 100)] <= recall)
    steps = np.diff(reached + 1, axis=1, prepend=0)
    # A weight of 0 at the start reaches recall 0 without a hit; the precision to its right is the one that counts.
    mean: FloatArray = (envelope * steps).sum(axis=1) / len(_RECALLS)
    return mean


def _ragged(values: Array, rows: Ints, n: int) -> Ragged:
    """``values`` whose ascending ``rows`` say where each belongs, as ``n`` rows."""
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(rows, minlength=n))])
    return Ragged(values, offsets)
