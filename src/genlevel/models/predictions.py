"""``predictions:DIR``: answers made elsewhere.

The folder mirrors the data (``<task folder>/prediction.json``, also in a ``json/`` folder below it) or holds ``<task-id>.json``.
A file is the object ``{"task": ..., "data": [{"id", "prediction"}, ...]}`` or the bare list ``[{"id", "prediction"}, ...]``.
A prediction is text, a number, or any JSON value (boxes, say); for tasks that make media it is the path of a file, seen from
the task's prediction file or from DIR, and never outside DIR; a list of such paths and texts is one answer of several parts.
``genlevel.write_predictions`` writes such files from arrays. Option: ``name``, the model's name (default: the folder's).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import orjson

from genlevel import tasktypes
from genlevel.counts import many
from genlevel.datasets.annotations import parse
from genlevel.datasets.base import Dataset
from genlevel.errors import DataError, GenlevelError, ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.spec import Spec
from genlevel.records import PART_KINDS, Part, PartKind, Prediction, Reply, Request

# The key of the answer in an entry, by preference; mathematics has its steps and its final answer apart.
_KEYS = ("prediction", "prediction_final", "answer", "output", "response", "text")
_NO_PREDICTIONS = frozenset({"run.json", "scores.json", "levels.json"})
# What the line about a task without a file says, so that a reader can gather such lines into one.
NO_FILE = "no prediction file"
_PARTS = 100
_TASKS_HELD = 16
_SIZE_LIMIT = 2 * 2**30
_MEDIA_LOOKED_AT = 200_000


class Found(NamedTuple):
    """A task's predictions, and one line for each entry that could not be used."""

    predictions: list[Prediction]
    problems: list[str]


class Told(NamedTuple):
    """The ids of a task's answers, and one line for each entry that could not be used."""

    ids: tuple[str, ...]
    problems: tuple[str, ...]


