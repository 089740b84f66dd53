"""What each task is asked with, what it is answered with, and what scoring it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from genlevel import metrics, tasktypes
from genlevel.errors import GenlevelError
from genlevel.records import PART_KINDS, PartKind, Task

__all__ = ["NEEDS", "Coverage", "Need", "coverage", "covered", "summary"]

Need = Literal["nothing", "software", "weights", "labels", "judge", "ratings"]

NEEDS: Final[dict[Need, str]] = {
    "nothing": "with nothing",
    "software": "with other software",
    "weights": "with weights",
    "labels": "with the finds of a detector or recogniser beside each answer",
    "judge": "with a judge",
    "ratings": "with people's ratings",
}
"""What scoring may need, as a summary says it."""

_HOW: Final = {
    "judge": "needs a judge: score with --judge SPEC",
    "ratings": "needs people's ratings: score with --ratings DIR, {task}.csv in it",
    "detections": "needs what a detector found in each answer, as JSON beside it; see docs/tasktypes.md",
    "recogniser": "needs the label that a recogniser gave each answer, as text beside it; see docs/tasktypes.md",
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How one task is run and scored.

    ``takes`` and ``makes`` are the kinds of part that a model must be able to take and give, ``answer`` the answer's form.
    ``metric`` is the form of the catalog's metric that measures the task. ``needs`` is in words, ``need`` its chief kind.
    ``lacks`` says in one line what is missing on this machine; '' where the task can be scored with the data alone.
    """

    task_id: str
    task_type: str
    takes: tuple[PartKind, ...]
    makes: tuple[PartKind, ...]
    answer: str
    metric: str
    need: Need
    needs: str
    lacks: str

    @property
    def here(self) -> bool:
        """Whether the task can be scored on this machine now, without a judge, ratings or labels from elsewhere."""
        return not self.lacks


def coverage(task: Task) -> Coverage:
    """How a task is run and scored, and whether it can be here.

    Raises:
        GenlevelError: the task's type or metric is not known.
    """
    kind = tasktypes.for_task(task)
    name = kind.metric(task)
    metric = metrics.get(name, **kind.metric_options(task))
    needs = tuple(dict.fromkeys(kind.scoring_needs(metric)))
    lacks = next((how.format(task=task.id) for need, how in _HOW.items() if need in needs), "")
    return Coverage(
        task.id,
        task.task_type,
        _ordered(kind.takes),
        _ordered(kind.makes),
        kind.answer_format,
        name,
        _chief(needs),
        "; ".join(needs) or "nothing",
        lacks or kind.lacks(metric),
    )


def _ordered(kinds: Iterable[PartKind]) -> tuple[PartKind, ...]:
    return tuple(kind for kind in PART_KINDS if kind in set(kinds))


def _chief(needs: Sequence[str]) -> Need:
    if "judge" in needs:
        return "judge"
    if "ratings" in needs:
        return "ratings"
    if {"detections", "recogniser"} & {*needs}:
        return "labels"
    if any(need.startswith("weights") for need in needs):
        return "weights"
    return "software" if needs else "nothing"


def summary(rows: Sequence[Coverage]) -> str:
    """How many of the tasks run with what, in one line."""
    counts = Counter(row.need for row in rows)
    parts = [f"{counts[need]} {words}" for need, words in NEEDS.items() if counts[need]]
    return f"of {len(rows)} tasks {', '.join(parts)}"


def covered(tasks: Iterable[Task]) -> tuple[list[Coverage], list[str]]:
    """All tasks' coverage, and a line for each task whose type or metric is not known."""
    rows, unknown = [], []
    for task in tasks:
        try:
            rows.append(coverage(task))
        except GenlevelError as error:
            unknown.append(f"{task.id}: {error}")
    return rows, unknown
