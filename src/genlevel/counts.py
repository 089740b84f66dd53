"""Counts as people read them."""

from __future__ import annotations


def many(count: int, noun: str) -> str:
    """A number with its noun, which takes an s unless it is one: ``1 task``, ``2 tasks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
