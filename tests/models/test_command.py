"""Programs as models: real processes that answer well, and every way in which one can fail."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel import models
from genlevel.errors import ModelError, RequestFailed
from genlevel.media import encode_png
from genlevel.models.command_lines import answer_of
from genlevel.records import Part, Reply, Request, Usage
from genlevel.runner import RunFolder
from tests.runner.fakes import do_run, make_data, write_task

DOCS = Path(__file__).parents[2] / "docs" / "models.md"
PNG = encode_png(np.zeros((2, 3, 3), np.uint8))

# The program under test does what the request's text says; "log" in its folder has a line for each start and each request.
PROGRAM = """
import base64, json, os, signal, subprocess, sys, time
def log(text):
    with open("log", "a") as file: file.write(text + "\\n")
def say(value, **more): print(json.dumps({"id": request["id"], **value, **more}), flush=True)
log(f"start {os.getpid()}")
if "slow" in sys.argv: time.sleep(0.7)
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "broken" in sys.argv: sys.exit("Traceback\\nImportError: no module named weights")
if "chatty" in sys.argv: print("Loading weights ...")
kept = []
for line in sys.stdin:
    request = json.loads(line)
    text = " ".join(part["text"] for part in request["parts"] if part["kind"] == "text")
    word, _, rest = text.partition(" ")
    log(f"asked {text}")
    first = not os.path.exists(f"did-{rest}")
    if word.endswith("-once"):
        word = word[:-5] if first else "echo"
        open(f"did-{rest}", "w").close()
    if word == "echo": say({"text": f"echo {rest}"}, usage={"input_tokens": 3, "output_tokens": 1, "cost": 0.5})
    elif word == "all": say({"text": json.dumps(request)})
    elif word == "env": say({"text": json.dumps(dict(os.environ))})
    elif word == "error": say({"error": rest})
    elif word == "keep": kept.append(request["id"])
    elif word == "release":
        kept.append(request["id"])
        for number in reversed(kept): print(json.dumps({"id": number, "text": number}), flush=True)
        kept = []
    elif word == "twice": say({"text": "1"}); say({"text": "2"})
    elif word == "draw":
        with open("out.png", "wb") as file: file.write(base64.b64decode(rest))
        say({"parts": [{"kind": "text", "text": "here"}, {"kind": "image", "path": "out.png"}]})
    elif word == "inline": say({"parts": [{"kind": "image", "data": rest}]})
    elif word == "die": print("fatal: out of luck", file=sys.stderr); os._exit(3)
    elif word == "signal": os.kill(os.getpid(), signal.SIGSEGV)
    elif word == "hang": time.sleep(60)
    elif word == "garbage": sys.stdout.buffer.write(b"\\xff\\x00{]\\n"); sys.stdout.flush(); time.sleep(60)
    elif word == "nameless": print(json.dumps({"text": "x"}), flush=True)
    elif word == "long":
        for _ in range(100): sys.stdout.write("x" * 2**20)
        print(flush=True)
    elif word == "fork":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        log(f"child {child.pid}")
        time.sleep(60)
    elif word == "close": os.close(1); time.sleep(60)
    elif word == "noisy": sys.stderr.write("x" * 2**20 + "\\n"); sys.stderr.flush(); say({"text": "done"})
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def spec(program: Path, options: str = "", *arguments: str) -> str:
    words = " ".join([sys.executable, str(program), *arguments])
    return f"command:{words}?cwd={program.parent}{options}"


@asynccontextmanager
async def opened(text: str) -> AsyncIterator[models.Model]:
    model = models.load(text)
    await model.start([])
    try:
        yield model
    finally:
        await model.close()
        assert zombies() == []


