"""What a run leaves out stands in its results: tasks that the model cannot do, and answers that could not be read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.cli.score_command import print_scores
from genlevel.levels import PROTOCOLS, rate
from genlevel.records import TaskScore
from genlevel.scoring import ScoredTask, ScoreReport, Settings
from genlevel.scoring.extent import partial

REASON = "not asked: the model makes no image"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, str, str]:
    """A run of one task that a model of words can do and one that it cannot, as the command leaves it, and what was printed."""
    data = tmp_path / "data"
    rows = [
        "id,modality,paradigm,name,task_type,metric,sota",
        "drawing,image,generation,Drawing,text-to-image,psnr,30",
        "leaves,image,comprehension,Leaves,image-classification,accuracy,90",
        "sums,image,comprehension,Sums,mathematical-reasoning,accuracy,90",
    ]
    for task, half in (("drawing", "generation"), ("sums", "comprehension")):
        folder = data / "image" / half / task
        folder.mkdir(parents=True)
        entries = [
            {"id": i, "problem": {"text": f"{i} + 7?"}, "output": {"solution": {"final_answer": i + 7}}}
            for i in range(4)
        ]
        (folder / "annotation.json").write_text(json.dumps({"task": task, "data": entries}))
    (data / "catalog.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "m.py").write_text("def answer(r):\n    return '7' if r.sample_id == '0' else 'no idea'\n")
    out = tmp_path / "run"
    main(["run", "--model", f"python:{tmp_path / 'm.py'}:answer", "--data", str(data), "--out", str(out), "--quiet"])
    return out, *capsys.readouterr()


def test_a_task_that_the_model_cannot_do_is_in_every_result(
    run: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, table, err = run
    assert [line.split()[0] for line in table.splitlines() if "not asked" in line] == ["drawing"]
    assert f"{REASON}: 1 task, counting 0: drawing\n" in err
    first, second = json.loads((folder / "scores.json").read_text())["tasks"]
    assert (first["task_id"], second["task_id"]) == ("drawing", "sums")  # the catalog's order
    assert {k: first[k] for k in ("value", "sigma", "samples", "answered", "wins", "note", "metric")} == {
        "value": None,
        "sigma": 0.0,
        "samples": 0,
        "answered": 0,
        "wins": False,
        "note": REASON,
        "metric": "psnr",
    }
    main(["score", str(folder), "--format", "csv"])
    assert next(csv.DictReader(io.StringIO(capsys.readouterr().out)))["note"] == REASON
    assert main(["level", str(folder), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert (json.loads(out)["tasks"], json.loads(out)["models"][0]["supported"]) == (3, 1)
    assert "tasks that the model cannot do, which count 0 (1): drawing\n" in err
    page = (folder / "report.html").read_text()
    assert "2 of 3 tasks with data, 1 that the model cannot do" in page
    assert REASON in page


def test_a_part_is_told_after_a_run(run: tuple[Path, str, str]) -> None:
    assert "note: 1 of 3 tasks has a score, 2 count 0: not comparable with a full run\n" in run[2]
    assert "1 of 3 tasks has a score, 2 count 0: not" in (run[0] / "report.html").read_text()


def test_two_notes_alike_do_not_point_at_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    catalog = load("2025")
    ids = list(catalog.tasks)[:2]
    scores = {i: TaskScore(i, "m", "accuracy", None, note="nothing that could be scored was answered") for i in ids}
    level = rate(catalog, scores, PROTOCOLS["paper-2025"], model="m")
    tasks = tuple(ScoredTask(score) for score in scores.values())
    print_scores(ScoreReport(Settings("m"), catalog, tasks, level), "table")
    assert capsys.readouterr().err == "".join(f"{i}: nothing that could be scored was answered\n" for i in ids)


def test_reasons_of_unreadable_answers_are_told(run: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "\n3 unreadable: the answer ends with no number\n" in run[2]
    main(["score", str(run[0])])
    assert "3 unreadable: the answer ends with no number\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("scores", "limit", "line"),
    [
        ([(1.0, ""), (None, REASON)], None, ""),
        ([(1.0, ""), (None, "not scorable: x")], None, "1 of 2 tasks has a score, 1 count 0: not comparable"),
        ([(None, REASON), (None, "not scorable: x")], None, "0 of 2 tasks have a score, 2 count 0: not comparable"),
        ([(1.0, ""), (0.0, "")], 2, "at most 2 samples of each (--limit): not comparable"),
    ],
)
def test_partial(scores: list[tuple[float | None, str]], limit: int | None, line: str) -> None:
    assert partial(scores, 2, limit) == (f"{line} with a full run" if line else "")
