"""Numbers as options take them: anything else is an error of one line, before any work is done."""

from __future__ import annotations

from argparse import ArgumentTypeError


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
