"""What a server's faults do to a run: it goes on where it can, ends with one message where it cannot, and loses nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from genlevel.runner import RunFolder, engine
from tests.runner.fakes import do_run, make_data
from tests.runner.test_crash import finish, start, stored, wait_for
from tests.servers import Server, after, closes, echo, endless, in_turn, raw, serve, status

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(port: int, log: Path, seconds: float = 0.0) -> Iterator[subprocess.Popen[str]]:
    """A server in a process of its own; killed at the end."""
    command = [sys.executable, "-m", "tests.runner.server_process", str(port), str(log), str(seconds)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline().startswith("http://")
    try:
        yield server
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def answered(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_a_server_that_is_killed_and_comes_back_costs_nothing(tmp_path: Path, port: int) -> None:
    data, out, log = make_data(tmp_path / "data", {"one": 60}), tmp_path / "run", tmp_path / "log"
    here = Server(f"http://127.0.0.1:{port}/v1")
    with process(port, log, 0.05):
        driver = start(data, out, here, "patience=30", attempts=1)
        wait_for(lambda: len(answered(log)) >= 20)
    gone = len(answered(log))
    time.sleep(0.5)
    with process(port, log):
        code, text, err = finish(driver)
    assert code == 0, err
    assert json.loads(text)["answered"] == 60
    assert stored(out) == Counter(f"one:{i}" for i in range(60))
    # Only what was on its way when the server died was answered twice, and nothing that was stored.
    assert max(Counter(answered(log)).values()) <= 2
    assert len(answered(log)) - 60 <= 8
    assert gone < 60
    first, *_, last = err.splitlines()
    assert first.startswith("paused: the server is gone (connection failed")
    assert first.endswith("trying again for up to 30 s")
    assert last == "the server answers again; going on"


def test_a_server_that_stays_away_ends_the_run_in_one_message_and_the_rest_is_asked_later(
    tmp_path: Path, port: int
) -> None:
    data, out, log = make_data(tmp_path / "data", {"one": 60}), tmp_path / "run", tmp_path / "log"
    here = Server(f"http://127.0.0.1:{port}/v1")
    with process(port, log, 0.05):
        driver = start(data, out, here, "patience=1.5", attempts=1)
        wait_for(lambda: len(answered(log)) >= 20)
    code, text, err = finish(driver)
    assert code == 1
    assert json.loads(text)["failed"] == 0
    assert json.loads(text)["stopped"].startswith("stopped: the server was gone for 1.5 s (connection failed")
    assert err.count("\n") == 1
    before = stored(out)
    assert 12 <= len(before) < 60
    meta = json.loads((out / "run.json").read_text())
    assert meta["end"] is None
    assert meta["stopped"]
    with process(port, log):
        assert finish(start(data, out, here, attempts=1))[0] == 0
    assert stored(out) == Counter(f"one:{i}" for i in range(60))


def test_a_server_that_only_fails_is_paused_for_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overloaded for a while: every request of that time is asked again."""
    data, out = make_data(tmp_path / "data", {"one": 80}), tmp_path / "run"
    monkeypatch.setattr(engine, "_FIRST_TRY_SECONDS", 0.02)

    async def behave(seen: Any, request: Any) -> Any:
        return await (status(503, "loading") if 20 <= len(server.seen) < 32 else echo)(seen, request)

    with serve(behave) as server:
        summary = do_run(data, out, f"openai:m?base_url={server.url}&concurrency=4&attempts=1", patience=60)
        # Of the refusals 5 open the breaker, with a few on their way then; the others are tries, one at a time.
    assert summary.total.failed == 0
    assert stored(out) == Counter(f"one:{i}" for i in range(80))


def test_two_percent_always_failing_end_with_their_names(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 200}), tmp_path / "run"
    bad = {f"one:{i}" for i in (3, 50, 51, 199)}

    async def behave(seen: Any, request: Any) -> Any:
        return await (status(500, "cannot") if seen.text in bad else after(0.002))(seen, request)

    with serve(behave) as server:
        summary = do_run(data, out, f"openai:m?base_url={server.url}&concurrency=8&attempts=2&timeout=5")
    assert (summary.total.answered, summary.total.failed, summary.stopped) == (196, 4, "")
    failed = {f"one:{p.id}" for p in RunFolder.open(out).predictions("one") if p.error}
    assert failed == bad


def test_a_sample_that_kills_the_server_each_time_fails_alone(tmp_path: Path) -> None:
    """The connection breaks without an answer: not told from a server that is gone, but only so often."""
    data, out = make_data(tmp_path / "data", {"one": 30}), tmp_path / "run"

    async def behave(seen: Any, request: Any) -> Any:
        return await (closes if seen.text == "one:7" else echo)(seen, request)

    with serve(behave) as server:
        summary = do_run(data, out, f"openai:m?base_url={server.url}&concurrency=2&attempts=1")
    assert (summary.total.answered, summary.total.failed) == (29, 1)
    assert Counter(seen.text for seen in server.seen)["one:7"] <= 3


