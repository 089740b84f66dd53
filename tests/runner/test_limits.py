"""Rates, budgets and the search for the right concurrency, against arithmetic and simulated servers."""

from __future__ import annotations

import asyncio
import heapq
import json
import random
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from genlevel.errors import RunError
from genlevel.records import Part, Request, Usage
from genlevel.runner import RunFolder, engine
from genlevel.runner.adaptive import Adaptive
from genlevel.runner.limits import Budget, Pace
from tests.media_servers import serve_media
from tests.runner.fakes import do_run, make_data
from tests.servers import Seen, after, completion, serve

REQUEST = Request("t", "1", "x", (Part("text", "a" * 40),))


class Clock:
    """An event loop's time that passes only by sleeping."""

    now = 0.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("genlevel.runner.limits.asyncio.get_running_loop", lambda: clock)
    monkeypatch.setattr("genlevel.runner.limits.asyncio.sleep", clock.sleep)
    return clock


async def test_requests_are_spread_over_the_minute(clock: Clock) -> None:
    pace = Pace(30, 0)
    times = []
    for _ in range(31):
        await pace.wait([REQUEST])
        times.append(clock.now)
    assert times == pytest.approx([2.0 * i for i in range(31)])


async def test_no_minute_has_more_tokens_than_allowed(clock: Clock) -> None:
    pace, choose = Pace(0, 6000), random.Random(3)
    used: list[tuple[float, int]] = []
    for _ in range(400):
        expected = await pace.wait([REQUEST])
        tokens = choose.choice([50, 100, 900])
        used.append((clock.now, tokens))
        clock.now += 0.01
        pace.used([Usage(tokens - 10, 10)], 0, expected)
    for start, _ in used:
        minute = sum(tokens for at, tokens in used if start <= at < start + 60)
        # The last request's size is known only when it is answered.
        assert minute <= 6000 + 900
    assert sum(t for _, t in used) / clock.now == pytest.approx(100, rel=0.05)


async def test_tries_count_as_requests(clock: Clock) -> None:
    pace = Pace(60, 0)
    await pace.wait([REQUEST])
    pace.used([Usage()], 3, 0)
    await pace.wait([REQUEST])
    assert clock.now == pytest.approx(4)


def test_a_run_keeps_to_its_rate(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 21})
    with serve() as server:
        summary = do_run(data, tmp_path / "run", f"openai:m?base_url={server.url}", requests_per_minute=1200)
    assert summary.seconds >= 20 * 0.05
    assert summary.total.answered == 21


async def test_a_budget_is_not_exceeded_at_equal_costs() -> None:
    budget, asked, most = Budget(1.0), 0, 0
    flying = 0

    async def work() -> None:
        nonlocal asked, flying, most
        while await budget.admit(1):
            asked, flying = asked + 1, flying + 1
            most = max(most, flying)
            await asyncio.sleep(0)
            flying -= 1
            budget.settle([Usage(cost=0.03)], 1)

    await asyncio.gather(*(work() for _ in range(8)))
    assert asked == 33
    assert budget.spent == pytest.approx(0.99)
    assert most == 8


PRICED = """
import asyncio
from genlevel.records import Part, Reply, Usage
async def answer(request):
    await asyncio.sleep(0.002)
    return Reply((Part("text", "x"),), Usage(1, 1, COST))
"""


def priced(tmp_path: Path, cost: float) -> str:
    path = tmp_path / f"priced{cost}.py"
    path.write_text(PRICED.replace("COST", str(cost)))
    return f"python:{path}:answer"


def test_max_cost_stops_the_run_which_goes_on_with_the_same_command(tmp_path: Path) -> None:
    data, out, spec = make_data(tmp_path / "data", {"one": 25}), tmp_path / "run", priced(tmp_path, 0.1)
    answered = []
    for _ in range(4):
        summary = do_run(data, out, spec, max_cost=0.9)
        answered.append(summary.total.answered)
        assert bool(summary.stopped) == (len(answered) < 3)
        assert json.loads((out / "run.json").read_text())["stopped"] == summary.stopped
        if summary.stopped:
            assert summary.stopped == "stopped at $0.9 spent, so as not to exceed --max-cost 0.9"
    assert answered == [9, 9, 7, 0]


