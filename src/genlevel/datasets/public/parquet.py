"""Copies of datasets in Parquet, as the hub keeps them: rows streamed, pictures as the bytes of their files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.folder import Folder
from genlevel.errors import DataError, GenlevelError
from genlevel.media.limits import FILE_BYTES
from genlevel.records import Part

__all__ = ["class_names", "picture", "rows", "shards"]

_ROWS: Final = 16
"""Rows held at a time: a row may hold a picture of some megabytes."""
_BUFFER_BYTES: Final = 1 << 20
_GROUP_BYTES: Final = 4 << 30


def shards(folder: Folder, split: str) -> tuple[Path, ...]:
    """The files of one split, ``<split>-00000-of-00002.parquet`` and the like, in order; () if there is none."""
    name = re.compile(rf"{re.escape(split)}([-_.].*)?\.parquet", re.IGNORECASE)
    for place in ("data", "", split, f"default/{split}"):
        found = [p for p in folder.files(place, [".parquet"])]
        own = [p for p in found if name.fullmatch(p.rpartition("/")[2]) or place.endswith(split)]
        if own:
            return tuple(folder.path / path for path in own)
    return ()


def rows(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of a file, with those of the columns that it has.

    Raises:
        DataError: no Parquet, broken, or none of the columns.
        GenlevelError: the library is missing.
    """
    parquet = _library()
    try:
        # Without read-ahead, and one group of rows after another: else the whole file comes to lie in memory.
        with parquet.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            there = [name for name in columns if name in file.schema_arrow.names]
            if not there:
                raise DataError(f"{path}: has none of the columns {', '.join(columns)}")
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group).total_byte_size
                if size > _GROUP_BYTES:
                    raise DataError(f"{path}: a group of rows of {size} bytes; at most {_GROUP_BYTES} are read")
                for batch in file.iter_batches(batch_size=_ROWS, row_groups=[group], columns=there, use_threads=False):
                    yield from batch.to_pylist()
    except DataError:
        raise
    except Exception as error:  # the library's errors have no common base
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: cannot be read as Parquet ({reason})") from None


def class_names(path: Path, column: str) -> list[str] | None:
    """The names of a column's classes, from what the hub's library notes in the file; None if it does not say."""
    parquet = _library()
    try:
        with parquet.ParquetFile(path) as file:
            noted = (file.schema_arrow.metadata or {}).get(b"huggingface")
        names = json.loads(noted)["info"]["features"][column]["names"] if noted else None
    except Exception:  # no Parquet, or another note: rows() says what is wrong with the file
        return None
    return names if isinstance(names, list) and all(isinstance(n, str) for n in names) else None


def picture(row: Mapping[str, Any], column: str) -> Part:
    """A row's picture: ``{"bytes", "path"}`` or the bytes alone.

    Raises:
        ValueError: there is none, or it is too large.
    """
    value = row.get(column)
    data = value.get("bytes") if isinstance(value, Mapping) else value
    if not isinstance(data, bytes) or not data:
        raise ValueError(f"the column {column!r} holds no picture")
    if len(data) > FILE_BYTES:
        raise ValueError(f"a picture of {len(data)} bytes; at most {FILE_BYTES} are taken")
    return Part("image", data=data)


def _library() -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise GenlevelError("Parquet files need pyarrow; pip install 'genlevel[hub]'") from None
    return parquet
