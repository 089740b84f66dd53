"""What a run asks, stores, counts and refuses."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from genlevel.errors import ModelError, RunError
from genlevel.records import Part, PartKind, Request
from genlevel.runner import RunFolder, Settings, Watcher, run
from tests.runner import fakes
from tests.runner.fakes import do_run, make_data, prepare, write_task
from tests.servers import after, serve, status

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108020000009077")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(
        "calls = []\n"
        "def answer(request):\n"
        "    calls.append(request)\n"
        "    if request.sample_id == '3':\n"
        "        raise KeyError('three\\nlines')\n"
        "    return request.parts[0].text.upper()\n"
        "def nothing(request): return None\n"
        "def empty(request): return []\n"
        "def lost(request):\n"
        "    from genlevel.records import Part\n"
        "    from pathlib import Path\n"
        "    return Part('image', path=Path('/nowhere.png'))\n"
        "def wrong(request):\n"
        "    from genlevel.records import Part\n"
        "    return Part('text', 7)\n"
        "def batch(requests):\n"
        "    calls.append(len(requests))\n"
        "    if any(r.sample_id == '3' for r in requests): raise ValueError('no three')\n"
        "    return [r.parts[0].text for r in requests]\n"
        "def short(requests): return ['x']\n"
        "def stop(request): raise StopIteration\n"
        "def leave(request): raise SystemExit(3)\n"
    )
    return path


def answers(out: Path, task: str) -> dict[str, str]:
    """Sample id to answer, or to the error in brackets."""
    return {p.id: f"[{p.error}]" if p.error else p.parts[0].text for p in RunFolder.open(out).predictions(task)}


def test_a_failure_is_stored_counted_and_asked_again(tmp_path: Path, module: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 5}), tmp_path / "run"
    for turn in range(2):
        summary = do_run(data, out, f"python:{module}:answer")
        assert (summary.total.answered, summary.total.failed) == ((4, 1) if turn == 0 else (0, 1))
        assert summary.total.stored_before == 4 * turn
        assert answers(out, "one") == {
            "0": "ONE:0", "1": "ONE:1", "2": "ONE:2", "3": "[KeyError: 'three\\nlines']", "4": "ONE:4",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("nothing", "the function gave NoneType"),
        ("empty", "the model gave no answer"),
        ("lost", "the answer cannot be stored"),
        ("wrong", "the answer cannot be stored"),
        ("stop", "StopIteration"),
        ("leave", "SystemExit"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(tmp_path: Path, module: Path, function: str, reason: str) -> None:
    summary = do_run(make_data(tmp_path / "data", {"one": 2}), tmp_path / "run", f"python:{module}:{function}")
    assert summary.total.failed == 2
    assert all(reason in answer for answer in answers(tmp_path / "run", "one").values())


def test_batches_and_one_bad_sample_in_a_batch(tmp_path: Path, module: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 10}), tmp_path / "run"
    summary = do_run(data, out, f"python:{module}:batch?batch=4")
    assert (summary.total.answered, summary.total.failed) == (9, 1)
    assert answers(out, "one")["3"] == "[ValueError: no three]"
    assert answers(out, "one")["9"] == "one:9"


def test_a_batch_of_the_wrong_length_fails(tmp_path: Path, module: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 4}), tmp_path / "run"
    # One by one the list has the right length.
    assert do_run(data, out, f"python:{module}:short?batch=4").total.answered == 4


def test_no_more_requests_in_flight_than_asked_for(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 40, "two": 40})
    with serve(after(0.02)) as server:
        do_run(data, tmp_path / "run", f"openai:m?base_url={server.url}&concurrency=64", concurrency=5)
        assert server.most_in_flight == 5


def test_limit_can_be_raised_but_not_lowered(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 10, "two": 10}), tmp_path / "run"
    with serve() as server:
        spec = f"openai:m?base_url={server.url}"
        assert do_run(data, out, spec, limit=3).total.answered == 6
        assert do_run(data, out, spec, limit=5).total.answered == 4
        with pytest.raises(RunError, match="--limit 5, not --limit 4"):
            do_run(data, out, spec, limit=4)
        with pytest.raises(RunError, match="cover all its tasks"):
            do_run(data, out, spec, only="one")
        total = do_run(data, out, spec).total
    assert (total.answered, total.stored_before, total.samples) == (10, 10, 20)


def test_tasks_can_be_added_and_finished_in_parts(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 3, "two": 3}), tmp_path / "run"
    with serve() as server:
        spec = f"openai:m?base_url={server.url}"
        for only in ("one", "two", "one", ""):
            do_run(data, out, spec, only=only)
    assert len(server.seen) == 6
    assert sorted(RunFolder.open(out).meta["tasks"]) == ["one", "two"]


def test_another_model_edition_or_data_is_refused_with_what_differs(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 3}), tmp_path / "run"
    with serve() as server:
        spec = f"openai:m?base_url={server.url}"
        do_run(data, out, spec)
        with pytest.raises(RunError, match=r"temperature was 0\.0, now 0\.5"):
            do_run(data, out, spec + "&temperature=0.5")
        # What changes no answer is no other model.
        do_run(data, out, spec + "&concurrency=3&timeout=5&attempts=2")
        write_task(data, "one", [{"id": 0, "input": "other"}])
        with pytest.raises(RunError, match="data of one has changed"):
            do_run(data, out, spec)
    assert len(server.seen) == 3


def test_a_folder_with_other_things_is_not_taken(tmp_path: Path, module: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 3})
    with pytest.raises(RunError, match="is no run folder"):
        do_run(data, tmp_path, f"python:{module}:answer")
    assert not (tmp_path / "predictions").exists()


def test_a_finished_task_is_not_read_again(tmp_path: Path, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = make_data(tmp_path / "data", {"one": 3}), tmp_path / "run"
    do_run(data, out, f"python:{module}:answer", limit=3)
    monkeypatch.setattr(fakes.Say, "read", lambda *_: pytest.fail("read again"))
    assert do_run(data, out, f"python:{module}:answer", limit=3).total.stored_before == 3


def test_changed_prompts_are_asked_again(tmp_path: Path, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = make_data(tmp_path / "data", {"one": 3}), tmp_path / "run"
    do_run(data, out, f"python:{module}:answer")
    monkeypatch.setattr("genlevel.runner.plan.__version__", "0.0.0+next")
    monkeypatch.setattr(
        fakes.Say, "ask", lambda self, s, t: Request(t.id, s.id, "test-say", (Part("text", f"now {s.id}"),))
    )
    assert do_run(data, out, f"python:{module}:answer").total.answered == 3
    assert answers(out, "one") == {"0": "NOW 0", "1": "NOW 1", "2": "NOW 2"}


def test_records_that_cannot_be_read_are_listed_and_the_rest_goes_on(tmp_path: Path, module: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 1, "two": 2}), tmp_path / "run"
    write_task(data, "one", [{"id": 0, "input": 7}, {"id": 1, "input": "a"}, {"id": 1, "input": "b"}, "x"])
    (data / "two" / "annotation.json").write_text('{"data": [{"id": 1')
    summary = do_run(data, out, f"python:{module}:answer")
    assert (summary.total.samples, summary.total.answered) == (1, 1)
    assert len(summary.problems) == summary.problem_count == 4
    assert json.loads((out / "run.json").read_text())["problems"] == summary.problems
    assert any("two" in line and "truncated" in line for line in summary.problems)


def test_what_is_wrong_with_the_data_is_told_by_the_next_run_too(tmp_path: Path, module: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 1, "two": 2, "three": 1}), tmp_path / "run"
    write_task(data, "one", [{"id": 0, "input": "a"}, *({"id": i} for i in range(1, 131))])
    (data / "two" / "annotation.json").write_text('{"data": [{"id": 1')
    for turn in range(3):
        summary = do_run(data, out, f"python:{module}:answer")
        assert summary.total.answered == (0 if turn else 2)
        assert summary.problem_count == 131  # 130 records and a file
        meta = json.loads((out / "run.json").read_text())
        assert meta["problem_count"] == 131
        assert meta["problems"] == summary.problems
        assert [task.get("problem_count", 0) for task in meta["tasks"].values()] == [130, 1, 0]
        assert len(summary.problems) == (101 if turn else 131)


def test_a_medium_that_is_missing_is_a_failure_of_its_sample(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 2}, "test-see"), tmp_path / "run"
    write_task(data, "one", [{"id": 0, "input": "a", "image": "a.png"}, {"id": 1, "input": "b", "image": "b.png"}])
    (data / "one" / "a.png").write_bytes(PNG)
    with serve() as server:
        summary = do_run(data, out, f"openai:m?base_url={server.url}")
    assert (summary.total.answered, summary.total.failed) == (1, 1)
    assert "b.png" in answers(out, "one")["1"]


def test_the_key_is_of_the_content_not_of_names(tmp_path: Path) -> None:
    keys = []
    for turn, (name, content) in enumerate([("a.png", PNG), ("b.png", PNG), ("a.png", PNG + b"!")]):
        data = make_data(tmp_path / f"data{turn}", {"one": 1}, "test-see")
        write_task(data, "one", [{"id": turn, "input": "a", "image": name}])
        (data / "one" / name).write_bytes(content)
        with serve() as server:
            model, plan, folder = prepare(data, tmp_path / f"run{turn}", f"openai:m?base_url={server.url}", Settings())
            model.identity = lambda: {"same": True}
            run(model, plan, folder)
        keys += [p.key for p in folder.predictions("one")]
    assert keys[0] == keys[1] != keys[2]


def test_all_that_a_model_may_take_is_in_the_key() -> None:
    from dataclasses import replace as changed

    from genlevel.runner.keys import keyed

    request = Request("t", "1", "x", (Part("text", "a"),))
    others = [
        request,
        changed(request, choices=("b", "c")),
        changed(request, choices=("c", "b")),
        changed(request, content="b"),
        changed(request, classes={1: "b"}),
        changed(request, schema={"type": "object"}),
        changed(request, parts=(Part("text", "b"),)),
        changed(request, makes=frozenset({"image"})),
        changed(request, task_type="y"),
    ]
    assert len({keyed(other, b"m")[1] for other in others} | {keyed(request, b"n")[1]}) == len(others) + 1
    assert keyed(changed(request, task_id="u", sample_id="2", seed=5), b"m") == (
        changed(request, task_id="u", sample_id="2", seed=5),
        keyed(request, b"m")[1],
    )


def test_what_the_model_makes_of_what_is_asked_for_is_in_the_key() -> None:
    """A server is told to draw only where the task asks for it and the model can: an answer without is another answer."""
    from genlevel.runner.keys import keyed

    either = Request("t", "1", "x", (Part("text", "a"),), frozenset({"text", "image"}))
    text, both = (frozenset[PartKind](kinds) for kinds in (("text",), ("text", "image")))
    assert keyed(either, b"m", 0, text)[1] != keyed(either, b"m", 0, both)[1]
    only = Request("t", "1", "x", (Part("text", "a"),), text)
    assert keyed(only, b"m", 0, text) == keyed(only, b"m", 0, both)


def test_a_model_that_draws_is_not_given_the_answers_of_one_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fakes.Say, "makes", frozenset({"text", "image"}))
    data, cache = make_data(tmp_path / "data", {"one": 2}), tmp_path / "cache"
    with serve() as server:
        for turn, makes in enumerate(("", "&makes=text,image")):
            total = do_run(data, tmp_path / f"run{turn}", f"openai:m?base_url={server.url}{makes}", cache=cache).total
            assert (total.answered, total.cached) == (2, 0)
        assert [seen.body.get("modalities") for seen in server.seen] == [None] * 2 + [["text", "image"]] * 2


def test_what_the_model_cannot_do_is_not_asked(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 2}, "test-draw")
    with serve() as server:
        summary = do_run(data, tmp_path / "run", f"openai:m?base_url={server.url}")
        assert summary.unsupported == {"one": "the model makes no image"}
        see = make_data(tmp_path / "see", {"two": 2}, "test-see")
        summary = do_run(see, tmp_path / "run2", f"openai:m?base_url={server.url}&takes=text")
        assert summary.unsupported == {"two": "the model takes no image"}
    assert not server.seen
    assert RunFolder.open(tmp_path / "run").meta["unsupported"] == {"one": "the model makes no image"}


def test_a_model_error_ends_the_run_and_keeps_what_was_answered(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 50}), tmp_path / "run"

    async def refuse_later(seen, request):
        return await (status(401, "key withdrawn")(seen, request) if len(server.seen) > 20 else after(0)(seen, request))

    with serve(refuse_later) as server, pytest.raises(ModelError, match="401: key withdrawn"):
        do_run(data, out, f"openai:m?base_url={server.url}&concurrency=4")
    assert 15 <= len(RunFolder.open(out).answered("one")) <= 20
    meta = RunFolder.open(out).meta
    assert meta["end"] is None, "a run that ended early has not ended for those who score it"
    assert "401: key withdrawn" in meta["stopped"]


def test_the_watcher_is_told_everything(tmp_path: Path, module: Path) -> None:
    class Told(Watcher):
        def __init__(self) -> None:
            self.totals: list[int] = []
            self.samples = 0
            self.done: dict[str, int] = {}

        def total(self, samples: int) -> None:
            self.totals.append(samples)

        def sample(self, task_id: str, failed: bool) -> None:
            self.samples += 1

        def finished(self, task_id, counts) -> None:
            self.done[task_id] = counts.samples

    data = make_data(tmp_path / "data", {"one": 7, "two": 5, "empty": 0})
    told = Told()
    model, plan, folder = prepare(data, tmp_path / "run", f"python:{module}:answer", Settings(limit=6))
    run(model, plan, folder, Settings(limit=6), watcher=told)
    assert told.totals == [11] * len(told.totals)
    assert (told.samples, told.done) == (11, {"one": 6, "two": 5, "empty": 0})


def test_a_run_works_in_a_thread_that_is_not_the_main_one(tmp_path: Path, module: Path) -> None:
    data, totals = make_data(tmp_path / "data", {"one": 2}), []
    thread = threading.Thread(
        target=lambda: totals.append(do_run(data, tmp_path / "run", f"python:{module}:answer").total.answered)
    )
    thread.start()
    thread.join(20)
    assert totals == [2]


def test_images_are_reduced_to_the_model_s_limit_and_the_limit_is_part_of_the_run(tmp_path: Path) -> None:
    import base64

    import numpy as np

    from genlevel.media import encode_png, image_size

    data = make_data(tmp_path / "data", {"one": 2}, "test-see")
    write_task(data, "one", [{"id": i, "input": "a", "image": f"{i}.png"} for i in range(2)])
    for i, side in enumerate((300, 40)):
        pixels = np.random.default_rng(i).integers(0, 256, (side, side // 2, 3), dtype=np.uint8)
        (data / "one" / f"{i}.png").write_bytes(encode_png(pixels))
    with serve() as server:
        spec = f"openai:m?base_url={server.url}"
        do_run(data, tmp_path / "run", f"{spec}&max_side=100&concurrency=1")
        sent = [seen.content[1]["image_url"]["url"].partition(",")[2] for seen in server.seen]
        assert [image_size(Part("image", data=base64.b64decode(s))) for s in sent] == [(100, 50), (40, 20)]
        # What is not larger goes out as it is.
        assert base64.b64decode(sent[1]) == (data / "one" / "1.png").read_bytes()
        with pytest.raises(RunError, match="image_limit was 100, now null"):
            do_run(data, tmp_path / "run", spec)
        do_run(data, tmp_path / "run2", spec)
    keys = [{p.key for p in RunFolder.open(tmp_path / run).predictions("one")} for run in ("run", "run2")]
    assert not keys[0] & keys[1]


def test_a_window_is_filled_while_the_reader_reads_and_falls_back_to_batches(tmp_path: Path, module: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 50}), tmp_path / "run"
    model, plan, folder = prepare(data, out, f"python:{module}:batch?batch=4", Settings())
    model.window = 16
    total = run(model, plan, folder).total
    assert (total.answered, total.failed) == (49, 1)
    sizes = model._function.__globals__["calls"]
    # 16 with the bad sample, which becomes four batches, of which one is asked one by one; then full windows.
    assert sizes == [16, 4, 1, 1, 1, 1, 4, 4, 4, 16, 16, 2]
