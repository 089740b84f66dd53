"""Pearson's correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray

# A spread below this share of the size of the numbers is rounding, not signal.
_CONSTANT = 1e-13


@dataclass(frozen=True)
class Pearson(Metric):
    """Pearson's correlation, of numbers over the set of samples, or of sequences within each sample and then averaged.

    What counts follows from the reference: a number for each sample, or a sequence for each sample (a pitch contour, a
    histogram), to which the answer must have the same length. A constant side has no correlation: it counts as 0. A sample
    without a usable answer (missing, not finite, wrong length) is left out and lowers the coverage.
    """

    name = "pcc"
    title = "Pearson correlation"
    definition = (
        "covariance/product of standard deviations, over the set of numbers or within each sequence and averaged"
    )
    source = "scipy.stats.pearsonr"
    range = (-1.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a number, or a sequence of numbers; reference: the same"
    bounded = False

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``x`` and ``y`` for numbers, ``r`` for sequences, ``sequence`` and ``answered`` (bool)."""
        check_lengths(answers, references)
        n = len(answers)
        x, y, r = np.zeros(n), np.zeros(n), np.zeros(n)
        sequence, answered = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            wanted = _numbers(reference)
            if wanted is None:
                raise MetricError(f"sample {row} (from 0): the reference is no finite number or sequence of such")
            sequence[row] = wanted.ndim > 0
            given = None if answer is None else _numbers(answer)
            if given is None or given.shape != wanted.shape:
                continue
            answered[row] = True
            if sequence[row]:
                r[row] = _pearson(given[None, :], wanted[None, :], np.ones((1, wanted.size)))[0]
            else:
                x[row], y[row] = given, wanted
        return Evidence(x=x, y=y, r=r, sequence=sequence, answered=answered)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted correlation of the numbers, or weighted mean of the sequences' correlations."""
        w = as_weights(evidence, weights)
        w = w * evidence["answered"] if len(evidence) else w
        if not len(evidence) or evidence["sequence"].all():
            values = evidence["r"] if len(evidence) else np.zeros(0)
            return weighted_mean(values, w, empty=self.worst)
        if evidence["sequence"].any():
            raise MetricError("pcc: some references are numbers and some are sequences")
        r = _pearson(evidence["x"], evidence["y"], w)
        return np.where(w.sum(axis=-1) > 0, r, self.worst)


def _numbers(value: Any) -> FloatArray | None:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None
    array = array.ravel() if array.ndim else array
    return array if array.size and np.isfinite(array).all() else None


def _pearson(x: FloatArray, y: FloatArray, w: FloatArray) -> FloatArray:
    """Correlation along the last axis under weights (..., n); 0 where a side is constant."""
    total = np.maximum(w.sum(axis=-1, keepdims=True), np.finfo(np.float64).tiny)
    deviations, spreads, constant = [], [], np.zeros(w.shape[:-1], np.bool_)
    for side in (x, y):
        size = np.maximum(np.abs(side).max(axis=-1, keepdims=True), np.finfo(np.float64).tiny)
        scaled = np.broadcast_to(side / size, w.shape)  # so that squares neither overflow nor vanish
        deviation = scaled - (w * scaled).sum(axis=-1, keepdims=True) / total
        spread = np.sqrt((w * deviation**2).sum(axis=-1) / total[..., 0])
        deviations.append(deviation)
        spreads.append(spread)
        constant |= spread <= _CONSTANT
    covariance = (w * deviations[0] * deviations[1]).sum(axis=-1) / total[..., 0]
    product = spreads[0] * spreads[1]
    r = np.divide(covariance, product, out=np.zeros(w.shape[:-1]), where=~constant & (product > 0))
    clipped: FloatArray = np.clip(r, -1.0, 1.0)
    return clipped
