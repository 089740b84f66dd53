"""What the metrics of sound share: reading a signal with its rate, resampling, spectra, mel bands, cepstra."""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from scipy import fft
from scipy.signal import resample_poly

from genlevel.metrics.dense import numbers, usable
from genlevel.metrics.evidence import FloatArray

# Below this power (a 16-bit step is 1e-9) there is silence.
_FLOOR = 1e-10
# In hertz and seconds. Beyond them a change of rate would need memory without bound.
_MIN_RATE, _MAX_RATE = 1_000, 768_000
_MAX_SECONDS = 3600


class Sound(NamedTuple):
    """One channel of finite samples (n,) and their rate in Hz."""

    samples: FloatArray
    rate: int


def read_sound(thing: Any, rate: int) -> Sound | None:
    """A signal (n,), or (n, channels) whose channels are averaged, or either with its rate as a pair; None for anything else.

    ``rate`` is that of a signal that comes without one. A rate below 1 kHz or above 768 kHz and more than an hour are none.
    """
    if isinstance(thing, tuple) and len(thing) == 2 and np.ndim(thing[1]) == 0 and np.ndim(thing[0]) > 0:
        try:
            thing, rate = thing[0], int(thing[1])
        except (TypeError, ValueError, OverflowError):
            return None
    samples = usable(numbers(thing))
    if samples is None or samples.ndim not in (1, 2):
        return None
    if not _MIN_RATE <= rate <= _MAX_RATE or len(samples) > _MAX_SECONDS * rate:
        return None
    return Sound(samples if samples.ndim == 1 else samples.mean(axis=1), rate)


def resampled(sound: Sound, rate: int) -> FloatArray:
    """The samples at another rate, by a windowed sinc of 60 dB rejection with a roll-off of a tenth, as Octave does."""
    if sound.rate == rate:
        return sound.samples
    common = gcd(rate, sound.rate)
    return np.asarray(
        resample_poly(sound.samples, rate, sound.rate, window=_low_pass(rate // common, sound.rate // common))
    )


@lru_cache(maxsize=16)
def _low_pass(up: int, down: int) -> FloatArray:
    rejection = 60.0
    cutoff = 1.0 / (2 * max(up, down))
    half = int(np.ceil((rejection - 8.0) / (28.714 * cutoff / 10.0)))
    t = np.arange(-half, half + 1)
    taps = np.kaiser(len(t), 0.1102 * (rejection - 8.7)) * np.sinc(2.0 * cutoff * t)
    window: FloatArray = taps / taps.sum()
    return window


def framed(samples: FloatArray, width: int, hop: int) -> FloatArray:
    """Frames (m, width), one every ``hop`` samples; a signal that is too short is filled with silence to one frame."""
    if len(samples) < width:
        samples = np.pad(samples, (0, width - len(samples)))
    return np.lib.stride_tricks.sliding_window_view(samples, width)[::hop]


def power(samples: FloatArray, width: int, hop: int) -> FloatArray:
    """Power spectrum (m, width // 2 + 1) of Hann-windowed frames about every ``hop``-th sample, with reflection at the ends."""
    half = width // 2
    padded = np.pad(samples, half, mode="reflect" if len(samples) > half else "constant")
    window = np.hanning(width + 1)[:-1]
    spectrum: FloatArray = np.abs(fft.rfft(framed(padded, width, hop) * window, axis=1)) ** 2
    return spectrum


def _mel(frequency: Any) -> Any:
    """Slaney's mel scale: linear up to 1 kHz, logarithmic above."""
    frequency = np.asarray(frequency, np.float64)
    high = 15.0 + 27.0 * np.log(np.maximum(frequency, 1e-3) / 1000.0) / np.log(6.4)
    return np.where(frequency < 1000.0, frequency * 3.0 / 200.0, high)


def _hertz(mel: Any) -> Any:
    mel = np.asarray(mel, np.float64)
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp(np.log(6.4) / 27.0 * (mel - 15.0)))


@lru_cache(maxsize=16)
def mel_bands(rate: int, width: int, bands: int) -> FloatArray:
    """Triangular bands of equal area from 0 to rate / 2, shape (bands, width // 2 + 1), as librosa's default ones."""
    edges = _hertz(np.linspace(_mel(0.0), _mel(rate / 2.0), bands + 2))
    frequency = np.linspace(0.0, rate / 2.0, width // 2 + 1)
    ramps = edges[:, None] - frequency[None]
    steps = np.diff(edges)
    weights = np.maximum(0.0, np.minimum(-ramps[:-2] / steps[:-1, None], ramps[2:] / steps[1:, None]))
    bands_: FloatArray = weights * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return bands_


def log_mel(samples: FloatArray, rate: int, bands: int = 80) -> FloatArray:
    """Natural logarithm of the mel power (m, bands); windows of 64 ms (a power of two), one every quarter window."""
    width = 1 << max(5, round(np.log2(0.064 * rate)))
    mel: FloatArray = np.log(np.maximum(power(samples, width, width // 4) @ mel_bands(rate, width, bands).T, _FLOOR))
    return mel


def mel_cepstra(samples: FloatArray, rate: int, order: int) -> FloatArray:
    """Mel cepstra (m, order) without the 0th, which is loudness: the cosine transform of the log mel amplitude of 80 bands."""
    # Half the log of the power is the log of the amplitude; dividing by the bands gives coefficients of a Fourier series,
    # as a mel-cepstral analysis does.
    cepstra: FloatArray = fft.dct(0.5 * log_mel(samples, rate), type=2, axis=1)[:, 1 : order + 1] / (2.0 * 80)
    return cepstra
