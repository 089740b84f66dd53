"""The files right of the wall: scores.json, levels.json and the evidence, in a run folder."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from genlevel._version import __version__
from genlevel.atomic import replacing
from genlevel.errors import RunError
from genlevel.metrics.archive import read_arrays
from genlevel.metrics.evidence import Evidence
from genlevel.metrics.judged import judge_record
from genlevel.scoring.outcomes import Outcomes
from genlevel.scoring.task import ScoredTask

if TYPE_CHECKING:
    from genlevel.scoring.run import ScoreReport


def write_report(folder: Path, report: ScoreReport, *, data: str = "", files: Mapping[str, str] | None = None) -> None:
    """Write ``scores.json`` and ``evidence/``; ``levels.json`` is derived from these by whoever rates.

    ``files`` are the paths of the user's own ``catalog`` and ``sota``, where there is no ``run.json`` that says them.
    """
    for task in report.tasks:
        write_evidence(folder, task)
    write_json(folder / "scores.json", {**scores_document(report, data=data), **(files or {})})
    write_json(folder / "levels.json", levels_document(report))


def write_evidence(folder: Path, task: ScoredTask) -> None:
    """Write a task's evidence, outcomes and replicates below ``folder``; nothing if it holds none."""
    if task.evidence is not None:
        (folder / "evidence").mkdir(parents=True, exist_ok=True)
        write_atomic(folder / "evidence" / f"{task.score.task_id}.npz", _evidence_bytes(task))


def scores_document(report: ScoreReport, *, data: str = "") -> dict[str, Any]:
    """What ``genlevel score --format json`` prints: the task scores and what they rest on."""
    rows = {row.id: row for row in report.level.rows}
    tasks = []
    for score in report.scores:
        row = rows[score.task_id]
        entry = {name: finite(value) for name, value in asdict(score).items() if name != "model"}
        tasks.append({**entry, "sigma": row.sigma, "sota": row.sota, "sota_sigma": row.sigma_sota, "wins": row.wins})
    return {
        "model": report.settings.model,
        "dispatcher": report.settings.dispatcher,
        "edition": report.catalog.edition,
        "protocol": report.level.protocol,
        "sota_sha256": report.catalog.sota_sha256,
        "genlevel": __version__,
        "scored": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": data,
        "limit": report.settings.limit,
        "judge": judge_record(report.settings.judge) if report.settings.judge else None,
        "tasks": tasks,
        "problems": list(report.problems),
    }


def levels_document(report: ScoreReport) -> dict[str, Any]:
    """The level, in the form that ``genlevel level --format json`` prints."""
    from genlevel.levels.document import document

    return document([report.level], report.catalog)


def read_json(path: Path, **keys: type) -> dict[str, Any]:
    """A JSON object of a run folder, with the types of the keys that it must have.

    Raises:
        RunError: naming the file, if it is missing or damaged.
    """
    scored = path.name != "run.json"
    again = "score the run again" if scored else "give another run folder, or run the model again with another --out"
    try:
        value = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        if scored and (path.parent / "run.json").is_file():
            raise RunError(f"{path.parent} is not scored yet: genlevel score {path.parent}") from None
        kind = "run folder that has been scored" if scored else "run folder"
        raise RunError(f"{path}: no such file; is {path.parent} a {kind}?") from None
    except (OSError, orjson.JSONDecodeError) as error:
        raise RunError(f"{path}: cannot be read ({error}); {again}") from None
    if not isinstance(value, dict):
        raise RunError(f"{path}: holds no object; {again}")
    wrong = [key for key, kind in keys.items() if not isinstance(value.get(key), kind)]
    if wrong:
        raise RunError(f"{path}: has no usable '{wrong[0]}'; {again}")
    return value


def read_evidence(folder: Path, task_id: str) -> tuple[Evidence, Outcomes, Mapping[str, Any]]:
    """A task's evidence, outcomes and replicates as stored.

    Raises:
        RunError: if there is none, or the file is damaged.
    """
    path = folder / "evidence" / f"{task_id}.npz"
    try:
        arrays = read_arrays(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read ({error}); score the run again") from None
    evidence = {n.removeprefix("evidence."): a for n, a in arrays.items() if n.startswith("evidence.")}
    rest = {n.removeprefix("bootstrap."): a for n, a in arrays.items() if n.startswith("bootstrap.")}
    return Evidence.from_arrays(evidence), Outcomes.from_arrays(arrays), rest


def _evidence_bytes(task: ScoredTask) -> bytes:
    assert task.evidence is not None
    arrays = {f"evidence.{name}": values for name, values in task.evidence.to_arrays().items()}
    arrays.update(task.outcomes.to_arrays())
    if task.replicates is not None and task.coverages is not None:
        arrays["bootstrap.values"] = task.replicates
        arrays["bootstrap.coverages"] = task.coverages
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def finite(value: Any) -> Any:
    """``None`` for a float that JSON cannot hold."""
    return None if isinstance(value, float) and not isfinite(value) else value


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all."""
    write_atomic(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part.

    Raises:
        RunError: naming the file, if it cannot be written.
    """
    try:
        with replacing(path) as partial:
            partial.write_bytes(content)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from None
