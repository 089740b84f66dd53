"""Readers of text: files give raw entries, a maker turns each into the records of a task type.

A raw entry is a mapping with the same keys wherever it comes from (a publisher's file or a copy in Parquet), so that one maker
serves both. Most entries give one sample; a story with questions gives as many as it has questions.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.annotations import parse
from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.folder import Folder
from genlevel.errors import DataError, GenlevelError, RecordError

__all__ = ["Made", "Maker", "Raw", "TextSet", "below", "cells", "json_lines", "made_items", "whole_text"]

Made = tuple[str, Mapping[str, Any]]
"""What is put behind the entry's id ('' for an entry with one sample), and the record's value."""
Maker = Callable[[Mapping[str, Any]], Iterable[Made]]
Raw = tuple[str, str, Mapping[str, Any]]
"""Where an entry stands, its id, and what it holds."""

_LINE_BYTES: Final = 64 << 20
_FIELD_CHARS: Final = 16 << 20
_TEXT_BYTES: Final = 64 << 20
_FILES: Final = 200_000
_DEPTH: Final = 12


@dataclass(frozen=True)
class TextSet(Reader):
    """A dataset of texts: which files it needs, what reads them, what makes samples.

    ``wanted`` are the label files, each with the paths under which it may be found.
    """

    layout: str
    wanted: tuple[tuple[str, ...], ...]
    raws: Callable[[tuple[Path, ...]], Iterator[Raw | RecordError]]
    maker: Maker

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The label files."""
        return tuple(need(folder, *paths) for paths in self.wanted)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """The samples of each entry in turn."""
        for raw in self.raws(labels):
            if isinstance(raw, RecordError):
                yield raw
            else:
                yield from made_items(raw, self.maker)


def made_items(raw: Raw, maker: Maker) -> Iterator[Item]:
    """A raw entry's samples; one that fails, where it cannot be made."""
    place, key, content = raw
    try:
        made = list(maker(content))
    except (GenlevelError, ValueError, TypeError, KeyError, RecursionError) as error:
        failure: Exception = error
    except (AttributeError, IndexError):
        failure = ValueError("is not as the format has it")
    else:
        for suffix, value in made:
            yield f"{place}{f', {suffix}' if suffix else ''}", _given(f"{key}-{suffix}" if suffix else key, value)
        return
    yield place, _failing(failure)


def _given(key: str, value: Mapping[str, Any]) -> Callable[[], Entry]:
    return lambda: (key, value)


def _failing(error: Exception) -> Callable[[], Entry]:
    def fail() -> Entry:
        raise error

    return fail


def whole_text(path: Path, encoding: str = "utf-8-sig") -> str:
    """A text file whose lines all end alike, in a line feed.

    Raises:
        DataError: it cannot be read, is too large, or is not in this encoding.
    """
    try:
        if not path.is_file() or path.stat().st_size > _TEXT_BYTES:
            raise DataError(f"{path}: no text file of at most {_TEXT_BYTES} bytes")
        return path.read_bytes().decode(encoding).replace("\r\n", "\n")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not {encoding.removesuffix('-sig').upper()} text at byte {error.start}") from None


def json_lines(path: Path) -> Iterator[tuple[int, Any] | RecordError]:
    """The values of a file with one JSON value a line, with the lines' numbers from 1.

    Raises:
        DataError: it cannot be read, or a line is too long.
    """
    try:
        with path.open("rb") as file:
            at = 0
            while line := file.readline(_LINE_BYTES + 1):
                at += 1
                if len(line) > _LINE_BYTES:
                    raise DataError(f"{path}: line {at} is longer than {_LINE_BYTES} bytes")
                if not line.strip():
                    continue
                try:
                    yield at, parse(line, path)
                except DataError as error:
                    yield RecordError(f"{path}, line {at}: {str(error).removeprefix(f'{path}: ')}")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def cells(path: Path, delimiter: str = ",", *, quoted: bool = True) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the lines on which they end, from 1.

    Raises:
        DataError: it cannot be read or is no such table.
    """
    csv.field_size_limit(_FIELD_CHARS)
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
            for row in reader:
                if row:
                    yield reader.line_num, row
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (a byte {error.object[error.start]:#04x})") from None
    except csv.Error as error:
        raise DataError(f"{path}: no table at line {reader.line_num} ({error})") from None


def below(folder: Folder, start: str, *ends: str) -> tuple[Path, ...]:
    """The files in ``start`` and the folders below whose names have one of the ends, in order of their paths."""
    found: list[str] = []
    waiting = [(start, 0)]
    while waiting:
        here, depth = waiting.pop()
        found += folder.files(here, ends)
        if len(found) > _FILES:
            raise DataError(f"holds more than {_FILES} files")
        if depth < _DEPTH:
            waiting += [(inner, depth + 1) for inner in folder.folders(here)]
    return tuple(folder.path / path for path in sorted(found))
