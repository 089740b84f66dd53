"""CLAP: sounds and texts in one space, by a local folder in the Hugging Face layout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import NotScorable
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.weights import Weights, hub_folder, torch_or_explain
from genlevel.metrics.learned_audio.hub import first_line, quiet, transformers_or_explain
from genlevel.metrics.learned_audio.waves import Samples, Wave

WEIGHTS = Weights("CLAP", "clap-htsat-unfused", "huggingface.co/laion/clap-htsat-unfused")
_BATCH = 8
_TEXT_TOKENS = 77

Vectors = NDArray[np.float32]


def windows(samples: Samples, length: int) -> list[Samples]:
    """Pieces of ``length`` samples that cover the sound evenly, the first at its start and the last at its end.

    They overlap where the sound is no multiple of ``length``; a shorter sound is one piece.
    """
    count = max(1, -(-len(samples) // length))
    starts = np.round(np.linspace(0, max(0, len(samples) - length), count)).astype(int)
    return [samples[start : start + length] for start in starts]


class Clap:
    """A CLAP model and its own feature extractor and tokenizer.

    Sounds longer than the model hears at once (10 s) are cut into :func:`windows`, where reference code takes a random
    piece. None of them is marked as longer, so that a model with feature fusion does not depend on chance either.

    Raises:
        NotScorable: if transformers or torch is missing or the folder is not a CLAP model.
    """

    def __init__(self, folder: Path, device: str) -> None:
        hub = transformers_or_explain()
        self.torch = torch_or_explain()
        name = hub_folder(folder)
        try:
            with quiet():
                self.model = hub.ClapModel.from_pretrained(name, local_files_only=True).float().eval().to(device)
                self.extractor = hub.ClapFeatureExtractor.from_pretrained(name, local_files_only=True)
                self.tokenizer = hub.AutoTokenizer.from_pretrained(name, local_files_only=True)
        except Exception as error:
            raise NotScorable(f"{folder}: cannot be read as a CLAP model ({first_line(error)})") from None
        self.device = device
        self.rate = int(self.extractor.sampling_rate)
        self.width = int(self.model.config.projection_dim)

    def sounds(self, waves: Sequence[Wave]) -> list[Vectors]:
        """For each sound one unit vector per window, float32 (windows, d)."""
        cut = [windows(wave.at(self.rate), int(self.extractor.nb_max_samples)) for wave in waves]
        pieces = [piece for group in cut for piece in group]
        rows = np.zeros((len(pieces), self.width), np.float32)
        for start in range(0, len(pieces), _BATCH):
            batch = self.extractor(
                [piece.astype(np.float64) for piece in pieces[start : start + _BATCH]], sampling_rate=self.rate
            )
            features = self.torch.from_numpy(np.stack(batch["input_features"]).astype(np.float32)).to(self.device)
            longer = self.torch.zeros((len(features), 1), dtype=self.torch.bool, device=self.device)
            with inference():
                found = self.model.get_audio_features(input_features=features, is_longer=longer)
            rows[start : start + _BATCH] = _unit(found)
        return np.split(rows, np.cumsum([len(group) for group in cut])[:-1]) if cut else []

    def texts(self, texts: Sequence[str]) -> Vectors:
        """A unit vector for each text, float32 (n, d); tokens after the 77th do not count."""
        rows = np.zeros((len(texts), self.width), np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = self.tokenizer(
                list(texts[start : start + _BATCH]),
                padding=True, truncation=True, max_length=_TEXT_TOKENS, return_tensors="pt",
            )  # fmt: skip
            inputs = {k: batch[k].to(self.device) for k in ("input_ids", "attention_mask")}
            with inference():
                rows[start : start + _BATCH] = _unit(self.model.get_text_features(**inputs))
        return rows


def _unit(output: Any) -> Vectors:
    vectors = getattr(output, "pooler_output", output)
    unit: Vectors = (vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-12)).float().cpu().numpy()
    return unit


@lru_cache(maxsize=2)
def open_clap(folder: Path, device: str) -> Clap:
    """The model in ``folder``, read once a process."""
    return Clap(folder, device)
