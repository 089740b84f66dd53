"""genlevel tasks: what it prints, and that its tables can be used again."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.cli import main


def _run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[str, str]:
    assert main(["tasks", *args]) == 0
    done = capsys.readouterr()
    return done.out, done.err


@pytest.mark.parametrize("edition", ["2024", "2025"])
def test_the_csv_loads_as_an_own_catalog(capsys: pytest.CaptureFixture[str], tmp_path: Path, edition: str) -> None:
    text, _ = _run(capsys, "--edition", edition, "--format", "csv")
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    again, original = load(catalog=path), load(edition)
    assert again.sota_sha256 == original.sota_sha256 and again.aliases == original.aliases
    assert [(t.id, t.name, t.notes, t.metric, t.sota) for t in again] == [
        (t.id, t.name, t.notes, t.metric, t.sota) for t in original
    ]
    assert _run(capsys, "--catalog", str(path), "--format", "csv")[0] == text


def test_json_holds_the_tasks_and_where_they_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    value = json.loads(_run(capsys, "time-series", "--format", "json")[0])
    assert (value["edition"], value["protocol"], value["sota_sha256"]) == ("2025", "paper-2025", load().sota_sha256)
    (task,) = value["tasks"]
    assert (task["id"], task["metric"], task["direction"], task["sota"]) == (
        "language.time-series",
        "rmse",
        "lower",
        2.31,
    )


def test_the_table_fits_and_the_summary_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = _run(capsys)
    lines = out.splitlines()
    # The longest id, metric and score need 122 columns already; every smaller table fits 120.
    assert len(lines) == 699 + 2 and max(map(len, lines)) == 84 + 2 + 26 + 2 + 8
    for modality in ("image", "audio", "3d", "language"):
        assert max(map(len, _run(capsys, "--modality", modality)[0].splitlines())) <= 120
    capsys.readouterr()
    assert err.startswith("699 tasks of edition 2025 (image 271 comprehension + 45 generation, video 126")
    assert "language 115)" in err
    out, err = _run(capsys, "--edition", "2024", "--modality", "language")
    assert "text-classification" in out.splitlines()[2]
    assert err.startswith("30 of 77 tasks of edition 2024 (language 30)")


def test_small_scores_are_not_rounded_away(capsys: pytest.CaptureFixture[str]) -> None:
    assert "9.32e-05" in _run(capsys, "--skill", "D-G-2")[0]


def test_skills(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(_run(capsys, "--skills", "--format", "csv")[0])))
    assert len(rows) == 145 and sum(int(row["tasks"]) for row in rows) == 699
    assert rows[1] == {
        "skill_code": "I-C-2",
        "skill": "Code Generation",
        "modality": "image",
        "paradigm": "comprehension",
        "tasks": "1",
        "metrics": "bleu1",
    }
    out, err = _run(capsys, "--skills", "--modality", "audio")
    assert len(out.splitlines()) == 22 and err == "20 skills of edition 2025, 44 tasks\n"


def test_boards(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = _run(capsys, "--boards", "--scope", "B")
    assert len(out.splitlines()) == 2 + 7
    assert "b-image-video, b-video-audio, b-image-3d: genlevel's own choice" in err
    value = json.loads(_run(capsys, "--boards", "--board", "c-3d-generation", "--format", "json")[0])
    (board,) = value["boards"]
    assert (board["tasks"], board["max_level"], len(board["task_ids"])) == (22, 3, 22)
    holding = json.loads(_run(capsys, "time-series", "--boards", "--format", "json")[0])["boards"]
    assert [(b["id"], b["tasks"]) for b in holding] == [("a-full", 699), ("a-quick", 622)]


def test_own_tasks_alone_and_added(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "id,modality,paradigm,name,task_type,metric\na,image,comprehension,A,image-classification,accuracy\n"
    )
    assert _run(capsys, "--catalog", str(path))[1].startswith("1 task of edition mine")
    assert _run(capsys, "--catalog", str(path), "--edition", "2024", "a")[1].startswith(
        "1 of 78 tasks of edition 2024+mine"
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["zzz"], "no task of edition 2025 fits 'zzz'"),
        (["--edition", "2026"], "unknown edition '2026'"),
        (["--catalog", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["--board", "b-imag"], "no board 'b-imag'"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(capsys: pytest.CaptureFixture[str], args: list[str], message: str) -> None:
    assert main(["tasks", *args]) == 2
    done = capsys.readouterr()
    assert done.out == "" and message in done.err and len(done.err.splitlines()) == 1
