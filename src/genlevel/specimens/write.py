"""Writes specimens as data folders of an edition."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from genlevel.errors import DataError
from genlevel.records import Record, Task
from genlevel.specimens import File, Folder, Specimen, makers
from genlevel.tasktypes import get

__all__ = ["draw", "make_specimens", "record_of"]

_PARENTS: Final = ("image", "video", "audio", "3d", "nlp")


def make_specimens(root: Path, tasks: Iterable[Task], samples: int = 2, seed: int = 0) -> int:
    """Write ``samples`` entries of each task, and as many training examples, below a new or empty folder.

    The same seed gives the same files. Tasks whose type has no maker are left out.

    Args:
        root: where the folders are made, or were made before.
        tasks: of one catalog.
        samples: how many entries of each split.
        seed: another one gives other entries.

    Returns:
        How many tasks were written.

    Raises:
        DataError: the folder holds other files or cannot be written.
    """
    others = sorted(p.name for p in root.iterdir() if p.name not in _PARENTS) if root.is_dir() else []
    if others or (root.exists() and not root.is_dir()):
        what = f"holds other files ({others[0]!r})" if others else "is a file"
        raise DataError(f"{root}: {what}; give a new folder for the specimens")
    known, count = makers(), 0
    try:
        for task in tasks:
            if task.task_type in known:
                _write_task(root, task, samples, seed)
                count += 1
    except OSError as error:
        raise DataError(f"{root}: cannot be written ({error.strerror})") from None
    return count


def draw(task: Task, count: int, seed: int = 0, split: str = "test") -> list[Specimen]:
    """The entries of one task; every task and split draws from its own stream."""
    rng = np.random.default_rng([seed, zlib.crc32(f"{task.id}/{split}".encode())])
    metric = get(task.task_type).metric(task)
    return [makers()[task.task_type](rng, metric) for _ in range(count)]


def _write_task(root: Path, task: Task, samples: int, seed: int) -> None:
    folder = root.joinpath(*("nlp" if task.modality == "language" else task.modality, *task.id.split(".")[1:]))
    for split in ("test", "train"):
        place = folder / "train" if split == "train" else folder
        place.mkdir(parents=True, exist_ok=True)
        drawn = draw(task, samples, seed, split)
        data = [entry(place, f"{i:04d}", specimen) for i, specimen in enumerate(drawn)]
        header = {"task": task.name, "type": task.paradigm, "version": "1.0", "set_type": "openset", **drawn[0].header}
        text = orjson.dumps({**header, "data": data}, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
        (place / "annotation.json").write_bytes(text)


def record_of(folder: Path, specimen: Specimen, name: str = "0000") -> Record:
    """A specimen as a record, its media written into ``folder``."""
    return Record(name, entry(folder, name, specimen), folder, "annotation.json, entry 0", specimen.header)


def entry(folder: Path, name: str, specimen: Specimen) -> dict[str, Any]:
    """A specimen as it stands in an annotation, its media written into ``folder``."""
    values = {"input": specimen.input, "output": specimen.output}
    written = {key: _written(folder, f"{name}-{key}", value) for key, value in values.items() if value is not None}
    return {"id": name, **specimen.beside, **written}


def _written(folder: Path, name: str, value: Any) -> Any:
    """The value as JSON; files are written, and their paths stand for them."""
    if isinstance(value, Mapping):
        return {key: _written(folder, f"{name}-{_short(key)}", inner) for key, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], File):
        return [_written(folder, f"{name}-{i}", file) for i, file in enumerate(value)]
    if isinstance(value, File):
        path = f"{value.folder}/{name}{value.suffix}"
        (folder / value.folder).mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(value.data)
        return path
    if isinstance(value, Folder):
        path = f"{value.folder}/{name}"
        (folder / path).mkdir(parents=True, exist_ok=True)
        for i, data in enumerate(value.files):
            (folder / path / f"{i:03d}{value.suffix}").write_bytes(data)
        return path
    return value


def _short(key: str) -> str:
    return key.split("_")[0]
