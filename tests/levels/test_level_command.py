"""genlevel level, as a person calls it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.interop.workbook import write_workbook

GQA, MSCOCO = "image.comprehension.gqa", "image.generation.mscoco"
HEAD = "task_id,model,score\n"


def call(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["level", *args])
    out, err = capsys.readouterr()
    return code, out, err


def scores(folder: Path, *rows: str) -> str:
    path = folder / "scores.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return str(path)


def test_csv_to_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scores(tmp_path, f"{GQA},weak,20", f"{GQA},strong,60", f"{MSCOCO},strong,100", f"{MSCOCO},weak,")
    code, out, err = call(capsys, path, "--edition", "2024", "--format", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    catalog = load("2024")
    assert found["edition"] == "2024"
    assert found["protocol"] == "tutorial-2024"
    assert found["sota_sha256"] == catalog.sota_sha256
    strong, weak = found["models"]
    fid = 100 / (1 + np.exp(-1))
    assert (strong["model"], strong["level"]) == ("strong", 4)
    assert strong["scores"]["S2"] == pytest.approx((60 + fid) / 47)
    assert strong["scores"]["S4"] == pytest.approx(2 * (60 / 24) * (fid / 23) / (60 / 24 + fid / 23))
    assert set(strong["scores"]) == {"S2", "S3", "S4", "S5"}
    assert strong["modalities"]["image"]["S2"] == strong["scores"]["S2"]
    assert (strong["tasks"], strong["supported"], strong["wins"]) == (77, 2, 2)
    assert (weak["level"], weak["scores"]["S2"]) == (2, pytest.approx(20 / 47))


def test_table_and_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scores(tmp_path, f"{GQA},a,60", f"{GQA},b,0")
    code, out, _ = call(capsys, path, "--edition", "2024")
    lines = out.splitlines()
    assert code == 0
    sha = load("2024").sota_sha256
    assert lines[0] == f"edition 2024, protocol tutorial-2024, specialists {sha[:12]}, 77 tasks"
    assert lines[1].split()[:6] == ["model", "level", "S2", "S3", "S4", "S5"]
    assert lines[3].split()[:4] == ["a", "3", "1.28", "1.28"]
    assert lines[4].split()[:3] == ["b", "-", "0.00"]
    _, out, _ = call(capsys, path, "--edition", "2024", "--format", "csv", "--model", "A")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["model"], row["level"], row["image_S3"], row["sota_sha256"]) == ("a", "3", row["S3"], sha)


def test_options_change_the_protocol(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sota = next(t.sota for t in load("2024") if t.id == GQA)
    path = scores(tmp_path, f"{GQA},m,{sota}", f"{MSCOCO},m,1")

    def level(*options: str) -> tuple[int, str, str]:
        code, out, err = call(capsys, path, "--edition", "2024", "--format", "json", *options)
        assert code == 0
        found = json.loads(out)
        return found["models"][0]["level"], found["protocol"], err

    assert level() == (4, "tutorial-2024", "")
    assert level("--compare", "gt") == (3, "tutorial-2024 (>)", "")
    assert level("--protocol", "paper-2025")[:2] == (4, "paper-2025")
    capped, _, err = level("--dispatcher")
    assert capped == 2
    assert err == "note: m declares itself a dispatcher and is capped at level 2 (--agents count lifts it)\n"
    assert level("--dispatcher", "--agents", "count") == (4, "tutorial-2024 (agents counted)", "")


def test_published(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--published", "2024")
    rows = out.splitlines()[3:]
    assert (code, len(rows)) == (0, 22)
    assert [row.split()[1] for row in rows if row.startswith(("GPT-4V", "miniGemini", "MiniGPT-4"))] == ["4", "3", "2"]
    code, out, err = call(capsys, "--published", "2025", "--format", "json")
    found = json.loads(out)
    assert (code, len(found["models"]), found["tasks"]) == (0, 41, 699)
    agent = next(m for m in found["models"] if m["model"] == "VidAgent")
    assert (agent["level"], agent["capped"]) == (2, True)
    assert "VidAgent declares itself a dispatcher" in err


def test_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalog = load("2025")
    path = tmp_path / "result.xlsx"
    write_workbook(path, catalog, {t.id: t.sota for t in catalog if t.modality == "audio"}, "Ears")
    code, out, _ = call(capsys, str(path), "--model", "ears", "--format", "json")
    found = json.loads(out)["models"][0]
    assert (code, found["model"], found["wins"], found["supported"]) == (0, "Ears", 44, 44)
    assert found["modalities"]["audio"]["S3"] == found["modalities"]["audio"]["S2"] == 4 * found["scores"]["S2"]

    from openpyxl import load_workbook

    book = load_workbook(path)
    book["NLP"].append([116, "Underwater Basket Weaving", "", "ACC", 5])
    book["NLP"]["E2"] = "ninety"
    book.save(path)
    code, _, err = call(capsys, str(path))
    assert code == 1
    assert "row 117: no task of this sheet is called 'Underwater Basket Weaving'" in err
    assert "row 2: 'ninety' is no score of accuracy" in err
    assert err.splitlines()[-1] == "2 rows could not be used and count as missing"


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A scored run of the 2024 edition, as the scoring room writes it."""
    folder = tmp_path / "run"
    (folder / "evidence").mkdir(parents=True)
    task: dict[str, Any] = {
        "metric": "accuracy",
        "samples": 10,
        "answered": 10,
        "failed": 0,
        "missing": 0,
        "unreadable": 0,
    }
    document = {
        "model": "runner",
        "edition": "2024",
        "dispatcher": False,
        "protocol": "tutorial-2024",
        "sota_sha256": load("2024").sota_sha256,
        "tasks": [
            {
                "task_id": GQA,
                "value": 44.0,
                "coverage": 1.0,
                "low": 30.0,
                "high": 60.0,
                "note": "",
                "sigma": 44.0,
                **task,
            },
            {"task_id": MSCOCO, "value": 100.0, "coverage": 0.5, "low": None, "high": None, "note": "", **task},
            {"task_id": "language.imdb", "value": None, "coverage": 0.0, "note": "not scorable", **task},
        ],
    }
    (folder / "scores.json").write_text(json.dumps(document))
    values = np.linspace(40.0, 50.0, 101)
    arrays = {"bootstrap.values": values, "bootstrap.coverages": np.ones(101)}
    np.savez(folder / "evidence" / f"{GQA}.npz", **arrays)
    return folder


