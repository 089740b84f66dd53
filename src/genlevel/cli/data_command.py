"""Fetch tasks' files from the hub, check a folder of tasks, or make the starter set or specimens.

genlevel data download --tasks 'bird*' --out DIR    fetch just these tasks' files; --dry-run says how much that is
genlevel data sources --modality language           where the 2024 edition's datasets are published, licences, folders
genlevel data check DIR                             which tasks are there; what is missing or cannot be read
genlevel data starter DIR                           small tasks in all modalities, made from a seed: nothing to download
genlevel data specimens DIR                         a few made entries of every task of an edition, to try the whole way

DIR for 'check' is a General-Bench folder (General-Bench-Openset, say), any folder in its format, or with --edition 2024 one
that holds public datasets as their archives unpack (docs/datasets-2024.md); for 'starter' and 'specimens' a new folder.
'check' exits with 1 if anything is wrong. 'genlevel data download --help' explains the download.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genlevel.cli import data_download, data_sources
from genlevel.cli.catalog_options import add_catalog_options, load_catalog
from genlevel.cli.numbers import count, positive
from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note
from genlevel.counts import many

if TYPE_CHECKING:
    from genlevel.catalog import Catalog
    from genlevel.datasets import Dataset, Found
    from genlevel.datasets.check import Check, Reader
    from genlevel.records import Task

_COUNTS = ("samples", "closed", "train", "missing_media", "broken_media", "unreadable", "duplicates", "unlisted")
_COLUMNS = ("task_id", "folder", *_COUNTS, "reader")

_CHECKS = """Say which tasks of the catalog a data folder holds, how many samples each has, and what is missing, cannot be read
or does not fit: media, entries, ids, right answers that are none of the options, metrics. Exits with 1 if anything is wrong."""
_STARTS = """Make the starter set: small real tasks in five modalities with their own catalog.csv, drawn by code from a seed.
Nothing is downloaded. Specialists' scores for another seed than 0 are measured, which needs the extra 'demo'."""
_MAKES = """Make a few entries of every task of an edition or catalog in its real shape, to try the whole way without the data.
They measure no model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Subcommands and their options."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="download|sources|check|starter|specimens")
    download = commands.add_parser(
        "download",
        help="fetch tasks' files from the Hugging Face hub",
        description=data_download.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    data_download.add_arguments(download)
    sources = commands.add_parser("sources", help="where the 2024 edition's datasets are published", allow_abbrev=False)
    data_sources.add_arguments(sources)
    check = commands.add_parser("check", help="look a data folder over", description=_CHECKS, allow_abbrev=False)
    check.add_argument("folder", type=Path, metavar="DIR", help="the folder that holds the tasks")
    check.add_argument("--decode", action="store_true", help="decode every medium (slow); else image headers only")
    check.add_argument("--lines", type=count, default=10, metavar="N", help="problems to list per task (default: 10)")
    add_catalog_options(check)
    add_format(check)
    starter = commands.add_parser("starter", help="make the starter set", description=_STARTS, allow_abbrev=False)
    starter.add_argument("folder", type=Path, metavar="DIR", help="where to make it")
    starter.add_argument("--seed", type=count, default=0, metavar="N", help="another seed, other samples (default: 0)")
    made = commands.add_parser(
        "specimens", help="make a few entries of every task", description=_MAKES, allow_abbrev=False
    )
    made.add_argument("folder", type=Path, metavar="DIR", help="where to make them")
    made.add_argument("--tasks", nargs="+", default=[], metavar="GLOB", help="only tasks whose id or name fits")
    made.add_argument("--samples", type=positive, default=2, metavar="N", help="entries of a task (default: 2)")
    made.add_argument("--seed", type=count, default=0, metavar="N", help="another seed, other entries (default: 0)")
    add_catalog_options(made, default="2025, unless --catalog is given")


def run(args: argparse.Namespace) -> int:
    """Do the subcommand."""
    actions = {
        "check": _check,
        "download": data_download.run,
        "sources": data_sources.run,
        "specimens": _specimens,
        "starter": _starter,
    }
    return actions[args.action](args)


def _starter(args: argparse.Namespace) -> int:
    from genlevel.starter.make import make_starter

    make_starter(args.folder, args.seed)
    note(f"starter set made in {args.folder} (seed {args.seed}); next: genlevel data check {args.folder}")
    return 0


def _specimens(args: argparse.Namespace) -> int:
    from genlevel.specimens.write import make_specimens

    catalog = load_catalog(args)
    made = make_specimens(args.folder, catalog.select(tasks=args.tasks), args.samples, args.seed)
    which = f" --catalog {args.catalog}" if args.catalog else f" --edition {catalog.edition}"
    note(
        f"{many(args.samples, 'specimen')} of each of {many(made, 'task')} in {args.folder}; "
        "they are made up and measure no model"
    )
    note(f"next: genlevel run --model nearest: --data {args.folder}{which}")
    return 0


def _check(args: argparse.Namespace) -> int:
    from genlevel.datasets import find_datasets
    from genlevel.datasets.public.sources import absent

    catalog = load_catalog(args, args.folder)
    found = find_datasets(args.folder, catalog)
    checks = [_check_one(dataset, args) for dataset in found.datasets]
    if args.format == "json":
        emit_json(_document(args.folder, catalog, found, checks))
    elif args.format == "csv":
        emit_csv(_COLUMNS, [_row(check) for check in checks])
    else:
        rows = [_row(check) for check in checks]
        emit_table(_COLUMNS, [[row[c] for c in _COLUMNS] for row in rows], right=range(2, 2 + len(_COUNTS)))
    _notes(found, checks, args.lines)
    for source in absent(catalog, {dataset.task.id for dataset in found.datasets}):
        note(f"absent: {source.task_id}: {source.where}")
    wrong = bool(found.unmatched) or any(check.faults for check in checks)
    note(_summary(found, checks, len(catalog)))
    return 1 if wrong else 0


def _check_one(dataset: Dataset, args: argparse.Namespace) -> Check:
    from genlevel.datasets.check import check_dataset
    from genlevel.scoring.fit import misfits

    check = check_dataset(dataset, _reader(dataset.task), keep=args.lines, decode=args.decode)
    for line in misfits([dataset]):
        check.misfit = line
        check.problems.insert(0, line)
    return check


def _reader(task: Task) -> Reader | None:
    """The task type's reader, or None where there is none yet."""
    from genlevel import tasktypes

    return tasktypes.for_task(task).read if task.task_type in tasktypes.TASK_TYPES else None


