"""From datasets to requests: streamed, in file order, with keys; only what has no stored answer yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from genlevel.datasets.base import Dataset
from genlevel.errors import DataError, GenlevelError, RecordError
from genlevel.models.base import Model
from genlevel.records import Request, Sample
from genlevel.runner.keys import has_media, identity_bytes, keyed, seed_of
from genlevel.tasktypes import TaskType

# A chunk ends with whichever comes first, so that fast readers cost few thread switches and slow ones hold nobody up.
_CHUNK = 64
_CHUNK_BYTES = 16 * 2**20
_CHUNK_SECONDS = 0.05

Note = Callable[[str], None]


class Job(NamedTuple):
    """A request to answer. With ``error`` it could not be made, and the error stands in place of an answer."""

    task_id: str
    sample_id: str
    request: Request | None
    key: str = ""
    error: str = ""


class Reader:
    """Reads one task's jobs. ``samples`` counts what has been read so far, with what was answered before."""

    def __init__(self, dataset: Dataset, kind: TaskType, *, limit: int | None, model: Model) -> None:
        self._dataset, self._kind = dataset, kind
        self._limit, self._model, self._identity = limit, model, identity_bytes(model)
        self.samples = 0

    def jobs(self, done: Mapping[str, str], note: Note) -> Iterator[Job]:
        """The requests whose answers are not in ``done`` (sample id to key)."""
        for sample in islice(self._samples(note), self._limit):
            self.samples += 1
            job = self._job(sample, done.get(sample.id))
            if job is not None:
                yield job

    def _job(self, sample: Sample, stored_key: str | None) -> Job | None:
        task = self._dataset.task
        try:
            request = replace(self._kind.ask(sample, task), seed=seed_of(task.id, sample.id))
            if stored_key is not None and has_media(request):
                # That the annotation is the same has been checked; reading all media again would take hours.
                return None
            request, key = keyed(request, self._identity, self._model.inline, seeded=self._model.seeded)
        except GenlevelError as error:
            return None if stored_key is not None else Job(task.id, sample.id, None, error=str(error))
        return None if key == stored_key else Job(task.id, sample.id, request, key)

    def _samples(self, note: Note) -> Iterator[Sample]:
        try:
            for record in self._dataset.records():
                if isinstance(record, RecordError):
                    note(str(record))
                    continue
                try:
                    yield self._kind.read(record)
                except RecordError as error:
                    note(str(error))
        except DataError as error:
            note(str(error))


def estimate(dataset: Dataset, limit: int | None) -> int:
    """About how many samples a task has, without decoding its file; 0 where only reading it would tell."""
    if dataset.reader:
        return 0
    try:
        count = dataset.annotation.read_bytes().count(b'"id"')
    except OSError:
        return 0
    return count if limit is None else min(count, limit)


def chunk(jobs: Iterator[Job]) -> list[Job]:
    """The next few jobs; none at the end."""
    taken: list[Job] = []
    size, end = 0, time.monotonic() + _CHUNK_SECONDS
    for job in jobs:
        taken.append(job)
        if job.request is not None:
            size += sum(len(part.data) for part in job.request.parts if part.data is not None)
        if len(taken) == _CHUNK or size > _CHUNK_BYTES or time.monotonic() > end:
            break
    return taken
