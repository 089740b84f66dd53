"""The samples of a dataset: those that can be read, or some of them, the same whoever asks."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from itertools import islice

from genlevel.datasets.base import Dataset
from genlevel.errors import RecordError
from genlevel.records import Record, Sample
from genlevel.tasktypes.base import TaskType


def read_samples(
    dataset: Dataset,
    kind: TaskType,
    note: Callable[[str], None],
    *,
    limit: int | None = None,
    sample_seed: int | None = None,
) -> Iterator[tuple[Record, Sample]]:
    """The readable samples, each with its record, in file order; what cannot be read is told to ``note``, one line each.

    With ``limit`` only so many: the first ones, or with ``sample_seed`` ones drawn at random. The draw depends on the seed, the
    task and the samples' ids alone, and that of a smaller limit is a part of that of a larger one.

    Raises:
        DataError: if the file as a whole cannot be read.
    """
    if limit is None:
        yield from _readable(dataset, kind, note)
    elif sample_seed is None:
        yield from islice(_readable(dataset, kind, note), limit)
    else:
        drawn = _drawn(dataset, kind, limit, sample_seed)
        yield from (pair for pair in _readable(dataset, kind, note) if pair[1].id in drawn)


def _readable(dataset: Dataset, kind: TaskType, note: Callable[[str], None]) -> Iterator[tuple[Record, Sample]]:
    for record in dataset.records():
        if isinstance(record, RecordError):
            note(str(record))
            continue
        try:
            yield record, kind.read(record)
        except RecordError as error:
            note(str(error))


def _drawn(dataset: Dataset, kind: TaskType, limit: int, seed: int) -> frozenset[str]:
    """The ids whose hashes are the smallest: a sample's chance does not depend on its place in the file."""

    def rank(sample_id: str) -> bytes:
        text = f"{seed}\0{dataset.task.id}\0{sample_id}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    ids = (sample.id for _, sample in _readable(dataset, kind, lambda _: None))
    return frozenset(heapq.nsmallest(limit, ids, key=rank))
