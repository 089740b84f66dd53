"""The table of sources of the 2024 edition, printed."""

from __future__ import annotations

import argparse
from typing import Any, Final

from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note

_COLUMNS: Final = ("task_id", "folder", "split", "copy", "licence", "size", "format", "page")
_ALL: Final = (*_COLUMNS[:3], "folders", *_COLUMNS[3:], "layout", "notes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the subcommand."""
    parser.add_argument("--tasks", nargs="+", default=[], metavar="GLOB", help="only tasks whose id or name fits")
    parser.add_argument("--modality", help="only image or language")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print a row for each task: all columns as JSON and CSV."""
    from genlevel.catalog import load
    from genlevel.datasets.public import FORMATS
    from genlevel.datasets.public.copies import copies
    from genlevel.datasets.public.sources import EDITION, sources

    rows: list[dict[str, Any]] = []
    for task in load(EDITION).select(tasks=args.tasks, modality=args.modality):
        source = sources()[task.id]
        rows.append(
            {
                "task_id": task.id,
                "folder": source.folder,
                "folders": "; ".join(source.folders),
                "split": source.split,
                "copy": source.hub if task.id in copies() else "",
                "licence": source.licence,
                "size": source.size,
                "page": source.page,
                "format": source.format,
                "layout": FORMATS.load(source.format).layout if source.format in FORMATS else "",
                "notes": source.notes,
            }
        )
    if args.format == "json":
        emit_json(rows)
    elif args.format == "csv":
        emit_csv(_ALL, rows)
    else:
        emit_table(_COLUMNS, [[row[column] for column in _COLUMNS] for row in rows])
        note(
            f"{len(rows)} tasks, {sum(bool(r['copy']) for r in rows)} with a copy that 'genlevel data download' fetches"
        )
    return 0
