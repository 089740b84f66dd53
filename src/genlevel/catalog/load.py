"""Loads editions and users' own catalogs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from genlevel.catalog.catalog import DEFAULT_PROTOCOL, Catalog, did_you_mean, sota_hash
from genlevel.catalog.read import (
    COLUMNS,
    REQUIRED,
    Row,
    check_id,
    check_score,
    like_fraction,
    parse_rows,
    read_rows,
    read_task,
    shown,
)
from genlevel.errors import CatalogError
from genlevel.records import Task


class Edition(NamedTuple):
    """An edition that comes with the package."""

    file: str
    protocol: str
    title: str


EDITIONS: dict[str, Edition] = {
    "2024": Edition("2024.csv", "tutorial-2024", "the tutorial: public datasets"),
    "2025": Edition("2025.csv", "paper-2025", "General-Bench"),
}
DEFAULT_EDITION = "2025"
OWN_EDITION = "own"
_KNOWN_COLUMNS = (*COLUMNS, "aliases")
# Names that a file has for what it is, and that say nothing about which catalog it is.
_PLAIN_STEMS = {"catalog", "tasks"}


def load(edition: str | None = None, *, catalog: Path | None = None, sota: Path | None = None) -> Catalog:
    """An edition, a user's own catalog, or both together.

    Args:
        edition: ``2024`` or ``2025``. ``None`` is the 2025 edition, or, with ``catalog``, that file alone.
        catalog: a CSV of own tasks. With an edition they are added to it, and an id that the edition has is an error;
            the edition is then called ``2025+name``, and that name is taken here too.
        sota: a CSV ``task_id,sota[,specialist]`` that replaces specialists' scores.

    Raises:
        CatalogError: for an unknown edition, or the first row of a file that can't be used, with its line.
    """
    own = catalog_name(catalog) if catalog is not None else ""
    base = _base_edition(edition, own)
    loaded = _builtin(base) if base else None
    if catalog is not None:
        added = read_catalog(catalog, edition=own)
        loaded = added if loaded is None else _join(loaded, added, catalog.name)
    assert loaded is not None
    return with_sota(loaded, sota) if sota is not None else loaded


def catalog_name(path: Path) -> str:
    """What a user's own catalog is called as an edition: its file's name, ``own`` for a plain ``catalog.csv``."""
    stem = path.stem
    return OWN_EDITION if stem.casefold() in _PLAIN_STEMS or stem in EDITIONS or "+" in stem else stem


def read_catalog(path: Path, *, edition: str | None = None) -> Catalog:
    """A CSV of tasks as a catalog of its own."""
    rows = read_rows(path, REQUIRED, _KNOWN_COLUMNS)
    return build(rows, path.name, edition=catalog_name(path) if edition is None else edition)


def parse_catalog(text: str, name: str = "catalog.csv", *, edition: str = OWN_EDITION) -> Catalog:
    """CSV text as a catalog; ``name`` stands for the file in messages."""
    return build(parse_rows(text, name, REQUIRED, _KNOWN_COLUMNS), name, edition=edition)


def build(rows: Iterable[Row], name: str, *, edition: str, protocol: str = DEFAULT_PROTOCOL) -> Catalog:
    """A catalog from a CSV's rows; ids and aliases must differ, also on file systems that ignore case."""
    tasks: dict[str, Task] = {}
    aliases: dict[str, str] = {}
    seen: dict[str, str] = {}
    notes = []
    for row in rows:
        task = read_task(row, edition)
        line = like_fraction(row, task) if edition not in EDITIONS else ""
        if line and not _as_shipped(task):
            notes.append(line)
        former = row.get("aliases").split()
        for identifier in (task.id, *former):
            key = identifier.casefold()
            if key in seen:
                row.fail(f"id '{shown(identifier)}' stands already in {seen[key]}")
            seen[key] = row.where
        for alias in former:
            check_id(row, alias)
            aliases[alias] = task.id
        tasks[task.id] = task
    if not tasks:
        raise CatalogError(f"{name}: has no tasks, only a header")
    return Catalog(edition, tasks, sota_hash(tasks.values()), protocol, aliases, tuple(notes))


def _as_shipped(task: Task) -> bool:
    """Whether an edition of the package has the task with this score."""
    return any(task.id in (c := _builtin(name)) and c[task.id].sota == task.sota for name in EDITIONS)


def with_sota(catalog: Catalog, path: Path) -> Catalog:
    """``catalog`` with the specialists' scores of a CSV ``task_id,sota[,specialist]``.

    Without a specialist's name the printed one is dropped, because the score is no longer theirs.
    """
    tasks = dict(catalog.tasks)
    seen: dict[str, str] = {}
    notes = list(catalog.notes)
    for row in read_rows(path, ("task_id", "sota"), ("task_id", "sota", "specialist")):
        identifier = row.get("task_id")
        if identifier not in catalog:
            row.fail(f"unknown task '{shown(identifier)}'{did_you_mean(identifier, catalog.tasks)}")
        task = catalog.resolve(identifier)
        if task.id in seen:
            row.fail(f"task '{task.id}' has its score already in {seen[task.id]}")
        seen[task.id] = row.where
        value = row.number("sota")
        if value is None:
            row.fail(f"task '{task.id}' has no sota")
        check_score(row, "sota", value, task.metric, task.scale)
        tasks[task.id] = replace(task, sota=value, specialist=row.get("specialist"))
        line = like_fraction(row, tasks[task.id])
        if line and not _as_shipped(tasks[task.id]):
            # These files have no column for the scale.
            notes.append(line.partition(", or give")[0])
    if not seen:
        raise CatalogError(f"{path.name}: has no scores, only a header")
    return replace(catalog, tasks=tasks, sota_sha256=sota_hash(tasks.values()), notes=tuple(notes))


@cache
def _builtin(edition: str) -> Catalog:
    """An edition of the package; it never changes, so one copy does for all."""
    kind = EDITIONS[edition]
    text = files("genlevel.catalog").joinpath("data", kind.file).read_text(encoding="utf-8")
    rows = parse_rows(text, kind.file, REQUIRED, _KNOWN_COLUMNS)
    return build(rows, kind.file, edition=edition, protocol=kind.protocol)


def _base_edition(edition: str | None, own: str) -> str:
    """The package's edition to load, empty for none: ``2025``, ``2025+own`` and, with an own catalog, its own name."""
    if edition is None or (own and edition == own):
        return "" if own else DEFAULT_EDITION
    base, plus, added = edition.partition("+")
    if base not in EDITIONS or (plus and (not own or added != own)):
        raise CatalogError(
            f"unknown edition '{shown(edition)}'; there are {', '.join(EDITIONS)} (your own tasks: --catalog FILE)"
        )
    return base


def _join(base: Catalog, added: Catalog, name: str) -> Catalog:
    names = {key.casefold() for key in (*base.tasks, *base.aliases)}
    for identifier in (*added.tasks, *added.aliases):
        if identifier.casefold() in names:
            raise CatalogError(
                f"{name}: task '{identifier}' is in edition {base.edition} already; give yours another id, "
                "or replace its specialist's score with --sota"
            )
    edition = f"{base.edition}+{added.edition}"
    tasks = {**base.tasks, **{key: replace(task, edition=edition) for key, task in added.tasks.items()}}
    return Catalog(
        edition, tasks, sota_hash(tasks.values()), base.protocol, {**base.aliases, **added.aliases}, added.notes
    )
