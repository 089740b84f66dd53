"""The mean opinion score that a network predicts for speech."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned.batches import pick_device
from genlevel.metrics.learned.weights import Weights, torch_or_explain
from genlevel.metrics.learned_audio.hub import first_line
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

    def __post_init__(self) -> None:
        if self.scale not in _SCALES:
            raise MetricError(f"predicted_mos: scale='{self.scale}'; known: {', '.join(_SCALES)}")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``rating`` (float64) and ``answered`` (bool)."""
        check_lengths(answers, references)
        waves = answer_waves(answers, self.name)
        device = pick_device(self.device)
        network = open_script(WEIGHTS.find(self.weights), device)
        rating = np.array([_LOW if wave is None else self._rate(network, wave, device) for wave in waves], np.float64)
        return Evidence(rating=rating, answered=np.array([wave is not None for wave in waves], np.bool_))

    def _rate(self, network: Any, wave: Wave, device: str) -> float:
        torch = torch_or_explain()
        samples = wave.at(_RATE)
        if self.scale == "int16":
            samples = np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
        tensor = torch.from_numpy(samples)[None].to(device)
        try:
            with torch.inference_mode():
                score = float(call_script(network, tensor, _RATE).float().mean())
        except (RuntimeError, AttributeError, ValueError) as error:
            last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise NotScorable(f"predicted_mos: the network refuses {len(samples)} samples ({last[:120]})") from None
        if not np.isfinite(score):
            raise NotScorable("predicted_mos: the network gives no finite number")
        return float(np.clip(score, _LOW, _HIGH))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the ratings."""
        w = as_weights(evidence, weights)
        return weighted_mean(evidence["rating"], w, empty=_LOW) if len(evidence) else np.full(w.shape[:-1], _LOW)


def call_script(network: Any, tensor: Any, second: Any) -> Any:
    """Call a TorchScript module that takes one argument, or two: then ``second`` is the other."""
    arguments = network.forward.schema.arguments
    return network(tensor, second) if len(arguments) > 2 else network(tensor)


@lru_cache(maxsize=4)
def open_script(path: Path, device: str) -> Any:
    """A TorchScript module by path, read once a process.

    Raises:
        NotScorable: if the file is none.
    """
    torch = torch_or_explain()
    try:
        with warnings.catch_warnings():
            # PyTorch advises another format for new files; these are published in this one.
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch.jit.load(str(path), map_location=device).eval()
    except Exception as error:
        raise NotScorable(f"{path}: cannot be read as TorchScript ({first_line(error)})") from None
