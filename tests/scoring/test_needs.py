"""What each task needs to be scored, and whether that is here."""

import csv
import io
import json
import runpy
from collections import Counter
from pathlib import Path

import pytest

from genlevel import metrics
from genlevel.catalog import load
from genlevel.cli import main
from genlevel.scoring.needs import coverage

ROOT = Path(__file__).parents[2]
SIZES = {"2024": 77, "2025": 699}


@pytest.fixture(autouse=True)
def no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)


@pytest.mark.parametrize("edition", SIZES)
def test_every_task_can_be_asked_and_says_what_it_needs(edition: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--coverage", "--edition", edition, "--format", "json"]) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["unknown"] == [] and len(told["tasks"]) == SIZES[edition]
    assert [row["id"] for row in told["tasks"]] == list(load(edition).tasks)
    for row in told["tasks"]:
        assert row["takes"] and row["makes"] and row["answer"] and row["metric"]
        assert (row["need"] == "nothing") == (row["needs"] == "nothing")
        assert row["here"] == (row["lacks"] == "") and "\n" not in row["lacks"]
        assert row["need"] in ("nothing", "software") or not row["here"]
        assert "not supported" not in json.dumps(row)
    assert told["summary"] == Counter(row["need"] for row in told["tasks"])
    assert f"of {SIZES[edition]} tasks {told['summary']['nothing']} with nothing" in printed.err


def test_csv_holds_the_same_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--coverage", "--modality", "audio", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 44
    by_id = {row["id"]: row for row in rows}
    assert {row["need"] for row in rows} == {"nothing", "weights", "labels", "judge", "ratings"}
    spoken = next(row for row in rows if row["task_type"] == "text-to-speech" and row["metric"] == "wer")
    assert "speech recogniser" in spoken["needs"] and "whisper" in spoken["lacks"]
    rated = next(row for row in by_id.values() if row["need"] == "ratings")
    assert f"{rated['id']}.csv" in rated["lacks"]


def test_weights_that_are_there_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    task = next(task for task in load("2025") if task.metric == "aesthetic_score")
    assert "clip-vit-large-patch14" in coverage(task).lacks
    monkeypatch.setenv("GENLEVEL_WEIGHTS", str(tmp_path))
    (tmp_path / "clip-vit-large-patch14").mkdir()
    # The first is found now, and the second is asked for.
    assert "sac+logos" in coverage(task).lacks
    (tmp_path / "sac+logos+ava1-l14-linearMSE.pth").touch()
    assert coverage(task).here


def test_options_decide_what_is_looked_for(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    assert metrics.get("dynamic_degree", flow="farneback").lacks() == ""
    assert "vgg16" in metrics.get("lpips", net="vgg").lacks()
    assert "clap" in metrics.get("fad", embedding="clap").lacks()
    own = tmp_path / "mine.pt"
    assert "mine.pt does not exist" in metrics.get("fvd", weights=str(own)).lacks()
    own.touch()
    assert metrics.get("fvd", weights=str(own)).lacks() == ""
    # An installed pycocoevalcap brings the one without the other.
    assert any(jar in metrics.get("spice").lacks() for jar in ("spice-1.0.jar", "stanford-corenlp-3.6.0.jar"))


def test_every_metric_that_needs_weights_looks_for_them() -> None:
    for name in metrics.names():
        kind = metrics.METRICS.load(name)
        if any(need.startswith("weights") for need in kind.needs):
            assert kind().lacks(), name


def test_the_page_is_current() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "coverage_page.py"))
    page = tool["PAGE"].read_text(encoding="utf-8")
    assert page == tool["page"](), "run python tools/coverage_page.py"
    assert "not supported" not in page
