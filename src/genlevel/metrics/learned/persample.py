"""Metrics that give one number a sample and average it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned.batches import Pixels, as_frames, as_picture


class PerSample(Metric):
    """Mean over samples of a number that a network gives for a pair of answer and reference.

    An answer that :meth:`take_answer` cannot use counts as missing. Missing answers count as the worst value where the
    metric is ``bounded``, and are left out (and lower the coverage) where it is not.
    """

    uses_reference: ClassVar[bool] = True

    @abstractmethod
    def take_answer(self, value: Any) -> Any:
        """The answer in the form that :meth:`values` takes. May raise :class:`MetricError`: it then counts as missing."""

    def take_reference(self, value: Any) -> Any:
        """The reference likewise; here an error ends the measurement."""
        return value

    @abstractmethod
    def values(self, pairs: Sequence[tuple[Any, Any]]) -> Any:
        """One number for each pair of answer and reference, float (n,); NaN for an answer that does not fit."""

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``answered`` (bool) and ``value`` (float64, 0 where not answered)."""
        check_lengths(answers, references)
        taken = [self._answer_or_none(answer) for answer in answers]
        answered = np.array([a is not None for a in taken], bool)
        golds = [self._reference(r, row) if self.uses_reference else None for row, r in enumerate(references)]
        pairs = [(a, g) for a, g in zip(taken, golds, strict=True) if a is not None]
        value = np.zeros(len(taken))
        if pairs:
            value[answered] = np.asarray(self.values(pairs), np.float64)
        answered &= np.isfinite(value)
        return Evidence(answered=answered, value=np.where(answered, value, 0.0))

    def _answer_or_none(self, value: Any) -> Any:
        try:
            return None if value is None else self.take_answer(value)
        except MetricError:
            return None

    def _reference(self, value: Any, row: int) -> Any:
        if value is None:
            raise MetricError(f"{self.name}: sample {row} has no reference")
        return self.take_reference(value)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.full(w.shape[:-1], self.worst)
        if self.bounded:
            return weighted_mean(np.where(evidence["answered"], evidence["value"], self.worst), w, empty=self.worst)
        return weighted_mean(evidence["value"], w * evidence["answered"], empty=self.worst)


class PerPicture(PerSample):
    """A :class:`PerSample` whose answers and references are pictures."""

    def take_answer(self, value: Any) -> Pixels:
        """uint8 (H, W, 3)."""
        return as_picture(value, role=f"{self.name}: an answer")

    def take_reference(self, value: Any) -> Any:
        """uint8 (H, W, 3)."""
        return as_picture(value, role=f"{self.name}: a reference")


class PerVideo(PerSample):
    """A :class:`PerSample` whose answers are videos or pictures."""

    def take_answer(self, value: Any) -> Pixels:
        """uint8 (T, H, W, 3)."""
        return as_frames(value, role=f"{self.name}: an answer")
