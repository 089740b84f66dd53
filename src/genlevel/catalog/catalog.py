"""A catalog: the tasks of an edition, found by id, by a former id, or by a selection."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from genlevel.errors import CatalogError
from genlevel.records import Task

DEFAULT_PROTOCOL = "paper-2025"


@dataclass(frozen=True)
class Catalog:
    """Tasks in order, by id.

    ``aliases`` maps other ids under which published tables know a task to its id here. ``sota_sha256`` is the hash of the
    specialists' scores of the whole table; a selection keeps it. ``protocol`` is the edition's own one. ``notes`` are lines
    about rows of a user's files that may not say what is meant.
    """

    edition: str
    tasks: Mapping[str, Task]
    sota_sha256: str
    protocol: str = DEFAULT_PROTOCOL
    aliases: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks.values())

    def __contains__(self, task_id: object) -> bool:
        return task_id in self.tasks or task_id in self.aliases

    def __getitem__(self, task_id: str) -> Task:
        return self.resolve(task_id)

    def resolve(self, task_id: str) -> Task:
        """The task with this id or former id.

        Raises:
            CatalogError: if there is none, naming the nearest ids.
        """
        task = self.tasks.get(self.aliases.get(task_id, task_id))
        if task is None:
            raise CatalogError(f"unknown task '{task_id}'{did_you_mean(task_id, self.tasks)}")
        return task

    def select(
        self,
        *,
        tasks: Sequence[str] = (),
        modality: str | None = None,
        paradigm: str | None = None,
        skill: str | None = None,
        scope: str | None = None,
    ) -> Catalog:
        """The tasks that fit all that is given, in catalog order.

        Args:
            tasks: globs on ids, former ids, names and datasets, without regard to case; any of them may fit.
            modality: one of the five.
            paradigm: ``comprehension``, ``generation`` or ``language``.
            skill: a skill's code or name, or a glob on either.
            scope: a board's id, or a scope's letter.

        Raises:
            CatalogError: for a glob, a skill or a board that fits no task, naming near ones.
        """
        from genlevel.catalog.select import chosen_ids

        ids = chosen_ids(self, tasks=tasks, modality=modality, paradigm=paradigm, skill=skill, scope=scope)
        return self.subset(ids)

    def subset(self, ids: Iterable[str]) -> Catalog:
        """The tasks with these ids, in catalog order."""
        wanted = {self.resolve(task_id).id for task_id in ids}
        kept = {task_id: task for task_id, task in self.tasks.items() if task_id in wanted}
        aliases = {alias: task_id for alias, task_id in self.aliases.items() if task_id in kept}
        return replace(self, tasks=kept, aliases=aliases)


def sota_hash(tasks: Iterable[Task]) -> str:
    """SHA-256 over every specialist's score: id, scale, direction and value, sorted by id.

    It changes when a score does, and not with names, notes, the order of rows or how a number is written.
    """
    rows = sorted((t.id, t.scale, t.direction, repr(float(t.sota) + 0.0)) for t in tasks if t.sota is not None)
    return hashlib.sha256("\n".join("\t".join(row) for row in rows).encode()).hexdigest()


def did_you_mean(word: str, known: Iterable[str], *, count: int = 2) -> str:
    """``; did you mean a or b?`` for a word that is close to a known one, else nothing."""
    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold()[:200], names, n=count, cutoff=0.6)
    return f"; did you mean {' or '.join(names[n] for n in near)}?" if near else ""
