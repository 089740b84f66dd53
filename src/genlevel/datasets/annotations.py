"""Annotation files: a JSON object with a header and ``data``, or a bare list of entries."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from genlevel.errors import DataError, RecordError
from genlevel.records import Record

FILE_BYTES: Final = 1 << 30
"""Largest annotation file that is read, in bytes."""
_PEEK_BYTES: Final = 64 * 1024
_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Peek:
    """What the first bytes of a JSON file tell: whether entries start there, and the header before them.

    ``entries`` is True if a list of entries was seen, False if it is something else, and None if the first bytes do not say.
    ``start`` is where that list begins in the text; -1 where none was seen.
    """

    entries: bool | None
    header: Mapping[str, Any]
    start: int = -1


def read_records(path: Path, folder: Path) -> Iterator[Record | RecordError]:
    """The entries of an annotation file in file order; in place of one that cannot be used, the error that says why.

    An id is a string or a whole number and becomes a string; of several entries with one id the first is taken.

    Raises:
        DataError: at once, if the file cannot be read, is no JSON, or holds no list of entries.
    """
    header, entries = load(path)
    return records_of(path, folder, header, entries)


def records_of(
    path: Path, folder: Path, header: Mapping[str, Any], entries: list[Any]
) -> Iterator[Record | RecordError]:
    """Header and entries of an annotation file as records."""
    seen: dict[str, int] = {}
    start = f"{path}, entry "
    for i, entry in enumerate(entries):
        # Entries are let go as they are used; a file can hold hundreds of megabytes.
        entries[i] = None
        where = start + str(i)
        if not isinstance(entry, dict):
            yield RecordError(f"{where}: an entry is an object, not {type(entry).__name__}")
            continue
        identifier = _identifier(entry.get("id"))
        if identifier is None:
            what = "has no id" if entry.get("id") is None else f"has the id {entry['id']!r:.100}"
            yield RecordError(f"{where}: {what}; an id is a text or a whole number")
        elif identifier in seen:
            yield DuplicateId(
                f"{where}: has the id {identifier!r:.100} of entry {seen[identifier]}; ids must be unique"
            )
        else:
            seen[identifier] = i
            yield Record(identifier, entry, folder, where, header)


class DuplicateId(RecordError):
    """An entry has the id of an earlier one."""


def _identifier(value: Any) -> str | None:
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def load(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """Header and entries of an annotation file.

    Raises:
        DataError: naming the file, and the line and byte where it stops being JSON.
    """
    value = parse(_bytes(path), path)
    if isinstance(value, list):
        return {}, value
    if isinstance(value, dict):
        entries = value.pop("data", None)
        if isinstance(entries, list):
            return value, entries
        what = "is missing" if entries is None else f"is {type(entries).__name__}"
        raise DataError(f"{path}: an annotation file is an object with the list 'data', which {what} here")
    raise DataError(f"{path}: an annotation file is an object with 'data' or a list, not {type(value).__name__}")


def parse(data: bytes, path: Path) -> Any:
    """Decoded JSON in UTF-8 (with or without byte order mark) or marked UTF-16; NaN and Infinity are taken."""
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    data = data[mark:]
    if not data.strip():
        raise DataError(f"{path}: the file is empty")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        text = data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8")
        return _whole_letters(json.loads(text), text)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not {error.encoding.upper()} text at byte {mark + error.start}") from None
    except json.JSONDecodeError as error:
        byte = mark + len(text[: error.pos].encode("utf-8", "surrogatepass"))
        end = " (the file ends too early: is it truncated?)" if _truncated(text, error) else ""
        raise DataError(f"{path}: not JSON at line {error.lineno}, byte {byte}: {error.msg}{end}") from None
    except RecursionError:
        raise DataError(f"{path}: the JSON is nested too deeply") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise DataError(f"{path}: not JSON that can be read: {error}") from None


def _whole_letters(value: Any, text: str) -> Any:
    """The value with escaped halves of surrogate pairs replaced by '?': no file could ever hold an answer to them."""
    if "\\ud" not in text and "\\uD" not in text:
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _truncated(text: str, error: json.JSONDecodeError) -> bool:
    return error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path}: not a regular file")
        if status.st_size > FILE_BYTES:
            raise DataError(f"{path}: {status.st_size} bytes; annotation files of at most {FILE_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def peek(path: Path) -> Peek:
    """What a JSON file is, from its first 64 KiB. Never fails: a file that cannot be read tells nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(_PEEK_BYTES) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
    except OSError:
        return Peek(None, {})
    data = data.removeprefix(b"\xef\xbb\xbf")
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    return peek_text(data.decode(encoding, "replace"))


def peek_text(text: str) -> Peek:
    """What a JSON file is, from the beginning of its text."""
    at = _skip(text, 0)
    if text[at : at + 1] == "[":
        following = text[_skip(text, at + 1) :][:1]
        return Peek(following in {"{", "]"} if following else None, {}, at)
    if text[at : at + 1] != "{":
        return Peek(False if text[at:] else None, {})
    header: dict[str, Any] = {}
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return Peek(False, header)
    try:
        while text[at : at + 1] == '"':
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ":":
                break
            at = _skip(text, at + 1)
            if key == "data":
                return Peek(text[at : at + 1] == "[" if text[at:] else None, header, at)
            header[key], at = _DECODER.raw_decode(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ",":
                # The object ended (or broke) before any data.
                return Peek(False if text[at : at + 1] == "}" else None, header)
            at = _skip(text, at + 1)
    except (ValueError, RecursionError):
        pass
    return Peek(None, header)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
