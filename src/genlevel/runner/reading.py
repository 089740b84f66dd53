"""From datasets to requests: streamed, in file order, with keys; only what has no stored answer yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from genlevel import tasktypes
from genlevel.datasets.base import Dataset
from genlevel.errors import DataError, GenlevelError
from genlevel.models.base import Model
from genlevel.records import Reply, Request, Sample
from genlevel.runner.keys import drawn_key, has_media, identity_bytes, keyed, seed_of
from genlevel.runner.plan import Settings
from genlevel.tasktypes.samples import read_samples

# A chunk ends with whichever comes first, so that fast readers cost few thread switches and slow ones hold nobody up.
_CHUNK = 64
_CHUNK_BYTES = 16 * 2**20
_CHUNK_SECONDS = 0.05

Note = Callable[[str], None]


class Job(NamedTuple):
    """A request to answer. With ``error`` it could not be made, and the error stands in place of an answer.

    ``repeat`` counts from 1. ``reply`` is an answer that is known already.
    """

    task_id: str
    sample_id: str
    request: Request | None
    key: str = ""
    error: str = ""
    repeat: int = 1
    reply: Reply | None = None


class Reader:
    """Reads one task's jobs. ``answers`` counts the answers wanted so far, with those that were there before.

    With ``trusting``, stored answers are not compared with what would be asked now, which takes most of the time of going on.
    """

    def __init__(self, dataset: Dataset, model: Model, settings: Settings, *, trusting: bool = False) -> None:
        self._dataset, self._model, self._settings, self._trusting = dataset, model, settings, trusting
        kind = tasktypes.for_task(dataset.task)
        templates = settings.templates
        self._kind = kind if templates is None else kind.with_template(templates.of(dataset.task))
        self._identity = identity_bytes(model)
        self.answers = 0

    def jobs(self, done: Sequence[Mapping[str, str]], note: Note) -> Iterator[Job]:
        """The requests whose answers are not in ``done`` (for each repeat: sample id to key)."""
        settings = self._settings
        samples = read_samples(self._dataset, self._kind, note, limit=settings.limit, sample_seed=settings.sample_seed)
        try:
            for _, sample in samples:
                self.answers += settings.repeat
                stored = [of_a_time.get(sample.id) for of_a_time in done]
                if not (self._trusting and None not in stored):
                    yield from self._jobs(sample, stored)
        except DataError as error:
            note(str(error))

    def _jobs(self, sample: Sample, stored: Sequence[str | None]) -> Iterator[Job]:
        task = self._dataset.task
        try:
            request = self._kind.ask(sample, task)
            if has_media(request) and None not in stored:
                # That the annotation is the same has been checked; reading all media again would take hours.
                return
            request, key = keyed(request, self._identity, self._model.inline, self._model.makes)
        except GenlevelError as error:
            for repeat, stored_key in enumerate(stored, 1):
                if stored_key is None:
                    yield Job(task.id, sample.id, None, error=str(error), repeat=repeat)
            return
        media = has_media(request)
        for repeat, stored_key in enumerate(stored, 1):
            seed = seed_of(task.id, sample.id, self._settings.seed, repeat)
            # Where the model does not use the seed, equal requests have equal answers; not so when another draw is asked for.
            drawn = self._model.seeded or self._settings.seed or repeat > 1
            own = drawn_key(key, seed) if drawn else key
            if stored_key is None or (stored_key != own and not media):
                yield Job(task.id, sample.id, replace(request, seed=seed), own, repeat=repeat)


def estimate(dataset: Dataset, settings: Settings) -> int:
    """About how many answers a task needs, without decoding its file; 0 where only reading it would tell."""
    if dataset.reader:
        return 0
    try:
        count = dataset.annotation.read_bytes().count(b'"id"')
    except OSError:
        return 0
    return settings.repeat * (count if settings.limit is None else min(count, settings.limit))


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