def test_run_folder(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, str(run_folder), "--format", "json")
    assert code == 0
    assert err == (
        "note: tasks of the run without a score, which count 0 (1): language.imdb\n"
        "note: 2 of 77 tasks have a score, 75 count 0: not comparable with a full run\n"
    )
    (found,) = json.loads(out)["models"]
    fid = 50 / (1 + np.exp(-1))
    assert found["scores"]["S2"] == pytest.approx((44 + fid) / 47)  # coverage 1/2 halves sigma
    assert found["intervals"]["S2"] == pytest.approx([(40.25 + fid) / 47, (49.75 + fid) / 47])
    # GQA's specialist stands at 44.67: 54 of the 101 resamplings reach it.
    assert found["probabilities"]["3"] == pytest.approx(54 / 101)
    assert json.loads((run_folder / "levels.json").read_text()) == json.loads(out)
    _, out, _ = call(capsys, str(run_folder))
    assert "[" in out


def test_samples_that_count_0_are_told(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_folder / "scores.json"
    document = json.loads(path.read_text())
    document["tasks"][0] |= {"samples": 20, "answered": 15, "failed": 3, "missing": 2}
    document["tasks"][1] |= {"samples": 10, "answered": 10, "failed": 0, "missing": 0, "unreadable": 4}
    document["tasks"][2] |= {"samples": 0, "answered": 0}
    path.write_text(json.dumps(document))
    assert "note: of 30 samples count 0: 3 failed, 2 missing, 4 unreadable\n" in call(capsys, str(run_folder))[2]


def test_run_folder_troubles(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_folder / "scores.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "sota_sha256": "0" * 64}))
    assert "note: the specialists' scores are not those" in call(capsys, str(run_folder))[2]
    path.write_text(json.dumps({**document, "edition": "mine"}))
    code, _, err = call(capsys, str(run_folder))
    assert (code, "its own catalog of edition 'mine' is not there; give it with --catalog FILE" in err) == (2, True)
    for broken, message in [
        ("{", "cannot be read"),
        ("[]", "holds no object"),
        ('{"model": "m", "tasks": [{}]}', "is not a file of scores"),
        (json.dumps({**document, "tasks": [document["tasks"][0]] * 2}), "holds a task twice"),
    ]:
        path.write_text(broken)
        code, out, err = call(capsys, str(run_folder))
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err
    path.unlink()
    code, _, err = call(capsys, str(run_folder))
    assert (code, "no such file; is" in err) == (2, True)
    (run_folder / "run.json").write_text("{}")
    code, _, err = call(capsys, str(run_folder))
    assert (code, err) == (2, f"genlevel: error: {run_folder} is not scored yet: genlevel score {run_folder}\n")


def test_limit_and_tasks_that_the_model_cannot_do_are_told(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run_folder / "scores.json"
    document = json.loads(path.read_text())
    before = json.loads(call(capsys, str(run_folder), "--format", "json")[1])
    document["tasks"][2]["note"] = "not asked: the model makes no image"
    path.write_text(json.dumps({**document, "limit": 1}))
    _, out, err = call(capsys, str(run_folder), "--format", "json")
    assert "note: tasks that the model cannot do, which count 0 (1): language.imdb\n" in err
    told = "2 of 77 tasks have a score, 75 count 0; at most 1 sample of each (--limit): not comparable with a full run"
    assert err.endswith(f"note: {told}\n")
    assert json.loads(out) == before


def test_wins_in_language_stand_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scores(tmp_path, "language.imdb,m,100", f"{GQA},m,60", f"{GQA},n,60")
    _, out, _ = call(capsys, path, "--edition", "2024")
    assert "above 0" in out.splitlines()[1]
    assert [line.split("/77")[1].strip() for line in out.splitlines()[3:]] == ["1 + 1 language", "1"]


def test_damaged_evidence(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_folder / "evidence" / f"{GQA}.npz"
    path.write_bytes(path.read_bytes()[:100])
    code, out, err = call(capsys, str(run_folder))
    assert (code, out, err.splitlines()[-1].endswith("score the run again")) == (2, "", True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "give one of RUN, SCORES.csv, RESULT.xlsx and --published E"),
        (["x.csv", "--published", "2024"], "give one of"),
        (["x.csv"], "x.csv: cannot be read: No such file"),
        (["x.ods"], "x.ods: save it as .xlsx, or as CSV"),
        (["--published", "2023"], "no scores are published of edition '2023'"),
        (["--published", "2024", "--edition", "2025"], "--published 2024 brings its own tasks"),
        (
            ["--published", "2024", "--protocol", "paper"],
            "unknown protocol 'paper'; there are tutorial-2024 and paper-2025",
        ),
        (["--published", "2024", "--model", "GPT-4X"], "no scores of a model 'GPT-4X'; did you mean"),
        (["--published", "2024", "--dispatcher"], "--dispatcher is about one model, but there are 22"),
    ],
)
def test_wrong_use(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, *args)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{GQA},m,250", f"scores.csv line 2: task {GQA}: score 250 is outside the range of accuracy"),
        (
            "image.comprehension.gkqa,m,25",
            "unknown task 'image.comprehension.gkqa', did you mean image.comprehension.gqa",
        ),
        (f"{GQA},m,25\n{GQA},m,25", "line 3: task image.comprehension.gqa of m stands already in line 2"),
        (f"{GQA},m,much", "'much' is not a number"),
    ],
)
def test_bad_rows(tmp_path: Path, row: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, scores(tmp_path, row), "--edition", "2024")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_fractions_are_pointed_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scores(tmp_path, f"{GQA},m,60", "image.comprehension.vqav2,m,0.7", f"{GQA},n,0.07")
    code, _, err = call(capsys, path, "--edition", "2024")
    assert code == 0
    assert err == (
        "note: scores.csv line 3: score 0.7 is read as 0.7 %; if it is a fraction, write 70 "
        "(percentages of at most 1 in the file: 2)\n"
    )


