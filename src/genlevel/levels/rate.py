"""Levels: from task scores to S2..S5 and the level, for one model or for many."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genlevel.catalog import Catalog
from genlevel.errors import GenlevelError, ScoreError
from genlevel.levels.maps import FloatArray
from genlevel.levels.protocols import Protocol
from genlevel.levels.sheet import HALVES, LANGUAGE, LEVELS, BoolArray, LevelScores, Sheet
from genlevel.records import Task, TaskScore

AGENT_CAP = 2
"""The highest level of a declared dispatcher under the policy ``cap-2``."""

Score = TaskScore | float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One task of one model. ``value`` and ``sota`` are printed scores, ``sigma`` and ``sigma_sota`` lie in [0, 100]."""

    id: str
    value: float | None
    sigma: float
    sota: float | None
    sigma_sota: float | None
    wins: bool
    coverage: float = 1.0


@dataclass(frozen=True)
class ModelLevel:
    """Where a model stands, and what that rests on.

    Attributes:
        level: the highest k with S_k > 0, 0 where S2 is 0; at most 2 where ``capped``.
        scores: S2 to S5 as computed, whether capped or not.
        modalities: for each modality of the catalog, S2 to S4 and the number of tasks, supported tasks and wins.
        language: S_L and the same numbers for the language tasks.
        tasks, supported, wins: of all tasks of the catalog. A task is supported if its sigma is above 0.
        dispatcher: whether the system declares that it routes tasks to other models.
        capped: whether that has lowered its level.
        rows: one for every task of the catalog, in its order; empty where they were not asked for.
        intervals: bounds of S2 to S5, where they were asked for.
        probabilities: the share of resamplings at each level, where they were asked for.
    """

    model: str
    level: int
    scores: Mapping[str, float]
    modalities: Mapping[str, Mapping[str, float | int]]
    language: Mapping[str, float | int]
    tasks: int
    supported: int
    wins: int
    edition: str
    protocol: str
    sota_sha256: str
    dispatcher: bool = False
    capped: bool = False
    rows: tuple[Row, ...] = ()
    intervals: Mapping[str, tuple[float, float]] | None = None
    probabilities: Mapping[int, float] | None = None


def sigma(task: Task, value: float | None, protocol: Protocol, *, coverage: float = 1.0) -> float:
    """Sigma of one score in the task's printed unit; 0 for ``None``. The range is not checked here."""
    mapped = protocol.map_for(task)(np.nan if value is None else value, task.scale)
    return float(mapped) * coverage


def rate(
    catalog: Catalog,
    scores: Mapping[str, Score],
    protocol: Protocol,
    *,
    model: str,
    dispatcher: bool = False,
) -> ModelLevel:
    """The level of one model.

    Args:
        catalog: the tasks; every one counts, whether it has a score or not.
        scores: by task id, in the printed unit. ``None`` and absence are both a missing score, sigma 0.
        protocol: one of ``PROTOCOLS``, or an own one.
        model: its name.
        dispatcher: whether it declares that it routes tasks to other models.

    Raises:
        CatalogError: for an id that is no task, naming near ones.
        ScoreError: for two scores of one task, NaN, or a score outside its metric's range.
    """
    return rate_all(catalog, {model: scores}, protocol, dispatchers={model} if dispatcher else ())[0]


def rate_all(
    catalog: Catalog,
    scores: Mapping[str, Mapping[str, Score]],
    protocol: Protocol,
    *,
    dispatchers: Collection[str] = (),
    rows: bool = True,
) -> list[ModelLevel]:
    """The levels of several models, in the order given, with or without rows; see :func:`rate`."""
    sheet = Sheet(catalog, protocol)
    names = list(scores)
    values, coverage = fill(sheet, scores)
    sheet.check(values, names)
    sigmas = sheet.sigma(values, coverage)
    wins = sheet.wins(values, sigmas, coverage)
    levels = _levels(sheet, names, sigmas, wins, set(dispatchers))
    if not rows:
        return levels
    return [
        replace(level, rows=_rows(sheet, values[i], sigmas[i], wins[i], coverage[i])) for i, level in enumerate(levels)
    ]


def rate_many(
    catalog: Catalog,
    matrix: ArrayLike,
    protocol: Protocol,
    *,
    models: Sequence[str] | None = None,
    coverage: ArrayLike | None = None,
) -> list[ModelLevel]:
    """The levels of many models from one array, without rows per task.

    Args:
        catalog: the tasks, which are the columns in their order.
        matrix: (models, tasks), scores in the printed units, NaN for missing.
        protocol: see :func:`rate`.
        models: names of the rows; numbers if not given.
        coverage: the same shape, in [0, 1]; all 1 if not given.

    Raises:
        ScoreError: for a wrong shape or a score outside its metric's range.
    """
    sheet = Sheet(catalog, protocol)
    values = np.asarray(matrix, dtype=np.float64)
    names = [str(i) for i in range(len(values))] if models is None else list(models)
    if values.ndim != 2 or values.shape != (len(names), len(sheet)):
        raise ScoreError(f"the array of scores has shape {values.shape}, but should have {(len(names), len(sheet))}")
    sheet.check(values, names)
    covered = None if coverage is None else np.asarray(coverage, dtype=np.float64)
    sigmas = sheet.sigma(values, covered)
    return _levels(sheet, names, sigmas, sheet.wins(values, sigmas, covered), set())


