"""One task: records and predictions in, evidence and a score out."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from genlevel import metrics, tasktypes
from genlevel.counts import many
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, MetricError, NotScorable
from genlevel.metrics.base import Metric
from genlevel.metrics.bootstrap import replicates
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.records import Prediction, Sample, Scale, Task, TaskScore
from genlevel.scoring.outcomes import Outcome, Outcomes
from genlevel.tasktypes import TaskType
from genlevel.tasktypes.samples import read_samples

# Answers and references are held decoded for this many samples at a time: bounds memory for images and video.
CHUNK = 32
_TAIL = 0.025
_NO_LABEL = "has no 'output', so its right answer is not known; it is not counted"
# Where a task's labels are secret every record says so; a few lines are enough.
_LISTED_OF_CLOSED = 1


@dataclass(frozen=True)
class ScoredTask:
    """A task's score with all that it rests on."""

    score: TaskScore
    evidence: Evidence | None = None
    outcomes: Outcomes = field(default_factory=Outcomes)
    replicates: FloatArray | None = None
    """Bootstrap values in the printed unit, shape (B,)."""
    coverages: FloatArray | None = None
    """The coverage under the same resamplings, shape (B,)."""
    problems: tuple[str, ...] = ()
    """One line each: records that cannot be read, answers for unknown ids."""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """Why answers could not be read, with how often."""


def score_task(
    dataset: Dataset,
    predictions: Mapping[str, Prediction],
    *,
    model: str,
    limit: int | None = None,
    sample_seed: int | None = None,
    seed: int = 0,
    intervals: bool = True,
    ratings: Mapping[str, Sequence[float]] | None = None,
    judge: Callable[[str], str] | None = None,
) -> ScoredTask:
    """Score one task.

    Args:
        dataset: the task's records, with labels.
        predictions: answers by sample id. Records without one count as missing, which is wrong.
        model: the model's name, for the score.
        limit: score only the first ``limit`` readable records, as a run with ``--limit`` asked them.
        sample_seed: with it, not the first but those that a run with this ``--sample-seed`` drew.
        seed: seed of the bootstrap.
        intervals: whether to bootstrap.
        ratings: people's ratings by sample id, for a metric that needs them.
        judge: from prompt to reply, for a metric that needs one.

    Returns:
        The score. Its ``value`` is None, and ``note`` says why, where the task cannot be scored at all.
    """
    task = dataset.task
    try:
        kind = tasktypes.for_task(task)
        metric: Metric = metrics.get(kind.metric(task), **kind.metric_options(task))
        if judge is not None and "judge" in metric.needs:
            metric = replace(metric, judge=judge)  # type: ignore[type-var]
    except GenlevelError as error:
        return ScoredTask(TaskScore(task.id, model, task.metric, None, note=f"not scorable: {error}"))
    problems: list[str] = []
    outcomes = Outcomes()
    try:
        people = _People(task, ratings) if "ratings" in metric.needs else None
        evidence = _measure_all(dataset, kind, metric, predictions, outcomes, problems, (limit, sample_seed), people)
        if not len(outcomes):
            closed = bool(problems) and all(p.endswith(_NO_LABEL) for p in problems)
            del problems[_LISTED_OF_CLOSED if closed else len(problems) :]
            raise NotScorable("the labels of this task are not in the data folder" if closed else "no readable record")
    except (NotScorable, MetricError) as error:
        return ScoredTask(
            TaskScore(task.id, model, task.metric, None, note=f"not scorable: {error}"), problems=tuple(problems)
        )
    known = set(outcomes.ids)
    problems += (
        [f"{task.id}: answer for unknown id '{i}'" for i in predictions if i not in known] if limit is None else []
    )
    return _reduced(task, model, metric, evidence, outcomes, problems, seed if intervals else None)


def _measure_all(
    dataset: Dataset,
    kind: TaskType,
    metric: Metric,
    predictions: Mapping[str, Prediction],
    outcomes: Outcomes,
    problems: list[str],
    wanted: tuple[int | None, int | None],
    people: _People | None,
) -> Evidence:
    shards: list[Evidence] = []
    samples = _samples(dataset, kind, problems, wanted, labelled=people is None)
    while chunk := list(islice(samples, CHUNK)):
        answers = [_answer(kind, sample, predictions.get(sample.id), outcomes) for sample in chunk]
        if people is not None:
            answers = [None if a is None else people.rate(s.id) for a, s in zip(answers, chunk, strict=True)]
        shards.append(metric.measure(answers, [sample.reference for sample in chunk]))
    return Evidence.concat(shards)


