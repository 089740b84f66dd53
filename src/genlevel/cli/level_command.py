"""Levels from a run, a table of scores, a result workbook or the published tables.

  genlevel level runs/gpt-4o                   a run that was scored; writes levels.json there
  genlevel level scores.csv                    a long CSV: task_id,model,score in the catalog's printed unit
  genlevel level result.xlsx --model gpt-4o    the official result workbook, joined by task name
  genlevel level --published 2025              every model whose scores the edition's publication prints

A score that is missing counts 0. The level is the highest k with S_k > 0; '-' where S2 is 0.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genlevel.cli.catalog_options import add_catalog_options, load_catalog
from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note, table_width
from genlevel.counts import many
from genlevel.errors import GenlevelError

if TYPE_CHECKING:
    from genlevel.catalog import Catalog
    from genlevel.interop.scores import Score, ScoreTable
    from genlevel.levels import ModelLevel, Protocol
    from genlevel.records import TaskScore

_WORKBOOKS = {".xlsx", ".xlsm"}
_OTHER_WORKBOOKS = {".xls", ".xlsb", ".ods", ".numbers"}
_LISTED = 20
_SCORES = ("S2", "S3", "S4", "S5")
_STAMP = ("edition", "protocol", "sota_sha256")


@dataclass
class _Input:
    """Scores, the catalog that they belong to, and what follows from where they are from."""

    catalog: Catalog
    table: ScoreTable
    protocol: str = ""
    folder: Path | None = None
    notes: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "source", nargs="?", type=Path, metavar="RUN|SCORES.csv|RESULT.xlsx", help="where the scores are"
    )
    parser.add_argument("--published", metavar="E", help="instead: the published scores of edition 2024 or 2025")
    parser.add_argument("--model", metavar="NAME", help="only this model; in a workbook, the title of its column")
    parser.add_argument(
        "--protocol", metavar="P", help="tutorial-2024 or paper-2025 (default: the one of the run or edition)"
    )
    parser.add_argument("--compare", choices=("ge", "gt"), help="what beats a specialist: >= or > (default: >=)")
    parser.add_argument("--dispatcher", action="store_true", help="the model only routes tasks to other models")
    parser.add_argument(
        "--agents",
        choices=("cap", "count"),
        help="a dispatcher reaches level 2 at most, or counts as any (default: cap)",
    )
    add_catalog_options(parser, default="the run's own catalog, else 2025")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Rate and print; 1 if some of the scores could not be used."""
    from genlevel.interop.scores import suspicious_units
    from genlevel.levels import rate_all

    if (args.source is None) == (args.published is None):
        raise GenlevelError("give one of RUN, SCORES.csv, RESULT.xlsx and --published E")
    given = _read(args)
    table = given.table.only(args.model) if args.model else given.table
    if args.dispatcher:
        if len(table.scores) > 1:
            raise GenlevelError(
                f"--dispatcher is about one model, but there are {len(table.scores)}; give --model NAME"
            )
        table.dispatchers.update(table.scores)
    protocol = _protocol(args, given)
    rows = given.folder is not None
    levels = rate_all(given.catalog, table.scores, protocol, dispatchers=table.dispatchers, rows=rows)
    units = [] if table.units_noted else suspicious_units(given.catalog, table.scores)
    for line in [*given.notes, *table.notes, *units]:
        note(f"note: {line}")
    _note_problems(table.problems)
    if given.folder is not None:
        levels = [_finish_run(given.folder, levels[0], given.catalog, protocol)]
    print_levels(levels, given.catalog, args.format)
    return 1 if table.problems else 0


def print_levels(levels: Sequence[ModelLevel], catalog: Catalog, how: str = "table") -> None:
    """The levels on stdout, best first; notes about them on stderr."""
    from genlevel.levels.document import document, ranked
    from genlevel.scoring.extent import one_half

    best_first = ranked(levels)
    if how == "json":
        emit_json(document(best_first, catalog))
    elif how == "csv":
        rows = [_csv_row(level) for level in best_first]
        emit_csv(list(rows[0]) if rows else ["model", "level"], rows)
    else:
        _print_table(best_first, catalog)
    half = one_half(catalog.tasks.values())
    if half and any(level.level for level in best_first):
        note(f"note: {half}")
    for level in best_first:
        if level.capped:
            note(f"note: {level.model} declares itself a dispatcher and is capped at level 2 (--agents count lifts it)")


