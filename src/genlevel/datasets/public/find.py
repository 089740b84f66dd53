"""Which folders below a data root hold a public dataset in its own format."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset, Unmatched
from genlevel.datasets.matching import MODALITY_NAMES, PARADIGM_NAMES
from genlevel.datasets.public import COPY, FORMATS, reader
from genlevel.datasets.public.copies import reader_of
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.sources import EDITION, Source, sources
from genlevel.errors import DataError
from genlevel.records import Task

__all__ = ["Lacking", "Public", "find_public"]

_WRAPPERS: Final = 2
"""How many folders an archive may have put around what it holds."""
_MOST_WRAPPERS: Final = 40
_OWN: Final = ("annotation.json", "json/annotation.json", "annotations/annotation.json")


@dataclass(frozen=True, slots=True)
class Public:
    """Datasets by task, the folders in which they were found, and folders that are called like a dataset and are not complete."""

    datasets: dict[str, Dataset] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    unmatched: list[Lacking] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lacking(Unmatched):
    """A folder that is called like a task's dataset and lacks something."""

    task_id: str


@dataclass(frozen=True, slots=True)
class _Try:
    """A folder that is called like the dataset of a task."""

    rank: int
    folder: Path
    relative: str
    source: Source
    task: Task


def find_public(root: Path, catalog: Catalog) -> Public:
    """The public datasets in folders called like them: directly below ``root``, or below folders of modality and paradigm.

    Several tasks may share a folder. A folder in General-Bench's format is left alone.
    """
    tries: dict[str, list[_Try]] = defaultdict(list)
    known = [(catalog[i], s) for i, s in sources().items() if i in catalog and catalog[i].edition == EDITION]
    known = [(task, source) for task, source in known if source.format in FORMATS]
    for folder, relative, modality, paradigm in _folders(root) if known else ():
        for task, source in known:
            rank = source.called(folder.name)
            fits = modality in ("", task.modality) and paradigm in ("", task.paradigm)
            if rank is not None and fits and not _is_general_bench(folder):
                tries[task.id].append(_Try(rank, folder, relative, source, task))
    found = Public()
    missing: dict[Path, list[tuple[_Try, str]]] = defaultdict(list)
    for identifier, candidates in tries.items():
        for candidate in sorted(candidates, key=lambda c: (c.rank, c.relative)):
            dataset, reason = _read(candidate)
            if dataset is not None:
                found.datasets.setdefault(identifier, dataset)
                break
            missing[candidate.folder].append((candidate, reason))
    used = {t.folder for candidates in tries.values() for t in candidates}
    holds = {folder for folder in used if any(d.folder.is_relative_to(folder) for d in found.datasets.values())}
    found.folders.extend(sorted(holds))
    for folder, lacking in sorted(missing.items()):
        # A folder that serves one task need not serve the others that could use it.
        served = folder in holds
        for attempt, reason in lacking:
            if attempt.task.id not in found.datasets and (not served or attempt.rank == 0):
                found.unmatched.append(Lacking(folder, f"{attempt.task.id}: {reason}", attempt.task.id))
    return found


def _folders(root: Path) -> Iterator[tuple[Path, str, str, str]]:
    """Folders that may be a dataset's, with their path below the root, and the modality and paradigm that hold for them."""
    yield root, "", "", ""
    waiting = [(root, "", "", "")]
    while waiting:
        here, below, modality, paradigm = waiting.pop()
        try:
            inner = sorted(
                p for p in here.iterdir() if p.is_dir() and not p.is_symlink() and not p.name.startswith(".")
            )
        except OSError:
            continue
        for path in inner:
            name, relative = path.name.casefold(), f"{below}/{path.name}" if below else path.name
            if not modality and not paradigm and name in MODALITY_NAMES:
                waiting.append((path, relative, MODALITY_NAMES[name], ""))
            elif not paradigm and name in PARADIGM_NAMES:
                waiting.append((path, relative, modality, name))
            else:
                yield path, relative, modality, paradigm


def _is_general_bench(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _OWN)


def _read(candidate: _Try) -> tuple[Dataset | None, str]:
    """The dataset in a folder or in one that its archive put inside; else what the folder itself lacks."""
    readers = [candidate.source.format]
    if reader_of(candidate.task.id) is not None:
        readers.append(f"{COPY}{candidate.task.id}")
    first = ""
    level = [candidate.folder]
    for _ in range(_WRAPPERS + 1):
        for path in level:
            for name in readers:
                try:
                    labels = reader(name).find(Folder(path))
                except DataError as error:
                    first = first or str(error)
                    continue
                inside = path.relative_to(candidate.folder).as_posix()
                relative = "/".join(part for part in (candidate.relative, inside) if part not in ("", "."))
                return Dataset(candidate.task, path, labels[0], relative, None, name, labels), ""
        level = [path / name for path in level for name in Folder(path).folders()][:_MOST_WRAPPERS]
    return None, first
