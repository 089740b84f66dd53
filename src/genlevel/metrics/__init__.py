"""Metrics: each is evidence per sample and a reduction to one number.

>>> from genlevel import metrics
>>> round(metrics.compute("accuracy", ["cat", "dog"], ["cat", "cow"]), 3)
0.5
>>> metrics.evaluate("mae", [1.0, None], [3.0, 5.0])
Evaluation(value=2.0, coverage=0.5)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genlevel.metrics.registry import METRICS

__all__ = ["METRICS", "Evaluation", "compute", "evaluate", "get", "names"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A metric's value in its own unit, and the share of samples, 0 to 1, that the value is of."""

    value: float
    coverage: float


def names() -> list[str]:
    """Every known metric, sorted."""
    return list(METRICS)


def get(name: str, **options: Any) -> Any:
    """The metric called ``name`` with the given options, as a :class:`genlevel.metrics.base.Metric`."""
    kind = METRICS.load(name)
    try:
        return kind(**options)
    except TypeError as error:
        from genlevel.errors import MetricError

        raise MetricError(f"metric '{name}': {error}") from None


def compute(name: str, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> float:
    """The metric's value in its own unit.

    ``None`` among ``predictions`` is a missing answer. It counts as the worst value where the definition has one. For a
    metric without bound (``bounded`` is False: PSNR, FID, mean errors) it is left out, and the value is of the answered
    samples alone: :func:`evaluate` also gives the share that those are. ``genlevel metrics NAME`` says which of the two holds.

    Raises:
        MetricError: an unknown metric or option, another number of references, or a reference that cannot be used.
    """
    return evaluate(name, predictions, references, **options).value


def evaluate(name: str, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Evaluation:
    """What :func:`compute` gives, with its coverage: 1 for a metric that counts missing answers as the worst value.

    Raises:
        MetricError: as :func:`compute` does.
    """
    metric = get(name, **options)
    evidence = metric.measure(predictions, references)
    return Evaluation(float(metric.reduce(evidence)), float(metric.coverage(evidence)))
