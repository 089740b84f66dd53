"""When the server is gone: hold what failed, pause, try again, and say so once instead of failing every sample."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

from genlevel.runner.asking import Failure
from genlevel.runner.reading import Job

# A sample that takes the server down with it must not do so for ever.
_MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A job that failed by the server's fault, and how long that took."""

    job: Job
    failure: Failure
    seconds: float


class Breaker:
    """Open (the run pauses) from when the server failed ``threshold`` times with no answer between until it answers again."""

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold
        self._closed = asyncio.Event()
        self._closed.set()
        self._tries: Counter[tuple[str, str, int]] = Counter()
        self.held: deque[Held] = deque()
        """What failed since the last answer."""

    @property
    def open(self) -> bool:
        """Whether nobody may ask but to try."""
        return not self._closed.is_set()

    @property
    def full(self) -> bool:
        """Whether so much has failed that the server must be taken for gone."""
        return len(self.held) >= self._threshold

    @property
    def down(self) -> bool:
        """Whether something failed because the server could not be reached."""
        return any(held.failure.fault == "down" for held in self.held)

    def hold(self, job: Job, failure: Failure, seconds: float) -> None:
        """A failure by the server's fault."""
        self.held.append(Held(job, failure, seconds))

    def pause(self) -> None:
        """Open."""
        self._closed.clear()

    async def closed(self) -> None:
        """Wait while it is open."""
        await self._closed.wait()

    def release(self) -> None:
        """Close without an answer, for the run has ended."""
        self._closed.set()

    def answered(self) -> tuple[list[Job], list[Held]]:
        """The server works: what was held is to be asked again, or has failed for good.

        While others were answered all along, a request that the server turned away was itself at fault; one that did not
        reach it was not.
        """
        again: list[Job] = []
        failed: list[Held] = []
        for held in self.held:
            job = held.job
            tries = self._tries[job.task_id, job.sample_id, job.repeat] = (
                self._tries[job.task_id, job.sample_id, job.repeat] + 1
            )
            if tries < _MOST_TRIES and (self.open or held.failure.fault == "down"):
                again.append(job)
            else:
                failed.append(held)
        self.held.clear()
        self._closed.set()
        return again, failed
