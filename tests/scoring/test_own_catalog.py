"""Predictions scored with a catalog of one's own: the folder says which, and every command can be told another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genlevel.cli import main

NAME = "Leaves of the park"


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder made by ``genlevel score --out`` with relative paths, seen from another working folder."""
    folder = tmp_path / "own" / "image" / "comprehension" / "leaves"
    folder.mkdir(parents=True)
    entries = [
        {"id": i, "problem": {"text": f"{i} + 7?"}, "output": {"solution": {"final_answer": i + 7}}} for i in range(3)
    ]
    (folder / "annotation.json").write_text(json.dumps({"task": "leaves", "data": entries}))
    (tmp_path / "leaves.csv").write_text(
        "id,modality,paradigm,name,task_type,metric,sota\n"
        f"leaves,image,comprehension,{NAME},mathematical-reasoning,accuracy,90\n"
    )
    (tmp_path / "specialists.csv").write_text("task_id,sota\nleaves,30\n")
    (tmp_path / "pred").mkdir()
    (tmp_path / "pred" / "leaves.json").write_text(json.dumps([{"id": 0, "prediction": "7"}]))
    monkeypatch.chdir(tmp_path)
    options = ["--catalog", "leaves.csv", "--sota", "specialists.csv", "--jobs", "1", "--out", "scored"]
    assert main(["score", "--predictions", "pred", "--data", "own", *options]) == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "scored"


def test_level_and_report_find_the_catalog(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(scored)]) == 0
    assert NAME in (scored / "report.html").read_text()
    capsys.readouterr()
    assert main(["level", str(scored), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["models"][0]["wins"] == 1  # 1 of 3 is above 30, not above 90
    assert "the catalog has no task of generation: S2 and S3 are of comprehension alone" in err


def test_a_catalog_that_has_moved_is_given(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = (scored.parent / "leaves.csv").rename(scored.parent / "moved.csv")
    assert main(["report", str(scored)]) != 0
    assert "give it with --catalog FILE" in capsys.readouterr().err
    assert main(["report", str(scored), "--catalog", str(moved)]) == 0
    assert NAME in (scored / "report.html").read_text()


@pytest.mark.parametrize("added", [False, True])
def test_a_run_takes_a_moved_catalog_too(scored: Path, added: bool, capsys: pytest.CaptureFixture[str]) -> None:
    home, out = scored.parent, scored.parent / "run"
    (home / "m.py").write_text("def answer(request):\n    return '7'\n")
    options = ["--catalog", str(home / "leaves.csv"), *(["--edition", "2025"] if added else [])]
    main(["run", "--model", f"python:{home / 'm.py'}:answer", "--data", str(home / "own"), *options, "--out", str(out)])
    (out / "report.html").unlink()
    moved = (home / "leaves.csv").rename(home / "moved.csv")
    assert main(["report", str(out)]) != 0
    assert main(["report", str(out), "--catalog", str(moved)]) == 0
    assert NAME in (out / "report.html").read_text()
