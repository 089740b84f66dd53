"""The level formulas: hand calculations, invariants, and what a model may and may not get."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.catalog import Catalog, load
from genlevel.errors import CatalogError, GenlevelError, ScoreError
from genlevel.levels import PROTOCOLS, ModelLevel, Protocol, get_protocol, rate, rate_all, rate_many
from genlevel.records import TaskScore

from .factory import catalog, task

PAPER, TUTORIAL = PROTOCOLS["paper-2025"], PROTOCOLS["tutorial-2024"]
SMALL = catalog(
    [
        task("image.comprehension.a", sota=50.0),
        task("image.comprehension.b", sota=80.0),
        task("image.comprehension.c", "mae", sota=10.0),
        task("image.generation.a", "fid", sota=25.0),
        task("image.generation.b", "psnr", sota=20.0),
        task("video.comprehension.a", sota=40.0),
        task("audio.generation.a", "wer", sota=10.0),
        task("3d.comprehension.a", sota=None),
        task("language.a", sota=30.0),
        task("language.b", sota=60.0),
    ]
)


def test_halves_by_hand() -> None:
    scores = {
        "image.comprehension.a": 60.0,
        "image.comprehension.b": 70.0,
        "image.generation.a": 25.0,
        "language.a": 40.0,
    }
    found = rate(SMALL, scores, PAPER, model="m")
    fid = 100 * math.tanh(0.5)
    s2 = ((60 + 70 + 0) / 3 + (fid + 0) / 2) / 2
    s3 = ((60 + 0 + 0) / 3 + fid / 2) / 2
    s4 = 2 * 20 * (fid / 2) / (20 + fid / 2)
    image = found.modalities["image"]
    assert [image[k] for k in ("S2", "S3", "S4")] == pytest.approx([s2, s3, s4], rel=1e-12)
    assert [found.scores[k] for k in ("S2", "S3", "S4")] == pytest.approx([s2 / 4, s3 / 4, s4 / 4], rel=1e-12)
    assert found.language["SL"] == pytest.approx(40 / 2)
    assert found.scores["S5"] == pytest.approx(s4 / 4 * 20 / 100, rel=1e-12)
    assert (found.level, found.supported, found.wins, found.tasks) == (5, 4, 3, 10)
    assert (image["tasks"], image["supported"], image["wins"]) == (5, 3, 2)


def test_pooled_by_hand() -> None:
    two_c_one_g = catalog(
        [
            task("image.comprehension.a", sota=50.0),
            task("image.comprehension.b", sota=50.0),
            task("image.generation.a", sota=50.0),
            task("language.a", sota=0.0),
        ]
    )
    scores = {"image.comprehension.a": 90.0, "image.comprehension.b": 30.0, "image.generation.a": 60.0}
    found = rate(two_c_one_g, scores, TUTORIAL, model="m").scores
    assert found["S2"] == pytest.approx(60.0)
    assert found["S3"] == pytest.approx(50.0)
    assert found["S4"] == pytest.approx(2 * 45 * 60 / 105)
    assert found["S5"] == 0.0


def test_modality_weights_are_data() -> None:
    from dataclasses import replace

    image_only = replace(PAPER, modality_weights={"image": 1.0})
    scores = {"image.comprehension.a": 60.0}
    assert rate(SMALL, scores, image_only, model="m").scores["S2"] == pytest.approx(10.0)
    assert rate(SMALL, scores, PAPER, model="m").scores["S2"] == pytest.approx(2.5)


def test_a_catalog_with_one_half_is_that_half() -> None:
    board = catalog([task("video.comprehension.a"), task("video.comprehension.b")])
    found = rate(board, {"video.comprehension.a": 60.0}, PAPER, model="m")
    assert found.scores == {"S2": 30.0, "S3": 30.0, "S4": 0.0, "S5": 0.0}
    assert found.level == 3


def test_comparison_at_the_specialists_score() -> None:
    scores = {"image.comprehension.a": 50.0}
    assert rate(SMALL, scores, PAPER, model="m").wins == 1
    assert rate(SMALL, scores, PAPER.variant(comparison=">"), model="m").wins == 0
    # 0.57 x 100 is 56.99999999999999 in doubles; that is a tie, not a loss, and no win for ">".
    tie = catalog([task("image.comprehension.a", sota=57.0)])
    assert rate(tie, {"image.comprehension.a": 0.57 * 100}, PAPER, model="m").wins == 1
    above = {"image.comprehension.a": 57.00000000000001}
    assert rate(tie, above, PAPER.variant(comparison=">"), model="m").wins == 0


def test_no_specialist_is_no_win_and_zero_is_no_win() -> None:
    zero = catalog([task("image.comprehension.a", sota=0.0), task("image.comprehension.b", sota=None)])
    found = rate(zero, {"image.comprehension.a": 0.0, "image.comprehension.b": 90.0}, PAPER, model="m")
    assert (found.wins, found.supported, found.level) == (0, 1, 2)
    assert found.rows[1].sigma_sota is None


def test_coverage_scales_sigma_and_can_cost_the_win() -> None:
    def with_coverage(coverage: float) -> ModelLevel:
        score = TaskScore("image.generation.a", "m", "fid", 20.0, coverage=coverage)
        return rate(SMALL, {"image.generation.a": score}, PAPER, model="m")

    full, half = with_coverage(1.0), with_coverage(0.5)
    assert (full.wins, half.wins) == (1, 0)
    assert half.scores["S2"] == pytest.approx(full.scores["S2"] / 2)
    # 20 is better than 25 by enough to make up for 5 % of the samples.
    assert with_coverage(0.95).wins == 1


def test_win_on_sigma_ties_at_the_ceiling() -> None:
    from dataclasses import replace

    fad = catalog([task("audio.generation.a", "fid", sota=0.2)])
    worse = {"audio.generation.a": 0.5}
    assert rate(fad, worse, PAPER, model="m").wins == 0
    assert rate(fad, worse, replace(PAPER, win_on="sigma"), model="m").wins == 1


def test_nothing_supported() -> None:
    found = rate(SMALL, {}, PAPER, model="m")
    assert (found.level, found.supported, found.wins) == (0, 0, 0)
    assert set(found.scores.values()) == {0.0}
    language_only = rate(SMALL, {"language.a": 90.0}, PAPER, model="m")
    assert (language_only.level, language_only.supported, language_only.wins) == (0, 1, 1)


def test_dispatcher() -> None:
    scores = dict.fromkeys((t.id for t in SMALL if t.metric == "accuracy"), 95.0) | {"image.generation.a": 1.0}
    plain = rate(SMALL, scores, PAPER, model="m")
    capped = rate(SMALL, scores, PAPER, model="m", dispatcher=True)
    counted = rate(SMALL, scores, PAPER.variant(agents="count"), model="m", dispatcher=True)
    assert [(x.level, x.capped) for x in (plain, capped, counted)] == [(5, False), (2, True), (5, False)]
    assert capped.scores == plain.scores
    assert counted.protocol == "paper-2025 (agents counted)"
    with pytest.raises(GenlevelError, match="'other' is declared a dispatcher"):
        rate_all(SMALL, {"m": scores}, PAPER, dispatchers=["other"])


@pytest.mark.parametrize(
    ("task_id", "value", "range_shown"),
    [
        ("image.comprehension.a", 250.0, "accuracy, 0 to 100"),
        ("image.comprehension.a", -0.1, "accuracy, 0 to 100"),
        ("image.comprehension.a", math.inf, "accuracy, 0 to 100"),
        ("image.comprehension.c", -1.0, "mae, 0 to inf"),
        ("image.generation.b", -3.0, "psnr, 0 to inf"),
        ("audio.generation.a", -3.0, "wer, 0 to inf"),
    ],
)
def test_scores_out_of_range(task_id: str, value: float, range_shown: str) -> None:
    with pytest.raises(ScoreError, match=rf"m: task {task_id}: score {value:g} is outside the range of {range_shown} "):
        rate(SMALL, {task_id: value}, PAPER, model="m")


def test_other_bad_scores() -> None:
    with pytest.raises(ScoreError, match=r"m: task language\.a: NaN is no score"):
        rate(SMALL, {"language.a": math.nan}, PAPER, model="m")
    with pytest.raises(ScoreError, match=r"'90' is not a number"):
        rate(SMALL, {"language.a": "90"}, PAPER, model="m")  # type: ignore[dict-item]
    with pytest.raises(CatalogError, match=r"unknown task 'languag\.a'; did you mean language\.a"):
        rate(SMALL, {"languag.a": 1.0}, PAPER, model="m")
    renamed = Catalog("test", SMALL.tasks, "", aliases={"language.old": "language.a"})
    with pytest.raises(ScoreError, match=r"'language\.a' and 'language\.old' are the same task"):
        rate(renamed, {"language.a": 1.0, "language.old": 2.0}, PAPER, model="m")
    with pytest.raises(GenlevelError, match="unknown protocol 'paper'; there are tutorial-2024 and paper-2025"):
        get_protocol("paper")


def test_floats_a_hair_out_of_range_are_rounding() -> None:
    assert rate(SMALL, {"image.comprehension.a": 100.00000000000001}, PAPER, model="m").rows[0].sigma == 100.0


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=list(PROTOCOLS))
@pytest.mark.parametrize("edition", ["2024", "2025"])
def test_specialists_themselves(edition: str, protocol: Protocol) -> None:
    """The specialists' own scores win everywhere (where there is one above 0), so that S3 is S2."""
    whole = load(edition)
    found = rate(whole, {t.id: t.sota for t in whole}, protocol, model="specialists")
    assert found.scores["S3"] == found.scores["S2"]
    assert found.wins == sum(t.sota != 0 for t in whole)
    assert found.level == 5


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=list(PROTOCOLS))
def test_one_percent_better_ranks_above_one_percent_worse(protocol: Protocol) -> None:
    """On all 699 tasks. The official scorer ranks them the other way round at level 3."""
    whole = load("2025")

    def scaled(factor: float) -> dict[str, float]:
        values = {}
        for t in whole:
            assert t.sota is not None
            value = t.sota * factor if t.direction == "higher" else t.sota / factor
            values[t.id] = min(
                value, {"percent": 100.0, "fraction": 1.0, "raw": 5.0 if t.metric == "mos" else math.inf}[t.scale]
            )
        return values

    better, worse = (rate(whole, scaled(f), protocol, model="m") for f in (1.01, 0.99))
    for s in ("S2", "S3", "S4", "S5"):
        assert better.scores[s] > worse.scores[s]
    assert better.wins == 699
    assert (worse.wins, worse.level) == (0, 2)


