"""Printing: tables for people, JSON and CSV for machines. Data goes to stdout, notes to stderr."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from genlevel.redact import redacted

FORMATS = ("table", "json", "csv")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add ``--format table|json|csv``."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="how to print (default: table)")


def note(text: str) -> None:
    """A line for the person, on stderr."""
    sys.stderr.write(f"{shown(redacted(text), lines=True)}\n")


def shown(text: str, *, lines: bool = False) -> str:
    """A text without control characters, which could steer a terminal: they stand as they are written in Python.

    Line ends are control characters too, unless ``lines``.
    """
    if text.isprintable():
        return text
    return "".join(
        c if (c == "\n" and lines) or not ("\0" <= c < " " or "\x7f" <= c <= "\x9f") else repr(c)[1:-1] for c in text
    )


def emit_json(value: Any) -> None:
    """One JSON document on stdout. Infinite and missing numbers are null."""
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode() + "\n")


def emit_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """CSV with a header on stdout."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    sys.stdout.write(text.getvalue())


def emit_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[int] = (), title: str = ""
) -> None:
    """A plain aligned table on stdout; ``right`` are the columns to align right (numbers).

    Columns are never folded or cut, so that a row stays one line and can be searched.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = _widths(columns, cells)
    lines = [title] if title else []
    for row in [list(columns), ["-" * w for w in widths], *cells]:
        parts = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(parts).rstrip())
    sys.stdout.write("\n".join(lines) + "\n")


def table_width(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """How many characters wide :func:`emit_table` would print this."""
    widths = _widths(columns, [[_cell(value) for value in row] for row in rows])
    return sum(widths) + 2 * (len(widths) - 1)


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    return [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.2f}"
    return shown(str(value))
