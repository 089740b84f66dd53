"""The array count of shared n-grams against counting one sample at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.metrics import ngrams
from genlevel.metrics.bleu import count_all, counts

TOKENS = st.lists(st.sampled_from("abc"), max_size=7)
ROWS = st.lists(st.tuples(TOKENS, st.lists(TOKENS, min_size=1, max_size=3)), max_size=6)


def one_by_one(rows: list, order: int) -> np.ndarray:
    each = [counts(answer, golds, order) for answer, golds in rows]
    return np.array([[*c.matches, *c.totals, c.given, c.expected] for c in each], np.int32).reshape(
        len(rows), 2 * order + 2
    )


@settings(max_examples=400, deadline=None)
@given(ROWS, st.integers(1, 4))
def test_all_at_once_is_one_by_one(rows: list, order: int) -> None:
    assert np.array_equal(count_all(rows, order), one_by_one(rows, order))


@pytest.mark.parametrize("limit", ["_LARGEST_KEY", "_BLOCK"])
def test_long_texts_and_many_blocks(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(ngrams, limit, 50)
    rng = np.random.default_rng(0)
    rows = [
        ([*"abcde"[: rng.integers(1, 6)]] * 4, [list(rng.choice(list("abcdefg"), 20)) for _ in range(2)])
        for _ in range(30)
    ]
    assert np.array_equal(count_all(rows, 4), one_by_one(rows, 4))


def test_a_vocabulary_that_does_not_fit_one_integer() -> None:
    rng = np.random.default_rng(1)
    words = [str(i) for i in range(60_000)]
    rows = [(words, [[*words[30_000:], *words[:100]], list(rng.permutation(words))]), (["a"], [["a"]])]
    assert np.array_equal(count_all(rows, 4), one_by_one(rows, 4))
