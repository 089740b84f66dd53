"""Large JSON files one entry at a time: the file stays on disk, and one entry is decoded at once."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from genlevel.datasets.annotations import FILE_BYTES, parse
from genlevel.errors import DataError, RecordError

__all__ = ["elements", "members", "value"]

LARGE_BYTES: Final = 2 * FILE_BYTES
"""Largest file that is read entry by entry, in bytes."""
_QUOTED: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LEVELS: Final = 4
"""So many levels of brackets are passed over in one step; deeper ones take a step each."""
_STRING: Final = re.compile(_QUOTED, re.DOTALL)
_NAME: Final = re.compile(rb"\s*(" + _QUOTED + rb")\s*:\s*", re.DOTALL)
_SPACE: Final = re.compile(rb"\s*")


def _passed(levels: int) -> bytes:
    """A pattern of all that stands between two brackets, with whole pairs of brackets that hold fewer levels."""
    inner = b"" if levels == 0 else rb"|\[" + _passed(levels - 1) + rb"\]|\{" + _passed(levels - 1) + rb"\}"
    return rb'(?:[^"\[\]{}]++|' + _QUOTED + inner + rb")*+"


_PASSED: Final = re.compile(_passed(_LEVELS), re.DOTALL)
_BARE: Final = re.compile(rb'[^,\[\]{}"]*')
_ENTRY_BYTES: Final = 64 * 1024 * 1024

Item = tuple[int, Any]
"""The position of an entry and its decoded value."""


def elements(path: Path, key: str | None = None) -> Iterator[Item | RecordError]:
    """The entries of the list under ``key`` of the file's object, or of the list that the file is.

    In place of an entry that cannot be decoded comes the error that says why.

    Raises:
        DataError: the file cannot be read, is truncated, or has no such list.
    """
    with _mapped(path) as data:
        at = _start(data, path, key, b"[")
        yield from _elements(data, path, at)


def members(path: Path, key: str | None = None) -> Iterator[tuple[str, Any] | RecordError]:
    """The names and values of the object under ``key`` of the file's object, or of that object itself.

    Raises:
        DataError: the file cannot be read, is truncated, or has no such object.
    """
    with _mapped(path) as data:
        at = _start(data, path, key, b"{")
        for name, start, end in _members(data, path, at):
            try:
                yield name, _decoded(data, start, end, path)
            except DataError as error:
                yield RecordError(f"{path}, {name!r:.80}: {_without(error, path)}")


def value(path: Path, key: str) -> Any:
    """The value under one key of the file's object; None without it. For small values in large files.

    Raises:
        DataError: the file cannot be read or is no object.
    """
    with _mapped(path) as data:
        at = _start(data, path, None, b"{")
        for name, start, end in _members(data, path, at):
            if name == key:
                return _decoded(data, start, end, path)
    return None


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    try:
        if not path.is_file():
            raise DataError(f"{path}: not a regular file")
        size = path.stat().st_size
        if size == 0:
            raise DataError(f"{path}: the file is empty")
        if size > LARGE_BYTES:
            raise DataError(f"{path}: {size} bytes; files of at most {LARGE_BYTES} are read")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
                raise DataError(f"{path}: UTF-16; save it as UTF-8")
            yield data
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _start(data: mmap.mmap, path: Path, key: str | None, opening: bytes) -> int:
    """Where the entries begin, behind their bracket."""
    mark = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    at = _SPACE.match(data, mark).end()  # type: ignore[union-attr]
    if key is None:
        return _open(data, path, at, opening)
    if data[at : at + 1] != b"{":
        raise DataError(f"{path}: is no object with '{key}'")
    for name, start, _end in _members(data, path, at + 1, stop=key):
        if name == key:
            if data[start : start + 1] != opening:
                raise DataError(f"{path}: '{key}' is no {'list' if opening == b'[' else 'object'}")
            return start + 1
    raise DataError(f"{path}: has no '{key}'")


def _open(data: mmap.mmap, path: Path, at: int, opening: bytes) -> int:
    if data[at : at + 1] != opening:
        raise DataError(f"{path}: is no {'list' if opening == b'[' else 'object'}")
    return at + 1


def _elements(data: mmap.mmap, path: Path, at: int) -> Iterator[Item | RecordError]:
    position = 0
    while True:
        at = _SPACE.match(data, at).end()  # type: ignore[union-attr]
        mark = data[at : at + 1]
        if mark == b"]":
            return
        if mark == b",":
            at += 1
            continue
        end = _end(data, path, at)
        try:
            yield position, _decoded(data, at, end, path)
        except DataError as error:
            yield RecordError(f"{path}, entry {position}: {_without(error, path)}")
        position, at = position + 1, end


def _members(data: mmap.mmap, path: Path, at: int, stop: str | None = None) -> Iterator[tuple[str, int, int]]:
    """Name, start and end of each value of an object; the value of ``stop`` is not passed over, its end is its start."""
    while True:
        at = _SPACE.match(data, at).end()  # type: ignore[union-attr]
        mark = data[at : at + 1]
        if mark == b"}":
            return
        if mark == b",":
            at += 1
            continue
        match = _NAME.match(data, at)
        if match is None:
            raise DataError(_cut(data, path, at))
        name = parse(match.group(1), path)
        if name == stop:
            yield name, match.end(), match.end()
            return
        end = _end(data, path, match.end())
        yield name, match.end(), end
        at = end


def _end(data: mmap.mmap, path: Path, at: int) -> int:
    """Where the value that begins at ``at`` ends."""
    first = data[at : at + 1]
    if first not in b'[{"' or not first:
        end = _BARE.match(data, at).end()  # type: ignore[union-attr]
        if end == at:
            raise DataError(_cut(data, path, at))
        return end
    string = _STRING.match(data, at)
    if string is not None:
        return string.end()
    depth = 0
    while True:
        # Nothing to pass over before the first bracket, whose whole content is passed over next.
        at = _PASSED.match(data, at).end() if depth else at  # type: ignore[union-attr]
        mark = data[at : at + 1]
        if mark not in (b"[", b"{", b"]", b"}"):
            raise DataError(_cut(data, path, len(data) if mark == b'"' else at))
        depth += 1 if mark in b"[{" else -1
        at += 1
        if depth <= 0:
            return at


def _cut(data: mmap.mmap, path: Path, at: int) -> str:
    if at >= len(data) or not data[at:].strip():
        return f"{path}: not JSON at byte {at} (the file ends too early: is it truncated?)"
    return f"{path}: not JSON at byte {at}"


def _decoded(data: mmap.mmap, start: int, end: int, path: Path) -> Any:
    if end - start > _ENTRY_BYTES:
        raise DataError(f"{path}: an entry of {end - start} bytes; at most {_ENTRY_BYTES} are read")
    try:
        return orjson.loads(data[start:end])
    except orjson.JSONDecodeError:
        # Tolerates more, and says where it is wrong.
        return parse(data[start:end], path)


def _without(error: DataError, path: Path) -> str:
    return str(error).removeprefix(f"{path}: ")
