"""List the tasks of an edition, its skills or its boards.

  genlevel tasks                                        all tasks of the 2025 edition
  genlevel tasks --modality audio --paradigm generation
  genlevel tasks '*counting*' --edition 2024            globs on ids, names and datasets
  genlevel tasks --skill I-C-26                         a skill's code or name; 'Object*' fits several
  genlevel tasks --scope C                              the tasks of a scope's boards, or of one: --board c-3d-generation
  genlevel tasks --skills                               the skills; --boards the boards, with the highest level of each
  genlevel tasks --coverage                             how each task is asked, answered and scored, and what that needs
  genlevel tasks --format csv > mine.csv                a table to edit and to use with --catalog mine.csv

--catalog FILE lists your own tasks alone; with --edition they are added to that edition.
"""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from genlevel.cli.catalog_options import add_catalog_options, load_catalog
from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note
from genlevel.counts import many
from genlevel.records import MODALITIES, PARADIGMS

if TYPE_CHECKING:
    from genlevel.catalog import Board, Catalog
    from genlevel.records import Task
    from genlevel.scoring.needs import Coverage

_WIDTH = 120
_TASK_TABLE = ("id", "skill_code", "metric", "direction", "sota", "task_type")
# What goes first when the table is wider than the terminal.
_DISPENSABLE = ("task_type", "skill_code", "direction")
_SKILL_COLUMNS = ("skill_code", "skill", "modality", "paradigm", "tasks", "metrics")
_COVERAGE_COLUMNS = ("id", "task_type", "takes", "makes", "answer", "metric", "need", "needs", "here", "lacks")
_BOARD_COLUMNS = ("id", "scope", "title", "tasks", "max_level", "group")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "tasks", nargs="*", metavar="GLOB", help="only tasks whose id, name or dataset fits one of these"
    )
    parser.add_argument("--modality", choices=MODALITIES, help="only tasks of this modality")
    parser.add_argument("--paradigm", choices=PARADIGMS, help="only tasks of this paradigm")
    parser.add_argument("--skill", metavar="S", help="only tasks of this skill: its code, its name or a glob")
    parser.add_argument(
        "--scope", "--board", metavar="ID", help="only tasks of this board, or of a scope's: A, B, C or D"
    )
    listing = parser.add_mutually_exclusive_group()
    listing.add_argument("--skills", action="store_true", help="list the skills of these tasks")
    listing.add_argument("--boards", action="store_true", help="list the boards that hold any of these tasks")
    listing.add_argument(
        "--coverage",
        action="store_true",
        help="list how these tasks are run and scored, what that needs, and what is here",
    )
    add_catalog_options(parser, default="2025, unless --catalog is given")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """List what was asked for."""
    catalog = load_catalog(args)
    chosen = catalog.select(
        tasks=args.tasks, modality=args.modality, paradigm=args.paradigm, skill=args.skill, scope=args.scope
    )
    if args.skills:
        _print(args.format, "skills", _SKILL_COLUMNS, skill_rows(chosen), chosen)
    elif args.coverage:
        _print_coverage(args.format, chosen)
    elif args.boards:
        _print_boards(args, catalog, chosen)
    else:
        _print_tasks(args.format, catalog, chosen)
    return 0


def _print_tasks(form: str, catalog: Catalog, chosen: Catalog) -> None:
    from genlevel.catalog.read import COLUMNS

    columns = (*COLUMNS, "aliases")
    rows = task_rows(chosen)
    if form == "table":
        shown = _fitting(rows)
        emit_table(
            [c.removesuffix("_code") for c in shown],
            [[_text(row[c]) for c in shown] for row in rows],
            right=_right(shown),
        )
        part = "" if len(chosen) == len(catalog) else f"{len(chosen)} of "
        note(
            f"{part}{many(len(catalog), 'task')} of edition {catalog.edition} ({counts(chosen)}); "
            f"specialists {catalog.sota_sha256[:12]}"
        )
    else:
        _print(form, "tasks", columns, rows, chosen)


def _print_boards(args: argparse.Namespace, catalog: Catalog, chosen: Catalog) -> None:
    from genlevel.catalog.boards import boards, find_boards

    # A board is what it is whatever is asked for, so that boards are made from the whole catalog.
    some = find_boards(catalog, args.scope) if args.scope else boards(catalog)
    some = [board for board in some if any(task_id in chosen.tasks for task_id in board.task_ids)]
    _print(args.format, "boards", _BOARD_COLUMNS, board_rows(some, with_ids=args.format == "json"), chosen)
    if args.format == "table":
        for text in dict.fromkeys(board.note for board in some if board.note):
            note(f"{', '.join(b.id for b in some if b.note == text)}: {text}")


