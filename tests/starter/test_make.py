"""The starter set: deterministic, complete, and answered perfectly by its own references."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genlevel import tasktypes
from genlevel.catalog import load
from genlevel.datasets import Dataset
from genlevel.errors import DataError, RecordError
from genlevel.models.nearest import answer_of
from genlevel.records import PARADIGMS, Prediction
from genlevel.scoring import score_task
from genlevel.starter import make
from genlevel.starter.specialists.base import SPECIALISTS

TASKS = make.starter_tasks()
# What the right answers score where that is not 100: errors are 0, SSIM is a fraction, and the success curve counts
# overlaps above each of 21 thresholds up to 1, which even a perfect box does not exceed.
BEST = {"mae": 0.0, "abs_rel": 0.0, "chamfer_distance": 0.0, "ssim": 1.0, "success_auc": 100 * 20 / 21}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    small = tuple(replace(task, test=2, train=1) for task in TASKS)
    monkeypatch.setattr(make, "starter_tasks", lambda: small)


def test_tasks_cover_every_modality_in_both_paradigms() -> None:
    assert len(TASKS) >= 24
    assert {(t.modality, t.paradigm) for t in TASKS} == {
        *((m, p) for m in ("image", "video", "audio", "3d") for p in PARADIGMS[:2]),
        ("language", "language"),
    }
    assert {t.id for t in TASKS} == set(SPECIALISTS)


@pytest.mark.usefixtures("few")
def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = digests(make.make_starter(tmp_path / "a", 7, measured=False))
    again = digests(make.make_starter(tmp_path / "b", 7, measured=False))
    other = digests(make.make_starter(tmp_path / "c", 8, measured=False))
    assert first == again
    for task in TASKS:
        ours = {name: digest for name, digest in first.items() if name.startswith(f"{task.folder}/")}
        theirs = {name: digest for name, digest in other.items() if name.startswith(f"{task.folder}/")}
        assert ours and ours != theirs


@pytest.mark.usefixtures("few")
def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(DataError, match=r"thesis\.tex"):
        make.make_starter(tmp_path, 0)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_it_is_small_and_quick(made: Any) -> None:
    assert made.seconds < 20
    assert sum(p.stat().st_size for p in made.folder.rglob("*") if p.is_file()) < 16e6


def test_the_catalog_loads_and_every_record_can_be_read(starter: Path, datasets: dict[str, Dataset]) -> None:
    catalog = load(catalog=starter / "catalog.csv")
    assert list(datasets) == [t.id for t in TASKS] == list(catalog.tasks)
    assert all(task.sota is not None and task.specialist for task in catalog)
    for task in TASKS:
        for split, count in (("test", task.test), ("train", task.train)):
            records = list(datasets[task.id].records(split))
            assert len(records) == count and not any(isinstance(r, RecordError) for r in records)


@pytest.mark.parametrize("task_id", [t.id for t in TASKS])
def test_the_right_answers_score_the_best_value(task_id: str, datasets: dict[str, Dataset]) -> None:
    dataset = datasets[task_id]
    kind = tasktypes.get(dataset.task.task_type)
    answers = {}
    for record in dataset.records():
        assert not isinstance(record, RecordError)
        parts = answer_of(record, kind.read(record), kind)
        answers[record.id] = Prediction(record.id, parts=parts)
    score = score_task(dataset, answers, model="oracle", intervals=False).score
    assert score.unreadable == score.missing == 0
    assert score.value == pytest.approx(BEST.get(dataset.task.metric, 100.0), abs=1e-9)


def test_no_request_gives_its_answer_away(datasets: dict[str, Dataset]) -> None:
    for dataset in datasets.values():
        kind = tasktypes.get(dataset.task.task_type)
        for record in dataset.records():
            assert not isinstance(record, RecordError)
            request = kind.ask(kind.read(record), dataset.task)
            paths = [str(part.path) for part in request.parts if part.path is not None]
            assert not any("answer" in path for path in paths)