score_lists = st.lists(st.one_of(st.none(), st.floats(0.0, 100.0)), min_size=len(SMALL), max_size=len(SMALL))


def as_scores(values: Sequence[float | None]) -> dict[str, float | None]:
    return dict(zip(SMALL.tasks, values, strict=True))


@settings(max_examples=150)
@given(values=score_lists)
def test_levels_nest_in_halves(values: list[float | None]) -> None:
    s = rate(SMALL, as_scores(values), PAPER, model="m").scores
    slack = 1e-9
    assert 0.0 <= s["S5"] <= s["S4"] + slack <= s["S3"] + 2 * slack <= s["S2"] + 3 * slack <= 100.0 + 4 * slack


@settings(max_examples=100)
@given(values=score_lists)
def test_levels_nest_in_pooled_but_for_s4(values: list[float | None]) -> None:
    s = rate(SMALL, as_scores(values), TUTORIAL, model="m").scores
    assert 0.0 <= s["S5"] <= s["S4"] + 1e-9
    assert s["S3"] <= s["S2"] + 1e-9


def test_pooled_s4_may_exceed_s3() -> None:
    """A strong half with few tasks weighs more in the harmonic mean of the halves than in the pooled mean."""
    uneven = catalog(
        [*(task(f"image.comprehension.{i}", sota=1.0) for i in range(9)), task("image.generation.a", sota=1.0)]
    )
    scores = {t.id: 100.0 if t.paradigm == "generation" else 50.0 for t in uneven}
    s = rate(uneven, scores, TUTORIAL, model="m").scores
    assert s["S3"] == pytest.approx(55.0)
    assert s["S4"] == pytest.approx(200 / 3)
    s = rate(uneven, scores, PAPER, model="m").scores
    assert s["S3"] == pytest.approx(75.0)


