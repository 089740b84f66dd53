"""Answers shared between runs and processes: taken when they fit, never a failure, safe when a process is killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from genlevel.errors import RunError
from genlevel.records import Part, Reply, Usage
from genlevel.runner import RunFolder
from genlevel.runner.cache import AnswerCache
from tests.runner.fakes import do_run, find, make_data, write_task
from tests.runner.test_crash import finish, start, stored, wait_for
from tests.servers import after, serve, status

TEXT = Reply((Part("text", "a"),), Usage(7, 3, 0.5))


def filled(folder: Path, answers: dict[str, Reply]) -> None:
    with AnswerCache(folder) as cache:
        for key, reply in answers.items():
            cache.add(key, reply)
    assert cache.notes == []


def found(folder: Path, *keys: str) -> dict[str, Reply]:
    with AnswerCache(folder) as cache:
        return cache.find(keys)


def test_what_was_added_is_found_and_the_first_stays(tmp_path: Path) -> None:
    filled(tmp_path, {"k": TEXT})
    filled(tmp_path, {"k": Reply((Part("text", "other"),)), "l": Reply((Part("text", "b"), Part("text", "\ud800é")))})
    replies = found(tmp_path, "k", "l", "m")
    assert set(replies) == {"k", "l"}
    assert replies["k"] == Reply(TEXT.parts, TEXT.usage, attempts=0)
    assert [p.text for p in replies["l"].parts] == ["b", "?é"]


def test_media_are_kept_and_one_that_is_gone_is_no_answer(tmp_path: Path) -> None:
    data = {"k": b"\x89PNG one", "l": b"RIFF two"}
    filled(tmp_path, {key: Reply((Part("image", data=value, media_type="image/png"),)) for key, value in data.items()})
    replies = found(tmp_path, "k", "l")
    paths = {key: reply.parts[0].path for key, reply in replies.items()}
    assert {key: path.read_bytes() for key, path in paths.items() if path} == data
    assert paths["k"] is not None
    paths["k"].unlink()
    assert set(found(tmp_path, "k", "l")) == {"l"}


def test_a_second_run_asks_nothing_and_has_the_same_answers(tmp_path: Path) -> None:
    data, cache = make_data(tmp_path / "data", {"one": 40, "two": 7}), tmp_path / "cache"
    with serve() as server:
        spec = f"openai:m?base_url={server.url}"
        first = do_run(data, tmp_path / "run1", spec, cache=cache)
        assert (first.total.answered, first.total.cached) == (47, 0)
        second = do_run(data, tmp_path / "run2", spec, cache=cache)
        assert (second.total.answered, second.total.cached) == (47, 47)
        assert len(server.seen) == 47
        # Other settings are another model.
        do_run(data, tmp_path / "run3", spec + "&max_tokens=5", cache=cache, limit=1)
        assert len(server.seen) == 49
    assert stored(tmp_path / "run2") == stored(tmp_path / "run1")
    line = json.loads((tmp_path / "run2" / "predictions" / "one.jsonl").read_text().splitlines()[0])
    assert line["attempts"] == 0


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    data, cache = make_data(tmp_path / "data", {"one": 5}), tmp_path / "cache"
    with serve(status(400, "no")) as server:
        url = server.url
        assert do_run(data, tmp_path / "run", f"openai:m?base_url={url}", cache=cache).total.failed == 5
    with sqlite3.connect(cache / "answers.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM answers").fetchone() == (0,)
    connection.close()


def test_what_a_model_draws_is_taken_from_the_cache_of_the_same_seed_only(tmp_path: Path) -> None:
    data, cache = make_data(tmp_path / "data", {"one": 2}), tmp_path / "cache"
    write_task(data, "one", [{"id": 0, "input": "same"}, {"id": 1, "input": "same"}])
    with serve() as server:
        spec = f"openai:m?base_url={server.url}&concurrency=1"
        asked = []
        for number, (extra, settings) in enumerate(
            [("", {}), ("", {}), ("", {"seed": 4}), ("", {"repeat": 3}), ("&seed=sample", {}), ("&seed=sample", {})]
        ):
            before = len(server.seen)
            do_run(data, tmp_path / f"run{number}", spec + extra, cache=cache, **settings)
            asked.append(len(server.seen) - before)
    # Two equal requests without a seed in flight together are both asked; drawn ones are each their own.
    assert asked == [2, 0, 2, 4, 2, 0]
    assert len({seen.body["seed"] for seen in server.seen[-2:]}) == 2


def test_a_cache_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="give another --cache"), AnswerCache(tmp_path / "file"):
        pass
    (tmp_path / "answers.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(RunError, match="is no cache of answers"), AnswerCache(tmp_path):
        pass
    other = tmp_path / "other"
    other.mkdir()
    connection = sqlite3.connect(other / "answers.sqlite")
    connection.execute("CREATE TABLE bank (account)")
    connection.close()
    with pytest.raises(RunError, match="another program's database"), AnswerCache(other):
        pass


def test_a_damaged_row_is_no_answer(tmp_path: Path) -> None:
    filled(tmp_path, {"k": TEXT})
    with sqlite3.connect(tmp_path / "answers.sqlite") as connection:
        for key, row in (
            ("a", b"{"),
            ("b", b'{"parts": [{"kind": "image", "file": "../../etc/passwd"}], "usage": {}}'),
        ):
            connection.execute("INSERT INTO answers VALUES (?, ?)", (key, row))
    connection.close()
    assert set(found(tmp_path, "k", "a", "b")) == {"k"}


_WRITER = """
import sys
from pathlib import Path
from genlevel.records import Part, Reply
from genlevel.runner.cache import AnswerCache
with AnswerCache(Path(sys.argv[1])) as cache:
    print("open", flush=True)
    for i in range(int(sys.argv[3])):
        cache.add(f"{sys.argv[2]}{i}", Reply((Part("text", f"{sys.argv[2]}{i}"), Part("image", data=b"%d" % (i % 50)))))
