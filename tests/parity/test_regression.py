"""Errors of numbers against scikit-learn and SciPy."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError

sklearn = pytest.importorskip("sklearn.metrics")
stats = pytest.importorskip("scipy.stats")


def test_numbers() -> None:
    r = np.random.default_rng(0)
    t, a = r.normal(size=50), r.normal(size=50)
    for name, kind in (
        ("mae", sklearn.mean_absolute_error),
        ("mse", sklearn.mean_squared_error),
        ("rmse", sklearn.root_mean_squared_error),
    ):
        assert metrics.compute(name, a.tolist(), t.tolist()) == pytest.approx(kind(t, a), abs=1e-12)
    assert metrics.compute("pcc", a.tolist(), t.tolist()) == pytest.approx(stats.pearsonr(a, t).statistic, abs=1e-12)


def test_arrays_of_different_sizes() -> None:
    r = np.random.default_rng(1)
    t = [r.normal(size=(k + 2, 3)) for k in range(6)]
    a = [x + r.normal(size=x.shape) for x in t]
    flat = np.concatenate([x.ravel() for x in a]), np.concatenate([x.ravel() for x in t])
    per = [(x.ravel(), y.ravel()) for x, y in zip(a, t, strict=True)]
    both: Any = {
        "mae": (sklearn.mean_absolute_error, "samples"),
        "mse": (sklearn.mean_squared_error, "samples"),
        "rmse": (sklearn.root_mean_squared_error, "values"),
        "pcc": (lambda y, x: stats.pearsonr(x, y).statistic, "samples"),
    }
    for name, (kind, default) in both.items():
        want = {"values": kind(flat[1], flat[0]), "samples": np.mean([kind(y, x) for x, y in per])}
        assert metrics.compute(name, a, t) == pytest.approx(want[default], abs=1e-12), name
        for over, value in want.items():
            assert metrics.compute(name, a, t, over=over) == pytest.approx(value, abs=1e-12), (name, over)


def test_what_is_no_answer() -> None:
    metric = metrics.get("mae")
    answers = [1.0, None, "x", float("nan"), [1, 2], 1e200, "2.5", True]
    evidence = metric.measure(answers, [0.0] * 8)
    assert evidence["answered"].tolist() == [True, False, False, False, False, False, True, True]
    assert float(metric.reduce(evidence)) == pytest.approx((1 + 2.5 + 1) / 3)
    assert float(metric.coverage(evidence)) == pytest.approx(3 / 8)
    assert float(metric.reduce(metric.measure([None], [1.0]))) == float("inf")
    for bad in (None, "x", float("nan"), []):
        with pytest.raises(MetricError, match="sample 0"):
            metric.measure([1.0], [bad])


def test_correlation_at_the_edges() -> None:
    assert metrics.compute("pcc", [3, 3, 3], [1, 2, 3]) == 0.0
    assert metrics.compute("pcc", [1, 2, 3], [0.1, 0.1, 0.1]) == 0.0
    assert metrics.compute("pcc", [1e8 + 1, 1e8 + 2, 1e8 + 3], [1, 2, 3]) == pytest.approx(1.0)
    assert metrics.compute("pcc", [1, 2, None], [1, 2, 3]) == pytest.approx(2 / 3)
    assert metrics.compute("pcc", [[1, 2], None], [[2, 1], [1, 2]]) == pytest.approx(-0.5)
    assert metrics.compute("pcc", [], []) == 0.0
