"""A catalog under a protocol as arrays: sigmas, wins and level scores of many models at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel.catalog import Catalog
from genlevel.catalog.metrics_table import score_range
from genlevel.errors import ScoreError
from genlevel.levels.maps import FloatArray, ScoreMap
from genlevel.levels.protocols import Protocol
from genlevel.records import MODALITIES, Scale, Task

BoolArray = NDArray[np.bool_]
LANGUAGE = ("language", "language")
HALVES = ("comprehension", "generation")
LEVELS = ("S2", "S3", "S4", "S5")

# Scores are products of float arithmetic (57/100 x 100 is 56.99999999999999): a difference in the tenth digit is none.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class LevelScores:
    """Level scores of B models or resamplings; every array has the shape that the sigmas had, less the task axis.

    ``overall`` holds S2 to S5, ``modalities`` S2 to S4 of each modality that the catalog has, ``language`` is S_L.
    """

    overall: Mapping[str, FloatArray]
    modalities: Mapping[str, Mapping[str, FloatArray]]
    language: FloatArray

    @property
    def level(self) -> NDArray[np.int64]:
        """The highest k with S_k > 0; 0 where S2 is 0."""
        reached = [np.where(self.overall[f"S{k}"] > 0.0, k, 0) for k in (2, 3, 4, 5)]
        highest: NDArray[np.int64] = np.max(reached, axis=0)
        return highest


class Sheet:
    """The tasks of a catalog as columns, in catalog order, with the specialists' sigmas and each column's map.

    Raises:
        ScoreError: for a task whose metric has no score map in the protocol.
    """

    def __init__(self, catalog: Catalog, protocol: Protocol) -> None:
        self.catalog = catalog
        self.protocol = protocol
        self.tasks: tuple[Task, ...] = tuple(catalog)
        self.column: dict[str, int] = {task.id: i for i, task in enumerate(self.tasks)}
        self.sota: FloatArray = np.array([np.nan if t.sota is None else t.sota for t in self.tasks], np.float64)
        self._higher = np.array([t.direction == "higher" for t in self.tasks], np.bool_)
        self._maps = _columns_by_map(self.tasks, protocol)
        # NaN where no specialist is known: a comparison with it is never won.
        self.sota_sigma: FloatArray = np.where(np.isnan(self.sota), np.nan, self.sigma(self.sota))
        self.groups: dict[tuple[str, str], NDArray[np.int64]] = _columns_by_group(self.tasks)

    def __len__(self) -> int:
        return len(self.tasks)

    @cached_property
    def ranges(self) -> tuple[FloatArray, FloatArray]:
        """The lowest and highest score of each column, in its printed unit."""
        pairs = np.array([score_range(t.metric, t.scale) for t in self.tasks], np.float64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def check(self, values: FloatArray, models: Sequence[str] = ()) -> None:
        """Refuse scores outside their metric's range.

        Args:
            values: (..., tasks), NaN for missing.
            models: names of the rows of a (models, tasks) array, for the message.

        Raises:
            ScoreError: naming the task, the score and the range.
        """
        low, high = self.ranges
        slack = _TOLERANCE * 100.0
        bad = (values < low - slack) | (values > high + slack)
        if not bad.any():
            return
        where = np.argwhere(bad)[0]
        task, value = self.tasks[where[-1]], float(values[tuple(where)])
        model = f"{models[where[0]]}: " if len(models) and values.ndim > 1 else ""
        more = f" (and {bad.sum() - 1} more such scores)" if bad.sum() > 1 else ""
        raise ScoreError(
            f"{model}task {task.id}: score {value:g} is outside the range of {task.metric}, "
            f"{low[where[-1]]:g} to {high[where[-1]]:g} ({task.scale}){more}"
        )

    def sigma(self, values: FloatArray, coverage: FloatArray | None = None) -> FloatArray:
        """Sigma of printed scores (..., tasks), 0 where they are NaN, times the coverage."""
        sigma = np.zeros(values.shape)
        for (score_map, scale), columns in self._maps.items():
            sigma[..., columns] = score_map(values[..., columns], scale)
        return sigma if coverage is None else sigma * coverage

    def wins(self, values: FloatArray, sigma: FloatArray, coverage: FloatArray | None = None) -> BoolArray:
        """Which scores reach (or, as the protocol says, pass) their specialist's; same shapes as :meth:`sigma`.

        A sigma of 0 is no win, even where the specialist's is 0 as well.
        """
        strict = self.protocol.comparison == ">"
        if self.protocol.win_on == "sigma":
            return (sigma > 0.0) & _reaches(sigma, self.sota_sigma, strict)
        sign = np.where(self._higher, 1.0, -1.0)
        won = (sigma > 0.0) & _reaches(values * sign, self.sota * sign, strict)
        if coverage is not None:
            won &= (coverage >= 1.0) | _reaches(sigma, self.sota_sigma, strict)
        return won

    def scores(self, sigma: FloatArray, wins: BoolArray) -> LevelScores:
        """S2 to S5 from sigmas and wins of shape (..., tasks)."""
        masked = np.where(wins, sigma, 0.0)
        language = self._mean(masked, [LANGUAGE])
        pooled = self.protocol.pooling == "pooled"
        modalities: dict[str, Mapping[str, FloatArray]] = {
            m: (_pooled(self, sigma, masked, [m]) if pooled else _halves(self, sigma, masked, m))
            for m in MODALITIES
            if any(key[0] == m for key in self.groups) and m != LANGUAGE[0]
        }
        if pooled:
            overall = dict(_pooled(self, sigma, masked, list(modalities)))
        else:
            weights = {m: self.protocol.modality_weights.get(m, 0.0) for m in modalities}
            total = sum(weights.values())
            overall = {k: np.zeros(sigma.shape[:-1]) for k in LEVELS[:3]}
            for m, by_level in modalities.items():
                for k in overall:
                    overall[k] = overall[k] + by_level[k] * (weights[m] / total if total else 0.0)
        overall["S5"] = overall["S4"] * language / self.protocol.language_total
        return LevelScores(overall, modalities, language)

    def count(self, flags: BoolArray, groups: Sequence[tuple[str, str]]) -> NDArray[np.int64]:
        """How many of the groups' columns are true, per row."""
        columns = self._columns(groups)
        counts: NDArray[np.int64] = flags[..., columns].sum(axis=-1)
        return counts

    def _columns(self, groups: Sequence[tuple[str, str]]) -> NDArray[np.int64]:
        present = [self.groups[g] for g in groups if g in self.groups]
        return np.concatenate(present) if present else np.zeros(0, np.int64)

    def _mean(self, values: FloatArray, groups: Sequence[tuple[str, str]]) -> FloatArray:
        """The mean over all columns of the groups; 0 where there are none."""
        columns = self._columns(groups)
        if not len(columns):
            return np.zeros(values.shape[:-1])
        mean: FloatArray = values[..., columns].mean(axis=-1)
        return mean


