"""Recall at K and MRR against a brute-force ranking and torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError
from tests.parity.without_torchvision import reference_module


def test_scores_rank_as_sorting_does() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(80, 30))
    right = [rng.choice(30, rng.integers(1, 4), replace=False).tolist() for _ in range(80)]
    answers = [{"scores": row} for row in scores]
    lists = [np.argsort(-row, kind="stable").tolist() for row in scores]
    first = np.array([min(ranked.index(r) for r in items) + 1 for ranked, items in zip(lists, right, strict=True)])
    for form in (answers, lists):
        assert metrics.compute("mrr", form, right) == pytest.approx((1 / first).mean(), abs=1e-12)
        for k in (1, 5, 10):
            assert metrics.compute(f"recall_at_{k}", form, right) == pytest.approx((first <= k).mean(), abs=1e-12)


def test_reciprocal_rank_is_torchmetrics() -> None:
    retrieval = reference_module("torchmetrics.functional.retrieval")
    import torch

    rng = np.random.default_rng(1)
    scores = rng.random((40, 12)).astype(np.float32)
    targets = rng.random((40, 12)) < 0.2
    targets[:, 0] |= ~targets.any(axis=1)
    expected = [
        float(retrieval.retrieval_reciprocal_rank(torch.tensor(s), torch.tensor(t)))
        for s, t in zip(scores, targets, strict=True)
    ]
    hits = [
        float(retrieval.retrieval_hit_rate(torch.tensor(s), torch.tensor(t), top_k=5))
        for s, t in zip(scores, targets, strict=True)
    ]
    answers, right = [{"scores": s} for s in scores], [np.flatnonzero(t).tolist() for t in targets]
    assert metrics.compute("mrr", answers, right) == pytest.approx(np.mean(expected), abs=1e-6)
    assert metrics.compute("recall_at_5", answers, right) == pytest.approx(np.mean(hits), abs=1e-6)


def test_ties_and_gaps() -> None:
    level = {"scores": np.zeros(4)}
    assert metrics.compute("mrr", [level], [2]) == 1 / 4
    assert metrics.compute("mrr", [level], [[2, 3]]) == 1 / 3
    assert metrics.compute("mrr", [level], [2], ties="first") == 1.0
    assert metrics.compute("mrr", [{"scores": [np.nan, 1.0]}], [0]) == 1 / 2
    assert metrics.compute("recall_at_1", ["x", None, ["y", "x"]], ["x", "x", "x"]) == pytest.approx(1 / 3)
    with pytest.raises(MetricError, match="sample 1"):
        metrics.compute("mrr", ["a", "b"], ["a", None])
    with pytest.raises(MetricError, match="outside the 2 scores"):
        metrics.compute("mrr", [{"scores": [1, 2]}], [2])