def _print_coverage(form: str, chosen: Catalog) -> None:
    from genlevel.scoring.needs import covered, summary

    found, unknown = covered(chosen)
    rows = [coverage_row(row) for row in found]
    if form == "table":
        emit_table(
            ["id", "task type", "takes", "makes", "metric", "needs", "here"],
            [
                [
                    r.task_id,
                    r.task_type,
                    "+".join(r.takes),
                    "+".join(r.makes),
                    r.metric,
                    r.need,
                    "yes" if r.here else "no",
                ]
                for r in found
            ],
        )
        for reason, count in Counter(r.lacks.replace(r.task_id, "<task id>") for r in found if r.lacks).most_common():
            note(f"{count} not scorable here now: {reason}")
    elif form == "json":
        head = {"edition": chosen.edition, "protocol": chosen.protocol, "sota_sha256": chosen.sota_sha256}
        emit_json({**head, "summary": dict(Counter(r.need for r in found)), "tasks": rows, "unknown": unknown})
    else:
        emit_csv(_COVERAGE_COLUMNS, rows)
    for line in unknown:
        note(line)
    note(f"{summary(found)}; {sum(r.here for r in found)} can be scored on this machine now with the data alone")


def _print(form: str, noun: str, columns: Sequence[str], rows: list[dict[str, Any]], catalog: Catalog) -> None:
    if form == "json":
        head = {"edition": catalog.edition, "protocol": catalog.protocol, "sota_sha256": catalog.sota_sha256}
        emit_json({**head, noun: rows})
    elif form == "csv":
        emit_csv(columns, rows)
    else:
        emit_table(
            [c.removesuffix("_code") if c != "skill_code" else "code" for c in columns],
            [[_text(r[c]) for c in columns] for r in rows],
            right=_right(columns),
        )
        note(f"{len(rows)} {noun} of edition {catalog.edition}, {many(len(catalog), 'task')}")


def task_rows(catalog: Catalog) -> list[dict[str, Any]]:
    """The tasks as rows of a catalog's CSV."""
    from genlevel.catalog.read import COLUMNS

    former: dict[str, list[str]] = {}
    for alias, task_id in catalog.aliases.items():
        former.setdefault(task_id, []).append(alias)
    return [{**{c: getattr(t, c) for c in COLUMNS}, "aliases": " ".join(former.get(t.id, ()))} for t in catalog]


def coverage_row(row: Coverage) -> dict[str, Any]:
    """A task's coverage as strings and one boolean."""
    return {
        "id": row.task_id,
        "task_type": row.task_type,
        "takes": " ".join(row.takes),
        "makes": " ".join(row.makes),
        "answer": row.answer,
        "metric": row.metric,
        "need": row.need,
        "needs": row.needs,
        "here": row.here,
        "lacks": row.lacks,
    }


def skill_rows(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """One row per skill, in catalog order."""
    groups: dict[tuple[str, ...], list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.skill_code, task.skill, task.modality, task.paradigm), []).append(task)
    return [
        {
            **dict(zip(_SKILL_COLUMNS, key, strict=False)),
            "tasks": len(some),
            "metrics": " ".join(_unique(t.metric for t in some)),
        }
        for key, some in groups.items()
    ]


def board_rows(some: Iterable[Board], *, with_ids: bool) -> list[dict[str, Any]]:
    """One row per board; ``with_ids`` adds the ids of its tasks."""
    rows = [{**board._asdict(), "tasks": len(board.task_ids)} for board in some]
    for row in rows:
        ids = row.pop("task_ids")
        if with_ids:
            row["task_ids"] = ids
    return rows


def counts(tasks: Iterable[Task]) -> str:
    """How many tasks of each modality and paradigm: ``image 271 comprehension + 45 generation, language 115``."""
    by_modality: dict[str, Counter[str]] = {}
    for task in tasks:
        by_modality.setdefault(task.modality, Counter())[task.paradigm] += 1
    return ", ".join(
        f"{modality} " + " + ".join(f"{n}" if p == modality else f"{n} {p}" for p, n in found.items())
        for modality, found in by_modality.items()
    )


def _fitting(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The columns of the task table, without those that make it wider than the terminal."""
    limit = max(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns)
    shown = list(_TASK_TABLE)
    for column in _DISPENSABLE:
        if sum(max(len(_text(row[c])) for row in rows) + 2 for c in shown) - 2 <= limit:
            break
        shown.remove(column)
    return shown


def _right(columns: Sequence[str]) -> list[int]:
    return [i for i, column in enumerate(columns) if column in {"sota", "tasks", "max_level"}]


def _text(value: Any) -> str:
    # Six digits: a Chamfer distance of 9e-05 must not become 0.
    return "-" if value is None or value == "" else f"{value:.6g}" if isinstance(value, float) else str(value)


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
