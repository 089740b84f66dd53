"""Python code without its comments and docstrings, as CodeBLEU compares it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

_TAB = 8
_PREFIX = r"(?:[bB][rR]?|[rR][bBfF]?|[fF][rR]?|[uU])?"
_BLANK = re.compile(r"[ \f\t]*")
_CONTINUES = re.compile(r"\\\r?\n")
_LINE_END = re.compile(r"\r?\n")
_COMMENT = re.compile(r"#[^\r\n]*")
_TRIPLE = re.compile(_PREFIX + r"('''|\"\"\")")
_OPENS = re.compile(_PREFIX + r"""(['"])""")
# Words and signs with the spaces between them, which stay; a bracket; the one sign with an exclamation mark.
_PLAIN = re.compile(r"[-\w+*/%&|^~<>,:;.=@]+(?: +[-\w+*/%&|^~<>,:;.=@]+)*|[()\[\]{}]|!=")
# A text on one line, to its quote or to the backslash that ends the line.
_SINGLE = {
    "'": re.compile(r"[^\n'\\]*(?:\\.[^\n'\\]*)*('|\\\r?\n)"),
    '"': re.compile(r'[^\n"\\]*(?:\\.[^\n"\\]*)*("|\\\r?\n)'),
}
# What is left of a text that began on a line before.
_REST = {
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*'"),
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"'),
    "'''": re.compile(r"[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"),
    '"""': re.compile(r'[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'),
}

_Kind = Literal["comment", "text", "indent", "newline", "other"]


class _Token(NamedTuple):
    kind: _Kind
    text: str
    start: tuple[int, int]
    """Line from 1, column from 0."""
    end: tuple[int, int]


class _Unreadable(Exception):
    """The code ends inside brackets or a text, or goes back to an indentation that no line before it has."""


def without_comments(code: str) -> str:
    """``code`` without comments, docstrings and empty lines; as it is, if it ends in the middle or is wrongly indented.

    The gaps between tokens become spaces and continued lines are joined. A docstring is a text that begins a line, which a
    text in the middle of an expression may do as well. All this is what the package codebleu does on Python 3.11, to the
    letter; it calls the library's ``tokenize``, whose tokens are others from Python 3.12 on. Time is linear in the length.
    """
    written: list[str] = []
    before: _Kind = "indent"
    last = (-1, 0)
    try:
        for token in _Reader().tokens(code):
            line, column = token.start
            written.append(" " * (column - last[1] if line <= last[0] else column))
            docstring = token.kind == "text" and (before in ("indent", "newline") or column == 0)
            if token.kind != "comment" and not docstring:
                written.append(token.text)
            before, last = token.kind, token.end
    except _Unreadable:
        return code
    return "\n".join(line for line in "".join(written).split("\n") if line.strip())


class _Reader:
    """Reads tokens line by line."""

    def __init__(self) -> None:
        self.number = 0
        self.brackets = 0
        self.continued = False
        self.indents = [0]
        self.quote = ""
        """Of the text that the next line goes on with."""
        self.strict = False
        """Whether that text must be continued by a backslash on each line."""
        self.text: list[str] = []
        self.text_start = (0, 0)

    def tokens(self, code: str) -> Iterator[_Token]:
        """All tokens that have text, and an empty one for a line end that is missing at the end."""
        last = ""
        for self.number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", code), 1):
            if self.quote:
                yield from self._text_goes_on(line)
            elif self.brackets or self.continued:
                self.continued = False
                yield from self._scan(line, 0)
            elif _width(line)[1] == len(line):
                break  # blanks without a line end, so it is the last line
            else:
                yield from self._statement(line)
            last = line
        else:
            if self.quote or self.brackets or self.continued:
                raise _Unreadable
            self.number += 1
        if last and last[-1] not in "\r\n" and not last.strip().startswith("#"):
            yield _Token("newline", "", (self.number - 1, len(last)), (self.number - 1, len(last) + 1))

    def _token(self, kind: _Kind, line: str, start: int, end: int) -> _Token:
        return _Token(kind, line[start:end], (self.number, start), (self.number, end))

    def _statement(self, line: str) -> Iterator[_Token]:
        """A line that begins a statement, or has none."""
        width, start = _width(line)
        if line[start] in "#\r\n":
            end = start + len(line[start:].rstrip("\r\n")) if line[start] == "#" else start
            if end > start:
                yield self._token("comment", line, start, end)
            yield self._token("other", line, end, len(line))
            return
        if width > self.indents[-1]:
            self.indents.append(width)
            yield self._token("indent", line, 0, start)
        while width < self.indents[-1]:
            if width not in self.indents:
                raise _Unreadable
            self.indents.pop()
            yield self._token("other", line, start, start)
        yield from self._scan(line, start)

    def _text_goes_on(self, line: str) -> Iterator[_Token]:
        self.text.append(line)
        end = _REST[self.quote].match(line)
        if end:
            self.text[-1] = line[: end.end()]
            self.strict = False
        elif not self.strict or line.endswith(("\\\n", "\\\r\n")):
            return
        stop = end.end() if end else len(line)
        yield _Token("text" if end else "other", "".join(self.text), self.text_start, (self.number, stop))
        self.quote, self.text = "", []
        if end:
            yield from self._scan(line, stop)

    def _scan(self, line: str, position: int) -> Iterator[_Token]:
        """The tokens from ``position`` to the end of the line, or to a text that goes on in the next."""
        endless: set[str] = set()  # the quotes that end no text on this line: the next such quote need not be followed
        while position < len(line):
            start = _match_end(_BLANK, line, position)
            if start == len(line):
                return
            if _CONTINUES.match(line, start):
                self.continued = True
                return
            kind, end = self._next(line, start, endless)
            if self.quote:
                self.text, self.text_start = [line[start:]], (self.number, start)
                return
            if end == start:  # no token begins here: a single character, be it a blank
                start, end = position, position + 1
            yield self._token(kind, line, start, end)
            position = end

    def _next(self, line: str, start: int, endless: set[str]) -> tuple[_Kind, int]:
        """Kind and end of the token at ``start``, which is ``start`` where there is none; sets ``quote`` if the text goes on."""
        if opening := _TRIPLE.match(line, start):
            rest = _REST[opening[1]].match(line, opening.end())
            self.quote = (
                "" if rest else opening[1]
            )  # `strict` stays: after a text that broke off, triple quotes obey it too
            return "text", rest.end() if rest else len(line)
        opening = _OPENS.match(line, start)
        if opening and opening[1] not in endless:
            if rest := _SINGLE[opening[1]].match(line, opening.end()):
                if rest[1].endswith("\n"):
                    self.quote, self.strict = opening[1], True
                return "text", rest.end()
            endless.add(opening[1])
        if _LINE_END.match(line, start):
            return "other" if self.brackets > 0 else "newline", len(line)
        if comment := _COMMENT.match(line, start):
            return "comment", comment.end()
        end = _match_end(_PLAIN, line, start)
        self.brackets += (line[start:end] in ("(", "[", "{")) - (line[start:end] in (")", "]", "}"))
        return "other", end


def _match_end(pattern: re.Pattern[str], line: str, start: int) -> int:
    found = pattern.match(line, start)
    return found.end() if found else start


def _width(line: str) -> tuple[int, int]:
    """How wide the blanks at the start are, and how many."""
    width = 0
    for position, character in enumerate(line):
        if character == " ":
            width += 1
        elif character == "\t":
            width = (width // _TAB + 1) * _TAB
        elif character == "\f":
            width = 0
        else:
            return width, position
    return width, len(line)