class _People:
    """People's ratings in place of answers: what a metric of opinions takes."""

    def __init__(self, task: Task, ratings: Mapping[str, Sequence[float]] | None) -> None:
        if ratings is None:
            raise NotScorable(
                f"needs people's ratings: give --ratings DIR with {task.id}.csv (columns id, rater, rating)"
            )
        self._ratings = ratings

    def rate(self, sample_id: str) -> Sequence[float]:
        """The ratings of an answered sample; without any the task cannot be scored, for they are not the model's fault."""
        if sample_id not in self._ratings:
            raise NotScorable(f"sample '{sample_id}' was answered, but nobody has rated it")
        return self._ratings[sample_id]


def _samples(
    dataset: Dataset, kind: TaskType, problems: list[str], wanted: tuple[int | None, int | None], *, labelled: bool
) -> Iterator[Sample]:
    limit, sample_seed = wanted
    for record, sample in read_samples(dataset, kind, problems.append, limit=limit, sample_seed=sample_seed):
        if labelled and sample.reference is None:
            problems.append(f"{record.where}: {_NO_LABEL}")
        else:
            yield sample


def _answer(kind: TaskType, sample: Sample, prediction: Prediction | None, outcomes: Outcomes) -> Any:
    if prediction is None:
        outcomes.add(sample.id, Outcome.MISSING, "no answer")
        return None
    if prediction.error:
        outcomes.add(sample.id, Outcome.FAILED, prediction.error)
        return None
    try:
        answer = kind.parse(prediction.parts, sample)
    except NotScorable:  # what scoring needs is not beside the answer, which is not the model's fault
        raise
    except GenlevelError as error:  # UnreadableAnswer, or a medium that cannot be decoded
        outcomes.add(sample.id, Outcome.UNREADABLE, str(error))
        return None
    outcomes.add(sample.id, Outcome.ANSWERED)
    return answer


def _reduced(
    task: Task,
    model: str,
    metric: Metric,
    evidence: Evidence,
    outcomes: Outcomes,
    problems: Sequence[str],
    seed: int | None,
) -> ScoredTask:
    unreadable, failed = outcomes.count(Outcome.UNREADABLE), outcomes.count(Outcome.FAILED)
    answered = outcomes.count(Outcome.ANSWERED) + unreadable
    coverage = float(metric.coverage(evidence))
    value: float | None = printed(float(metric.reduce(evidence)), metric, task.scale)
    measured = tasktypes.get(task.task_type).metric(task)
    notes = [] if measured == task.metric else [f"measured as {measured}"]
    if not metric.bounded and coverage == 0.0:
        value = None
        notes.append("nothing that could be scored was answered")
    broken = sum(1 for p in problems if "unknown id" not in p)
    if broken:
        notes.append(f"{many(broken, 'record')} could not be used")
    values = coverages = low = high = None
    if seed is not None and value is not None:
        # The same resamplings for every model on this task (pairs can be compared), independent ones across tasks.
        own_seed = seed ^ zlib.crc32(task.id.encode())
        values, coverages = replicates(metric, evidence, resamples=metric.resamples, seed=own_seed)
        values = np.asarray(printed(values, metric, task.scale))
        low, high = interval(values)
    score = TaskScore(
        task.id,
        model,
        task.metric,
        value,
        samples=len(outcomes),
        answered=answered,
        failed=failed,
        missing=outcomes.count(Outcome.MISSING),
        unreadable=unreadable,
        coverage=coverage,
        low=low,
        high=high,
        note="; ".join(notes),
    )
    return ScoredTask(score, evidence, outcomes, values, coverages, tuple(problems), outcomes.unreadable())


def interval(values: FloatArray) -> tuple[float, float]:
    """The bounds of the 95 % interval of bootstrap values."""
    return (
        float(np.quantile(values, _TAIL, method="lower")),
        float(np.quantile(values, 1 - _TAIL, method="higher")),
    )


def printed(value: Any, metric: Metric, scale: Scale) -> Any:
    """A metric's value in the catalog's printed unit: the one place where units are converted."""
    if scale == "percent" and metric.unit == "fraction":
        return value * 100.0
    if scale == "fraction" and metric.unit == "percent":
        return value / 100.0
    return value
