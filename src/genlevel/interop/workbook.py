"""The official result workbook: a sheet for each modality and paradigm, a row for each task, a column for the model.

Rows are joined to tasks by name, never by position.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

from genlevel.atomic import replacing
from genlevel.catalog import Catalog
from genlevel.catalog.catalog import did_you_mean
from genlevel.catalog.metrics_table import score_range
from genlevel.catalog.read import shown
from genlevel.datasets.matching import Matcher, Place
from genlevel.datasets.names import plain
from genlevel.errors import ScoreError
from genlevel.interop.cells import read_cell
from genlevel.interop.scores import ScoreTable
from genlevel.interop.xlsx import Rows, load_sheets
from genlevel.records import Task

SHEETS: dict[str, tuple[str, str]] = {
    "NLP": ("language", "language"),
    **{
        f"{title}-{paradigm.capitalize()}": (modality, paradigm)
        for modality, title in (("image", "Image"), ("video", "Video"), ("audio", "Audio"), ("3d", "3D"))
        for paradigm in ("comprehension", "generation")
    },
}
"""Titles of the sheets, and what they hold."""
NUMBER, NAME, SHORT_NAME, METRICS, SOTA = "No", "Task Name", "Task Short Name", "Metrics", "SoTA Performance"

# The official scorer writes its result into this sheet.
_IGNORED_SHEETS = frozenset({"levelscores"})
_FIXED = tuple(name.casefold() for name in (NUMBER, NAME, SHORT_NAME, METRICS))
# Written for a perfect error, because 0 means "not supported" in this format; every score map has 100 for it.
_PERFECT = 1e-12
# Two spellings of one long name differ in a letter or two; two tasks' names differ in more.
_ALIKE = 94.0


def read_workbook(path: Path, catalog: Catalog, *, model: str | None = None) -> ScoreTable:
    """The scores of one model in a result workbook.

    A row whose name fits no single task, or whose cell holds no number, is listed in ``problems`` and counts as missing.

    Args:
        path: the .xlsx file.
        catalog: the tasks to join with.
        model: the title of its column, in any case; may be left out where only one column can be it.

    Raises:
        ScoreError: for a file that is no workbook or too large, a sheet that seems to be renamed, no single column of a
            model, or a score outside its metric's range.
    """
    sheets = load_sheets(path)
    titles, notes = _titles(path.name, list(sheets), catalog)
    layouts = {title: _layout(f"{path.name} sheet '{title}'", sheets[title], model) for title in titles}
    columns = list(dict.fromkeys(layout.model for layout in layouts.values()))
    if len({column.casefold() for column in columns}) > 1:
        raise ScoreError(
            f"{path.name}: its sheets have columns of several models: {', '.join(columns)}; give --model NAME"
        )
    join = _Join(path.name, catalog, columns[0])
    for title, layout in layouts.items():
        join.sheet(title, SHEETS[titles[title]], sheets[title], layout)
    return ScoreTable({columns[0]: dict(join.scores)}, [*notes, *join.notes()], join.problems)


def write_workbook(
    path: Path, catalog: Catalog, scores: Mapping[str, float | None], model: str, *, sota: bool = False
) -> None:
    """Write a result workbook, whole or not at all; a missing score is an empty cell.

    Args:
        path: the .xlsx file.
        catalog: the tasks, one row each, in their order.
        scores: by task id, in the printed unit. A perfect error is written as 1e-12, because 0 reads as missing.
        model: the column's title.
        sota: whether to add a column with the specialists' scores.

    Raises:
        CatalogError: for an id that is no task.
        ScoreError: if the file cannot be written.
    """
    from openpyxl import Workbook

    by_id = {catalog.resolve(task_id).id: score for task_id, score in scores.items()}
    book = Workbook(write_only=True)
    for title, group in SHEETS.items():
        sheet = book.create_sheet(title)
        sheet.append([NUMBER, NAME, SHORT_NAME, METRICS, *([SOTA] if sota else []), _text_cell(sheet, model)])
        tasks = [task for task in catalog if (task.modality, task.paradigm) == group]
        for number, task in enumerate(tasks, 1):
            names = [_text_cell(sheet, text) for text in (task.name, task.short_name, task.metric_as_printed)]
            sheet.append([number, *names, *([task.sota] if sota else []), _cell_value(by_id.get(task.id), task)])
    try:
        with replacing(path) as partial:
            book.save(partial)
    except OSError as error:
        raise ScoreError(f"{path}: cannot be written ({error.strerror or error})") from None


def _cell_value(score: float | None, task: Task) -> float | str | None:
    if score is None:
        return None
    if task.direction == "lower":
        return (score or _PERFECT) if isfinite(score) else None
    return "inf" if score == inf else score


def _text_cell(sheet: Any, text: str) -> Any:
    """A cell that stays text, whatever a spreadsheet makes of a leading equals sign."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _titles(name: str, found: Sequence[str], catalog: Catalog) -> tuple[dict[str, str], list[str]]:
    """The workbook's titles to the official ones, and what there is to say about the rest.

    A missing sheet counts as not supported, but not where a sheet is there that may be it under another name.
    """
    official = {plain(title): title for title in SHEETS}
    titles = {title: official[plain(title)] for title in found if plain(title) in official}
    others = [title for title in found if title not in titles and plain(title) not in _IGNORED_SHEETS]
    missing = [title for title in SHEETS if title not in titles.values() and _size(catalog, SHEETS[title])]
    if others and missing:
        hint = did_you_mean(others[0], missing) or f"; it may be {' or '.join(missing)}"
        raise ScoreError(
            f"{name}: sheet '{shown(others[0])}' is unknown and '{missing[0]}' is missing{hint}; rename or remove it"
        )
    if not titles:
        raise ScoreError(f"{name}: has none of the sheets of a result workbook ({', '.join(SHEETS)})")
    doubled = [title for title, times in Counter(titles.values()).items() if times > 1]
    if doubled:
        raise ScoreError(f"{name}: has two sheets '{doubled[0]}'; keep one")
    notes = [f"{name}: no sheet '{t}'; its {_size(catalog, SHEETS[t])} tasks count as not supported" for t in missing]
    notes += [f"{name}: sheet '{shown(title)}' is none of a result workbook's and was left out" for title in others]
    return titles, notes


