"""How much of an edition a result rests on: tasks that the model cannot do, tasks without a score, samples left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from genlevel.catalog import Catalog
from genlevel.records import Task, TaskScore

_NOT_ASKED = "not asked: "
_NAMED = 3
_NOT_SCORABLE = "not scorable"


def not_asked(catalog: Catalog, reasons: Mapping[str, str], model: str) -> list[TaskScore]:
    """Scores of the tasks that the model cannot do, from the reasons by task id: no value, which counts 0, and no samples.

    A task that the catalog does not have counts nowhere and is left out.
    """
    return [
        TaskScore(task_id, model, catalog.tasks[task_id].metric, None, coverage=0.0, note=f"{_NOT_ASKED}{reason}")
        for task_id, reason in reasons.items()
        if task_id in catalog.tasks
    ]


def not_asked_lines(notes: Mapping[str, str]) -> list[str]:
    """The tasks that were not asked, a line for each reason, from the notes of their scores by task id."""
    by_note: dict[str, list[str]] = {}
    for task_id, note in notes.items():
        by_note.setdefault(note if was_not_asked(note) else f"{_NOT_ASKED}{note}", []).append(task_id)
    lines = []
    for note, ids in by_note.items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        many = "task" if len(ids) == 1 else "tasks"
        lines.append(f"{note}: {len(ids)} {many}, counting 0: {', '.join(ids[:_NAMED])}{more}")
    return lines


def was_not_asked(note: str) -> bool:
    """Whether a score's note says that the model cannot do the task."""
    return note.startswith(_NOT_ASKED)


def state(note: str) -> str:
    """What stands in place of the counts of a task without any: ``not asked`` or ``not scorable``, empty for others."""
    return "not asked" if was_not_asked(note) else _NOT_SCORABLE if note.startswith(_NOT_SCORABLE) else ""


def one_half(tasks: Iterable[Task]) -> str:
    """One line on a catalog whose tasks are all of comprehension, or all of generation; empty for others."""
    halves = {task.paradigm for task in tasks if task.modality != "language"}
    if len(halves) != 1:
        return ""
    (half,) = halves
    other = "generation" if half == "comprehension" else "comprehension"
    return f"the catalog has no task of {other}: S2 and S3 are of {half} alone, S4 is 0 and no level above 3 can be reached"


def partial(scores: Iterable[tuple[float | None, str]], tasks: int, limit: int | None) -> str:
    """One line on what a level leaves out; empty for a full run.

    Tasks that the model cannot do, or has answered nothing of, make no run partial, for leaving them out is not the user's
    choice. They have no score, and are counted so where others are left out.

    Args:
        scores: value and note of each task score.
        tasks: the number of tasks of the edition.
        limit: the samples that were asked of each task at most; ``None`` for all.
    """
    scores = list(scores)
    covered = sum(value is not None or not note.startswith(_NOT_SCORABLE) for value, note in scores)
    have = sum(value is not None for value, _ in scores)
    verb = "has" if have == 1 else "have"
    parts = [f"{have} of {tasks} tasks {verb} a score, {tasks - have} count 0"] if covered < tasks else []
    if limit:
        parts.append(f"at most {limit} sample{'' if limit == 1 else 's'} of each (--limit)")
    return f"{'; '.join(parts)}: not comparable with a full run" if parts else ""
