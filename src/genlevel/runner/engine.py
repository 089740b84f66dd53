"""The pool: one feeder reads requests ahead, N workers each have one request (or batch) in flight, answers are stored at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genlevel import tasktypes
from genlevel.datasets.base import Dataset
from genlevel.errors import RunError
from genlevel.models.base import Model
from genlevel.records import Prediction, Reply
from genlevel.runner.asking import Failure, ask, line
from genlevel.runner.plan import Settings
from genlevel.runner.reading import Job, Reader, chunk, estimate
from genlevel.runner.store import RunFolder
from genlevel.runner.writer import RunWriter


@dataclass
class Counts:
    """What became of a task's samples: ``samples`` in its data, ``stored_before`` of them answered by an earlier run."""

    samples: int = 0
    asked: int = 0
    answered: int = 0
    failed: int = 0
    stored_before: int = 0


class Watcher:
    """Told what happens, for a progress display; does nothing itself."""

    def task(self, task_id: str, samples_done_before: int) -> None:
        """The samples of this task are now being read."""

    def sample(self, task_id: str, failed: bool) -> None:
        """A sample has been stored."""

    def total(self, samples: int) -> None:
        """About how many samples the whole run has; told again when it is known better."""

    def finished(self, task_id: str, counts: Counts) -> None:
        """All samples of this task are stored."""


class Engine:
    """One run in progress. Used once."""

    def __init__(
        self,
        model: Model,
        settings: Settings,
        folder: RunFolder,
        writer: RunWriter,
        watcher: Watcher,
        note: Callable[[str], None],
        complete: Callable[[str], int | None],
    ) -> None:
        self._model, self._settings, self._folder = model, settings, folder
        self._writer, self._watcher, self._note, self._complete = writer, watcher, note, complete
        self.counts: dict[str, Counts] = {}
        self.stopping = False
        self._open: dict[str, int] = {}
        self._read: set[str] = set()
        self._batch = settings.batch_size or model.window or model.batch_size
        self._pool = max(1, model.concurrency)
        # Enough to never let a worker wait for the disk, little enough to hold few media in memory.
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue(maxsize=self._pool * self._batch + 32)
        self._workers: list[asyncio.Task[None]] = []
        self._main: asyncio.Task[None] | None = None

    async def all(self, datasets: Sequence[Dataset]) -> None:
        """Answer everything.

        Raises:
            ModelError, RunError: which end the run.
        """
        self._main = asyncio.current_task()
        try:
            await self._model.start(datasets)
            try:
                async with asyncio.TaskGroup() as group:
                    self._workers = [group.create_task(self._work()) for _ in range(self._pool)]
                    group.create_task(self._feed(datasets))
            except BaseExceptionGroup as errors:
                # The first error says what went wrong; the others are its echoes.
                raise _first(errors) from None
        finally:
            await self._model.close()

    def stop(self) -> None:
        """Send no new requests and give those in flight a little time; the second time, none."""
        if self.stopping and self._main is not None:
            self._main.cancel()
            return
        self.stopping = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)
        asyncio.get_running_loop().call_later(self._settings.grace, self._cancel)

    def _cancel(self) -> None:
        for worker in self._workers:
            worker.cancel()

    async def _feed(self, datasets: Sequence[Dataset]) -> None:
        totals = await asyncio.to_thread(self._estimates, datasets)
        self._watcher.total(sum(totals.values()))
        for dataset in datasets:
            if self.stopping:
                return
            task_id = dataset.task.id
            done = await asyncio.to_thread(self._folder.answered, task_id)
            counts = self.counts[task_id] = Counts(stored_before=len(done))
            self._open[task_id] = 0
            self._watcher.task(task_id, len(done))
            known = self._complete(task_id)
            if known is not None and len(done) >= known:
                counts.samples = known
            else:
                await self._feed_task(dataset, done, counts)
            totals[task_id] = counts.samples
            self._watcher.total(sum(totals.values()))
            if not self.stopping:
                self._read.add(task_id)
                self._close_if_finished(task_id)
        if not self.stopping:
            await self._queue.put(None)

    def _estimates(self, datasets: Sequence[Dataset]) -> dict[str, int]:
        return {d.task.id: self._complete(d.task.id) or estimate(d, self._settings.limit) for d in datasets}

    async def _feed_task(self, dataset: Dataset, done: dict[str, str], counts: Counts) -> None:
        kind = tasktypes.for_task(dataset.task)
        if self._settings.templates is not None:
            kind = kind.with_template(self._settings.templates.of(dataset.task))
        reader = Reader(dataset, kind, limit=self._settings.limit, model=self._model)
        jobs = reader.jobs(done, self._note)
        while taken := await asyncio.to_thread(chunk, jobs):
            for job in taken:
                await self._queue.put(job)
                if self.stopping:
                    return
                counts.asked += 1
                self._open[dataset.task.id] += 1
        counts.samples = reader.samples

    async def _work(self) -> None:
        while not self.stopping:
            job = await self._queue.get()
            if job is None or self.stopping:
                # One mark serves all workers: each passes it on.
                self._queue.put_nowait(None)
                return
            await self._answer([job, *self._more()])

    def _more(self) -> list[Job]:
        """What else is waiting, to fill a batch."""
        jobs: list[Job] = []
        while len(jobs) + 1 < self._batch and not self._queue.empty():
            job = self._queue.get_nowait()
            if job is None:
                self._queue.put_nowait(None)
                break
            jobs.append(job)
        return jobs

    async def _answer(self, jobs: list[Job]) -> None:
        started = time.perf_counter()
        asked = [job.request for job in jobs if job.request is not None]
        replies = iter(await ask(self._model, asked) if asked else [])
        seconds = (time.perf_counter() - started) / len(jobs)
        for job in jobs:
            reply = next(replies) if job.request is not None else Failure(job.error, 0)
            await self._store(job, reply, seconds)

    async def _store(self, job: Job, reply: Reply | Failure, seconds: float) -> None:
        if isinstance(reply, Reply):
            made = Prediction(job.sample_id, job.key, reply.parts, "", reply.usage, seconds, reply.attempts)
            try:
                if any(part.kind != "text" for part in reply.parts):
                    await asyncio.to_thread(self._writer.append, job.task_id, made)
                else:
                    self._writer.append(job.task_id, made)
            except RunError:
                raise
            except Exception as error:  # an answer that cannot be stored: no text, a medium that is not there
                reply = Failure(f"the answer cannot be stored: {line(error)}", reply.attempts)
        if isinstance(reply, Failure):
            failed = Prediction(job.sample_id, job.key, (), reply.error, latency=seconds, attempts=reply.attempts)
            self._writer.append(job.task_id, failed)
        self._stored(job.task_id, isinstance(reply, Failure))

    def _stored(self, task_id: str, failed: bool) -> None:
        counts = self.counts[task_id]
        counts.failed += failed
        counts.answered += not failed
        self._open[task_id] -= 1
        self._watcher.sample(task_id, failed)
        self._close_if_finished(task_id)

    def _close_if_finished(self, task_id: str) -> None:
        if task_id in self._read and self._open[task_id] == 0:
            self._watcher.finished(task_id, self.counts[task_id])


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
