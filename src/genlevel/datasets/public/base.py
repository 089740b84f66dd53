"""What a reader of a native format is: it finds a dataset's label files and makes records of their entries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from genlevel.datasets.annotations import DuplicateId
from genlevel.datasets.paths import MissingMedia
from genlevel.datasets.public.folder import Folder
from genlevel.errors import DataError, GenlevelError, RecordError
from genlevel.records import Record

__all__ = ["Entry", "Item", "Reader", "need"]

Entry = tuple[str, Mapping[str, Any]]
"""An id and the record's value: ``{"input": {...}, "output": {...}}`` as the task type reads it."""
Item = tuple[str, Callable[[], Entry]]
"""Where an entry stands ("image 139"), and what reads it."""


class Reader(ABC):
    """A native format, read as the records that a task type takes.

    Media are named by paths below the dataset's folder; what has to be made first (a picture out of a binary file, say)
    stands in the record as a :class:`~genlevel.records.Part` with its bytes.
    """

    layout: str
    """The tree that is expected, one path a line with a remark; for the docs and for messages."""

    @property
    def header(self) -> Mapping[str, Any]:
        """What holds for all records, as an annotation file's header says it."""
        return {}

    @abstractmethod
    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The files that hold labels, the main one first; a folder where pictures alone are the labels.

        Raises:
            DataError: what is missing, without the folder's own name.
        """

    @abstractmethod
    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """The entries in order. What one of them raises becomes its :class:`RecordError`.

        Raises:
            DataError: a label file as a whole cannot be read.
        """

    def records(self, path: Path, labels: tuple[Path, ...]) -> Iterator[Record | RecordError]:
        """The entries as records; in place of one that cannot be used, the error that says why.

        Raises:
            DataError: a label file as a whole cannot be read.
        """
        folder, header = Folder(path), self.header
        seen: set[str] = set()
        for item in self._whole(folder, labels):
            if isinstance(item, RecordError):
                yield item
                continue
            place, read = item
            where = f"{labels[0]}, {place}"
            try:
                identifier, value = read()
            except MissingMedia as error:
                yield MissingMedia(f"{where}: {error}")
                continue
            except (GenlevelError, ValueError, TypeError, KeyError, RecursionError) as error:
                yield RecordError(f"{where}: {_said(error)}")
                continue
            if identifier in seen:
                yield DuplicateId(f"{where}: has the id {identifier!r:.100} of an earlier entry; ids must be unique")
                continue
            seen.add(identifier)
            yield Record(identifier, {"id": identifier, **value}, path, where, header)

    def _whole(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        try:
            yield from self.items(folder, labels)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(f"{labels[0]}: is not as its format has it ({_said(error)})") from None


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"has no {error.args[0]!r}" if error.args else "lacks a key"
    if isinstance(error, TypeError):
        return f"is not as the format has it ({error})"
    return " ".join(str(error).split())[:500] or type(error).__name__


def need(folder: Folder, *wanted: str) -> Path:
    """The first of the ``wanted`` paths.

    Raises:
        DataError: none is there.
    """
    found = folder.path_of(*wanted)
    if found is None:
        raise DataError(f"has no {' or '.join(wanted)}")
    return found
