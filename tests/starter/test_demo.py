"""The demo, all the way, on a part of the starter set."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest

from genlevel.cli import main
from genlevel.starter import make

SOME = {
    "image.comprehension.disc-counting",
    "image.generation.super-resolution",
    "audio.comprehension.chord-recognition",
    "audio.generation.tone-synthesis",
    "3d.generation.point-denoising",
    "language.passive-voice",
}


@pytest.fixture
def some_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = tuple(task for task in make.starter_tasks() if task.id in SOME)
    monkeypatch.setattr(make, "starter_tasks", lambda: tasks)


@pytest.mark.usefixtures("some_tasks")
def test_the_dispatcher_ties_everywhere_and_stands_at_level_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out), "--quiet"]) == 0
    shown = capsys.readouterr().out
    dispatcher = orjson.loads((out / "dispatcher" / "levels.json").read_bytes())["models"][0]
    assert (dispatcher["level"], dispatcher["capped"], dispatcher["wins"]) == (2, True, len(SOME))
    assert dispatcher["scores"]["S5"] > 0
    scores = orjson.loads((out / "dispatcher" / "scores.json").read_bytes())["tasks"]
    assert all(task["value"] == pytest.approx(task["sota"], rel=2e-4) for task in scores)
    nearest = orjson.loads((out / "nearest" / "levels.json").read_bytes())["models"][0]
    assert (nearest["level"], nearest["wins"]) == (3, 1)
    lines = shown.splitlines()
    assert sum("  tie  " in line for line in lines) == len(SOME)
    assert [line.split()[0] for line in lines if "  WIN  " in line] == ["audio.generation.tone-synthesis"]
    assert any(line.startswith("composite:starter  2 (capped)") for line in lines)
    for name in ("nearest", "dispatcher"):
        assert f"report: {out / name / 'report.html'}" in shown
        assert "<html" in (out / name / "report.html").read_text(encoding="utf-8")
    # The same command goes on where it was: nothing is asked again, and it prints the same.
    before = {p: p.read_bytes() for p in (out / "nearest" / "predictions").iterdir()}
    assert main(["demo", "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out == shown
    assert before == {p: p.read_bytes() for p in (out / "nearest" / "predictions").iterdir()}
    assert main(["demo", "--out", str(out), "--seed", "4"]) == 2
    assert "holds the demo of seed 0" in capsys.readouterr().err


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["demo", "--out", str(tmp_path)]) == 2
    assert "holds no demo" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_without_the_extra_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 2
    error = capsys.readouterr().err
    assert "pip install 'genlevel[demo]'" in error and error.count("\n") == 1
    assert not (tmp_path / "demo").exists()