@settings(max_examples=150)
@given(values=score_lists, at=st.integers(0, len(SMALL) - 1), change=st.floats(0.0, 1.0), data=st.data())
def test_a_better_score_never_lowers_a_level(
    values: list[float | None], at: int, change: float, data: st.DataObject
) -> None:
    protocol = data.draw(st.sampled_from(list(PROTOCOLS.values())))
    before = values[at]
    higher = list(SMALL)[at].direction == "higher"
    better = list(values)
    if before is None:
        better[at] = 100.0 * change
    else:
        better[at] = before + (100.0 - before) * change if higher else before * (1.0 - change)
    a, b = (rate(SMALL, as_scores(v), protocol, model="m").scores for v in (values, better))
    assert all(b[s] >= a[s] - 1e-9 for s in a)


@settings(max_examples=50)
@given(values=score_lists, order=st.permutations(list(SMALL.tasks)))
def test_order_of_scores_does_not_matter(values: list[float | None], order: list[str]) -> None:
    scores = as_scores(values)
    assert rate(SMALL, scores, PAPER, model="m") == rate(SMALL, {i: scores[i] for i in order}, PAPER, model="m")


@settings(max_examples=50)
@given(values=score_lists, order=st.permutations(list(SMALL.tasks)))
def test_order_of_tasks_does_not_matter(values: list[float | None], order: list[str]) -> None:
    shuffled = Catalog("test", {i: SMALL.tasks[i] for i in order}, SMALL.sota_sha256)
    a, b = (rate(c, as_scores(values), PAPER, model="m") for c in (SMALL, shuffled))
    assert a.scores == pytest.approx(b.scores, abs=1e-9)
    assert (a.level, a.wins, a.supported) == (b.level, b.wins, b.supported)