def _read(args: argparse.Namespace) -> _Input:
    if args.published is not None:
        return _read_published(args)
    source: Path = args.source
    if source.is_dir():
        return _read_run(args)
    suffix = source.suffix.casefold()
    if suffix in _OTHER_WORKBOOKS:
        raise GenlevelError(f"{source.name}: save it as .xlsx, or as CSV with task_id,model,score")
    catalog = load_catalog(args)
    if suffix in _WORKBOOKS:
        from genlevel.interop.workbook import read_workbook

        return _Input(catalog, read_workbook(source, catalog, model=args.model))
    from genlevel.interop.score_csv import read_scores_csv

    return _Input(catalog, read_scores_csv(source, catalog))


def _read_published(args: argparse.Namespace) -> _Input:
    from genlevel.catalog import load
    from genlevel.interop.scores import ScoreTable
    from genlevel.levels.published import published_scores

    published = published_scores(args.published)
    if args.catalog is not None or args.edition not in {None, published.edition}:
        raise GenlevelError(f"--published {published.edition} brings its own tasks; leave out --edition and --catalog")
    catalog = load(published.edition, sota=args.sota)
    scores: dict[str, dict[str, Score]] = {
        model: {catalog.resolve(task_id).id: score for task_id, score in by_task.items()}
        for model, by_task in published.scores.items()
    }
    notes = ["published per task, not always complete: a table that is not printed counts as not supported"]
    return _Input(catalog, ScoreTable(scores, dispatchers=set(published.dispatchers)), notes=notes)


def _read_run(args: argparse.Namespace) -> _Input:
    from genlevel.interop.run_scores import read_run, run_catalog
    from genlevel.interop.scores import ScoreTable
    from genlevel.scoring.extent import partial

    folder: Path = args.source
    found = read_run(folder)
    own = args.edition is None and args.catalog is None
    catalog = run_catalog(folder, found, sota=args.sota) if own else load_catalog(args)
    table = ScoreTable({found.model: dict(found.scores)}, dispatchers={found.model} if found.dispatcher else set())
    if args.sota is None and found.sota_sha256 and found.sota_sha256 != catalog.sota_sha256:
        table.notes.append(
            "the specialists' scores are not those that the run was scored with; these levels use today's"
        )
    table.notes.extend(_without(found.scores.values()))
    table.notes.extend(_lost(found.scores.values()))
    known = [(s.value, s.note) for s in found.scores.values() if s.task_id in catalog.tasks]
    limit = found.meta.get("limit")
    left_out = partial(known, len(catalog), limit if isinstance(limit, int) else None)
    table.notes.extend([left_out] if left_out else [])
    return _Input(catalog, table, found.protocol, folder)


def _without(scores: Iterable[TaskScore]) -> list[str]:
    """The tasks that have no score, and those that the model cannot do."""
    from genlevel.scoring.extent import was_not_asked

    missing: dict[str, list[str]] = {"of the run without a score": [], "that the model cannot do": []}
    for score in scores:
        if score.value is None:
            kind = "that the model cannot do" if was_not_asked(score.note) else "of the run without a score"
            missing[kind].append(score.task_id)
    return [
        f"tasks {kind}, which count 0 ({len(ids)}): {', '.join(sorted(ids)[:5])}{', ...' if len(ids) > 5 else ''}"
        for kind, ids in missing.items()
        if ids
    ]


def _lost(scores: Iterable[TaskScore]) -> list[str]:
    """How many samples count 0 because there is no answer that could be read; nothing if there are none."""
    scores = list(scores)
    states = ("failed", "missing", "unreadable")
    counts = {state: sum(getattr(score, state) for score in scores) for state in states}
    if not any(counts.values()):
        return []
    listed = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return [f"of {many(sum(score.samples for score in scores), 'sample')} count 0: {listed}"]


