"""From the folder that an archive was unpacked into to the task's folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from genlevel.datasets.hub.client import HubError
from genlevel.datasets.hub.journal import Journal
from genlevel.datasets.hub.plan import archive_stem
from genlevel.datasets.names import plain

__all__ = ["Placed", "inside", "place"]


@dataclass(slots=True)
class Placed:
    """The topmost paths, relative to the data folder, and how many files were there before and stay."""

    entries: list[str] = field(default_factory=list)
    kept: int = 0


def place(new: Path, root: Path, name: str, folder: str, journal: Journal) -> Placed:
    """Move everything in ``new`` to its place in the task's folder.

    What holds the annotation becomes the task's folder, so that it is found there: ``open/annotation.json`` of
    ``task/open.tar.gz`` becomes ``task/annotation.json``. An archive of media only keeps its one folder, or gets one of its
    own name, so that two archives with ``0001.png`` do not meet. A file that is there already stays, unless it came from
    this archive.
    """
    source, below = _layout(new, name, folder)
    placed = Placed()
    target = PurePosixPath(folder, below).as_posix()
    for child in sorted(source.iterdir()):
        relative = f"{target}/{child.name}"
        _move(child, root, relative, name, journal, placed)
        placed.entries.append(relative)
    return placed


def _layout(new: Path, name: str, folder: str) -> tuple[Path, str]:
    """The folder whose content moves, and where below the task's folder it goes ('' for the task's folder itself)."""
    path = PurePosixPath(name)
    stem = archive_stem(path.name)
    beside = path.parent.as_posix() == folder
    children = list(new.iterdir())
    only = children[0] if len(children) == 1 and children[0].is_dir() else None
    if only is not None and (_holds_json(only) or (not beside and plain(only.name) == plain(stem))):
        return only, ""
    if beside and only is None and not _holds_json(new):
        return new, stem
    return new, ""


def _holds_json(folder: Path) -> bool:
    return any(
        child.name.casefold().endswith(".json") or (child.is_dir() and child.name.casefold() == "json")
        for child in folder.iterdir()
    )


def _move(source: Path, root: Path, relative: str, name: str, journal: Journal, placed: Placed) -> None:
    target = root / relative
    if source.is_dir():
        if not os.path.lexists(target):
            inside(root, relative)
            os.replace(source, target)
            return
        for child in sorted(source.iterdir()):
            _move(child, root, f"{relative}/{child.name}", name, journal, placed)
    elif os.path.lexists(target) and not journal.came_from(relative, name):
        placed.kept += 1
    else:
        os.replace(source, inside(root, relative))


def inside(root: Path, relative: str) -> Path:
    """The place of a file below ``root``, with its folders made; no folder on the way may be a link that leads out.

    Raises:
        HubError: a link leads out of ``root``, or something else than a folder is in the way.
    """
    target = root / relative
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise HubError(f"{target}: a file stands where a folder must be; move it away") from None
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise HubError(f"{target}: a link leads out of {root}; nothing is written through it")
    if target.is_dir() and not target.is_symlink():
        raise HubError(f"{target}: a folder stands where a file must be; move it away")
    return target
