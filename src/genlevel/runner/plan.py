"""What a run will do: which tasks the model is asked, which it cannot do and why, and how a folder records that."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from genlevel import tasktypes
from genlevel._version import __version__
from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset
from genlevel.errors import DataError, GenlevelError, RecordError, RunError
from genlevel.models.base import Model
from genlevel.records import Part, Request
from genlevel.runner.store import RunFolder
from genlevel.tasktypes import TaskType


@dataclass(frozen=True)
class Settings:
    """How to run. ``concurrency`` 0 leaves it to the model; ``limit`` asks only each task's first samples."""

    concurrency: int = 0
    limit: int | None = None
    batch_size: int = 0


@dataclass(frozen=True)
class Plan:
    """The tasks to ask, in order, and those that the model cannot do with the reason."""

    datasets: tuple[Dataset, ...]
    unsupported: dict[str, str] = field(default_factory=dict)


def make_plan(model: Model, datasets: Sequence[Dataset]) -> Plan:
    """Sort out the tasks that need kinds of part which the model does not take or make."""
    possible, unsupported = [], {}
    for dataset in datasets:
        reason = _cannot(model, dataset)
        if reason:
            unsupported[dataset.task.id] = reason
        else:
            possible.append(dataset)
    return Plan(tuple(possible), unsupported)


def _cannot(model: Model, dataset: Dataset) -> str:
    try:
        kind = tasktypes.get(dataset.task.task_type)
    except GenlevelError as error:
        return str(error)
    lacking = sorted(kind.takes - model.takes)
    if lacking:
        return f"the model takes no {' or '.join(lacking)}"
    if not kind.makes & model.makes:
        return f"the model makes no {' or '.join(sorted(kind.makes))}"
    return ""


def requests(dataset: Dataset, kind: TaskType, limit: int | None, problems: list[str]) -> Iterator[Request]:
    """The task's requests in file order; a record that cannot be read is noted and passed over."""

    def readable() -> Iterator[Request]:
        for record in dataset.records():
            if isinstance(record, RecordError):
                problems.append(str(record))
                continue
            try:
                yield kind.ask(kind.read(record), dataset.task)
            except RecordError as error:
                problems.append(str(error))

    try:
        yield from islice(readable(), limit)
    except DataError as error:
        problems.append(str(error))


def request_key(request: Request, identity: bytes) -> str:
    """The hash of everything that an answer depends on: the request's parts and the model's identity."""
    digest = hashlib.sha256(identity)
    for text in (request.task_type, ",".join(sorted(request.makes))):
        digest.update(text.encode() + b"\0")
    for part in request.parts:
        content = part.text.encode("utf-8", "surrogatepass") if part.kind == "text" else _content(part)
        digest.update(part.kind.encode() + len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:32]


def _content(part: Part) -> bytes:
    if part.data is not None:
        return hashlib.sha256(part.data).digest()
    assert part.path is not None
    files = sorted(part.path.iterdir()) if part.path.is_dir() else [part.path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.digest()


def identity_bytes(model: Model) -> bytes:
    """The model's identity as bytes to hash."""
    return orjson.dumps(dict(model.identity()), option=orjson.OPT_SORT_KEYS)


def describe(
    model: Model,
    plan: Plan,
    catalog: Catalog,
    settings: Settings,
    *,
    spec: str,
    data: Path,
    catalog_file: Path | None,
    sota_file: Path | None,
) -> dict[str, Any]:
    """The content of ``run.json`` at the start of a run."""
    return {
        "format": 1,
        "model": model.name,
        "spec": spec,
        "identity": dict(model.identity()),
        "dispatcher": model.dispatcher,
        "edition": catalog.edition,
        "catalog": str(catalog_file.resolve()) if catalog_file else None,
        "sota": str(sota_file.resolve()) if sota_file else None,
        "sota_sha256": catalog.sota_sha256,
        "data": str(data.resolve()),
        "limit": settings.limit,
        "tasks": {
            d.task.id: {"folder": d.relative, "sha256": hashlib.sha256(d.annotation.read_bytes()).hexdigest()}
            for d in plan.datasets
        },
        "unsupported": plan.unsupported,
        "settings": {"concurrency": settings.concurrency or model.concurrency},
        "versions": {"genlevel": __version__, "python": platform.python_version()},
        "start": datetime.now(UTC).isoformat(timespec="seconds"),
        "end": None,
    }


def open_or_create(path: Path, meta: dict[str, Any]) -> RunFolder:
    """The folder of a run: a new one, or one that fits this run and so is gone on with.

    Raises:
        RunError: saying what differs, if the folder holds another run, or other files.
    """
    if not (path / "run.json").exists():
        if path.exists() and (not path.is_dir() or any(p.name != ".lock" for p in path.iterdir())):
            raise RunError(f"{path}: exists and is no run folder; give another --out")
        return RunFolder.create(path, meta)
    folder = RunFolder.open(path)
    old = folder.meta
    for key, what in (
        ("identity", "another model or other settings"),
        ("edition", "another edition"),
        ("limit", "another --limit"),
    ):
        if old.get(key) != meta[key]:
            raise RunError(
                f"{path}: holds a run of {what} ({key} was {_shown(old.get(key))}, now {_shown(meta[key])}); give another --out"
            )
    for task_id, task in (old.get("tasks") or {}).items():
        now = meta["tasks"].get(task_id)
        if now is not None and now["sha256"] != task["sha256"]:
            raise RunError(f"{path}: the data of {task_id} has changed since this run began; give another --out")
    tasks = {**(old.get("tasks") or {}), **meta["tasks"]}
    start = old.get("start", meta["start"])
    folder.write_meta(**{**meta, "tasks": tasks, "start": start})
    return folder


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) < 200 else text[:200] + "..."
