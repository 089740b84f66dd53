"""What holds of every metric: rows that merge, weights that resample, missing answers that cost, and never a NaN."""

import io
import math
import re
from dataclasses import fields

import numpy as np
import pytest

from genlevel import metrics
from genlevel.cli.metrics_command import explanation
from genlevel.metrics.base import Metric
from genlevel.metrics.bootstrap import replicates
from genlevel.metrics.evidence import Evidence
from tests.metrics.examples import EXAMPLES, OPTIONS

# Document frequencies come from the reference set as it stands, so a resampled list is another set.
NOT_RESAMPLED_LISTS = {"cider"}
# Reductions over the whole set that are no mean of the samples: leaving out a very bad answer can be the lesser loss.
SET_LEVEL = {"pcc", "bleu2", "bleu3", "bleu4", "cer", "wer", "macro_f1", "mota", "amota"}

# Not bounded since a judge can fail; an answer that is not there has a rating all the same, the lowest.
LEFT_OUT_BY_THE_JUDGE_ALONE = {"gpt_score"}

# A rate of errors has no upper end, but what is not written down leaves out each word once.
ALL_MISSING = {"wer": 1.0, "cer": 1.0}


def case(name: str, seed: int, n: int = 9) -> tuple[Metric, list, list]:
    rng = np.random.default_rng([seed, *name.encode()])
    return (metrics.get(name, **OPTIONS.get(name, {})), *EXAMPLES[name](rng, n))


def test_every_metric_that_needs_no_weights_is_here() -> None:
    for name in set(metrics.names()) - set(EXAMPLES):
        assert any(need.startswith(("weights", "jar")) for need in metrics.METRICS.load(name).needs), name


@pytest.mark.parametrize("name", EXAMPLES)
def test_value_is_in_range_and_stored_evidence_gives_it_again(name: str) -> None:
    metric, answers, references = case(name, 1)
    evidence = metric.measure(answers, references)
    assert len(evidence) == len(answers)
    value = float(metric.reduce(evidence))
    assert metric.range[0] <= value <= metric.range[1]
    buffer = io.BytesIO()
    np.savez(buffer, **evidence.to_arrays())
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as archive:
        again = Evidence.from_arrays({k: archive[k] for k in archive.files})
    assert float(metric.reduce(again)) == value


@pytest.mark.parametrize("name", EXAMPLES)
def test_shards_merge_to_exactly_the_whole(name: str) -> None:
    metric, answers, references = case(name, 2)
    answers[4] = None
    whole = metric.measure(answers, references)
    shards = [metric.measure(answers[a:b], references[a:b]) for a, b in ((0, 1), (1, 5), (5, 5), (5, 9))]
    assert float(metric.reduce(Evidence.concat(shards))) == float(metric.reduce(whole))


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - NOT_RESAMPLED_LISTS))
def test_integer_weights_are_repeated_samples(name: str) -> None:
    metric, answers, references = case(name, 3, n=6)
    evidence = metric.measure(answers, references)
    weights = np.array([[1, 1, 1, 1, 1, 1], [2, 0, 1, 3, 0, 1], [0, 0, 0, 0, 0, 4]], np.float64)
    reduced = metric.reduce(evidence, weights)
    assert reduced.shape == (3,)
    for row, value in zip(weights, reduced, strict=True):
        index = np.repeat(np.arange(6), row.astype(int))
        direct = metric.reduce(metric.measure([answers[i] for i in index], [references[i] for i in index]))
        assert value == pytest.approx(float(direct), rel=1e-9, abs=1e-12)
        assert float(metric.reduce(evidence, row)) == pytest.approx(float(value), rel=1e-12)


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - SET_LEVEL))
def test_a_missing_answer_costs(name: str) -> None:
    metric, answers, references = case(name, 4)
    full = metric.measure(answers, references)
    holed = metric.measure([None, *answers[1:]], references)
    value, less = float(metric.reduce(full)), float(metric.reduce(holed))
    if metric.bounded or name in LEFT_OUT_BY_THE_JUDGE_ALONE:
        assert less <= value + 1e-12 if metric.direction == "higher" else less >= value - 1e-12
        assert float(metric.coverage(holed)) == 1.0
    else:
        # The value is of the answered samples alone, and the coverage carries the loss.
        answered = metric.measure(answers[1:], references[1:])
        assert less == pytest.approx(float(metric.reduce(answered)), rel=1e-12)
        assert float(metric.coverage(holed)) == pytest.approx(8 / 9)


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_answered_is_the_worst_and_never_nan(name: str) -> None:
    metric, answers, references = case(name, 5)
    for evidence in (metric.measure([None] * len(answers), references), metric.measure([], [])):
        value = float(metric.reduce(evidence))
        assert not math.isnan(value)
        assert value == (ALL_MISSING[name] if name in ALL_MISSING and len(evidence) else metric.worst)
    values = replicates(metric, metric.measure(answers, references), resamples=7).values
    assert values.shape == (7,)
    assert not np.isnan(values).any()


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_weight_at_all_is_the_worst(name: str) -> None:
    metric, answers, references = case(name, 6)
    evidence = metric.measure(answers, references)
    assert float(metric.reduce(evidence, np.zeros(len(answers)))) == metric.worst


@pytest.mark.parametrize("name", EXAMPLES)
def test_lengths_that_differ_are_refused(name: str) -> None:
    metric, answers, references = case(name, 7)
    with pytest.raises(metrics_error(), match=r"9 answers for 8 references"):
        metric.measure(answers, references[:-1])


def metrics_error() -> type[Exception]:
    from genlevel.errors import MetricError

    return MetricError


@pytest.mark.parametrize("name", metrics.names())
def test_every_option_is_explained(name: str) -> None:
    kind = metrics.METRICS.load(name)
    told = explanation(kind)
    for option in fields(kind):
        assert not option.init or re.search(rf"\b{option.name}\b", told), f"{option.name} is in no docstring of {name}"
    # What is for readers of the code alone.
    assert not re.search(r":\w+:`|\b_[A-Z]", told)


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_says_what_it_is(name: str) -> None:
    kind = metrics.METRICS.load(name)
    assert kind.name == name
    for words in (kind.title, kind.definition, kind.source, kind.answer, kind.__doc__):
        assert words
    assert kind.direction in {"higher", "lower"}
    assert kind.unit in {"fraction", "percent", "raw"}
    assert kind.range[0] < kind.range[1]
