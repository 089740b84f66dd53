"""A dataset's folder as its archive unpacked: names found in any case, nothing outside ever reached."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from genlevel.datasets.paths import MissingMedia

__all__ = ["IMAGES", "Folder"]

IMAGES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".gif"})
"""Suffixes of pictures, in lower case."""
_SHORT: Final = 200


class Folder:
    """The files below ``path``. Each folder is listed once, when it is first asked for.

    Paths are relative, in POSIX form. A link counts only if it leads to something inside.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root = path.resolve()
        self._listed: dict[str, dict[str, tuple[str, bool]]] = {}

    def find(self, *wanted: str) -> str | None:
        """The first of the ``wanted`` paths that is there, spelled as on the disk; None if none is."""
        return next((found for path in wanted if (found := self._walk(path.split("/"))) is not None), None)

    def path_of(self, *wanted: str) -> Path | None:
        """:meth:`find` as a whole path."""
        found = self.find(*wanted)
        return None if found is None else self.path / found

    def media(self, name: object, *below: str) -> str:
        """The path of a file that an annotation names, looked for in the folders ``below`` in turn.

        Raises:
            MissingMedia: no name, an absolute path, one with ``..``, or no such file.
        """
        if not isinstance(name, str) or not name.strip() or "\0" in name:
            raise MissingMedia(f"{name!r:.{_SHORT}} is not the name of a file")
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or not parts[0] or ":" in parts[0]:
            raise MissingMedia(f"{name!r:.{_SHORT}} leads out of the dataset's folder")
        places = below or ("",)
        for place in places:
            found = self._walk([*(p for p in place.split("/") if p), *parts])
            if found is not None:
                return found
        where = f" in {' or '.join(p or 'the folder' for p in places)}" if places != ("",) else ""
        raise MissingMedia(f"no file {name!r:.{_SHORT}}{where}")

    def stale(self, name: object, *below: str) -> str:
        """As :meth:`media`, for names that begin with a folder which archives may call otherwise.

        Raises:
            MissingMedia: as :meth:`media`.
        """
        try:
            return self.media(name, "", *below)
        except MissingMedia as error:
            if not isinstance(name, str) or not str(error).startswith("no file"):
                raise
            return self.media(name.replace("\\", "/").rpartition("/")[2] or name, *below)

    def files(self, folder: str, suffixes: Iterable[str] = IMAGES) -> list[str]:
        """Paths of the files directly in ``folder`` with one of the suffixes, in order of their names; [] without it."""
        wanted = tuple(suffixes)
        names = [name for name, is_folder in self._children(folder) if not is_folder]
        return [_join(folder, name) for name in sorted(names) if name.lower().endswith(wanted)]

    def folders(self, folder: str = "") -> list[str]:
        """Paths of the folders directly in ``folder``, in order of their names."""
        return [_join(folder, name) for name in sorted(n for n, is_folder in self._children(folder) if is_folder)]

    def _children(self, folder: str) -> Iterable[tuple[str, bool]]:
        found = self._walk([p for p in folder.split("/") if p])
        return [] if found is None else self._list(found).values()

    def _walk(self, parts: list[str]) -> str | None:
        here = ""
        for part in parts:
            if part in {"", "."}:
                continue
            entry = self._list(here).get(part.casefold())
            if entry is None:
                return None
            # Where names differ in case alone, the one that is meant exactly comes first.
            exact = self._list(here).get(f"={part}")
            here = _join(here, (exact or entry)[0])
        return here

    def _list(self, folder: str) -> dict[str, tuple[str, bool]]:
        """Names in a folder by their lower-case form, with whether each is a folder; hidden ones are left out."""
        known = self._listed.get(folder)
        if known is not None:
            return known
        found: dict[str, tuple[str, bool]] = {}
        try:
            with os.scandir(self.path / folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or (entry.is_symlink() and not self._inside(entry.path)):
                        continue
                    key, value = entry.name.casefold(), (entry.name, entry.is_dir())
                    if key in found:
                        found[f"={entry.name}"], found[f"={found[key][0]}"] = value, found[key]
                    else:
                        found[key] = value
        except OSError:
            pass
        self._listed[folder] = found
        return found

    def _inside(self, path: str) -> bool:
        try:
            return Path(path).resolve(strict=True).is_relative_to(self._root)
        except (OSError, RuntimeError):
            return False


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
