"""Which files of which repositories a download takes, task by task."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from genlevel.datasets.hub.client import Hub, HubFile
from genlevel.records import Task

ARCHIVES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Ends of the names of archives that are unpacked."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file to fetch and where it goes.

    ``path`` is relative to the data folder, in POSIX form. An archive is unpacked into ``unpack``, a folder relative to the
    data folder ('' for a file that stays as it is).
    """

    hub: Hub
    file: HubFile
    path: str
    unpack: str = ""


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """A task's files. ``task`` is None for a folder that was asked for by its path, whatever it holds."""

    task: Task | None
    name: str
    items: tuple[Item, ...]

    @property
    def size(self) -> int:
        """Bytes to fetch, of archives as they are packed."""
        return sum(item.file.size for item in self.items)

    @property
    def archives(self) -> int:
        """How many of the files are archives to unpack."""
        return sum(bool(item.unpack) for item in self.items)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a download takes. ``missing`` are chosen tasks without files, with the reason; ``notes`` what a person should know."""

    tasks: list[TaskFiles] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def items(self) -> list[Item]:
        """Every file once, in the order of the tasks."""
        seen: dict[str, Item] = {}
        for task in self.tasks:
            for item in task.items:
                seen.setdefault(item.path, item)
        return list(seen.values())

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(item.file.size for item in self.items)


def archive_stem(name: str) -> str:
    """The name without the end that makes it an archive's; '' if it is no archive's.

    >>> archive_stem("AnimalVOS.zip"), archive_stem("open.tar.gz"), archive_stem("a.png")
    ('AnimalVOS', 'open', '')
    """
    lower = name.casefold()
    return next((name[: -len(end)] for end in ARCHIVES if lower.endswith(end) and len(name) > len(end)), "")


def item_of(hub: Hub, file: HubFile, folder: str) -> Item:
    """A file of the task whose folder in the repository is ``folder``; it goes to the same path in the data folder.

    An archive beside the task's folder becomes that folder, one inside it is unpacked where it lies.
    """
    if not archive_stem(PurePosixPath(file.path).name):
        return Item(hub, file, file.path)
    return Item(hub, file, file.path, _above(file.path) if file.path.startswith(f"{folder}/") else folder)


def _above(path: str) -> str:
    return PurePosixPath(path).parent.as_posix()
