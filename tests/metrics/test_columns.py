"""Small answers read all at once count as they do one by one; large arrays are covered piece by piece."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.metrics.columns import PIECE, pieces, plain_lists, plain_numbers, plain_rows

NUMBERS = st.one_of(
    st.none(), st.integers(-(10**30), 10**30), st.floats(), st.booleans(), st.just("3"), st.just([1.0]), st.just("x")
)


@given(st.lists(NUMBERS, max_size=6))
def test_plain_numbers_are_numbers_alone(things: list[Any]) -> None:
    column = plain_numbers(things)
    if all(type(thing) in (int, float, type(None)) for thing in things):
        assert column is not None
        want = [np.nan if thing is None else float(thing) for thing in things]
        assert np.array_equal(column, np.array(want, np.float64), equal_nan=True)
    elif not all(isinstance(thing, (int, float)) for thing in things):
        assert column is None


def test_arrays_and_their_items_are_plain_numbers() -> None:
    for things in (np.arange(3), list(np.arange(3.0, dtype=np.float32)), [np.int8(0), 1.0, 2]):
        assert np.array_equal(plain_numbers(things), [0.0, 1.0, 2.0])
    for things in (np.zeros((3, 2)), np.array(["1"]), [np.complex64(1)], [np.zeros(2)] * 2):
        assert plain_numbers(things) is None
    assert np.array_equal(plain_rows(np.zeros((3, 2), int), 2), np.zeros((3, 2)))
    assert plain_rows(np.zeros((3, 2)), 3) is None


@given(st.lists(st.one_of(st.none(), st.lists(NUMBERS, max_size=3), st.just("ab")), max_size=5))
def test_plain_rows_are_lists_of_that_width_alone(things: list[Any]) -> None:
    rows = plain_rows(things, 2)
    if all(thing is None or (len(thing) == 2 and not isinstance(thing, str)) for thing in things):
        if any([1.0] in (thing or ()) or "x" in (thing or ()) for thing in things):
            assert rows is None
            return
        assert rows is not None
        want = [[np.nan if x is None else float(x) for x in thing or (None, None)] for thing in things]
        assert np.array_equal(rows, np.array(want, np.float64).reshape(-1, 2), equal_nan=True)
    else:
        assert rows is None


@given(st.lists(st.one_of(st.none(), st.lists(NUMBERS, max_size=3), st.just("ab")), max_size=5))
def test_plain_lists_are_lists_of_numbers_alone(things: list[Any]) -> None:
    lists = plain_lists(things)
    if "ab" in things or any([1.0] in (thing or ()) or "x" in (thing or ()) for thing in things):
        assert lists is None
        return
    assert lists is not None
    for row, thing in enumerate(things):
        want = [np.nan if x is None else float(x) for x in thing or ()]
        assert np.array_equal(lists[row], np.array(want, np.float64), equal_nan=True)


@pytest.mark.parametrize("items", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
def test_pieces_cover_all(items: int) -> None:
    assert [i for piece in pieces(items) for i in range(items)[piece]] == list(range(items))


FORMS: dict[str, tuple[list[Any], list[Any], Any, Any]] = {
    # Answers, references, and an answer and a reference of another form.
    "mae": ([1.5, None, 7, float("nan"), 1e300], [2.0, 3, 7, 1.0, 4.0], [1.0, 2.0], [1.0, 4.0]),
    "pcc": ([1.5, None, 7, float("nan"), 1e300], [2.0, 3, 7, 1.0, 4.0], [1.0], [1.0]),
    "gpt_score": ([1.5, None, 7, 0, 10.0], ["x"] * 5, np.float32(3), "x"),
    "mos": ([[1.1] * 9, None, [2, 3], (4.7, 1.3, 2.9), [5]], [None] * 5, np.full(9, 1.1), None),
    "temporal_iou": ([[0, 2.1], None, [3, 1], [0.3, 7], ["1", 2]], [[0.3, 3]] * 5, [[0, 1], [0, 2]], [[0, 2], [1, 2]]),
    "temporal_recall": ([[0, 2.1], None, [3, 1], [0.3, 7], [1, None]], [[0.3, 3]] * 5, [[0, 1]], [[0, 2], [1, 2]]),
    "grounding_accuracy": (
        [[0, 0, 9.7, 10.1], None, [0, 0, -1, 3], [2, 2, 8, 8.5], (1, 1, "9", 9)],
        [[0, 0, 10, 10]] * 5,
        {"box": [1, 1, 5, 5]},
        {"box": [0, 0, 5, 5]},
    ),
    "m_viou": (
        [[[0, 0, 9.7, 10.1]] * 3, None, [[0, 0, -1, 3]], [[2, 2, 8, 8.5], [0, 1, 7, 9]], [[1, 1, "9", 9]]],
        [[[0, 0, 10, 10]] * 2] * 5,
        {"4": {"bbox": [1, 1, 5, 5]}},
        {4: [0, 0, 5, 5]},
    ),
    "success_auc": (
        [[[0, 0, 9.7, 10.1]] * 3, None, [[0, 0, -1, 3]], [[2, 2, 8, 8.5], [0, 1, 7, 9]], [[1, 1, "9", 9]]],
        [[[0, 0, 10, 10]] * 2] * 5,
        np.ones((9000, 4)),
        np.ones((9000, 4)),
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_sample_of_another_form_changes_no_digit_of_the_others(name: str) -> None:
    answers, references, odd, other = FORMS[name]
    metric = metrics.get(name)
    alike = metric.measure(answers, references)
    mixed = metric.measure([*answers, odd], [*references, other])
    for column, values in alike.columns.items():
        assert np.array_equal(values, mixed[column][:5]), column
        for row in range(5):
            alone = metric.measure(answers[row : row + 1], references[row : row + 1])
            assert np.array_equal(alone[column], values[row : row + 1]), column
