"""Numbers in text: digits, words, fractions."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

__all__ = ["as_fraction", "as_number", "find_numbers", "leading_number"]

_DIGITS: Final = re.compile(
    r"(?<![\w.])(?:(?<![\w)\]])[-+−])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,300})(?:\.\d{1,300})?(?:[eE][-+]?\d{1,4})?(?!\w|\.\d)"
    r"|(?<![\w.])[-+−]?\.\d{1,300}(?!\w)"
)
_SMALL: Final = dict(
    zero=0, one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11, twelve=12,
    thirteen=13, fourteen=14, fifteen=15, sixteen=16, seventeen=17, eighteen=18, nineteen=19,
)  # fmt: skip
_TENS: Final = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SCALES: Final = {"hundred": 100, "dozen": 12, "thousand": 1000, "million": 10**6, "billion": 10**9}
# "no birds" is 0, "no idea" is no number.
_NO: Final = r"no\s+(?!idea|way|clue|information|info|doubt|answer|means|telling|need|reason|one\s+(?:can|knows))[a-z]+"
_NONE: Final = re.compile(
    rf"\A(?:none|nothing|no)\W*\Z|\Anone\s+(?:of|are|is|can)\b|\A{_NO}(?:\s+[a-z]+){{0,4}}\W*\Z"
    rf"|\b(?:are|is|were|was|see|has|have|contains|shows)\s+(?:none\b|{_NO})",
    re.IGNORECASE,
)
_FRACTION: Final = re.compile(r"([-+−]?\d{1,40})\s*/\s*(\d{1,40})|[-+−]?\\d?frac\{([-+]?\d{1,40})\}\{(\d{1,40})\}")
_WORD: Final = re.compile(r"[a-z]+")


def find_numbers(text: str) -> list[float]:
    """The numbers in a text, in order: those in digits, or if there are none those in words.

    Digits inside a word ("3D", "12th") or version ("1.2.3") are no numbers. "no" and "none" are 0 where nothing else is said.

    >>> find_numbers("There are 1,200 birds on -3.5 of 10 wires"), find_numbers("twenty-one, no, one hundred and five")
    ([1200.0, -3.5, 10.0], [21.0, 105.0])
    """
    digits = [_value(match.group()) for match in _DIGITS.finditer(text)]
    found = [n for n in digits if math.isfinite(n)]
    if digits:
        return found
    words = _in_words(text.lower())
    return words if words or not _NONE.search(text.strip()) else [0.0]


def leading_number(text: str) -> float | None:
    r"""The number that a text begins with, where a new line or a bracket follows: "7 (3 red + 4 blue)"; else None.

    >>> leading_number("**7**\n\nI counted 3 and 4"), leading_number("7 red and 3 blue")
    (7.0, None)
    """
    start = text.lstrip(" \t\r\n*_`#$")
    match = _DIGITS.match(start)
    if match is None:
        return None
    rest = start[match.end() :].lstrip(" \t*_`$.:")
    value = _value(match.group())
    return value if rest[:1] in {"\n", "\r", "(", "（"} and math.isfinite(value) else None


def as_number(text: str) -> float | None:
    """The number that is the whole text, or None.

    >>> as_number("1,200"), as_number("twelve"), as_number("12 birds")
    (1200.0, 12.0, None)
    """
    stripped = text.strip()
    match = _DIGITS.fullmatch(stripped)
    if match is not None:
        value = _value(match.group())
        return value if math.isfinite(value) else None
    if not stripped.isascii() or len(stripped) > 200:
        return None
    words = _WORD.findall(stripped.lower())
    if words and all(w in _SMALL or w in _TENS or w in _SCALES or w == "and" for w in words):
        found = _in_words(stripped.lower())
        return found[0] if len(found) == 1 else None
    return None


def as_fraction(text: str) -> Fraction | None:
    """The exact value of a whole text in digits, as a fraction ("1/2", or LaTeX's) or in per cent, or None."""
    stripped = text.strip().replace("−", "-")
    match = _FRACTION.fullmatch(stripped)
    if match is not None:
        top, bottom = match.group(1) or match.group(3), match.group(2) or match.group(4)
        sign = -1 if stripped.startswith("-\\") else 1
        return sign * Fraction(int(top), int(bottom)) if int(bottom) else None
    percent = stripped.endswith("%")
    digits = _DIGITS.fullmatch(stripped.rstrip("% ").rstrip("."))
    if digits is None:
        value = as_number(stripped)
        return Fraction(value) if value is not None else None
    if "e" in digits.group().lower():
        value = _value(digits.group())
        return Fraction(value) if math.isfinite(value) else None
    return Fraction(digits.group().replace(",", "").replace("+", "")) / (100 if percent else 1)


def _value(digits: str) -> float:
    return float(digits.replace(",", "").replace("−", "-"))


def _in_words(text: str) -> list[float]:
    found: list[float] = []
    total = current = 0
    inside = False
    end = 0
    for match in _WORD.finditer(text):
        word, gap = match.group(), text[end : match.start()]
        end = match.end()
        known = word in _SMALL or word in _TENS or word in _SCALES
        if inside and word == "and" and gap.isspace():
            continue
        close = gap in {" ", "-"}
        fits = inside and close and known and _fits(current, word)
        if inside and not fits:
            found.append(float(total + current))
            total = current = 0
            inside = False
        if known and (inside or word not in _SCALES or word in {"hundred", "thousand", "dozen"}):
            total, current = _add(total, current, word)
            inside = True
    if inside:
        found.append(float(total + current))
    return found


def _fits(current: int, word: str) -> bool:
    """Whether a word goes on with a number: "twenty one" does, "one two" does not."""
    if word in _SCALES:
        return 0 < current < _SCALES[word]
    if word in _TENS:
        return current % 100 == 0
    return current % 100 == 0 or (current % 10 == 0 and current % 100 >= 20 and 0 < _SMALL[word] < 10)


def _add(total: int, current: int, word: str) -> tuple[int, int]:
    if word in {"hundred", "dozen"}:
        return total, max(current, 1) * _SCALES[word]
    if word in _SCALES:
        return total + max(current, 1) * _SCALES[word], 0
    return total, current + (_SMALL[word] if word in _SMALL else _TENS[word])
