"""The nearest-neighbour generalist: one mechanism, above chance, and honest about what it lacks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genlevel import models, tasktypes
from genlevel.datasets import Dataset
from genlevel.errors import ModelError, RecordError, RequestFailed
from genlevel.media import encode_png, encode_wav
from genlevel.models.features import FEATURISERS, vectors
from genlevel.models.nearest import NearestModel
from genlevel.records import PART_KINDS, Part, Prediction, Request
from genlevel.scoring import score_task
from genlevel.starter.bar import read_stored

# The share of right answers of a guess, in percent, for the tasks with closed answers.
CHANCE = {
    "image.comprehension.shape-classification": 100 / 6,
    "image.comprehension.colour-questions": 100 / 6,
    "image.comprehension.place-questions": 25,
    "video.comprehension.motion-classification": 100 / 7,
    "video.comprehension.flash-counting": 25,
    "audio.comprehension.tone-recognition": 100 / 12,
    "audio.comprehension.chord-recognition": 25,
    "audio.comprehension.timbre-classification": 100 / 6,
    "3d.comprehension.solid-classification": 100 / 6,
    "3d.comprehension.solid-counting": 20,
    "language.review-sentiment": 50,
    "language.entailment": 100 / 3,
}
# By design: few prompts, many examples, and a specialist whose recipes are rough. See docs/starter.md.
WINS = {"audio.generation.tone-synthesis"}


def requests(dataset: Dataset) -> list[Request]:
    kind = tasktypes.get(dataset.task.task_type)
    found = []
    for record in dataset.records():
        assert not isinstance(record, RecordError)
        found.append(kind.ask(kind.read(record), dataset.task))
    return found


async def answers(model: models.Model, dataset: Dataset) -> dict[str, Prediction]:
    return {r.sample_id: Prediction(r.sample_id, parts=(await model.generate(r)).parts) for r in requests(dataset)}


@pytest.fixture(scope="module")
def scores(datasets: dict[str, Dataset]) -> dict[str, float]:
    async def everything() -> dict[str, float]:
        model = models.load("nearest:")
        await model.start(list(datasets.values()))
        found = {}
        for task_id, dataset in datasets.items():
            score = score_task(dataset, await answers(model, dataset), model="nearest", intervals=False).score
            assert score.value is not None and score.unreadable == 0
            found[task_id] = score.value
        return found

    return asyncio.run(everything())


def test_it_is_above_chance_on_most_tasks(scores: dict[str, float]) -> None:
    above = [task_id for task_id, chance in CHANCE.items() if scores[task_id] > chance]
    assert len(above) >= 0.6 * len(CHANCE)


def test_the_specialists_are_better_except_where_memory_wins(
    scores: dict[str, float], datasets: dict[str, Dataset]
) -> None:
    bars, _ = read_stored()
    better = {
        task_id
        for task_id, score in scores.items()
        if (score >= bars[task_id]) == (datasets[task_id].task.direction == "higher")
    }
    assert better == WINS


async def test_a_training_example_is_answered_with_its_own_answer(datasets: dict[str, Dataset]) -> None:
    for task_id in ("image.generation.sketch-to-image", "language.passive-voice", "3d.comprehension.solid-counting"):
        dataset = replace(
            datasets[task_id], annotation=datasets[task_id].train, folder=datasets[task_id].folder / "train"
        )
        model = NearestModel()
        await model.start([datasets[task_id]])
        score = score_task(dataset, await answers(model, dataset), model="nearest", intervals=False).score
        assert score.value == pytest.approx(1.0 if score.metric == "ssim" else 100.0)


async def test_without_training_examples_each_sample_fails_with_the_reason(datasets: dict[str, Dataset]) -> None:
    dataset = replace(datasets["language.entailment"], train=None)
    model = NearestModel()
    await model.start([dataset])
    with pytest.raises(RequestFailed, match=r"language\.entailment has no training examples"):
        await model.generate(requests(dataset)[0])


def test_options_and_names_are_refused() -> None:
    with pytest.raises(ModelError):
        models.load("nearest:?k=3")
    with pytest.raises(ModelError):
        models.load("nearest:big")


def test_every_kind_of_part_has_vectors_of_one_length(datasets: dict[str, Dataset]) -> None:
    assert set(FEATURISERS) == set(PART_KINDS)
    lengths: dict[str, set[int]] = {}
    for dataset in datasets.values():
        for request in requests(dataset)[:2]:
            for part, vector in zip(request.parts, vectors(request.parts), strict=True):
                assert np.isfinite(vector).all()
                lengths.setdefault(part.kind, set()).add(len(vector))
    assert set(lengths) == set(PART_KINDS)
    assert all(len(found) == 1 for found in lengths.values())


@pytest.mark.parametrize("size", [(1, 1), (5, 300)])
def test_odd_media_have_vectors_too(size: tuple[int, int], tmp_path: Path) -> None:
    image = Part("image", data=encode_png(np.zeros((*size, 3), np.uint8)))
    silence = Part("audio", data=encode_wav(np.zeros(size[1]), 8000))
    assert all(np.isfinite(v).all() for v in vectors([image, silence, Part("text", "")]))
