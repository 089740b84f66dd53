"""Answers graded by a model: the rubric goes out, the rating comes back, and who judged is stored."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from genlevel.cli import main
from genlevel.metrics.judged import RUBRIC
from tests.e2e.oracle import serve

CATALOG = (
    "id,modality,paradigm,name,task_type,metric\nlanguage.ask,language,language,Ask,question-answering,gpt_score\n"
)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    data, answers, out = tmp_path / "data", tmp_path / "answers", tmp_path / "out"
    (data / "language/ask").mkdir(parents=True)
    (data / "catalog.csv").write_text(CATALOG)
    rows = [{"id": i, "input": {"question": f"What is {i}?"}, "output": {"answer": f"gold {i}"}} for i in "abcd"]
    (data / "language/ask/annotation.json").write_text(json.dumps({"task": "Ask", "data": rows}))
    answers.mkdir()
    given = [
        {"id": "a", "prediction": "good"},
        {"id": "b", "prediction": "middling"},
        {"id": "c", "prediction": "mute"},
    ]
    (answers / "language.ask.json").write_text(json.dumps(given))
    return data, answers, out


def judge(body: dict[str, Any]) -> str:
    prompt = body["messages"][-1]["content"]
    assert prompt.startswith(RUBRIC)
    assert "gold" in prompt
    if "<answer>\ngood" in prompt:
        return "It says the same. Rating: 10"
    return "Rating: 5" if "<answer>\nmiddling" in prompt else "I cannot say."


def test_ratings_of_a_judge_become_the_score(
    folders: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data, answers, out = folders
    with serve(judge) as url:
        spec = f"openai:judge?base_url={url}"
        options = ["score", "--predictions", str(answers), "--data", str(data), "--out", str(out), "--judge", spec]
        assert main([*options, "--jobs", "1", "--format", "json"]) == 0
    (task,) = json.loads(capsys.readouterr().out)["tasks"]
    # a 10, b 5, d was not answered and rates 0; of c the judge said nothing, so 3 of 4 samples count.
    assert task["value"] == pytest.approx(100 * (10 + 5 + 0) / 3 / 10)
    assert task["coverage"] == pytest.approx(3 / 4)
    stored = json.loads((out / "scores.json").read_text())["judge"]
    assert stored["judge"] == spec
    assert stored["rubric_sha256"] == hashlib.sha256(RUBRIC.encode()).hexdigest()


def test_without_a_judge_it_says_what_is_needed(
    folders: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data, answers, _ = folders
    assert main(["score", "--predictions", str(answers), "--data", str(data), "--jobs", "1"]) == 1
    out, err = capsys.readouterr()
    assert "--judge SPEC" in err
    assert "not scorable" in out
    assert "0/0" not in out