assert not cache.notes, cache.notes
"""


def test_several_processes_write_at_the_same_time(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), name, "400"], stdout=subprocess.PIPE)
        for name in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.close()
    for name in "abc":
        replies = found(tmp_path, *(f"{name}{i}" for i in range(400)))
        assert {key: reply.parts[0].text for key, reply in replies.items()} == {
            f"{name}{i}": f"{name}{i}" for i in range(400)
        }


def test_a_writer_that_is_killed_spoils_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path), "a", "10000000"]
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.3)
            os.kill(writer.pid, signal.SIGKILL)
    replies = found(tmp_path, *(f"a{i}" for i in range(500)))
    assert len(replies) > 50
    assert all(reply.parts[0].text == key for key, reply in replies.items())
    filled(tmp_path, {"after": TEXT})
    assert set(found(tmp_path, "after")) == {"after"}


def test_kill_9_of_a_run_and_another_folder_costs_only_the_last_moment(tmp_path: Path) -> None:
    data, cache = make_data(tmp_path / "data", {"one": 100}), tmp_path / "cache"
    with serve(after(0.02)) as server:
        driver = start(data, tmp_path / "run", server, f'cache="{cache}"')
        wait_for(lambda: len(server.answered) >= 60)
        driver.kill()
        finish(driver)
        before = len(server.answered)
        time.sleep(0.1)
        total = do_run(data, tmp_path / "run2", f"openai:m?base_url={server.url}&concurrency=8", cache=cache).total
    assert total.answered == 100
    # What was in flight, and at most a twentieth of a second of answers.
    assert total.cached >= before - 8 - 30
    assert max(Counter(seen.text for seen in server.seen).values()) <= 2
    assert len(RunFolder.open(tmp_path / "run2").answered("one")) == 100


def test_a_full_disk_costs_the_cache_and_not_the_run(tmp_path: Path) -> None:
    data, cache = make_data(tmp_path / "data", {"one": 300}), tmp_path / "cache"
    filled(cache, {"k": TEXT})
    with serve() as server:
        # One file may not grow beyond this: the database's log does, the run's file of answers does not.
        driver = start(data, tmp_path / "run", server, f'cache="{cache}"', LARGEST_FILE="100000")
        code, text, _ = finish(driver)
    assert code == 0
    (note,) = json.loads(text)["notes"]
    assert "the cache was not used any further" in note
    assert len(stored(tmp_path / "run")) == 300
    assert set(found(cache, "k")) == {"k"}


def test_what_learns_from_the_data_takes_nothing_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same question with other training examples: the answer is not the one of before."""
    answers = []
    for say in ("red", "blue"):
        data = make_data(tmp_path / say, {"one": 1})
        (data / "one" / "train").mkdir()
        entry = {"id": 0, "input": "one:0", "output": say}
        (data / "one" / "train" / "annotation.json").write_text(json.dumps({"task": "one", "data": [entry]}))
        taught = [replace(d, train=d.folder / "train" / "annotation.json") for d in find(data)]
        monkeypatch.setattr("tests.runner.fakes.find", lambda _, taught=taught: taught)
        summary = do_run(data, tmp_path / f"run-{say}", "nearest:", cache=tmp_path / "cache")
        assert [note for note in summary.notes if "--cache: not used" in note]
        answers += [p.parts[0].text for p in RunFolder.open(tmp_path / f"run-{say}").predictions("one")]
    assert answers == ["red", "blue"]
    assert not (tmp_path / "cache").exists()