def zombies() -> list[int]:
    """Children of this process that ended and were not waited for."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state == "Z" and int(parent) == os.getpid():
            found.append(int(entry.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def log(program: Path, word: str) -> list[str]:
    lines = (program.parent / "log").read_text().splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(word)]


def ask(text: str, *parts: Part, sample: str = "1", **fields: Any) -> Request:
    return Request("t", sample, "test", (Part("text", text), *parts), **fields)


async def text_of(model: models.Model, text: str) -> str:
    reply = await model.generate(ask(text))
    return reply.parts[0].text


async def test_a_request_is_a_line_and_so_is_its_answer(program: Path) -> None:
    import json

    image = program.parent / "a.png"
    image.write_bytes(PNG)
    async with opened(spec(program)) as model:
        reply = await model.generate(ask("echo a\nb"))
        assert reply == Reply((Part("text", "echo a\nb"),), Usage(3, 1, 0.5))
        request = Request(
            "task", "s-7", "image-classification", (Part("text", "all"), Part("image", path=image), Part("image", data=PNG)),
            frozenset({"text", "image"}), 77, ("cat", "dog"), "a cat", {1: "sky"},
        )  # fmt: skip
        line = json.loads((await model.generate(request)).parts[0].text)
        given = line["parts"].pop()
        assert line == {
            "id": "2", "task_id": "task", "sample_id": "s-7", "task_type": "image-classification", "seed": 77,
            "makes": ["image", "text"], "choices": ["cat", "dog"], "content": "a cat", "classes": {"1": "sky"},
            "parts": [{"kind": "text", "text": "all"}, {"kind": "image", "path": str(image), "media_type": "image/png"}],
        }  # fmt: skip
        assert (given["kind"], given["media_type"]) == ("image", "image/png")
        assert not Path(given["path"]).exists(), "it is there while the program works, and no longer"
    assert len(log(program, "start")) == 1
    assert not Path(given["path"]).parent.exists()


async def test_media_are_read_before_the_next_request(program: Path) -> None:
    import base64

    pictures = [encode_png(np.full((2, 2, 3), n, np.uint8)) for n in range(5)]
    async with opened(spec(program, "&makes=text,image")) as model:
        replies = await asyncio.gather(
            *(model.generate(ask(f"draw {base64.b64encode(picture).decode()}")) for picture in pictures)
        )
        assert [reply.parts[1] for reply in replies] == [
            Part("image", data=picture, media_type="image/png") for picture in pictures
        ]
        inline = await model.generate(ask(f"inline {base64.b64encode(PNG).decode()}"))
        assert inline.parts == (Part("image", data=PNG, media_type="image/png"),)


async def test_answers_out_of_order_find_their_requests(program: Path) -> None:
    async with opened(spec(program, "&batch=4")) as model:
        assert model.concurrency == 4
        tasks = [asyncio.create_task(text_of(model, word)) for word in ("keep", "keep", "keep")]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in tasks)
        tasks.append(asyncio.create_task(text_of(model, "release")))
        assert await asyncio.gather(*tasks) == ["1", "2", "3", "4"]
        assert await text_of(model, "twice") == "1"
        assert await text_of(model, "echo x") == "echo x"


async def test_several_processes_share_the_work(program: Path) -> None:
    async with opened(spec(program, "&processes=3")) as model:
        assert model.concurrency == 3
        tasks = [
            asyncio.create_task(text_of(model, "hang-once x")),
            *(asyncio.create_task(text_of(model, f"echo {n}")) for n in range(20)),
        ]
        assert await asyncio.gather(*tasks[1:]) == [f"echo {n}" for n in range(20)]
        tasks[0].cancel()
    assert len(log(program, "start")) == 3
    assert not any(alive(int(pid)) for pid in log(program, "start"))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("die", r"ended with code 3 \(its last words: fatal: out of luck\)"),
        ("signal", "was killed by SIGSEGV"),
        ("hang", r"did not answer within [\d.]+ s"),
        ("garbage", r"did not answer within [\d.]+ s \(its last line that is no answer: .*\{\]\)"),
        ("nameless", 'answered without the id of a request: {"text": "x"}'),
        ("long", "wrote a line of more than 64 MiB"),
        ("fork", r"did not answer within [\d.]+ s"),
        ("close", "closed its output"),
    ],
)  # fmt: skip
async def test_a_fault_costs_its_request_alone(program: Path, word: str, reason: str) -> None:
    """Once: the request is asked again and answered. Always: it fails, and the next is answered by a new process."""
    async with opened(spec(program, f"&timeout={20 if word == 'long' else 0.6}&startup=20")) as model:
        assert await text_of(model, "echo 1") == "echo 1"
        assert await text_of(model, f"{word}-once x") == "echo x"
        assert await text_of(model, "echo 2") == "echo 2"
        failed = asyncio.create_task(model.generate(ask(f"{word} y")))
        if word in {"hang", "garbage", "fork"}:
            await _started(program, 3)
        with pytest.raises(RequestFailed, match=reason) as error:
            await failed
        assert error.value.attempts == 2
        assert await text_of(model, "echo 3") == "echo 3"
    assert log(program, "asked") == [
        "echo 1",
        f"{word}-once x",
        f"{word}-once x",
        "echo 2",
        f"{word} y",
        f"{word} y",
        "echo 3",
    ]
    assert len(log(program, "start")) == 4
    assert not any(alive(int(pid)) for pid in log(program, "start") + log(program, "child"))


async def _started(program: Path, count: int) -> None:
    end = time.monotonic() + 20
    while len(log(program, "start")) < count and time.monotonic() < end:
        await asyncio.sleep(0.05)


async def test_a_bad_request_fails_none_of_its_company(program: Path) -> None:
    async with opened(spec(program, "&batch=8")) as model:
        words = [f"echo {n}" for n in range(12)]
        words[5:5] = ["die x"]
        found = await asyncio.gather(*(text_of(model, word) for word in words), return_exceptions=True)
    failed = [error for error in found if isinstance(error, BaseException)]
    assert len(failed) == 1 and isinstance(failed[0], RequestFailed) and "out of luck" in str(failed[0])
    assert [one for one in found if isinstance(one, str)] == [f"echo {n}" for n in range(12)]
    assert len(log(program, "start")) == 4, "once in company, twice alone"


async def test_an_error_is_not_asked_again(program: Path) -> None:
    async with opened(spec(program)) as model:
        with pytest.raises(RequestFailed, match="too many cats") as error:
            await model.generate(ask("error too many\ncats"))
        assert error.value.attempts == 1
    assert len(log(program, "asked")) == 1


async def test_a_slow_start_and_a_chatty_one_are_none_too_late(program: Path) -> None:
    async with opened(spec(program, "&timeout=0.5&startup=20", "slow", "chatty")) as model:
        assert await text_of(model, "echo 1") == "echo 1"
        assert await text_of(model, "noisy") == "done"


async def test_a_program_that_ignores_being_asked_to_end_is_made_to(program: Path) -> None:
    began = time.monotonic()
    async with opened(spec(program, "", "stubborn")) as model:
        hanging = asyncio.create_task(model.generate(ask("hang")))
        await _asked(program)
        hanging.cancel()
        (pid,) = log(program, "start")
        assert alive(int(pid))
    assert not alive(int(pid))
    assert time.monotonic() - began < 20


async def _asked(program: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if (program.parent / "log").exists() and log(program, "asked"):
            return
        await asyncio.sleep(0.02)


async def test_a_program_that_cannot_start_ends_the_run(program: Path) -> None:
    async with opened(spec(program, "", "broken")) as model:
        with pytest.raises(
            ModelError, match=r"ended with code 1 \(its last words: ImportError: no module named weights\)"
        ):
            await model.generate(ask("echo 1"))


async def test_a_program_that_never_answers_ends_the_run(program: Path) -> None:
    async with opened(spec(program, "&attempts=1")) as model:
        for _ in range(4):
            with pytest.raises(RequestFailed):
                await model.generate(ask("nameless"))
        with pytest.raises(ModelError, match="has answered none of 5 requests; the program answered without the id"):
            await model.generate(ask("nameless"))


async def test_a_program_gets_the_variables_that_are_let_through(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    monkeypatch.setenv("MY_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OTHER_KEY", "sk-of-others")
    async with opened(spec(program)) as model:
        assert not {"MY_API_KEY", "OTHER_KEY"} & json.loads(await text_of(model, "env")).keys()
    async with opened(spec(program, "&env=MY_API_KEY")) as model:
        seen = json.loads(await text_of(model, "env"))
        assert (seen["MY_API_KEY"], seen["PATH"]) == ("sk-very-secret", os.environ["PATH"])
        assert "OTHER_KEY" not in seen
        with pytest.raises(RequestFailed, match=r"bad key \[MY_API_KEY\]"):
            await model.generate(ask("error bad key sk-very-secret"))
        assert "secret" not in json.dumps(dict(model.identity()))
    with pytest.raises(ModelError, match="NO_SUCH_VARIABLE is not set"):
        models.load(spec(program, "&env=NO_SUCH_VARIABLE"))


def test_the_identity_knows_the_program(program: Path, tmp_path: Path) -> None:
    before = models.load(spec(program)).identity()
    assert models.load(spec(program, "&batch=3&timeout=5")).identity() == before
    assert models.load(spec(program, "", "chatty")).identity() != before
    program.write_text(PROGRAM + "\n")
    assert models.load(spec(program)).identity() != before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("command:", "give a program"),
        ("command:no-such-program-here", "the program no-such-program-here is not there"),
        ("command:./nowhere.py", "is not there"),
        ("command:cat 'a", "cannot be split into words"),
        ("command:cat?cwd=/nowhere", r"no folder /nowhere \(option cwd\)"),
        ("command:cat?sped=1", "unknown option 'sped'"),
    ],
)
def test_wrong_specs_are_named(text: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        models.load(text)


def test_a_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    (tmp_path / "answer.py").write_text("")
    with pytest.raises(ModelError, match=r"answer\.py is not executable"):
        models.load(f"command:{tmp_path / 'answer.py'}")


LINE = (
    '{"id":"1","task_id":"t","sample_id":"1","task_type":"test","seed":0,"makes":["text"],'
    '"parts":[{"kind":"text","text":"hello"}]}'
)


@pytest.mark.parametrize(
    ("language", "answer"), [("python", "0 files and 5 letters"), ("sh", f"{len(LINE)} characters")]
)
async def test_the_programs_of_the_page_answer(tmp_path: Path, language: str, answer: str) -> None:
    page = DOCS.read_text(encoding="utf-8").partition("## `command:`")[2]
    (tmp_path / "program").write_text(re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)[1])  # type: ignore[index]
    starter = sys.executable if language == "python" else "sh"
    async with opened(f"command:{starter} program?cwd={tmp_path}&processes=2") as model:
        assert await asyncio.gather(*(text_of(model, "hello") for _ in range(5))) == [answer] * 5


async def test_a_pipe_that_is_closed_already_is_the_end_of_the_program_and_no_error_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlevel.models.command_process import Fault, Program

    program = await Program.open(["sh", "-c", "sleep 0.2; exit 3"], tmp_path, {"PATH": "/usr/bin:/bin"})

    def closed(_: bytes) -> None:
        raise RuntimeError("unable to perform operation; the handler is closed")

    monkeypatch.setattr(program._process.stdin, "write", closed)
    with pytest.raises(Fault, match="ended with code 3"):
        await program.ask("1", b"{}\n", 20.0)
    await program.close()


def test_a_run_asks_every_sample_and_no_answer_twice(program: Path) -> None:
    data = make_data(program.parent / "data", {"echo": 40})
    write_task(data, "echo", [{"id": i, "input": f"{'die-once' if i % 10 == 3 else 'echo'} {i}"} for i in range(40)])
    out = program.parent / "run"
    summary = do_run(data, out, spec(program, "&processes=2&batch=3"))
    assert (summary.total.answered, summary.total.failed) == (40, 0)
    found = {p.id: p.parts[0].text for p in RunFolder.open(out).predictions("echo")}
    assert found == {str(i): f"echo {i}" for i in range(40)}
    assert not any(alive(int(pid)) for pid in log(program, "start"))
    asked = log(program, "asked")
    assert len({text for text in asked if text.startswith("echo")}) == 36
    do_run(data, out, spec(program, "&processes=1"))
    assert log(program, "asked") == asked


_VALUE = st.sampled_from(
    [
        None,
        True,
        3,
        -1.5,
        float("nan"),
        "",
        "x",
        "image",
        "text",
        "aGk=",
        "../a.png",
        [],
        {},
        ["x"],
        {"cost": "1"},
        {"cost": 1},
    ]
)
_OBJECT = st.dictionaries(
    st.sampled_from(["text", "parts", "error", "usage", "kind", "path", "data", "media_type"]), _VALUE, max_size=4
)


@given(_OBJECT, st.none() | st.lists(_OBJECT, max_size=3))
def test_whatever_a_program_answers_is_a_reply_or_a_failure(answer: dict[str, Any], parts: Any) -> None:
    answer = answer if parts is None else {**answer, "parts": parts}
    try:
        reply = answer_of(answer, Path("/nowhere"))
    except RequestFailed as error:
        assert "\n" not in str(error)
    else:
        assert reply.parts and all(part.kind == "text" or part.data is not None for part in reply.parts)
