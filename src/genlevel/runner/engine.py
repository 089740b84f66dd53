"""The asking side of a run: N workers each have one request (or batch) in flight, and answers are stored at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from genlevel.datasets.base import Dataset
from genlevel.errors import RunError
from genlevel.models.base import Model
from genlevel.records import Prediction, Reply, Request, Usage
from genlevel.runner.adaptive import Adaptive
from genlevel.runner.asking import Failure, ask, line
from genlevel.runner.breaker import Breaker
from genlevel.runner.cache import AnswerCache
from genlevel.runner.feeding import Feeder
from genlevel.runner.ledger import Ledger, Watcher
from genlevel.runner.limits import Budget, Limits, Pace
from genlevel.runner.opening import Opening
from genlevel.runner.plan import Settings
from genlevel.runner.reading import Job
from genlevel.runner.store import RunFolder
from genlevel.runner.waiting import Waiting
from genlevel.runner.writer import RunWriter

# A worker with a part of a batch waits so long for one more request before it asks with what it has.
_FILL_SECONDS = 0.2
_READ_AHEAD = 64
# So many failures for one reason, before anything was answered, mean that nothing can be.
_FIRST_FAILURES = 20
# So many failures of the server's with no answer between mean that it is gone, not that samples are bad.
_FEWEST_FAULTS, _MOST_FAULTS = 5, 64
_FIRST_TRY_SECONDS, _LAST_TRY_SECONDS = 1.0, 30.0


class Engine:
    """One run in progress. Used once."""

    def __init__(
        self,
        model: Model,
        settings: Settings,
        folder: RunFolder,
        writer: RunWriter,
        watcher: Watcher,
        complete: Callable[[str], int | None],
        cache: AnswerCache | None = None,
    ) -> None:
        self._model, self._settings = model, settings
        self._folder, self._writer, self._watcher, self._cache = folder, writer, watcher, cache
        self.ledger = Ledger(watcher)
        self.stopping = False
        self.reason = ""
        """Why the run ended itself before all was asked."""
        self.limits = Limits(
            Pace(settings.requests_per_minute, settings.tokens_per_minute),
            Budget(settings.max_cost) if settings.max_cost else None,
        )
        pool = max(1, model.concurrency)
        self._adaptive = Adaptive(pool) if settings.adaptive else None
        self._pool = self._adaptive.limit if self._adaptive else pool
        self._opening = Opening(max(self._pool, _FIRST_FAILURES))
        self._breaker = Breaker(min(max(pool, _FEWEST_FAULTS), _MOST_FAULTS))
        # Enough to never let a worker wait for the disk, little enough to hold few media in memory.
        self._waiting = Waiting(max(_READ_AHEAD, 2 * self._most))
        self._feeder = Feeder(
            model, settings, folder, self._waiting, self.ledger, watcher, complete, self._shelve, cache
        )
        self._active = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_line: set[asyncio.Task[Any]] = set()
        """Workers that wait for their turn, with nothing in flight."""
        self._main: asyncio.Task[None] | None = None

    async def all(self, datasets: Sequence[Dataset]) -> None:
        """Answer everything.

        Raises:
            ModelError, RunError: which end the run.
        """
        self._main = asyncio.current_task()
        limit = self._settings.max_time
        timer = asyncio.get_running_loop().call_later(limit, self._time_is_up) if limit else None
        try:
            await self._model.start(datasets)
            self._opening.over = await asyncio.to_thread(self._folder.has_answers)
            try:
                async with asyncio.TaskGroup() as self._group:
                    self._fill_pool()
                    self._group.create_task(self._feed(datasets))
            except BaseExceptionGroup as errors:
                # The first error says what went wrong; the others are its echoes.
                raise _first(errors) from None
        finally:
            if timer is not None:
                timer.cancel()
            await self._model.close()

    def stop(self) -> None:
        """Send no new requests and give those in flight a little time; the second time, none."""
        if self.stopping and self._main is not None:
            self._main.cancel()
            return
        self._halt(self._settings.grace)

    def _time_is_up(self) -> None:
        if not self.stopping:
            self.reason = f"stopped after {self._settings.max_time:g} s, as --max-time says"
            self._halt(self._settings.last_grace)

    def _halt(self, grace: float) -> None:
        self.stopping = self._feeder.stopped = True
        self._waiting.stop()
        self._breaker.release()
        for task in self._in_line:
            task.cancel()
        asyncio.get_running_loop().call_later(grace, self._cancel)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _feed(self, datasets: Sequence[Dataset]) -> None:
        await self._feeder.feed(datasets)
        await self._look_at_held()

    @property
    def _most(self) -> int:
        """How many requests a worker takes at a time."""
        return self._settings.batch_size or max(self._model.window, self._model.batch_size)

    def _fill_pool(self) -> None:
        while self._active < self._pool:
            self._active += 1
            self._start(self._work())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while not self.stopping and self._active <= self._pool:
                await self._breaker.closed()
                jobs = await self._waiting.take(self._most, _FILL_SECONDS)
                if not jobs or self.stopping:
                    return
                if self._breaker.open:
                    self._waiting.put_back(jobs)
                else:
                    await self._answer(jobs)
        finally:
            self._active -= 1

    async def _answer(self, jobs: list[Job]) -> None:
        requests = [job.request for job in jobs if job.request is not None]
        count, expected = await self._admitted(requests)
        if not count:
            return
        if count < len(jobs):
            self._waiting.put_back(jobs[count:])
            jobs, requests = jobs[:count], requests[:count]
        loop = asyncio.get_running_loop()
        started = loop.time()
        replies = await self._asked(requests, expected)
        seconds = (loop.time() - started) / len(jobs)
        for job, reply in zip(jobs, replies, strict=True):
            await self._take_in(job, reply, seconds)
        if self.limits.silent:
            raise RunError(
                "--max-cost: the model's answers report no cost, so a budget cannot be kept; leave the option out"
            )

    async def _admitted(self, requests: list[Request]) -> tuple[int, int]:
        """Wait for these requests' turn, but no longer than the run goes on; 0 of them when it has ended."""
        task = asyncio.current_task()
        assert task is not None, "a worker is a task"
        self._in_line.add(task)
        try:
            count, expected = await self.limits.admit(requests)
        finally:
            self._in_line.discard(task)
        if not self.stopping:
            if not count:
                self.reason = self.limits.spent
                self._halt(self._settings.last_grace)
            return count, expected
        self.limits.settle(count, expected, [])
        return 0, 0

    async def _asked(self, requests: list[Request], expected: int) -> list[Reply | Failure]:
        """Ask what was admitted, and count what it used."""
        replies: list[Reply | Failure] = []
        try:
            replies = await ask(self._model, requests)
        finally:
            self.limits.settle(len(requests), expected, replies)
        return replies

    async def _take_in(self, job: Job, reply: Reply | Failure, seconds: float) -> None:
        """What came of a request: stored, or held while it is not known whether the server is gone."""
        fault = isinstance(reply, Failure) and bool(reply.fault)
        if self._adaptive is not None:
            self._adaptive.answered(asyncio.get_running_loop().time(), fault or reply.attempts > 1)
            self._pool = self._adaptive.limit
            if not self.stopping:
                self._fill_pool()
        if isinstance(reply, Failure) and fault:
            self._breaker.hold(job, reply, seconds)
            if self._breaker.full and not self._breaker.open:
                self._pause()
        else:
            await self._store(job, reply, seconds)
            self._waiting.settle()
            if self._breaker.held or self._breaker.open:
                await self._let_go()
        await self._look_at_held()

    async def _let_go(self) -> None:
        again, failed = self._breaker.answered()
        self._waiting.put_back(again)
        for held in failed:
            await self._store(held.job, held.failure, held.seconds)
            self._waiting.settle()

    async def _look_at_held(self) -> None:
        """When nothing else is left that could be answered: what did not reach the server waits for it, the rest has failed."""
        held = self._breaker.held
        if not held or self._breaker.open or self.stopping:
            return
        if self._waiting.drained and self._waiting.out == len(held):
            if self._breaker.down:
                self._pause()
            else:
                await self._let_go()

    def _pause(self) -> None:
        self._breaker.pause()
        if not self.stopping:
            self._start(self._try_again())

    async def _try_again(self) -> None:
        """Ask one request after another until one is answered, or the patience is at its end."""
        patience, wait = self._settings.patience, _FIRST_TRY_SECONDS
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        last = self._breaker.held[-1].failure.error
        self._watcher.note(f"paused: the server is gone ({last}); trying again for up to {patience:g} s")
        while self._breaker.open and not self.stopping:
            left = end - loop.time()
            if left <= 0:
                self.reason = f"stopped: the server was gone for {patience:g} s ({last})"
                self._halt(self._settings.grace)
                return
            try:
                await asyncio.wait_for(self._breaker.closed(), min(wait, left))
            except TimeoutError:
                last = await self._try_one(end - loop.time())
                wait = min(2 * wait, _LAST_TRY_SECONDS)
        if not self.stopping:
            self._watcher.note("the server answers again; going on")

    async def _try_one(self, seconds: float) -> str:
        """Ask the request that has waited longest; the error, if it failed again."""
        held = self._breaker.held.popleft()
        assert held.job.request is not None, "what could not be read is not held"
        try:
            count, expected = await self._admitted([held.job.request])
            if not count:
                self._breaker.held.append(held)
                return held.failure.error
            began = asyncio.get_running_loop().time()
            async with asyncio.timeout(max(seconds, _FIRST_TRY_SECONDS)):
                reply = (await self._asked([held.job.request], expected))[0]
        except TimeoutError:
            reply = replace(held.failure, error="no answer", usage=Usage())
        except BaseException:
            self._breaker.held.append(held)
            raise
        await self._take_in(held.job, reply, asyncio.get_running_loop().time() - began)
        return reply.error if isinstance(reply, Failure) else ""

    async def _shelve(self, job: Job) -> None:
        """Store what needs no asking: what could not be read, and what the cache knows."""
        await self._store(job, job.reply or Failure(job.error, 0), 0.0)

    async def _store(self, job: Job, reply: Reply | Failure, seconds: float) -> None:
        if isinstance(reply, Reply):
            try:
                if any(part.kind != "text" for part in reply.parts):
                    await asyncio.to_thread(self._write, job, reply, seconds)
                else:
                    self._write(job, reply, seconds)
            except RunError:
                raise
            except Exception as error:  # an answer that cannot be stored: no text, a medium that is not there
                reply = Failure(f"the answer cannot be stored: {line(error)}", reply.attempts, usage=reply.usage)
        if isinstance(reply, Failure):
            failed = Prediction(job.sample_id, job.key, (), reply.error, reply.usage, seconds, reply.attempts)
            self._writer.append(job.task_id, failed, job.repeat)
        self.ledger.store(job.task_id, failed=isinstance(reply, Failure), cached=job.reply is reply)
        if isinstance(reply, Reply):
            self._opening.over = True
        elif reply.attempts:
            whole = self._opening.failed(job.task_id, reply.error, self._waiting.out)
            if whole == "run" or (whole == "task" and not self._feeder.put_aside(job.task_id)):
                self._give_up(reply.error)

    def _give_up(self, error: str) -> None:
        """End the run, as nothing can be answered; not one that has nothing left to ask."""
        if not (self._waiting.drained or self.stopping):
            tasks = self._opening.tasks
            what = f"{self._opening.most} requests" if tasks == 1 else f"requests of {tasks} tasks"
            each = " for one reason (" if tasks == 1 else ", those of each for one reason (at last: "
            self.reason = (
                f"stopped: nothing was answered, and the first {what} failed{each}{error}); "
                "'genlevel models check' tries a model"
            )
            self._halt(self._settings.last_grace)

    def _write(self, job: Job, reply: Reply, seconds: float) -> None:
        made = Prediction(job.sample_id, job.key, reply.parts, "", reply.usage, seconds, reply.attempts)
        self._writer.append(job.task_id, made, job.repeat)
        if self._cache is not None and job.reply is None:
            self._cache.add(job.key, reply)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
