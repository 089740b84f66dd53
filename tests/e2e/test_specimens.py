"""A whole edition on made data: every pair of task type and metric, asked, answered by its nearest example, scored, levelled."""

import csv
import json
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.levels import PROTOCOLS
from genlevel.scoring.needs import coverage

SAMPLES = 2


def one_of_each(edition: str) -> list[str]:
    """The first task of each pair of task type and metric."""
    return list({(t.task_type, t.metric): t.id for t in reversed(list(load(edition)))}.values())


def test_every_kind_of_task_runs_and_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    data, run = tmp_path / "data", tmp_path / "run"
    ids, catalog = one_of_each("2025"), load("2025")
    assert main(["data", "specimens", str(data), "--tasks", *ids, "--samples", str(SAMPLES)]) == 0
    assert main(["data", "check", str(data)]) == 0
    assert main(["run", "--model", "nearest:", "--data", str(data), "--out", str(run), "--quiet", "--no-score"]) == 0
    capsys.readouterr()
    assert main(["score", str(run), "--format", "json"]) == 0
    printed = capsys.readouterr()
    told = {row["task_id"]: row for row in json.loads(printed.out)["tasks"]}
    assert told.keys() == set(ids)
    for task_id, row in told.items():
        need = coverage(catalog.tasks[task_id]).need
        if need == "nothing":
            assert row["value"] is not None, row
            # What the nearest example was answered with can always be read, and counts as an answer.
            assert row["samples"] == row["answered"] == SAMPLES and row["failed"] == row["unreadable"] == 0, row
        elif need != "labels":
            assert row["value"] is None and "not scorable: " in row["note"] and "\n" not in row["note"], row
            assert row["note"].partition("not scorable: ")[2] in printed.err
    assert main(["level", str(run), "--format", "json"]) == 0
    (level,) = json.loads(capsys.readouterr().out)["models"]
    # S2 by hand: the mean of sigma over all comprehension and generation tasks; what was not scored counts 0.
    assert level["tasks"] == len(catalog)
    sigma = {task_id: row["sigma"] or 0.0 for task_id, row in told.items()}
    halves = []
    for modality in ("image", "video", "audio", "3d"):
        for paradigm in ("comprehension", "generation"):
            tasks = [t.id for t in catalog if (t.modality, t.paradigm) == (modality, paradigm)]
            halves.append((modality, sum(sigma.get(i, 0.0) for i in tasks), len(tasks)))
    assert "paper-2025" in PROTOCOLS
    for modality in ("image", "video", "audio", "3d"):
        (c_sum, c_count), (g_sum, g_count) = ((s, n) for m, s, n in halves if m == modality)
        expected = 0.5 * (c_sum / c_count + g_sum / g_count)
        pooled = (c_sum + g_sum) / (c_count + g_count)
        assert level["modalities"][modality]["S2"] == pytest.approx(expected) or level["modalities"][modality][
            "S2"
        ] == pytest.approx(pooled)


def test_ratings_a_judge_and_labels_from_elsewhere_make_the_rest_scorable(tmp_path: Path) -> None:
    rows = [coverage(task) for task in load("2025")]
    assert {row.need for row in rows} == {"nothing", "weights", "labels", "judge", "ratings"}
    # Nothing in the edition is without a way.
    for row in rows:
        assert row.needs and row.answer
    with (tmp_path / "x.csv").open("w", newline="") as file:
        csv.writer(file).writerow(["id", "rater", "rating"])
