"""Fréchet distance of made motions of the human body to real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import check_lengths
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned import sets
from genlevel.metrics.learned.batches import Floats, pick_device
from genlevel.metrics.learned.generation import SetMetric
from genlevel.metrics.learned.torchscript import call_script, load_script
from genlevel.metrics.learned.weights import Weights, torch_or_explain

WEIGHTS = Weights(
    "the text-to-motion evaluator's motion encoder as TorchScript",
    "t2m_motion_encoder.pt",
    "github.com/EricGuo5513/text-to-motion (text_mot_match/model/finest.tar, movement and motion encoder; you convert it)",
)


@dataclass(frozen=True)
class MotionFid(SetMetric):
    """Fréchet distance of motion features, as text-to-motion papers report their FID.

    Options:
        weights: a TorchScript file that takes a motion, float32 (1, T, D), or that and its length, int64 (1,), and gives its
            features (1, d). Scaling by the dataset's mean and deviation is inside it.
        device: e.g. ``cuda``.

    A missing answer leaves its row out; its reference stays. The estimate falls with the number of motions.
    """

    weights: str = ""
    device: str = ""

    name = "motion_fid"
    title = "FID of motions"
    definition = "|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of the motion encoder's features"
    source = "Guo et al. 2022 (HumanML3D)"
    range = (0.0, inf)
    unit = "raw"
    direction = "lower"
    answer = "a motion, float (T, D), T > 0; reference: a real motion with the same D"
    needs = ("extra: learned", "weights: motion encoder")
    files = (("weights", WEIGHTS),)

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``answered`` (bool), ``answer`` and ``reference`` (float32, d numbers)."""
        check_lengths(answers, references)
        real = [_motion(reference) for reference in references]
        for row, motion in enumerate(real):
            if motion is None:
                raise MetricError(f"motion_fid: reference {row} (from 0) must be a motion, finite numbers (T, D)")
        width = {motion.shape[1] for motion in real if motion is not None}
        made = [_motion(answer) for answer in answers]
        made = [motion if motion is not None and motion.shape[1] in width else None for motion in made]
        found = self._features([motion for motion in (*made, *real) if motion is not None])
        answered = np.array([motion is not None for motion in made], np.bool_)
        count = int(answered.sum())
        table = np.zeros((len(made), found.shape[1]), np.float32)
        table[answered] = found[:count]
        return Evidence(answered=answered, answer=table, reference=found[count:])

    def _features(self, motions: Sequence[Floats]) -> Floats:
        torch = torch_or_explain()
        device = pick_device(self.device)
        path = WEIGHTS.find(self.weights)
        network = load_script(path, device)
        takes_length = len(network.forward.schema.arguments) > 2
        rows = []
        for motion in motions:
            inputs = [torch.from_numpy(motion)[None].to(device)]
            if takes_length:
                inputs.append(torch.tensor([len(motion)], device=device))
            rows.append(call_script(network, path, *inputs).float().cpu().numpy().ravel())
        if len({row.shape for row in rows}) > 1 or not all(np.isfinite(row).all() for row in rows):
            raise NotScorable(f"{path}: gives features of different lengths, or that are not finite")
        return np.array(rows, np.float32).reshape(len(rows), -1)

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The distance under ``weights``."""
        made = sets.moments(evidence["answer"], weights * evidence["answered"])
        real = sets.moments(evidence["reference"], weights)
        return None if made is None or real is None else sets.frechet(made, real)


def _motion(value: Any) -> Floats | None:
    try:
        motion = np.asarray(value, np.float32)
    except (TypeError, ValueError):
        return None
    return np.ascontiguousarray(motion) if motion.ndim == 2 and motion.size and np.isfinite(motion).all() else None
