"""Scoring one task: every sample counts, whatever became of its answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel.datasets.base import Dataset
from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.metrics.base import Metric, as_weights, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.registry import METRICS
from genlevel.records import Part, Prediction, Record, Sample, Task
from genlevel.scoring import Outcome, score_task
from genlevel.scoring import task as task_module
from genlevel.tasktypes import TASK_TYPES, TaskType

TASK = Task("language.echo", "test", "language", "language", "Echo", "echo-test", "accuracy", "higher", "percent", 50.0)


class Echo(TaskType):
    """The right answer is the sample's own text; '?' is unreadable."""

    name = "echo-test"
    title = "Echo"
    takes = makes = frozenset({"text"})
    answer_format = "the text"

    def read(self, record: Record) -> Sample:
        if "text" not in record.value:
            raise RecordError(f"{record.where}: no 'text'")
        return Sample(record.id, (Part("text", record.value["text"]),), record.value.get("label"))

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        if parts[0].text == "?":
            raise UnreadableAnswer("nothing to read")
        return parts[0].text


@dataclass(frozen=True)
class Gap(Metric):
    """A mean absolute error: without bound, so without a worst value."""

    name = "gap-test"
    title = definition = source = answer = "gap"
    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        answered = np.array([a is not None for a in answers])
        gaps = [0.0 if a is None else abs(float(a) - float(r)) for a, r in zip(answers, references, strict=True)]
        return Evidence(answered=answered, gap=np.array(gaps))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        return weighted_mean(evidence["gap"], as_weights(evidence, weights) * evidence["answered"], empty=float("inf"))


@dataclass(frozen=True)
class Memory(Dataset):
    """A dataset held in memory."""

    rows: tuple[Record | RecordError, ...] = ()

    def records(self, split: str = "test") -> Iterator[Record | RecordError]:
        return iter(self.rows)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASK_TYPES._loaded, "echo-test", Echo)
    monkeypatch.setitem(METRICS._loaded, "gap-test", Gap)
    task_module.tasktypes.get.cache_clear()


def dataset(*rows: Any, task: Task = TASK) -> Dataset:
    records = [
        r if isinstance(r, RecordError) else Record(str(i), r, Path(), f"a.json record {i}") for i, r in enumerate(rows)
    ]
    return Memory(task, Path(), Path("a.json"), "nlp/Echo", rows=tuple(records))


def answers(**texts: str) -> dict[str, Prediction]:
    return {i[1:]: Prediction(i[1:], parts=(Part("text", t),)) for i, t in texts.items()}


FOUR = [{"text": c, "label": c} for c in "abcd"]


def test_each_sample_is_in_one_state_and_only_right_answers_count() -> None:
    given = answers(_0="a", _1="wrong", _2="?") | {"3": Prediction("3", error="server said no")}
    scored = score_task(dataset(*FOUR, {"text": "e", "label": "e"}), given, model="m")
    assert scored.score.value == pytest.approx(20.0)  # 1 of 5, in percent
    assert (scored.score.samples, scored.score.answered, scored.score.unreadable) == (5, 3, 1)
    assert (scored.score.failed, scored.score.missing) == (1, 1)
    assert scored.outcomes.states == [
        Outcome.ANSWERED,
        Outcome.ANSWERED,
        Outcome.UNREADABLE,
        Outcome.FAILED,
        Outcome.MISSING,
    ]
    assert scored.outcomes.reasons == ["", "", "nothing to read", "server said no", "no answer"]


def test_one_right_answer_of_a_thousand_is_a_tenth_of_a_percent() -> None:
    rows = [{"text": str(i), "label": str(i)} for i in range(1000)]
    assert score_task(dataset(*rows), answers(_7="7"), model="m").score.value == pytest.approx(0.1)


def test_chunks_do_not_change_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"text": str(i), "label": str(i % 3)} for i in range(50)]
    given = answers(**{f"_{i}": str(i % 2) for i in range(50)})
    whole = score_task(dataset(*rows), given, model="m")
    monkeypatch.setattr(task_module, "CHUNK", 7)
    assert score_task(dataset(*rows), given, model="m").score == whole.score


def test_an_error_without_bound_carries_its_coverage() -> None:
    task = replace(TASK, metric="gap-test", direction="lower", scale="raw")
    rows = [{"text": str(i), "label": 10} for i in range(4)]
    score = score_task(dataset(*rows, task=task), answers(_0="12", _1="14"), model="m").score
    assert score.value == pytest.approx(3.0)
    assert score.coverage == pytest.approx(0.5)
    assert score.low is not None
    assert 2.0 <= score.low <= 3.0


def test_nothing_answered_has_no_value() -> None:
    task = replace(TASK, metric="gap-test", direction="lower", scale="raw")
    score = score_task(dataset({"text": "1", "label": 1}, task=task), {}, model="m").score
    assert score.value is None
    assert "nothing" in score.note


def test_broken_records_and_unknown_ids_are_listed() -> None:
    scored = score_task(
        dataset(*FOUR, {"nothing": 1}, RecordError("a.json record 9: no id")), answers(_0="a", _77="x"), model="m"
    )
    assert scored.score.samples == 4
    assert scored.problems == (
        "a.json record 4: no 'text'",
        "a.json record 9: no id",
        "language.echo: answer for unknown id '77'",
    )
    assert "2 records could not be used" in scored.score.note


def test_secret_labels_are_not_scored_as_zero() -> None:
    score = score_task(dataset({"text": "a"}), answers(_0="a"), model="m").score
    assert score.value is None
    assert "labels" in score.note


def test_one_record_without_label_does_not_silence_the_others() -> None:
    scored = score_task(dataset(*FOUR, {"text": "e"}), answers(_0="a", _1="b", _2="c", _3="x", _4="e"), model="m")
    assert (scored.score.value, scored.score.samples) == (75.0, 4)
    assert any("record 4" in line and "output" in line for line in scored.problems)


@pytest.mark.parametrize(("field", "value"), [("metric", "no-such-metric"), ("task_type", "no-such-type")])
def test_what_is_not_known_is_not_scorable(field: str, value: str) -> None:
    score = score_task(dataset(*FOUR, task=replace(TASK, **{field: value})), {}, model="m").score
    assert score.value is None
    assert value in score.note


def test_limit_scores_the_first_samples_only() -> None:
    scored = score_task(dataset(*FOUR), answers(_0="a", _1="b"), model="m", limit=2)
    assert (scored.score.value, scored.score.samples) == (100.0, 2)


def test_interval_brackets_the_value() -> None:
    rows = [{"text": str(i), "label": str(i)} for i in range(100)]
    score = score_task(dataset(*rows), answers(**{f"_{i}": str(i) for i in range(60)}), model="m").score
    assert score.low is not None
    assert score.high is not None
    # Normal approximation: 60 +- 1.96 * sqrt(.6 * .4 / 100) * 100 = 60 +- 9.6.
    assert score.low == pytest.approx(50.4, abs=2)
    assert score.high == pytest.approx(69.6, abs=2)


def test_without_a_readable_record_there_is_no_score() -> None:
    for rows in ((), ({"no": "text"},)):
        score = score_task(dataset(*rows), answers(_0="a"), model="m").score
        assert score.value is None
        assert score.samples == 0
        assert "no readable record" in score.note
