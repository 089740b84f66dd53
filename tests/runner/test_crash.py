"""What a crash, a signal, a full disk or a second process does to a run: real processes against a real server."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from genlevel.runner.loop import run_detached
from tests.runner.fakes import make_data
from tests.servers import Server, after, closes, echo, in_turn, serve, status

FAKES = Path(__file__).with_name("fakes.py")
CONCURRENCY = 8
TASKS = {"one": 60, "two": 90, "three": 50}
ALL = {f"{name}:{i}" for name, count in TASKS.items() for i in range(count)}


def start(data: Path, out: Path, server: Server, *options: str, attempts: int = 3, **env: str) -> subprocess.Popen[str]:
    spec = f"openai:m?base_url={server.url}&concurrency={CONCURRENCY}&attempts={attempts}"
    return subprocess.Popen(
        [sys.executable, str(FAKES), str(data), str(out), spec, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def wait_for(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


def stored(out: Path) -> Counter[str]:
    """How many complete lines each sample has, by its question."""
    count: Counter[str] = Counter()
    for file in (out / "predictions").glob("*.jsonl"):
        for line in file.read_bytes().split(b"\n")[:-1]:
            entry = json.loads(line)
            assert not entry["error"], entry
            assert entry["parts"][0]["text"] == f"echo {file.stem}:{entry['id']}"
            count[f"{file.stem}:{entry['id']}"] += 1
    return count


def test_kill_9_loses_no_finished_answer_and_repeats_none(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", TASKS), tmp_path / "run"
    choose = random.Random(5)
    before: set[str] = set()
    with serve(after(0.01)) as server:
        for _ in range(4):
            asked = len(server.seen)
            more = choose.randrange(1, 40)
            process = start(data, out, server)
            wait_for(lambda: len(server.seen) >= asked + more)  # noqa: B023
            time.sleep(choose.random() * 0.02)
            process.kill()
            assert finish(process)[0] == -signal.SIGKILL
            assert not {seen.text for seen in server.seen[asked:]} & before
            assert before <= set(stored(out))
            before = set(stored(out))
        assert 0 < len(before) < len(ALL)
        asked = len(server.seen)
        code, text, err = finish(start(data, out, server))
    assert (code, err) == (0, "")
    assert not {seen.text for seen in server.seen[asked:]} & before
    assert stored(out) == Counter(ALL)
    assert json.loads(text)["stored_before"] == len(before)
    # Only what was in flight at a kill was asked a second time.
    assert len(server.seen) - len(ALL) <= 4 * CONCURRENCY


def test_a_torn_line_is_dropped_and_its_sample_asked_again(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 20}), tmp_path / "run"
    with serve() as server:
        assert finish(start(data, out, server))[0] == 0
        file = out / "predictions" / "one.jsonl"
        whole = file.read_bytes()
        file.write_bytes(whole[:-30])
        last = json.loads(whole.splitlines()[-1])["id"]
        code, text, _ = finish(start(data, out, server))
    assert code == 0
    assert [seen.text for seen in server.seen[20:]] == [f"one:{last}"]
    assert "torn last line" in json.loads(text)["notes"][0]
    assert len(stored(out)) == 20


def test_ctrl_c_leaves_a_run_that_resumes(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", TASKS), tmp_path / "run"
    with serve(after(0.01)) as server:
        process = start(data, out, server)
        wait_for(lambda: len(server.answered) >= 30)
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
        assert (code, err) == (130, "stopped\n")
        done = stored(out)
        # The requests in flight were let finish, so that none is asked twice.
        assert len(done) == len(server.seen) < len(ALL)
        assert json.loads((out / "run.json").read_text())["end"] is None
        assert finish(start(data, out, server))[0] == 0
    assert len(server.seen) == len(ALL)
    assert stored(out) == Counter(ALL)
    assert json.loads((out / "run.json").read_text())["end"]


def test_ctrl_c_does_not_wait_for_a_server_that_hangs(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 20}), tmp_path / "run"
    with serve(after(30)) as server:
        process = start(data, out, server, "grace=0.2")
        wait_for(lambda: len(server.seen) == CONCURRENCY)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert finish(process)[0] == 130
        assert time.monotonic() - began < 5
    assert not stored(out)


def test_only_one_process_writes_to_a_run(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 20}), tmp_path / "run"
    released = threading.Event()

    async def held(seen, request):
        while not released.is_set():
            await asyncio.sleep(0.01)
        return await echo(seen, request)

    with serve(held) as server:
        first = start(data, out, server)
        wait_for(lambda: len(server.seen) > 0)
        code, _, err = finish(start(data, out, server))
        released.set()
        assert code == 2
        assert "another process" in err
        assert err.count("\n") == 1
        assert finish(first)[0] == 0
    assert len(server.seen) == 20


def test_a_full_disk_is_one_line_and_the_run_resumes(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 60}), tmp_path / "run"
    with serve() as server:
        code, _, err = finish(start(data, out, server, LARGEST_FILE="4000"))
        assert code == 2
        assert err.count("\n") == 1
        assert "cannot be written" in err
        assert "one.jsonl" in err
        kept = stored(out)
        assert 5 < len(kept) < 60
        asked = len(server.seen)
        assert finish(start(data, out, server))[0] == 0
    assert not {seen.text for seen in server.seen[asked:]} & set(kept)
    assert stored(out) == Counter(f"one:{i}" for i in range(60))


def test_a_refused_key_ends_the_run_in_one_line_and_shows_no_key(tmp_path: Path) -> None:
    key = "sk-very-secret-0815"
    data, out = make_data(tmp_path / "data", {"one": 20}), tmp_path / "run"
    with serve(in_turn(status(400, f"bad, {key}"), closes, status(401, f"Incorrect key: {key}"))) as server:
        code, text, err = finish(start(data, out, server, OPENAI_API_KEY=key))
        assert server.seen[0].headers["Authorization"] == f"Bearer {key}"
    assert code == 2
    assert err.count("\n") == 1
    assert "refused the key" in err
    written = b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())
    assert b"bad, [key]" in written
    assert key not in text + err
    assert key.encode() not in written


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 3})
    code, _, err = finish(start(data, tmp_path / "run", Server("http://127.0.0.1:9/v1")))
    assert code == 2
    assert "http://127.0.0.1:9/v1/chat/completions: cannot be reached" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("text", ["def f(r): return r.parts[0].text", "async def f(r): return r.parts[0].text"])
def test_sigterm_stops_a_python_function_too(tmp_path: Path, text: str) -> None:
    module = tmp_path / "mine.py"
    module.write_text("import time\n" + text.replace(": return", ":\n time.sleep(0.02)\n return"))
    data, out = make_data(tmp_path / "data", {"one": 1000}), tmp_path / "run"
    process = subprocess.Popen([sys.executable, str(FAKES), str(data), str(out), f"python:{module}:f"])
    wait_for(lambda: (out / "predictions" / "one.jsonl").exists())
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 130
    assert (out / "predictions" / "one.jsonl").read_bytes().endswith(b"\n")


def test_more_requests_in_flight_than_files_that_may_be_open(tmp_path: Path) -> None:
    data, out, most = make_data(tmp_path / "data", {"one": 300}), tmp_path / "run", 200
    with serve(after(0.2)) as server:
        spec = f"openai:m?base_url={server.url}&concurrency={most}&attempts=1"
        command = [sys.executable, str(FAKES), str(data), str(out), spec]
        ended = subprocess.run(
            ["/bin/sh", "-c", 'ulimit -Sn 100; exec "$@"', "sh", *command], capture_output=True, text=True, timeout=60
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(stored(out)) == 300
    assert server.most_in_flight > 100


def test_what_leaves_the_event_loop_at_once_lets_the_rest_be_closed() -> None:
    closed = []

    async def main() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(60))
                group.create_task(leave())
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    async def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        run_detached(main(), 1)
    assert closed
