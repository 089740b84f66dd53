"""Whether music keeps the harmony of a reference: likeness of pitch classes over time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from genlevel.metrics.audio_signal import read_sound
from genlevel.metrics.dense import MeanMetric, need
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned_audio.waves import Wave

RATE = 16_000
_WINDOW, _HOP = 8192, 2048
_LOW_HZ, _HIGH_HZ = 65.0, 5000.0
_A4_HZ, _A4_CLASS = 440.0, 9


@lru_cache(maxsize=1)
def pitch_classes() -> FloatArray:
    """Which bins of the spectrum belong to which of the 12 pitch classes (0 is C), zeros and ones, (4097, 12).

    A bin belongs to the nearest semitone of equal temperament with A at 440 Hz. Bins below C2 or above 5 kHz are in none.
    """
    hertz = np.arange(_WINDOW // 2 + 1) * RATE / _WINDOW
    inside = (hertz >= _LOW_HZ) & (hertz <= _HIGH_HZ)
    semitone = np.rint(12.0 * np.log2(np.where(inside, hertz, _A4_HZ) / _A4_HZ)).astype(int) + _A4_CLASS
    table: FloatArray = np.eye(12)[semitone % 12] * inside[:, None]
    return table


def chroma(samples: Any) -> FloatArray:
    """Energy of the pitch classes in each frame of 16 kHz samples (n,): (frames, 12), windows of 0.51 s every 0.13 s.

    A sound shorter than a window is filled with silence.
    """
    x = np.asarray(samples, np.float64)
    x = np.concatenate([x, np.zeros(max(0, _WINDOW - len(x)))])
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_WINDOW) / _WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(x, _WINDOW)[::_HOP]
    out = np.zeros((len(frames), 12))
    for start in range(0, len(frames), 64):
        power = np.abs(np.fft.rfft(frames[start : start + 64] * hann)) ** 2
        out[start : start + 64] = power @ pitch_classes()
    return out


@dataclass(frozen=True)
class ChromaSimilarity(MeanMetric):
    """Cosine of the pitch-class energies of answer and reference, mean over frames, then over samples.

    Frames of the longer sound beyond the shorter one's end count 0, and so does a frame that is silent in one of the two;
    one that is silent in both counts 1. ``rate`` is that of sounds that come without one (16000 Hz). An answer that is missing
    or no sound counts 0. Papers use several chroma features: compare only numbers from the same.

    Energies are never negative, so that what is spread over all pitch classes is like everything that is: two unrelated noises
    have about 0.99, a tune and a noise about 0.35, two unrelated tunes of single tones about 0.1. Read a number beside that
    of another reference's sound, and do not take it for the likeness of noisy or dense sounds.
    """

    rate: int = RATE

    name = "chroma_similarity"
    title = "Chroma similarity"
    definition = (
        "mean over frames (0.51 s, every 0.13 s) of the cosine of 12 pitch-class energies, mean over samples; "
        "about 0.99 for two unrelated noises"
    )
    source = "after Copet et al. 2023 (MusicGen, melody similarity); own chroma without quantisation"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a signal (n,), or a pair of a signal and its rate; reference: the same"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The mean cosine of one pair."""
        wanted = self._samples(reference)
        need(wanted is not None, row, "is empty, not finite or not a signal")
        given = self._samples(answer)
        if given is None:
            return None
        return similarity(chroma(given), chroma(wanted))

    def _samples(self, thing: Any) -> Any:
        """Samples (n,) at 16 kHz; None where ``thing`` is no sound."""
        sound = read_sound(thing, self.rate)
        return None if sound is None else Wave(sound.samples.astype(np.float32), sound.rate).at(RATE)


def similarity(a: FloatArray, b: FloatArray) -> float:
    """Mean cosine of rows of (n, 12) and (m, 12), over max(n, m) rows; silent frames as :class:`ChromaSimilarity` says."""
    common = min(len(a), len(b))
    heard = [_unit(x[:common]) for x in (a, b)]
    cosine = np.einsum("ij,ij->i", *heard)
    silent = [~x.any(axis=1) for x in heard]
    total = float(np.clip(cosine, 0.0, 1.0).sum() + (silent[0] & silent[1]).sum())
    return total / max(len(a), len(b))


def _unit(rows: FloatArray) -> FloatArray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    audible = length > 1e-9
    unit: FloatArray = np.where(audible, rows / np.where(audible, length, 1.0), 0.0)
    return unit
