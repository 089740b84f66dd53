"""The mean opinion score that a network predicts for speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned.batches import pick_device
from genlevel.metrics.learned.torchscript import call_script, load_script
from genlevel.metrics.learned.weights import Weights, torch_or_explain
from genlevel.metrics.learned_audio.waves import Wave, answer_waves

WEIGHTS = Weights("UTMOS as TorchScript", "utmos.jit", "huggingface.co/balacoon/utmos")
_RATE = 16_000
_SCALES = ("int16", "float")
_LOW, _HIGH = 1.0, 5.0


@dataclass(frozen=True)
class PredictedMos(Metric):
    """Mean of the scores that UTMOS gives each answer; no reference is used. A missing answer scores 1.

    Options:
        weights: a TorchScript file that takes 16 kHz samples (1, n), or those and the rate, and gives one number.
        scale: ``int16`` (default; whole numbers to 32767, as the file of ``balacoon/utmos`` takes them) or ``float`` (-1 to 1).
        device: e.g. ``cuda``.

    Sounds go through one at a time, because padding in a batch shifts the scores. A predicted score is no people's score:
    say so beside the number, and which network.
    """

    weights: str = ""
    scale: str = "int16"
    device: str = ""

    name = "predicted_mos"
    title = "Predicted MOS (UTMOS)"
    definition = "mean over samples of the network's score, kept within 1 to 5"
    source = "Saeki et al. 2022 (UTMOS22 strong)"
    range = (_LOW, _HIGH)
    unit = "raw"
    direction = "higher"
    answer = "speech (samples, rate); the reference is ignored"
    needs = ("extra: learned", "weights: UTMOS")
    files = (("weights", WEIGHTS),)

    def __post_init__(self) -> None:
        if self.scale not in _SCALES:
            raise MetricError(f"predicted_mos: scale='{self.scale}'; known: {', '.join(_SCALES)}")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``rating`` (float64) and ``answered`` (bool)."""
        check_lengths(answers, references)
        waves = answer_waves(answers, self.name)
        device = pick_device(self.device)
        path = WEIGHTS.find(self.weights)
        rating = np.array([_LOW if wave is None else self._rate(path, wave, device) for wave in waves], np.float64)
        return Evidence(rating=rating, answered=np.array([wave is not None for wave in waves], np.bool_))

    def _rate(self, path: Path, wave: Wave, device: str) -> float:
        torch = torch_or_explain()
        network = load_script(path, device)
        samples: Any = wave.at(_RATE)
        if self.scale == "int16":
            samples = np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
        # SpeechMOS's form takes the rate beside the samples.
        more = [_RATE] if len(network.forward.schema.arguments) > 2 else []
        score = float(call_script(network, path, torch.from_numpy(samples)[None].to(device), *more).float().mean())
        if not np.isfinite(score):
            raise NotScorable(f"{path}: gives no finite number for {len(samples)} samples")
        return float(np.clip(score, _LOW, _HIGH))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the ratings."""
        w = as_weights(evidence, weights)
        return weighted_mean(evidence["rating"], w, empty=_LOW) if len(evidence) else np.full(w.shape[:-1], _LOW)
