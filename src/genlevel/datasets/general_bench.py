"""General-Bench folders in any of the layouts found in the wild.

A task's folder holds ``annotation.json``, ``json/annotation.json``, ``annotation_v2.json`` (the highest version counts) or
``<name>.json``, and media in folders beside it; ``train/annotation.json`` holds training examples. Above it lie
``image|video|audio|3d`` and ``comprehension|generation``, or ``nlp``, in any case, and possibly further folders.
"""

from __future__ import annotations

from pathlib import Path

from genlevel.catalog import Catalog
from genlevel.datasets.annotations import load, peek, read_records
from genlevel.datasets.base import Dataset, Found, Unmatched
from genlevel.datasets.matching import MODALITY_NAMES, PARADIGM_NAMES, Match, Matcher, Place, place_of
from genlevel.datasets.public.find import Lacking, find_public
from genlevel.datasets.scan import Candidate, scan
from genlevel.errors import DataError

__all__ = ["find_datasets", "read_records"]


def find_datasets(root: Path, catalog: Catalog) -> Found:
    """The datasets below ``root`` and the tasks that they belong to.

    Public datasets in their own formats, in folders called like them, come first.

    A folder whose path is a task's id (``image/comprehension/<name>``) is that task's. Others are matched by the names in
    the file's header, of the folder and of the file. What belongs to no task, or not to one only, is listed.

    Raises:
        DataError: ``root`` does not exist, is no folder, or holds no annotation file at all.
    """
    public = find_public(root, catalog)
    found = scan(root, public.folders)
    if not found.candidates and not public.datasets:
        if public.unmatched:
            raise DataError(str(public.unmatched[0]))
        packed = sum("archive" in note.reason for note in found.notes)
        hint = f"; it holds {packed} archives, unpack them first" if packed else ""
        raise DataError(f"{root}: no annotation file in this folder or below{hint}")
    matcher = Matcher(catalog.tasks.values(), getattr(catalog, "aliases", None))
    unmatched, ignored = list(found.notes), list(found.ignored)
    claims: dict[str, list[tuple[Match, Candidate]]] = {}
    for candidate in found.candidates:
        match = _match(candidate, root, matcher)
        if match is None:
            ignored.append(Unmatched(candidate.annotation, "holds no list of entries"))
        elif match.task is None:
            unmatched.append(Unmatched(candidate.annotation, match.reason))
        else:
            claims.setdefault(match.task.id, []).append((match, candidate))
    datasets = dict(public.datasets)
    for identifier, claim in claims.items():
        best = min(match.stage for match, _ in claim)
        winners = [pair for pair in claim if pair[0].stage == best]
        if len(winners) == 1:
            # Entries in General-Bench's format were prepared for the task; they win over the public files.
            datasets[identifier] = _dataset(*winners[0])
        for match, candidate in claim:
            if len(winners) > 1 or match.stage > best:
                other = next(c for _, c in claim if c is not candidate)
                reason = f"{identifier} is also claimed by {other.relative or other.annotation.name}; keep one of them"
                unmatched.append(Unmatched(candidate.annotation, reason))
    unmatched = _with_lacking(unmatched, [note for note in public.unmatched if note.task_id not in datasets])
    ordered = [datasets[identifier] for identifier in catalog.tasks if identifier in datasets]
    return Found(ordered, sorted(unmatched, key=lambda note: note.path), sorted(ignored, key=lambda note: note.path))


def _with_lacking(unmatched: list[Unmatched], lacking: list[Lacking]) -> list[Unmatched]:
    """What a public dataset's folder lacks, in place of all that its files are not."""
    folders = [note.path for note in lacking]
    kept = [
        note
        for note in unmatched
        if "archive" in note.reason or not any(note.path.is_relative_to(folder) for folder in folders)
    ]
    return [*kept, *lacking]


def _dataset(match: Match, candidate: Candidate) -> Dataset:
    assert match.task is not None
    return Dataset(match.task, candidate.folder, candidate.annotation, candidate.relative, candidate.train)


def _match(candidate: Candidate, root: Path, matcher: Matcher) -> Match | None:
    """The candidate's task; None if the file is no annotation after all."""
    by_path = matcher.by_path(candidate.relative)
    if by_path is not None and candidate.certain:
        return Match(by_path, -1)
    seen = peek(candidate.annotation)
    entries, header = seen.entries, seen.header
    if entries is None and not candidate.certain:
        try:
            header, _ = load(candidate.annotation)
        except DataError as error:
            return Match(None, reason=f"cannot be read: {str(error).removeprefix(f'{candidate.annotation}: ')}")
    elif entries is False and not candidate.certain:
        return None
    if by_path is not None:
        return Match(by_path, -1)
    names = [candidate.folder.resolve().name]
    if isinstance(header.get("task"), str):
        names.insert(0, header["task"])
    if not candidate.annotation.stem.casefold().startswith("annotation"):
        names.append(candidate.annotation.stem)
    return matcher.match(names, _place(candidate.relative, root), header)


def _place(relative: str, root: Path) -> Place:
    """Modality and paradigm from the folders above the task's; from the root's own name if those do not say."""
    above = [part.casefold() for part in relative.split("/")[:-1]]
    if not any(part in MODALITY_NAMES for part in above):
        own = [part.casefold() for part in root.resolve().parts[-2:]]
        if own and own[-1] in PARADIGM_NAMES:
            above = own + above
        elif own and own[-1] in MODALITY_NAMES:
            above = own[-1:] + above
    return place_of(above)
