"""What a dataset is: a task's records on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from genlevel.errors import RecordError
from genlevel.records import Record, Task

Split = Literal["test", "train"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A task and the folder that holds its samples.

    ``relative`` is the folder's path below the data root, in POSIX form; prediction folders mirror it. ``annotation`` is
    the JSON file with the test records, ``train`` the one with training examples, if there is one.
    """

    task: Task
    folder: Path
    annotation: Path
    relative: str
    train: Path | None = None

    def records(self, split: Split | str = "test") -> Iterator[Record | RecordError]:
        """The entries in file order; in place of one that cannot be read, the error that says why.

        Media of training records are looked for in the folder ``train`` first and then in the task's folder.

        Raises:
            DataError: if the file as a whole cannot be read.
        """
        from genlevel.datasets.general_bench import read_records

        if split == "test":
            return read_records(self.annotation, self.folder)
        return read_records(self.train, self.folder / "train") if self.train is not None else iter(())


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
