"""Which tasks of a catalog a person means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import translate
from typing import TYPE_CHECKING

from genlevel.catalog.catalog import did_you_mean
from genlevel.errors import CatalogError
from genlevel.records import MODALITIES, PARADIGMS, Task

if TYPE_CHECKING:
    from genlevel.catalog.catalog import Catalog


def chosen_ids(
    catalog: Catalog,
    *,
    tasks: Sequence[str] = (),
    modality: str | None = None,
    paradigm: str | None = None,
    skill: str | None = None,
    scope: str | None = None,
) -> set[str]:
    """The ids of the tasks that fit everything given; see :meth:`Catalog.select`."""
    ids = set(catalog.tasks)
    if tasks:
        ids &= {task_id for pattern in tasks for task_id in _by_name(catalog, pattern)}
    if modality is not None:
        _check("modality", modality, MODALITIES)
        ids &= {t.id for t in catalog if t.modality == modality}
    if paradigm is not None:
        _check("paradigm", paradigm, PARADIGMS)
        ids &= {t.id for t in catalog if t.paradigm == paradigm}
    if skill is not None:
        ids &= _by_skill(catalog, skill)
    if scope is not None:
        from genlevel.catalog.boards import find_boards

        ids &= {task_id for board in find_boards(catalog, scope) for task_id in board.task_ids}
    if not ids:
        raise CatalogError("no task fits all of what was asked for; leave out one of the filters")
    return ids


def _by_name(catalog: Catalog, pattern: str) -> set[str]:
    fits = _matcher(pattern)
    found = {task.id for task in catalog if any(map(fits, _names(task)))}
    found |= {task_id for alias, task_id in catalog.aliases.items() if fits(alias)}
    if not found:
        near = did_you_mean(pattern, [*catalog.tasks, *(name for task in catalog for name in _names(task))])
        raise CatalogError(f"no task of edition {catalog.edition} fits '{pattern}'{near or ' (globs: * ? [abc])'}")
    return found


def _by_skill(catalog: Catalog, pattern: str) -> set[str]:
    fits = _matcher(pattern)
    found = {t.id for t in catalog if (t.skill_code and fits(t.skill_code)) or (t.skill and fits(t.skill))}
    if not found:
        near = did_you_mean(pattern, _known_skills(catalog)) or "; 'genlevel tasks --skills' lists them"
        raise CatalogError(f"no skill of edition {catalog.edition} fits '{pattern}'{near}")
    return found


def _names(task: Task) -> Iterator[str]:
    """What people call a task: its id, the id's last part, its name, its dataset."""
    yield task.id
    yield task.id.rpartition(".")[2]
    yield task.name
    if task.dataset:
        yield task.dataset


def _known_skills(catalog: Catalog) -> Iterable[str]:
    return {name: None for t in catalog for name in (t.skill_code, t.skill) if name}


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Tells whether a name is the pattern or fits it as a glob, without regard to case."""
    plain = pattern.casefold()
    # Names hold brackets, so the text itself counts before it is read as a glob.
    glob = re.compile(translate(plain)) if any(c in pattern for c in "*?[") else None
    return lambda name: name.casefold() == plain or (glob is not None and glob.match(name.casefold()) is not None)


def _check(noun: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise CatalogError(f"unknown {noun} '{value}'{did_you_mean(value, known) or '; use ' + ', '.join(known)}")
