"""Fréchet audio distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import check_lengths
from genlevel.metrics.evidence import Evidence, FloatArray, Ragged
from genlevel.metrics.learned import sets
from genlevel.metrics.learned.batches import pick_device
from genlevel.metrics.learned.generation import SetMetric
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.weights import VGGISH, missing_files, missing_packages, torch_or_explain
from genlevel.metrics.learned_audio import clap
from genlevel.metrics.learned_audio.waves import Wave, answer_waves, reference_waves

_EMBEDDINGS = ("vggish", "clap")
_BATCH = 32


@dataclass(frozen=True)
class Fad(SetMetric):
    """Fréchet audio distance of the answers to the references.

    Options:
        weights: the file of VGGish, or with ``embedding="clap"`` the folder of a CLAP model.
        embedding: ``vggish`` (default; 16 kHz, a vector for each 0.96 s, without PCA and without the last activation) or
            ``clap`` (a vector for each window of 10 s). It is part of the metric's name.
        device: e.g. ``cuda``.

    Vectors of all sounds of a side are one set. A missing answer leaves its vectors out; its reference stays. The estimate
    falls with the number of vectors: compare only numbers from as many.
    """

    weights: str = ""
    embedding: str = "vggish"
    device: str = ""

    name = "fad"
    title = "Fréchet audio distance"
    definition = "|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of VGGish embeddings"
    source = "Kilgour et al. 2019; frechet-audio-distance 0.3 (use_pca=False, use_activation=False)"
    range = (0.0, inf)
    unit = "raw"
    direction = "lower"
    answer = "a sound (samples, rate); reference: a real sound (samples, rate)"
    needs = ("extra: learned", "weights: VGGish")

    def __post_init__(self) -> None:
        if self.embedding not in _EMBEDDINGS:
            raise MetricError(f"fad: embedding='{self.embedding}'; known: {', '.join(_EMBEDDINGS)}")

    def lacks(self) -> str:
        """The file of the chosen embedding."""
        files = (("weights", VGGISH if self.embedding == "vggish" else clap.WEIGHTS),)
        return missing_packages(self.needs) or missing_files(self, files)

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``answered`` (bool), ``answer`` and ``reference`` (ragged float32, a vector for each piece)."""
        check_lengths(answers, references)
        waves, real = answer_waves(answers, "fad"), reference_waves(references, "fad")
        answered = np.array([wave is not None for wave in waves], np.bool_)
        found = self._embed([*(wave for wave in waves if wave is not None), *real])
        width = found[0].shape[1] if found else 0
        made = iter(found)
        rows = [next(made) if there else np.zeros((0, width), np.float32) for there in answered]
        return Evidence(
            answered=answered,
            answer=Ragged.from_rows(rows, dtype=np.float32, width=width),
            reference=Ragged.from_rows(list(made), dtype=np.float32, width=width),
        )

    def _embed(self, waves: Sequence[Wave]) -> list[clap.Vectors]:
        if self.embedding == "clap":
            return clap.open_clap(clap.WEIGHTS.find(self.weights), pick_device(self.device)).sounds(waves)
        torch = torch_or_explain()
        from genlevel.metrics.learned_audio import vggish

        device = pick_device(self.device)
        network = _open_vggish(VGGISH.find(self.weights), device)
        found = []
        for wave in waves:
            pieces = torch.from_numpy(vggish.examples(wave.at(vggish.RATE)))
            with inference():
                parts = [network(part.to(device)).float().cpu() for part in pieces.split(_BATCH)]
            found.append(torch.cat(parts).numpy())
        return found

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The distance under ``weights``: those of a sound are those of each of its vectors."""
        made, real = evidence.ragged("answer"), evidence.ragged("reference")
        a = sets.moments(made.values, weights[made.row_of])
        b = sets.moments(real.values, weights[real.row_of])
        return None if a is None or b is None else sets.frechet(a, b)


@lru_cache(maxsize=2)
def _open_vggish(path: Path, device: str) -> Any:
    from genlevel.metrics.learned_audio import vggish

    return vggish.load(path).to(device)
