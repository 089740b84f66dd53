"""The first entries of a file are those that reading all of it gives, and of a large file only the beginning is read."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel.datasets import annotations, first
from genlevel.errors import DataError, RecordError

TEXT = st.text(max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries({"id": st.integers(0, 4) | TEXT, "input": VALUE}) | VALUE
HEADER = st.dictionaries(st.sampled_from(["task", "others", "type"]), VALUE)


def plain(found: Any) -> list[Any]:
    return [str(r) if isinstance(r, RecordError) else (r.id, repr(r.value), repr(r.header), r.where) for r in found]


@given(
    header=HEADER,
    entries=st.lists(ENTRY, max_size=6),
    after=HEADER,
    bare=st.booleans(),
    count=st.integers(1, 7),
    indent=st.sampled_from([None, 1, "\t"]),
    ascii_only=st.booleans(),
    cut=st.integers(20, 400),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_as_reading_all(
    tmp_path: Path,
    header: Any,
    entries: Any,
    after: Any,
    bare: bool,
    count: int,
    indent: Any,
    ascii_only: bool,
    cut: int,
) -> None:
    # What follows the entries is a part of the header too, unless it is itself a list of objects, which looks like entries.
    after = {key: value for key, value in after.items() if key not in header and not isinstance(value, list)}
    value = entries if bare else {**header, "data": entries, **after}
    path = tmp_path / "annotation.json"
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first, "_WHOLE", 0)
        patch.setattr(first, "_HEAD", cut)
        try:
            expected = plain(islice(annotations.read_records(path, tmp_path), count))
        except DataError as error:
            with pytest.raises(DataError) as raised:
                first.first_records(path, tmp_path, count)
            assert str(raised.value) == str(error)
            return
        assert plain(first.first_records(path, tmp_path, count)) == expected


def test_of_a_large_file_the_beginning_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "annotation.json"
    entries = [{"id": i, "input": "é" * 400} for i in range(6000)]
    path.write_text(json.dumps({"task": "t", "data": entries}, ensure_ascii=False), encoding="utf-8")
    assert path.stat().st_size > first._WHOLE

    def never(*_: Any) -> Any:
        raise AssertionError("the whole file was read")

    monkeypatch.setattr(first, "load", never)
    found = list(first.first_records(path, tmp_path, 20))
    assert [r.id for r in found if not isinstance(r, RecordError)] == [str(i) for i in range(20)]
