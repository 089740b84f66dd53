"""Whether a task's metric can measure what its task type reads, found on a few samples before a model is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from itertools import islice

from genlevel import metrics, tasktypes
from genlevel.catalog.load import EDITIONS
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, MetricError, NotScorable, RecordError
from genlevel.metrics.base import Metric
from genlevel.records import Sample
from genlevel.tasktypes.base import TaskType

__all__ = ["misfit", "misfits"]

# One sample may be at fault itself.
_TRIED = 3
_LOOKED_AT = 20


def misfit(dataset: Dataset) -> str:
    """Why the task's metric cannot measure the task's answers, in one line; '' where it can, or where that cannot be told.

    It cannot be told without a labelled sample, nor of a metric that needs weights, a judge or people.
    """
    task = dataset.task
    if task.task_type not in tasktypes.TASK_TYPES or task.metric not in metrics.METRICS:
        return ""
    said = ""
    try:
        kind = tasktypes.for_task(task)
        metric = metrics.get(kind.metric(task), **kind.metric_options(task))
        if kind.scoring_needs(metric):
            return ""
        for sample in islice(_samples(dataset, kind), _TRIED):
            if sample.reference is None:
                continue
            found = _fault(kind, metric, sample)
            if not found:
                return ""
            said = said or found
    except (GenlevelError, ArithmeticError, LookupError, TypeError, ValueError):
        # What is wrong with the data is said where they are read.
        return ""
    return f"{task.id}: metric {task.metric} does not fit task type {task.task_type}: {said}" if said else ""


def _samples(dataset: Dataset, kind: TaskType) -> Iterator[Sample]:
    """Those of the first samples that can be read."""
    for record in dataset.first(_LOOKED_AT):
        if not isinstance(record, RecordError):
            with contextlib.suppress(RecordError):
                yield kind.read(record)


def _fault(kind: TaskType, metric: Metric, sample: Sample) -> str:
    """What the metric says against the sample's right answer; '' for nothing."""
    try:
        metric.measure([None], [sample.reference])
    except NotScorable:
        return ""
    except MetricError as error:
        return str(error)
    # Some metrics look at a reference only beside an answer.
    try:
        answer = kind.parse(kind.write(sample.reference), sample)
        metric.measure([answer], [sample.reference])
    except MetricError as error:
        return str(error) if str(error).startswith("reference") else ""
    except Exception:  # not every reference can be written as an answer
        return ""
    return ""


def misfits(datasets: Iterable[Dataset]) -> list[str]:
    """The lines of :func:`misfit` for the tasks of a user's own catalog; those of the package's editions fit."""
    return [line for d in datasets if d.task.edition not in EDITIONS and (line := misfit(d))]
