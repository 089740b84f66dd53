"""An edition on made data: every pair of task type and metric is asked, answered by its nearest example, scored and levelled."""

import json
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.scoring.needs import coverage

SAMPLES = 2


def one_of_each(edition: str) -> list[str]:
    """The first task of each pair of task type and metric."""
    return list({(t.task_type, t.metric): t.id for t in reversed(list(load(edition)))}.values())


@pytest.mark.parametrize("edition", ["2024", "2025"])
def test_every_kind_of_task_runs_and_is_scored(
    edition: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    data, run = tmp_path / "data", tmp_path / "run"
    ids, catalog = one_of_each(edition), load(edition)
    made = ["data", "specimens", str(data), "--edition", edition, "--samples", str(SAMPLES)]
    assert main([*made, "--tasks", *ids]) == 0
    assert main(["data", "check", str(data), "--edition", edition]) == 0
    asked = ["run", "--model", "nearest:", "--data", str(data), "--edition", edition, "--out", str(run), "--quiet"]
    assert main([*asked, "--no-score"]) == 0
    capsys.readouterr()
    assert main(["score", str(run), "--format", "json"]) == 1  # in part: some tasks are not scorable here
    printed = capsys.readouterr()
    told = {row["task_id"]: row for row in json.loads(printed.out)["tasks"]}
    assert told.keys() == set(ids)
    for task_id, row in told.items():
        # The nearest example's right answer can be read, whatever the task type.
        if coverage(catalog.tasks[task_id]).here:
            assert row["value"] is not None and row["samples"] == row["answered"] == SAMPLES, row
            assert row["failed"] == row["unreadable"] == 0, row
        else:
            assert row["value"] is None and row["note"].count("not scorable: ") == 1 and "\n" not in row["note"], row
            assert row["note"].partition("not scorable: ")[2] in printed.err
    assert main(["level", str(run), "--format", "json"]) == 0
    (level,) = json.loads(capsys.readouterr().out)["models"]
    # By hand from the printed sigmas: what was not scored, and what was not made, counts 0 and stays in the divisor.
    assert level["tasks"] == len(catalog)
    sums = {(t.modality, t.paradigm): [0.0, 0] for t in catalog}
    for task in catalog:
        cell = sums[task.modality, task.paradigm]
        cell[0] += (told.get(task.id) or {}).get("sigma") or 0.0
        cell[1] += 1
    for modality, scores in level["modalities"].items():
        halves = [sums[modality, p] for p in ("comprehension", "generation") if (modality, p) in sums]
        if catalog.protocol == "paper-2025":
            expected = sum(total / count for total, count in halves) / 2
        else:
            expected = sum(total for total, _ in halves) / sum(count for _, count in halves)
        assert scores["S2"] == pytest.approx(expected, abs=1e-6), modality
