"""Numbers as options take them: anything else is an error of one line, before any work is done."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import Final

_SECONDS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def count(text: str) -> int:
    """A whole number from 0 up."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ArgumentTypeError(f"'{text[:40]}' is not a whole number from 0 up")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 up."""
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < 1:
        raise ArgumentTypeError(f"'{text[:40]}' is not a whole number from 1 up")
    return int(text)


def amount(text: str) -> float:
    """A number above 0."""
    if not re.fullmatch(r"\d{1,12}(\.\d{1,12})?|\.\d{1,12}", text, re.ASCII) or not float(text):
        raise ArgumentTypeError(f"'{text[:40]}' is not a number above 0")
    return float(text)


def duration(text: str) -> float:
    """Seconds, of a number of them or of parts such as ``1h30m``.

    >>> duration("90"), duration("1h30m"), duration("2d")
    (90.0, 5400.0, 172800.0)
    """
    parts = re.fullmatch(r"(?:\d{1,9}[dhms])+", text, re.ASCII) and re.findall(r"(\d+)([dhms])", text)
    seconds = float(sum(int(n) * _SECONDS[unit] for n, unit in parts)) if parts else amount_or_none(text)
    if not seconds:
        raise ArgumentTypeError(f"'{text[:40]}' is not a time above 0, as 90, 45m or 1h30m")
    return seconds


def amount_or_none(text: str) -> float | None:
    """A number above 0, or ``None`` for anything else."""
    try:
        return amount(text)
    except ArgumentTypeError:
        return None


def in_flight(text: str) -> int | None:
    """A number of requests from 1 up; ``None`` for ``auto``."""
    if text == "auto":
        return None
    try:
        return positive(text)
    except ArgumentTypeError:
        raise ArgumentTypeError(f"'{text[:40]}' is not a whole number from 1 up, nor auto") from None