@pytest.mark.parametrize(("code", "concurrency", "asked"), [(422, 4, 20), (400, 32, 32)])
def test_a_run_that_cannot_work_does_not_burn_every_sample(
    tmp_path: Path, code: int, concurrency: int, asked: int
) -> None:
    data, out, paid = make_data(tmp_path / "data", {"one": 200}), tmp_path / "run", False

    async def behave(seen: Any, request: Any) -> Any:
        refuse = status(code, f"no such model (request {len(server.seen)}a)")
        return await after(0.01, echo if paid else refuse)(seen, request)

    with serve(behave) as server:
        spec = f"openai:m?base_url={server.url}&concurrency={concurrency}"
        summary = do_run(data, out, spec)
        # Those in flight when the last of the first fails are stored too.
        assert asked <= summary.total.failed == len(server.seen) < asked + concurrency
        assert summary.stopped.startswith(f"stopped: nothing was answered, and the first {asked} requests failed")
        assert f"HTTP {code}: no such model" in summary.stopped
        assert json.loads((out / "run.json").read_text())["end"] is None
        paid = True
        summary = do_run(data, out, spec)
    assert (summary.total.answered, summary.total.failed, summary.stopped) == (200, 0, "")


def test_a_function_that_always_raises_ends_the_run_early(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def answer(request): return {}[request.sample_id]\n")
    data = make_data(tmp_path / "data", {"one": 100, "two": 100})
    summary = do_run(data, tmp_path / "run", f"python:{tmp_path / 'bad.py'}:answer")
    # The first task may be one that it cannot do: the other is tried too.
    assert [20 <= counts.failed <= 22 for counts in summary.tasks.values()] == [True, True]
    assert "the first requests of 2 tasks failed, those of each for one reason (at last: KeyError" in summary.stopped


def test_a_task_that_the_model_cannot_do_does_not_keep_the_others_from_being_tried(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text(
        "asked = []\n"
        "def answer(request):\n"
        "    asked.append(request.task_id)\n"
        "    if request.task_id in ('one', 'two'): raise ValueError('no films')\n"
        "    return 'x'\n"
    )
    data = make_data(tmp_path / "data", {"one": 500, "two": 30, "three": 90, "four": 5})
    for _ in range(2):  # with an answer in the folder, what failed is asked again at once
        summary = do_run(data, tmp_path / "run", f"python:{tmp_path / 'some.py'}:answer")
        assert summary.stopped == ""
        assert {name: counts.failed for name, counts in summary.tasks.items()} == {
            "one": 500, "two": 30, "three": 0, "four": 0,
        }  # fmt: skip
    import some  # type: ignore[import-not-found]

    # Nothing is asked twice, and the two that failed come back when the others are through.
    first = some.asked[: 500 + 30 + 90 + 5]
    assert Counter(first) == {"one": 500, "two": 30, "three": 90, "four": 5}
    assert set(first[50:135]) == {"three"} | ({"four"} & set(first[50:135]))
    assert set(first[-400:]) <= {"one", "two"}


def test_three_tasks_that_fail_end_the_run_and_so_do_many_small_ones(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def answer(request): raise ValueError('no ' + request.task_id)\n")
    spec = f"python:{tmp_path / 'bad.py'}:answer"
    for sizes in ({f"t{i}": 400 for i in range(5)}, {f"small{i:02}": 5 for i in range(40)}):
        data = make_data(tmp_path / next(iter(sizes)), sizes)
        summary = do_run(data, tmp_path / f"run-{next(iter(sizes))}", spec)
        assert 60 <= summary.total.failed <= 66
        assert summary.stopped.startswith("stopped: nothing was answered")


def test_a_task_that_fails_again_when_the_others_gave_no_answer_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def answer(request): raise ValueError('no ' + request.task_id)\n")
    data = make_data(tmp_path / "data", {"one": 400, "two": 8})
    summary = do_run(data, tmp_path / "run", f"python:{tmp_path / 'bad.py'}:answer")
    assert summary.tasks["two"].failed == 8
    assert 40 <= summary.tasks["one"].failed <= 44
    assert summary.stopped.startswith("stopped: nothing was answered")


def test_failures_do_not_end_a_run_that_has_answers_or_other_reasons_or_few_samples(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "def late(request):\n    if request.sample_id != '19': raise ValueError('no')\n    return 'x'\n"
        "def mixed(request): raise ValueError('ab'[request.sample_id == '7'])\n"
        "def all(request): raise ValueError('no')\n"
        "def later(request):\n    if request.sample_id != '0': raise ValueError('no')\n    return 'x'\n"
    )
    data = make_data(tmp_path / "data", {"one": 60})
    for function, failed, limit in (("late", 59, None), ("mixed", 60, None), ("all", 19, 19), ("later", 59, None)):
        for _ in range(2):  # what was answered by an earlier command counts
            out, spec = tmp_path / function, f"python:{tmp_path / 'bad.py'}:{function}?concurrency=1"
            summary = do_run(data, out, spec, limit=limit)
            assert (summary.total.failed, summary.stopped) == (failed, ""), function


def test_predictions_that_lack_the_first_samples_are_taken_all_the_same(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 60})
    made = [{"id": i, "prediction": "x"} for i in range(40, 60)]
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "one.json").write_text(json.dumps({"task": "one", "data": made}))
    summary = do_run(data, tmp_path / "run", f"predictions:{tmp_path / 'made'}")
    assert (summary.total.answered, summary.total.failed, summary.stopped) == (20, 40, "")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (raw(b'{"choices": [{"message": {"content": "cut'), "not JSON"),
        (raw(b"<html>busy</html>", "text/html"), "not JSON"),
        (raw(b'[1, "x"]'), "no chat completion"),
        (raw(b"\xff\xfe\x00"), "not JSON"),
        (endless(), "longer than 64 MiB"),
    ],
)
def test_what_is_no_answer_fails_its_sample_only(tmp_path: Path, fault: Any, reason: str) -> None:
    data, out = make_data(tmp_path / "data", {"one": 12}), tmp_path / "run"

    async def behave(seen: Any, request: Any) -> Any:
        return await (fault if seen.text == "one:4" else echo)(seen, request)

    with serve(behave) as server:
        summary = do_run(data, out, f"openai:m?base_url={server.url}&concurrency=4&attempts=1")
    assert (summary.total.answered, summary.total.failed) == (11, 1)
    assert reason in {p.id: p.error for p in RunFolder.open(out).predictions("one")}["4"]


