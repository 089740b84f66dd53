"""What a run will do: which tasks the model is asked, which it cannot do and why, and how a folder records that."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from genlevel import tasktypes
from genlevel._version import __version__
from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, RecordError, RunError
from genlevel.models.base import Model
from genlevel.records import PartKind
from genlevel.runner.keys import identity_of
from genlevel.runner.store import RunFolder
from genlevel.tasktypes import TaskType
from genlevel.tasktypes.templates import Templates

_LOOKED_AT = 20


@dataclass(frozen=True)
class Settings:
    """How to run. 0, and an empty ``cache``, stand for none; ``concurrency`` and ``batch_size`` 0 leave it to the model.

    These are a part of what the run is: ``limit`` asks only so many samples of each task, the first or with ``sample_seed`` ones
    drawn at random; ``templates`` are prompts of one's own; ``repeat`` asks each sample so many times; ``seed`` is what the
    requests' seeds are made from.

    These are not: ``adaptive`` looks for the best concurrency while running. ``cache`` is a folder of answers. ``max_cost`` (US
    dollars) and ``max_time`` (seconds) end the run. The rates are per minute. ``patience`` is how many seconds a server may be
    gone, ``grace`` how many seconds requests in flight get when the run is interrupted, ``last_grace`` when it ends itself.
    """

    concurrency: int = 0
    limit: int | None = None
    batch_size: int = 0
    grace: float = 5.0
    templates: Templates | None = None
    sample_seed: int | None = None
    repeat: int = 1
    seed: int = 0
    adaptive: bool = False
    cache: Path | None = None
    max_cost: float = 0.0
    max_time: float = 0.0
    requests_per_minute: float = 0.0
    tokens_per_minute: float = 0.0
    patience: float = 300.0
    last_grace: float = 60.0


@dataclass(frozen=True)
class Plan:
    """The tasks to ask, in order, and those that the model cannot do with the reason."""

    datasets: tuple[Dataset, ...]
    unsupported: dict[str, str] = field(default_factory=dict)


def make_plan(model: Model, datasets: Sequence[Dataset]) -> Plan:
    """Sort out the tasks that the model cannot do: of types or kinds of part that it has not, or without a route."""
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
        kind = tasktypes.for_task(dataset.task)
    except GenlevelError as error:
        return str(error)
    asked = model.asked(dataset.task)
    if asked is None:
        return "the model has no route for it"
    who = "the model" if asked is model else asked.name
    lacking = kind.takes - asked.takes
    takes_no = f"{who} takes no {' or '.join(sorted(lacking))}"
    if kind.needs() & lacking:
        return takes_no
    if not kind.makes & asked.makes:
        return f"{who} makes no {' or '.join(sorted(kind.makes))}"
    if why := asked.cannot(dataset):
        return f"{who} {why}"
    # A task type names all that its samples may hold; what this task's hold is in the data, where it may be either.
    if lacking and not any(kinds <= asked.takes for kinds in _kinds(kind, dataset)):
        return takes_no
    return ""


def _kinds(kind: TaskType, dataset: Dataset) -> Iterator[set[PartKind]]:
    """The kinds of part of each of a task's first samples that can be read."""
    with contextlib.suppress(GenlevelError):
        for record in dataset.first(_LOOKED_AT):
            if not isinstance(record, RecordError):
                with contextlib.suppress(GenlevelError):
                    yield {part.kind for part in kind.ask(kind.read(record), dataset.task).parts}


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
        "identity": identity_of(model),
        "dispatcher": model.dispatcher,
        "edition": catalog.edition,
        "catalog": str(catalog_file.resolve()) if catalog_file else None,
        "sota": str(sota_file.resolve()) if sota_file else None,
        "sota_sha256": catalog.sota_sha256,
        "data": str(data.resolve()),
        "limit": settings.limit,
        "prompts": settings.templates.describe() if settings.templates else None,
        "sample_seed": settings.sample_seed,
        "repeat": settings.repeat,
        "seed": settings.seed,
        "tasks": {d.task.id: _data_of(d) for d in plan.datasets},
        "unsupported": plan.unsupported,
        "settings": {"concurrency": "auto" if settings.adaptive else settings.concurrency or model.concurrency},
        "versions": {"genlevel": __version__, "python": platform.python_version(), "numpy": np.__version__},
        "start": datetime.now(UTC).isoformat(timespec="seconds"),
        "end": None,
    }


