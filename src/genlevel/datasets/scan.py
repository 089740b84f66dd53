"""Finding annotation files below a data root without looking into folders of media."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from genlevel.datasets.base import Unmatched
from genlevel.datasets.names import plain
from genlevel.datasets.paths import TRAIN
from genlevel.errors import DataError

_DEPTH: Final = 10
_ANNOTATION: Final = re.compile(r"annotations?(?:[_-]?v?(\d{1,9}))?\.json", re.IGNORECASE)
_OTHER: Final = re.compile(
    r"(predictions?|results?|outcomes?|scores?|outputs?|package(-lock)?|config|dataset_infos?)\b.*"
)
_ARCHIVES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar", ".tar.xz", ".tar.bz2", ".parquet")
_INNER: Final = frozenset({"json", "annotation", "annotations"})
# What lies directly below these is a task's folder.
_PARENTS: Final = frozenset({"comprehension", "generation", "nlp", "language"})
# MEDIA: folders of media, which are not searched. The names of modalities are media too, but only inside a task's folder.
MEDIA: Final = frozenset(
    {"images", "imgs", "videos", "audios", "pointclouds", "point_clouds", "frames", "masks", "meshes", "jpegimages"}
    | {"__macosx", "depths", "labels"}
)
_MEDIA_IN_TASK: Final = frozenset(
    {"image", "video", "audio", "img", "depth", "mask", "gt", "wav", "wavs", "ply", "npy"}
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A folder that looks like a task's. ``certain`` if the file's name alone says that it is an annotation."""

    folder: Path
    annotation: Path
    relative: str
    certain: bool
    train: Path | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """All candidates in path order, what a person should look at, and what is no annotation."""

    candidates: list[Candidate] = field(default_factory=list)
    notes: list[Unmatched] = field(default_factory=list)
    ignored: list[Unmatched] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Listing:
    files: list[str]
    folders: list[str]
    links: list[str]


def scan(root: Path, skip: Collection[Path] = ()) -> Scan:
    """Search ``root`` and the folders below it, but those to ``skip``. Links to folders are not followed.

    Raises:
        DataError: ``root`` is missing, is no folder, or cannot be listed.
    """
    if not root.exists():
        raise DataError(f"{root}: no such folder")
    if not root.is_dir():
        raise DataError(f"{root}: a file, not a folder; --data takes the folder that holds the tasks")
    found = Scan()
    _visit(root, "", 0, found, frozenset(skip))
    return found


def _visit(root: Path, relative: str, depth: int, found: Scan, skip: frozenset[Path]) -> None:
    folder = root / relative if relative else root
    if folder in skip:
        return
    try:
        listing = _list(folder)
    except OSError as error:
        if not relative:
            raise DataError(f"{root}: cannot be listed ({error.strerror})") from None
        found.notes.append(Unmatched(folder, f"cannot be listed ({error.strerror})"))
        return
    known = len(found.candidates) + len(found.notes)
    for name in listing.links:
        found.notes.append(Unmatched(folder / name, "a link is not followed; put the files themselves here"))
    certain = _task_folder(folder, relative, listing, found)
    if not certain:
        for name in listing.files:
            if name.lower().endswith(_ARCHIVES):
                found.notes.append(Unmatched(folder / name, "an archive; unpack it first"))
    skipped = MEDIA | ({TRAIN, *_INNER, *_MEDIA_IN_TASK} if certain and relative else set())
    for name in listing.folders:
        if name.casefold() in skipped or name.startswith("."):
            continue
        if depth >= _DEPTH:
            found.notes.append(Unmatched(folder / name, f"more than {_DEPTH} folders deep; not searched"))
            continue
        _visit(root, f"{relative}/{name}" if relative else name, depth + 1, found, skip)
    if folder.parent.name.casefold() in _PARENTS and known == len(found.candidates) + len(found.notes):
        found.notes.append(Unmatched(folder, "no annotation file in this folder"))


def _task_folder(folder: Path, relative: str, listing: _Listing, found: Scan) -> bool:
    """Note the annotation files of one folder. True if it is a task's folder for certain."""
    where, names = folder, sorted(name for name in listing.files if name.lower().endswith(".json"))
    main = _versions(names)
    if not main:
        inner = next((name for name in sorted(listing.folders) if name.casefold() in _INNER), "")
        if inner:
            try:
                main = _versions(_list(folder / inner).files)
            except OSError as error:
                found.notes.append(Unmatched(folder / inner, f"cannot be listed ({error.strerror})"))
            if main:
                where = folder / inner
    train = _train(folder, listing)
    if main:
        found.candidates.append(Candidate(folder, where / main[0], relative, True, train))
        found.ignored.extend(Unmatched(where / name, f"an older version of {main[0]}") for name in main[1:])
        found.ignored.extend(
            Unmatched(folder / name, "not the task's annotation") for name in names if name not in main
        )
        return True
    own = [name for name in names if not _OTHER.fullmatch(name[:-5].casefold())]
    found.ignored.extend(Unmatched(folder / name, "not an annotation") for name in names if name not in own)
    named = [name for name in own if plain(name[:-5]) == plain(folder.name)]
    if len(named) == 1:
        found.ignored.extend(Unmatched(folder / name, "not the task's annotation") for name in own if name not in named)
        own = named
    found.candidates.extend(Candidate(folder, folder / name, relative, False, train) for name in own)
    return len(named) == 1


def _versions(names: list[str]) -> list[str]:
    """The files called annotation*.json, highest version first."""
    matched = [(int(m[1] or 1), name) for name in names if (m := _ANNOTATION.fullmatch(name))]
    return [name for _, name in sorted(matched, key=lambda pair: (-pair[0], pair[1]))]


def _train(folder: Path, listing: _Listing) -> Path | None:
    if TRAIN not in listing.folders:
        return None
    try:
        versions = _versions(_list(folder / TRAIN).files)
    except OSError:
        return None
    return folder / TRAIN / versions[0] if versions else None


def _list(folder: Path) -> _Listing:
    """Names in a folder, sorted. A link is taken for a file only if it stays in the folder."""
    files, folders, links = [], [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                target = Path(entry.path).resolve()
                if target.is_dir():
                    links.append(entry.name)
                elif target.is_relative_to(folder.resolve()):
                    files.append(entry.name)
                elif entry.name.lower().endswith(".json"):
                    links.append(entry.name)
            elif entry.is_dir():
                folders.append(entry.name)
            else:
                files.append(entry.name)
    return _Listing(sorted(files), sorted(folders), sorted(links))
