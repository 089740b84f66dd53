"""What all metrics share, against plain loops."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel.metrics.alignment import all_edits, edits
from genlevel.metrics.base import counted, first_best, weighted_sum

NUMBERS = st.integers(-(2**62), 2**62) | st.integers(0, 3)


@given(st.lists(NUMBERS, max_size=30))
def test_counted_is_a_counter(values: list[int]) -> None:
    kinds, times = counted(np.array(values, np.int64))
    assert list(zip(kinds.tolist(), times.tolist(), strict=True)) == sorted(Counter(values).items())


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), max_size=6))
def test_first_best_is_the_first_largest_of_each_run(runs: list[list[int]]) -> None:
    flat = np.array([float(score) for run in runs for score in run])
    found = first_best(flat, np.array(list(map(len, runs)), np.int64)).tolist()
    starts = [sum(map(len, runs[:k])) for k in range(len(runs))]
    assert found == [start + run.index(max(run)) for start, run in zip(starts, runs, strict=True)]


def test_one_weighting_is_a_row_of_many() -> None:
    rng = np.random.default_rng(0)
    for shape in ((50,), (50, 3)):
        values, weights = rng.normal(size=shape), rng.integers(0, 4, (5, 50)).astype(float)
        want = [sum(w * v for w, v in zip(row, values, strict=True)) for row in weights]
        assert weighted_sum(values, weights) == pytest.approx(np.array(want), abs=1e-12)
        assert np.array([weighted_sum(values, row) for row in weights]) == pytest.approx(np.array(want), abs=1e-12)


@given(st.lists(st.tuples(st.text("abä", max_size=9), st.text("abä", max_size=9)), max_size=6), st.integers(1, 100))
def test_edits_of_many_pairs_are_those_of_each(pairs: list[tuple[str, str]], work: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genlevel.metrics.alignment.MAX_WORK", work)
        found = all_edits([a for a, _ in pairs], [b for _, b in pairs])
        assert found.edits.tolist() == [edits(a, b) for a, b in pairs]
    assert (found.one.tolist(), found.two.tolist()) == ([len(a) for a, _ in pairs], [len(b) for _, b in pairs])
