"""Specialists for sounds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np
from scipy import fft, signal

from genlevel.records import Part, Request
from genlevel.starter.audio_tasks import CHORDS, NOTES, SECONDS, frequency
from genlevel.starter.base import RATE, Array
from genlevel.starter.specialists.base import Example, Specialist, sound, sound_of, text, words_of
from genlevel.starter.specialists.regions import fit_classes


class NoteName(Specialist):
    """The pitch whose first four harmonics hold most of the spectrum."""

    def answer(self, request: Request) -> Part:
        """The note's name."""
        strength = _Spectrum(*sound_of(request))
        scores = {}
        for octave in (3, 4, 5):
            for note in range(12):
                near = [frequency(note + d, octave) for d in (-0.2, -0.1, 0.0, 0.1, 0.2)]
                scores[octave, note] = max(sum(strength(k * f) / k**0.5 for k in range(1, 5)) for f in near)
        return text(NOTES[max(scores, key=lambda key: scores[key])[1]])


class ChordName(Specialist):
    """The strength of the twelve notes over three octaves against a template for each chord."""

    def answer(self, request: Request) -> Part:
        """The kind of chord."""
        strength = _Spectrum(*sound_of(request))
        # Low octaves weigh more: above them, overtones of one note sound as another.
        weights = {3: 1.0, 4: 0.8, 5: 0.3}
        chroma = np.array([sum(w * strength(frequency(n, o)) for o, w in weights.items()) for n in range(12)])
        chroma -= chroma.mean()
        scores = {}
        for kind, steps in CHORDS.items():
            for root in range(12):
                template = np.full(12, -0.25)
                template[[(root + s) % 12 for s in steps]] = 1.0
                # The fifth above a note is its own third overtone.
                template[[(root + s + 7) % 12 for s in steps]] += 0.2
                template -= template.mean()
                scores[kind, root] = float(chroma @ template / np.linalg.norm(template))
        return text(max(scores, key=lambda key: scores[key])[0])


class TimbreName(Specialist):
    """Cepstrum, brightness, flatness and decay, by a support vector machine."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the instruments."""
        self._model = fit_classes([self._features(e.request) for e in examples], [e.reference for e in examples])

    def answer(self, request: Request) -> Part:
        """The instrument's name."""
        assert self._model is not None
        return text(str(self._model.predict([self._features(request)])[0]))

    def _features(self, request: Request) -> Array:
        samples, rate = sound_of(request)
        hertz, _, spectra = signal.stft(samples, rate, nperseg=512, noverlap=384)
        power = np.abs(spectra) ** 2 + 1e-10
        edges = np.geomspace(60, rate / 2, 25)
        bands = np.stack([power[(hertz >= a) & (hertz < b + 16)].mean(axis=0) for a, b in pairwise(edges)])
        cepstrum = fft.dct(np.log(bands), axis=0, norm="ortho")[:10]
        loud = np.log(power.sum(axis=0))
        decay = np.polyfit(np.arange(loud.size), loud, 1)[0]
        flatness = np.exp(np.log(power).mean()) / power.mean()
        return np.concatenate(
            [
                cepstrum.mean(axis=1),
                cepstrum[:4].std(axis=1),
                [10 * decay, np.log(flatness), loud[:4].mean() - loud.mean()],
            ]
        )


class SpectralGate(Specialist):
    """Spectral subtraction: the noise's level is the middle strength of the quiet bands."""

    def answer(self, request: Request) -> Part:
        """The clean sound."""
        samples, rate = sound_of(request)
        _, _, spectra = signal.stft(samples, rate, nperseg=512, noverlap=448)
        power = np.abs(spectra) ** 2
        # The median of an exponential variable is log 2 of its mean.
        noise = np.median(power) / np.log(2)
        gain = np.maximum(1.0 - 3.0 * noise / np.maximum(power, 1e-12), 0.02)
        _, clean = signal.istft(spectra * gain, rate, nperseg=512, noverlap=448)
        return sound(clean[: samples.size], rate)


class Declipped(Specialist):
    """Few cosines that agree with the samples that were not cut off (consistent iterative thresholding)."""

    _WINDOW, _STEP, _ROUNDS = 512, 128, 60

    def answer(self, request: Request) -> Part:
        """The sound with its peaks."""
        samples, rate = sound_of(request)
        limit = float(np.abs(samples).max())
        high, low = samples >= 0.995 * limit, samples <= -0.995 * limit
        kept = ~(high | low)
        result = samples.copy()
        for i in range(self._ROUNDS):
            sparse = self._sparse(result, 0.3 * (1.0 - i / self._ROUNDS) ** 2 + 0.002)
            result = np.where(kept, samples, sparse)
            result = np.where(high, np.maximum(result, limit), np.where(low, np.minimum(result, -limit), result))
        return sound(result, rate)

    def _sparse(self, samples: Array, share: float) -> Array:
        """The sound from its coefficients above a share of the strongest one."""
        _, _, spectra = signal.stft(samples, nperseg=self._WINDOW, noverlap=self._WINDOW - self._STEP)
        strength = np.abs(spectra)
        strongest = strength.max(axis=0, keepdims=True)
        _, result = signal.istft(
            np.where(strength >= share * strongest, spectra, 0),
            nperseg=self._WINDOW,
            noverlap=self._WINDOW - self._STEP,
        )
        whole: Array = result[: samples.size]
        return whole


class Oscillator(Specialist):
    """The note with overtones that fade: one rough recipe for each instrument.

    The recipes are set by hand, are not fitted to the examples, and differ from the sounds asked for: a weak bar on purpose.
    """

    _RECIPES: ClassVar[dict[str, tuple[tuple[float, ...], float, float]]] = {
        "organ": ((1.0, 0.7, 0.0, 0.5), 0.0, 0.02),
        "piano": ((1.0, 0.5, 0.3, 0.2), 5.0, 0.002),
        "clarinet": ((1.0, 0.0, 0.4, 0.0, 0.2), 0.0, 0.03),
        "bell": ((1.0, 0.4, 0.2), 5.0, 0.002),
    }
    """Weights of the partials, decay a second, seconds of the attack."""

    def answer(self, request: Request) -> Part:
        """The tone."""
        asked = re.search(r"([A-G](?: sharp)?) of octave (\d) .* on the (\w+)", words_of(request))
        assert asked is not None
        note, octave, instrument = asked.groups()
        weights, decay, attack = self._RECIPES[instrument]
        t = np.arange(int(SECONDS * RATE)) / RATE
        phase = 2 * np.pi * frequency(NOTES.index(note), int(octave)) * t
        tone = sum((w * np.sin(k * phase) for k, w in enumerate(weights, 1)), np.zeros(t.size))
        return sound(0.4 * tone * np.exp(-decay * t) * np.minimum(1.0, t / attack), RATE)


class _Spectrum:
    """How strong a sound is near a frequency."""

    def __init__(self, samples: Array, rate: int) -> None:
        self._size = 8 * samples.size
        self._strength = np.abs(np.fft.rfft(samples * np.hanning(samples.size), self._size))
        self._rate = rate

    def __call__(self, hertz: float) -> float:
        at = round(hertz * self._size / self._rate)
        return float(self._strength[at]) if at < self._strength.size else 0.0
