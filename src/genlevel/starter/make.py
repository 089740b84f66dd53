"""Writes the starter set: small tasks in all modalities, from a seed, in the folder format of General-Bench."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from genlevel.errors import DataError
from genlevel.starter.base import Item, Medium, StarterTask

if TYPE_CHECKING:
    from genlevel.starter.bar import Bar

_COLUMNS = ("id", "modality", "paradigm", "skill", "name", "task_type", "metric", "specialist", "sota", "notes")


def starter_tasks() -> tuple[StarterTask, ...]:
    """All tasks, in catalog order."""
    from genlevel.starter import audio_tasks, image_tasks, language_tasks, point_tasks, video_tasks

    return (*image_tasks.TASKS, *video_tasks.TASKS, *audio_tasks.TASKS, *point_tasks.TASKS, *language_tasks.TASKS)


def make_starter(folder: Path, seed: int = 0, *, measured: bool = True) -> Path:
    """Make the starter set in a new or empty folder, or over one made before.

    The same seed gives the same files. The specialists' scores in ``catalog.csv`` are those measured on this very set: stored
    with the package for seed 0, measured now for another seed (some 10 s). Where the ``demo`` extra that this takes is not
    installed, those of seed 0 stand in, and the catalog's notes say so. ``measured=False`` leaves them out.

    Raises:
        DataError: if the folder holds other files or cannot be written.
    """
    from genlevel.starter.bar import Bar, bar

    _check(folder)
    try:
        for task in starter_tasks():
            _write_task(folder, task, seed)
        # The catalog must be there before the specialists can be measured on it; scores follow.
        _write_catalog(folder, Bar({}))
        if measured:
            _write_catalog(folder, bar(folder, seed))
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from None
    return folder


def _check(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: is a file; give a folder for the starter set")
    ours = {"catalog.csv", "image", "video", "audio", "3d", "nlp"}
    others = sorted(p.name for p in folder.iterdir() if p.name not in ours) if folder.is_dir() else []
    if others:
        raise DataError(f"{folder}: holds other files ({others[0]!r}); give a new folder for the starter set")


def _write_task(root: Path, task: StarterTask, seed: int) -> None:
    for split, count in (("test", task.test), ("train", task.train)):
        folder = root / task.folder / ("train" if split == "train" else "")
        # Every task and split draws from its own stream, so that one can change without the others.
        rng = np.random.default_rng([seed, zlib.crc32(f"{task.slug}/{split}".encode())])
        data = [_write_item(folder, f"{i:04d}", task.make(rng)) for i in range(count)]
        header = {
            "task": task.name,
            "type": task.paradigm,
            "modality": _modality(data[0]),
            "version": "1.0",
            "set_type": "openset",
            **task.header,
        }
        text = orjson.dumps({**header, "data": data}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "annotation.json").write_bytes(text)


def _write_item(folder: Path, name: str, item: Item) -> dict[str, Any]:
    given = {key: _written(folder, f"{name}-{_short(key)}", value) for key, value in item.input.items()}
    wanted = {key: _written(folder, f"{name}-answer", value) for key, value in item.output.items()}
    return {"id": name, "input": given, "output": wanted}


def _short(key: str) -> str:
    return key.split("_")[0]


def _written(folder: Path, name: str, value: Any) -> Any:
    """The value as it stands in the annotation; media are written, and their paths stand for them."""
    if isinstance(value, list) and value and isinstance(value[0], Medium):
        return [_written(folder, f"{name}-{i}", medium) for i, medium in enumerate(value)]
    if not isinstance(value, Medium):
        return value
    (folder / value.folder).mkdir(parents=True, exist_ok=True)
    if value.folder != "videos":
        path = f"{value.folder}/{name}{value.suffix}"
        (folder / path).write_bytes(value.files[0])
        return path
    (folder / value.folder / name).mkdir(exist_ok=True)
    for t, frame in enumerate(value.files):
        (folder / value.folder / name / f"{t:03d}{value.suffix}").write_bytes(frame)
    return f"{value.folder}/{name}"


_KIND_OF_FOLDER = {"images": "image", "videos": "video", "audios": "audio", "pointclouds": "point cloud"}


def _modality(entry: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    def kinds(values: Mapping[str, Any]) -> list[str]:
        found = []
        for value in values.values():
            first = value[0] if isinstance(value, list) and value else value
            kind = _KIND_OF_FOLDER.get(first.split("/")[0]) if isinstance(first, str) else None
            found.append(kind or "text")
        return list(dict.fromkeys(found))

    return {"in": kinds(entry["input"]), "out": kinds(entry["output"])}


def _write_catalog(folder: Path, bar: Bar) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for task in starter_tasks():
        score = bar.scores.get(task.id)
        writer.writerow(
            [
                *(task.id, task.modality, task.paradigm, task.skill, task.name, task.task_type, task.metric),
                *(task.specialist if score is not None else "", "" if score is None else repr(score), bar.note),
            ]
        )
    (folder / "catalog.csv").write_text(text.getvalue(), encoding="utf-8")
