"""The mean opinion score that a network predicts for speech."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.learned.batches import pick_device
from genlevel.metrics.learned.torchscript import call_script, load_script
from genlevel.metrics.learned.weights import Weights, torch_or_explain
from genlevel.metrics.learned_audio.opinion import RATE, PredictedOpinion
from genlevel.metrics.learned_audio.waves import Samples

WEIGHTS = Weights("UTMOS as TorchScript", "utmos.jit", "huggingface.co/balacoon/utmos")
_SCALES = ("int16", "float")


@dataclass(frozen=True)
class PredictedMos(PredictedOpinion):
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
    needs = ("extra: learned", "weights: UTMOS")
    files = (("weights", WEIGHTS),)

    def __post_init__(self) -> None:
        if self.scale not in _SCALES:
            raise MetricError(f"predicted_mos: scale='{self.scale}'; known: {', '.join(_SCALES)}")

    def rater(self) -> tuple[Path, Callable[[Samples], float]]:
        """The network's number for a sound."""
        device = pick_device(self.device)
        path = WEIGHTS.find(self.weights)
        return path, partial(self._rate, path, device)

    def _rate(self, path: Path, device: str, samples: Any) -> float:
        torch = torch_or_explain()
        network = load_script(path, device)
        if self.scale == "int16":
            samples = np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
        # SpeechMOS's form takes the rate beside the samples.
        more = [RATE] if len(network.forward.schema.arguments) > 2 else []
        return float(call_script(network, path, torch.from_numpy(samples)[None].to(device), *more).float().mean())
