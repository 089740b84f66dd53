"""Every language set of the 2024 edition: found, read, asked, answered by an oracle and by nobody, and scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genlevel import tasktypes
from genlevel.catalog import load
from genlevel.datasets import Dataset, find_datasets
from genlevel.datasets.public.copies import copies
from genlevel.datasets.public.sources import sources
from genlevel.records import Part, Prediction, Record, Sample
from genlevel.scoring.task import score_task
from tests.datasets.public.language_sets import CASES, IDS, TextCase

CATALOG = load("2024")


def dataset_of(case: TextCase, root: Path) -> Dataset:
    case.make(root / case.folder)
    found = find_datasets(root, CATALOG)
    return next(d for d in found.datasets if d.task.id == case.task)


def samples_of(dataset: Dataset) -> list[Sample]:
    kind = tasktypes.for_task(dataset.task)
    records = list(dataset.records())
    assert all(isinstance(record, Record) for record in records), records
    return [kind.read(record) for record in records]  # type: ignore[arg-type]


def said(reference: Any, kind: str) -> str:
    """What a perfect model says."""
    if kind == "token-extraction":
        return json.dumps(reference)
    return reference[0] if isinstance(reference, list) else reference


def scored(case: TextCase, dataset: Dataset, answers: list[str | None]) -> float | None:
    samples = samples_of(dataset)
    predictions = {
        sample.id: Prediction(sample.id, parts=(Part("text", answer),))
        for sample, answer in zip(samples, answers, strict=True)
        if answer is not None
    }
    result = score_task(dataset, predictions, model="x", intervals=False)
    assert not result.problems and result.score.samples == len(case.references)
    return result.score.value


def test_all_30_sets_have_a_case_in_their_own_format_and_one_for_each_copy():
    language = {i for i in sources() if i.startswith("language.")}
    own = {c.task for c in CASES if not next(iter(c.files)).endswith(".parquet")}
    copied = {c.task for c in CASES if next(iter(c.files)).endswith(".parquet")}
    assert own == language
    assert copied == {i for i in copies() if i.startswith("language.")}
    assert copied == {i for i in language if sources()[i].hub}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_found_read_asked_and_scored(case: TextCase, tmp_path: Path):
    dataset = dataset_of(case, tmp_path)
    kind = tasktypes.for_task(dataset.task)
    samples = samples_of(dataset)
    assert [sample.reference for sample in samples] == case.references
    assert len({sample.id for sample in samples}) == len(samples)
    for sample in samples:
        (part,) = kind.ask(sample, dataset.task).parts
        assert part.kind == "text" and part.text.strip()
    assert scored(case, dataset, [said(r, dataset.task.task_type) for r in case.references]) == pytest.approx(100.0)
    nobody = scored(case, dataset, [None] * len(samples))
    assert nobody == 0.0


@pytest.mark.parametrize(
    "case", [c for c in CASES if CATALOG[c.task].task_type != "summarization"], ids=lambda c: c.task
)
def test_no_prompt_holds_the_answer_alone(case: TextCase, tmp_path: Path):
    """A question's answer may stand in its text; but no key of the answer is shown."""
    dataset = dataset_of(case, tmp_path)
    kind = tasktypes.for_task(dataset.task)
    for sample in samples_of(dataset):
        prompt = kind.ask(sample, dataset.task).parts[0].text
        if dataset.task.task_type == "token-extraction" and sample.reference:
            assert json.dumps(sample.reference) not in prompt.casefold()
            assert not all(label in prompt.casefold() for label in sample.reference)


def case_of(task: str) -> TextCase:
    return next(case for case in CASES if case.task == f"language.{task}")


def test_half_of_the_labels_wrong(tmp_path: Path):
    case = case_of("sst")
    # Micro F1 of one class a sample is the accuracy: 1 of 2.
    assert scored(case, dataset_of(case, tmp_path), ["positive", "positive"]) == pytest.approx(50.0)


def test_options_may_be_given_by_letter(tmp_path: Path):
    case = case_of("ag-news")
    # World, Sports, Business, Sci/Tech: C and D are right.
    assert scored(case, dataset_of(case, tmp_path), ["C", "The answer is D."]) == pytest.approx(100.0)


def test_one_entity_of_two_and_a_wrong_one(tmp_path: Path):
    case = case_of("conll-2003")
    # Found: EU, Berlin; right: EU, German. One hit of two found and two right: F1 = 1/2.
    assert scored(case, dataset_of(case, tmp_path), ['["EU (ORG)", "Berlin (LOC)"]', "none"]) == pytest.approx(50.0)


def test_words_of_an_answer(tmp_path: Path):
    case = case_of("squad-2-0")
    # 'northern France' against 'France': precision 1/2, recall 1: F1 2/3. The other is right.
    assert scored(case, dataset_of(case, tmp_path), ["northern France", "unanswerable"]) == pytest.approx(
        100 * (2 / 3 + 1) / 2
    )


def test_a_turn_shows_the_turns_before_it(tmp_path: Path):
    case = case_of("coqa")
    dataset = dataset_of(case, tmp_path)
    first, second = (tasktypes.for_task(dataset.task).ask(s, dataset.task).parts[0].text for s in samples_of(dataset))
    assert "A: white" in second and "A: white" not in first and "barn" not in second.partition("What color")[2]


def test_a_document_with_unknown_relations_names(tmp_path: Path):
    case = case_of("docred")._replace(files={"dev.json": case_of("docred").files["dev.json"]})
    (sample,) = samples_of(dataset_of(case, tmp_path))
    assert sample.reference == ["(kungliga hovkapellet, p17, sweden)"]
