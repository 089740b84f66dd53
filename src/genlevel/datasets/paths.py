"""From the path that a record names to a file in the task's folder, and never to one outside it."""

from __future__ import annotations

import os
import stat
import threading
import unicodedata
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final, NamedTuple

from genlevel.errors import RecordError

TRAIN: Final = "train"
"""Name of the folder, inside a task's folder, that holds its training examples."""
_INDEX_ENTRIES: Final = 2_000_000
_INDEXES_KEPT: Final = 8


class MissingMedia(RecordError):
    """A record names a file that is not in its task's folder, or not in one place only."""


def resolve_media(folder: Path, name: Any) -> Path:
    """The file (or folder of frames) that ``name`` means, inside ``folder``.

    A relative path below ``folder`` comes first. Paths in annotations are often stale, so failing that the base name is
    looked for in the whole folder; of several files with that name the one that shares most of the path's last components
    is meant. Upper and lower case are told apart only if they must be. ``..`` and absolute paths are never followed: they
    count as stale. A folder called ``train`` belongs to the task's folder above it, where names are looked for next.

    Raises:
        MissingMedia: no such file, several equally good ones, a link that leads out of ``folder``, or no path at all.
    """
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise MissingMedia(f"{folder}: {_short(name)} is not the name of a file")
    parts = _parts(name)
    if not parts:
        raise MissingMedia(f"{folder}: {_short(name)} is not the name of a file")
    exact = _exact(folder, name, parts)
    if exact is not None:
        return exact
    bases = [folder, folder.parent] if folder.name == TRAIN else [folder]
    for base in bases:
        found = _lookup(base, parts, name)
        if found is not None:
            return found
    raise MissingMedia(f"{folder}: no file {_short(name)}")


def _exact(folder: Path, name: str, parts: list[str]) -> Path | None:
    """The file at exactly that path, if no link is on the way: found without a list of all files."""
    if parts[0] == TRAIN or "\\" in name or name != "/".join(parts):
        return None
    path = folder
    try:
        for part in parts:
            path = path / part
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                return None
    except (OSError, ValueError):
        return None
    # A file system that tells no case apart also finds other spellings; what is on the disk is for the list to say.
    return path if stat.S_ISREG(mode) else None


def forget(folder: Path | None = None) -> None:
    """Drop what is remembered of ``folder``'s files (of all folders for ``None``), e.g. after adding some."""
    with _lock:
        for key in [k for k in _indexes if folder is None or k == str(folder)]:
            del _indexes[key]


def _short(name: Any) -> str:
    text = repr(name)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _parts(name: str) -> list[str]:
    """Components without drive, root and ``.``; a ``..`` makes all before it worthless."""
    parts = [p for p in name.strip().replace("\\", "/").split("/") if p not in {"", "."}]
    if ".." in parts:
        parts = parts[len(parts) - parts[::-1].index("..") :]
    return parts


_Entry = tuple[tuple[str, ...], bool]
"""Path components below the folder, and whether a link is among them."""


class _Index(NamedTuple):
    """Files and folders by the key of their base name, and when each folder last changed."""

    names: dict[str, list[_Entry]]
    changed: dict[str, int]

    @property
    def stale(self) -> bool:
        return any(_changed(folder) != then for folder, then in self.changed.items())


_indexes: OrderedDict[str, _Index] = OrderedDict()
_lock = threading.Lock()


def _key(name: str) -> str:
    return name.casefold() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def _lookup(folder: Path, parts: list[str], name: str) -> Path | None:
    index = _index(folder)
    entries = index.names.get(_key(parts[-1]), ())
    # Looked at for missing names only: a stat of each folder for every file would be slow.
    if not entries and index.stale:
        forget(folder)
        entries = _index(folder).names.get(_key(parts[-1]), ())
    if not entries:
        return None
    wanted = tuple(parts)
    best = [e for e in entries if e[0] == wanted]
    if not best:
        # Same letters before same letters in another case, then the most components shared from the end.
        exact = [e for e in entries if e[0][-1] == wanted[-1]]
        pool = exact or list(entries)
        shared = [_shared(e[0], wanted) for e in pool]
        best = [e for e, n in zip(pool, shared, strict=True) if n == max(shared)]
    if len(best) > 1:
        places = ", ".join("/".join(e[0]) for e in best[:3])
        raise MissingMedia(
            f"{folder}: {_short(name)} could be any of {len(best)} files ({places}); name it with its folder"
        )
    components, link = best[0]
    path = folder.joinpath(*components)
    if link:
        try:
            inside = path.resolve(strict=True).is_relative_to(folder.resolve())
        except (OSError, RuntimeError):
            inside = False
        if not inside:
            raise MissingMedia(
                f"{path}: a link that leads nowhere or out of the task's folder; put the file itself there"
            )
    return path


def _shared(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    count = 0
    for x, y in zip(reversed(a), reversed(b), strict=False):
        if _key(x) != _key(y):
            break
        count += 1
    return count


def _index(folder: Path) -> _Index:
    """All files and folders below ``folder`` by base name, read once and kept for the folders used last."""
    key = str(folder)
    with _lock:
        known = _indexes.get(key)
        if known is not None:
            _indexes.move_to_end(key)
            return known
    index = _read_index(folder)
    with _lock:
        _indexes[key] = index
        while len(_indexes) > _INDEXES_KEPT:
            _indexes.popitem(last=False)
    return index


def _changed(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1


def _read_index(folder: Path) -> _Index:
    index = _Index({}, {})
    count = 0
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        below = waiting.pop()
        here = str(folder.joinpath(*below))
        index.changed[here] = _changed(here)
        try:
            with os.scandir(here) as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            count += 1
            if count > _INDEX_ENTRIES:
                raise RecordError(
                    f"{folder}: holds more than {_INDEX_ENTRIES} files; give each task a folder of its own"
                )
            where = (*below, entry.name)
            link = entry.is_symlink()
            index.names.setdefault(_key(entry.name), []).append((where, link))
            # Training examples are no test media, and a linked folder may lead anywhere.
            if not link and entry.is_dir() and where != (TRAIN,):
                waiting.append(where)
    return index
