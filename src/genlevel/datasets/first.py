"""The first entries of an annotation file: enough to see what it holds. Of a large file only the beginning is read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from genlevel.datasets.annotations import load, peek_text, records_of
from genlevel.errors import RecordError
from genlevel.records import Record

__all__ = ["first_records"]

_WHOLE: Final = 4 * 2**20
_HEAD, _TAIL = 2**20, 4096
_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_ENDS: Final = re.compile(rb"\}\s*\]\s*\}?\s*\Z")
"""An entry and the list of entries end the file: what is known of all entries was before them."""


def first_records(path: Path, folder: Path, count: int) -> Iterator[Record | RecordError]:
    """As the first ``count`` of :func:`genlevel.datasets.annotations.read_records`.

    What is wrong further on in a large file is not seen.

    Raises:
        DataError: at once, if the file cannot be read, is no JSON, or holds no list of entries.
    """
    header, entries = _beginning(path, count) or load(path)
    return islice(records_of(path, folder, header, entries), count)


def _beginning(path: Path, count: int) -> tuple[dict[str, Any], list[Any]] | None:
    """Header and first entries; None where only reading the whole file would tell."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= _WHOLE:
                return None
            head = file.read(_HEAD)
            file.seek(max(0, size - _TAIL))
            tail = file.read(_TAIL)
    except (OSError, ValueError):
        return None
    text = _text(head.removeprefix(b"\xef\xbb\xbf"))
    seen = peek_text(text)
    if not seen.entries or seen.start < 0 or not _ENDS.search(tail):
        return None
    entries = _entries(text, seen.start + 1, count)
    return None if entries is None else (dict(seen.header), entries)


def _text(data: bytes) -> str:
    """UTF-8 without a last letter that is cut in two; '' for what is no UTF-8."""
    for cut in range(4):
        try:
            return data[: len(data) - cut].decode()
        except UnicodeDecodeError:
            continue
    return ""


def _entries(text: str, at: int, count: int) -> list[Any] | None:
    """The entries from a place in the text on; None if it ends before so many, or is no JSON."""
    entries: list[Any] = []
    try:
        while len(entries) < count:
            value, at = _DECODER.raw_decode(text, _skip(text, at))
            entries.append(value)
            at = _skip(text, at)
            if text[at : at + 1] != ",":
                return None  # a file of few and large entries
            at += 1
        orjson.dumps(entries)  # which refuses what no file of answers could hold
    except (ValueError, TypeError, RecursionError):
        return None
    return entries


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
