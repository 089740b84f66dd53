"""The options of a closed question, from wherever a record keeps them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from genlevel.errors import RecordError
from genlevel.tasktypes.answers import normal
from genlevel.tasktypes.choices import LETTERS
from genlevel.tasktypes.keys import first, texts
from genlevel.tasktypes.literals import LiteralError, parse_literal

__all__ = ["OPTION_KEYS", "Options", "listed_labels", "options_of"]

OPTION_KEYS: Final = ("options", "choices", "candidates", "candidate_choices", "answer_choices", "option")
_MOST: Final = 1000
_IN_TEXT: Final = re.compile(
    r"\b(?:choices|options|candidates|candidate answers|answers)\b[ \t]{0,3}(?:are|include|is)?[ \t]{0,3}:?\s{0,3}(?=\[)",
    re.IGNORECASE,
)
_LETTER_LINE: Final = re.compile(r"^[ \t]{0,8}[(\[]?([A-Z])[).:\]][ \t]{1,4}(\S[^\n]{0,2000})$", re.MULTILINE)
_LETTER_INLINE: Final = re.compile(r"\(([A-Z])\)[ \t]{0,3}")
_LISTED: Final = re.compile(
    r"(?:\b(?:choose|select|pick|classify|one of|label)\b[^.:\n]{0,120}|\b(?:labels|categories|classes|options|choices|types)\b"
    r"(?:[ \t]+(?:are|include))?):[ \t]{0,3}([^\n]{3,1000})",
    re.IGNORECASE,
)
_ITEM_MARK: Final = re.compile(r"\s*[,;/|]\s*(?:and\s+|or\s+)?|\s+(?:or|and)\s+")
_LIST_SHUT: Final = re.compile(r"\]")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a question.

    ``given`` says whether the model is shown a letter for each already; ``separate`` whether the options stand in a key of
    their own, so that the prompt must list them.
    """

    texts: tuple[str, ...] = ()
    given: bool = False
    separate: bool = False


def options_of(shown: Mapping[str, Any], where: str, *, closed: bool) -> Options:
    """The options in a record's input; no texts if it has none.

    Looked for are a list or an object under a key of their own, keys ``A``, ``B``, ..., a Python list in the question after
    "The candidate choices are", and, if the task is known to be ``closed``, lines or brackets with letters.

    Raises:
        RecordError: the options' key holds no options.
    """
    value = first(shown, *OPTION_KEYS)
    if value is not None:
        return _listed(value, where)
    if all(isinstance(shown.get(letter), (str, int, float)) for letter in "AB"):
        keys = [letter for letter in LETTERS if letter in shown]
        return Options(tuple(str(shown[k]) for k in keys), separate=True)
    prose = [v for v in shown.values() if isinstance(v, str)]
    for text in prose:
        found = _in_text(text)
        if found:
            return Options(found)
    if closed:
        for text in reversed(prose):
            found = _lettered(text)
            if found:
                return Options(found, given=True)
    return Options()


def option_letter_keys(shown: Mapping[str, Any]) -> set[str]:
    """The keys ``A``, ``B``, ... of an input that are its options."""
    return {k for k in shown if k in LETTERS and len(k) == 1} if {"A", "B"} <= set(shown) else set()


def _listed(value: Any, where: str) -> Options:
    if isinstance(value, str):
        try:
            value = parse_literal(value.strip())
        except LiteralError:
            found = _lettered(value) or tuple(line.strip() for line in value.splitlines() if line.strip())
            if len(found) < 2:
                raise RecordError(f"{where}: 'options' is a text that lists no options") from None
            return Options(_without_letters(found), separate=True)
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, (list, tuple)) or not 0 < len(value) <= _MOST:
        raise RecordError(f"{where}: 'options' must be a list of 1 to {_MOST} texts")
    return Options(_without_letters(tuple(texts(value, where))), separate=True)


def _without_letters(options: tuple[str, ...]) -> tuple[str, ...]:
    """Options without the letters in front of them, if each has its own: "A. red", "B. blue"."""
    bare = []
    for letter, option in zip(LETTERS, options, strict=False):
        match = re.match(rf"\s*[(\[]?{letter}[).:\]]\s*(?=\S)", option)
        if match is None:
            return options
        bare.append(option[match.end() :])
    return tuple(bare) if len(bare) == len(options) else options


def _in_text(text: str) -> tuple[str, ...]:
    """The last list of texts after a word such as "choices", wherever it ends."""
    for match in reversed(list(_IN_TEXT.finditer(text[:100_000]))):
        tail = text[match.end() : match.end() + 20_000]
        # The list may hold brackets itself: try its possible ends from the last one back, for it stands near the end.
        for end in [shut.end() for shut in _LIST_SHUT.finditer(tail)][:20]:
            try:
                value = parse_literal(tail[:end])
            except LiteralError:
                continue
            if (
                isinstance(value, list)
                and 2 <= len(value) <= _MOST
                and all(isinstance(v, (str, int, float)) for v in value)
            ):
                return tuple(map(str, value))
            break
    return ()


def _lettered(text: str) -> tuple[str, ...]:
    """Options on lines "A. red" or in one line "(A) red (B) blue", the letters in order from A; the last such list."""
    for run in (_LETTER_LINE.findall(text), _inline(text)):
        options: list[str] = []
        best: tuple[str, ...] = ()
        for letter, option in run:
            if letter == "A":
                options = [option.strip()]
            elif options and len(options) < len(LETTERS) and letter == LETTERS[len(options)]:
                options.append(option.strip())
            if len(options) >= 2:
                best = tuple(options)
        if best:
            return best
    return ()


def _inline(text: str) -> list[tuple[str, str]]:
    marks = list(_LETTER_INLINE.finditer(text))[:100]
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    found = [
        (m.group(1), text[m.end() : end].split("\n", 1)[0].strip(" ,;\t")) for m, end in zip(marks, ends, strict=True)
    ]
    return [(letter, option) for letter, option in found if option and len(option) <= 2000]


def listed_labels(prompt: str, references: tuple[str, ...] | None) -> tuple[str, ...]:
    """The labels that a prompt lists, as in "Choose from: entailment, contradiction, or neutral."; () if there is no such list.

    A list that lacks one of ``references`` is not the list of labels. Nor is one with a label of more than 60 characters.
    """
    known = {normal(r) for r in references or ()}
    for match in reversed(list(_LISTED.finditer(prompt[-20_000:]))):
        sentence = re.split(r"[.?!](?:\s|\Z)", match.group(1), maxsplit=1)[0]
        labels = [label.strip(" \t\"'“”`*[](){}") for label in _ITEM_MARK.split(sentence)]
        names = [normal(label) for label in labels]
        usual = 2 <= len(labels) <= 100 and all(names) and max(map(len, labels)) <= 60
        if usual and len(set(names)) == len(names) and known <= set(names):
            return tuple(labels)
    return ()
