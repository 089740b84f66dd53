"""Reading annotation files: ids, encodings and everything that can be wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.datasets.annotations import FILE_BYTES, DuplicateId, parse, peek, read_records
from genlevel.errors import DataError, RecordError
from genlevel.records import Record

from .conftest import JSON, entry


def read(write, content, **header):
    path = write("t/annotation.json", content, **header)
    return list(read_records(path, path.parent))


def test_records_carry_header_place_and_value(write, tmp_path):
    (record,) = read(write, [entry("x7", image_file="a.png")], task="T", type="OpenQA")
    assert record.id == "x7"
    assert record.value["input"]["image_file"] == "a.png"
    assert dict(record.header) == {"task": "T", "type": "OpenQA"}
    assert record.folder == tmp_path / "data/t"
    assert record.where == f"{tmp_path / 'data/t/annotation.json'}, entry 0"


def test_ids(write):
    found = read(
        write, [entry(7), entry("7"), entry(8), {"input": {}}, entry(True), entry(""), entry(1.5), 3, entry("b")]
    )
    assert [r.id for r in found if isinstance(r, Record)] == ["7", "8", "b"]
    errors = {i: str(r) for i, r in enumerate(found) if isinstance(r, RecordError)}
    assert sorted(errors) == [1, 3, 4, 5, 6, 7]
    assert isinstance(found[1], DuplicateId)
    assert "entry 1: has the id '7' of entry 0" in errors[1]
    assert "entry 3: has no id" in errors[3]
    assert "entry 4: has the id True" in errors[4]
    assert "entry 7: an entry is an object, not int" in errors[7]


def test_same_id_in_two_files_is_no_duplicate(write):
    assert len(read(write, [entry("a")])) == len(read(write, [entry("a")])) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(write, encoding):
    text = json.dumps([entry("é")], ensure_ascii=False)
    (record,) = read(write, text.encode(encoding))
    assert record.id == "é"
    assert peek(Path(record.where.partition(",")[0])).entries is True


def test_nan_is_taken(write):
    (record,) = read(write, '[{"id": 1, "value": NaN}]')
    assert record.value["value"] != record.value["value"]


def test_half_a_surrogate_pair_becomes_a_question_mark(write):
    (record,) = read(write, r'[{"id": "a\ud800", "b": "\ud83d\ude42"}]')
    assert record.id == "a?"
    assert record.value["b"] == "🙂"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ("not json", "line 1, byte 0"),
        ('{"data": [\n{"id": "ü"},\n{"id": "b"', r"line 3, byte 35: .* \(the file ends too early"),
        ('{"data": [{"id": "bro', "too early"),
        ('{"data": {}}', "which is dict here"),
        ('{"items": []}', "which is missing here"),
        ("7", "not int"),
        ("null", "not NoneType"),
        (b"\xff\xfe\x00", "not UTF"),
        ('[{"id": "\xff"}]'.encode("latin-1"), "not UTF-8 text at byte 9"),
        ("[" * 100_000, "not JSON|nested too deeply"),
        ("[" + "9" * 5000 + "]", "not JSON that can be read|an entry"),
    ],
)
def test_files_that_cannot_be_read(write, content, words):
    with pytest.raises((DataError, RecordError), match=words) as caught:
        for record in read(write, content):
            if isinstance(record, RecordError):
                raise record
    assert "annotation.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_large_and_missing_and_folder(write, tmp_path):
    path = write("t/annotation.json", "x")
    with path.open("wb") as file:
        file.truncate(FILE_BYTES + 1)  # sparse: takes no space
    with pytest.raises(DataError, match="bytes; annotation files of at most"):
        read_records(path, path.parent)
    with pytest.raises(DataError, match="No such file"):
        read_records(tmp_path / "no.json", tmp_path)
    with pytest.raises(DataError, match="not a regular file"):
        read_records(tmp_path, tmp_path)


@given(st.lists(JSON, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_entries(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("any") / "annotation.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    found = list(read_records(path, path.parent))
    assert len(found) == len(values)
    for item, value in zip(found, values, strict=True):
        if isinstance(item, Record):
            assert isinstance(value, dict)
            assert item.id == str(value["id"])
    ids = [item.id for item in found if isinstance(item, Record)]
    assert len(set(ids)) == len(ids)


@given(JSON | st.binary(max_size=60) | st.builds(lambda d: {"task": "t", "data": d}, JSON))
@settings(max_examples=150, deadline=None)
def test_any_file(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("any") / "annotation.json"
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    seen = peek(path)
    try:
        for _ in read_records(path, path.parent):
            pass
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert seen.entries is not False or value == {"task": "t", "data": []} or isinstance(value, bytes | list)


@given(JSON, st.integers(0, 200))
@settings(max_examples=100, deadline=None)
def test_truncated_json_is_an_error_with_a_place(value, cut):
    data = json.dumps({"data": [value]}).encode()
    if cut < len(data):
        with pytest.raises(DataError, match=r"not JSON at line 1, byte|empty"):
            parse(data[:cut], Path("a.json"))


def test_peek_reads_the_header_only(write):
    entries = [entry(str(i)) for i in range(5000)]
    seen = peek(write("a.json", entries, task="T", modality={"in": ["text"]}))
    assert seen.entries is True
    assert dict(seen.header) == {"task": "T", "modality": {"in": ["text"]}}
    assert peek(write("b.json", json.dumps(entries))).entries is True
    assert peek(write("c.json", "[1, 2]")).entries is False
    assert peek(write("d.json", '{"a": 1}')).entries is False
    assert peek(write("e.json", "{}")).entries is False
    assert peek(write("f.json", json.dumps({"long": "x" * 100_000, "data": []}))).entries is None
    assert peek(write("g.json", "")).entries is None
