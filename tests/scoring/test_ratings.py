"""Scores that people give: a CSV of ratings beside the answers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.cli import main

HEADER = "id,rater,rating\n"
CATALOG = (
    "id,modality,paradigm,name,task_type,metric,scale\nlanguage.tale,language,language,Tale,text-generation,mos,raw\n"
)


@pytest.fixture
def scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str | None], tuple[int, str, str]]:
    data = tmp_path / "data"
    (data / "language/tale").mkdir(parents=True)
    (data / "catalog.csv").write_text(CATALOG)
    records = ", ".join(f'{{"id": "{i}", "input": {{"prompt": "Tell a tale."}}, "output": {{}}}}' for i in "abc")
    (data / "language/tale/annotation.json").write_text(f'{{"task": "Tale", "data": [{records}]}}')
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / "language.tale.json").write_text(
        '[{"id": "a", "prediction": "Once."}, {"id": "b", "prediction": "Twice."}]'
    )
    assert "language.tale" in load(catalog=data / "catalog.csv")

    def score(ratings: str | None) -> tuple[int, str, str]:
        options = ["score", "--predictions", str(answers), "--data", str(data), "--format", "csv", "--jobs", "1"]
        if ratings is not None:
            folder = tmp_path / "ratings"
            folder.mkdir(exist_ok=True)
            (folder / "language.tale.csv").write_text(ratings)
            options += ["--ratings", str(folder)]
        code = main(options)
        out, err = capsys.readouterr()
        return code, out, err

    return score


def test_raters_are_averaged_then_samples_and_no_answer_rates_lowest(
    scored: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, _ = scored(HEADER + "a,x,5\na,y,3\nb,x,2\n")
    # a: 4, b: 2, c: not answered, so 1.
    assert f"language.tale,mos,{(4 + 2 + 1) / 3}" in out
    assert code == 0


def test_without_ratings_it_says_what_is_needed(scored: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = scored(None)
    assert code == 1
    assert "language.tale.csv" in err
    assert "--ratings" in err


@pytest.mark.parametrize(
    ("ratings", "words"),
    [
        (HEADER + "a,x,5\n", "'b' was answered, but nobody has rated it"),
        (HEADER + "a,x,5\nb,x,six\n", "language.tale.csv:3"),
        (HEADER + "a,x,5\na,x,4\nb,x,4\n", "twice"),
        (HEADER + "a,x,7\nb,x,4\n", "not from 1 to 5"),
        ("id,rating\na,5\n", "rater"),
    ],
)
def test_bad_ratings_are_one_line(scored: Callable[..., tuple[int, str, str]], ratings: str, words: str) -> None:
    code, _, err = scored(ratings)
    assert code == 1
    assert words in err
    assert "Traceback" not in err
