"""Intervals and probabilities of levels against a plain loop over resamplings."""

import numpy as np
import pytest

from genlevel.errors import ScoreError
from genlevel.levels import PROTOCOLS, add_intervals, level_interval, rate
from genlevel.records import TaskScore

from .factory import catalog, task

PAPER = PROTOCOLS["paper-2025"]
TASKS = catalog(
    [
        task("image.comprehension.a", sota=50.0),
        task("image.generation.a", "fid", sota=25.0),
        task("video.comprehension.a", sota=90.0),
        task("language.a", sota=50.0),
    ]
)


def test_against_rating_each_resampling() -> None:
    random = np.random.default_rng(1)
    replicates = {"image.comprehension.a": random.normal(50, 5, 300), "image.generation.a": random.normal(25, 3, 300)}
    coverages = {"image.generation.a": random.uniform(0.9, 1.0, 300)}
    fixed = {"video.comprehension.a": 30.0, "language.a": 70.0}
    found = level_interval(TASKS, replicates, PAPER, scores=fixed, coverages=coverages)
    each = [
        rate(
            TASKS,
            {
                **fixed,
                "image.comprehension.a": float(replicates["image.comprehension.a"][b]),
                "image.generation.a": TaskScore(
                    "image.generation.a",
                    "m",
                    "fid",
                    float(replicates["image.generation.a"][b]),
                    coverage=float(coverages["image.generation.a"][b]),
                ),
            },
            PAPER,
            model="m",
        )
        for b in range(300)
    ]
    for s, bounds in found.scores.items():
        assert bounds == pytest.approx(tuple(np.quantile([x.scores[s] for x in each], [0.025, 0.975])), rel=1e-9)
    levels = [x.level for x in each]
    assert found.probabilities == pytest.approx({k: levels.count(k) / 300 for k in range(6)})
    assert found.probabilities[5] > 0.1 and found.probabilities[3] > 0.1  # the test sees both sides
    capped = level_interval(TASKS, replicates, PAPER, scores=fixed, dispatcher=True)
    assert capped.probabilities[2] == 1.0


def test_fewer_replicates_are_repeated_and_infinite_errors_are_zero() -> None:
    found = level_interval(
        TASKS, {"image.comprehension.a": [40.0] * 4, "image.generation.a": [np.inf, 0.0]}, PAPER, confidence=0.999
    )
    assert found.resamples == 4
    assert found.scores["S2"] == pytest.approx(((40 + 0) / 2 / 2, (40 + 100) / 2 / 2), abs=0.1)


def test_a_models_intervals_hold_its_score() -> None:
    scores = {
        "image.comprehension.a": TaskScore("image.comprehension.a", "m", "accuracy", 45.0),
        "image.generation.a": TaskScore("image.generation.a", "m", "fid", 30.0, coverage=0.5),
    }
    level = rate(TASKS, scores, PAPER, model="m")
    assert add_intervals(level, TASKS, PAPER, {}) is level
    sure = add_intervals(level, TASKS, PAPER, {"image.comprehension.a": np.full(10, 45.0)})
    assert sure.intervals is not None and sure.probabilities is not None
    assert sure.intervals["S2"] == pytest.approx((level.scores["S2"],) * 2)
    assert sure.probabilities[level.level] == 1.0


def test_an_interval_holds_its_score_where_all_resamplings_lie_below() -> None:
    # A tie that every resampling loses: S3 is half of half of 50 (two halves, two modalities), and resampled it is 0.
    level = rate(TASKS, {"image.comprehension.a": 50.0}, PAPER, model="m")
    found = add_intervals(level, TASKS, PAPER, {"image.comprehension.a": np.linspace(40.0, 49.0, 50)})
    assert found.intervals is not None
    assert found.intervals["S3"] == (0.0, 12.5)
    assert found.intervals["S2"][1] == 12.5


def test_no_replicates() -> None:
    with pytest.raises(ScoreError, match="no bootstrap replicates"):
        level_interval(TASKS, {}, PAPER)
