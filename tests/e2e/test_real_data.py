"""The ten real tasks, the whole way: a server that knows the answers, the run, the scores, the level."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.datasets import find_datasets
from genlevel.records import Record
from genlevel.tasktypes import get
from tests.e2e.oracle import fingerprint, key_of_request, right_answer, serve

ROOT = Path(__file__).parents[2] / ".." / "shared" / "data" / "general-bench-openset"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the Open set's files are not here")
TASKS = 10
SAMPLES = 1804


def book() -> dict[str, tuple[str, str, Any]]:
    """For each question its task, sample id and output, as the annotation files say."""
    found = find_datasets(ROOT, load("2025"))
    assert len(found.datasets) == TASKS
    answers: dict[str, tuple[str, str, Any]] = {}
    for dataset in found.datasets:
        kind = get(dataset.task.task_type)
        for record in dataset.records():
            assert isinstance(record, Record)
            request = kind.ask(kind.read(record), dataset.task)
            texts = [p.text for p in request.parts if p.kind == "text"]
            images = [p.path.read_bytes() for p in request.parts if p.kind == "image" and p.path]
            answers[fingerprint(["\n\n".join(texts)], images)] = (dataset.task.id, record.id, record.value["output"])
    return answers


def wrong(task_id: str, sample_id: str) -> bool:
    """A quarter of the samples, the same ones in every run."""
    return zlib.crc32(f"{task_id}/{sample_id}".encode()) % 4 == 0


def run_and_score(tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: Any) -> dict[str, Any]:
    out = tmp_path / "run"
    with serve(answer) as url:
        assert (
            main(["run", "--model", f"openai:oracle?base_url={url}", "--data", str(ROOT), "--out", str(out), "--quiet"])
            == 0
        )
    capsys.readouterr()
    assert main(["score", str(out), "--data", str(ROOT), "--format", "json"]) == 0
    scores: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (out / "report.html").stat().st_size > 10_000
    return scores


def test_right_answers_score_100_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = book()
    scores = run_and_score(tmp_path, capsys, lambda body: right_answer(answers[key_of_request(body)][2]))
    assert {t["task_id"]: t["value"] for t in scores["tasks"]} == {
        t["task_id"]: pytest.approx(100.0) for t in scores["tasks"]
    }
    assert len(scores["tasks"]) == TASKS
    assert sum(t["samples"] for t in scores["tasks"]) == SAMPLES
    assert all(t["answered"] == t["samples"] and not t["unreadable"] and t["coverage"] == 1 for t in scores["tasks"])
    assert main(["level", str(tmp_path / "run"), "--format", "json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["supported"] == model["wins"] == TASKS
    assert model["tasks"] == 699
    # Four of 271 image comprehension tasks at 100, all at or above the specialist; half of S2, a quarter for the modality.
    assert model["scores"]["S2"] == model["scores"]["S3"] == pytest.approx(100 * 4 / 271 / 2 / 4)
    assert model["level"] == 3


def test_a_known_share_of_wrong_answers_gives_that_share(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = book()

    def answer(body: dict[str, Any]) -> str:
        task_id, sample_id, output = answers[key_of_request(body)]
        if not wrong(task_id, sample_id):
            return right_answer(output)
        return "[]" if "detection" in task_id else "zzz"

    scores = {t["task_id"]: t for t in run_and_score(tmp_path, capsys, answer)["tasks"]}
    counts: dict[str, list[Any]] = {}
    for task_id, sample_id, output in answers.values():
        counts.setdefault(task_id, []).append((wrong(task_id, sample_id), output))
    for task_id, rows in counts.items():
        right = sum(not w for w, _ in rows)
        if "detection" in task_id:
            # Nothing is found in the wrong ones, so precision stays 1 up to the recall reached: AP over 101 recall points.
            boxes = [(w, sum(len(b) for b in output["text"].values())) for w, output in rows]
            recall = sum(n for w, n in boxes if not w) / sum(n for _, n in boxes)
            expected = 100 * sum(k / 100 <= recall + 1e-12 for k in range(101)) / 101
        elif task_id == "language.docre":
            continue  # its answers hold several labels each; the metric's own tests cover partial answers
        else:
            expected = 100 * right / len(rows)
        assert scores[task_id]["value"] == pytest.approx(expected), task_id
