"""The boards of an edition: which tasks count on each, and the highest level that it can show.

Scope A ranks generalists over everything, B over one modality or two together, C over one paradigm of one modality, D over
one skill. Language has no board of its own: it counts for level 5 only, on scope A.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, NamedTuple

from genlevel.catalog.catalog import did_you_mean
from genlevel.errors import CatalogError
from genlevel.records import Modality, Task

if TYPE_CHECKING:
    from genlevel.catalog.catalog import Catalog

Scope = Literal["A", "B", "C", "D"]
MAX_LEVEL: dict[Scope, int] = {"A": 5, "B": 4, "C": 3, "D": 3}
SCOPES: dict[Scope, str] = {
    "A": "full spectrum: all modalities, both paradigms, language",
    "B": "one modality, or two together, both paradigms",
    "C": "one paradigm of one modality",
    "D": "one skill",
}
TITLES: dict[Modality, str] = {"image": "Image", "video": "Video", "audio": "Audio", "3d": "3D", "language": "Language"}

QUICK_REDUCTION = 0.1107
QUICK_NOTE = (
    "genlevel's own choice of tasks: the published quick board has 11.07 % fewer, and which ones is not public; "
    "its 95.22 % fewer samples are a matter of the data, not of this list"
)
JOINT_NOTE = "genlevel's own choice of modalities: three joint boards are announced, and which ones is not public"
# Still and moving pictures; what is seen and heard at once; flat views and space.
JOINT: tuple[tuple[Modality, ...], ...] = (("image", "video"), ("video", "audio"), ("image", "3d"))


class Board(NamedTuple):
    """A leaderboard. ``group`` gathers the boards of skills; ``note`` says what of it is genlevel's own choice."""

    id: str
    scope: Scope
    title: str
    task_ids: tuple[str, ...]
    max_level: int
    group: str = ""
    note: str = ""


def boards(catalog: Catalog) -> list[Board]:
    """All boards with a task in ``catalog``, by scope: of the 2025 edition 2 + 7 + 8 + 123."""
    tasks = list(catalog)
    return [*_full(tasks), *_modalities(tasks), *_paradigms(tasks), *_skills(tasks)]


def find_boards(catalog: Catalog, scope: str) -> list[Board]:
    """The board with this id, the boards that fit a glob, or those of a scope's letter.

    Raises:
        CatalogError: if there is no such board, naming near ones.
    """
    wanted = scope.casefold()
    every = boards(catalog)
    found = [b for b in every if wanted in (b.id, b.scope.casefold()) or fnmatchcase(b.id, wanted)]
    if not found:
        near = did_you_mean(wanted, [b.id for b in every]) or "; 'genlevel tasks --boards' lists them"
        raise CatalogError(f"no board '{scope}' in edition {catalog.edition}{near}")
    return found


def quick(tasks: Sequence[Task]) -> list[Task]:
    """The tasks without 11.07 % of them, in order: genlevel's own choice, the same every time.

    Every modality and paradigm gives its share. Within one, the task that goes is the last one of the skill that has the
    most left, so that no skill disappears before all others are down to one task.
    """
    kept = list(tasks)
    for quota, group in zip(_shares(tasks), _groups(tasks).values(), strict=True):
        skills = _by_skill(group)
        for _ in range(quota):
            largest = max(skills.values(), key=len)
            kept.remove(largest.pop())
    return kept


def _shares(tasks: Sequence[Task]) -> list[int]:
    """How many tasks each group loses: its exact share rounded down, then up for the largest remainders."""
    sizes = [len(group) for group in _groups(tasks).values()]
    exact = [size * QUICK_REDUCTION for size in sizes]
    shares = [int(share) for share in exact]
    short = round(len(tasks) * QUICK_REDUCTION) - sum(shares)
    for i in sorted(range(len(sizes)), key=lambda i: shares[i] - exact[i])[:short]:
        shares[i] += 1
    return shares


def _board(scope: Scope, board_id: str, title: str, tasks: Iterable[Task], group: str = "", note: str = "") -> Board:
    return Board(board_id, scope, title, tuple(t.id for t in tasks), MAX_LEVEL[scope], group, note)


def _full(tasks: list[Task]) -> list[Board]:
    return [
        _board("A", "a-full", "Full spectrum", tasks),
        _board("A", "a-quick", "Full spectrum, quick", quick(tasks), note=QUICK_NOTE),
    ]


def _modalities(tasks: list[Task]) -> list[Board]:
    present = {t.modality for t in tasks} - {"language"}
    alone: list[tuple[Modality, ...]] = [(m,) for m in TITLES if m in present]
    return [
        _board(
            "B",
            f"b-{'-'.join(some)}",
            " + ".join(TITLES[m] for m in some),
            [t for t in tasks if t.modality in some],
            note=JOINT_NOTE if len(some) > 1 else "",
        )
        for some in (*alone, *(joint for joint in JOINT if present.issuperset(joint)))
    ]


def _paradigms(tasks: list[Task]) -> list[Board]:
    return [
        _board("C", f"c-{modality}-{paradigm}", _group_title(group[0]), group)
        for (modality, paradigm), group in _groups(tasks).items()
        if modality != "language"
    ]


def _skills(tasks: list[Task]) -> list[Board]:
    return [
        _board("D", f"d-{_slug(skill)}", group[0].skill or skill, group, group=_group_title(group[0]))
        for skill, group in _by_skill([t for t in tasks if t.modality != "language"]).items()
        if skill
    ]


def _groups(tasks: Iterable[Task]) -> dict[tuple[str, str], list[Task]]:
    groups: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.modality, task.paradigm), []).append(task)
    return groups


def _by_skill(tasks: Iterable[Task]) -> dict[str, list[Task]]:
    """Tasks by skill. An edition without skill codes can use one skill's name twice, so that its group is part of the key."""
    skills: dict[str, list[Task]] = {}
    for task in tasks:
        key = task.skill_code or (f"{task.modality}-{task.paradigm}-{task.skill}" if task.skill else "")
        skills.setdefault(key, []).append(task)
    return skills


def _group_title(task: Task) -> str:
    return f"{TITLES[task.modality]} {task.paradigm}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")
