"""CIFAR-100 in its binary version or in Parquet; the Python version is a pickle and is never read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader
from genlevel.datasets.public.fields import lines
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.parquet import class_names, picture, rows, shards
from genlevel.errors import DataError, RecordError
from genlevel.records import Part

__all__ = ["CIFAR100"]

_SIDE: Final = 32
_ROW: Final = 2 + 3 * _SIDE * _SIDE
"""Bytes of a sample: the coarse label, the fine label, and the red, green and blue planes row by row."""
_CLASSES: Final = 100


@dataclass(frozen=True)
class Cifar100(Reader):
    """Pictures of 32 x 32 pixels in 100 classes."""

    layout: str = (
        "cifar-100-binary/test.bin\ncifar-100-binary/fine_label_names.txt\n\nor cifar100/test-00000-of-00001.parquet"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The binary file and the names, or the shards of Parquet."""
        data, names = folder.path_of("test.bin"), folder.path_of("fine_label_names.txt")
        if data is not None and names is not None:
            return data, names
        found = shards(folder, "test")
        if found:
            return found
        if folder.find("test", "cifar-100-python") is not None:
            raise DataError("the Python version is a pickle, which is not read; take the binary version or Parquet")
        raise DataError("has no test.bin with fine_label_names.txt and no test*.parquet")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        if labels[0].suffix.casefold() == ".parquet":
            yield from _of_parquet(labels)
        else:
            yield from _of_binary(*labels)


def _of_binary(path: Path, names_file: Path) -> Iterator[Item | RecordError]:
    names = [line for _, line in lines(names_file)]
    if len(names) != _CLASSES:
        raise DataError(f"{names_file}: names {len(names)} classes and not {_CLASSES}")
    try:
        with path.open("rb") as file:
            at = 0
            while row := file.read(_ROW):
                yield f"sample {at}", partial(_binary_row, at, row, names)
                at += 1
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _binary_row(at: int, row: bytes, names: list[str]) -> Entry:
    import numpy as np

    from genlevel.media import encode_png

    if len(row) != _ROW:
        raise ValueError(f"the sample has {len(row)} bytes and not {_ROW}; the file ends too early")
    if row[1] >= _CLASSES:
        raise ValueError(f"the fine label {row[1]} is none of 0 to {_CLASSES - 1}")
    planes = np.frombuffer(row, np.uint8, offset=2).reshape(3, _SIDE, _SIDE)
    image = Part("image", data=encode_png(planes.transpose(1, 2, 0)), media_type="image/png")
    return _asked(at, image, names[row[1]], names)


def _of_parquet(labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
    names = class_names(labels[0], "fine_label")
    if names is None:
        raise DataError(f"{labels[0]}: does not name the classes of its column fine_label")
    at = 0
    for path in labels:
        for row in rows(path, ("img", "image", "fine_label")):
            yield f"{path.name}, row {at}", partial(_parquet_row, at, row, names)
            at += 1


def _parquet_row(at: int, row: Mapping[str, Any], names: list[str]) -> Entry:
    label = row.get("fine_label")
    if not isinstance(label, int) or not 0 <= label < len(names):
        raise ValueError(f"the fine label {label!r:.40} is none of 0 to {len(names) - 1}")
    return _asked(at, picture(row, "img" if "img" in row else "image"), names[label], names)


def _asked(at: int, image: Part, label: str, names: list[str]) -> Entry:
    spoken = [name.replace("_", " ") for name in names]
    shown = {"image_file": image, "choices": spoken}
    return f"{at:05d}", {"input": shown, "output": {"text": label.replace("_", " ")}}


CIFAR100: Final = Cifar100()
