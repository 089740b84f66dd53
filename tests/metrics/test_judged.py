"""Metrics that a judge or people decide, correlation, and SPICE's way to its program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import DataError, MetricError, NotScorable
from genlevel.metrics.judged import RUBRIC, judge_prompt, judge_record, read_ratings


def test_ratings_made_elsewhere() -> None:
    assert metrics.compute("gpt_score", [10, 5.0, None], ["x", "y", "z"]) == pytest.approx(0.5)
    with pytest.raises(MetricError, match="sample 0"):
        metrics.compute("gpt_score", [11], ["x"])
    with pytest.raises(NotScorable, match="judge"):
        metrics.compute("gpt_score", ["a text"], ["x"])


def test_a_judge_sees_the_rubric_and_is_asked_again_once() -> None:
    prompts: list[str] = []
    replies = iter(["Rating: 8", "no idea", "I say rating = 4/10", "?", "??"])

    def judge(prompt: str) -> str:
        prompts.append(prompt)
        return next(replies)

    metric = metrics.get("gpt_score", judge=judge)
    evidence = metric.measure(["a", "b", "c", None], [{"question": "who?", "answer": "A"}, ["x", "y"], "z", "w"])
    assert evidence["rating"].tolist() == [8, 4, 0, 0]
    assert evidence["answered"].tolist() == [True, True, False, True]
    assert metric.reduce(evidence) == pytest.approx((0.8 + 0.4 + 0) / 3)
    assert metric.coverage(evidence) == pytest.approx(3 / 4)
    assert len(prompts) == 5
    assert prompts[0] == judge_prompt("a", "A", "who?")
    assert all(prompt.startswith(RUBRIC) for prompt in prompts)
    assert len(judge_record("m")["rubric_sha256"]) == 64


def test_ratings_files(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("id,rater,rating\na,r1,4\na,r2,5\nb,r1,2\n")
    ratings = read_ratings(path)
    assert ratings == {"a": [4, 5], "b": [2]}
    assert metrics.compute("mos", [ratings["a"], ratings["b"], None], [None] * 3) == pytest.approx((4.5 + 2 + 1) / 3)
    for text, words in (
        ("id,rating\na,4\n", "rater is missing"),
        ("id,rater,rating\na,r1,good\n", "ratings.csv:2: rating 'good'"),
        ("id,rater,rating\na,r1,1\na,r1,2\n", "ratings.csv:3: rater 'r1' rated sample 'a' twice"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=words):
            read_ratings(path)


def test_preferences_and_opinions() -> None:
    assert metrics.compute("user_preference_rate", [[1, 1, 0], 0.5, None], [None] * 3) == pytest.approx(
        (2 / 3 + 0.5) / 3
    )
    with pytest.raises(MetricError, match="from 0 to 1"):
        metrics.compute("user_preference_rate", [2], [None])
    with pytest.raises(MetricError, match="from 1 to 5"):
        metrics.compute("mos", [float("nan")], [None])
    for name in ("mos", "user_preference_rate"):
        with pytest.raises(NotScorable, match="ratings"):
            metrics.compute(name, ["song.wav"], [None])
    assert metrics.compute("mos", [], []) == 1.0


def test_emotion_labels() -> None:
    assert metrics.compute("e_acc", ["sad", "happy", None], ["sad", ["angry"], "sad"]) == pytest.approx(1 / 3)
    with pytest.raises(NotScorable, match="recogniser"):
        metrics.compute("e_acc", [np.zeros(4)], ["sad"])


def test_correlation_is_scipys() -> None:
    from scipy.stats import pearsonr

    rng = np.random.default_rng(0)
    x = rng.normal(size=50)
    y = x + rng.normal(size=50)
    assert metrics.compute("pcc", list(x), list(y)) == pytest.approx(pearsonr(x, y).statistic, abs=1e-12)
    metric = metrics.get("pcc")
    weights = rng.integers(0, 3, (6, 50)).astype(float)
    values = metric.reduce(metric.measure(list(x), list(y)), weights)
    for value, row in zip(values, weights.astype(int), strict=True):
        assert value == pytest.approx(pearsonr(np.repeat(x, row), np.repeat(y, row)).statistic, abs=1e-12)
    rows = [rng.normal(size=(2, 9)) for _ in range(5)]
    expected = np.mean([pearsonr(*row).statistic for row in rows])
    assert metrics.compute("pcc", [r[0] for r in rows], [r[1] for r in rows]) == pytest.approx(expected, abs=1e-12)
