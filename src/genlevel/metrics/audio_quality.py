"""How well a signal was kept: SI-SDR, PESQ, STOI."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.audio_signal import Sound, framed, read_sound, resampled
from genlevel.metrics.base import Unit
from genlevel.metrics.dense import MeanMetric, need, one_of
from genlevel.metrics.evidence import FloatArray
from genlevel.records import Direction

LIMIT_DB = 100.0
_EPS = np.finfo(np.float64).eps
_ANSWER = "a signal (n,) or (n, channels), or a pair of a signal and its rate; reference: the same"


@dataclass(frozen=True)
class _SignalMetric(MeanMetric):
    """A number per signal, mean over signals.

    ``rate`` (16000 Hz) is that of signals that come without one. An answer at another rate is resampled to the
    reference's. An answer whose length is then off by more than ``tolerance`` (1 % of the reference) is no answer; a
    smaller difference is cut or filled with silence. A reference that is constant holds no signal and raises
    :class:`MetricError`.
    """

    rate: int = 16000
    tolerance: float = 0.01

    unit: ClassVar[Unit] = "raw"
    direction: ClassVar[Direction] = "higher"
    answer = _ANSWER

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The number of one signal."""
        truth = read_sound(reference, self.rate)
        need(truth is not None, row, "is not a signal")
        assert truth is not None
        need(not is_constant(truth.samples), row, "is constant: it holds no signal")
        given = read_sound(answer, self.rate)
        samples = (
            None if given is None else same_length(resampled(given, truth.rate), len(truth.samples), self.tolerance)
        )
        return None if samples is None else self.likeness(samples, truth)

    def likeness(self, given: FloatArray, truth: Sound) -> float | None:
        """Of an answer at the rate and of the length of the reference; None where it holds no signal."""
        raise NotImplementedError


def _dot(a: FloatArray, b: FloatArray) -> float:
    # Not a @ b: BLAS would start threads for each of many short sums, which costs more than the sums.
    return float(np.einsum("i,i->", a, b))


def is_constant(samples: FloatArray) -> bool:
    """Whether a signal is silence, up to the rounding of its values."""
    return float(np.ptp(samples)) <= 1e-12 * float(np.abs(samples).max())


def same_length(samples: FloatArray, length: int, tolerance: float) -> FloatArray | None:
    """The samples cut or filled with silence to ``length``; None where they are off by more than ``tolerance`` of it."""
    if abs(len(samples) - length) > tolerance * length:
        return None
    return samples[:length] if len(samples) >= length else np.pad(samples, (0, length - len(samples)))


@dataclass(frozen=True)
class SiSdr(_SignalMetric):
    """Scale-invariant signal-to-distortion ratio in dB.

    Both signals are made zero-mean first. A signal counts at most 100 and at least -100 dB; silence is no answer. Options and
    edge cases as in :class:`_SignalMetric`.
    """

    name = "si_sdr"
    title = "SI-SDR"
    definition = (
        "mean over signals of 10 log10(|a s|^2 / |a s - x|^2), a = <x, s>/<s, s>, both zero-mean, within ±100 dB"
    )
    source = "Le Roux et al. 2019; torchmetrics ScaleInvariantSignalDistortionRatio(zero_mean=True)"
    range = (-float("inf"), float("inf"))
    bounded = False

    def likeness(self, given: FloatArray, truth: Sound) -> float | None:
        """The ratio of one signal in dB."""
        if is_constant(given):
            return None
        s, x = truth.samples - truth.samples.mean(), given - given.mean()
        # Of unit power, so that no square overflows or vanishes.
        s, x = s / np.abs(s).max(), x / np.abs(x).max()
        target = (_dot(x, s) / _dot(s, s)) * s
        noise = target - x
        floor = 10.0 ** (-LIMIT_DB / 10.0) * _dot(x, x)
        ratio = max(_dot(target, target), floor) / max(_dot(noise, noise), floor)
        return float(np.clip(10.0 * np.log10(ratio), -LIMIT_DB, LIMIT_DB))


@dataclass(frozen=True)
class Pesq(_SignalMetric):
    """Perceptual evaluation of speech quality, as a listening score.

    ``mode`` is ``wb`` (wide band, 16 kHz, default) or ``nb`` (narrow band, 8 kHz); signals are resampled. A missing or silent
    answer, and one in which no speech is found, counts 1.0, the least. Needs the package ``pesq``. Options and edge cases
    as in :class:`_SignalMetric`.
    """

    mode: str = "wb"

    name = "pesq"
    title = "PESQ"
    definition = "mean over signals of the listening score (MOS-LQO) of ITU-T P.862.2 (wb) or P.862 (nb)"
    source = "ITU-T P.862; package pesq"
    range = (1.0, 4.65)
    missing = 1.0
    needs = ("package: pesq",)

    def __post_init__(self) -> None:
        one_of("mode", self.mode, ("wb", "nb"))

    def likeness(self, given: FloatArray, truth: Sound) -> float | None:
        """The score of one signal."""
        try:
            import pesq
        except ImportError:
            raise NotScorable("metric 'pesq' needs the package pesq: pip install 'genlevel[audio]'") from None
        rate = 16000 if self.mode == "wb" else 8000
        clean, other = (resampled(Sound(samples, truth.rate), rate) for samples in (truth.samples, given))
        if is_constant(other):
            return None
        try:
            score = float(pesq.pesq(rate, clean, other, self.mode, on_error=pesq.PesqError.RETURN_VALUES))
        except (ValueError, ZeroDivisionError):
            return None
        return float(np.clip(score, *self.range)) if score > 0 else None


