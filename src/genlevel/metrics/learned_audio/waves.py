"""Sounds as metrics take them: one channel at the rate that a network expects."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, isfinite
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError

Samples = NDArray[np.float32]
_RATES = (1_000, 768_000)
"""Hz; outside of it a change of rate would need memory without bound, and there is nothing to hear."""


_MAX_SECONDS = 3600


class Wave(NamedTuple):
    """One channel, float32 (n,) with n > 0, finite; ``rate`` in Hz."""

    samples: Samples
    rate: int

    def at(self, rate: int) -> Samples:
        """The samples at another rate, by SciPy's polyphase filter; ceil(n * rate / self.rate) of them."""
        if rate == self.rate:
            return self.samples
        from scipy.signal import resample_poly

        step = gcd(rate, self.rate)
        moved: Samples = resample_poly(self.samples, rate // step, self.rate // step).astype(np.float32)
        return moved


def is_sound(value: Any) -> bool:
    """Whether ``value`` has the form of a sound: an array and a rate."""
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], (Integral, Real))


def as_wave(value: Any, role: str) -> Wave | None:
    """A sound as one channel (the mean of its channels).

    ``None`` where it is empty or not finite, its rate absurd, or longer than an hour.

    Raises:
        MetricError: if it is no pair ``(samples, rate)``; ``role`` begins the message.
    """
    if not is_sound(value):
        raise MetricError(f"{role} must be a sound, (samples, rate), not {type(value).__name__}")
    samples = np.asarray(value[0])
    rate = int(value[1]) if isfinite(value[1]) else 0
    if samples.dtype.kind != "f" or samples.ndim not in (1, 2):
        raise MetricError(
            f"{role} has samples {samples.dtype} {samples.shape}; they must be floats in [-1, 1], (n,) or (n, c)"
        )
    if not samples.size or not np.isfinite(samples).all() or not _RATES[0] <= rate <= _RATES[1]:
        return None
    if len(samples) > _MAX_SECONDS * rate:
        return None
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    return Wave(np.ascontiguousarray(mono, np.float32), rate)


def answer_waves(answers: Sequence[Any], metric: str) -> list[Wave | None]:
    """Each answer as a wave; ``None`` for one that is missing, empty or not finite."""
    return [None if a is None else as_wave(a, f"{metric}: answer {i} (from 0)") for i, a in enumerate(answers)]


def reference_waves(references: Sequence[Any], metric: str) -> list[Wave]:
    """Each reference as a wave.

    Raises:
        MetricError: if one is not a sound.
    """
    waves = [as_wave(r, f"{metric}: reference {i} (from 0)") for i, r in enumerate(references)]
    if None in waves:
        raise MetricError(f"{metric}: reference {waves.index(None)} (from 0) is empty, not finite or at an absurd rate")
    return [wave for wave in waves if wave is not None]
