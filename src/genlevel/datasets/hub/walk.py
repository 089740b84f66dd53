"""Finding chosen tasks in a repository laid out in General-Bench's format, by the names of its folders.

Only folders that can hold a chosen task are listed, and of a task's folder alone the files below. What a folder holds is told
by its name, as in :mod:`genlevel.datasets.matching`; the header of an annotation could say more, but is not read before it is
fetched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from genlevel.catalog import Catalog
from genlevel.datasets.hub.client import Hub, HubError, HubFile
from genlevel.datasets.hub.plan import Item, Plan, TaskFiles, archive_stem, item_of
from genlevel.datasets.matching import MODALITY_NAMES, PARADIGM_NAMES, Match, Matcher, place_of
from genlevel.datasets.scan import MEDIA

_DEPTH: Final = 5
_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class _Claim:
    """A folder, an archive or a file of the repository that is a task's."""

    stage: int
    folder: str
    file: HubFile | None = None


def plan_repository(hub: Hub, catalog: Catalog, chosen: Catalog, folders: Sequence[str] = ()) -> Plan:
    """The files of the chosen tasks in a repository.

    Args:
        hub: the repository.
        catalog: the whole edition: a name that could mean another task is not this one's.
        chosen: the tasks to look for.
        folders: paths of folders or archives in the repository to take as well, whatever they hold.

    Raises:
        HubError: the repository cannot be listed.
    """
    walk = _Walk(hub, catalog, chosen)
    if len(chosen):
        walk.visit("", 0)
    plan = Plan()
    for task in chosen:
        claims = walk.claims.get(task.id, [])
        best = min((claim.stage for claim in claims), default=0)
        taken = [claim for claim in claims if claim.stage == best]
        for claim in claims:
            if claim.stage > best:
                plan.notes.append(f"{claim.folder}: may be {task.id} too; not taken (--folders takes it)")
        folders_taken = dict.fromkeys(claim.folder for claim in taken)
        if len(folders_taken) > 1:
            plan.notes.append(f"{task.id}: is called so by {', '.join(folders_taken)}; all are taken, keep one of them")
        items = {item.path: item for claim in taken for item in _items(hub, claim)}
        if items:
            plan.tasks.append(TaskFiles(task, task.id, tuple(items.values())))
        else:
            plan.missing[task.id] = walk.unclear.get(task.id, f"no folder of {hub.repo} is called so")
    if plan.missing and walk.unknown:
        named = ", ".join(walk.unknown[:_NAMED])
        more = f" and {len(walk.unknown) - _NAMED} more" if len(walk.unknown) > _NAMED else ""
        plan.notes.append(f"names that mean no task of the edition: {named}{more}; --folders takes them")
    for folder in folders:
        plan.tasks.append(TaskFiles(None, folder, tuple(_named(hub, folder.strip("/")))))
    return plan


def _items(hub: Hub, claim: _Claim) -> list[Item]:
    if claim.file is not None:
        return [item_of(hub, claim.file, claim.folder)]
    return [item_of(hub, file, claim.folder) for file in hub.files(claim.folder)]


def _named(hub: Hub, path: str) -> list[Item]:
    """The files of a folder, or the one file, with this path in the repository."""
    above, _, name = path.rpartition("/")
    files, folders = hub.listing(above)
    if path in folders:
        return [item_of(hub, file, path) for file in hub.files(path)]
    for file in files:
        if file.path == path:
            return [item_of(hub, file, f"{above}/{archive_stem(name)}".strip("/") if archive_stem(name) else above)]
    raise HubError(f"--folders: {hub.repo} has no '{path}'")


class _Walk:
    """The way down from the root.

    ``claims`` by task; why a task's folder is not known for sure (``unclear``); folders of no task (``unknown``).
    """

    def __init__(self, hub: Hub, catalog: Catalog, chosen: Catalog) -> None:
        self._hub, self._chosen = hub, chosen
        self._matcher = Matcher(catalog.tasks.values(), catalog.aliases)
        self.claims: dict[str, list[_Claim]] = defaultdict(list)
        self.unclear: dict[str, str] = {}
        self.unknown: list[str] = []

    def visit(self, folder: str, depth: int) -> None:
        """Look at what lies directly in a folder whose name means no task, and below."""
        files, folders = self._hub.listing(folder)
        shelf = not folder or _name(folder) in MODALITY_NAMES or _name(folder) in PARADIGM_NAMES
        named = False
        for file in files:
            name = PurePosixPath(file.path).name
            stem = archive_stem(name)
            if stem:
                path = f"{folder}/{stem}".lstrip("/")
                self._claim(self._match(path), path, file)
            elif name.casefold().endswith(".json"):
                # On a shelf of tasks the file is a task; in a folder of its own, the folder is.
                match = self._match(file.path[: -len(".json")])
                self._claim(match, folder, file if shelf else None)
                named = named or match.task is not None
        names = [PurePosixPath(file.path).name for file in files]
        annotated = any(name.casefold().startswith("annotation") for name in names)
        if not shelf and not named and (annotated or any(map(archive_stem, names))):
            self.unknown.append(folder)
        if not shelf and (annotated or named):
            return
        for path in folders:
            if not self._admits(path) or (not shelf and _name(path) in MEDIA):
                continue
            match = self._match(path)
            if match.task is not None or match.ambiguous:
                self._claim(match, path, None)
            elif depth < _DEPTH:
                self.visit(path, depth + 1)

    def _admits(self, path: str) -> bool:
        """Whether a chosen task can lie in or below the folder."""
        place = place_of(path.split("/"))
        return any(place.admits(task) for task in self._chosen)

    def _match(self, path: str) -> Match:
        found = self._matcher.by_path(path)
        if found is not None:
            return Match(found, -1)
        *above, name = path.split("/")
        if not above or name.casefold() in MODALITY_NAMES or name.casefold() in PARADIGM_NAMES:
            return Match(None)  # The name of a shelf, or of a file that describes the whole repository.
        return self._matcher.match([name], place_of(above))

    def _claim(self, match: Match, folder: str, file: HubFile | None) -> None:
        path = folder if file is None else file.path
        if match.task is not None:
            if match.task.id in self._chosen.tasks:
                self.claims[match.task.id].append(_Claim(match.stage, folder, file))
        elif match.ambiguous:
            for task in match.ambiguous:
                self.unclear[task.id] = f"'{path}' {match.reason}; --folders {path} takes it whole"


def _name(path: str) -> str:
    return PurePosixPath(path).name.casefold()