@dataclass(frozen=True)
class Stoi(_SignalMetric):
    """Short-time objective intelligibility; ``extended=True`` is ESTOI.

    At 10 kHz, with the frames removed in which the reference is more than 40 dB below its loudest. A missing answer counts
    0, as does a signal with fewer than 30 frames of speech (about 0.4 s): too short to tell. Options and edge cases as in
    :class:`_SignalMetric`.
    """

    extended: bool = False

    name = "stoi"
    title = "STOI"
    definition = "mean over signals, bands and 384 ms segments of the correlation of short-time envelopes, cut at 0"
    source = "Taal et al. 2011; Jensen and Taal 2016 (extended); pystoi"
    range = (0.0, 1.0)
    unit = "fraction"

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise MetricError(f"stoi: rate={self.rate} must be above 0")

    def likeness(self, given: FloatArray, truth: Sound) -> float | None:
        """Intelligibility of one signal."""
        clean, other = (resampled(Sound(samples, truth.rate), _STOI_RATE) for samples in (truth.samples, given))
        x, y = (_bands(samples) for samples in _without_silence(clean, other))
        if x.shape[1] < _SEGMENT:
            return 0.0
        # (segments, bands, frames)
        a, b = (np.lib.stride_tricks.sliding_window_view(side, _SEGMENT, axis=1).swapaxes(0, 1) for side in (x, y))
        if self.extended:
            a, b = (_unit(_unit(side, 2), 1) for side in (a, b))
            number = float((a * b).sum(axis=(1, 2)).mean()) / _SEGMENT
        else:
            scale = np.linalg.norm(a, axis=2, keepdims=True) / (np.linalg.norm(b, axis=2, keepdims=True) + _EPS)
            b = np.minimum(b * scale, a * (1.0 + 10.0**0.75))
            number = float((_unit(a, 2) * _unit(b, 2)).sum(axis=2).mean())
        return float(np.clip(number, 0.0, 1.0))


_STOI_RATE, _STOI_FRAME, _STOI_FFT = 10000, 256, 512
_SEGMENT, _RANGE_DB = 30, 40.0


def _unit(values: FloatArray, axis: int) -> FloatArray:
    """Zero mean and unit length along an axis; 0 where constant."""
    centred = values - values.mean(axis=axis, keepdims=True)
    return np.asarray(centred / (np.linalg.norm(centred, axis=axis, keepdims=True) + _EPS))


def _stoi_frames(samples: FloatArray) -> FloatArray:
    """Windowed frames with half overlap; as in the authors' code the last place for a frame is not used."""
    window = np.hanning(_STOI_FRAME + 2)[1:-1]
    return framed(samples[:-1], _STOI_FRAME, _STOI_FRAME // 2) * window


def _without_silence(clean: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both signals put together again from the frames in which the clean one is not silent."""
    x, y = _stoi_frames(clean), _stoi_frames(other)
    level = 20.0 * np.log10(np.linalg.norm(x, axis=1) + _EPS)
    loud = level > level.max() - _RANGE_DB
    return _joined(x[loud]), _joined(y[loud])


def _joined(frames: FloatArray) -> FloatArray:
    half = _STOI_FRAME // 2
    out = np.zeros((len(frames) + 1) * half)
    out[:-half] += frames[:, :half].ravel()
    out[half:] += frames[:, half:].ravel()
    return out


def _bands(samples: FloatArray) -> FloatArray:
    """Amplitude in one-third octave bands (15, frames)."""
    spectrum = np.abs(np.fft.rfft(_stoi_frames(samples), n=_STOI_FFT, axis=1)) ** 2
    amplitude: FloatArray = np.sqrt(spectrum @ _third_octaves().T).T
    return amplitude


@lru_cache(maxsize=1)
def _third_octaves() -> FloatArray:
    """Which bins of the spectrum belong to each of 15 bands from 150 Hz, (15, 257)."""
    frequency = np.arange(_STOI_FFT // 2 + 1) * _STOI_RATE / _STOI_FFT
    edges = 150.0 * 2.0 ** (np.arange(-1, 31, 2) / 6.0)
    bins = np.abs(frequency[None] - edges[:, None]).argmin(axis=1)
    index = np.arange(len(frequency))
    member: FloatArray = ((index >= bins[:-1, None]) & (index < bins[1:, None])).astype(np.float64)
    return member