class PredictionFolder:
    """A folder of finished predictions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, dataset: Dataset) -> Path | None:
        """The task's prediction file, if there is one."""
        for name in self._names(dataset):
            path = self.folder / name
            if path.is_file():
                return path
        return None

    @staticmethod
    def _names(dataset: Dataset) -> tuple[str, ...]:
        """Where a task's file may be, the first that is there counts."""
        if dataset.reader:
            # A public dataset's folder may hold several tasks.
            return f"{dataset.task.id.replace('.', '/')}/prediction.json", f"{dataset.task.id}.json"
        return (
            f"{dataset.relative}/prediction.json",
            f"{dataset.relative}/json/prediction.json",
            f"{dataset.relative.removesuffix('/json')}/prediction.json",
            f"{dataset.task.id}.json",
        )

    def unused(self, datasets: Sequence[Dataset]) -> list[str]:
        """One line for each prediction file that none of the tasks takes: of a misspelt folder or id, say.

        Raises:
            DataError: if there is no file for any of the tasks.
        """
        used = {file for dataset in datasets if (file := self.file(dataset))}
        if datasets and not used:
            lines = next(iter(sorted(self.folder.rglob("*.jsonl"))), None)
            beside = f"; {lines} is JSON Lines, which is not read: one array or object is needed" if lines else ""
            raise DataError(
                f"{self.folder}: holds no predictions for the {many(len(datasets), 'task')} of the data; "
                f"a task's file is {self._names(datasets[0])[0]} or {datasets[0].task.id}.json, say{beside}"
            )
        there = {*self.folder.rglob("prediction.json"), *self.folder.glob("*.json")}
        return [
            f"{path}: not used; no task of the data has this folder or id, or another file of the task comes first"
            for path in sorted(there - used)
            if path.name not in _NO_PREDICTIONS
        ]

    def predictions(self, dataset: Dataset) -> Found:
        """The answers to one task; without a file none, which the scorer counts as missing.

        Two answers for one id are both dropped and reported: there is no telling which was meant.

        Raises:
            DataError: in one line, if the file is there but cannot be read.
        """
        path = self.file(dataset)
        if path is None:
            names = f"no {self._names(dataset)[0]} or {dataset.task.id}.json in {self.folder}"
            return Found([], [f"{dataset.task.id}: {NO_FILE} ({names})"])
        media = _media_kinds(dataset)
        answers: dict[str, Prediction] = {}
        problems: list[str] = []
        for index, entry in enumerate(_entries(path)):
            where = f"{path} entry {index}"
            sample_id = _identifier(entry)
            key = next((k for k in _KEYS if isinstance(entry, dict) and k in entry), None)
            if sample_id is None:
                problems.append(f"{where}: is no object with an 'id'")
            elif key is None:
                problems.append(f"{where} (id {sample_id}): has no 'prediction'")
            elif sample_id in answers:
                problems.append(f"{where}: a second answer for id '{sample_id}'; none of them counts")
                answers[sample_id] = Prediction(sample_id, error="there are several answers for this id")
            else:
                answers[sample_id] = self._prediction(sample_id, entry[key], media, path.parent)
        return Found(list(answers.values()), problems)

    def _prediction(self, sample_id: str, value: Any, media: frozenset[PartKind], beside: Path) -> Prediction:
        if value is None or value == "":
            return Prediction(sample_id, error="the prediction is empty")
        if media and isinstance(value, str):
            path = self._inside(value, beside)
            if path is not None:
                return Prediction(sample_id, parts=(Part(_kind_of(path, media), path=path),))
        if media and isinstance(value, list) and 0 < len(value) <= _PARTS and all(isinstance(v, str) for v in value):
            paths = [self._inside(v, beside) for v in value]
            if any(paths):  # media with what a detector or recogniser says of them
                parts = (
                    Part("text", text) if path is None else Part(_kind_of(path, media), path=path)
                    for text, path in zip(value, paths, strict=True)
                )
                return Prediction(sample_id, parts=tuple(parts))
        try:
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
        except TypeError:  # JSON that was read leniently: a number of 20 digits, say
            try:
                text = str(value)
            except RecursionError:
                return Prediction(sample_id, error="the prediction is nested too deeply")
        return Prediction(sample_id, parts=(Part("text", text),))

    def _inside(self, name: str, beside: Path) -> Path | None:
        """The file that ``name`` names below the folder; None if it is no file there (or lies outside)."""
        try:
            root = self.folder.resolve()
            for base in (beside.resolve(), root):
                path = (base / name).resolve()
                if path != root and path.is_relative_to(root) and path.exists():
                    return path
        except (OSError, ValueError, RuntimeError):  # a text too long or too odd to be a path
            pass
        return None


def _entries(path: Path) -> Sequence[Any]:
    try:
        if path.stat().st_size > _SIZE_LIMIT:
            raise DataError(f"{path}: is larger than {_SIZE_LIMIT >> 30} GiB")
        data = path.read_bytes()
        try:
            value = parse(data, path)
        except DataError:
            if _is_json_lines(data):
                raise DataError(f"{path}: looks like JSON Lines: one array or object is needed") from None
            raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if isinstance(value, dict):
        value = value.get("data")
    if not isinstance(value, list):
        raise DataError(f"{path}: is neither a list of predictions nor an object with a list 'data'")
    return value


def _is_json_lines(data: bytes) -> bool:
    """Whether the first two lines are an object each."""
    lines = [line for line in data[:1_000_000].removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()][:2]
    try:
        return len(lines) == 2 and all(isinstance(orjson.loads(line), dict) for line in lines)
    except orjson.JSONDecodeError:
        return False


