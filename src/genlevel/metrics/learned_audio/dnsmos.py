"""The mean opinion scores of ITU-T P.835 that Microsoft's DNSMOS predicts for speech in noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.weights import Weights, missing_files, missing_packages
from genlevel.metrics.learned_audio.opinion import RATE, PredictedOpinion
from genlevel.metrics.learned_audio.waves import Samples

_PUBLISHED = "github.com/microsoft/DNS-Challenge, DNSMOS"
WEIGHTS = Weights("DNSMOS P.835", "sig_bak_ovr.onnx", f"{_PUBLISHED}/DNSMOS", others=("DNSMOS/sig_bak_ovr.onnx",))
PERSONALIZED = Weights("the personalised DNSMOS P.835", "pDNSMOS/sig_bak_ovr.onnx", f"{_PUBLISHED}/pDNSMOS")
_SECONDS = 9.01
# The network's outputs in their order, and the polynomials from its raw scores to people's, highest power first.
_SCORES = ("sig", "bak", "ovrl")
_FITTED = {
    False: (
        (-0.08397278, 1.22083953, 0.0052439),
        (-0.13166888, 1.60915514, -0.39604546),
        (-0.06766283, 1.11546468, 0.04602535),
    ),
    True: (
        (-0.01019296, 0.02751166, 1.19576786, -0.24348726),
        (-0.04976499, 0.44276479, -0.1644611, 0.96883132),
        (-0.00533021, 0.005101, 1.18058466, -0.11236046),
    ),
}


@dataclass(frozen=True)
class Dnsmos(PredictedOpinion):
    """Mean of the scores that DNSMOS P.835 gives each answer; no reference is used. A missing answer scores 1.

    A sound is read as Microsoft's ``dnsmos_local.py`` reads it: one channel at 16 kHz, repeated until it lasts 9.01 s, cut into
    windows of 9.01 s that begin a second apart; each window's raw score goes through a polynomial, and the sound's score is
    their mean. As there, a window that rounding makes one sample too short is left out, which are those that begin at 7 to
    23 s and at some later ones. Kept within 1 to 5, which that script does not do. Other rates than 16 kHz are
    changed by another filter than librosa's.

    Options:
        weights: the published ONNX file; it is a graph of arithmetic, run by onnxruntime, and no program.
        score: ``ovrl`` (default; the whole), ``sig`` (the speech) or ``bak`` (the background).
        personalized: whether other talkers count as noise; another file and other polynomials.

    A predicted score is no people's score: say so beside the number, and which network.
    """

    weights: str = ""
    score: str = "ovrl"
    personalized: bool = False

    name = "dnsmos"
    title = "Predicted MOS (DNSMOS P.835)"
    definition = "mean over samples of the network's fitted score over windows of 9.01 s, kept within 1 to 5"
    source = "Reddy et al. 2022; Microsoft's dnsmos_local.py"
    needs = ("extra: onnx", "weights: DNSMOS P.835")
    files = (("weights", WEIGHTS),)

    def __post_init__(self) -> None:
        if self.score not in _SCORES:
            raise MetricError(f"dnsmos: score='{self.score}'; known: {', '.join(_SCORES)}")

    def lacks(self) -> str:
        """The file of the chosen network."""
        return missing_packages(self.needs) or missing_files(self, (("weights", self._published()),))

    def rater(self) -> tuple[Path, Callable[[Samples], float]]:
        """The mean over windows of the chosen score."""
        path = self._published().find(self.weights)
        return path, partial(self._rate, _session(path), path)

    def _published(self) -> Weights:
        return PERSONALIZED if self.personalized else WEIGHTS

    def _rate(self, session: Any, path: Path, samples: Samples) -> float:
        column = _SCORES.index(self.score)
        fitted = _FITTED[bool(self.personalized)][column]
        scores = [np.polyval(fitted, _run(session, path, window)[column]) for window in windows(samples)]
        return float(np.mean(scores))


def windows(samples: Samples) -> Iterator[Samples]:
    """The windows of ``samples`` (n,) at 16 kHz, each (144160,): at least the first."""
    length = int(_SECONDS * RATE)
    # Doubled until it is long enough, as the script does: so a short sound may give several windows.
    while len(samples) < length:
        samples = np.concatenate([samples, samples])
    for start in range(int(len(samples) // RATE - _SECONDS) + 1):
        window = samples[start * RATE : int((start + _SECONDS) * RATE)]
        if len(window) == length:
            yield window


@lru_cache(maxsize=2)
def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise NotScorable("needs onnxruntime: pip install 'genlevel[onnx]'") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is said below
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise NotScorable(f"{path}: cannot be read as an ONNX file ({_first_line(error)})") from None


def _run(session: Any, path: Path, window: Samples) -> FloatArray:
    """The raw scores of a window, (3,)."""
    try:
        given = session.run(None, {session.get_inputs()[0].name: window[None]})[0]
    except Exception as error:
        raise NotScorable(
            f"{path}: is not DNSMOS P.835, which takes (1, {len(window)}) samples ({_first_line(error)})"
        ) from None
    raw = np.asarray(given, np.float64)
    if raw.shape != (1, len(_SCORES)):
        raise NotScorable(f"{path}: is not DNSMOS P.835, which gives 3 scores: it gives {raw.shape}")
    scores: FloatArray = raw[0]
    return scores


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
