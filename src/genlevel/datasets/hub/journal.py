"""What a data folder already got from the hub: a line for each file that was checked and each archive that was unpacked.

Kept in ``.genlevel/hub.jsonl`` inside the data folder. A line that is torn or makes no sense is as good as none: the file
is then looked at again.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.hub.client import HubError

FOLDER: Final = ".genlevel"
"""The folder for everything that is not data; the search for annotation files passes it by."""


class Journal:
    """The lines, by path. Safe for several threads; one process at a time.

    Args:
        root: the data folder; it is made if it is not there.

    Raises:
        HubError: the folder cannot be written, or another process downloads into it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / FOLDER
        self._file = self.folder / "hub.jsonl"
        self._lock = threading.Lock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._guard = open(self.folder / "lock", "ab")  # noqa: SIM115
        except OSError as error:
            raise HubError(f"{root}: cannot be written ({error.strerror})", final=True) from None
        try:
            _lock_file(self._guard.fileno())
        except OSError:
            self._guard.close()
            raise HubError(f"{root}: another download is writing here", final=True) from None
        self._lines = _read(self._file)

    def close(self) -> None:
        """Let others download into the folder."""
        self._guard.close()

    def has(self, path: str, checksum: str) -> bool:
        """Whether the file is there as it was when it was checked: same size, same time of change."""
        line = self._lines.get(path)
        if not line or line.get("checksum") != checksum:
            return False
        try:
            status = (self.root / path).stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (line.get("size"), line.get("mtime"))

    def unpacked(self, path: str, checksum: str) -> bool:
        """Whether the archive was unpacked and what came out is still there."""
        line = self._lines.get(path)
        if not line or line.get("checksum") != checksum or not isinstance(line.get("entries"), list):
            return False
        return all(isinstance(entry, str) and os.path.lexists(self.root / entry) for entry in line["entries"])

    def came_from(self, path: str, archive: str) -> bool:
        """Whether a path lies below what an earlier state of the archive was unpacked to."""
        entries = self._lines.get(archive, {}).get("entries")
        return isinstance(entries, list) and any(
            isinstance(entry, str) and (path == entry or path.startswith(f"{entry}/")) for entry in entries
        )

    def add_file(self, path: str, checksum: str) -> None:
        """Note a file whose content was checked."""
        status = (self.root / path).stat()
        self._add({"path": path, "checksum": checksum, "size": status.st_size, "mtime": status.st_mtime_ns})

    def add_archive(self, path: str, checksum: str, entries: list[str]) -> None:
        """Note an archive and the topmost paths that came out of it."""
        self._add({"path": path, "checksum": checksum, "entries": entries})

    def _add(self, line: dict[str, Any]) -> None:
        with self._lock:
            self._lines[line["path"]] = line
            with open(self._file, "a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=True) + "\n")


def _read(path: Path) -> dict[str, dict[str, Any]]:
    lines: dict[str, dict[str, Any]] = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return lines
    for row in text.splitlines():
        try:
            line = json.loads(row)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("path"), str):
            lines[line["path"]] = line
    if text and not text.endswith("\n"):
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")  # The next line is not to stick to a torn one.
    return lines


def _lock_file(descriptor: int) -> None:
    """Lock the file for this process, where the system can."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
