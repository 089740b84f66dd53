"""The files of a scored run: stored and read back, damaged ones named."""

from pathlib import Path

import numpy as np
import pytest

from genlevel.catalog import load
from genlevel.datasets.base import Dataset
from genlevel.errors import RunError
from genlevel.levels import PROTOCOLS, rate
from genlevel.metrics.evidence import Evidence, Ragged
from genlevel.records import TaskScore
from genlevel.report.html import write_html
from genlevel.scoring import Outcome, Outcomes, ScoredTask, ScoreReport, Settings
from genlevel.scoring.files import read_evidence, read_json, scores_document, write_report
from genlevel.scoring.run import RunSource
from genlevel.scoring.workflow import locate

TASK = "language.spam-detection"


def report(value: float | None = 40.0) -> ScoreReport:
    outcomes = Outcomes()
    outcomes.add("a", Outcome.ANSWERED)
    outcomes.add("ü", Outcome.UNREADABLE, "two\nlines " + "x" * 1000)
    evidence = Evidence(hit=np.array([True, False]), items=Ragged.from_rows([np.array([1, 2]), np.array([], int)]))
    score = TaskScore(TASK, "m", "micro_f1", value, samples=2, answered=2, unreadable=1, low=0.0, high=float("inf"))
    task = ScoredTask(score, evidence, outcomes, np.array([10.0, np.inf]), np.array([1.0, 0.5]))
    catalog = load("2025")
    return ScoreReport(
        Settings("m"), catalog, (task,), rate(catalog, {TASK: score}, PROTOCOLS["paper-2025"], model="m")
    )


def test_evidence_outcomes_and_replicates_come_back(tmp_path: Path) -> None:
    write_report(tmp_path, report())
    evidence, outcomes, bootstrap = read_evidence(tmp_path, TASK)
    assert evidence["hit"].tolist() == [True, False]
    assert evidence.ragged("items")[0].tolist() == [1, 2]
    assert outcomes.ids == ["a", "ü"]
    assert outcomes.states == [Outcome.ANSWERED, Outcome.UNREADABLE]
    assert "\n" not in outcomes.reasons[1]
    assert len(outcomes.reasons[1]) == 300
    assert bootstrap["values"].tolist() == [10.0, np.inf]


def test_scores_document_is_json_without_infinities(tmp_path: Path) -> None:
    write_report(tmp_path, report())
    stored = read_json(tmp_path / "scores.json")
    assert stored["tasks"][0]["high"] is None
    assert stored["tasks"][0]["value"] == 40.0
    assert stored["tasks"][0]["sota"] == 100.0
    assert stored["tasks"][0]["wins"] is False
    assert len(stored["sota_sha256"]) == 64
    assert scores_document(report())["tasks"] == stored["tasks"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x93NUMPY\x01\x00"])
def test_damaged_evidence_is_one_line_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / f"{TASK}.npz").write_bytes(content)
    with pytest.raises(RunError, match=rf"{TASK}.npz: cannot be read.*score the run again"):
        read_evidence(tmp_path, TASK)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="run folder that has been scored"):
        read_json(tmp_path / "scores.json")


@pytest.mark.parametrize("name", ["scores.json", "levels.json"])
def test_a_run_that_was_not_scored_is_told_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(RunError) as caught:
        read_json(tmp_path / name)
    assert str(caught.value) == f"{tmp_path} is not scored yet: genlevel score {tmp_path}"


def test_a_pickle_in_evidence_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    np.savez(tmp_path / "evidence" / f"{TASK}.npz", **{"sample.id": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(RunError, match="cannot be read"):
        read_evidence(tmp_path, TASK)


@pytest.mark.parametrize("name", ["scores.json", "levels.json", "run.json"])
@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"tasks": 1, "models": []}', "5"])
def test_files_of_another_shape_are_one_line(tmp_path: Path, name: str, content: str) -> None:
    write_report(tmp_path, report())
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / name).write_text(content)
    with pytest.raises(RunError, match=rf"{name}: (holds no|has no usable)"):
        if name == "run.json":
            locate(tmp_path)
        else:
            write_html(tmp_path, tmp_path / "report.html", load("2025"), ())


def test_damaged_lines_are_reported_when_a_run_is_scored(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"format": 1}')
    (tmp_path / "predictions").mkdir()
    (tmp_path / "predictions" / f"{TASK}.jsonl").write_text('{"id": "1", "parts": []}\n{"id": "2", "pa\n{"id": "3"')
    dataset = Dataset(load("2025").resolve(TASK), tmp_path, tmp_path / "annotation.json", "nlp/x")
    answers = RunSource(tmp_path)(dataset)
    assert list(answers.predictions) == ["1"]
    assert [f"line {n}" in problem for n, problem in zip((2, 3), answers.problems, strict=True)] == [True, True]
