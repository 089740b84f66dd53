"""The queue between reader and workers: nothing lost, nothing twice, whoever is cancelled or gives back what he took."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.runner.reading import Job
from genlevel.runner.waiting import Waiting


def job(number: int, task: str = "t") -> Job:
    return Job(task, str(number), None)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(1, 9), st.integers(1, 8), st.integers(1, 7), st.integers(0, 2**32))
def test_each_job_is_settled_once(count: int, size: int, workers: int, most: int, seed: int) -> None:
    choose = random.Random(seed)
    settled: list[str] = []

    async def work(waiting: Waiting) -> None:
        while jobs := await waiting.take(most, 0.001):
            await asyncio.sleep(0)
            if choose.random() < 0.3:
                waiting.put_back(jobs)
                continue
            settled.extend(j.sample_id for j in jobs)
            waiting.settle(len(jobs))

    async def main() -> None:
        waiting = Waiting(size)

        async def feed() -> None:
            for number in range(count):
                await waiting.put(job(number, "tuv"[number % 3]))
                if choose.random() < 0.1:
                    waiting.put_aside({choose.choice("tuv")})
                if choose.random() < 0.3:
                    await asyncio.sleep(0)
            waiting.take_up()
            if choose.random() < 0.5:
                waiting.put_aside({"t"})
            waiting.end()

        tasks = [asyncio.create_task(work(waiting)) for _ in range(workers)]
        doomed = asyncio.create_task(waiting.take(most, 0.001))
        await asyncio.sleep(0)
        doomed.cancel()
        async with asyncio.timeout(20):
            await asyncio.gather(feed(), *tasks)
        assert waiting.over and waiting.out == 0

    asyncio.run(main())
    assert sorted(settled, key=int) == [str(i) for i in range(count)]


async def test_what_is_put_aside_goes_last() -> None:
    waiting = Waiting(100)
    for number, task in enumerate("ababa"):
        await waiting.put(job(number, task))
    assert waiting.put_aside({"a"})
    await waiting.put(job(5, "c"))
    assert not waiting.put_aside({"a", "b", "c"})
    taking = asyncio.create_task(waiting.take(9, 0.01))
    await asyncio.sleep(0)
    assert not taking.done()
    waiting.take_up()
    waiting.end()
    assert [j.task_id for j in await taking] == ["a", "a", "a", "b", "b", "c"]


async def test_a_batch_waits_for_a_slow_reader_but_not_for_ever() -> None:
    waiting = Waiting(100)

    async def feed() -> None:
        for number in range(5):
            await waiting.put(job(number))
            await asyncio.sleep(0.01)

    reader = asyncio.create_task(feed())
    assert [j.sample_id for j in await waiting.take(4, 1.0)] == ["0", "1", "2", "3"]
    assert [j.sample_id for j in await waiting.take(4, 0.05)] == ["4"]
    await reader


async def test_what_comes_back_goes_first_and_ends_the_wait_of_others() -> None:
    waiting = Waiting(10)
    for number in range(3):
        await waiting.put(job(number))
    waiting.end()
    taken = await waiting.take(2, 1)
    assert not waiting.drained
    waiting.put_back(taken)
    assert [j.sample_id for j in await waiting.take(3, 1)] == ["0", "1", "2"]
    assert waiting.drained
    other = asyncio.create_task(waiting.take(1, 1))
    await asyncio.sleep(0)
    assert not other.done()
    waiting.settle(3)
    assert await other == []


@pytest.mark.parametrize("full", [True, False])
async def test_stop_lets_everybody_go(full: bool) -> None:
    waiting = Waiting(1)
    if full:
        await waiting.put(job(0))
    waits = asyncio.create_task(waiting.put(job(1)) if full else waiting.take(1, 1))
    await asyncio.sleep(0)
    waiting.stop()
    async with asyncio.timeout(1):
        await waits
    assert await waiting.take(5, 1) == []
