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


def replicates(
    metric: Metric, evidence: Evidence, *, resamples: int = 1000, seed: int = 0, cells: int = 4_000_000
) -> FloatArray:
    """The metric's value under each resampling, shape (resamples,). At most ``cells`` weights are held at a time."""
    n = len(evidence)
    if n == 0:
        return np.full(resamples, metric.worst)
    block = max(1, cells // n)
    values = [
        metric.reduce(evidence, resample_weights(n, min(block, resamples - start), seed + start))
        for start in range(0, resamples, block)
    ]
    return np.concatenate(values)


def interval(
    metric: Metric, evidence: Evidence, *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Percentile bootstrap interval of the metric's value; resampling is over samples."""
    values = replicates(metric, evidence, resamples=resamples, seed=seed)
    tail = (1.0 - level) / 2.0
    # 'higher'/'lower' picks stay finite where some replicates are infinite.
    low = np.quantile(values, tail, method="lower")
    high = np.quantile(values, 1.0 - tail, method="higher")
    return Interval(float(low), float(high))