def test_answers_that_are_paid_for_and_hold_nothing_count_against_the_budget(tmp_path: Path) -> None:
    """As a model gives that thinks until its tokens are used up: 40 of 60 at $1 each, each under another reason."""
    data, out = make_data(tmp_path / "data", {"one": 60}), tmp_path / "run"

    async def cut_off(seen: Seen, _: web.Request) -> web.StreamResponse:
        body = completion("", refusal=f"no: {'abcdefg'[int(seen.text[4:]) % 7]}")
        return web.json_response({**body, "usage": {"prompt_tokens": 7, "completion_tokens": 3, "cost": 1.0}})

    with serve(after(0.002, cut_off)) as server:
        summary = do_run(data, out, f"openai:m?base_url={server.url}&concurrency=8", max_cost=40)
        assert len(server.seen) == 40
        assert server.most_in_flight == 8  # a failure that is paid for tells the cost as well as an answer does
    assert summary.stopped == "stopped at $40 spent, so as not to exceed --max-cost 40"
    assert (summary.cost, summary.total.failed) == (pytest.approx(40), 40)
    assert {p.usage for p in RunFolder.open(out).predictions("one")} == {Usage(7, 3, 1.0)}


@pytest.mark.parametrize("answer", [{}, {"data": [{"b64_json": "?"}]}])
def test_a_picture_that_cannot_be_read_is_paid_for(tmp_path: Path, answer: Any) -> None:
    data, out = make_data(tmp_path / "data", {"one": 4}, "test-draw"), tmp_path / "run"
    with serve_media(answer) as server:
        summary = do_run(data, out, f"openai:m?api=images&base_url={server.url}&price_request=0.5", max_cost=1.0)
    assert (summary.total.failed, summary.cost) == (2, pytest.approx(1.0))


def test_a_batch_is_cut_to_what_the_budget_has_room_for(tmp_path: Path) -> None:
    data, log = make_data(tmp_path / "data", {"one": 30}), tmp_path / "log"
    path = tmp_path / "batch.py"
    path.write_text(
        "from genlevel.records import Part, Reply, Usage\n"
        f"def answer(requests):\n    with open({str(log)!r}, 'a') as file: file.write(f'{{len(requests)}}\\n')\n"
        "    return [Reply((Part('text', 'x'),), Usage(1, 1, 0.1)) for _ in requests]\n"
    )
    summary = do_run(data, tmp_path / "run", f"python:{path}:answer?batch=8", max_cost=1.2)
    assert (summary.total.answered, summary.cost) == (12, pytest.approx(1.2))
    assert [int(size) for size in log.read_text().split()] == [1, 8, 3]


@pytest.mark.parametrize(
    "fault",
    ["raise RequestFailed('the last one is odd', usage=Usage(3, 0, 0.3))", "return made + made[:1]"],
    ids=["raises", "gives one too many"],
)
def test_a_batch_that_fails_when_it_was_paid_for_counts(tmp_path: Path, fault: str) -> None:
    data, out, path = make_data(tmp_path / "data", {"one": 30}), tmp_path / "run", tmp_path / "batch.py"
    path.write_text(
        "from genlevel.errors import RequestFailed\nfrom genlevel.records import Part, Reply, Usage\n"
        "def answer(requests):\n    made = [Reply((Part('text', 'x'),), Usage(1, 1, 0.1)) for _ in requests]\n"
        f"    if len(requests) > 1:\n        {fault}\n    return made\n"
    )
    # One alone: 0.1. Then three fit in: together 0.3 (or 0.4) in vain, and 0.3 one by one. For two more there is no room.
    extra = 0.3 if fault.startswith("raise") else 0.4
    summary = do_run(data, out, f"python:{path}:answer?batch=3", max_cost=0.4 + extra + 0.05)
    assert (summary.total.answered, summary.cost) == (4, pytest.approx(0.4 + extra))
    stored = sum(p.usage.cost for p in RunFolder.open(out).predictions("one"))
    assert stored == pytest.approx(summary.cost)


def test_tries_of_a_server_that_was_gone_keep_to_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_FIRST_TRY_SECONDS", 0.02)
    data = make_data(tmp_path / "data", {"one": 30})

    async def behave(seen: Seen, request: web.Request) -> web.StreamResponse:
        if 2 <= len(server.seen) - 1 < 10:
            return web.json_response({"error": "loading"}, status=503)
        return web.json_response({**completion("x"), "usage": {"cost": 0.5}})

    with serve(behave) as server:
        spec = f"openai:m?base_url={server.url}&concurrency=1&attempts=1"
        summary = do_run(data, tmp_path / "run", spec, max_cost=1.5, patience=30)
    assert (summary.total.answered, summary.cost) == (3, pytest.approx(1.5))
    assert summary.stopped.startswith("stopped at $1.5 spent")