def test_an_answer_of_many_megabytes_is_stored_as_it_is_and_one_beyond_the_limit_is_not(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 3}), tmp_path / "run"
    sizes = {"one:0": 10 * 2**20, "one:1": 100 * 2**20}

    async def behave(seen: Any, request: Any) -> Any:
        body = b'{"choices": [{"message": {"content": "%s"}}]}' % (b"a" * sizes.get(seen.text, 1))
        return await raw(body)(seen, request)

    with serve(behave) as server:
        summary = do_run(
            data, out, f"openai:m?base_url={server.url}&concurrency=1&attempts=1", cache=tmp_path / "cache"
        )
        assert (summary.total.answered, summary.total.failed) == (2, 1)
        lengths = {p.id: len(p.parts[0].text) if p.parts else 0 for p in RunFolder.open(out).predictions("one")}
        assert lengths == {"0": 10 * 2**20, "1": 0, "2": 1}
        again = do_run(data, tmp_path / "second", f"openai:m?base_url={server.url}", limit=1, cache=tmp_path / "cache")
    assert again.total.cached == 1


def test_a_storm_of_429_with_retry_after_is_waited_out(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 40}), tmp_path / "run"
    calls: Counter[str] = Counter()

    async def behave(seen: Any, request: Any) -> Any:
        calls[seen.text] += 1
        refuse = status(429, "slow down", Retry_After="0.2")
        return await (refuse if calls[seen.text] == 1 else echo)(seen, request)

    with serve(behave) as server:
        began = time.monotonic()
        summary = do_run(data, out, f"openai:m?base_url={server.url}&concurrency=20", adaptive=True)
        assert 0.2 <= time.monotonic() - began < 10
    assert (summary.total.answered, summary.total.failed) == (40, 0)
    assert set(calls.values()) == {2}


def test_a_stream_that_drips_for_ever_ends_with_the_time_out(tmp_path: Path) -> None:
    from aiohttp import web

    async def drip(_: Any, request: Any) -> Any:
        response = web.StreamResponse()
        await response.prepare(request)
        for _i in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    data = make_data(tmp_path / "data", {"one": 2})
    with serve(in_turn(echo, drip)) as server:
        spec = f"openai:m?base_url={server.url}&concurrency=1&attempts=1&timeout=0.4"
        summary = do_run(data, tmp_path / "run", spec)
    assert (summary.total.answered, summary.total.failed) == (1, 1)


def test_a_clock_that_is_put_back_and_forth_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, turns = time.time, iter(range(10**9))

    def jumping() -> float:
        return real() + (-1) ** next(turns) * 86400

    data, out = make_data(tmp_path / "data", {"one": 60}), tmp_path / "run"
    with serve(after(0.01)) as server:
        monkeypatch.setattr(time, "time", jumping)
        summary = do_run(
            data, out, f"openai:m?base_url={server.url}&concurrency=4", max_time=30, requests_per_minute=60_000
        )
        monkeypatch.undo()
    assert (summary.total.answered, summary.total.failed, summary.stopped) == (60, 0, "")
    assert 0 < summary.seconds < 30
    assert all(0 < p.latency < 5 for p in RunFolder.open(out).predictions("one"))
