"""Likeness of two signals: SI-SDR and SNR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.metrics.dense import MeanMetric, need, usable
from genlevel.metrics.dense import numbers as as_numbers
from genlevel.metrics.evidence import FloatArray

LIMIT_DB = 100.0


def signal(thing: Any) -> FloatArray | None:
    """One channel of finite samples, float64 (n,); several channels (n, c) are averaged; None where it is no signal."""
    array = usable(as_numbers(thing))
    if array is None or array.ndim not in (1, 2):
        return None
    return array if array.ndim == 1 else array.mean(axis=1)


def same_length(answer: FloatArray, length: int, tolerance: float) -> FloatArray | None:
    """The answer cut or filled with silence to ``length``; None where it is off by more than ``tolerance`` of it."""
    if abs(len(answer) - length) > tolerance * length:
        return None
    if len(answer) >= length:
        return answer[:length]
    return np.concatenate([answer, np.zeros(length - len(answer))])


@dataclass(frozen=True)
class SiSdr(MeanMetric):
    """Scale-invariant signal-to-distortion ratio in dB, mean over signals.

    Both signals are made zero-mean first. Each signal counts at most 100 and at least -100 dB. An answer whose length is
    off by more than ``tolerance`` (default 1 % of the reference) is not answered, a shorter difference is cut or filled with
    silence; a constant answer (silence) is not answered. A constant reference raises :class:`MetricError`.
    """

    tolerance: float = 0.01

    name = "si_sdr"
    title = "SI-SDR"
    definition = (
        "mean over signals of 10 log10(|a s|^2 / |a s - x|^2), a = <x, s>/<s, s>, both zero-mean, within ±100 dB"
    )
    source = "Le Roux et al. 2019; torchmetrics ScaleInvariantSignalDistortionRatio(zero_mean=True)"
    range = (-float("inf"), float("inf"))
    unit = "raw"
    direction = "higher"
    bounded = False
    answer = "a signal (n,) or (n, channels); reference: a signal (n,)"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The ratio of one signal in dB."""
        truth = signal(reference)
        need(truth is not None, row, "is not a signal")
        assert truth is not None
        s = truth - truth.mean()
        energy = float(s @ s)
        need(energy > (1e-12 * float(np.abs(truth).max())) ** 2 * len(s), row, "is constant: it holds no signal")
        given = signal(answer)
        given = None if given is None else same_length(given, len(truth), self.tolerance)
        if given is None:
            return None
        x = given - given.mean()
        if float(x @ x) <= (1e-12 * float(np.abs(given).max())) ** 2 * len(x):
            return None
        target = (float(x @ s) / energy) * s
        noise = target - x
        floor = 10.0 ** (-LIMIT_DB / 10.0) * float(x @ x)
        return float(
            np.clip(
                10.0 * np.log10(max(float(target @ target), floor) / max(float(noise @ noise), floor)),
                -LIMIT_DB,
                LIMIT_DB,
            )
        )
