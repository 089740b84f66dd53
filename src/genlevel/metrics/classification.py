"""Metrics of single-label classification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray


@dataclass(frozen=True)
class Accuracy(Metric):
    """Share of samples whose answer equals a reference.

    Equality is exact; reading a label out of a model's text is the task type's work.

    >>> metric = Accuracy()
    >>> float(metric.reduce(metric.measure(["a", None, "c"], ["a", "b", ["c", "C"]])))
    0.6666666666666666
    """

    name = "accuracy"
    title = "Accuracy"
    definition = "number of answers equal to one of their references / number of samples"
    source = "scikit-learn accuracy_score"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a label (str or int); reference: a label or a list of acceptable labels"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Column ``correct`` (bool)."""
        check_lengths(answers, references)
        hits = (
            a is not None and (a in r if isinstance(r, (list, tuple, set, frozenset)) else a == r)
            for a, r in zip(answers, references, strict=True)
        )
        return Evidence(correct=np.fromiter(hits, np.bool_, len(answers)))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of ``correct``."""
        return weighted_mean(evidence["correct"], as_weights(evidence, weights), empty=0.0)