def _protocol(args: argparse.Namespace, given: _Input) -> Protocol:
    """The protocol asked for, else the run's, else the edition's, with the options that change it."""
    from genlevel.levels import PROTOCOLS, get_protocol

    stamped = given.protocol.partition(" (")[0]
    name = args.protocol or (stamped if stamped in PROTOCOLS else given.catalog.protocol)
    comparison: Any = {"ge": ">=", "gt": ">"}.get(args.compare)
    agents: Any = {"cap": "cap-2", "count": "count"}.get(args.agents)
    return get_protocol(name).variant(comparison=comparison, agents=agents)


def _finish_run(folder: Path, level: ModelLevel, catalog: Catalog, protocol: Protocol) -> ModelLevel:
    """A run's level with its intervals, written into the run's folder."""
    from genlevel.interop.run_scores import read_replicates
    from genlevel.levels import add_intervals
    from genlevel.levels.document import document
    from genlevel.scoring.files import write_json

    values, coverages = read_replicates(folder, [row.id for row in level.rows if row.value is not None])
    level = add_intervals(level, catalog, protocol, values, coverages)
    write_json(folder / "levels.json", document([level], catalog))
    return level


def _note_problems(problems: Sequence[str]) -> None:
    for line in problems[:_LISTED]:
        note(line)
    if problems:
        rest = f" ({len(problems) - _LISTED} more not shown)" if len(problems) > _LISTED else ""
        used = "could not be used and counts" if len(problems) == 1 else "could not be used and count"
        note(f"{many(len(problems), 'row')} {used} as missing{rest}")


def _print_table(levels: Sequence[ModelLevel], catalog: Catalog) -> None:
    modalities = list(levels[0].modalities) if levels else []
    rows: list[tuple[Any, ...]] = [
        (
            level.model,
            _shown_level(level),
            *(_score(level.scores[s], level, s) for s in _SCORES),
            *("/".join(f"{level.modalities[m][s]:.2f}" for s in _SCORES[:3]) for m in modalities),
            f"{level.supported}/{level.tasks}",
            _wins(level),
        )
        for level in levels
    ]
    columns: tuple[str, ...] = ("model", "level", *_SCORES, *(f"{m} S2/S3/S4" for m in modalities), "above 0", "wins")
    if sys.stdout.isatty() and table_width(columns, rows) > shutil.get_terminal_size().columns:
        kept = [i for i, name in enumerate(columns) if "/" not in name]
        columns, rows = tuple(columns[i] for i in kept), [tuple(row[i] for i in kept) for row in rows]
        note("note: too narrow for the columns by modality; a wider terminal or --format csv shows them")
    protocol = levels[0].protocol if levels else catalog.protocol
    title = (
        f"edition {catalog.edition}, protocol {protocol}, specialists {catalog.sota_sha256[:12]}, "
        f"{many(len(catalog), 'task')}"
    )
    emit_table(columns, rows, right=tuple(range(2, len(columns))), title=title)


def _shown_level(level: ModelLevel) -> str:
    if level.capped:
        return f"{level.level} (capped)"
    return str(level.level) if level.level else "-"


def _wins(level: ModelLevel) -> str:
    """The wins, those in language apart: they count from level 5 on."""
    language = int(level.language.get("wins", 0))
    return f"{level.wins - language} + {language} language" if language else str(level.wins)


def _score(value: float, level: ModelLevel, name: str) -> str:
    bounds = (level.intervals or {}).get(name)
    return f"{value:.2f}" if bounds is None else f"{value:.2f} [{bounds[0]:.2f}, {bounds[1]:.2f}]"


def _csv_row(level: ModelLevel) -> dict[str, Any]:
    return {
        "model": level.model,
        "level": level.level,
        **level.scores,
        **{f"{m}_{s}": values[s] for m, values in level.modalities.items() for s in _SCORES[:3]},
        "tasks": level.tasks,
        "supported": level.supported,
        "wins": level.wins,
        "dispatcher": level.dispatcher,
        "capped": level.capped,
        **{name: getattr(level, name) for name in _STAMP},
    }
