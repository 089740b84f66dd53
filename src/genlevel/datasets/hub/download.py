"""Fetching a plan's files: several at a time, each checked, partial ones taken up where they ended, archives unpacked."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from genlevel.datasets.hub.client import HubError, HubFile
from genlevel.datasets.hub.journal import Journal
from genlevel.datasets.hub.placing import inside
from genlevel.datasets.hub.plan import Item, Plan
from genlevel.datasets.hub.unpack import unpack
from genlevel.errors import DataError

AT_ONCE: Final = 8
"""Files fetched at the same time."""
_TRIES: Final = 5
_WRONG: Final = 2
"""How often wrong bytes may come before a file is given up."""
_WAIT: Final = 1.0
_BLOCK: Final = 1 << 20
_SPARE: Final = 256 << 20
_PACKED_GROWTH: Final = 3
"""How much room is asked for beside an archive for what comes out of it, in sizes of the archive; the truth shows later."""


class Watcher:
    """What is told while files are fetched; from several threads. The default tells nobody."""

    def start(self, files: int, size: int) -> None:
        """So many files and bytes are to be fetched."""

    def got(self, size: int) -> None:
        """So many bytes came (fewer than none: they were worthless and come again)."""

    def done(self, path: str) -> None:
        """A file is whole and checked."""

    def unpacking(self, path: str) -> None:
        """An archive is being unpacked."""


@dataclass(slots=True)
class Fetched:
    """What became of a plan: counts of files, and one line for each that failed."""

    fetched: int = 0
    present: int = 0
    unpacked: int = 0
    size: int = 0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Stopped(Exception):
    """Another file ended it all."""


def fetch(
    plan: Plan, root: Path, watcher: Watcher | None = None, *, pause: Callable[[float], None] = time.sleep
) -> Fetched:
    """Bring the plan's files into the data folder ``root``.

    A file that is there and right stays. Bytes are gathered in ``.genlevel/partial`` and become the file only when their
    checksum is right; what is gathered there when a download is stopped is used by the next one. Archives are unpacked and
    then removed.

    Raises:
        HubError: nothing can be fetched at all (no access, no network, no room on the disk). What was fetched stays.
    """
    journal = Journal(root)
    try:
        return _Fetch(plan, root, journal, watcher or Watcher(), pause).run()
    finally:
        journal.close()


class _Fetch:
    def __init__(
        self, plan: Plan, root: Path, journal: Journal, watcher: Watcher, pause: Callable[[float], None]
    ) -> None:
        self._plan, self._root, self._journal = plan, root, journal
        self._watcher, self._pause = watcher, pause
        self._partial = journal.folder / "partial"
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._result = Fetched()

    def run(self) -> Fetched:
        wanted = [item for item in self._plan.items if not self._present(item)]
        self._result.present = len(self._plan.items) - len(wanted)
        self._check_room(wanted)
        self._watcher.start(len(wanted), sum(item.file.size for item in wanted))
        with ThreadPoolExecutor(AT_ONCE, "fetch") as pool:
            try:
                futures = [pool.submit(self._bring, item) for item in wanted]
                wait(futures, return_when=FIRST_EXCEPTION)
                for future in futures:
                    if future.done() and (error := future.exception()) is not None:
                        raise error
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        self._tidy()
        return self._result

    def _present(self, item: Item) -> bool:
        if item.unpack:
            return self._journal.unpacked(item.path, item.file.checksum)
        if self._journal.has(item.path, item.file.checksum):
            return True
        path = self._root / item.path
        plain = path.is_file() and not path.is_symlink()
        if not plain or path.stat().st_size != item.file.size or not _right(path, item.file):
            return False
        self._journal.add_file(item.path, item.file.checksum)
        return True

    def _check_room(self, wanted: Iterable[Item]) -> None:
        need = 0
        for item in wanted:
            grows = item.file.size * _PACKED_GROWTH if item.unpack else 0
            need += item.file.size - _held(self._part(item), item.file) + grows
        free = shutil.disk_usage(self._root).free
        if need and need + _SPARE > free:
            raise HubError(
                f"{self._root}: about {in_words(need + _SPARE)} are needed and {in_words(free)} are free; "
                "choose fewer tasks, or another disk with --out",
                final=True,
            )

    def _part(self, item: Item) -> Path:
        key = hashlib.sha256(f"{item.hub.repo}\n{item.path}\n{item.file.checksum}".encode("utf-8", "surrogatepass"))
        return self._partial / f"{key.hexdigest()[:40]}.part"

    def _bring(self, item: Item) -> None:
        """Fetch one file. An error of this file alone is noted; one that ends it all is raised."""
        try:
            part = self._gathered(item)
            self._place(item, part)
        except _Stopped:
            return
        except DataError as error:
            if isinstance(error, HubError) and error.final:
                raise
            with self._lock:
                self._result.failures.append(str(error))
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise HubError(f"{self._root}: no room left on the disk; free some and go on", final=True) from None
            raise HubError(f"{self._root / item.path}: cannot be written ({error.strerror})", final=True) from None

    def _gathered(self, item: Item) -> Path:
        """The file's bytes in a partial file, whole and checked."""
        self._partial.mkdir(parents=True, exist_ok=True)
        part = self._part(item)
        wrong = 0
        self._watcher.got(_held(part, item.file))
        for attempt in range(1, _TRIES + 1):
            try:
                self._gather(item, part)
            except HubError as error:
                if error.final or not error.again or attempt == _TRIES:
                    raise
                if error.worthless:
                    wrong += 1
                    self._discard(part)
                    if wrong == _WRONG:
                        raise
                self._rest(_WAIT * 2 ** (attempt - 1))
                continue
            if _right(part, item.file):
                return part
            wrong += 1
            self._discard(part)
            if wrong == _WRONG:
                break
        raise HubError(
            f"{item.hub.repo}/{item.file.path}: came {wrong} times with a wrong checksum; nothing of it is kept"
        )

    def _discard(self, part: Path) -> None:
        self._watcher.got(-part.stat().st_size)
        part.unlink()

    def _gather(self, item: Item, part: Path) -> None:
        start = _held(part, item.file)
        with open(part, "r+b" if start else "wb") as file:
            file.seek(start)
            if start < item.file.size:
                item.hub.get(item.file, _Counted(file, item, self._watcher, self._stop), start)
            held = file.seek(0, os.SEEK_END)
        if held != item.file.size:
            raise HubError(f"{item.hub.repo}/{item.file.path}: came in another size than the hub names", again=True)

    def _rest(self, seconds: float) -> None:
        self._pause(seconds)
        if self._stop.is_set():
            raise _Stopped

    def _place(self, item: Item, part: Path) -> None:
        if item.unpack:
            self._watcher.unpacking(item.path)
            unpacked = unpack(part, self._root, item.path, item.unpack, self._journal, stopped=self._stop.is_set)
            self._journal.add_archive(item.path, item.file.checksum, unpacked.entries)
            part.unlink()
            with self._lock:
                self._result.unpacked += 1
                self._result.notes += unpacked.notes
        else:
            target = inside(self._root, item.path)
            os.replace(part, target)
            self._journal.add_file(item.path, item.file.checksum)
        with self._lock:
            self._result.fetched += 1
            self._result.size += item.file.size
        self._watcher.done(item.path)

    def _tidy(self) -> None:
        """Remove the folder of partial files if it is empty."""
        if self._partial.is_dir() and not any(self._partial.iterdir()):
            self._partial.rmdir()


