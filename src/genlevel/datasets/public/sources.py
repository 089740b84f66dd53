"""The table of sources: where each task of the 2024 edition is published, under which terms, and how it is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from genlevel.catalog import Catalog
from genlevel.catalog.read import parse_rows
from genlevel.datasets.names import plain

__all__ = ["EDITION", "Source", "absent", "sources"]

EDITION: Final = "2024"
"""The edition whose tasks the table lists."""
_COLUMNS: Final = ("task_id", "dataset", "folders", "split", "page", "hub", "licence", "size", "format", "notes")


@dataclass(frozen=True, slots=True)
class Source:
    """A row of the table. What nobody knows is ``unknown``.

    ``folders`` are the names under which a data folder may hold the dataset, the usual one first; ``hub`` is the repository
    of a copy on the hub, '' without one; ``format`` names the reader, '' without one.
    """

    task_id: str
    dataset: str
    folders: tuple[str, ...]
    split: str
    page: str
    hub: str
    licence: str
    size: str
    format: str
    notes: str

    @property
    def folder(self) -> str:
        """The name of the folder to make for it."""
        return self.folders[0].casefold().replace(" ", "-")

    @property
    def where(self) -> str:
        """Where to get it, in one line."""
        pages = [page for page in (self.page, f"hub: {self.hub}" if self.hub else "") if page not in ("", "unknown")]
        return f"{self.dataset}: {', '.join(pages) or 'unknown where'}; put it in the folder {self.folder}"

    def called(self, name: str) -> int | None:
        """How good a name of the dataset's folder ``name`` is, 0 for the usual one; None if it is none."""
        wanted = plain(name)
        return next((i for i, own in enumerate(self.folders) if plain(own) == wanted), None)


@cache
def sources() -> Mapping[str, Source]:
    """The rows by task id, in the order of the edition."""
    text = (files("genlevel.datasets.public") / "sources.csv").read_text(encoding="utf-8")
    found = {}
    for row in parse_rows(text, "sources.csv", _COLUMNS[:2], _COLUMNS):
        cells = {column: row.get(column) for column in _COLUMNS}
        folders = tuple(name.strip() for name in (cells.pop("folders") or cells["dataset"]).split(";"))
        found[cells["task_id"]] = Source(folders=folders, **cells)
    return MappingProxyType(found)


def absent(catalog: Catalog, there: Collection[str]) -> list[Source]:
    """Where to get the datasets of those tasks of a catalog that are not ``there``."""
    return [
        source
        for identifier, source in sources().items()
        if identifier in catalog and catalog[identifier].edition == EDITION and identifier not in there
    ]
