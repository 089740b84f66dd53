"""Reads a catalog's CSV: strict, row by row. An error names the file and the line."""

from __future__ import annotations

import csv
import io
import math
import re
import sys
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

from genlevel.catalog.catalog import did_you_mean
from genlevel.catalog.metrics_table import METRICS_TABLE, score_range
from genlevel.catalog.task_types import TASK_TYPE_NAMES
from genlevel.errors import CatalogError, GenlevelError
from genlevel.records import MODALITIES, PARADIGMS, Direction, Modality, Paradigm, Scale, Task

REQUIRED = ("id", "modality", "paradigm", "name", "task_type", "metric")
COLUMNS = (
    *("id", "modality", "paradigm", "skill_code", "skill", "name", "short_name", "dataset", "task_type"),
    *("metric", "metric_as_printed", "direction", "scale", "specialist", "sota", "notes"),
)
"""The columns of a catalog's file, in the order in which genlevel writes them; ``aliases`` may follow."""

MAX_BYTES = 16 * 1024 * 1024
MAX_FIELD = 10_000
DIRECTIONS: tuple[Direction, ...] = ("higher", "lower")
SCALES: tuple[Scale, ...] = ("percent", "fraction", "raw")
# An id names files in a run folder, so that it is a plain file name on every system.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,179}")


# Narrower than float(), which also takes 1_000, nan and digits of other scripts.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Row:
    """One row of a CSV with its place, for messages."""

    def __init__(self, name: str, line: int, cells: Mapping[str, str]) -> None:
        self.where = f"{name} line {line}"
        self._cells = cells

    def get(self, column: str) -> str:
        """The cell without surrounding blanks; empty if the file has no such column."""
        return self._cells.get(column, "")

    def fail(self, problem: str) -> NoReturn:
        """Raise the error for this row."""
        raise CatalogError(f"{self.where}: {problem}")

    def one_of(self, column: str, allowed: Container[str], known: tuple[str, ...], *, default: str = "") -> str:
        """The cell, which must be one of those allowed."""
        value = self.get(column) or default
        if value not in allowed:
            if not value:
                self.fail(f"has no {column}; give one of {', '.join(known)}")
            hint = did_you_mean(value, known) or (f"; use {', '.join(known)}" if len(known) < 10 else "")
            self.fail(f"{column} '{shown(value)}' is unknown{hint}")
        return value

    def number(self, column: str) -> float | None:
        """The cell as a finite number; ``None`` if it is empty."""
        text = self.get(column)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            self.fail(f"{column} '{shown(text)}' is not a number; write it like 12.5")
        value = float(text)
        if not math.isfinite(value):
            self.fail(f"{column} '{shown(text)}' is not a finite number")
        return value


