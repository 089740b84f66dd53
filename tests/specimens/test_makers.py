"""Specimens of every task type: they are read, their right answer is the best one, and none is the worst."""

from pathlib import Path

import pytest

from genlevel import metrics, tasktypes
from genlevel.catalog import load
from genlevel.catalog.task_types import TASK_TYPE_NAMES
from genlevel.cli import main
from genlevel.errors import NotScorable, UnreadableAnswer
from genlevel.records import Task
from genlevel.scoring.needs import coverage
from genlevel.specimens import makers
from genlevel.specimens.write import draw, record_of

# One task for each pair of task type and metric in the two editions.
PAIRS = {(task.task_type, task.metric): task for edition in ("2024", "2025") for task in load(edition)}
# Overlap is at least each of 21 thresholds from 0 to 1, and none is larger than 1.
BEST = {"success_auc": 20 / 21, "cider": 10.0}
# No answer correlates with nothing: the worst that there is, though not the end of the range.
FLOORS = {"pcc": (0.0, 0.0)}
SAMPLES = 4


def test_every_task_type_has_a_maker() -> None:
    assert set(makers()) == set(TASK_TYPE_NAMES)


@pytest.fixture(autouse=True)
def no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)


@pytest.mark.parametrize("task", PAIRS.values(), ids=lambda t: f"{t.task_type}-{t.metric}")
def test_the_right_answer_is_the_best_and_none_the_worst(task: Task, tmp_path: Path) -> None:
    kind = tasktypes.for_task(task)
    specimens = draw(task, SAMPLES)
    samples = [kind.read(record_of(tmp_path, specimen, f"{i:04d}")) for i, specimen in enumerate(specimens)]
    assert all(part.kind in kind.takes for sample in samples for part in sample.input)
    right = [kind.parse(specimen.right, sample) for specimen, sample in zip(specimens, samples, strict=True)]
    metric = metrics.get(kind.metric(task), **kind.metric_options(task))
    references = [sample.reference for sample in samples]
    needs = coverage(task)
    if needs.need in ("judge", "weights"):
        with pytest.raises(NotScorable):
            metric.measure(right, references)
        return
    if needs.need == "ratings":  # they come in place of the answers
        return
    best = float(metric.reduce(metric.measure(right, references)))
    ends = metric.range if metric.direction == "higher" else metric.range[::-1]
    assert best == pytest.approx(BEST.get(metric.name, ends[1]), abs=1e-9)
    evidence = metric.measure([None] * SAMPLES, references)
    low, high = FLOORS.get(metric.name, (ends[0], ends[0]))
    assert low <= float(metric.reduce(evidence)) <= high
    assert float(metric.coverage(evidence)) == float(metric.bounded)


def test_the_same_seed_makes_the_same_specimens_and_another_makes_others() -> None:
    task = PAIRS["object-detection", "ap50"]
    assert draw(task, 2) == draw(task, 2)
    assert draw(task, 2) != draw(task, 2, seed=1)
    assert draw(task, 2) != draw(task, 2, split="train")


def test_detections_and_recognised_labels_are_asked_for(tmp_path: Path) -> None:
    for name in ("success_rate", "e_acc", "accuracy"):
        task = next(t for t in PAIRS.values() if t.metric == name and coverage(t).need == "labels")
        kind = tasktypes.for_task(task)
        (specimen,) = draw(task, 1)
        sample = kind.read(record_of(tmp_path / name, specimen))
        bare = [part for part in specimen.right if part.kind != "text"]
        metric = metrics.get(kind.metric(task))
        with pytest.raises((NotScorable, UnreadableAnswer), match=r"recogniser|classifier|detector"):
            metric.measure([kind.parse(bare, sample)], [sample.reference])


def test_a_folder_with_other_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("x")
    assert main(["data", "specimens", str(tmp_path), "--tasks", "*hotpot*", "--edition", "2024"]) == 2
    assert "holds other files ('mine.txt')" in capsys.readouterr().err