class _Counted:
    """A partial file that counts what is written, takes no more than the hub named, and can be stopped."""

    def __init__(self, file: BinaryIO, item: Item, watcher: Watcher, stop: threading.Event) -> None:
        self._file, self._item, self._watcher, self._stop = file, item, watcher, stop

    def write(self, data: bytes) -> int:
        if self._stop.is_set():
            raise _Stopped
        if self._file.tell() + len(data) > self._item.file.size:
            # The server goes on too long, or began at the start although the end was asked for.
            what = f"{self._item.hub.repo}/{self._item.file.path}: more bytes came than the hub names"
            raise HubError(what, again=True, worthless=True)
        self._watcher.got(len(data))
        return self._file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def truncate(self, size: int | None = None) -> int:
        end = self._file.tell() if size is None else size
        held = self._file.seek(0, os.SEEK_END)
        self._file.truncate(end)
        self._watcher.got(self._file.seek(end) - held)
        return end


def _held(part: Path, file: HubFile) -> int:
    """How many bytes an earlier try left; more than the file has are worth nothing."""
    held = part.stat().st_size if part.is_file() else 0
    return held if held <= file.size else 0


def _right(path: Path, file: HubFile) -> bool:
    """Whether the bytes have the file's checksum."""
    blob = b"blob %d\0" % path.stat().st_size
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(blob, usedforsecurity=False)
    with open(path, "rb") as bytes_:
        while block := bytes_.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == file.checksum


def in_words(size: int) -> str:
    """A number of bytes as people say it, in powers of 1000.

    >>> in_words(999), in_words(12_340_000)
    ('999 B', '12.3 MB')
    """
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
