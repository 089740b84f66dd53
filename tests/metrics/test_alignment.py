"""Edit distances and common subsequences: the plain recurrence where they are exact, and what parts of long texts may give."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.metrics import alignment

letters = st.lists(st.sampled_from("abc"), max_size=12)


def table(one: list[str], two: list[str]) -> tuple[int, int]:
    """Edit distance and longest common subsequence by the textbook's tables."""
    edits = [[i + j if i * j == 0 else 0 for j in range(len(two) + 1)] for i in range(len(one) + 1)]
    common = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one, 1):
        for j, b in enumerate(two, 1):
            edits[i][j] = min(edits[i - 1][j] + 1, edits[i][j - 1] + 1, edits[i - 1][j - 1] + (a != b))
            common[i][j] = common[i - 1][j - 1] + 1 if a == b else max(common[i - 1][j], common[i][j - 1])
    return edits[-1][-1], common[-1][-1]


@given(letters, letters)
def test_short_sequences_are_exact(one: list[str], two: list[str]) -> None:
    assert (alignment.edits(one, two), alignment.common(one, two)) == table(one, two)


@given(letters, letters, st.integers(1, 40))
def test_parts_never_flatter(one: list[str], two: list[str], work: int) -> None:
    edits, common = table(one, two)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "MAX_WORK", work)
        assert edits <= alignment.edits(one, two) <= max(len(one), len(two))
        assert alignment.common(one, two) <= common
        assert alignment.edits(one, one) == 0
        assert alignment.common(one, one) == len(one)


@pytest.mark.parametrize("name", ["wer", "cer", "anls", "rouge_l", "rouge_l_coco"])
def test_texts_of_a_megabyte_are_compared_and_equal_ones_are_equal(name: str) -> None:
    rng = random.Random(0)
    words = [f"w{i % 90}x" for i in range(90)]
    long = " ".join(rng.choices(words, k=120_000))
    metric = metrics.get(name, **({"tokenizer": "space"} if name == "rouge_l_coco" else {}))
    other = " ".join(rng.choices(words, k=120_000))
    same, apart = (float(metric.reduce(metric.measure([answer], [long]))) for answer in (long, other))
    assert same == (1.0 if metric.direction == "higher" else 0.0)
    assert apart < 0.9 if metric.direction == "higher" else apart > 0.3


def test_the_long_way_of_rouge_l_is_the_scorers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["the cats were running over nicely sitting dogs", "a b c", "", "flies"]
    golds = [["a cat ran over the sitting dog", "cats running"], ["c b a"], ["x"], ["fly"]]
    for options in ({}, {"stemmer": False}, {"statistic": "recall"}):
        plain = metrics.compute("rouge_l", answers, golds, **options)
        with monkeypatch.context() as patch:
            patch.setattr("genlevel.metrics.rouge._LONG", -1)
            assert metrics.compute("rouge_l", answers, golds, **options) == pytest.approx(plain, rel=1e-12)