@settings(max_examples=50)
@given(values=score_lists)
def test_a_missing_score_is_no_score(values: list[float | None]) -> None:
    scores = as_scores(values)
    given_only = {i: v for i, v in scores.items() if v is not None}
    assert rate(SMALL, scores, PAPER, model="m") == rate(SMALL, given_only, PAPER, model="m")


def test_many_are_as_one_by_one() -> None:
    whole = load("2025")
    random = np.random.default_rng(0)
    sota = np.array([t.sota for t in whole])
    matrix = np.minimum(
        sota * random.uniform(0.5, 1.3, (20, len(whole))),
        [
            100.0 if t.scale == "percent" else 5.0 if t.metric == "mos" else 1.0 if t.scale == "fraction" else np.inf
            for t in whole
        ],
    )
    matrix = np.maximum(matrix, [1.0 if t.metric == "mos" else 0.0 for t in whole])
    matrix[random.random(matrix.shape) < 0.3] = np.nan
    coverage = random.uniform(0.8, 1.0, matrix.shape)
    many = rate_many(whole, matrix, PAPER, coverage=coverage)
    for i, together in enumerate(many):
        scores = {
            t.id: TaskScore(t.id, "", t.metric, float(v), coverage=float(c))
            for t, v, c in zip(whole, matrix[i], coverage[i], strict=True)
            if v == v
        }
        alone = rate(whole, scores, PAPER, model=str(i))
        assert together.scores == pytest.approx(alone.scores, rel=1e-12)
        assert (together.level, together.wins, together.supported) == (alone.level, alone.wins, alone.supported)
    with pytest.raises(ScoreError, match=r"shape \(20, 698\), but should have \(20, 699\)"):
        rate_many(whole, matrix[:, 1:], PAPER)
    with pytest.raises(ScoreError, match=r"b: task image.*score -1 is outside"):
        rate_many(whole, np.vstack([matrix[0], np.full(699, -1.0)]), PAPER, models=["a", "b"])
