"""The run itself: requests flow from the data through one pool of requests in flight into the run folder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from genlevel import tasktypes
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, ModelError, RunError
from genlevel.models.base import BatchModel, Model
from genlevel.records import Prediction, Reply, Request
from genlevel.runner.plan import Plan, Settings, identity_bytes, request_key, requests
from genlevel.runner.store import RunFolder, RunWriter

# Requests are read and hashed in a thread, this many at a time, so that the event loop is never held up by a slow disk.
_CHUNK = 32


@dataclass
class Counts:
    """What became of a task's samples in this run."""

    asked: int = 0
    answered: int = 0
    failed: int = 0
    stored_before: int = 0


@dataclass
class RunSummary:
    """What a run did: counts by task, and one line for each thing that a person should know."""

    tasks: dict[str, Counts] = field(default_factory=dict)
    unsupported: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> Counts:
        """The counts over all tasks."""
        total = Counts()
        for counts in self.tasks.values():
            for name in vars(total):
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        return total


class Watcher:
    """Told what happens, for a progress display; does nothing itself."""

    def task(self, task_id: str, samples_done_before: int) -> None:
        """The samples of this task are now being read."""

    def sample(self, task_id: str, failed: bool) -> None:
        """A sample has been stored."""

    def total(self, samples: int) -> None:
        """The number of samples in the whole run is known."""

    def finished(self, task_id: str, counts: Counts) -> None:
        """All samples of this task are stored."""


class _Job(NamedTuple):
    request: Request
    key: str


def run(
    model: Model,
    plan: Plan,
    folder: RunFolder,
    settings: Settings | None = None,
    *,
    watcher: Watcher | None = None,
) -> RunSummary:
    """Ask the model everything that has no stored answer yet.

    Failures of single samples are stored and counted; they are asked again when the run is resumed.

    Raises:
        ModelError: when no request can work.
        RunError: when the folder cannot be written, or another process writes to it.
    """
    started = time.monotonic()
    summary = RunSummary(unsupported=dict(plan.unsupported))
    with folder.writer() as writer:
        runner = _Runner(model, settings or Settings(), folder, writer, summary, watcher or Watcher())
        asyncio.run(runner.all(plan.datasets))
        summary.problems += writer.notes
        summary.seconds = time.monotonic() - started
        total = summary.total
        folder.write_meta(
            end=datetime.now(UTC).isoformat(timespec="seconds"),
            summary={
                "asked": total.asked,
                "answered": total.answered,
                "failed": total.failed,
                "seconds": round(summary.seconds, 2),
            },
            problems=summary.problems[:1000],
        )
    return summary


class _Runner:
    """One run in progress."""

    def __init__(
        self,
        model: Model,
        settings: Settings,
        folder: RunFolder,
        writer: RunWriter,
        summary: RunSummary,
        watcher: Watcher,
    ) -> None:
        self._model, self._settings, self._folder = model, settings, folder
        self._writer, self._summary, self._watcher = writer, summary, watcher
        self._identity = identity_bytes(model)
        self._open: dict[str, int] = {}
        self._read: set[str] = set()
        concurrency = settings.concurrency or model.concurrency
        self._batch = (settings.batch_size or model.batch_size) if isinstance(model, BatchModel) else 1
        self._workers = max(1, concurrency)
        self._queue: asyncio.Queue[_Job | None] = asyncio.Queue(maxsize=2 * self._workers * self._batch)

    async def all(self, datasets: Sequence[Dataset]) -> None:
        try:
            await self._model.start(datasets)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._feed(datasets))
                    for _ in range(self._workers):
                        group.create_task(self._work())
            except BaseExceptionGroup as errors:
                # The first error says what went wrong; the others are its echoes.
                raise _first(errors) from None
        finally:
            await self._model.close()

    async def _feed(self, datasets: Sequence[Dataset]) -> None:
        for dataset in datasets:
            task_id = dataset.task.id
            done = await asyncio.to_thread(self._folder.answered, task_id)
            counts = self._summary.tasks[task_id] = Counts(stored_before=len(done))
            self._open[task_id] = 0
            self._watcher.task(task_id, len(done))
            jobs = self._jobs(dataset, done)
            while chunk := await asyncio.to_thread(_next, jobs):
                for job in chunk:
                    counts.asked += 1
                    self._open[task_id] += 1
                    await self._queue.put(job)
            self._read.add(task_id)
            self._close_if_finished(task_id)
        for _ in range(self._workers):
            await self._queue.put(None)

    def _jobs(self, dataset: Dataset, done: dict[str, str]) -> Iterator[_Job]:
        kind = tasktypes.get(dataset.task.task_type)
        for request in requests(dataset, kind, self._settings.limit, self._summary.problems):
            if request.sample_id not in done:
                yield _Job(request, request_key(request, self._identity))

    async def _work(self) -> None:
        while True:
            job = await self._queue.get()
            if job is None:
                return
            jobs = [job]
            ended = False
            while len(jobs) < self._batch and not self._queue.empty():
                more = self._queue.get_nowait()
                if more is None:
                    ended = True
                    break
                jobs.append(more)
            await self._answer(jobs)
            if ended:
                return

    async def _answer(self, jobs: list[_Job]) -> None:
        started = time.perf_counter()
        replies = await self._ask(jobs)
        seconds = (time.perf_counter() - started) / len(jobs)
        for job, reply in zip(jobs, replies, strict=True):
            error = reply if isinstance(reply, str) else ""
            made = reply if isinstance(reply, Reply) else Reply(())
            prediction = Prediction(job.request.sample_id, job.key, made.parts, error, made.usage, seconds)
            if any(part.kind != "text" for part in made.parts):
                await asyncio.to_thread(self._writer.append, job.request.task_id, prediction)
            else:
                self._writer.append(job.request.task_id, prediction)
            self._stored(job.request.task_id, bool(error))

    async def _ask(self, jobs: list[_Job]) -> list[Reply | str]:
        """A reply for each job, or the one-line error in its place."""
        model = self._model
        try:
            if isinstance(model, BatchModel) and len(jobs) > 1:
                batch = [job.request for job in jobs]
                replies = await asyncio.to_thread(model.generate_batch, batch)
                return list(replies)
            return [await model.generate(jobs[0].request)]
        except (ModelError, RunError):
            raise
        except GenlevelError as error:
            if len(jobs) == 1:
                return [_line(error)]
        except Exception as error:
            if len(jobs) == 1:
                return [f"{type(error).__name__}: {_line(error)}"]
        # One bad sample must not fail its whole batch.
        return [(await self._ask([job]))[0] for job in jobs]

    def _stored(self, task_id: str, failed: bool) -> None:
        counts = self._summary.tasks[task_id]
        counts.failed += failed
        counts.answered += not failed
        self._open[task_id] -= 1
        self._watcher.sample(task_id, failed)
        self._close_if_finished(task_id)

    def _close_if_finished(self, task_id: str) -> None:
        if task_id in self._read and self._open[task_id] == 0:
            self._watcher.finished(task_id, self._summary.tasks[task_id])


def _next(jobs: Iterator[_Job]) -> list[_Job]:
    chunk = []
    for job in jobs:
        chunk.append(job)
        if len(chunk) == _CHUNK:
            break
    return chunk


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:1000]


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
