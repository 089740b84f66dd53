"""Sound against torchmetrics' formula, pystoi, pesq, and written-out definitions."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError
from genlevel.metrics.audio_likeness import dtw
from genlevel.metrics.audio_signal import Sound, mel_bands, mel_cepstra, resampled


def speech(seed: int, seconds: float = 1.5, rate: int = 16000) -> Any:
    """Noise bursts in changing bands with pauses: enough for the measures of speech to have something to hear."""
    r = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    tone = sum(
        np.sin(2 * np.pi * (f + 20 * np.sin(3 * t)) * t) / (k + 1) for k, f in enumerate((140, 420, 900, 1700, 2600))
    )
    envelope = np.clip(np.sin(2 * np.pi * 2.3 * t + r.uniform(0, 6)), 0, None) ** 2
    return (0.2 * tone + 0.05 * r.normal(size=len(t))) * envelope + 1e-4 * r.normal(size=len(t))


def noisy(x: Any, seed: int, level: float) -> Any:
    return x + level * np.random.default_rng(seed).normal(size=len(x))


def test_si_sdr() -> None:
    pairs = [(noisy(speech(k), k, 0.05 * (k + 1)) + 0.1, 3.0 * speech(k) - 0.2) for k in range(4)]
    want = []
    for x, s in pairs:
        # Le Roux et al. 2019, by way of the angle: SI-SDR is the squared cotangent of that between the signals.
        cosine = np.corrcoef(x, s)[0, 1]
        want.append(10 * np.log10(cosine**2 / (1 - cosine**2)))
    got = metrics.compute("si_sdr", [p[0] for p in pairs], [p[1] for p in pairs])
    assert got == pytest.approx(np.mean(want), abs=1e-9)


def test_si_sdr_at_the_ends() -> None:
    s = speech(0)
    assert metrics.compute("si_sdr", [-2.5 * s + 1], [s]) == 100.0
    other = np.cos(np.arange(len(s)))
    other = other - other.mean() - s * ((other - other.mean()) @ (s - s.mean())) / ((s - s.mean()) @ s)
    assert metrics.compute("si_sdr", [other], [s]) < -60
    metric = metrics.get("si_sdr")
    evidence = metric.measure([s * 0, s[:100], None, np.full(len(s), np.nan), s[:-5]], [s] * 5)
    assert evidence["answered"].tolist() == [False, False, False, False, True]
    assert float(metric.coverage(evidence)) == pytest.approx(0.2)
    with pytest.raises(MetricError, match="sample 0"):
        metric.measure([s], [s * 0 + 3])


@pytest.mark.parametrize("rate", [10000, 16000, 44100])
@pytest.mark.parametrize("extended", [False, True])
def test_stoi(rate: int, extended: bool) -> None:
    pystoi = pytest.importorskip("pystoi")
    for k in range(3):
        clean = speech(k, rate=rate)
        given = noisy(clean, k, 0.03 * 3**k)
        want = pystoi.stoi(clean, given, rate, extended=extended)
        got = metrics.compute("stoi", [(given, rate)], [(clean, rate)], extended=extended)
        # ESTOI adds random numbers of the size of rounding.
        assert got == pytest.approx(want, abs=1e-6)


def test_stoi_of_short_and_missing_signals() -> None:
    clean = speech(0)
    assert metrics.compute("stoi", [clean[:4000], None, clean * 0], [clean[:4000], clean, clean]) == 0.0
    assert metrics.compute("stoi", [clean], [clean]) == pytest.approx(1.0)


@pytest.mark.parametrize("mode", ["wb", "nb"])
def test_pesq(mode: str) -> None:
    pesq = pytest.importorskip("pesq")
    clean = speech(1, 3.0)
    given = noisy(clean, 1, 0.01)
    rate = 16000 if mode == "wb" else 8000
    want = pesq.pesq(rate, resampled(Sound(clean, 16000), rate), resampled(Sound(given, 16000), rate), mode)
    assert 1.0 < want < 4.5
    assert metrics.compute("pesq", [given], [clean], mode=mode) == pytest.approx(want, abs=1e-6)
    assert metrics.compute("pesq", [given, None, clean * 0], [clean] * 3, mode=mode) == pytest.approx((want + 2) / 3)


def test_dtw_is_the_best_of_all_paths() -> None:
    r = np.random.default_rng(0)
    for _ in range(20):
        cost = r.integers(0, 4, r.integers(1, 6, 2)).astype(float)
        table: dict[tuple[int, int], tuple[float, int]] = {}
        for i in range(cost.shape[0]):
            for j in range(cost.shape[1]):
                came = [table[p] for p in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if p in table] or [(0.0, 0)]
                total, steps = min(came)
                table[i, j] = total + cost[i, j], steps + 1
        assert dtw(cost) == table[cost.shape[0] - 1, cost.shape[1] - 1]


def test_mcd_of_given_cepstra() -> None:
    r = np.random.default_rng(1)
    a, b = r.normal(size=(9, 5)), r.normal(size=(9, 5))
    plain = np.mean([10 / np.log(10) * np.sqrt(2 * np.sum((x - y) ** 2)) for x, y in zip(a, b, strict=True)])
    assert metrics.compute("mcd", [{"cepstra": a}], [{"cepstra": b}], align="none") == pytest.approx(plain)
    slow = np.repeat(a, 3, axis=0)
    assert metrics.compute("mcd", [{"cepstra": slow}], [{"cepstra": a}]) == pytest.approx(0.0)


def test_a_piece_of_a_sound_is_not_the_whole() -> None:
    r = np.random.default_rng(1)
    a, b = r.normal(size=(9, 5)), r.normal(size=(9, 5))
    metric = metrics.get("mcd")
    evidence = metric.measure([{"cepstra": a[:4]}, {"cepstra": a[:5]}, {"cepstra": a}], [{"cepstra": a}] * 3)
    assert evidence["answered"].tolist() == [False, True, True]
    # Frame by frame silence, whose cepstra are 0, fills the shorter side, whichever it is.
    whole = 10 / np.log(10) * np.sqrt(2) * np.linalg.norm(np.r_[b[:6] - a[:6], -a[6:]], axis=1).mean()
    assert metrics.compute("mcd", [{"cepstra": b[:6]}], [{"cepstra": a}], align="none") == pytest.approx(whole)
    assert metrics.compute("mcd", [{"cepstra": a}], [{"cepstra": b[:6]}], align="none") == pytest.approx(whole)
    assert np.abs(mel_cepstra(np.zeros(16000), 16000, 13)).max() < 1e-12

    clean = speech(4)
    silenced = np.r_[clean[: len(clean) // 4], np.zeros(len(clean) - len(clean) // 4)]
    expected = metrics.compute("mel_distance", [silenced], [clean])
    assert expected > 1
    assert metrics.compute("mel_distance", [clean[: len(clean) // 4]], [clean]) == expected
    assert metrics.compute("mel_distance", [clean], [clean[: len(clean) // 4]]) == expected


def test_mcd_of_sound() -> None:
    clean = speech(2)
    near, far = noisy(clean, 0, 0.001), noisy(clean, 0, 0.05)
    # Loudness is the 0th cepstrum, which is left out.
    assert metrics.compute("mcd", [0.5 * clean], [clean]) == pytest.approx(0.0, abs=0.2)
    assert 0 < metrics.compute("mcd", [near], [clean]) < metrics.compute("mcd", [far], [clean]) < 30


def test_mel_bands_are_triangles_of_equal_area() -> None:
    bands = mel_bands(22050, 2048, 40)
    step = 22050 / 2048
    # The lowest bands are narrower than the grid of frequencies resolves.
    assert bands[10:].sum(axis=1) * step == pytest.approx(np.ones(30), abs=0.02)
    # 1 kHz is 15 mel, 6.4 kHz is 42 mel on Slaney's scale; 11.025 kHz is 49.91 mel.
    top = 15 + 27 * np.log(11.025) / np.log(6.4)
    centres = bands.argmax(axis=1) * step
    at_1k = np.interp(15.0, np.linspace(0, top, 42)[1:-1], centres)
    assert at_1k == pytest.approx(1000, abs=2 * step)


def test_mel_distance_counts_decibels() -> None:
    clean = speech(3) + 0.01
    # Ten times the amplitude is 2 ln 10 in log power, in every band that is above the floor.
    assert metrics.compute("mel_distance", [10 * clean], [clean]) == pytest.approx(2 * np.log(10), rel=0.01)
    assert metrics.compute("mel_distance", [clean], [clean]) == 0.0
