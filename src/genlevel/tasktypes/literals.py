"""Values that models write as JSON, or nearly: single quotes, None, trailing commas, a code fence and text around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["LiteralError", "find_literals", "parse_literal"]

_DEPTH: Final = 40
_STARTS_TRIED: Final = 40
_SPACE: Final = re.compile(r"[\s]*")
_NUMBER: Final = re.compile(r"[-+]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][-+]?\d{1,6})?(?![\w.])")
_UNICODE: Final = re.compile(r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}")
_WORD: Final = re.compile(r"[A-Za-z_][\w-]{0,99}")
_FENCE: Final = re.compile(r"```[ \t]*[\w+-]{0,20}[ \t]*\r?\n?")
_WORDS: Final = {
    "true": True,
    "false": False,
    "null": None,
    "none": None,
    "nan": float("nan"),
    "infinity": float("inf"),
    "inf": float("inf"),
}
_CLOSE: Final = {"[": "]", "(": ")", "{": "}"}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class LiteralError(ValueError):
    """The text is no value."""


def parse_literal(text: str) -> Any:
    """The value that the whole text writes.

    JSON and Python literals are read: lists, tuples (as lists), objects, texts in either quotes, numbers, and the usual
    names for true, false, none and not-a-number in any case. Time is linear in the text and nothing is evaluated.

    Raises:
        LiteralError: the text is no value, goes on after it, or is nested more than 40 deep.

    >>> parse_literal("[{'label': 'bird', 'box': (1, 2, 3.5, 4),}]")
    [{'label': 'bird', 'box': [1, 2, 3.5, 4]}]
    """
    try:
        import orjson

        return orjson.loads(text)
    except (ValueError, UnicodeEncodeError):
        pass
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip()
    if reader.at != len(text):
        raise LiteralError(f"goes on after the value, at character {reader.at}")
    return value


def find_literals(text: str) -> Iterator[Any]:
    """The lists and objects in a text: in code fences from the last one back, then the whole text, then from left to right.

    Values inside values are not given again. At most 40 places are tried.
    """
    for block in reversed(fenced(text)):
        try:
            yield parse_literal(block.strip())
        except LiteralError:
            yield from _scan(block)
    try:
        yield parse_literal(text.strip())
    except LiteralError:
        yield from _scan(text)


def fenced(text: str) -> list[str]:
    """Contents of the code fences in a text, in order; one that is never closed runs to the end."""
    if "```" not in text:
        return []
    blocks: list[str] = []
    at = 0
    while len(blocks) < _STARTS_TRIED:
        start = _FENCE.search(text, at)
        if start is None:
            break
        end = text.find("```", start.end())
        blocks.append(text[start.end() : end if end >= 0 else len(text)])
        if end < 0:
            break
        at = end + 3
    return blocks


def _scan(text: str) -> Iterator[Any]:
    at = 0
    for _ in range(_STARTS_TRIED):
        start = min((i for i in (text.find("[", at), text.find("{", at)) if i >= 0), default=-1)
        if start < 0:
            return
        reader = _Reader(text, start)
        try:
            value = reader.value(0)
        except LiteralError:
            at = start + 1
        else:
            yield value
            at = reader.at


class _Reader:
    """A recursive-descent reader that stops at a fixed depth."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def skip(self) -> str:
        """Go to the next character that is no white space; '' at the end."""
        match = _SPACE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        if depth > _DEPTH:
            raise LiteralError(f"nested more than {_DEPTH} deep")
        first = self.skip()
        if first == "{":
            return self.mapping(depth)
        if first in ("[", "("):
            return self.sequence(_CLOSE[first], depth)
        if first in ('"', "'"):
            return self.string(first)
        return self.scalar()

    def sequence(self, close: str, depth: int) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        while True:
            if self.skip() == close:
                self.at += 1
                return items
            items.append(self.value(depth + 1))
            self.separator(close)

    def mapping(self, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        self.at += 1
        while True:
            if self.skip() == "}":
                self.at += 1
                return items
            key = self.value(depth + 1)
            if isinstance(key, (list, dict)) or self.skip() != ":":
                raise LiteralError(f"no 'key: value' at character {self.at}")
            self.at += 1
            items[key if isinstance(key, str) else str(key)] = self.value(depth + 1)
            self.separator("}")

    def separator(self, close: str) -> None:
        character = self.skip()
        if character == ",":
            self.at += 1
        elif character != close:
            raise LiteralError(f"no comma or '{close}' at character {self.at}")

    def string(self, quote: str) -> str:
        pieces: list[str] = []
        stop = re.compile(r"[\\" + quote + "]")
        start = self.at + 1
        while True:
            match = stop.search(self.text, start)
            if match is None:
                raise LiteralError(f"the text that starts at character {self.at} does not end")
            pieces.append(self.text[start : match.start()])
            if match.group() == quote:
                self.at = match.end()
                return "".join(pieces)
            piece, start = self.escape(match.end())
            pieces.append(piece)

    def escape(self, at: int) -> tuple[str, int]:
        """The character after a backslash and where the text goes on."""
        code = _UNICODE.match(self.text, at)
        if code is not None:
            # Two halves make one character; half a character is none.
            halves = [int(half, 16) for half in code.group().replace("\\", "").split("u")[1:]]
            units = b"".join(half.to_bytes(2, "little") for half in halves)
            return units.decode("utf-16-le", "replace"), code.end()
        letter = self.text[at : at + 1]
        return _ESCAPES.get(letter, letter), at + 1

    def scalar(self) -> Any:
        match = _NUMBER.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
            number = match.group()
            return int(number) if number.lstrip("+-").isdigit() else float(number)
        word = _WORD.match(self.text, self.at)
        if word is None or word.group().lower() not in _WORDS:
            raise LiteralError(f"no value at character {self.at}")
        self.at = word.end()
        return _WORDS[word.group().lower()]