def test_own_ids_without_their_catalog(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, scores(tmp_path, "image.mine,m,6"))
    assert code == 2 and "--catalog FILE names your own tasks" in err
    (tmp_path / "semi.csv").write_text("task_id;model;score\nimage.mine;m;6\n")
    code, _, err = call(capsys, str(tmp_path / "semi.csv"))
    assert code == 2 and "separate with commas" in err


def test_own_catalog_and_specialists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.csv").write_text(
        "id,modality,paradigm,name,task_type,metric,sota\n"
        "video.comprehension.mine,video,comprehension,Mine,video-classification,accuracy,70\n"
    )
    (tmp_path / "sota.csv").write_text("task_id,sota\nvideo.comprehension.mine,50\n")
    path = scores(tmp_path, "video.comprehension.mine,m,60")
    # With --edition named as the file it is the whole catalog; else its tasks join the edition's.
    options = ["--edition", "own", "--catalog", str(tmp_path / "own.csv"), "--format", "json"]
    first = json.loads(call(capsys, path, *options)[1])
    second = json.loads(call(capsys, path, *options, "--sota", str(tmp_path / "sota.csv"))[1])
    assert [first["models"][0]["level"], second["models"][0]["level"]] == [2, 3]
    assert first["sota_sha256"] != second["sota_sha256"]
