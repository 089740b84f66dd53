"""What holds of every metric at its edges: equal sides are best, and NaN, constants, other sizes and one class are finite."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError
from genlevel.metrics.base import Metric
from tests.metrics.examples import EXAMPLES, OPTIONS

# Answers in another form than references: what a right answer to each reference is.
RIGHT: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("f1", "anls", "bleu1", "bleu2", "bleu3", "bleu4", "rouge1", "rouge2", "rouge_l"), lambda r: r[0]),
    **dict.fromkeys(("rouge_l_coco", "wer", "cer", "codebleu"), lambda r: r[0]),
    "vqa_accuracy": lambda r: max({*r}, key=r.count),
}
# Where equal sides do not give the end of the range, and what they give.
EQUAL: dict[str, Any] = {
    "success_auc": 20 / 21,  # the last threshold is 1 and must be exceeded
    "si_sdr": 100.0,  # cut there
    "pesq": pytest.approx(4.64, abs=0.01),
    "vqa_accuracy": None,  # fewer than three annotators may agree on the most frequent answer
    "meteor": None,  # one chunk costs
    "cider": None,  # 10 only where all references of a sample are equal
    "bleu2": None, "bleu3": None, "bleu4": None,  # texts shorter than the n-gram
    "rouge2": None,
    "bleu1": None,
    "s_measure": pytest.approx(1.0, abs=1e-9),
    "weighted_f_measure": pytest.approx(1.0, abs=1e-9),
    "normal_consistency": pytest.approx(1.0, abs=1e-9),
    "e_measure": None,  # the mean over thresholds, of which the lowest takes everything
}  # fmt: skip
NO_ANSWER_IN_THE_REFERENCE = {
    *("gpt_score", "mos", "user_preference_rate", "temporal_l1_consistency", "dynamic_degree"),
    *("success_rate", "single_object_success_rate", "multi_object_success_rate"),
}
# People's and judges' ratings: one that is not on the scale is an error of the file that holds it.
RATED = {"gpt_score", "mos", "user_preference_rate"}
# Document frequencies, and recalls between those that are reached, depend on the set.
OF_THE_SET = {"cider", "amota"}


def case(name: str, seed: int = 11, n: int = 5) -> tuple[Metric, list[Any], list[Any]]:
    rng = np.random.default_rng([seed, *name.encode()])
    return (metrics.get(name, **OPTIONS.get(name, {})), *EXAMPLES[name](rng, n))


def number(metric: Metric, answers: list[Any], references: list[Any]) -> float:
    """The value, which must be in range; a broken reference may be one line instead, and is NaN here."""
    try:
        value = float(metric.reduce(metric.measure(answers, references)))
    except MetricError as error:
        assert "\n" not in str(error)
        return math.nan
    assert metric.range[0] <= value <= metric.range[1]
    return value


def changed(thing: Any, change: Callable[[Any], Any]) -> Any:
    """``thing`` with every array and every float in it changed."""
    if isinstance(thing, (float, np.ndarray)):
        return change(thing)
    if isinstance(thing, dict):
        return {key: changed(value, change) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return type(thing)(changed(value, change) for value in thing)
    return thing


def poisoned(thing: Any) -> Any:
    if isinstance(thing, float):
        return math.nan
    out = thing.astype(np.float64)
    out.ravel()[-1:] = math.nan
    return out


def flat(thing: Any) -> Any:
    return 3.0 if isinstance(thing, float) else np.full_like(thing, 1 if thing.dtype.kind in "biu" else 0.25)


def shorter(thing: Any) -> Any:
    return thing if isinstance(thing, float) else thing[:-1]


@pytest.mark.parametrize("name", sorted({*EXAMPLES} - NO_ANSWER_IN_THE_REFERENCE))
def test_equal_sides_are_the_best(name: str) -> None:
    metric, answers, references = case(name)
    right = list(map(RIGHT.get(name, lambda reference: reference), references))
    value = number(metric, right, references)
    if name in EQUAL and EQUAL[name] is not None:
        assert value == EQUAL[name]
    elif name not in EQUAL:
        best = metric.range[1] if metric.direction == "higher" else metric.range[0]
        assert value == pytest.approx(best, abs=1e-9)
    given = number(metric, answers, references)
    assert value >= given - 1e-9 if metric.direction == "higher" else value <= given + 1e-9


@pytest.mark.parametrize("name", sorted({*EXAMPLES} - RATED))
@pytest.mark.parametrize("change", [poisoned, flat, shorter])
def test_an_answer_with_nan_of_one_value_or_of_another_size_has_a_number(
    name: str, change: Callable[[Any], Any]
) -> None:
    metric, answers, references = case(name)
    broken = [changed(answers[0], change), *answers[1:]]
    assert not math.isnan(number(metric, broken, references)), "an answer must not be an error"


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("change", [poisoned, flat, shorter])
def test_so_do_references_or_one_line_says_why(name: str, change: Callable[[Any], Any]) -> None:
    metric, answers, references = case(name)
    number(metric, answers, [changed(references[0], change), *references[1:]])
    every = [changed(reference, change) for reference in references]
    number(metric, [changed(answer, change) for answer in answers], every)


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_sample_over_and_over_is_that_sample(name: str) -> None:
    metric, answers, references = case(name)
    alone = number(metric, answers[:1], references[:1])
    many = number(metric, answers[:1] * 4, references[:1] * 4)
    if name not in OF_THE_SET:
        assert many == pytest.approx(alone, rel=1e-9, abs=1e-12)
