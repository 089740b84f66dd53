"""What a dataset is: a task's records on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genlevel.errors import RecordError
from genlevel.records import Record, Task


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

    def records(self, split: str = "test") -> Iterator[Record | RecordError]:
        """The entries in file order; in place of one that cannot be read, the error that says why.

        Raises:
            DataError: if the file as a whole cannot be read.
        """
        from genlevel.datasets.general_bench import read_records

        path = self.annotation if split == "test" else self.train
        return read_records(path, self.folder) if path is not None else iter(())
