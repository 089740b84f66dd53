"""A long CSV of scores, ``task_id,model,score``: one row for a task of a model, scores in the catalog's printed unit.

An empty score is a missing one. Every other slip is an error with its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genlevel.catalog import Catalog
from genlevel.catalog.catalog import did_you_mean
from genlevel.catalog.metrics_table import score_range
from genlevel.catalog.read import check_separator, file_text, numbered_cells, shown
from genlevel.errors import ScoreError
from genlevel.interop.scores import ScoreTable
from genlevel.records import Task

COLUMNS = ("task_id", "model", "score")
MAX_BYTES = 512 * 1024 * 1024
_LISTED = 3
_NO_TEXT = "is no text; give a CSV, a result workbook (.xlsx) or a run folder"


def read_scores_csv(path: Path, catalog: Catalog) -> ScoreTable:
    """The scores of a long CSV.

    Raises:
        ScoreError: naming the file and the line: for a file that is not readable or is empty, a wrong header, an unknown
            task (near ids are named), a task that stands twice for a model, or a score that is no number or out of range.
    """
    table = ScoreTable()
    resolved: dict[str, tuple[Task, float, float]] = {}
    lines: dict[tuple[str, str], int] = {}
    unknown: list[tuple[int, str]] = []
    name = path.name
    low_percent: list[tuple[int, float]] = []
    for line, task_id, model, text in _rows(path):
        if task_id not in resolved:
            if task_id not in catalog:
                unknown.append((line, task_id))
                continue
            task = catalog.resolve(task_id)
            resolved[task_id] = (task, *score_range(task.metric, task.scale))
        task, low, high = resolved[task_id]
        where = f"{name} line {line}"
        if not model:
            raise ScoreError(f"{where}: has no model")
        first = lines.setdefault((task.id, model), line)
        if first != line:
            raise ScoreError(
                f"{where}: task {task.id} of {shown(model)} stands already in line {first}; keep one of them"
            )
        score = _score(text, where, task.id) if text else None
        if score is not None and not low <= score <= high:
            raise ScoreError(
                f"{where}: task {task.id}: score {score:g} is outside the range of {task.metric}, "
                f"{low:g} to {high:g} ({task.scale})"
            )
        if score is not None and task.scale == "percent" and 0 < score <= 1:
            low_percent.append((line, score))
        table.scores.setdefault(model, {})[task.id] = score
    if unknown:
        raise ScoreError(_unknown(name, unknown, catalog))
    if not table.scores:
        raise ScoreError(f"{name}: has no scores, only a header")
    if low_percent:
        line, score = low_percent[0]
        table.units_noted = True
        table.notes.append(
            f"{name} line {line}: score {score:g} is read as {score:g} %; if it is a fraction, write {score * 100:.10g} "
            f"(percentages of at most 1 in the file: {len(low_percent)})"
        )
    return table


def _rows(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Line, task id, model and score of each row; the columns may stand in any order, and others may stand beside them."""
    text = file_text(path, MAX_BYTES, ScoreError, nul=_NO_TEXT)
    header: list[str] | None = None
    for line, cells in numbered_cells(text, path.name, ScoreError):
        if header is None:
            header = [cell.strip().casefold() for cell in cells]
            at = _columns(header, f"{path.name} line {line}")
        elif len(cells) != len(header):
            raise ScoreError(f"{path.name} line {line}: has {len(cells)} cells, but the header has {len(header)}")
        else:
            yield line, cells[at[0]].strip(), cells[at[1]].strip(), cells[at[2]].strip()
    if header is None:
        raise ScoreError(f"{path.name}: is empty; the first line is {','.join(COLUMNS)}")


def _columns(header: list[str], where: str) -> list[int]:
    check_separator(header, where, ScoreError)
    for column in COLUMNS:
        if header.count(column) != 1:
            kind = "is missing" if column not in header else "stands twice"
            raise ScoreError(f"{where}: column {column} {kind}; a table of scores has {','.join(COLUMNS)}")
    return [header.index(column) for column in COLUMNS]


def _score(text: str, where: str, task_id: str) -> float:
    try:
        # float() also takes 1_000, which nobody means.
        score = float("" if "_" in text else text)
    except ValueError:
        raise ScoreError(
            f"{where}: task {task_id}: '{shown(text)}' is not a number; write it like 12.5, or leave it empty if missing"
        ) from None
    if score != score:
        raise ScoreError(f"{where}: task {task_id}: NaN is no score; leave the cell empty if it is missing")
    return score


def _unknown(name: str, unknown: list[tuple[int, str]], catalog: Catalog) -> str:
    listed = "; ".join(
        f"line {line}: unknown task '{shown(task_id)}'{did_you_mean(task_id, catalog.tasks).replace(';', ',')}"
        for line, task_id in unknown[:_LISTED]
    )
    more = f"; and {len(unknown) - _LISTED} more" if len(unknown) > _LISTED else ""
    known = "'genlevel tasks' lists the ids, --catalog FILE names your own tasks"
    return f"{name} {listed}{more} (edition {catalog.edition}; {known})"