def test_what_the_cache_gives_costs_nothing(tmp_path: Path) -> None:
    data, spec, cache = make_data(tmp_path / "data", {"one": 10}), priced(tmp_path, 0.1), tmp_path / "cache"
    assert do_run(data, tmp_path / "run", spec, cache=cache).cost == pytest.approx(1.0)
    summary = do_run(data, tmp_path / "run2", spec, cache=cache, max_cost=0.01)
    assert (summary.total.cached, summary.cost, summary.stopped) == (10, 0, "")


def test_a_budget_for_a_model_that_reports_no_cost_is_refused(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 25}), tmp_path / "run"
    with pytest.raises(RunError, match="report no cost"):
        do_run(data, out, priced(tmp_path, 0.0), max_cost=1.0)
    assert len((out / "predictions" / "one.jsonl").read_text().splitlines()) == 3


def test_max_time_lets_what_is_in_flight_finish(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 100}), tmp_path / "run"
    with serve(after(0.2)) as server:
        spec = f"openai:m?base_url={server.url}&concurrency=4"
        summary = do_run(data, out, spec, max_time=0.5)
        assert summary.stopped == "stopped after 0.5 s, as --max-time says"
        assert 0.5 <= summary.seconds < 5
        assert summary.total.failed == 0
        assert summary.total.answered == len(server.seen) == len(server.answered)
        assert 0 < summary.total.answered < 100


def test_max_time_does_not_wait_for_those_in_line(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 30})
    with serve() as server:
        summary = do_run(
            data, tmp_path / "run", f"openai:m?base_url={server.url}", max_time=0.5, requests_per_minute=120
        )
    assert summary.stopped
    assert 0.5 <= summary.seconds < 3
    assert summary.total.answered == len(server.seen) <= 3


class Simulated:
    """A server that answers each request after ``latency`` seconds, but at most ``rate`` requests a second, and refuses beyond
    ``most`` in flight."""

    def __init__(self, latency: float, rate: float, most: int = 10**9) -> None:
        self.latency, self.rate, self.most = latency, rate, most

    def run(self, adaptive: Adaptive, count: int, seed: int = 0) -> float:
        """Seconds for so many answers."""
        choose, now, free, flying, done = random.Random(seed), 1.0, 1.0, [], 0  # type: ignore[var-annotated]
        while done < count:
            while len(flying) < adaptive.limit:
                refused = len(flying) >= self.most
                free = max(free, now) + (0 if refused else 1 / self.rate)
                end = now + 0.001 if refused else max(now + self.latency * choose.uniform(0.7, 1.3), free)
                heapq.heappush(flying, (end, refused))
            now, refused = heapq.heappop(flying)
            done += not refused
            adaptive.answered(now, refused)
        return now - 1.0


@pytest.mark.parametrize(("latency", "rate"), [(0.02, 3000.0), (0.5, 1500.0), (2.0, 100.0), (0.02, 100.0)])
def test_concurrency_grows_until_answers_come_no_faster(latency: float, rate: float) -> None:
    adaptive = Adaptive(1024)
    Simulated(latency, rate).run(adaptive, 4000)
    seconds = Simulated(latency, rate).run(adaptive, 4000)
    # Little's law: so many in flight are as fast as any more.
    needed = latency * rate
    assert 4000 / seconds >= 0.75 * rate
    assert adaptive.limit <= max(4 * needed, 32)


def test_refusals_cut_it(tmp_path: Path) -> None:
    adaptive = Adaptive(1024)
    server = Simulated(0.1, 1e9, most=50)
    server.run(adaptive, 5000)
    limits = []
    for turn in range(20):
        server.run(adaptive, 200, turn)
        limits.append(adaptive.limit)
    assert sum(limits) / len(limits) == pytest.approx(50, rel=0.5)


def test_auto_finds_a_server_that_takes_more_than_it_started_with(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 600})
    with serve(after(0.1)) as server:
        summary = do_run(data, tmp_path / "run", f"openai:m?base_url={server.url}", adaptive=True)
        assert server.most_in_flight > 16  # where it starts
    assert summary.total.answered == 600


def test_auto_leaves_a_model_that_takes_one_at_a_time_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "import threading, time\nlock = threading.Lock()\ndef answer(request):\n"
        "    assert lock.acquire(blocking=False)\n    time.sleep(0.001)\n    lock.release()\n    return 'x'\n"
    )
    summary = do_run(
        make_data(tmp_path / "data", {"one": 30}), tmp_path / "run", f"python:{path}:answer", adaptive=True
    )
    assert (summary.total.answered, summary.total.failed) == (30, 0)