def _pooled(sheet: Sheet, sigma: FloatArray, masked: FloatArray, modalities: Sequence[str]) -> dict[str, FloatArray]:
    everything = [(m, half) for m in modalities for half in HALVES]
    comprehension, generation = (sheet._mean(masked, [(m, half) for m in modalities]) for half in HALVES)
    return {
        "S2": sheet._mean(sigma, everything),
        "S3": sheet._mean(masked, everything),
        "S4": harmonic(comprehension, generation),
    }


def _halves(sheet: Sheet, sigma: FloatArray, masked: FloatArray, modality: str) -> dict[str, FloatArray]:
    # A catalog (a board of comprehension tasks, say) may have one half only: then that half is the modality.
    present = [half for half in HALVES if (modality, half) in sheet.groups]
    comprehension, generation = (sheet._mean(masked, [(modality, half)]) for half in HALVES)
    return {
        "S2": np.sum([sheet._mean(sigma, [(modality, half)]) for half in present], axis=0) / len(present),
        "S3": (comprehension + generation) / len(present),
        "S4": harmonic(comprehension, generation),
    }


def harmonic(a: FloatArray, b: FloatArray) -> FloatArray:
    """2ab / (a + b); 0 where either is 0."""
    total = a + b
    mean: FloatArray = np.divide(2.0 * a * b, total, out=np.zeros(np.shape(total)), where=total > 0.0)
    return mean


def _reaches(score: FloatArray, bar: FloatArray, strict: bool) -> BoolArray:
    slack = _TOLERANCE * np.abs(bar)
    reached: BoolArray = score > bar + slack if strict else score >= bar - slack
    return reached


def _columns_by_map(tasks: Sequence[Task], protocol: Protocol) -> dict[tuple[ScoreMap, Scale], NDArray[np.int64]]:
    return _grouped([(protocol.map_for(task), task.scale) for task in tasks])


def _columns_by_group(tasks: Sequence[Task]) -> dict[tuple[str, str], NDArray[np.int64]]:
    return _grouped([(task.modality, task.paradigm) for task in tasks])


def _grouped(keys: Sequence[Any]) -> dict[Any, NDArray[np.int64]]:
    columns: dict[Any, list[int]] = {}
    for i, key in enumerate(keys):
        columns.setdefault(key, []).append(i)
    return {key: np.array(found, np.int64) for key, found in columns.items()}
