"""Metrics: each is evidence per sample and a reduction to one number.

>>> from genlevel import metrics
>>> round(metrics.compute("accuracy", ["cat", "dog"], ["cat", "cow"]), 3)
0.5
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlevel.metrics.registry import METRICS

__all__ = ["METRICS", "compute", "get", "names"]


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
    """The metric's value in its own unit. ``None`` among ``predictions`` is a missing answer."""
    metric = get(name, **options)
    return float(metric.reduce(metric.measure(predictions, references)))
