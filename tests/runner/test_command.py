"""``genlevel run`` and ``genlevel models`` as a person meets them, and what the pages about them show."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genlevel import models
from genlevel.cli import main
from genlevel.cli.run_command import slug

DOCS = Path(__file__).parents[2] / "docs"
SUMS = 12


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with its own catalog: one task of sums, one of colours, one that draws."""
    root = tmp_path / "data"
    rows = [
        "id,modality,paradigm,name,task_type,metric",
        "sums,language,language,Sums,question-answering,exact_match",
        "colours,language,language,Colours,question-answering,exact_match",
        "drawing,image,generation,Drawing,text-to-image,psnr",
    ]
    for name in ("sums", "colours", "drawing"):
        folder = root / ("image/generation" if name == "drawing" else "nlp") / name
        folder.mkdir(parents=True)
        entries = [
            {"id": i, "input": {"question": f"{i} + 1 = ?"}, "output": {"text": str(i + 1)}} for i in range(SUMS)
        ]
        (folder / "annotation.json").write_text(json.dumps({"task": name, "data": entries}))
    (root / "catalog.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def adder(tmp_path: Path) -> str:
    (tmp_path / "adder.py").write_text(
        "import re, time\n"
        "def answer(request):\n"
        "    text = ' '.join(p.text for p in request.parts)\n"
        "    return str(int(re.search(r'(\\d+) \\+ 1', text)[1]) + 1)\n"
        "def fails(request):\n"
        "    if request.sample_id == '3': raise ValueError('no')\n"
        "    return answer(request)\n"
        "def hangs(request): time.sleep(60)\n"
    )
    return f"python:{tmp_path / 'adder.py'}"


def test_run_scores_and_goes_on(data: Path, adder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", "--model", f"{adder}:answer", "--data", str(data), "--out", str(tmp_path / "run")]
    for turn in range(2):
        assert main(command) == 0
        out, err = capsys.readouterr()
        assert f"{0 if turn else 2 * SUMS} answered, 0 failed" in err
        assert "not asked: the model makes no image: 1 task, counting 0: drawing" in err
        lines = re.findall(r"^(\w+): (\d+ answered.*)$", err, re.MULTILINE)
        stored = f"0 answered, {SUMS} stored before"
        assert lines == [(name, stored if turn else f"{SUMS} answered") for name in ("sums", "colours")]
        assert re.search(r"^sums +exact_match +100", out, re.MULTILINE)
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert {t["task_id"]: t["value"] for t in scores["tasks"]} == {"sums": 100, "colours": 100, "drawing": None}
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_failure_is_exit_1_and_quiet_is_quiet(
    data: Path, adder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", "--model", f"{adder}:fails", "--data", str(data), "--out", str(tmp_path / "run"), "--no-score"]
    assert main([*command, "--tasks", "sums", "--limit", "5", "--quiet"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    told = r"\S+run: 4 answered, 1 failed in .* s, .*/s\n1 failed: ValueError: no\nwhich samples failed is in (\S+)\n"
    match = re.fullmatch(told, err)
    assert match is not None
    assert Path(match[1]).read_text().splitlines() == ["task_id,id,repeat,error", "sums,3,1,ValueError: no"]
    assert not (tmp_path / "run" / "scores.json").exists()


def test_the_commonest_reasons_for_failures_are_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "def answer(request):\n    n = int(request.sample_id)\n"
        "    raise ValueError('full' if n < 6 else 'bad ' + 'abcd'[n - 6])\n"
    )
    (tmp_path / "bad.py").write_text(code)
    command = ["run", "--model", f"python:{tmp_path / 'bad.py'}:answer", "--data", str(data), "--no-score", "--quiet"]
    assert main([*command, "--out", str(tmp_path / "run"), "--tasks", "sums", "--limit", "10"]) == 1
    _, *reasons = capsys.readouterr().err.splitlines()
    assert reasons[:3] == ["6 failed: ValueError: full", "1 failed: ValueError: bad a", "1 failed: ValueError: bad b"]
    assert reasons[3:] == [f"... and for 2 more reasons; which samples failed is in {tmp_path / 'run' / 'failed.csv'}"]


def test_what_is_wrong_with_the_data_is_said_once_in_each_run(
    data: Path, adder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "nlp" / "colours" / "annotation.json").write_text('{"data": [{"id": 1')
    sums = data / "nlp" / "sums" / "annotation.json"
    sums.write_text(json.dumps({"data": [*json.loads(sums.read_text())["data"], {"id": 99}]}))
    command = ["run", "--model", f"{adder}:answer", "--data", str(data), "--out", str(tmp_path / "run"), "--quiet"]
    for _ in range(2):
        assert main(command) == 1
        err = capsys.readouterr().err
        assert err.count("truncated") == 1
        assert err.count("has no input") == 1
        assert "colours: not scorable, as said above" in err
    assert main(["score", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err.count("truncated") == 1


def test_the_default_folder_is_named_by_model_and_edition(
    data: Path, adder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--model", f"{adder}:answer", "--data", str(data), "--no-score", "--quiet"]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.startswith("adder-answer-")
    assert slug("org/a b:c?") == "org-a-b-c"
    assert slug("../..") == "model"


def test_a_run_that_is_stopped_tells_how_fast_it_answered(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "slow.py").write_text("import time\ndef answer(request):\n    time.sleep(0.1)\n    return 'x'\n")
    command = [
        "run",
        "--model",
        f"python:{tmp_path / 'slow.py'}:answer",
        "--data",
        str(data),
        "--out",
        str(tmp_path / "run"),
    ]
    assert main([*command, "--quiet", "--max-time", "0.4"]) == 1
    told = re.search(r"(\d+) answered, 0 failed in ([\d.]+) s, ([\d.]+)/s", capsys.readouterr().err)
    assert told is not None
    answered, seconds, rate = map(float, told.groups())
    assert 0 < answered < 2 * SUMS
    assert answered / (seconds + 0.05) - 0.05 <= rate <= answered / (seconds - 0.05) + 0.05


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "gpt-4o"], "no SPEC"),
        (["--model", "ADDER:answer", "--tasks", "smus"], "smus"),
        (["--model", "ADDER:answer", "--resume"], "holds no run"),
        (["--model", "ADDER:answer", "--on", "ray", "--concurrency", "4"], "'replicas' and 'ahead'"),
        (["--model", "ADDER:answer", "--on", "ray", "--concurrency", "auto"], "'concurrency' in the SPEC"),
        (["--model", "ADDER:answer", "--timeout", "5"], "--timeout: this kind of model has no such option"),
        (["--model", "ADDER:answer", "--data", "/nowhere/at/all"], "/nowhere/at/all"),
        (["--model", "openai:m?base_url=http://127.0.0.1:9/v1", "--max-attempts", "1"], "cannot be reached"),
    ],
)
def test_a_mistake_is_one_line(
    data: Path, adder: str, tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [option.replace("ADDER", adder) for option in options]
    command = ["run", "--data", str(data), "--out", str(tmp_path / "run"), "--quiet", *options]
    assert main(command) == 2
    (line,) = [x for x in capsys.readouterr().err.splitlines() if "not asked" not in x]
    assert line.startswith("genlevel: error: ")
    assert message in line


def test_ctrl_c_ends_even_with_a_function_that_hangs(data: Path, adder: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "genlevel",
        "run",
        "--model",
        f"{adder}:hangs",
        "--data",
        str(data),
        "--out",
        str(out),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    while not (out / ".lock").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)  # the second time it does not wait for what is in flight
    began = time.monotonic()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 4
    assert err.splitlines()[-1].startswith("stopped; every answer so far is in ")


STUCK = """
import functools, sys, genlevel.runner
from genlevel.cli import main
genlevel.runner.Settings = functools.partial(genlevel.runner.Settings, grace=0.2, last_grace=0.2)
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("function", "options", "code", "said"),
    [
        ("hangs_at_3", ["--max-time", "0.5"], 1, "stopped after 0.5 s, as --max-time says"),
        ("hangs_or_ends", [], 2, "genlevel: error: no key; what was answered is in"),
        ("check", ["--timeout", "1"], 1, "1 of 1 failed"),
    ],
)
def test_a_function_that_hangs_does_not_keep_the_command_from_ending(
    data: Path, tmp_path: Path, function: str, options: list[str], code: int, said: str
) -> None:
    (tmp_path / "stuck.py").write_text(
        "import time\nfrom genlevel.errors import ModelError\n"
        "def hangs_at_3(request):\n    if request.sample_id == '3': time.sleep(60)\n    return 'x'\n"
        "def hangs_or_ends(request):\n    if request.sample_id == '0': time.sleep(60)\n    raise ModelError('no key')\n"
        "def check(request): time.sleep(60)\n"
    )
    spec = f"python:{tmp_path / 'stuck.py'}:{function}?takes=text&concurrency=2"
    out = tmp_path / "run"
    command = ["models", "check", spec] if function == "check" else ["run", "--model", spec, "--data", str(data)]
    where = [] if function == "check" else ["--out", str(out), "--tasks", "sums"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", STUCK, *command, *where, *options], capture_output=True, text=True, timeout=50
    )
    assert time.monotonic() - began < 20
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    if function == "check":
        assert "no answer within 1 s" in done.stdout  # the table is written before the process ends
    else:
        assert "summary" in json.loads((out / "run.json").read_text())


def test_models_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--format", "json"]) == 0
    kinds = {row["kind"]: row["explanation"] for row in json.loads(capsys.readouterr().out)}
    assert set(kinds) == set(models.MODELS)
    assert main(["models", "openai"]) == 0
    text = capsys.readouterr().out
    from genlevel.models.openai import _OPTIONS

    assert [option for option in _OPTIONS if not re.search(rf"\b{option}\b", text)] == []


def test_every_option_is_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from genlevel.models.openai import _OPTIONS

    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test")
    page = (DOCS / "models.md").read_text(encoding="utf-8")
    assert [option for option in _OPTIONS if f"`{option}`" not in page] == []
    for spec in re.findall(r"'(openai:[^']+)'", page):
        models.load(spec)


def test_the_functions_of_the_page_answer(tmp_path: Path) -> None:
    from genlevel.records import Part, Request

    page = (DOCS / "models.md").read_text(encoding="utf-8")
    page = page[page.index("\n## `python:`") : page.index("\n## `", page.index("\n## `python:`") + 1)]
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 3
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    request = Request("t", "1", "question-answering", (Part("text", "Who?"), Part("image", path=picture)))
    for i, example in enumerate(examples):
        file = tmp_path / f"page{i}.py"
        file.write_text(example)
        function = re.findall(r"^(?:async )?def (\w+)", example, re.MULTILINE)[-1]
        option, kind = {"answer_all": ("?batch=2", "text"), "draw": ("?makes=image", "image")}.get(
            function, ("", "text")
        )
        model = models.load(f"python:{file}:{function}{option}")
        assert asyncio.run(model.generate(request)).parts[0].kind == kind


def test_the_page_shows_a_stored_line_as_it_is(data: Path, adder: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    main(["run", "--model", f"{adder}:answer", "--data", str(data), "--out", str(out), "--no-score", "--quiet"])
    page = (DOCS / "running.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    line = json.loads((out / "predictions" / "sums.jsonl").read_text().splitlines()[0])
    assert list(json.loads(shown)) == list(line)
    assert list(json.loads(shown)["usage"]) == list(line["usage"])


def test_a_model_that_can_do_nothing_here_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from genlevel.starter.make import make_starter

    data = make_starter(tmp_path / "starter")
    code = (tmp_path / "deaf.py").resolve()
    code.write_text("def answer(request):\n    return 'yes'\n")
    spec = f"python:{code}:answer?takes=text"
    assert (
        main(["run", "--model", spec, "--data", str(data), "--modality", "image", "--out", str(tmp_path / "run")]) == 2
    )
    error = capsys.readouterr().err
    assert "can do none of the 12 tasks here" in error
    assert "takes no image" in error
    assert not (tmp_path / "run").exists()
