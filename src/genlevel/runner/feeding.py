"""The reading side of a run: what has no answer yet goes to those who ask, what the cache knows is stored at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from genlevel.datasets.base import Dataset
from genlevel.models.base import Model
from genlevel.runner.cache import AnswerCache
from genlevel.runner.ledger import Ledger, Watcher
from genlevel.runner.plan import Settings
from genlevel.runner.reading import Job, Reader, chunk, estimate
from genlevel.runner.store import RunFolder
from genlevel.runner.waiting import Waiting


@dataclass
class Feeder:
    """Reads ahead, off the event loop, no further than ``waiting`` has room."""

    model: Model
    settings: Settings
    folder: RunFolder
    waiting: Waiting
    ledger: Ledger
    watcher: Watcher
    complete: Callable[[str], int | None]
    """How many answers a task has, if all were there when it was last read."""
    store: Callable[[Job], Awaitable[None]]
    """Stores what needs no asking."""
    cache: AnswerCache | None = None
    stopped: bool = False
    _tried: set[str] = field(default_factory=set)
    """Tasks that have been put aside, of which the rest is read last."""
    _rest: list[tuple[Dataset, Reader, Iterator[Job]]] = field(default_factory=list)
    _unread: int = 0

    async def feed(self, datasets: Sequence[Dataset]) -> None:
        """Read all tasks."""
        totals: dict[str, int] = {}
        # Counting reads every file to its end; the first request does not wait for that.
        estimating = asyncio.create_task(self._estimate(datasets, totals))
        try:
            for place, dataset in enumerate(datasets, 1):
                self._unread = len(datasets) - place
                if await self._task(dataset):
                    totals[dataset.task.id] = self.ledger.counts[dataset.task.id].samples
                    if estimating.done():
                        self.watcher.total(sum(totals.values()))
                if self.stopped:
                    return
            self.waiting.take_up()
            for dataset, reader, jobs in self._rest:
                if await self._read(dataset, reader, jobs, whole=True):
                    totals[dataset.task.id] = self.ledger.counts[dataset.task.id].samples
            await estimating
            self.watcher.total(sum(totals.values()))
            if not self.stopped:
                self.waiting.end()
        finally:
            estimating.cancel()

    def put_aside(self, task_id: str) -> bool:
        """Leave a task for the end; whether there is another that has not been tried."""
        self._tried.add(task_id)
        return self.waiting.put_aside(self._tried) or self._unread > 0

    async def _estimate(self, datasets: Sequence[Dataset], totals: dict[str, int]) -> None:
        for dataset in datasets:
            task_id = dataset.task.id
            known = self.complete(task_id)
            found = known if known is not None else await asyncio.to_thread(estimate, dataset, self.settings)
            totals.setdefault(task_id, found)
        self.watcher.total(sum(totals.values()))

    async def _task(self, dataset: Dataset) -> bool:
        """Read a task; whether to its end."""
        task_id, repeats = dataset.task.id, range(1, self.settings.repeat + 1)
        done = await asyncio.to_thread(lambda: [self.folder.answered(task_id, repeat) for repeat in repeats])
        stored = sum(map(len, done))
        counts = self.ledger.begin(task_id, stored)
        known = self.complete(task_id)
        if known is not None and stored >= known:
            counts.samples = known
            self.watcher.passed(task_id)
            self.ledger.read(task_id)
            return True
        reader = Reader(dataset, self.model, self.settings, trusting=self.folder.unchanged)
        jobs = reader.jobs(done, lambda line: self.watcher.problem(task_id, line))
        return await self._read(dataset, reader, jobs)

    async def _read(self, dataset: Dataset, reader: Reader, jobs: Iterator[Job], *, whole: bool = False) -> bool:
        """Read a task's jobs, unless it is put aside meanwhile; ``whole`` whatever comes. Whether to its end."""
        task_id = dataset.task.id
        while taken := await asyncio.to_thread(self._chunk, jobs):
            for place, job in enumerate(taken):
                if self.stopped:
                    return False
                if task_id in self._tried and not whole:
                    self._rest.append((dataset, reader, chain(taken[place:], jobs)))
                    return False
                self.ledger.ask(task_id)
                if job.request is None or job.reply is not None:
                    await self.store(job)
                else:
                    await self.waiting.put(job)
        self.ledger.counts[task_id].samples = reader.answers
        if not self.stopped:
            self.ledger.read(task_id)
        return not self.stopped

    def _chunk(self, jobs: Iterator[Job]) -> list[Job]:
        taken = chunk(jobs)
        if self.cache is None:
            return taken
        known = self.cache.find([job.key for job in taken if job.request is not None])
        return [job._replace(reply=known[job.key]) if job.key in known else job for job in taken]
