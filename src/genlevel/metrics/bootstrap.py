"""Intervals by the bootstrap: the same reduction under resampled weights, all resamplings at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from genlevel.metrics.base import Metric
from genlevel.metrics.evidence import Evidence, FloatArray


class Interval(NamedTuple):
    """A two-sided interval, in the metric's unit."""

    low: float
    high: float


def resample_weights(samples: int, resamples: int, seed: int) -> FloatArray:
    """Multinomial bootstrap weights, shape (resamples, samples); each row sums to ``samples``."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(samples, np.full(samples, 1.0 / samples), size=resamples).astype(np.float64)


class Replicates(NamedTuple):
    """A metric under B resamplings of the samples."""

    values: FloatArray
    """Shape (B,), in the metric's unit."""
    coverages: FloatArray
    """Shape (B,): the share of samples that counts, under the same resamplings."""


def replicates(
    metric: Metric, evidence: Evidence, *, resamples: int = 1000, seed: int = 0, cells: int = 4_000_000
) -> Replicates:
    """The metric's value and coverage under each resampling. At most ``cells`` weights are held at a time."""
    n = len(evidence)
    if n == 0:
        return Replicates(np.full(resamples, metric.worst), np.zeros(resamples))
    block = max(1, cells // n)
    values, coverages = [], []
    for start in range(0, resamples, block):
        weights = resample_weights(n, min(block, resamples - start), seed + start)
        values.append(metric.reduce(evidence, weights))
        coverages.append(metric.coverage(evidence, weights))
    return Replicates(np.concatenate(values), np.concatenate(coverages))


def interval(
    metric: Metric, evidence: Evidence, *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Percentile bootstrap interval of the metric's value; resampling is over samples."""
    values = replicates(metric, evidence, resamples=resamples, seed=seed).values
    tail = (1.0 - level) / 2.0
    # 'lower' and 'higher' pick a replicate, and so stay finite where some replicates are infinite.
    low = np.quantile(values, tail, method="lower")
    high = np.quantile(values, 1.0 - tail, method="higher")
    return Interval(float(low), float(high))
