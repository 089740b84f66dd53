"""What the report shows, worked out from the files of a scored run: plain values, no HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genlevel.records import Task
from genlevel.scoring.extent import state

LEVEL_NAMES = {
    0: "S2 is 0: no task of comprehension or generation scores above 0",
    1: "Specialist",
    2: "Unified comprehension and generation",
    3: "Synergy in comprehension and/or generation",
    4: "Synergy across comprehension and generation",
    5: "Total synergy, with language",
}
# Specialists' scores are printed with four digits and stored with five: a smaller lead is no lead that anyone could read.
_SAME = 1e-4
# A perfect specialist of an error stands at 0: every distance from it is large, and none is infinite.
_TINY = 1e-9
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
    gap: float | None = None
    """What the score lacks to the specialist's, as a share of the latter; None where there is nothing to compare."""


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


def groups(scores: Mapping[str, Any], tasks: Mapping[str, Task]) -> list[Group]:
    """The tasks of the run, by modality and paradigm, worst gap to the specialist last."""
    by_group: dict[tuple[str, str], list[Row]] = {}
    for task in scores["tasks"]:
        known = tasks.get(task["task_id"])
        modality, paradigm = (known.modality, known.paradigm) if known else ("Tasks of another catalog", "")
        key = (modality, "" if modality == "language" else paradigm)
        by_group.setdefault(key, []).append(_row(task, known))
    result = []
    for (modality, paradigm), rows in by_group.items():
        rows.sort(key=lambda r: (not r.wins, (r.sota_sigma or 0.0) - r.sigma, r.name))
        title = f"{_GROUP_TITLES.get(modality, modality)} {paradigm}".strip()
        result.append(Group(title, tuple(rows), sum(r.wins for r in rows)))
    return result


def nearest_misses(all_groups: Sequence[Group], count: int = 5) -> list[tuple[str, Row]]:
    """The tasks that lack least to reach their specialist, as (group title, row).

    What they lack is told in the metric's own unit: where a score map is flat, sigmas hide it.
    """
    misses = [
        (group.title, row)
        for group in all_groups
        for row in group.rows
        if not row.wins and row.gap is not None and row.sigma > 0
    ]
    misses.sort(key=lambda pair: pair[1].gap or 0.0)
    return misses[:count]


def _row(task: Mapping[str, Any], known: Task | None) -> Row:
    troubles = [f"{task[key]} {key}" for key in ("failed", "missing", "unreadable") if task.get(key)]
    low, high = task.get("low"), task.get("high")
    return Row(
        id=task["task_id"],
        name=known.name if known else task["task_id"],
        metric=task["metric"],
        value=number(task["value"]),
        interval=f"{number(low)} to {number(high)}" if low is not None and high is not None else "",
        sota=number(task["sota"]),
        sigma=min(max(task["sigma"] or 0.0, 0.0), 100.0),
        sota_sigma=task["sota_sigma"],
        wins=bool(task["wins"]),
        answered=f"{task['answered']} of {task['samples']}" if task["samples"] else state(task.get("note", "")) or "–",
        troubles=", ".join(troubles),
        note=task.get("note", ""),
        tie=bool(task["wins"]) and math.isclose(task["value"], task["sota"], rel_tol=_SAME),
        gap=_gap(task, known.direction if known else None),
    )


def _gap(task: Mapping[str, Any], direction: str | None) -> float | None:
    value, sota, sota_sigma = task["value"], task["sota"], task["sota_sigma"]
    if value is None or sota is None or sota_sigma is None:
        return None
    sign = {"higher": 1.0, "lower": -1.0}.get(direction or "")
    lacks = abs(sota - value) if sign is None else (sota - value) * sign
    gap: float = max(lacks, 0.0) / max(abs(sota), _TINY)
    if task.get("coverage", 1.0) < 1.0:
        # A good score of a part of the samples: what it lacks is the other part, which only sigma tells.
        gap = max(gap, (sota_sigma - task["sigma"]) / max(sota_sigma, _TINY))
    return gap


def share(gap: float) -> str:
    """A share of the specialist's score as people read it."""
    if gap < 0.001:
        return "below 0.1 %"
    return f"{100 * gap:.1f} %" if gap < 10 else f"{gap:,.0f} times" if gap < 1000 else "over 1,000 times"


def number(value: float | None) -> str:
    """A score as people print it: two decimals, more for small numbers, a dash for none."""
    if value is None:
        return "–"
    if value != 0 and abs(value) < 0.1:
        return f"{value:.3g}"
    return f"{value:.2f}"
