"""What opinion scores that a network predicts share: one rating for each answer, from 1 to 5."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from genlevel.errors import NotScorable
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned_audio.waves import Samples, answer_waves

RATE: Final = 16_000
LOW: Final = 1.0
HIGH: Final = 5.0


class PredictedOpinion(Metric):
    """Weighted mean of a network's ratings; a missing answer has the lowest. The network is a file."""

    range = (LOW, HIGH)
    unit = "raw"
    direction = "higher"
    answer = "speech (samples, rate); the reference is ignored"

    @abstractmethod
    def rater(self) -> tuple[Path, Callable[[Samples], float]]:
        """The network's file, and what rates samples (n,) at 16 kHz.

        Raises:
            NotScorable: if the file is not there.
        """

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``rating`` (float64) and ``answered`` (bool)."""
        check_lengths(answers, references)
        waves = answer_waves(answers, self.name)
        path, rate = self.rater()
        rating = np.full(len(waves), LOW)
        for row, wave in enumerate(waves):
            if wave is not None:
                rating[row] = _kept(rate(samples := wave.at(RATE)), path, len(samples))
        return Evidence(rating=rating, answered=np.array([wave is not None for wave in waves], np.bool_))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the ratings."""
        w = as_weights(evidence, weights)
        return weighted_mean(evidence["rating"], w, empty=LOW) if len(evidence) else np.full(w.shape[:-1], LOW)


def _kept(rating: float, path: Path, samples: int) -> float:
    if not math.isfinite(rating):
        raise NotScorable(f"{path}: gives no finite number for {samples} samples")
    return min(max(rating, LOW), HIGH)
