"""The image-to-video composite of the 2025 edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned.batches import as_frames
from genlevel.metrics.learned.encoders import CLIP_B32, DINO_B16
from genlevel.metrics.learned.motion import INTERPOLATOR, RAFT, DynamicDegree, MotionSmoothness
from genlevel.metrics.learned.similarity import ClipScore, SubjectConsistency

_PARTS = ("subject", "text", "flow", "smoothness")


@dataclass(frozen=True)
class I2vComposite(Metric):
    """Mean of four scores of a video, times 100: subject (DINO), text, share that moves (flow), motion smoothness.

    An answer is a video, or the four scores measured elsewhere, ``{"subject", "text", "flow", "smoothness"}``, each 0 to 1.
    For a video they are :class:`SubjectConsistency`, the CLIP likeness of frames to the prompt, :class:`DynamicDegree` and
    :class:`MotionSmoothness`. The edition prints ViCLIP for the text; as no such network can be read here, CLIP stands in
    its place, which gives other numbers: for the printed definition, give the four scores.

    Options: ``dino``, ``clip``, ``raft``, ``interpolator``: paths of the weights; ``flow`` and ``stride`` as in
    :class:`DynamicDegree`; ``device``. A missing answer counts 0 in all four.
    """

    dino: str = ""
    clip: str = ""
    raft: str = ""
    interpolator: str = ""
    flow: str = "raft"
    stride: int = 1
    device: str = ""

    name = "i2v_composite"
    title = "Mean of four image-to-video scores"
    definition = "100 * mean of subject consistency, text likeness, dynamic degree and motion smoothness"
    source = "General-Bench 2025, image-to-video; VBench (Huang et al. 2024)"
    range = (0.0, 100.0)
    unit = "percent"
    direction = "higher"
    answer = "a video, or {subject, text, flow, smoothness}; reference: the prompt"
    needs = (
        "extra: learned",
        "weights: DINO ViT-B/16",
        "weights: CLIP ViT-B/32",
        "weights: RAFT",
        "weights: frame interpolator",
    )
    files = (("dino", DINO_B16), ("clip", CLIP_B32), ("raft", RAFT), ("interpolator", INTERPOLATOR))

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``subject``, ``text``, ``flow`` and ``smoothness`` (float64, 0 to 1)."""
        check_lengths(answers, references)
        table = np.zeros((len(answers), len(_PARTS)))
        videos = []
        for row, answer in enumerate(answers):
            if isinstance(answer, Mapping):
                table[row] = _scores(answer)
            elif answer is not None and _is_video(answer):
                videos.append(row)
        if videos:
            table[videos] = self._measured([answers[r] for r in videos], [references[r] for r in videos])
        return Evidence(**{part: table[:, index] for index, part in enumerate(_PARTS)})

    def _measured(self, videos: Sequence[Any], references: Sequence[Any]) -> FloatArray:
        metrics = (
            SubjectConsistency(weights=self.dino, device=self.device),
            ClipScore(weights=self.clip, scale=1.0, device=self.device),
            DynamicDegree(flow=self.flow, stride=self.stride, weights=self.raft, device=self.device),
            MotionSmoothness(weights=self.interpolator, device=self.device),
        )
        return np.stack([m.measure(videos, references)["value"] for m in metrics], axis=1)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """100 times the weighted mean of the four."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        return 100.0 * weighted_mean(np.mean([evidence[part] for part in _PARTS], axis=0), w, empty=0.0)


def _is_video(answer: Any) -> bool:
    try:
        return len(as_frames(answer, role="an answer")) > 1
    except MetricError:
        return False


def _scores(answer: Mapping[str, Any]) -> list[float]:
    """The four scores, or zeros where they are not four numbers between 0 and 1."""
    try:
        scores = [float(answer[part]) for part in _PARTS]
    except (KeyError, TypeError, ValueError):
        return [0.0] * len(_PARTS)
    return scores if all(0.0 <= s <= 1.0 for s in scores) else [0.0] * len(_PARTS)
