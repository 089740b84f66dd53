"""Jobs between the reader and those who ask: bounded, in order, and open to jobs that come back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Sequence

from genlevel.runner.reading import Job


class Waiting:
    """A queue of at most ``size`` jobs that have been read; those put back go first.

    It is over when everything has been read and each job that was taken has been settled, for until then one may come back.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: deque[Job] = deque()
        self._aside: list[Job] = []
        """Jobs that go last: after all that will be read."""
        self._last = False
        self._takers: deque[asyncio.Future[None]] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self._out = 0
        self._ended = self._stopped = False

    @property
    def over(self) -> bool:
        """Whether no job will be given out any more."""
        return self._stopped or (self.drained and not self._out)

    @property
    def out(self) -> int:
        """Jobs that were taken and are not settled."""
        return self._out

    @property
    def drained(self) -> bool:
        """Whether all has been read and taken, though some may come back."""
        return self._ended and not self._jobs and not self._aside

    async def put(self, job: Job) -> None:
        """Add a job; waits for room. After a stop it is let fall."""
        while len(self._jobs) >= self._size and not self._stopped:
            self._room.clear()
            await self._room.wait()
        if not self._stopped:
            self._jobs.append(job)
            self._wake(1)

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Jobs that were taken are to be asked again."""
        self._out -= len(jobs)
        self._jobs.extendleft(reversed(jobs))
        self._wake(len(jobs))

    def put_aside(self, tasks: Collection[str]) -> bool:
        """Have the jobs of these tasks go last; whether jobs of others are left."""
        jobs = list(self._jobs)
        self._jobs = deque(job for job in jobs if job.task_id not in tasks)
        others = bool(self._jobs)
        self._aside += [job for job in jobs if job.task_id in tasks]
        self._room.set()
        if self._last:
            self.take_up()
        return others

    def take_up(self) -> None:
        """It is the turn of those that go last: of others there will be no more."""
        self._last = True
        self._jobs += self._aside
        self._wake(len(self._aside))
        self._aside = []

    async def take(self, most: int, seconds: float) -> list[Job]:
        """Up to ``most`` jobs, none when it is over. For more than the first it waits as long as one comes within ``seconds``."""
        while not self._jobs:
            if self.over:
                return []
            await self._change()
        jobs = self._picked(most)
        while len(jobs) < most and not self._ended and not self._stopped:
            try:
                async with asyncio.timeout(seconds):
                    while not self._jobs and not self._ended and not self._stopped:
                        await self._change()
            except TimeoutError:
                break
            jobs += self._picked(most - len(jobs))
        return jobs

    def settle(self, count: int = 1) -> None:
        """So many jobs will not come back."""
        self._out -= count
        if self.over:
            self._wake(len(self._takers))

    def end(self) -> None:
        """All has been read."""
        self._ended = True
        self._wake(len(self._takers))

    def stop(self) -> None:
        """Give out no more."""
        self._stopped = True
        self._jobs.clear()
        self._aside.clear()
        self._room.set()
        self._wake(len(self._takers))

    def _picked(self, most: int) -> list[Job]:
        jobs = [self._jobs.popleft() for _ in range(min(most, len(self._jobs)))]
        self._out += len(jobs)
        if len(self._jobs) < self._size:
            self._room.set()
        return jobs

    async def _change(self) -> None:
        taker = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        try:
            await taker
        except BaseException:
            # A wake-up that this one will not use belongs to the next.
            if taker.done() and not taker.cancelled() and self._jobs:
                self._wake(1)
            raise

    def _wake(self, count: int) -> None:
        while count > 0 and self._takers:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                count -= 1