def fill(sheet: Sheet, scores: Mapping[str, Mapping[str, Score]]) -> tuple[FloatArray, FloatArray]:
    """Scores by model and task id as two (models, tasks) arrays: values, NaN for missing, and coverages."""
    values = np.full((len(scores), len(sheet)), np.nan)
    coverage = np.ones(values.shape)
    for i, (model, by_task) in enumerate(scores.items()):
        seen: dict[int, str] = {}
        for task_id, score in by_task.items():
            column = _column(sheet, task_id)
            if column in seen:
                raise ScoreError(f"{model}: '{seen[column]}' and '{task_id}' are the same task; keep one score")
            seen[column] = task_id
            if isinstance(score, TaskScore):
                coverage[i, column] = score.coverage
                score = score.value
            if score is not None:
                values[i, column] = _number(model, task_id, score)
    return values, coverage


def capped_level(level: int, protocol: Protocol, dispatcher: bool) -> int:
    """The level that the protocol's agent policy leaves."""
    return min(level, AGENT_CAP) if dispatcher and protocol.agents == "cap-2" else level


def _column(sheet: Sheet, task_id: str) -> int:
    column = sheet.column.get(task_id)
    if column is not None:
        return column
    return sheet.column[sheet.catalog.resolve(task_id).id]


def _number(model: str, task_id: str, score: object) -> float:
    if isinstance(score, bool) or not isinstance(score, int | float | np.floating | np.integer):
        raise ScoreError(f"{model}: task {task_id}: {score!r} is not a number")
    number = float(score)
    if number != number:
        raise ScoreError(f"{model}: task {task_id}: NaN is no score; leave out what is missing")
    return number


def _levels(
    sheet: Sheet, names: Sequence[str], sigmas: FloatArray, wins: BoolArray, dispatchers: set[str]
) -> list[ModelLevel]:
    unknown = dispatchers - set(names)
    if unknown:
        raise GenlevelError(f"'{min(unknown)}' is declared a dispatcher, but has no scores")
    scores = sheet.scores(sigmas, wins)
    supported = sigmas > 0.0
    counts = _Counts(sheet, supported, wins)
    reached = scores.level
    result = []
    for i, name in enumerate(names):
        level = capped_level(int(reached[i]), sheet.protocol, name in dispatchers)
        result.append(
            ModelLevel(
                model=name,
                level=level,
                scores={k: float(scores.overall[k][i]) for k in LEVELS},
                modalities=_by_modality(scores, counts, i),
                language={"SL": float(scores.language[i]), **counts.of(LANGUAGE[0], i)},
                tasks=len(sheet),
                supported=int(supported[i].sum()),
                wins=int(wins[i].sum()),
                edition=sheet.catalog.edition,
                protocol=sheet.protocol.name,
                sota_sha256=sheet.catalog.sota_sha256,
                dispatcher=name in dispatchers,
                capped=level < int(reached[i]),
            )
        )
    return result


class _Counts:
    """Tasks, supported tasks and wins by modality, for all models."""

    def __init__(self, sheet: Sheet, supported: BoolArray, wins: BoolArray) -> None:
        self._of: dict[str, tuple[int, NDArray[np.int64], NDArray[np.int64]]] = {}
        for modality in {key[0] for key in sheet.groups} | {LANGUAGE[0]}:
            groups = [LANGUAGE] if modality == LANGUAGE[0] else [(modality, half) for half in HALVES]
            tasks = sum(len(sheet.groups.get(g, ())) for g in groups)
            self._of[modality] = tasks, sheet.count(supported, groups), sheet.count(wins, groups)

    def of(self, modality: str, row: int) -> dict[str, float | int]:
        tasks, supported, wins = self._of[modality]
        return {"tasks": tasks, "supported": int(supported[row]), "wins": int(wins[row])}


def _by_modality(scores: LevelScores, counts: _Counts, row: int) -> dict[str, dict[str, float | int]]:
    return {
        modality: {**{k: float(v[row]) for k, v in by_level.items()}, **counts.of(modality, row)}
        for modality, by_level in scores.modalities.items()
    }


def _rows(
    sheet: Sheet, values: FloatArray, sigmas: FloatArray, wins: BoolArray, coverage: FloatArray
) -> tuple[Row, ...]:
    none_if_nan = [None if v != v else v for v in values.tolist()]
    sota_sigma = [None if v != v else v for v in sheet.sota_sigma.tolist()]
    columns = zip(sheet.tasks, none_if_nan, sigmas.tolist(), sota_sigma, wins.tolist(), coverage.tolist(), strict=True)
    return tuple(Row(t.id, v, s, t.sota, ss, w, c) for t, v, s, ss, w, c in columns)
