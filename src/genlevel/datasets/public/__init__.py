"""Public datasets in the formats in which they are published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genlevel.datasets.public.base import Reader
from genlevel.errors import RecordError
from genlevel.records import Record
from genlevel.registry import Registry

__all__ = ["FORMATS", "read"]

FORMATS = Registry("data format", "genlevel.data_formats", {})
"""Readers by the name of their format, as the table of sources names it."""


def read(name: str, folder: Path, labels: tuple[Path, ...]) -> Iterator[Record | RecordError]:
    """The records of a dataset in the format called ``name``.

    Raises:
        DataError: a label file as a whole cannot be read.
    """
    reader: Reader = FORMATS.load(name)
    return reader.records(folder, labels)
