"""Chroma against a plain sum over a spectrum, and what it must hear: octaves are alike, semitones are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from genlevel import metrics
from genlevel.errors import MetricError
from genlevel.metrics.audio_chroma import chroma, pitch_classes

Sound = tuple[NDArray[np.float32], int]


def tone(hertz: float, seconds: float = 1.0, rate: int = 16000) -> Sound:
    return (0.5 * np.sin(2 * math.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32), rate


def test_one_frame_by_hand() -> None:
    samples = np.random.default_rng(0).normal(size=8192)
    window = [0.5 - 0.5 * math.cos(2 * math.pi * i / 8192) for i in range(8192)]
    spectrum = np.fft.fft(samples * window)
    expected = [0.0] * 12
    for k in range(1, 4097):
        hertz = k * 16000 / 8192
        if 65 <= hertz <= 5000:
            midi = 69 + 12 * math.log2(hertz / 440)
            expected[math.floor(midi + 0.5) % 12] += abs(spectrum[k]) ** 2
    np.testing.assert_allclose(chroma(samples), [expected], rtol=1e-9)


@pytest.mark.parametrize(("hertz", "pitch"), [(440.0, 9), (261.626, 0), (880.0, 9), (1975.53, 11), (110.0, 9)])
def test_a_tone_is_in_its_class(hertz: float, pitch: int) -> None:
    assert set(chroma(tone(hertz)[0]).argmax(axis=1)) == {pitch}
    assert pitch_classes().sum(axis=1).max() == 1


@pytest.mark.parametrize(("answer", "low", "high"), [(440.0, 1.0, 1.0), (880.0, 0.99, 1.0), (466.16, 0.0, 0.1)])
def test_octaves_are_alike_and_semitones_are_not(answer: float, low: float, high: float) -> None:
    value = metrics.compute("chroma_similarity", [tone(answer, rate=44100)], [tone(440.0)])
    assert low - 1e-3 <= value <= high + 1e-9


def test_lengths_silence_and_missing() -> None:
    note = tone(440.0, 2.0)
    frames = 1 + (32000 - 8192) // 2048
    half = 1 + (16000 - 8192) // 2048
    assert metrics.compute("chroma_similarity", [tone(440.0)], [note]) == pytest.approx(half / frames, abs=1e-6)
    assert metrics.compute("chroma_similarity", [note], [tone(440.0)]) == pytest.approx(half / frames, abs=1e-6)
    silence = np.zeros(32000, np.float32), 16000
    assert metrics.compute("chroma_similarity", [silence], [note]) == 0
    assert metrics.compute("chroma_similarity", [silence], [silence]) == 1
    assert metrics.compute("chroma_similarity", [None, note], [note, note]) == pytest.approx(0.5)
    assert metrics.compute("chroma_similarity", [tone(440, 0.01)], [tone(440, 0.01)]) == pytest.approx(1)
    with pytest.raises(MetricError, match="empty"):
        metrics.compute("chroma_similarity", [note], [(np.zeros(0), 16000)])


def test_a_bare_signal_has_the_rate_of_the_option() -> None:
    fast, slow = tone(440.0, rate=44100), tone(466.0)
    value = metrics.compute("chroma_similarity", [fast], [slow])
    assert metrics.compute("chroma_similarity", [fast], [slow[0]]) == value
    assert metrics.compute("chroma_similarity", [fast[0]], [slow], rate=44100) == value
    assert metrics.compute("chroma_similarity", [slow[0], "no sound"], [slow[0], slow[0]]) == pytest.approx(0.5)