def _row(check: Check) -> dict[str, Any]:
    counts = {name: getattr(check, name) for name in _COUNTS}
    reader = check.dataset.task.task_type if check.reader else "no reader yet"
    return {"task_id": check.dataset.task.id, "folder": check.dataset.relative or ".", **counts, "reader": reader}


def _document(root: Path, catalog: Catalog, found: Found, checks: list[Check]) -> dict[str, Any]:
    from dataclasses import asdict

    from genlevel.datasets.public.sources import absent

    there = {dataset.task.id for dataset in found.datasets}
    return {
        "data": str(root),
        "edition": catalog.edition,
        "tasks": [{**_row(check), "split": check.dataset.split, "problems": check.problems} for check in checks],
        "unmatched": [{"path": str(u.path), "reason": u.reason} for u in found.unmatched],
        "ignored": [{"path": str(u.path), "reason": u.reason} for u in found.ignored],
        "absent": [asdict(source) for source in absent(catalog, there)],
    }


def _notes(found: Found, checks: list[Check], limit: int) -> None:
    """What is wrong, on stderr: at most ``limit`` lines for each task and each list."""
    for check in checks:
        if check.dataset.split:
            note(f"{check.dataset.task.id}: split {check.dataset.split}")
        for line in check.problems:
            note(line)
        if check.faults > len(check.problems):
            note(f"{check.dataset.task.id}: {check.faults - len(check.problems)} more")
    for title, listed in (("unmatched", found.unmatched), ("ignored", found.ignored)):
        for item in listed[:limit]:
            note(f"{title}: {item}")
        if len(listed) > limit:
            note(f"{title}: {len(listed) - limit} more")


def _summary(found: Found, checks: list[Check], tasks: int) -> str:
    total = {name: sum(getattr(check, name) for check in checks) for name in _COUNTS}
    wrong = ", ".join(
        f"{total[name]} {words}"
        for name, words in (
            ("missing_media", "with missing media"),
            ("broken_media", "with media that cannot be read"),
            ("unreadable", "unreadable"),
            ("duplicates", "with an id used before"),
            ("unlisted", "whose right answer is none of the options"),
        )
        if total[name]
    )
    parts = [f"{len(checks)} of {many(tasks, 'task')} of the catalog", many(total["samples"], "sample")]
    if total["closed"]:
        parts.append(f"{total['closed']} of them closed (no reference)")
    unread = sum(not check.reader for check in checks)
    if unread:
        parts.append(f"{many(unread, 'task')} without a reader yet")
    if found.unmatched:
        parts.append(f"{len(found.unmatched)} unmatched")
    misfits = sum(bool(check.misfit) for check in checks)
    if misfits:
        parts.append(f"tasks whose metric does not fit their type: {misfits}")
    return "; ".join([*parts, f"entries {wrong}" if wrong else "nothing missing"])
