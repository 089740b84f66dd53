"""Evidence: rows that can be taken, joined and stored without changing a number."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel.metrics.evidence import Evidence, Ragged

rows_of_ints = st.lists(st.lists(st.integers(-9, 9), max_size=4), min_size=1, max_size=8)


def table(rows: list[list[int]]) -> Evidence:
    return Evidence(
        total=np.array([sum(r) for r in rows]), items=Ragged.from_rows([np.array(r) for r in rows], dtype=np.int64)
    )


def as_lists(evidence: Evidence) -> list[list[int]]:
    ragged = evidence.ragged("items")
    return [ragged[i].tolist() for i in range(len(evidence))]


@given(rows_of_ints)
def test_ragged_rows_come_back(rows: list[list[int]]) -> None:
    evidence = table(rows)
    assert as_lists(evidence) == rows
    assert evidence.ragged("items").row_of.tolist() == [i for i, r in enumerate(rows) for _ in r]


@given(rows_of_ints, st.data())
def test_take_gives_those_rows_in_that_order(rows: list[list[int]], data: st.DataObject) -> None:
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=10))
    assert as_lists(table(rows).take(np.array(picked, dtype=np.int64))) == [rows[i] for i in picked]


@given(rows_of_ints, st.integers(0, 8))
def test_concat_of_shards_is_the_whole(rows: list[list[int]], cut: int) -> None:
    shards = [table(part) for part in (rows[:cut], rows[cut:]) if part]
    joined = Evidence.concat(shards)
    assert as_lists(joined) == rows
    assert joined["total"].tolist() == [sum(r) for r in rows]


@given(rows_of_ints)
def test_stored_and_read_back(rows: list[list[int]]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **table(rows).to_arrays())
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as archive:
        assert as_lists(Evidence.from_arrays({k: archive[k] for k in archive.files})) == rows


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Evidence(a=np.zeros(2), b=np.zeros(3))
