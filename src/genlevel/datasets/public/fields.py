"""Checked access to what a label file holds. What is not as the format has it is a ValueError in a few words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from genlevel.errors import DataError, RecordError

__all__ = ["identifier", "lines", "listed", "mapping", "number", "objects", "read_text", "text"]

_TEXT_BYTES: Final = 256 * 1024 * 1024
_SHOWN: Final = 60


def mapping(value: Any) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, Mapping):
        raise ValueError(f"is no object but {type(value).__name__}")
    return value


def text(item: Mapping[str, Any], key: str) -> str:
    """A text that is not empty."""
    value = item.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key!r} is no text: {value!r:.{_SHOWN}}")
    return value


def listed(item: Mapping[str, Any], key: str) -> list[Any]:
    """A list."""
    value = item.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key!r} is no list: {value!r:.{_SHOWN}}")
    return value


def objects(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A list of objects."""
    return [mapping(value) for value in listed(item, key)]


def number(item: Mapping[str, Any], key: str) -> float:
    """A finite number."""
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{key!r} is no finite number: {value!r:.{_SHOWN}}")
    return value


def identifier(item: Mapping[str, Any], key: str) -> str:
    """An id: a text or a whole number, as a text."""
    value = item.get(key)
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{key!r} is no text and no whole number: {value!r:.{_SHOWN}}")


def read_text(path: Path) -> str:
    """A text file in UTF-8, with or without byte order mark.

    Raises:
        DataError: it cannot be read, is too large, or no UTF-8.
    """
    try:
        if path.stat().st_size > _TEXT_BYTES:
            raise DataError(f"{path}: more than {_TEXT_BYTES} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text at byte {error.start}") from None


def lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a text file that hold something, with their numbers from 1.

    Raises:
        DataError: as :func:`read_text`.
    """
    return [(i, line.strip()) for i, line in enumerate(read_text(path).split("\n"), 1) if line.strip()]


def table(path: Path, columns: int) -> Iterator[tuple[int, list[str]] | RecordError]:
    """The rows of a text file with blanks between ``columns`` cells, the last of which may hold blanks itself."""
    for at, line in lines(path):
        cells = line.split(None, columns - 1)
        if len(cells) == columns:
            yield at, cells
        else:
            yield RecordError(f"{path}, line {at}: has {len(cells)} cells and not {columns}")