def _identifier(entry: Any) -> str | None:
    """An entry's id as text: ``7``, ``7.0`` (as some tables write it) and ``"7"`` are the same id."""
    value = entry.get("id") if isinstance(entry, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _media_kinds(dataset: Dataset) -> frozenset[PartKind]:
    try:
        return tasktypes.get(dataset.task.task_type).makes - {"text"}
    except GenlevelError:
        return frozenset()


def _kind_of(path: Path, kinds: frozenset[PartKind]) -> PartKind:
    if len(kinds) == 1:
        return next(iter(kinds))
    suffixes: Mapping[str, PartKind] = {
        ".wav": "audio",
        ".flac": "audio",
        ".mp3": "audio",
        ".mp4": "video",
        ".ply": "points",
    }
    guess = suffixes.get(path.suffix.lower(), "video" if path.is_dir() else "image")
    return guess if guess in kinds else sorted(kinds)[0]


class PredictionsModel(Model):
    """A model that looks its answers up."""

    takes: frozenset[PartKind] = frozenset(PART_KINDS)
    makes: frozenset[PartKind] = frozenset(PART_KINDS)
    concurrency = 8

    def __init__(self, folder: Path, name: str) -> None:
        self.source = PredictionFolder(folder)
        self.name = name
        given = quote(str(folder))
        self.bound = (
            "these are finished answers, there is nothing to ask; "
            f"score them: genlevel score --predictions {given} --data DIR"
        )
        self._answers: dict[str, dict[str, Prediction] | str] = {}
        self._told: dict[str, Told] = {}
        self._datasets: dict[str, Dataset] = {}
        self._identity: Mapping[str, Any] | None = None

    def identity(self) -> Mapping[str, Any]:
        """The folder, and a hash that changes when a file in it does, of media the first 200,000: by names, sizes and times."""
        if self._identity is None:  # once: it is asked for with every task
            folder = self.source.folder.resolve()
            self._identity = {"kind": "predictions", "folder": str(folder), "files_sha256": _files_hash(folder)}
        return self._identity

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Remember where each task's file is; it is read when the task is first asked."""
        self._datasets = {d.task.id: d for d in datasets}
        self._reading = asyncio.Lock()

    async def generate(self, request: Request) -> Reply:
        """The stored answer."""
        answers = await self._task(request.task_id)
        if isinstance(answers, str):
            raise RequestFailed(answers, 0)
        prediction = answers.get(request.sample_id)
        if prediction is None:
            raise RequestFailed("there is no prediction for this sample", 0)
        if prediction.error:
            raise RequestFailed(prediction.error, 0)
        return Reply(prediction.parts)

    async def _task(self, task_id: str) -> dict[str, Prediction] | str:
        """A task's answers by id, or why there are none."""
        async with self._reading:
            if task_id not in self._answers:
                try:
                    self._answers[task_id] = await asyncio.to_thread(self._read, self._datasets[task_id])
                except DataError as error:
                    self._answers[task_id] = str(error)
                # Tasks are asked in order, so only the answers of the last few are needed.
                while len(self._answers) > _TASKS_HELD:
                    del self._answers[next(iter(self._answers))]
            return self._answers[task_id]

    def _read(self, dataset: Dataset) -> dict[str, Prediction]:
        self._told[dataset.task.id] = Told((), ())
        found = self.source.predictions(dataset)
        self._told[dataset.task.id] = Told(tuple(p.id for p in found.predictions), tuple(found.problems))
        return {p.id: p for p in found.predictions}

    def told(self, dataset: Dataset) -> Told:
        """What a task's file holds, from when it was read for its answers; read now if it was not. Nothing if it cannot be."""
        if dataset.task.id not in self._told:
            with contextlib.suppress(DataError):
                self._read(dataset)
        return self._told[dataset.task.id]


def _files_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    media = 0
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.endswith(".json"):
                media += 1
                if media > _MEDIA_LOOKED_AT:
                    continue
            path = os.path.join(root, name)
            try:
                status = os.stat(path)
            except OSError:  # a link that leads nowhere
                continue
            line = f"{os.path.relpath(path, folder)} {status.st_size} {status.st_mtime_ns}\n"
            digest.update(line.encode("utf-8", "replace"))
    return digest.hexdigest()


def from_spec(spec: Spec) -> PredictionsModel:
    """The model of a SPEC."""
    spec.check(("name",))
    folder = Path(spec.name)
    if not os.path.isdir(folder):  # unlike Path.is_dir, never an error
        raise ModelError(f"model '{str(spec)[:200]}': there is no such folder")
    return PredictionsModel(folder, spec.text("name", folder.resolve().name))
