"""Scores against a yes or no, for pixels or for images: AUROC, average precision, and AUPRO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage, sparse

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths
from genlevel.metrics.dense import need, numbers, one_of, usable
from genlevel.metrics.evidence import Array, Evidence, FloatArray, Ragged

# float32 has 24 significant bits; maps keep 16.
_DROPPED_BITS = 8
_CELLS = 8_000_000


def rounded(scores: FloatArray) -> FloatArray:
    """Scores to 16 significant bits, so that maps of floats have fewer levels; the order is kept."""
    bits = np.clip(scores, -1e38, 1e38).astype(np.float32).view(np.int32)
    bits = (bits + (1 << (_DROPPED_BITS - 1))) >> _DROPPED_BITS << _DROPPED_BITS
    return bits.view(np.float32).astype(np.float64)


@dataclass(frozen=True)
class _ScoreMetric(Metric):
    """A curve over all thresholds, from the scores of all pixels (or images) of the set together.

    A sample is a map of scores against a mask (above 0 is yes), or one score against a yes or no. ``level="image"`` takes
    the largest score of a map against whether the mask has a yes. Maps of floats are rounded to 16 significant bits. A
    missing answer, or one of another size or not finite, ranks its no above all others, and no threshold finds its yes.
    """

    level: str = "pixel"

    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    resamples = 200
    answer = "scores (H, W) or a score; reference: a mask (H, W) or 0/1"

    def __post_init__(self) -> None:
        one_of("level", self.level, ("pixel", "image"))

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Ragged columns ``score`` (levels of a sample), ``yes`` and ``no`` (what each level holds); and ``total``."""
        check_lengths(answers, references)
        scores, yes, no = [], [], []
        total = np.zeros(len(answers))
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            truth = usable(numbers(reference))
            need(truth is not None, row, "is not a mask or a number")
            assert truth is not None
            given = usable(numbers(answer))
            if self.level == "image":
                truth, given = np.array([truth.max()]), None if given is None else np.array([given.max()])
            elif given is not None and given.shape != truth.shape:
                given = None
            elif given is not None and given.size > 1 and np.asarray(answer).dtype.kind == "f":
                given = rounded(given)
            mask = np.atleast_1d(truth) > 0
            mass = self.mass(mask)
            total[row] = mass.sum()
            grey = given is not None and np.asarray(answer).dtype == np.uint8 and self.level == "pixel"
            levels, positive, negative = _grey_levels(given, mass, mask) if grey else _levels(given, mass, mask)
            scores.append(levels)
            yes.append(positive)
            no.append(negative)
        kinds = {"score": scores, "yes": yes, "no": no}
        return Evidence(total=total, **{k: Ragged.from_rows(v, dtype=np.float64) for k, v in kinds.items()})

    def mass(self, mask: Array) -> FloatArray:
        """What each yes pixel of a mask weighs, shape of the mask."""
        return mask.astype(np.float64)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The number under the weights."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.full(w.shape[:-1], self.worst)
        flat = w.reshape(-1, w.shape[-1])
        score = evidence.ragged("score")
        levels, column = np.unique(-score.values, return_inverse=True)
        shape = (len(evidence), len(levels))
        yes, no = (
            sparse.csr_array((evidence.ragged(name).values, (score.row_of, column)), shape=shape).T.tocsr()
            for name in ("yes", "no")
        )
        total = flat @ evidence["total"]
        out = np.zeros(len(flat))
        block = max(1, _CELLS // max(len(levels), 1))
        for start in range(0, len(flat), block):
            part = slice(start, start + block)
            out[part] = self.number((yes @ flat[part].T).T, (no @ flat[part].T).T, total[part])
        return np.where(flat.sum(axis=1) > 0, out, self.worst).reshape(w.shape[:-1])

    def number(self, yes: FloatArray, no: FloatArray, total: FloatArray) -> FloatArray:
        """From what each level holds, highest level first, both (B, L), and all the yes (B,), the number (B,)."""
        raise NotImplementedError


def _levels(given: FloatArray | None, mass: FloatArray, mask: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The levels of a sample's scores, the mass of yes and the count of no at each."""
    if given is None:
        # Its yes are in the total alone.
        return np.array([np.inf]), np.array([0.0]), np.array([float((~mask).sum())])
    levels, inverse = np.unique(given.ravel(), return_inverse=True)
    yes = np.bincount(inverse, weights=mass.ravel(), minlength=len(levels)).astype(np.float64)
    no = np.bincount(inverse, weights=(~mask).ravel().astype(np.float64), minlength=len(levels)).astype(np.float64)
    return levels, yes, no


def _grey_levels(given: Any, mass: FloatArray, mask: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The same for scores that are bytes: counts of 256 levels in place of sorting."""
    grey = given.astype(np.uint8).ravel()
    yes = np.bincount(grey, weights=mass.ravel(), minlength=256).astype(np.float64)
    no = np.bincount(grey[~mask.ravel()], minlength=256).astype(np.float64)
    levels = np.flatnonzero(np.bincount(grey, minlength=256))
    return levels.astype(np.float64), yes[levels], no[levels]


@dataclass(frozen=True)
class Auroc(_ScoreMetric):
    """Area under the ROC curve; options and edge cases as in :class:`_ScoreMetric`.

    Equal scores count half. Of a set without a yes, or without a no, there is no ROC curve: scikit-learn gives NaN with a
    warning, torchmetrics 0 with one. Here it is 0, as for no answer at all, so that nobody is paid for telling nothing
    apart. That holds for resamplings too, so that the interval of a set with very few yes reaches down to 0.
    """

    version = 2
    name = "auc"
    title = "AUROC"
    definition = "chance that a yes pixel (or image) of the set scores above a no one, equal scores counting half"
    source = "scikit-learn roc_auc_score"

    def number(self, yes: FloatArray, no: FloatArray, total: FloatArray) -> FloatArray:
        """Area under the ROC curve."""
        above = np.cumsum(yes, axis=1) - yes / 2.0
        pairs = total * no.sum(axis=1)
        area: FloatArray = np.divide((no * above).sum(axis=1), pairs, out=np.zeros(len(pairs)), where=pairs > 0)
        return np.clip(area, 0.0, 1.0)


@dataclass(frozen=True)
class BinaryAveragePrecision(_ScoreMetric):
    """Average precision of scores; options and edge cases as in :class:`_ScoreMetric`. Without a yes in the set it is 0."""

    version = 2
    name = "average_precision"
    title = "AP of scores"
    definition = "sum over thresholds of the gain in recall times the precision, over all pixels (or images) of the set"
    source = "scikit-learn average_precision_score"

    def number(self, yes: FloatArray, no: FloatArray, total: FloatArray) -> FloatArray:
        """Step-wise area under the precision-recall curve."""
        hits, all_of = np.cumsum(yes, axis=1), np.cumsum(yes + no, axis=1)
        precision = np.divide(hits, all_of, out=np.zeros_like(hits), where=all_of > 0)
        area: FloatArray = np.divide((precision * yes).sum(axis=1), total, out=np.zeros(len(total)), where=total > 0)
        return np.clip(area, 0.0, 1.0)


@dataclass(frozen=True)
class Aupro(_ScoreMetric):
    """Area under the per-region overlap curve, up to a false positive rate of ``limit`` (0.3), divided by it.

    A region is a part of the mask that hangs together, also over corners; each counts the same. Options and edge cases as
    in :class:`_ScoreMetric`, at pixel level only. Without a region or without a no pixel in the set it is 0.
    """

    limit: float = 0.3

    name = "aupro"
    title = "AUPRO"
    definition = (
        "area under mean share of each true region found against false positive rate, from 0 to 0.3, divided by 0.3"
    )
    source = "Bergmann et al. 2021 (MVTec AD)"

    def __post_init__(self) -> None:
        if self.level != "pixel" or not 0.0 < self.limit <= 1.0:
            raise MetricError(f"aupro: level must be 'pixel' and limit={self.limit} above 0 and at most 1")

    def mass(self, mask: Array) -> FloatArray:
        """1 / pixels of its region for each yes pixel."""
        regions = ndimage.label(mask, structure=np.ones((3,) * mask.ndim))[0]
        sizes = np.bincount(regions.ravel())
        return np.where(mask, 1.0 / sizes[regions], 0.0)

    def number(self, yes: FloatArray, no: FloatArray, total: FloatArray) -> FloatArray:
        """Area under the overlap curve up to the limit."""
        normal = no.sum(axis=1)
        start = np.zeros((len(yes), 1))
        x = np.hstack([start, np.cumsum(no, axis=1) / np.where(normal > 0, normal, 1.0)[:, None]])
        y = np.hstack([start, np.cumsum(yes, axis=1) / np.where(total > 0, total, 1.0)[:, None]])
        low, high = np.minimum(x[:, :-1], self.limit), np.minimum(x[:, 1:], self.limit)
        step = x[:, 1:] - x[:, :-1]
        slope = np.divide(y[:, 1:] - y[:, :-1], step, out=np.zeros_like(step), where=step > 0)
        middle = y[:, :-1] + slope * ((low + high) / 2.0 - x[:, :-1])
        area = ((high - low) * middle).sum(axis=1) / self.limit
        return np.where((normal > 0) & (total > 0), np.clip(area, 0.0, 1.0), 0.0)
