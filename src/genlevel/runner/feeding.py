"""The reading side of a run: what has no answer yet goes to those who ask, what the cache knows is stored at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

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

    async def feed(self, datasets: Sequence[Dataset]) -> None:
        """Read all tasks."""
        totals: dict[str, int] = {}
        # Counting reads every file to its end; the first request does not wait for that.
        estimating = asyncio.create_task(self._estimate(datasets, totals))
        try:
            for dataset in datasets:
                if self.stopped:
                    return
                await self._task(dataset)
                totals[dataset.task.id] = self.ledger.counts[dataset.task.id].samples
                if estimating.done():
                    self.watcher.total(sum(totals.values()))
                if not self.stopped:
                    self.ledger.read(dataset.task.id)
            await estimating
            self.watcher.total(sum(totals.values()))
            if not self.stopped:
                self.waiting.end()
        finally:
            estimating.cancel()

    async def _estimate(self, datasets: Sequence[Dataset], totals: dict[str, int]) -> None:
        for dataset in datasets:
            task_id = dataset.task.id
            known = self.complete(task_id)
            found = known if known is not None else await asyncio.to_thread(estimate, dataset, self.settings)
            totals.setdefault(task_id, found)
        self.watcher.total(sum(totals.values()))

    async def _task(self, dataset: Dataset) -> None:
        task_id, repeats = dataset.task.id, range(1, self.settings.repeat + 1)
        done = await asyncio.to_thread(lambda: [self.folder.answered(task_id, repeat) for repeat in repeats])
        stored = sum(map(len, done))
        counts = self.ledger.begin(task_id, stored)
        known = self.complete(task_id)
        if known is not None and stored >= known:
            counts.samples = known
            self.watcher.passed(task_id)
            return
        reader = Reader(dataset, self.model, self.settings, trusting=self.folder.unchanged)
        jobs = reader.jobs(done, lambda line: self.watcher.problem(task_id, line))
        while taken := await asyncio.to_thread(self._chunk, jobs):
            for job in taken:
                if self.stopped:
                    return
                self.ledger.ask(task_id)
                if job.request is None or job.reply is not None:
                    await self.store(job)
                else:
                    await self.waiting.put(job)
        counts.samples = reader.answers

    def _chunk(self, jobs: Iterator[Job]) -> list[Job]:
        taken = chunk(jobs)
        if self.cache is None:
            return taken
        known = self.cache.find([job.key for job in taken if job.request is not None])
        return [job._replace(reply=known[job.key]) if job.key in known else job for job in taken]
