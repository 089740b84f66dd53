"""The bootstrap: weights are resamplings, intervals cover what they should."""

import numpy as np
import pytest

from genlevel import metrics
from genlevel.metrics.bootstrap import interval, replicates, resample_weights


def test_weights_are_multinomial_counts() -> None:
    weights = resample_weights(50, 400, seed=3)
    assert weights.shape == (400, 50)
    assert (weights.sum(axis=1) == 50).all()
    # Mean count 1, variance 1 - 1/n for a multinomial with equal shares.
    assert weights.mean() == pytest.approx(1.0)
    assert weights.var() == pytest.approx(1 - 1 / 50, abs=0.05)


def test_a_replicate_is_the_metric_of_the_resampled_list() -> None:
    metric = metrics.get("accuracy")
    answers, references = ["a", "b", "c", "d"], ["a", "x", "c", "d"]
    evidence = metric.measure(answers, references)
    for weights in resample_weights(4, 20, seed=1):
        rows = np.repeat(np.arange(4), weights.astype(int))
        direct = metric.reduce(metric.measure([answers[i] for i in rows], [references[i] for i in rows]))
        assert metric.reduce(evidence, weights) == pytest.approx(float(direct))


def test_interval_of_a_share_is_near_the_normal_one() -> None:
    hits = [1] * 140 + [0] * 60
    evidence = metrics.get("accuracy").measure(hits, [1] * 200)
    low, high = interval(metrics.get("accuracy"), evidence, resamples=4000, seed=5)
    half = 1.96 * np.sqrt(0.7 * 0.3 / 200)
    assert (low, high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.01)


def test_blocks_do_not_change_the_number_of_replicates() -> None:
    evidence = metrics.get("accuracy").measure([1, 0, 1], [1, 1, 1])
    assert len(replicates(metrics.get("accuracy"), evidence, resamples=25, cells=7).values) == 25


def test_no_rows_give_the_worst_value() -> None:
    evidence = metrics.get("accuracy").measure([], [])
    assert interval(metrics.get("accuracy"), evidence) == (0.0, 0.0)
