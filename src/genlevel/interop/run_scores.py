"""A scored run's folder as scores, with the catalog that it was scored on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.catalog import EDITIONS, Catalog, load
from genlevel.errors import RunError
from genlevel.levels.maps import FloatArray
from genlevel.metrics.archive import read_arrays
from genlevel.records import TaskScore
from genlevel.scoring.files import read_json

_FIELDS = tuple(f.name for f in fields(TaskScore) if f.name != "model")


@dataclass(frozen=True)
class RunScores:
    """What ``scores.json`` of a run says. ``protocol`` is the one it was levelled with, empty if it does not say."""

    model: str
    dispatcher: bool
    edition: str
    protocol: str
    sota_sha256: str
    scores: Mapping[str, TaskScore]
    meta: Mapping[str, Any]


def read_run(folder: Path) -> RunScores:
    """The scores of a run folder.

    Raises:
        RunError: if the folder has no scores, or the file is not what it should be.
    """
    path = folder / "scores.json"
    found = read_json(path)
    try:
        model = str(found["model"])
        scores = {t["task_id"]: TaskScore(model=model, **{k: t[k] for k in _FIELDS if k in t}) for t in found["tasks"]}
        repeated = len(scores) < len(found["tasks"])
    except (KeyError, TypeError) as error:
        raise RunError(f"{path}: is not a file of scores ({error!r}); score the run again") from None
    if repeated:
        raise RunError(f"{path}: holds a task twice; score the run again")
    return RunScores(
        model,
        bool(found.get("dispatcher")),
        str(found.get("edition", "")),
        str(found.get("protocol", "")),
        str(found.get("sota_sha256", "")),
        scores,
        found,
    )


def run_catalog(folder: Path, run: RunScores, *, sota: Path | None = None, catalog: Path | None = None) -> Catalog:
    """The catalog that a run was scored on: an edition, or the file that it names, or its data folder's own.

    ``catalog`` is a file in place of the one that it names.

    Raises:
        RunError: if it is not to be found.
    """
    meta = read_json(folder / "run.json") if (folder / "run.json").is_file() else {}
    stored = meta.get("sota") or run.meta.get("sota")
    sota = sota or (Path(stored) if stored else None)
    edition, _, own = run.edition.partition("+")
    base = edition if edition in EDITIONS else None
    if catalog is not None:
        return load(base if own else None, catalog=catalog, sota=sota)
    if base is not None and not own:
        return load(base, sota=sota)
    data = meta.get("data") or run.meta.get("data")
    named = [meta.get("catalog"), run.meta.get("catalog"), str(Path(data) / "catalog.csv") if data else None]
    for path in (Path(name) for name in named if name):
        if path.is_file():
            return load(run.edition if base else None, catalog=path, sota=sota)
    raise RunError(f"{folder}: its own catalog of edition '{run.edition}' is not there; give it with --catalog FILE")


def read_replicates(folder: Path, task_ids: Iterable[str]) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """The bootstrap values and coverages that were stored with the evidence, by task id.

    Raises:
        RunError: for a damaged file.
    """
    values: dict[str, FloatArray] = {}
    coverages: dict[str, FloatArray] = {}
    for task_id in task_ids:
        path = folder / "evidence" / f"{task_id}.npz"
        if not path.is_file():
            continue
        try:
            archive = read_arrays(path)
            if "bootstrap.values" in archive and archive["bootstrap.values"].size:
                values[task_id] = archive["bootstrap.values"].astype(np.float64).ravel()
                coverages[task_id] = archive["bootstrap.coverages"].astype(np.float64).ravel()
        except (OSError, ValueError, KeyError) as error:
            raise RunError(f"{path}: cannot be read ({error}); score the run again") from None
    return values, coverages
