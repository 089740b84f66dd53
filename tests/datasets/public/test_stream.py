"""Large JSON files entry by entry: the same values as a whole reading gives, in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel.datasets.public.stream import elements, members, value
from genlevel.errors import DataError, RecordError

# Whole numbers beyond 64 bits are read as floats.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)
SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def same(a: object, b: object) -> bool:
    """Equal, where not a number equals itself."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


@SETTINGS
@given(entries=st.lists(JSON, max_size=6), beside=JSON, indent=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_elements_are_those_of_the_whole_file(
    tmp_path: Path, entries: list, beside: object, indent: int | None, ascii_only: bool
):
    path = tmp_path / "a.json"
    document = {'a "quoted\\" [{': beside, "entries": entries, "after": beside}
    path.write_text(
        json.dumps(document, indent=indent, ensure_ascii=ascii_only), encoding="utf-8", errors="surrogatepass"
    )
    expected = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # half a character: no UTF-8
    found = list(elements(path, "entries"))
    assert [at for at, _ in found] == list(range(len(entries)))
    assert same([_plain(v) for _, v in found], [_plain(v) for v in expected["entries"]])
    assert same(_plain(value(path, "after")), _plain(expected["after"])) and value(path, "none") is None
    path.write_text(json.dumps(entries, indent=indent), encoding="utf-8")
    assert len(list(elements(path))) == len(entries)


def _plain(thing: object) -> object:
    # Half characters become "?" in what is read.
    return json.loads(json.dumps(thing, ensure_ascii=False).encode("utf-8", "replace"))


@SETTINGS
@given(st.dictionaries(st.text(max_size=6), JSON, max_size=6))
def test_members_are_those_of_the_whole_file(tmp_path: Path, document: dict):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"in": document}), encoding="utf-8")
    assert same([_plain(v) for _, v in members(path, "in")], [_plain(v) for v in document.values()])
    path.write_text("\ufeff" + json.dumps(document), encoding="utf-8")
    assert len(list(members(path))) == len(document)


@SETTINGS
@given(st.binary(max_size=60))
def test_any_bytes_give_values_or_one_line(tmp_path: Path, data: bytes):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    for read in (lambda: list(elements(path)), lambda: list(members(path)), lambda: list(elements(path, "a"))):
        try:
            read()
        except DataError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ('{"a": [1, 2', "truncated"),
        ('{"a": [{"b": "c', "truncated"),
        ('{"b": []}', "has no 'a'"),
        ('{"a": {}}', "'a' is no list"),
        ("[]", "is no object with 'a'"),
        ('{"a": [}]}', "not JSON at byte 7"),
        ('{"a": []', None),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str | None):
    path = tmp_path / "x.json"
    path.write_text(text)
    if message is None:
        # What was asked for is whole; what follows is not looked at.
        assert list(elements(path, "a")) == []
        return
    with pytest.raises(DataError, match=message):
        list(elements(path, "a"))


def test_a_broken_entry_is_an_error_and_the_next_goes_on(tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_text('[{"a": 1}, {"a": nope}, {"a": 2}]')
    first, second, third = elements(path)
    assert first == (0, {"a": 1}) and isinstance(second, RecordError) and third == (2, {"a": 2})
    assert str(second).startswith(f"{path}, entry 1: not JSON")


READ = """
import resource, sys
from pathlib import Path
from genlevel.datasets.public.stream import elements
list(zip(range(1), elements(Path(sys.argv[1]), "data")))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(1 for _ in elements(Path(sys.argv[2]), "data"))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts otherwise elsewhere")
def test_memory_stays_below_the_files_size(tmp_path: Path):
    entry = {"id": 1, "box": [1.5, 2.5, 3.5, 4.5], "names": ["a", "b"], "more": {"x": 1, "y": 2}}
    small, large = tmp_path / "small.json", tmp_path / "large.json"
    small.write_text(json.dumps({"data": [entry]}))
    count = 100_000
    with large.open("w") as file:
        file.write('{"data": [' + ", ".join([json.dumps(entry)] * count) + "]}")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(small), str(large)], capture_output=True, text=True, check=True
    )
    read, grown = map(int, done.stdout.split())
    # Decoded whole these are some 100 MB; the pages of the file itself (9 MB) may count, and little more.
    assert read == count and grown * 1024 < 1.5 * large.stat().st_size
