"""A specialist's arrays become a folder of predictions by one call, and are scored like any other."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import genlevel
from genlevel import metrics
from genlevel.datasets import find_datasets
from genlevel.errors import AnswerError
from genlevel.models.predictions import PredictionFolder
from genlevel.records import Part, Record, Task
from genlevel.scoring.task import score_task
from genlevel.specimens.write import make_specimens
from genlevel.tasktypes import for_task

DOCS = Path(__file__).parents[2] / "docs"
CATALOG = genlevel.load_catalog("2025")
TYPES = {task.task_type: task for task in reversed(list(CATALOG)) if task.metric not in ("mos", "gpt_score")}
# What a reference holds is also what a specialist answers with.
ARRAYS = [
    "object-detection", "keypoint-detection", "visual-grounding", "image-segmentation", "instance-segmentation",
    "panoptic-segmentation", "image-anomaly-detection", "depth-estimation", "scene-graph-generation", "image-denoising"
    if "image-denoising" in TYPES else "image-to-image", "video-object-segmentation", "referring-video-object-segmentation",
    "video-salient-object-detection", "video-depth-estimation", "visual-tracking", "video-grounding", "video-to-video",
    "point-cloud-segmentation", "point-cloud-instance-segmentation", "3d-object-detection", "3d-object-tracking",
    "point-cloud-odometry", "normal-estimation", "point-cloud-completion", "time-series-forecasting", "token-extraction",
]  # fmt: skip
BEST = {"success_auc": 20 / 21}


def scored(tmp_path: Path, task: Task, answers: dict[str, Any], form: str = "") -> Any:
    file = genlevel.write_predictions(tmp_path / "answers", task, answers, form)
    assert file == tmp_path / "answers" / f"{task.id}.json"
    (dataset,) = find_datasets(tmp_path / "data", CATALOG).datasets
    found = PredictionFolder(tmp_path / "answers").predictions(dataset)
    assert found.problems == []
    return score_task(dataset, {p.id: p for p in found.predictions}, model="specialist", intervals=False).score


def references(tmp_path: Path, task: Task) -> dict[str, Any]:
    make_specimens(tmp_path / "data", [task])
    (dataset,) = find_datasets(tmp_path / "data", CATALOG).datasets
    kind = for_task(task)
    return {r.id: kind.read(r).reference for r in dataset.records() if isinstance(r, Record)}


@pytest.mark.parametrize("name", ARRAYS)
def test_the_references_as_predictions_score_the_best_value(name: str, tmp_path: Path) -> None:
    task = next(
        t for t in CATALOG if t.task_type == name and t.metric not in ("musiq", "frame_accuracy", "fid", "clip_score")
    )
    score = scored(tmp_path, task, references(tmp_path, task))
    assert (score.samples, score.answered, score.unreadable) == (2, 2, 0), score
    best = metrics.get(for_task(task).metric(task))
    end = best.range[1 if best.direction == "higher" else 0]
    printed = BEST.get(best.name, end) * (100.0 if task.scale == "percent" and best.unit == "fraction" else 1.0)
    assert score.value == pytest.approx(printed, abs=1e-4)


def test_media_with_labels_beside_them(tmp_path: Path) -> None:
    task = next(t for t in CATALOG if t.metric == "e_acc")
    references(tmp_path, task)
    sound = genlevel.write_answer(task.task_type, (np.zeros(800), 8000))
    moods = ["happy", "sad", "calm"]
    values = [
        scored(tmp_path, task, {i: (*sound, Part("text", mood)) for i in ("0000", "0001")}).value for mood in moods
    ]
    assert sum(values) == pytest.approx(100.0)


def test_odd_ids_and_mistakes(tmp_path: Path) -> None:
    task = next(t for t in CATALOG if t.task_type == "image-segmentation")
    file = genlevel.write_predictions(tmp_path, task, {"../a/b": np.zeros((4, 5), int), "ok": "[]"})
    (first, second) = json.loads(file.read_text())["data"]
    assert (
        re.fullmatch(rf"{re.escape(task.id)}/[0-9a-f]{{24}}\.png", first["prediction"]) and second["prediction"] == "[]"
    )
    assert (tmp_path / first["prediction"]).is_file()
    with pytest.raises(AnswerError, match=r"sample 'x' .*label map"):
        genlevel.write_predictions(tmp_path, task, {"x": np.zeros(3)})


def test_the_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "tasktypes.md").read_text(encoding="utf-8")
    (example,) = (code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "write_predictions" in code)
    exec(example, {})
    assert len(list((tmp_path / "answers").glob("*.json"))) == 1
