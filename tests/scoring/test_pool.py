"""Worker processes: they change how long scoring takes, and nothing else."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import tasktypes
from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset
from genlevel.errors import RunError
from genlevel.metrics.classification import Accuracy
from genlevel.metrics.registry import METRICS
from genlevel.records import Part, Record, Sample, Task
from genlevel.scoring import ScoreReport, Settings, score_predictions
from genlevel.scoring.files import read_evidence, write_report
from genlevel.scoring.pool import score_each
from genlevel.tasktypes import TASK_TYPES, TaskType

TASK = Task("t", "test", "language", "language", "T", "multiple-choice", "accuracy", "higher", "percent", 50.0)
TASKS = 9


class Shout(TaskType):
    """The right answer is the label in capitals."""

    name = "shout-test"
    title = "Shout"
    takes = makes = frozenset({"text"})
    answer_format = "the label in capitals"

    def read(self, record: Record) -> Sample:
        return Sample(record.id, (Part("text", "?"),), record.value["output"]["answer"].upper())

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        return parts[0].text


@dataclass(frozen=True)
class Never(Accuracy):
    """An accuracy that is always 0."""

    name = "accuracy"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Any:
        return super().measure([None] * len(answers), references)


@pytest.fixture(autouse=True)
def unregistered(monkeypatch: pytest.MonkeyPatch) -> Any:
    for registry in (TASK_TYPES, METRICS):
        monkeypatch.setattr(registry, "_loaded", dict(registry._loaded))
        monkeypatch.setattr(registry, "_registered", set())
    tasktypes.get.cache_clear()
    yield
    tasktypes.get.cache_clear()


def write(root: Path, **types: str) -> list[Dataset]:
    """Tasks t0, t1, ... of 10, 11, ... samples, of which the first 2, 3, ... are answered rightly."""
    datasets = []
    for k in range(TASKS):
        task = replace(TASK, id=f"t{k}", task_type=types.get(f"t{k}", TASK.task_type))
        folder = root / "data" / task.id
        (root / "answers" / task.id).mkdir(parents=True)
        folder.mkdir(parents=True)
        entries = [
            {"id": i, "input": {"question": "?", "options": ["yes", "no"]}, "output": {"answer": "yes"}}
            for i in range(10 + k)
        ]
        answers = [{"id": i, "prediction": "YES" if i < 2 + k else "NO"} for i in range(10 + k)]
        (folder / "annotation.json").write_text(json.dumps({"data": entries}))
        (root / "answers" / task.id / "prediction.json").write_text(json.dumps(answers))
        datasets.append(Dataset(task, folder, folder / "annotation.json", task.id))
    return datasets


def score(root: Path, datasets: list[Dataset], jobs: int, store: Path | None = None) -> ScoreReport:
    catalog = Catalog("test", {d.task.id: d.task for d in datasets}, "")
    return score_predictions(root / "answers", datasets, catalog, Settings("m", jobs=jobs, store=store))


EXPECTED = [pytest.approx(100 * (2 + k) / (10 + k)) for k in range(TASKS)]


def test_workers_give_the_same_scores_replicates_and_evidence(tmp_path: Path) -> None:
    datasets = write(tmp_path)
    alone = score(tmp_path, datasets, jobs=1)
    together = score(tmp_path, datasets, jobs=2, store=tmp_path / "stored")
    assert [s.value for s in alone.scores] == EXPECTED
    assert together.scores == alone.scores
    assert together.level == alone.level
    assert together.notes == alone.notes == ()
    assert all(task.evidence is None and not len(task.outcomes) for task in together.tasks)
    write_report(tmp_path / "alone", alone)
    write_report(tmp_path / "stored", together)
    for mine, other in zip(alone.tasks, together.tasks, strict=True):
        assert np.array_equal(mine.replicates, other.replicates)
        evidence, outcomes, bootstrap = read_evidence(tmp_path / "stored", mine.score.task_id)
        assert mine.evidence is not None
        assert np.array_equal(evidence["correct"], mine.evidence["correct"])
        assert outcomes == mine.outcomes
        assert np.array_equal(bootstrap["values"], mine.replicates)
    names = [sorted(p.name for p in (tmp_path / side / "evidence").iterdir()) for side in ("alone", "stored")]
    assert names[0] == names[1] == sorted(f"t{k}.npz" for k in range(TASKS))


def test_a_type_registered_here_only_is_scored_here_and_said(tmp_path: Path) -> None:
    TASK_TYPES.register("shout-test", Shout)
    report = score(tmp_path, write(tmp_path, t3="shout-test", t5="shout-test"), jobs=2)
    assert [s.value for s in report.scores] == EXPECTED
    assert [s.task_id for s in report.scores] == [f"t{k}" for k in range(TASKS)]
    (note,) = report.notes
    assert note.startswith("2 tasks were scored without worker processes, since 'shout-test' is registered in this")
    assert not report.problems


def test_a_metric_that_replaces_a_known_one_here_counts_for_all_tasks(tmp_path: Path) -> None:
    METRICS.register("accuracy", Never)
    report = score(tmp_path, write(tmp_path), jobs=2)
    assert [s.value for s in report.scores] == [0.0] * TASKS
    assert report.notes[0].startswith(f"{TASKS} tasks were scored without worker processes, since 'accuracy'")


def test_a_type_that_nobody_knows_is_not_scorable_with_workers_either(tmp_path: Path) -> None:
    report = score(tmp_path, write(tmp_path, t0="no-such-type"), jobs=2)
    assert report.scores[0].value is None
    assert "no-such-type" in report.scores[0].note
    assert [s.value for s in report.scores[1:]] == EXPECTED[1:]


def threads_of(dataset: Dataset) -> Any:
    return dataset.task.id, os.getpid(), os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_NUM_THREADS")


def test_a_worker_does_not_start_threads_on_all_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genlevel.scoring.pool.cores", lambda: 6)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    seen: Any = score_each(threads_of, write(tmp_path), 2).tasks
    assert [name for name, *_ in seen] == [f"t{k}" for k in range(TASKS)]
    assert os.getpid() not in {process for _, process, *_ in seen}
    assert {(blas, omp) for *_, blas, omp in seen} == {("3", "5")}
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_tasks_whose_metric_holds_a_network_share_one_process(tmp_path: Path) -> None:
    datasets = write(tmp_path)
    for k in (2, 5):
        datasets[k] = replace(datasets[k], task=replace(TASK, id=f"t{k}", task_type="text-to-image", metric="fid"))
    seen: Any = score_each(threads_of, datasets, 2).tasks
    assert [name for name, *_ in seen] == [f"t{k}" for k in range(TASKS)]
    assert [k for k, (_, process, *_) in enumerate(seen) if process == os.getpid()] == [2, 5]


def die(dataset: Dataset) -> Any:
    os._exit(9)


def fail(dataset: Dataset) -> Any:
    raise RunError(f"{dataset.task.id}: no space left")


def test_a_killed_worker_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"worker process was killed.*--jobs 1"):
        score_each(die, write(tmp_path), 2)


def test_an_error_in_a_worker_is_the_same_error_here(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no space left"):
        score_each(fail, write(tmp_path), 2)
