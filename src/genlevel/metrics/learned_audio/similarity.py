"""CLAP similarity of made sounds to a text, or to a sound or text that sets the style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned.batches import pick_device
from genlevel.metrics.learned_audio import clap
from genlevel.metrics.learned_audio.waves import answer_waves, is_sound, reference_waves


@dataclass(frozen=True)
class _ClapSimilarity(Metric):
    """Options: ``weights``, folder of the model in the Hugging Face layout; ``device``, e.g. ``cuda``.

    A sound longer than the model's window (10 s) counts as the mean over windows that cover it. A missing answer, and one
    that is empty or not finite, is like nothing: 0. The checkpoint is part of the definition: name it beside the number.
    """

    weights: str = ""
    device: str = ""

    range = (-1.0, 1.0)
    unit = "fraction"
    direction = "higher"
    needs = ("extra: learned", "weights: CLAP")
    files = (("weights", clap.WEIGHTS),)

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``cosine`` (float64) and ``answered`` (bool)."""
        check_lengths(answers, references)
        waves = answer_waves(answers, self.name)
        given = np.array([wave is not None for wave in waves], np.bool_)
        model = clap.open_clap(clap.WEIGHTS.find(self.weights), pick_device(self.device))
        made = [vectors.mean(axis=0) for vectors in model.sounds([wave for wave in waves if wave is not None])]
        wanted = self._references(model, references)
        cosine = np.zeros(len(answers))
        if made:
            cosine[given] = np.einsum("ij,ij->i", np.array(made, np.float64), wanted[given])
        return Evidence(cosine=cosine, answered=given)

    def _references(self, model: clap.Clap, references: Sequence[Any]) -> FloatArray:
        """Vectors (n, d): of unit length for a text, the mean of its windows' for a sound."""
        raise NotImplementedError

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the cosines."""
        return (
            weighted_mean(evidence["cosine"], as_weights(evidence, weights), empty=0.0)
            if len(evidence)
            else (np.zeros(as_weights(evidence, weights).shape[:-1]))
        )

    @property
    def worst(self) -> float:
        """0: what no answer counts."""
        return 0.0


def _texts(model: clap.Clap, references: Sequence[Any], metric: str) -> FloatArray:
    for row, reference in enumerate(references):
        if not isinstance(reference, str) or not reference.strip():
            raise MetricError(f"{metric}: reference {row} (from 0) must be a text")
    return model.texts(list(references)).astype(np.float64)


@dataclass(frozen=True)
class ClapScore(_ClapSimilarity):
    """How well a made sound fits the text it was asked for. Options as in :class:`_ClapSimilarity`."""

    name = "clap_score"
    title = "CLAP score"
    definition = "mean over samples of the cosine of the CLAP embeddings of sound and text"
    source = "Wu et al. 2023 (LAION CLAP); transformers ClapModel"
    answer = "a sound (samples, rate); reference: a text"

    def _references(self, model: clap.Clap, references: Sequence[Any]) -> FloatArray:
        return _texts(model, references, self.name)


@dataclass(frozen=True)
class StyleClap(_ClapSimilarity):
    """How much a made sound is like the sound, or the text, that gives the style.

    The 2025 edition prints the name without a definition; this is the audio-to-audio reading, and with a text as reference
    the text-to-audio one. One task has references of one kind. Options as in :class:`_ClapSimilarity`.
    """

    name = "style_clap"
    title = "CLAP similarity of style"
    definition = (
        "mean over samples of the cosine of the CLAP embeddings of the made sound and of the style's sound or text"
    )
    source = "transformers ClapModel; printed in the 2025 edition without a definition"
    answer = "a sound (samples, rate); reference: a sound or a text"

    def _references(self, model: clap.Clap, references: Sequence[Any]) -> FloatArray:
        if not any(is_sound(reference) for reference in references):
            return _texts(model, references, self.name)
        vectors = model.sounds(reference_waves(references, self.name))
        return np.array([v.mean(axis=0) for v in vectors], np.float64)
