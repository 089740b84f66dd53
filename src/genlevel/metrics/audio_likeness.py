"""How alike two sounds are that need not line up: mel-cepstral distortion, mel distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from genlevel.errors import MetricError
from genlevel.metrics.audio_quality import is_constant
from genlevel.metrics.audio_signal import log_mel, mel_cepstra, read_sound, resampled
from genlevel.metrics.dense import MeanMetric, need, numbers, one_of, usable
from genlevel.metrics.evidence import FloatArray

_DB = 10.0 * np.sqrt(2.0) / np.log(10.0)
_MAX_FRAMES = 20_000


def dtw(cost: FloatArray) -> tuple[float, int]:
    """The least sum of costs (n, m) along a path of steps right, down or both from corner to corner, and the path's length.

    Of paths with equal sums the shortest. One pass over anti-diagonals: O(n m) time, O(n + m) beyond the matrix.
    """
    n, m = cost.shape
    # On diagonal d cell i is (i, d - i). Two diagonals back and one, each with a border of infinity.
    older, newer = np.full((2, n + 1), np.inf), np.full((2, n + 1), np.inf)
    flat = cost.ravel()
    for d in range(n + m - 1):
        low, high = max(0, d - m + 1), min(n, d + 1)
        rows = np.arange(low, high)
        here = np.full((2, n + 1), np.inf)
        if d == 0:
            here[:, 1] = flat[0], 1.0
        else:
            # From above (i-1, j), from the left (i, j-1), from both (i-1, j-1).
            ways = np.stack([older[:, rows], newer[:, rows], newer[:, rows + 1]])
            best = np.lexsort((ways[:, 1], ways[:, 0]), axis=0)[0]
            came = np.take_along_axis(ways, best[None, None], axis=0)[0]
            here[0, rows + 1] = came[0] + flat[rows * m + d - rows]
            here[1, rows + 1] = came[1] + 1.0
        older, newer = newer, here
    return float(newer[0, n]), int(newer[1, n])


@dataclass(frozen=True)
class MelCepstralDistortion(MeanMetric):
    """Mel-cepstral distortion in dB, mean over sounds.

    A side is a signal (with its rate as a pair, else ``rate``), or ``{"cepstra": (m, k)}`` with cepstra of your own without
    the 0th. From signals cepstra 1 to ``order`` (13) are taken: the cosine transform of the log amplitude in 80 mel bands,
    windows of 64 ms. ``align="dtw"`` (default) warps time, ``"none"`` compares frame by frame, the shorter side filled with
    silence (cepstra of 0). An answer that is silent, shorter than half of its reference, or of more than 20,000 frames is no
    answer. Numbers of another cepstral analysis are not comparable.
    """

    rate: int = 16000
    order: int = 13
    align: str = "dtw"

    version = 2
    name = "mcd"
    title = "MCD"
    definition = (
        "mean over sounds of 10 sqrt(2)/ln 10 times the mean distance of cepstra along the best warp of time; an answer "
        "shorter than half of its reference is none"
    )
    source = "Kubichek 1993"
    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = "a signal (n,), a pair of a signal and its rate, or {'cepstra': (m, k)}; reference: the same"

    def __post_init__(self) -> None:
        one_of("align", self.align, ("dtw", "none"))
        if not 1 <= self.order < 80:
            raise MetricError(f"mcd: order={self.order} must be within 1 and 79")

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The distortion of one sound."""
        truth = self._cepstra(reference)
        need(truth is not None and len(truth) <= _MAX_FRAMES, row, "is not a sound or an array of cepstra")
        given = self._cepstra(answer)
        if truth is None or given is None or given.shape[1] != truth.shape[1] or len(given) > _MAX_FRAMES:
            return None
        if 2 * len(given) < len(truth):
            # A warp would lay the whole reference on the few frames that there are.
            return None
        if self.align == "none":
            frames = max(len(given), len(truth))
            x, y = (np.pad(cepstra, ((0, frames - len(cepstra)), (0, 0))) for cepstra in (given, truth))
            return float(_DB * np.linalg.norm(x - y, axis=1).mean())
        total, steps = dtw(cdist(given, truth))
        return float(_DB * total / steps)

    def _cepstra(self, thing: Any) -> FloatArray | None:
        if isinstance(thing, Mapping):
            cepstra = usable(numbers(thing.get("cepstra")))
            return cepstra if cepstra is not None and cepstra.ndim == 2 else None
        sound = read_sound(thing, self.rate)
        if sound is None or is_constant(sound.samples):
            return None
        return mel_cepstra(resampled(sound, self.rate), self.rate, self.order)


@dataclass(frozen=True)
class MelDistance(MeanMetric):
    """Mean absolute difference of log-mel spectra, mean over sounds.

    Both sounds are resampled to ``rate`` (22050 Hz), which is also that of sounds that come without one; the shorter one is
    filled with silence to the length of the other. An answer that is no sound is not answered.
    """

    rate: int = 22050

    version = 2
    name = "mel_distance"
    title = "Mel distance"
    definition = (
        "mean over sounds of the mean |ln mel - ln mel*| over frames and 80 bands, the shorter one filled with silence"
    )
    source = "text-to-speech literature"
    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = "a signal (n,), or a pair of a signal and its rate; reference: the same"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The distance of one pair."""
        truth = read_sound(reference, self.rate)
        need(truth is not None, row, "is not a signal")
        given = read_sound(answer, self.rate)
        if given is None or truth is None:
            return None
        x, y = (resampled(sound, self.rate) for sound in (given, truth))
        length = max(len(x), len(y))
        a, b = (log_mel(np.pad(side, (0, length - len(side))), self.rate) for side in (x, y))
        return float(np.abs(a - b).mean())
