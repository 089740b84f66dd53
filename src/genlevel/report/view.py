"""What the report shows, worked out from the files of a scored run: plain values, no HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEVEL_NAMES = {
    0: "S2 is 0: nothing scored yet in comprehension or generation",
    1: "Specialist",
    2: "Unified comprehension and generation",
    3: "Synergy in comprehension and/or generation",
    4: "Synergy across comprehension and generation",
    5: "Total synergy, with language",
}
# Specialists' scores are printed with four digits and stored with five: a smaller lead is no lead that anyone could read.
_SAME = 1e-4
_GROUP_TITLES = {"image": "Image", "video": "Video", "audio": "Audio", "3d": "3D", "language": "Language"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder: level k with its score, and how far the model got."""

    level: int
    name: str
    score: float | None
    interval: str
    state: str
    """``reached``, ``current`` or ``open``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One task as a row: sigma is the bar, the specialist's sigma the line."""

    id: str
    name: str
    metric: str
    value: str
    interval: str
    sota: str
    sigma: float
    sota_sigma: float | None
    wins: bool
    answered: str
    troubles: str
    note: str
    tie: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one modality and paradigm."""

    title: str
    rows: tuple[Row, ...]
    wins: int


def ladder(model: Mapping[str, Any]) -> list[Step]:
    """The five steps, from the level document's entry of one model."""
    level, scores = model["level"], model["scores"]
    intervals = model.get("intervals") or {}
    steps = []
    for k in range(1, 6):
        state = "current" if k == level else "reached" if k < level else "open"
        score = scores.get(f"S{k}")
        bounds = intervals.get(f"S{k}")
        text = f"{bounds[0]:.2f} to {bounds[1]:.2f}" if bounds else ""
        steps.append(Step(k, LEVEL_NAMES[k], score, text, state))
    return steps


def groups(scores: Mapping[str, Any], names: Mapping[str, str]) -> list[Group]:
    """The tasks that have data, by modality and paradigm, worst gap to the specialist last."""
    by_group: dict[tuple[str, str], list[Row]] = {}
    for task in scores["tasks"]:
        modality, paradigm = (*task["task_id"].split("."), "")[:2]
        key = (modality, "" if modality == "language" else paradigm)
        by_group.setdefault(key, []).append(_row(task, names.get(task["task_id"], task["task_id"])))
    result = []
    for (modality, paradigm), rows in by_group.items():
        rows.sort(key=lambda r: (not r.wins, (r.sota_sigma or 0.0) - r.sigma, r.name))
        title = f"{_GROUP_TITLES.get(modality, modality)} {paradigm}".strip()
        result.append(Group(title, tuple(rows), sum(r.wins for r in rows)))
    return result


def nearest_misses(all_groups: Sequence[Group], count: int = 5) -> list[tuple[str, Row]]:
    """The tasks that lack least to reach their specialist, as (group title, row)."""
    misses = [
        (group.title, row)
        for group in all_groups
        for row in group.rows
        if not row.wins and row.sota_sigma is not None and row.sigma > 0
    ]
    misses.sort(key=lambda pair: (pair[1].sota_sigma or 0.0) - pair[1].sigma)
    return misses[:count]


def _row(task: Mapping[str, Any], name: str) -> Row:
    troubles = [f"{task[key]} {key}" for key in ("failed", "missing", "unreadable") if task.get(key)]
    low, high = task.get("low"), task.get("high")
    return Row(
        id=task["task_id"],
        name=name,
        metric=task["metric"],
        value=number(task["value"]),
        interval=f"{number(low)} to {number(high)}" if low is not None and high is not None else "",
        sota=number(task["sota"]),
        sigma=min(max(task["sigma"] or 0.0, 0.0), 100.0),
        sota_sigma=task["sota_sigma"],
        wins=bool(task["wins"]),
        answered=f"{task['answered']} of {task['samples']}",
        troubles=", ".join(troubles),
        note=task.get("note", ""),
        tie=bool(task["wins"]) and math.isclose(task["value"], task["sota"], rel_tol=_SAME),
    )


def number(value: float | None) -> str:
    """A score as people print it: two decimals, more for small numbers, a dash for none."""
    if value is None:
        return "–"
    if value != 0 and abs(value) < 0.1:
        return f"{value:.3g}"
    return f"{value:.2f}"
