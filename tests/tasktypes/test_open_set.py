"""The real files: every record is read, and its own answer, said in usual ways, gets the best score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from genlevel import metrics, tasktypes
from genlevel.datasets.annotations import read_records
from genlevel.errors import UnreadableAnswer
from genlevel.records import Part, Record, Sample

ROOT = Path(__file__).parents[2] / ".." / "shared" / "data" / "general-bench-openset"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the open set is not here")

# file, task type, metric, records
TASKS = [
    ("image/comprehension/BirdDetection/bird_detection.json", "object-detection", "ap50", 200),
    ("image/comprehension/car_brands_recognition/json/annotation.json", "image-classification", "accuracy", 192),
    (
        "image/comprehension/chemistry_vqa/json/annotation.json",
        "multiple-choice-visual-question-answering",
        "accuracy",
        44,
    ),
    (
        "image/comprehension/lung_nodule_diagnosis_vqa/json/annotation.json",
        "visual-question-answering",
        "accuracy",
        120,
    ),
    ("nlp/Causal-Reasoning/annotation.json", "multiple-choice", "accuracy", 200),
    ("nlp/Dialogue-Relation-Extraction/annotation.json", "token-extraction", "micro_f1", 200),
    ("nlp/Document-Level-Causal-Reasoning/annotation.json", "question-answering", "bleu1", 226),
    ("nlp/Multi-Turn-Daily-Dialogue-Generation/annotation.json", "dialogue", "bleu1", 222),
    ("nlp/Natural-Language-Inference/annotation.json", "text-classification", "micro_f1", 196),
    ("nlp/Temporal-Reasoning/annotation.json", "question-answering", "bleu1", 204),
]


@cache
def samples(file: str, task_type: str) -> list[tuple[Record, Sample]]:
    path = ROOT / file
    folder = path.parent.parent if path.parent.name == "json" else path.parent
    kind = tasktypes.get(task_type)
    found = []
    for record in read_records(path, folder):
        assert isinstance(record, Record), record
        found.append((record, kind.read(record)))
    return found


def answer_text(record: Record) -> str:
    """The record's own answer as text: the first of several, objects as JSON."""
    value: Any = next(iter(record.value["output"].values()))
    value = value[0] if isinstance(value, list) else value
    return value if isinstance(value, str) else json.dumps(value)


def scores(file: str, task_type: str, metric: str, form: str) -> float:
    kind, measure = tasktypes.get(task_type), metrics.get(metric)
    pairs = samples(file, task_type)
    answers = []
    for record, sample in pairs:
        text = form.format(answer_text(record))
        answers.append(kind.parse([Part("text", text)], sample))
    return float(measure.reduce(measure.measure(answers, [sample.reference for _, sample in pairs])))


@pytest.mark.parametrize(("file", "task_type", "metric", "count"), TASKS)
def test_every_record_is_read(file: str, task_type: str, metric: str, count: int) -> None:
    found = samples(file, task_type)
    assert len(found) == count
    for _, sample in found:
        assert sample.reference is not None
        assert sample.input[-1].text.strip() and "<<<" not in sample.input[-1].text
        if file.startswith("image"):
            assert (
                sample.input[0].kind == "image" and sample.input[0].path is not None and sample.input[0].path.is_file()
            )


@pytest.mark.parametrize(("file", "task_type", "metric", "count"), TASKS)
def test_the_reference_as_text_gets_the_best_score(file: str, task_type: str, metric: str, count: int) -> None:
    assert scores(file, task_type, metric, "{}") == pytest.approx(1.0)


def usual_forms() -> Iterator[tuple[str, str, str, str]]:
    for file, task_type, metric, _ in TASKS:
        forms = ["<think>Is it Zanzibar?</think>\n\n{}"]
        if metric == "accuracy" or task_type == "text-classification":
            forms += ["The answer is {}.", "**{}**", "Answer: {}", "Let me look closely.\n\nFinal answer: **{}**"]
        if task_type == "object-detection":
            forms += ["Here are the boxes:\n```json\n{}\n```\nTell me if [you] need more."]
        for form in forms:
            yield file, task_type, metric, form


@pytest.mark.parametrize(("file", "task_type", "metric", "form"), list(usual_forms()))
def test_the_reference_in_usual_words(file: str, task_type: str, metric: str, form: str) -> None:
    assert scores(file, task_type, metric, form) == pytest.approx(1.0)


@pytest.mark.parametrize(("file", "task_type", "metric", "count"), TASKS)
def test_a_wrong_text_never_counts(file: str, task_type: str, metric: str, count: int) -> None:
    kind, measure = tasktypes.get(task_type), metrics.get(metric)
    pairs = samples(file, task_type)
    answers: list[Any] = []
    for _, sample in pairs:
        try:
            answers.append(kind.parse([Part("text", "zanzibar")], sample))
        except UnreadableAnswer:
            answers.append(None)
    assert float(measure.reduce(measure.measure(answers, [sample.reference for _, sample in pairs]))) == 0.0


def test_letters_and_options_are_the_same_answer() -> None:
    file, task_type, metric, _ = TASKS[4]
    kind, measure = tasktypes.get(task_type), metrics.get(metric)
    pairs = samples(file, task_type)
    answers = [
        kind.parse(
            [Part("text", record.value["input"]["options"]["AB".index(record.value["output"]["answer"])])], sample
        )
        for record, sample in pairs
    ]
    assert float(measure.reduce(measure.measure(answers, [sample.reference for _, sample in pairs]))) == 1.0


def test_the_prompt_of_a_real_record() -> None:
    _, sample = samples(*TASKS[8][:2])[0]
    text = sample.input[-1].text
    assert text.startswith("Premise: ") and text.count("Premise: ") == 1
    assert text.endswith("Provide only the category name as output.")
    assert sample.choices == ("entailment", "contradiction", "neutral")
