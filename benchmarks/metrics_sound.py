"""Metrics of sound against the field's libraries, on the same data in one run; see :mod:`benchmarks._race`."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, compute, mean, run, torchmetrics


def some_sounds(n: int, seconds: float = 4.0) -> tuple[list[Any], list[Any]]:
    """Wavering tones with noise, at 16 kHz."""
    r = np.random.default_rng(4)
    t = np.arange(int(16000 * seconds)) / 16000
    clean = [
        np.sin(2 * np.pi * r.uniform(100, 900) * t) * (1.1 + np.sin(9 * t)) + 0.01 * r.normal(size=len(t))
        for _ in range(n)
    ]
    return [c + 0.3 * r.normal(size=len(t)) for c in clean], clean


def speech() -> list[Race]:
    """STOI of 30 signals of 4 s, PESQ of 6."""
    import pesq
    from pystoi import stoi

    given, clean = some_sounds(30)
    pairs = list(zip(given, clean, strict=True))
    few = given[:6], clean[:6]
    return [
        Race("stoi", "pystoi", 30, compute("stoi", given, clean), lambda: mean(stoi(c, g, 16000) for g, c in pairs)),
        Race("stoi", "pystoi, extended", 30, compute("stoi", given, clean, extended=True),
             lambda: mean(stoi(c, g, 16000, extended=True) for g, c in pairs)),
        Race("pesq", "pesq (the same code)", 6, compute("pesq", *few),
             lambda: mean(pesq.pesq(16000, c, g, "wb") for g, c in zip(*few, strict=True))),
    ]  # fmt: skip


def torch_sound() -> list[Race]:
    """SI-SDR of 30 signals as torchmetrics computes it."""
    torchmetrics()
    import torch
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

    given, clean = some_sounds(30)
    tensors = [torch.tensor(np.stack(side)) for side in (given, clean)]
    return [
        Race("si_sdr", "torchmetrics", 30, compute("si_sdr", given, clean),
             lambda: float(scale_invariant_signal_distortion_ratio(*tensors, zero_mean=True).mean())),
    ]  # fmt: skip


def likeness() -> list[Race]:
    """Cepstra along the best warp, mel spectra and pitch classes of 6 pairs of 2 s, in SciPy and plain loops."""
    from scipy.signal import stft
    from scipy.spatial.distance import cdist

    from genlevel.metrics.audio_chroma import pitch_classes
    from genlevel.metrics.audio_signal import mel_bands

    given, clean = some_sounds(6, 2.0)
    r = np.random.default_rng(5)
    cepstra = [[{"cepstra": r.normal(size=(int(r.integers(150, 200)), 13))} for _ in range(6)] for _ in range(2)]

    def warped() -> float:
        values = []
        for a, b in zip(*cepstra, strict=True):
            cost = cdist(a["cepstra"], b["cepstra"])
            best = np.full((len(cost) + 1, cost.shape[1] + 1, 2), np.inf)
            best[0, 0] = 0.0
            for i in range(len(cost)):
                for j in range(cost.shape[1]):
                    came = min(tuple(best[i, j]), tuple(best[i, j + 1]), tuple(best[i + 1, j]))
                    best[i + 1, j + 1] = came[0] + cost[i, j], came[1] + 1
            values.append(best[-1, -1, 0] / best[-1, -1, 1])
        return 10 * np.sqrt(2) / np.log(10) * mean(values)

    bands = mel_bands(22050, 1024, 80)

    def mel(x: Any) -> Any:
        padded = np.pad(x, 512, mode="reflect")
        spectrum = stft(
            padded, window="hann", nperseg=1024, noverlap=768, boundary=None, padded=False, scaling="spectrum"
        )[2]
        return np.log(np.maximum((np.abs(spectrum * 512) ** 2).T @ bands.T, 1e-10))

    def chroma(x: Any) -> Any:
        spectrum = stft(x, window="hann", nperseg=8192, noverlap=6144, boundary=None, padded=False)[2]
        rows = (np.abs(spectrum) ** 2).T @ pitch_classes()
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    pairs = list(zip(given, clean, strict=True))
    sounds = [[(x.astype(np.float32), 16000) for x in side] for side in (given, clean)]
    return [
        Race("mcd", "scipy and a loop", 6, compute("mcd", *cepstra), warped),
        Race("mel_distance", "scipy stft", 6, compute("mel_distance", given, clean),
             lambda: mean(np.abs(mel(g) - mel(c)).mean() for g, c in pairs)),
        Race("chroma_similarity", "scipy stft", 6, compute("chroma_similarity", *sounds),
             lambda: mean((chroma(g) * chroma(c)).sum(axis=1).mean() for g, c in pairs)),
    ]  # fmt: skip


GROUPS: Groups = (speech, torch_sound, likeness)


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
