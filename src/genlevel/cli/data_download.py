"""Fetch tasks' files from the Hugging Face hub into a data folder: only the chosen tasks', never the whole.

  genlevel data download --tasks 'bird*' --out data --dry-run     what it would fetch: files and bytes, task by task
  genlevel data download --tasks 'bird*' --out data               fetch it; the same command goes on after a stop
  genlevel run --model ... --data data --tasks 'bird*'            and use it
  genlevel data download --edition 2024 --modality language --out data-2024

Edition 2025 comes from General-Bench's open set (206 GB in all), edition 2024 from the copies of its public datasets, as far
as there are any ('genlevel data sources' lists them and where the others are published). Files that are there and right are
not fetched again; every checksum is compared; archives are unpacked. A token for data that wants one is read from the
environment: export HF_TOKEN=... ; HF_ENDPOINT names another hub. Needs the extra 'hub'. Exit 1: some tasks or files could
not be had, each with its line.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note
from genlevel.counts import many
from genlevel.datasets.hub.download import Watcher
from genlevel.errors import DataError

if TYPE_CHECKING:
    from genlevel.datasets.hub import Fetched, Plan
    from genlevel.datasets.hub.plan import TaskFiles

OPEN_SET: Final = "General-Level/General-Bench-Openset"
_COLUMNS: Final = ("task_id", "files", "bytes", "size", "archives", "source")
_LISTED: Final = 20
_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the subcommand."""
    parser.add_argument("--edition", default="2025", choices=("2024", "2025"), help="which tasks (default: 2025)")
    parser.add_argument("--tasks", nargs="+", default=[], metavar="GLOB", help="only tasks whose id or name fits")
    parser.add_argument("--modality", help="only image, video, audio, 3d or language")
    parser.add_argument("--scope", metavar="BOARD", help="only the tasks of a board (see 'genlevel tasks --boards')")
    parser.add_argument(
        "--folders",
        nargs="+",
        default=[],
        metavar="PATH",
        help="also these folders of the repository, whatever is in them",
    )
    parser.add_argument("--all", action="store_true", help="every task of the edition (without it, choose some)")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="the data folder; made if it is not there"
    )
    parser.add_argument("--dry-run", action="store_true", help="only print what would be fetched")
    parser.add_argument(
        "--limit-bytes", type=size, metavar="N", help="fetch nothing if it is more than N bytes in all (500M, 20G)"
    )
    parser.add_argument("--repo", metavar="OWNER/NAME", help=f"another repository laid out so (default: {OPEN_SET})")
    parser.add_argument("--revision", default="main", metavar="R", help="its branch or commit (default: main)")
    parser.add_argument(
        "--token-env",
        default="HF_TOKEN",
        metavar="NAME",
        help="the environment variable with the token (default: HF_TOKEN)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_format(parser)


def size(text: str) -> int:
    """A number of bytes, with k, M, G or T (powers of 1000) after it if wanted."""
    match = re.fullmatch(r"(\d{1,15})([kmgt]?)b?", text.strip().casefold())
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a number of bytes such as 500M or 20G")
    return int(match[1]) * _UNITS[match[2]]


def run(args: argparse.Namespace) -> int:
    """Plan, print, fetch."""
    from genlevel.datasets.hub import fetch
    from genlevel.datasets.hub.download import in_words

    plan = _plan(args)
    if not plan.tasks:
        first = next(iter(plan.missing.items()), ("", ""))
        raise DataError(f"none of the {len(plan.missing)} chosen tasks can be fetched; {first[0]}: {first[1]}")
    for line in plan.notes:
        note(line)
    for task_id, reason in list(plan.missing.items())[:_LISTED]:
        note(f"{task_id}: {reason}")
    if len(plan.missing) > _LISTED:
        note(f"{len(plan.missing) - _LISTED} more tasks cannot be fetched (--format json lists all)")
    if args.dry_run:
        _print(plan, args.format)
        note(f"{len(plan.items)} files, {in_words(plan.size)} in all; nothing was fetched")
        return 1 if plan.missing else 0
    if args.limit_bytes is not None and plan.size > args.limit_bytes:
        raise DataError(
            f"the chosen tasks hold {plan.size} bytes ({in_words(plan.size)}), more than --limit-bytes {args.limit_bytes}"
        )
    with Transfer(args.quiet) as watcher:
        fetched = fetch(plan, args.out, watcher)
    _tell(plan, fetched, args)
    return 1 if fetched.failures or plan.missing else 0


def _plan(args: argparse.Namespace) -> Plan:
    from genlevel.catalog import load
    from genlevel.datasets.hub import Hub
    from genlevel.datasets.hub.walk import plan_repository

    chosen_some = bool(args.tasks or args.modality or args.scope or args.folders)
    if chosen_some == args.all:
        raise DataError("choose tasks with --tasks, --modality, --scope or --folders, or take --all of them, not both")
    catalog = load(args.edition)
    only_folders = args.folders and not (args.tasks or args.modality or args.scope)
    chosen = (
        catalog.subset(())
        if only_folders
        else catalog.select(tasks=args.tasks, modality=args.modality, scope=args.scope)
    )
    secret = token(args.token_env)
    if args.edition == "2024":
        from genlevel.datasets.hub.copies import plan_copies

        if args.repo or args.folders or args.revision != "main":
            raise DataError(
                "--repo, --revision and --folders are for edition 2025; 2024 has a repository for each dataset"
            )
        return plan_copies(lambda repo, revision: Hub(repo, revision, token=secret), chosen)
    hub = Hub(args.repo or OPEN_SET, args.revision, token=secret)
    return plan_repository(hub, catalog, chosen, args.folders)


def token(name: str) -> str | None:
    """The token in an environment variable; None where the usual one is not set.

    Raises:
        DataError: another variable than the usual one is named and not set, or what it holds can be no token.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        if name != "HF_TOKEN":
            raise DataError(f"--token-env: the environment variable {name} is not set")
        return None
    if not value.isascii() or not value.isprintable() or " " in value:
        raise DataError(f"{name}: what it holds can be no token")
    return value


def _print(plan: Plan, how: str) -> None:
    rows = [_row(task) for task in plan.tasks]
    if how == "json":
        tasks = [
            {**row, "paths": [{"path": i.path, "bytes": i.file.size, "checksum": i.file.checksum} for i in task.items]}
            for row, task in zip(rows, plan.tasks, strict=True)
        ]
        total = {"files": len(plan.items), "bytes": plan.size}
        emit_json({"tasks": tasks, "missing": plan.missing, "notes": plan.notes, "total": total})
    elif how == "csv":
        emit_csv(_COLUMNS, rows)
    else:
        from genlevel.datasets.hub.download import in_words

        total_row = ["total", len(plan.items), plan.size, in_words(plan.size), sum(t.archives for t in plan.tasks), ""]
        emit_table(_COLUMNS, [*([row[c] for c in _COLUMNS] for row in rows), total_row], right=(1, 2, 3, 4))


def _row(task: TaskFiles) -> dict[str, Any]:
    from genlevel.datasets.hub.download import in_words

    sources = sorted({f"{item.hub.repo}@{item.hub.commit[:12]}" for item in task.items})
    return {
        "task_id": task.name,
        "files": len(task.items),
        "bytes": task.size,
        "size": in_words(task.size),
        "archives": task.archives,
        "source": " ".join(sources),
    }


def _tell(plan: Plan, fetched: Fetched, args: argparse.Namespace) -> None:
    from dataclasses import asdict

    from genlevel.datasets.hub.download import in_words

    if args.format == "json":
        emit_json({**asdict(fetched), "missing": plan.missing, "out": str(args.out)})
    for line in fetched.notes:
        note(line)
    for line in fetched.failures[:_LISTED]:
        note(line)
    if len(fetched.failures) > _LISTED:
        note(f"{len(fetched.failures) - _LISTED} more files failed")
    parts = [f"{fetched.fetched} files fetched ({in_words(fetched.size)})", f"{fetched.present} were there"]
    if fetched.unpacked:
        parts.append(f"{many(fetched.unpacked, 'archive')} unpacked")
    if fetched.failures:
        parts.append(f"{len(fetched.failures)} failed: the same command tries them again")
    if plan.missing:
        parts.append(f"{many(len(plan.missing), 'task')} {'is' if len(plan.missing) == 1 else 'are'} not there")
    note(f"{'; '.join(parts)}; next: genlevel data check {args.out} --edition {args.edition}")


class Transfer(Watcher):
    """A bar over all bytes on a terminal; elsewhere a line for every tenth of them."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._lock = threading.Lock()
        self._files = self._size = self._got = self._done = self._tenth = 0

    def __enter__(self) -> Transfer:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            columns = (BarColumn(None), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
            self._bar = Progress(TextColumn("{task.description}"), *columns, console=Console(stderr=True))
            self._task = self._bar.add_task("fetching", total=None)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def start(self, files: int, size: int) -> None:
        """Set the length."""
        self._files, self._size = files, size
        if self._bar is not None:
            self._bar.update(self._task, total=size)

    def got(self, size: int) -> None:
        """Count bytes."""
        with self._lock:
            self._got += size
            tenth = 10 * self._got // max(self._size, 1)
            tell, self._tenth = tenth > self._tenth, max(tenth, self._tenth)
        if self._bar is not None:
            self._bar.update(self._task, advance=size)
        elif tell and not self._quiet and self._size > 10_000_000:
            note(f"fetched {self._got} of {self._size} bytes, {self._done} of {self._files} files")

    def done(self, path: str) -> None:
        """Count files."""
        with self._lock:
            self._done += 1
            text = f"fetching, {self._done} of {self._files} files"
        if self._bar is not None:
            self._bar.update(self._task, description=text)

    def unpacking(self, path: str) -> None:
        """Say so: it may take its time."""
        if not self._quiet and self._bar is None:
            note(f"unpacking {path}")
