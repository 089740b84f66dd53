"""Which task of the catalog a folder holds, by the names that it goes by.

Only one clear answer counts. Names are compared in stages, each looser than the one before, and the first stage that gives
any candidate decides: one candidate is the task, several are an ambiguity that is reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from genlevel.datasets.names import FILLER, GENERIC, plain, spelled, without_parentheses, words
from genlevel.records import Task

MODALITY_NAMES: Final[dict[str, str]] = {
    "image": "image",
    "images": "image",
    "video": "video",
    "videos": "video",
    "audio": "audio",
    "audios": "audio",
    "3d": "3d",
    "nlp": "language",
    "language": "language",
    "text": "language",
}
"""Names of the top folders, in lower case."""
PARADIGM_NAMES: Final = ("comprehension", "generation")


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a folder beside its names; '' for unknown. Only tasks of that modality and paradigm are considered."""

    modality: str = ""
    paradigm: str = ""

    def admits(self, task: Task) -> bool:
        """Whether a task can lie here."""
        if self.modality and task.modality != self.modality:
            return False
        return not (self.paradigm and task.paradigm in PARADIGM_NAMES and task.paradigm != self.paradigm)


def place_of(folders: Sequence[str]) -> Place:
    """Modality and paradigm from the folders above a task's, the nearest first to count."""
    above = [part.casefold() for part in reversed(folders)]
    modality = next((MODALITY_NAMES[part] for part in above if part in MODALITY_NAMES), "")
    paradigm = next((part for part in above if part in PARADIGM_NAMES), "")
    return Place(modality, paradigm)


@dataclass(frozen=True, slots=True)
class Match:
    """The answer: a task and the stage at which it was found (0 is best), or None and the reason.

    ``ambiguous`` are the tasks that it could be, where there are several.
    """

    task: Task | None
    stage: int = 0
    reason: str = ""
    ambiguous: tuple[Task, ...] = ()


class Matcher:
    """The names of a catalog's tasks, indexed once.

    Args:
        tasks: in catalog order.
        aliases: other ids or names of tasks, to their ids.
    """

    def __init__(self, tasks: Iterable[Task], aliases: Mapping[str, str] | None = None) -> None:
        self._by_id = {task.id: task for task in tasks}
        others: dict[str, list[str]] = defaultdict(list)
        for alias, identifier in (aliases or {}).items():
            others[identifier].append(alias)
        self._stages: list[dict[str, list[Task]]] = [defaultdict(list) for _ in range(5)]
        self._words: list[tuple[frozenset[str], Task]] = []
        for task in self._by_id.values():
            self._add(task, others[task.id])
        # An id that is the name of several tasks but for a remark ("SpeechTranslation (zh-to-en)") tells them not apart.
        for key, tasks in self._stages[1].items():
            tasks.extend(task for task in self._stages[3].get(key, ()) if task not in tasks)

    def _add(self, task: Task, aliases: Sequence[str]) -> None:
        slug = task.id.rpartition(".")[2]
        slugs = [alias.rpartition(".")[2] for alias in aliases]
        keys: list[set[str]] = [
            {plain(task.name)},
            {plain(name) for name in (slug, *slugs)},
            {plain(task.short_name), plain(task.dataset)},
            {plain(without_parentheses(task.name))},
            {spelled(name) for name in (task.name, slug, *slugs, without_parentheses(task.name), task.short_name)},
        ]
        for stage, found in zip(self._stages, keys, strict=True):
            for key in found - {""}:
                stage[key].append(task)
        self._words.append((frozenset(words(without_parentheses(task.name))) - FILLER, task))

    def by_path(self, relative: str) -> Task | None:
        """The task whose id is the folder's path, with any folders on top: ``image/comprehension/x``, ``nlp/x``.

        The task's own folder must be spelled as in the id; ``SpeechTranslation`` may be one of several.
        """
        parts = [part for part in relative.split("/") if part]
        for at in range(len(parts)):
            *above, last = parts[at:]
            first = [MODALITY_NAMES.get(part.casefold(), part.casefold()) for part in above[:1]]
            rest = [part.casefold() for part in above[1:]]
            for tail in (parts[at:], [*first, *rest, last]):
                found = self._by_id.get(".".join(tail))
                if found is not None:
                    return found
        return None

    def match(self, names: Sequence[str], place: Place, header: Mapping[str, Any] | None = None) -> Match:
        """The task that all ``names`` (of the folder, of the file, in the header) point at.

        The names found at the best stage decide. If they disagree, nothing is matched.
        """
        found = [(self._candidates(name, place), name) for name in dict.fromkeys(names) if plain(name)]
        hits = [(stage, tasks, name) for (stage, tasks), name in found if tasks]
        if not hits:
            return Match(None, reason=self._elsewhere([name for _, name in found], place))
        best = min(stage for stage, _, _ in hits)
        chosen = [tasks for stage, tasks, _ in hits if stage == best]
        common = [task for task in chosen[0] if all(task in tasks for tasks in chosen)]
        if not common:
            said = "; ".join(f"'{name}' is {tasks[0].id}" for stage, tasks, name in hits if stage == best)
            return Match(None, reason=f"its names disagree: {said}")
        if len(common) > 1:
            common = _narrow(common, header or {})
        if len(common) > 1:
            ids = ", ".join(task.id for task in common[:4])
            reason = f"could be any of {len(common)} tasks: {ids}{', ...' if len(common) > 4 else ''}"
            return Match(None, reason=reason, ambiguous=tuple(common))
        return Match(common[0], best)

    def _candidates(self, name: str, place: Place) -> tuple[int, list[Task]]:
        key = plain(name)
        keys = [key, key, key, key, spelled(name)]
        for stage, (index, wanted) in enumerate(zip(self._stages, keys, strict=True)):
            tasks = [task for task in index.get(wanted, ()) if place.admits(task)]
            if tasks:
                return stage, tasks
        return len(self._stages), self._by_words(name, place)

    def _by_words(self, name: str, place: Place) -> list[Task]:
        """Tasks that have all of the name's words, if one of them has, beside them, only words for the kind of task.

        Others with all of its words stand in the way: what could mean them is ambiguous.
        """
        asked = frozenset(words(name)) - FILLER
        if len(asked) < 2:
            return []
        found = [(own - asked <= GENERIC, task) for own, task in self._words if asked <= own and place.admits(task)]
        return [task for _, task in found] if any(close for close, _ in found) else []

    def _elsewhere(self, names: Sequence[str], place: Place) -> str:
        for name in names:
            tasks = self._candidates(name, Place())[1]
            if len(tasks) == 1:
                there = " ".join(filter(None, (place.modality, place.paradigm)))
                return f"'{name}' is {tasks[0].id}, but the folder is one of {there}"
        called = " or ".join(repr(name) for name in names) or "so"
        return f"no task of the catalog is called {called}; rename it, or add a task with --catalog"


def _narrow(tasks: list[Task], header: Mapping[str, Any]) -> list[Task]:
    """The tasks that the header's ``type`` and ``modality`` admit, if that leaves any."""
    kind = str(header.get("type", "")).casefold()
    paradigm = next((name for name in PARADIGM_NAMES if name in kind), "")
    modality = next((MODALITY_NAMES[word] for word in kind.split() if word in MODALITY_NAMES), "")
    kept = [task for task in tasks if Place(modality, paradigm).admits(task)]
    return kept or tasks
