"""Unpacking archives that nobody here made: nothing outside the folder, no links, no devices, no bombs.

What an archive says of itself (names, sizes) is not believed. Everything is first unpacked into a new folder of its own and
then moved to where it belongs.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from genlevel.datasets.hub.client import is_plain_path
from genlevel.datasets.hub.journal import Journal
from genlevel.datasets.hub.placing import place
from genlevel.errors import DataError

__all__ = ["LIMITS", "Limits", "Unpacked", "unpack"]

_BLOCK: Final = 1 << 20
_HEADER_BYTES: Final = 16 << 20
_OPENERS: Final[dict[str, Callable[..., Any]]] = {
    **dict.fromkeys(("gz", "tgz"), gzip.open),
    **dict.fromkeys(("bz2", "tbz2"), bz2.open),
    **dict.fromkeys(("xz", "txz"), lzma.open),
}
_JUNK: Final = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
_BROKEN: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold: entries, bytes, and bytes for each byte of the archive (from ``free`` bytes on)."""

    entries: int = 2_000_000
    size: int = 1 << 40
    ratio: int = 250
    free: int = 64 << 20


LIMITS: Final = Limits()


@dataclass(slots=True)
class Unpacked:
    """The topmost paths that came out, relative to the data folder, and what a person should know."""

    entries: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Refused(Exception):
    """Why an archive is not unpacked."""


def unpack(
    archive: Path,
    root: Path,
    name: str,
    folder: str,
    journal: Journal,
    *,
    limits: Limits = LIMITS,
    stopped: Callable[[], bool] = lambda: False,
) -> Unpacked:
    """Unpack an archive into a task's folder.

    Args:
        archive: the file; its kind is told by ``name``.
        root: the data folder.
        name: the archive's path in the repository, for its kind and for messages.
        folder: the task's folder, relative to ``root``.
        journal: knows which files came from an earlier state of the archive and may be replaced.
        limits: what it may hold.
        stopped: whether to give up.

    Raises:
        DataError: it is broken, encrypted, or holds what no data set holds. Nothing of it is left then.
    """
    new = journal.folder / "unpack" / archive.name
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    box = _Box(new, archive.stat().st_size, limits, stopped)
    try:
        _unzip(archive, box) if name.casefold().endswith(".zip") else _untar(archive, name, box)
        placed = place(new, root, name, folder, journal)
    except _Refused as why:
        raise DataError(f"{name}: {why}; it is not unpacked") from None
    except (*_BROKEN, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise DataError(f"{name}: cannot be unpacked ({type(error).__name__}: {error!s:.200})") from None
    except (NotADirectoryError, IsADirectoryError, FileExistsError):
        raise DataError(f"{name}: one of its paths is a file and a folder at once; it is not unpacked") from None
    except OSError as error:
        if error.errno not in {None, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}:
            raise  # The disk's fault, not the archive's.
        raise DataError(f"{name}: cannot be unpacked ({error!s:.200})") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    notes = [f"{name}: {count} {kind} not unpacked" for kind, count in box.left_out.items()]
    if placed.kept:
        notes.append(f"{name}: {placed.kept} of its files were there already and stay as they are")
    return Unpacked(placed.entries, notes)


class _Box:
    """The folder that takes an archive's entries, and the account of what it took."""

    def __init__(self, folder: Path, packed: int, limits: Limits, stopped: Callable[[], bool]) -> None:
        self.folder, self.limits, self.stopped = folder, limits, stopped
        self.most = min(limits.size, max(packed * limits.ratio, limits.free))
        self.size = self.entries = 0
        self.left_out: Counter[str] = Counter()

    def count(self) -> None:
        self.entries += 1
        if self.entries > self.limits.entries:
            raise _Refused(f"it holds more than {self.limits.entries} entries")

    def path(self, name: str) -> Path | None:
        """Where an entry goes; None for what no system but its own wants."""
        plain = name.replace("\\", "/").rstrip("/")
        while plain.startswith("./"):
            plain = plain[2:]
        if plain in {"", "."}:
            return None
        if not is_plain_path(plain):
            raise _Refused(f"it holds the path {name!r:.200}, which does not stay in its folder")
        parts = PurePosixPath(plain).parts
        if _JUNK & set(parts) or parts[-1].startswith("._"):
            return None
        return self.folder.joinpath(*parts)

    def take(self, source: IO[bytes], target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb") as file:
            while block := source.read(_BLOCK):
                self.size += len(block)
                self.check(self.size)
                file.write(block)

    def check(self, size: int) -> None:
        """Refuse more bytes than the archive may give."""
        if size > self.most:
            raise _Refused(f"it unpacks to more than {self.most} bytes, like a bomb")
        if self.stopped():
            raise _Refused("unpacking was stopped")


def _unzip(archive: Path, box: _Box) -> None:
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            box.count()
            kind = stat.S_IFMT(entry.external_attr >> 16)
            target = box.path(entry.filename)
            if target is None:
                continue
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif kind == stat.S_IFLNK:
                box.left_out["links"] += 1
            elif kind not in {0, stat.S_IFREG}:
                raise _Refused(f"it holds {entry.filename!r:.200}, which is no file, folder or link")
            elif entry.flag_bits & 1:
                raise _Refused("it is encrypted")
            else:
                with file.open(entry) as source:
                    box.take(source, target)


def _untar(archive: Path, name: str, box: _Box) -> None:
    end = name.casefold().rpartition(".")[2]
    with _OPENERS.get(end, open)(archive, "rb") as opened:
        source = _Bounded(opened, box)
        with tarfile.open(fileobj=source, mode="r:", errorlevel=1) as file:  # type: ignore[call-overload]
            while (entry := file.next()) is not None:
                _take_tar_entry(file, entry, box)
                file.members.clear()  # Or they are all kept.
            # The library ends quietly at a header that is none.
            source.seek(file.offset)
            last = source.read(tarfile.BLOCKSIZE)
            if last.strip(b"\0") or len(last) not in {0, tarfile.BLOCKSIZE}:
                raise _Refused(f"it is broken after {box.entries} entries")


def _take_tar_entry(file: tarfile.TarFile, entry: tarfile.TarInfo, box: _Box) -> None:
    box.count()
    target = box.path(entry.name)
    if target is None:
        return
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
    elif entry.issym() or entry.islnk():
        box.left_out["links"] += 1
    elif not entry.isreg():
        raise _Refused(f"it holds {entry.name!r:.200}, which is no file, folder or link")
    else:
        source = file.extractfile(entry)
        assert source is not None
        box.take(source, target)
        if target.stat().st_size != entry.size:
            raise _Refused(f"it ends inside {entry.name!r:.200}")


class _Bounded:
    """An unpacked stream of which no single read may be large (a header could ask for one) and which may not go on for ever."""

    def __init__(self, file: IO[bytes], box: _Box) -> None:
        self._file, self._box = file, box

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _HEADER_BYTES:
            raise _Refused(f"one of its headers asks for {size} bytes")
        data = self._file.read(size)
        self._box.check(self._file.tell() - self._headers)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._box.check(offset - self._headers)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    @property
    def _headers(self) -> int:
        """Bytes of headers and padding, which are no one's content: a thousand tiny files weigh a megabyte."""
        return (self._box.entries + 8) * 4 * tarfile.BLOCKSIZE
