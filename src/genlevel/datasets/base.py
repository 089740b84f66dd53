"""What a dataset is: a task's records on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from genlevel.errors import DataError, RecordError
from genlevel.records import Record, Task

Split = Literal["test", "train"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A task and the folder that holds its samples.

    ``relative`` is the folder's path below the data root, in POSIX form; prediction folders mirror it. ``annotation`` is
    the JSON file with the test records, ``train`` the one with training examples, if there is one.

    A public dataset in its own format has that format's name as ``reader``; ``labels`` are then its label files, and
    ``annotation`` is the first of them (the folder itself, where the pictures are the labels).
    """

    task: Task
    folder: Path
    annotation: Path
    relative: str
    train: Path | None = None
    reader: str = ""
    labels: tuple[Path, ...] = ()

    def records(self, split: Split | str = "test") -> Iterator[Record | RecordError]:
        """The entries in file order; in place of one that cannot be read, the error that says why.

        Media of training records are looked for in the folder ``train`` first and then in the task's folder.

        Raises:
            DataError: if the file as a whole cannot be read.
        """
        if self.reader:
            from genlevel.datasets.public import read

            return read(self.reader, self.folder, self.labels) if split == "test" else iter(())
        from genlevel.datasets.general_bench import read_records

        if split == "test":
            return read_records(self.annotation, self.folder)
        return read_records(self.train, self.folder / "train") if self.train is not None else iter(())

    def first(self, count: int) -> Iterator[Record | RecordError]:
        """The first ``count`` test entries, as :meth:`records` gives them, without reading a large file to its end.

        Raises:
            DataError: if the file as a whole cannot be read.
        """
        if self.reader:
            return islice(self.records(), count)
        from genlevel.datasets.first import first_records

        return first_records(self.annotation, self.folder, count)

    @property
    def split(self) -> str:
        """Which part of a public dataset is read; '' for a folder in General-Bench's format, which is what it holds."""
        if not self.reader:
            return ""
        from genlevel.datasets.public.sources import sources

        source = sources().get(self.task.id)
        return source.split if source is not None else ""

    def sha256(self) -> str:
        """A hash (hexadecimal) of the files with the labels; for a folder of pictures, of their names and sizes.

        Raises:
            DataError: a file cannot be read.
        """
        if not self.labels:
            return _file_hash(self.annotation)
        digest = hashlib.sha256(self.reader.encode())
        for path in self.labels:
            digest.update((_folder_hash(path) if path.is_dir() else _file_hash(path)).encode())
        return digest.hexdigest()


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _folder_hash(path: Path) -> str:
    digest = hashlib.sha256()
    for here, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(here) / name
            with suppress(OSError):
                digest.update(
                    f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\n".encode("utf-8", "replace")
                )
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A file or folder below the data root that gives no dataset, and why."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a data root holds.

    ``datasets`` are in catalog order. ``unmatched`` are annotation files that belong to no task or to several, folders that
    claim the same task, and things that have to be unpacked or copied first. ``ignored`` are JSON files that hold no
    annotation, such as predictions.
    """

    datasets: list[Dataset]
    unmatched: list[Unmatched] = field(default_factory=list)
    ignored: list[Unmatched] = field(default_factory=list)