def _size(catalog: Catalog, group: tuple[str, str]) -> int:
    return sum((task.modality, task.paradigm) == group for task in catalog)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a sheet's header and columns stand, and the title of the model's column."""

    header: int
    name: int
    short_name: int | None
    column: int
    model: str


def _layout(where: str, rows: Rows, model: str | None) -> _Layout:
    headers = (["" if cell is None else str(cell).strip() for cell in row] for row in rows)
    number, header = next(((i, h) for i, h in enumerate(headers) if NAME.casefold() in map(str.casefold, h)), (0, []))
    if not header:
        raise ScoreError(f"{where}: has no column '{NAME}'")
    lower = [title.casefold() for title in header]
    candidates = [i for i, title in enumerate(lower) if title and title not in _FIXED]
    if model is not None:
        candidates = [i for i in candidates if lower[i] == model.strip().casefold()]
    elif len(candidates) > 1:
        candidates = [i for i in candidates if lower[i] != SOTA.casefold()]
    if len(candidates) != 1:
        asked = f"'{model}'" if model is not None else "of a model"
        there = ", ".join(shown(title) for title in header if title)
        problem = "no column" if not candidates else "several columns"
        raise ScoreError(f"{where}: {problem} {asked} (there are {there}); give --model NAME, the title of its column")
    short = lower.index(SHORT_NAME.casefold()) if SHORT_NAME.casefold() in lower else None
    return _Layout(number, lower.index(NAME.casefold()), short, candidates[0], header[candidates[0]])


@dataclass
class _Join:
    """Rows to tasks, with what could not be used."""

    file: str
    catalog: Catalog
    model: str
    scores: dict[str, float | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _remarks: dict[str, list[str]] = field(default_factory=dict)
    _rows: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._matcher = Matcher(self.catalog, self.catalog.aliases)

    def sheet(self, title: str, group: tuple[str, str], rows: Rows, layout: _Layout) -> None:
        """Take over one sheet's scores."""
        place = Place(*(group if group[0] != "language" else ("language", "")))
        names = [task.name for task in self.catalog if place.admits(task)]
        for number, row in enumerate(rows[layout.header + 1 :], layout.header + 2):
            name = _text(row, layout.name)
            short = _text(row, layout.short_name)
            value = row[layout.column] if layout.column < len(row) else None
            if not (name or short or value is not None):
                continue
            where = f"{self.file} sheet '{title}' row {number}"
            task, reason = self._task(name, short, place, names, where)
            if task is None:
                self.problems.append(f"{where}: {reason}")
            elif task.id in self._rows:
                self.problems.append(f"{where}: task {task.id} stands already in {self._rows[task.id]}; left out")
            else:
                self._rows[task.id] = f"row {number} of sheet '{title}'"
                self._take(value, task, where)

    def notes(self) -> list[str]:
        """What was decided, one line for each kind of decision."""
        return [f"{self.file}: {len(at)} x {remark} ({_some(at)})" for remark, at in self._remarks.items()]

    def _take(self, value: Any, task: Task, where: str) -> None:
        cell = read_cell(value, task)
        self.scores[task.id] = cell.score
        if not cell.readable:
            self.problems.append(f"{where}: '{shown(str(value))}' is no score of {task.metric}; counted as missing")
        if cell.remark:
            self._remarks.setdefault(cell.remark, []).append(task.id)
        low, high = score_range(task.metric, task.scale)
        if cell.score is not None and not low <= cell.score <= high:
            raise ScoreError(
                f"{where}: task {task.id}: score {cell.score:g} is outside the range of {task.metric}, "
                f"{low:g} to {high:g} ({task.scale})"
            )

    def _task(self, name: str, short: str, place: Place, names: Sequence[str], where: str) -> tuple[Task | None, str]:
        found = self._matcher.match([name], place) if name else None
        if found is not None and found.task is not None:
            return found.task, ""
        close = _closest(name, names)
        if close is not None:
            self._remarks.setdefault("name read with a misprint mended", []).append(f"'{shown(name)}' as '{close}'")
            return self._matcher.match([close], place).task, ""
        by_short = self._matcher.match([short], place) if short and not name else None
        if by_short is not None and by_short.task is not None:
            return by_short.task, ""
        reason = did_you_mean(name, names).lstrip("; ") if name else "has no task name"
        return None, f"no task of this sheet is called '{shown(name)}'{'; ' if reason else ''}{reason}; left out"


def _text(row: tuple[Any, ...], column: int | None) -> str:
    value = row[column] if column is not None and column < len(row) else None
    return "" if value is None else re.sub(r"\s+", " ", str(value)).strip()


def _closest(name: str, names: Iterable[str]) -> str | None:
    """The one name that is this one but for a letter or two; numbers must agree."""
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    if len(name) < 8:
        return None
    digits = re.findall(r"\d+", name)
    pool = [other for other in names if re.findall(r"\d+", other) == digits]
    found = process.extract(name, pool, scorer=Levenshtein.normalized_similarity, processor=str.casefold, limit=2)
    alike = [other for other, similarity, _ in found if similarity * 100.0 >= _ALIKE]
    return alike[0] if len(alike) == 1 else None


def _some(entries: Sequence[str]) -> str:
    return ", ".join(entries[:3]) + (f" and {len(entries) - 3} more" if len(entries) > 3 else "")
