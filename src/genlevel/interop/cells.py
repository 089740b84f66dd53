"""One cell of a result workbook as a score.

What the format leaves open is settled as the publication uses it: an empty cell, a dash, an infinity, and a 0 stand for
"not supported". That matters where 0 is not the worst score (errors, opinion scores, MS-SSIM), and for decibels, which may be
infinite.
"""

from __future__ import annotations

import re
from math import inf
from typing import Any, NamedTuple

from genlevel.catalog.metrics_table import score_range
from genlevel.records import Task

_MISSING = frozenset({"", "-", "–", "—", "/", "\\", "na", "n/a", "nan", "none", "null"})
_INFINITE = frozenset({"∞", "inf", "+inf", "infinity"})
# One or two, or more than three digits after a comma: 1,234 may be a thousand.
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(\d{1,2}|\d{4,})")


class Cell(NamedTuple):
    """A score (``None`` for missing), and how it was come by, empty where that is plain.

    ``readable`` is false for a cell that holds something, but no score.
    """

    score: float | None
    remark: str = ""
    readable: bool = True


def read_cell(value: Any, task: Task) -> Cell:
    """The score in a cell of a task's row."""
    if value is None:
        return Cell(None)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return Cell(None, readable=False)
    if not isinstance(value, str):
        return _number(float(value), task)
    text = value.strip().casefold()
    if text in _MISSING:
        return Cell(None)
    if text in _INFINITE:
        return _infinite(task)
    percent = text.endswith("%")
    plain = text.removesuffix("%").strip()
    if _DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    try:
        number = float("" if "_" in plain else plain)
    except ValueError:
        return Cell(None, readable=False)
    if percent and task.scale == "raw":
        return Cell(None, readable=False)
    found = _number(number / 100.0 if percent and task.scale == "fraction" else number, task)
    return found if found.remark or plain == text else found._replace(remark="text read as number")


def _number(number: float, task: Task) -> Cell:
    if number != number:
        return Cell(None)
    if number == inf:
        return _infinite(task)
    if number == -inf:
        return Cell(None, readable=False)
    if number == 0.0 and (task.direction == "lower" or score_range(task.metric, task.scale)[0] != 0.0):
        return Cell(None, "0 where it is not the worst score read as not supported")
    return Cell(number)


def _infinite(task: Task) -> Cell:
    """A perfect signal for a ratio in decibel; else what the publication prints for a task that is not supported."""
    if task.direction == "higher" and score_range(task.metric, task.scale)[1] == inf:
        return Cell(inf)
    return Cell(None, "infinity read as not supported")