def read_rows(path: Path, required: tuple[str, ...], known: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a CSV file with a header. A byte order mark, CRLF and blank lines do no harm.

    Raises:
        CatalogError: if the file can't be read, is too large, is no UTF-8, or its header or a row is not right.
    """
    yield from parse_rows(file_text(path, MAX_BYTES, CatalogError), path.name, required, known)


def parse_rows(text: str, name: str, required: tuple[str, ...], known: tuple[str, ...]) -> Iterator[Row]:
    """The rows of CSV text; ``name`` stands for the file in messages."""
    # newline="" keeps line breaks inside quotes as they are; a NUL makes csv raise in a way that differs between versions.
    if "\0" in text:
        raise CatalogError(f"{name}: holds a NUL character; this is no CSV text")
    header: list[str] | None = None
    for line, cells in numbered_cells(text.removeprefix("\ufeff"), name, CatalogError):
        if header is None:
            header = _header(cells, f"{name} line {line}", required, known)
        else:
            yield _row(cells, header, name, line)
    if header is None:
        raise CatalogError(f"{name}: is empty; the first line names the columns: {','.join(required)}")


def numbered_cells(text: str, name: str, error: type[GenlevelError]) -> Iterator[tuple[int, list[str]]]:
    """The rows of CSV text that hold something, each with the line that it begins on.

    Raises:
        GenlevelError: of the kind ``error``, naming the line where the text is no CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as slip:
        raise error(f"{name} line {line}: not readable as CSV: {slip}") from None


def file_text(path: Path, limit: int, error: type[GenlevelError], *, nul: str = "") -> str:
    """The text of a UTF-8 file of at most ``limit`` bytes, without its byte order mark.

    Raises:
        GenlevelError: of the kind ``error``, if the file can't be read, is too large or no UTF-8, or, where ``nul`` says what
            to make of that, holds a NUL.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as slip:
        raise error(f"{path}: cannot be read: {slip.strerror or slip}") from None
    if len(data) > limit:
        raise error(f"{path.name}: is larger than {limit // 2**20} MB")
    if nul and b"\0" in data:
        raise error(f"{path.name}: {nul}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as slip:
        line = data.count(b"\n", 0, slip.start) + 1
        raise error(f"{path.name} line {line}: is not UTF-8; save the file as CSV UTF-8") from None


def _header(cells: list[str], where: str, required: tuple[str, ...], known: tuple[str, ...]) -> list[str]:
    header = [cell.strip().casefold() for cell in cells]
    check_separator(header, where, CatalogError)
    for i, column in enumerate(header):
        if column in header[:i]:
            raise CatalogError(f"{where}: column '{shown(column)}' stands twice")
        if column not in known:
            raise CatalogError(f"{where}: column '{shown(column)}' is unknown{did_you_mean(column, known)}")
    missing = [column for column in required if column not in header]
    if missing:
        raise CatalogError(f"{where}: column {', '.join(missing)} is missing; needed are {', '.join(required)}")
    return header


def check_separator(header: list[str], where: str, error: type[GenlevelError]) -> None:
    """Refuse a header whose names are not separated by commas.

    Raises:
        GenlevelError: of the kind ``error``, naming the sign that stands there.
    """
    for sign, noun in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and sign in header[0]:
            raise error(f"{where}: the columns are separated by {noun}; separate with commas")


def _row(cells: list[str], header: list[str], name: str, line: int) -> Row:
    values = [cell.strip() for cell in cells]
    # Spreadsheets pad rows with empty cells; a row that is short or has text beyond the last column is a slip.
    if len(values) < len(header) or any(values[len(header) :]):
        raise CatalogError(f"{name} line {line}: has {len(cells)} cells, but there are {len(header)} columns")
    row = Row(name, line, dict(zip(header, values, strict=False)))
    for column, value in zip(header, values, strict=False):
        if len(value) > MAX_FIELD:
            row.fail(f"{column} has more than {MAX_FIELD} characters")
        if _CONTROL.search(value):
            row.fail(f"{column} holds a line break or another control character")
    return row


def task_id(row: Row, column: str = "id") -> str:
    """The row's id, checked to be a plain file name."""
    value = row.get(column)
    if not value:
        row.fail(f"has no {column}")
    check_id(row, value)
    return sys.intern(value)


def check_id(row: Row, value: str) -> None:
    """Refuse an id that is no plain file name."""
    if not _ID.fullmatch(value) or value.endswith("."):
        row.fail(f"id '{shown(value)}' is not usable: letters, digits and . _ + - only, a letter or digit first")


def read_task(row: Row, edition: str) -> Task:
    """A row as a task.

    Raises:
        CatalogError: naming the line and the cell.
    """
    name = row.get("name")
    identifier = task_id(row)
    if not name:
        row.fail("has no name")
    modality = cast(Modality, row.one_of("modality", MODALITIES, MODALITIES))
    paradigm = cast(Paradigm, row.one_of("paradigm", PARADIGMS, PARADIGMS))
    if (modality == "language") != (paradigm == "language"):
        row.fail(f"modality {modality} does not go with paradigm {paradigm}; language tasks have 'language' for both")
    metric = _metric(row)
    direction, scale = _direction_and_scale(row, metric)
    sota = row.number("sota")
    if sota is not None:
        check_score(row, "sota", sota, metric, scale)
    texts: dict[str, Any] = {
        c: sys.intern(row.get(c))
        for c in ("skill", "skill_code", "short_name", "dataset", "metric_as_printed", "specialist", "notes")
    }
    kind = _task_type(row)
    return Task(identifier, edition, modality, paradigm, name, kind, metric, direction, scale, sota, **texts)


def like_fraction(row: Row, task: Task) -> str:
    """A line where a percentage of a specialist looks like a fraction; '' where it does not, or the row gives its scale."""
    if task.sota is None or task.scale != "percent" or not 0 < task.sota <= 1 or row.get("scale"):
        return ""
    meant = f"{task.sota * 100:.10g}"
    return f"{row.where}: sota {task.sota:g} is read as {task.sota:g} %; write {meant}, or give scale=fraction"


def check_score(row: Row, column: str, value: float, metric: str, scale: Scale) -> None:
    """Refuse a score outside the metric's range."""
    low, high = score_range(metric, scale)
    if not low <= value <= high:
        row.fail(f"{column} {value:g} is outside the range of {metric} ({low:g} to {high:g}, {scale})")


def _metric(row: Row) -> str:
    name = row.get("metric")
    if name in METRICS_TABLE:
        return sys.intern(name)
    # Only the names of the metrics that other packages bring; nothing of them is imported.
    from genlevel.metrics.registry import METRICS

    if name and name in METRICS:
        return sys.intern(name)
    return row.one_of("metric", (), tuple(sorted({*METRICS_TABLE, *METRICS})))


def _task_type(row: Row) -> str:
    name = row.get("task_type")
    if name in TASK_TYPE_NAMES:
        return sys.intern(name)
    from genlevel.tasktypes import TASK_TYPES

    if name and name in TASK_TYPES:
        return sys.intern(name)
    return row.one_of("task_type", (), tuple(sorted({*TASK_TYPE_NAMES, *TASK_TYPES})))


def _direction_and_scale(row: Row, metric: str) -> tuple[Direction, Scale]:
    known = METRICS_TABLE.get(metric)
    if known is None:
        if not (row.get("direction") and row.get("scale")):
            row.fail(f"metric '{shown(metric)}' has no defaults; give its direction and scale")
        direction = row.one_of("direction", DIRECTIONS, DIRECTIONS)
        return cast(Direction, direction), cast(Scale, row.one_of("scale", SCALES, SCALES))
    direction = row.one_of("direction", DIRECTIONS, DIRECTIONS, default=known.direction)
    if direction != known.direction:
        row.fail(f"direction is '{direction}', but for {metric} {known.direction} is better; leave the cell empty")
    return known.direction, cast(Scale, row.one_of("scale", SCALES, SCALES, default=known.scale))


def shown(text: str) -> str:
    """Foreign text made fit for one line of a message."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) <= 60 else f"{plain[:57]}..."
