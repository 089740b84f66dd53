"""Fréchet distance of made motions of the human body to real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import check_lengths
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned import sets
from genlevel.metrics.learned.batches import Floats, pick_device
from genlevel.metrics.learned.generation import SetMetric
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.torchscript import call_script, is_script, load_script
from genlevel.metrics.learned.weights import Weights, torch_or_explain

WEIGHTS = Weights(
    "the text-to-motion evaluator",
    "finest.tar",
    "https://github.com/EricGuo5513/text-to-motion (text_mot_match/model/finest.tar)",
    others=("t2m_motion_encoder.pt",),
)
_BATCH = 32
_UNIT = 4  # frames that the published encoder makes a token of


@dataclass(frozen=True)
class MotionFid(SetMetric):
    """Fréchet distance of motion features, as text-to-motion papers report their FID.

    Options:
        weights: ``finest.tar`` as published, or a TorchScript file (a program: trust it first) that takes a motion, float32
            (1, T, D), or that and its length, int64 (1,), and gives its features (1, d).
        mean, std: files of the evaluator's mean and deviation, ``Comp_v6_KLD01/meta/mean.npy`` and ``std.npy`` beside the
            weights; without them the motions must be scaled already.
        device: e.g. ``cuda``.

    With ``finest.tar``, of each motion the whole units of four frames count, and motions are filled up with zeros to 196
    frames, as in the published evaluation; one of fewer than four frames counts as missing. A missing answer leaves its row
    out; its reference stays. The estimate falls with the number of motions.
    """

    weights: str = ""
    mean: str = ""
    std: str = ""
    device: str = ""

    name = "motion_fid"
    title = "FID of motions"
    definition = "|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of the motion encoder's features"
    source = "Guo et al. 2022 (HumanML3D)"
    range = (0.0, inf)
    unit = "raw"
    direction = "lower"
    answer = "a motion, float (T, D), T > 0; reference: a real motion with the same D"
    needs = ("extra: learned", "weights: text-to-motion evaluator")
    files = (("weights", WEIGHTS),)

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``answered`` (bool), ``answer`` and ``reference`` (float32, d numbers)."""
        check_lengths(answers, references)
        path = WEIGHTS.find(self.weights)
        shortest = 1 if is_script(path) else _UNIT
        real = [_motion(reference, shortest) for reference in references]
        for row, motion in enumerate(real):
            if motion is None:
                raise MetricError(
                    f"motion_fid: reference {row} (from 0) must be a motion, finite numbers (T, D), T >= {shortest}"
                )
        width = {motion.shape[1] for motion in real if motion is not None}
        made = [_motion(answer, shortest) for answer in answers]
        made = [motion if motion is not None and motion.shape[1] in width else None for motion in made]
        found = self._features(path, [motion for motion in (*made, *real) if motion is not None])
        answered = np.array([motion is not None for motion in made], np.bool_)
        count = int(answered.sum())
        table = np.zeros((len(made), found.shape[1]), np.float32)
        table[answered] = found[:count]
        return Evidence(answered=answered, answer=table, reference=found[count:])

    def __post_init__(self) -> None:
        if bool(self.mean) != bool(self.std):
            raise MetricError("motion_fid: mean=PATH and std=PATH belong together")

    def _features(self, path: Path, motions: Sequence[Floats]) -> Floats:
        device = pick_device(self.device)
        scaled = self._scaled(motions)
        rows = _script_features(path, scaled, device) if is_script(path) else _published_features(path, scaled, device)
        if not np.isfinite(rows).all():
            raise NotScorable(f"{path}: gives features that are not finite")
        return rows

    def _scaled(self, motions: Sequence[Floats]) -> Sequence[Floats]:
        if not self.mean or not motions:
            return motions
        mean, std = (_numbers(Path(name), motions[0].shape[1]) for name in (self.mean, self.std))
        if not (std > 0).all():
            raise MetricError(f"{self.std}: a deviation is not above 0")
        return [((motion - mean) / std).astype(np.float32) for motion in motions]

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The distance under ``weights``."""
        made = sets.moments(evidence["answer"], weights * evidence["answered"])
        real = sets.moments(evidence["reference"], weights)
        return None if made is None or real is None else sets.frechet(made, real)


def _motion(value: Any, shortest: int) -> Floats | None:
    try:
        motion = np.asarray(value, np.float32)
    except (TypeError, ValueError):
        return None
    fits = motion.ndim == 2 and motion.size and len(motion) >= shortest and np.isfinite(motion).all()
    return np.ascontiguousarray(motion) if fits else None


def _numbers(path: Path, width: int) -> Floats:
    try:
        with path.open("rb") as file:
            values = np.asarray(np.load(file, allow_pickle=False), np.float32)
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise MetricError(f"{path}: cannot be read as numbers ({str(error)[:100]})") from None
    if values.shape != (width,) or not np.isfinite(values).all():
        raise MetricError(f"{path}: holds {values.shape} numbers, but a frame of these motions has {width}")
    return values


def _published_features(path: Path, motions: Sequence[Floats], device: str) -> Floats:
    torch = torch_or_explain()
    from genlevel.metrics.learned.body_motion import LENGTH, load_encoder

    rows = []
    for start in range(0, len(motions), _BATCH):
        batch = motions[start : start + _BATCH]
        network = load_encoder(path, device, batch[0].shape[1])
        whole = [len(motion) // _UNIT * _UNIT for motion in batch]
        filled = np.zeros((len(batch), max(LENGTH, *whole), batch[0].shape[1]), np.float32)
        for row, motion, frames in zip(filled, batch, whole, strict=True):
            row[:frames] = motion[:frames]
        with inference():
            found = network(torch.from_numpy(filled).to(device), torch.tensor(whole))
        rows.append(found.float().cpu().numpy())
    return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)


def _script_features(path: Path, motions: Sequence[Floats], device: str) -> Floats:
    torch = torch_or_explain()
    network = load_script(path, device)
    takes_length = len(network.forward.schema.arguments) > 2
    rows = []
    for motion in motions:
        inputs = [torch.from_numpy(motion)[None].to(device)]
        if takes_length:
            inputs.append(torch.tensor([len(motion)], device=device))
        rows.append(call_script(network, path, *inputs).float().cpu().numpy().ravel())
    if len({row.shape for row in rows}) > 1:
        raise NotScorable(f"{path}: gives features of different lengths")
    return np.array(rows, np.float32).reshape(len(rows), -1)