def _data_of(dataset: Dataset) -> dict[str, str]:
    split = {"split": dataset.split} if dataset.split else {}
    return {"folder": dataset.relative, "sha256": dataset.sha256(), **split}


def open_or_create(path: Path, meta: dict[str, Any]) -> RunFolder:
    """The folder of a run: a new one, or one that fits this run and so is gone on with.

    A run may get further tasks, and a higher limit if all its tasks are in the command.

    Raises:
        RunError: saying what differs, if the folder holds another run, or other files.
    """
    try:
        strangers = (
            [p.name for p in path.iterdir() if p.name not in {".lock", "predictions", "repeats"}]
            if path.exists()
            else []
        )
    except OSError as error:
        raise RunError(f"{path}: cannot be a run folder ({error.strerror}); give another --out") from None
    if "run.json" not in strangers:
        if strangers:
            raise RunError(f"{path}: holds {min(strangers)!r} and is no run folder; give another --out")
        return RunFolder.create(path, meta)
    folder = RunFolder.open(path)
    old = folder.meta
    _check_fit(path, old, meta)
    folder.unchanged = old.get("versions", {}).get("genlevel") == __version__
    same = folder.unchanged and all(old.get(key) == meta[key] for key in ("limit", "sample_seed", "repeat", "seed"))
    # What is known of a task from before (that it was read to its end, say) holds only under the same conditions.
    tasks = {**(old.get("tasks") or {}), **meta["tasks"]}
    if same:
        tasks.update(old.get("tasks") or {})
    unsupported = {**(old.get("unsupported") or {}), **meta["unsupported"]}
    folder.write_meta(
        **{
            **meta,
            "tasks": tasks,
            "unsupported": {task_id: reason for task_id, reason in unsupported.items() if task_id not in tasks},
            "start": old.get("start", meta["start"]),
        }
    )
    return folder


def _check_fit(path: Path, old: dict[str, Any], meta: dict[str, Any]) -> None:
    for key, what in (
        ("identity", "another model or other settings"),
        ("edition", "another edition"),
        ("prompts", "other prompts"),
    ):
        if old.get(key) != meta[key]:
            raise RunError(
                f"{path}: holds a run of {what} ({_difference(key, old.get(key), meta[key])}); give another --out"
            )
    for key, without in (("seed", 0), ("sample_seed", None)):
        before, now = old.get(key, without), meta[key]
        if before != now:
            option = f"--{key.replace('_', '-')}"
            held, asked = (f"{option} {n}" if n is not None else f"no {option}" for n in (before, now))
            raise RunError(f"{path}: holds a run with {held}, not {asked}; give {held}, or another --out")
    if old.get("repeat", 1) > meta["repeat"]:
        raise RunError(
            f"{path}: holds a run with --repeat {old['repeat']}, not {meta['repeat']}; give that or more, or another --out"
        )
    stored = old.get("tasks") or {}
    missing = sorted(stored.keys() - meta["tasks"].keys())
    before, now = old.get("limit"), meta["limit"]
    if before != now and (before is None or (now is not None and now < before) or missing):
        also = " and cover all its tasks" if missing else ""
        held, asked = (f"--limit {n}" if n is not None else "no --limit" for n in (before, now))
        right = "that limit or a higher one" if before is not None else "no --limit"
        raise RunError(f"{path}: holds a run with {held}, not {asked}; give {right}{also}, or another --out")
    if missing and old.get("data") != meta["data"]:
        raise RunError(
            f"{path}: its task {missing[0]} is not in {meta['data']}, but in {old.get('data')}; give another --out"
        )
    for task_id, task in stored.items():
        new = meta["tasks"].get(task_id)
        if new is not None and new["sha256"] != task.get("sha256"):
            raise RunError(f"{path}: the data of {task_id} has changed since this run began; give another --out")


def _difference(key: str, old: Any, new: Any) -> str:
    """What differs, in a few words: of two settings only those that are not the same."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        return ", ".join(f"{name} was {_shown(old.get(name))}, now {_shown(new.get(name))}" for name in names)
    return f"{key} was {_shown(old)}, now {_shown(new)}"


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) < 200 else text[:200] + "..."
