"""How sure a level is: level scores under the task scores' bootstrap replicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from genlevel.catalog import Catalog
from genlevel.errors import ScoreError
from genlevel.levels.maps import FloatArray
from genlevel.levels.protocols import Protocol
from genlevel.levels.rate import ModelLevel, Score, capped_level, fill
from genlevel.levels.sheet import LEVELS, Sheet
from genlevel.records import TaskScore


@dataclass(frozen=True)
class LevelInterval:
    """Percentile intervals of S2 to S5 and the share of resamplings at each level (0 to 5; agents as the protocol says)."""

    scores: Mapping[str, tuple[float, float]]
    probabilities: Mapping[int, float]
    resamples: int


def level_interval(
    catalog: Catalog,
    replicates: Mapping[str, ArrayLike],
    protocol: Protocol,
    *,
    scores: Mapping[str, Score] | None = None,
    coverages: Mapping[str, ArrayLike] | None = None,
    dispatcher: bool = False,
    confidence: float = 0.95,
) -> LevelInterval:
    """Intervals of the level scores, and how likely each level is, when samples are drawn again.

    The tasks are resampled independently of each other; the specialists' scores stand as they are. A task with fewer
    replicates than the others has its own repeated.

    Args:
        catalog: the tasks.
        replicates: by task id, (B,) bootstrap values in the printed unit; an infinite error is sigma 0.
        protocol: as in :func:`genlevel.levels.rate`.
        scores: scores of tasks without replicates, which then stand fixed.
        coverages: by task id, (B,) coverages; 1 where not given.
        dispatcher: whether the model declares that it routes tasks to others.
        confidence: of the interval.

    Raises:
        ScoreError: without replicates, or for one outside its metric's range.
    """
    sheet = Sheet(catalog, protocol)
    arrays = {task_id: np.asarray(values, np.float64) for task_id, values in replicates.items()}
    size = max((len(a) for a in arrays.values()), default=0)
    if not size:
        raise ScoreError("no bootstrap replicates; score the run with intervals")
    point, covered = fill(sheet, {"": scores or {}})
    values = np.repeat(point, size, axis=0)
    coverage = np.repeat(covered, size, axis=0)
    for task_id, array in arrays.items():
        column = sheet.column[catalog.resolve(task_id).id]
        values[:, column] = np.resize(array, size)
        coverage[:, column] = np.resize(np.asarray((coverages or {}).get(task_id, 1.0), np.float64), size)
    sheet.check(values)
    sigmas = sheet.sigma(values, coverage)
    levels = sheet.scores(sigmas, sheet.wins(values, sigmas, coverage))
    reached = np.array([capped_level(int(k), protocol, dispatcher) for k in levels.level])
    return LevelInterval(
        {k: _bounds(levels.overall[k], confidence) for k in LEVELS},
        {k: float((reached == k).mean()) for k in range(6)},
        size,
    )


def add_intervals(
    level: ModelLevel,
    catalog: Catalog,
    protocol: Protocol,
    replicates: Mapping[str, ArrayLike],
    coverages: Mapping[str, ArrayLike] | None = None,
) -> ModelLevel:
    """``level`` with the intervals and probabilities that its tasks' replicates give; unchanged if there are none.

    Resampling moves a sum of what stands above a threshold to one side, so each interval is widened to hold the score itself.
    """
    if not replicates:
        return level
    fixed = {
        row.id: TaskScore(row.id, level.model, "", row.value, coverage=row.coverage)
        for row in level.rows
        if row.id not in replicates
    }
    found = level_interval(
        catalog, replicates, protocol, scores=fixed, coverages=coverages, dispatcher=level.dispatcher
    )
    holding = {k: (min(low, level.scores[k]), max(high, level.scores[k])) for k, (low, high) in found.scores.items()}
    return replace(level, intervals=holding, probabilities=found.probabilities)


def _bounds(values: FloatArray, confidence: float) -> tuple[float, float]:
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)
