"""Fréchet video distance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import check_lengths
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned import sets
from genlevel.metrics.learned.batches import Floats, Pixels, as_frames, pick_device
from genlevel.metrics.learned.generation import SetMetric
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.torchscript import call_script, is_script, load_network, load_script
from genlevel.metrics.learned.weights import Weights, torch_or_explain

I3D = Weights(
    "I3D trained on Kinetics-400",
    "i3d_torchscript.pt",
    "https://github.com/universome/stylegan-v (src/scripts/calc_metrics names the file), or i3d_pretrained_400.pt of "
    "https://github.com/songweige/TATS",
    others=("i3d_pretrained_400.pt",),
)
_WIDTH = 400


@dataclass(frozen=True)
class Fvd(SetMetric):
    """Fréchet distance of I3D features of the answers to those of the references, as StyleGAN-V computes it.

    Of every video the first ``frames`` frames are taken; the network's own file resizes them to 224 x 224 and rescales them.
    A shorter answer counts as missing, a shorter reference is refused. The estimate falls with the number of samples
    (published numbers use 2048 videos); with fewer samples than 400 the covariances are singular and the value, still exact
    for the samples given, lies far above that of a large sample. Fewer than two answers give infinity.

    Options: ``weights``, the TorchScript file (a program: trust it first), or the same network's weights alone as
    ``i3d_pretrained_400.pt`` holds them (TATS, cd-fvd), or pytorch-i3d's ``rgb_imagenet.pt``, which was trained again and
    gives another number; ``frames``; ``device``.
    """

    weights: str = ""
    frames: int = 16
    device: str = ""

    name = "fvd"
    title = "FVD"
    definition = "|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of I3D features of 16 frames"
    source = "Unterthiner et al. 2018; protocol of StyleGAN-V (Skorokhodov et al. 2022)"
    range = (0.0, inf)
    unit = "raw"
    direction = "lower"
    answer = "a video, uint8 (T, H, W, 3) with T >= 16; reference: a real video"
    needs = ("extra: learned", "weights: I3D")
    files = (("weights", I3D),)

    def __post_init__(self) -> None:
        if self.frames < 9:
            raise MetricError(f"fvd: frames={self.frames}, but the network needs at least 9")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``answered`` (bool), ``answer`` and ``reference`` (float32, 400 numbers)."""
        check_lengths(answers, references)
        made = [self._clip_or_none(answer) for answer in answers]
        real = []
        for row, reference in enumerate(references):
            if reference is None:
                raise MetricError(f"fvd: sample {row} has no reference video")
            real.append(self._clip(reference, f"fvd: the reference of sample {row}"))
        answered = np.array([m is not None for m in made], bool)
        path, device = I3D.find(self.weights), pick_device(self.device)
        table = np.zeros((len(answers), _WIDTH), np.float32)
        table[answered] = self._features([m for m in made if m is not None], path, device)
        return Evidence(answered=answered, answer=table, reference=self._features(real, path, device))

    def _clip(self, value: Any, role: str) -> Pixels:
        frames = as_frames(value, role=role)
        if len(frames) < self.frames:
            raise MetricError(f"{role} has {len(frames)} frames, but {self.frames} are needed")
        return frames[: self.frames]

    def _clip_or_none(self, value: Any) -> Pixels | None:
        try:
            return None if value is None else self._clip(value, "fvd: an answer")
        except MetricError:
            return None

    def _features(self, videos: Sequence[Pixels], path: Path, device: str) -> Floats:
        torch = torch_or_explain()
        call: Callable[[Any], Any]
        if is_script(path):
            call = partial(
                call_script, load_script(path, device), path, rescale=True, resize=True, return_features=True
            )
        else:
            from genlevel.metrics.learned.i3d import I3d, prepared

            network = load_network(path, device, I3d)
            call = inference()(lambda x: network(prepared(x)))
        rows = np.zeros((len(videos), _WIDTH), np.float32)
        for index, video in enumerate(videos):
            x = torch.from_numpy(np.ascontiguousarray(video.transpose(3, 0, 1, 2))[None]).to(device).float()
            found = call(x)
            if tuple(found.shape) != (1, _WIDTH):
                raise NotScorable(f"{path}: gives {tuple(found.shape)}, but 400 numbers a video are expected")
            rows[index] = found[0].float().cpu().numpy()
        return rows

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The distance under ``weights``."""
        made = sets.moments(evidence["answer"], weights * evidence["answered"])
        real = sets.moments(evidence["reference"], weights)
        return None if made is None or real is None else sets.frechet(made, real)
