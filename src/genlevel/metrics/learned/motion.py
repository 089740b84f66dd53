"""How a video moves: likeness of neighbouring frames, optical flow, smoothness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.batches import Pixels, pick_device, to_tensor
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.persample import PerVideo
from genlevel.metrics.learned.torchscript import call_script, is_script, load_network, load_script
from genlevel.metrics.learned.weights import Weights, torch_or_explain

RAFT = Weights(
    "RAFT",
    "raft-things.pth",
    "https://github.com/princeton-vl/RAFT (download_models.sh)",
    others=("raft_things_torchscript.pt",),
)
INTERPOLATOR = Weights(
    "AMT-S",
    "amt-s.pth",
    "https://huggingface.co/lalala125/AMT (authors' repository: https://github.com/MCG-NKU/AMT)",
    others=("amt_s_torchscript.pt",),
)
# Below this, the smallest of the maps that the networks look into would have no pixel left.
_MIN_SIDE = 64
_TOP_SHARE = 0.05


def likeness(a: Pixels, b: Pixels) -> float:
    """1 - mean absolute difference / 255 of two stacks of frames of one shape."""
    return 1.0 - cv2.norm(np.ascontiguousarray(a), np.ascontiguousarray(b), cv2.NORM_L1) / (255.0 * a.size)


@dataclass(frozen=True)
class TemporalL1Consistency(PerVideo):
    """Likeness of neighbouring frames: VBench's temporal flickering, mean over videos. Needs no network.

    A still video scores 1. VBench first sorts out videos that move; here every sample counts. A video of one frame counts as
    missing, and that counts 0.
    """

    name = "temporal_l1_consistency"
    title = "Likeness of neighbouring frames"
    definition = "(255 - mean absolute difference of neighbouring frames) / 255"
    source = "Huang et al. 2024 (VBench), temporal flickering"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a video, uint8 (T, H, W, 3); the reference is ignored"
    uses_reference = False

    def values(self, pairs: Sequence[tuple[Pixels, Any]]) -> FloatArray:
        """Likeness of each video's neighbours."""
        return np.array([likeness(v[1:], v[:-1]) if len(v) > 1 else np.nan for v, _ in pairs])


def farneback(a: Pixels, b: Pixels) -> FloatArray:
    """Dense flow (H, W, 2) in pixels by polynomial expansion, OpenCV's usual settings."""
    before, after = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (a, b))
    start = np.zeros((*before.shape, 2), np.float32)
    return np.asarray(cv2.calcOpticalFlowFarneback(before, after, start, 0.5, 3, 15, 3, 5, 1.2, 0), np.float64)


def peak_speed(flow: FloatArray) -> float:
    """Mean length of the longest 5 % of the flow vectors (H, W, 2)."""
    length = np.sqrt((flow**2).sum(axis=-1)).ravel()
    count = int(length.size * _TOP_SHARE)
    if count == 0:
        return float(length.max())
    return float(np.partition(length, length.size - count)[-count:].mean())


def moves(speeds: Sequence[float], shorter_side: int) -> bool:
    """VBench's rule: enough pairs of frames are faster than 6 pixels at a shorter side of 256.

    Enough is 4 in 16 frames, in proportion; there is one frame more than there are pairs.
    """
    threshold = 6.0 * shorter_side / 256.0
    enough = round(4 * (len(speeds) + 1) / 16.0)
    return sum(speed > threshold for speed in speeds) >= max(enough, 1)


@dataclass(frozen=True)
class DynamicDegree(PerVideo):
    """Share of videos that move, by VBench's rule on the length of the optical flow.

    Options:
        flow: ``raft`` (the definition) or ``farneback``, a classical flow that needs no weights and gives other numbers: say
            so beside them.
        stride: every how many frames are compared; VBench takes 8 frames a second, so 3 for 24 frames a second.
        weights: ``raft-things.pth`` as published, or a TorchScript file (a program: trust it first) that takes two frames,
            float (1, 3, H, W) in 0..255 with sides that are multiples of 8, and gives the flow (1, 2, H, W) in pixels, last
            if it gives several.
        device: e.g. ``cuda``; by default the GPU where there is one.

    A video shorter than two frames counts as missing, and that counts 0. At least one pair must be fast, where VBench's
    rounding would ask for none in a video of two frames. Frames are made multiples of 8, and at least 64, by repeating
    their edges. RAFT compares all places with all: memory grows with the square of a frame's pixels, 4 GB at 1080p.
    """

    flow: str = "raft"
    stride: int = 1
    weights: str = ""
    device: str = ""

    name = "dynamic_degree"
    title = "Dynamic degree"
    definition = (
        "share of videos in which the fastest 5 % of RAFT flow is above 6 px (at 256 px) in a quarter of the frames"
    )
    source = "Huang et al. 2024 (VBench); flow: Teed and Deng 2020 (RAFT)"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a video, uint8 (T, H, W, 3); the reference is ignored"
    needs = ("extra: learned", "weights: RAFT (none with flow='farneback')")
    files = (("weights", RAFT),)
    uses_reference = False

    def __post_init__(self) -> None:
        if self.flow not in ("raft", "farneback"):
            raise MetricError(f"dynamic_degree: flow='{self.flow}', but it is raft or farneback")
        if self.stride < 1:
            raise MetricError(f"dynamic_degree: stride={self.stride}, but it is at least 1")

    def lacks(self) -> str:
        """RAFT's file; the classical flow needs nothing."""
        return "" if self.flow == "farneback" else super().lacks()

    def values(self, pairs: Sequence[tuple[Pixels, Any]]) -> FloatArray:
        """1 for a video that moves, 0 for one that does not."""
        flows = self._classical if self.flow == "farneback" else self._raft()
        found = []
        for video, _ in pairs:
            speeds = [peak_speed(flow) for flow in flows(video[:: self.stride])]
            found.append(float(moves(speeds, min(video.shape[1:3]))) if speeds else np.nan)
        return np.array(found)

    @staticmethod
    def _classical(frames: Pixels) -> Iterator[FloatArray]:
        return (farneback(a, b) for a, b in pairwise(frames))

    def _raft(self) -> Callable[[Pixels], Iterator[FloatArray]]:
        path, device = RAFT.find(self.weights), pick_device(self.device)
        if is_script(path):
            return partial(_script_flows, load_script(path, device), path, device)
        from genlevel.metrics.learned.raft import Raft

        return partial(raft_flows, load_network(path, device, Raft), device=device)


def raft_flows(network: Any, frames: Pixels, *, device: str) -> Iterator[FloatArray]:
    """Flow (H, W, 2) in pixels between neighbours of ``frames``; the features of a frame are made once for both."""
    torch = torch_or_explain()
    height, width = frames.shape[1:3]
    edges = _edges(height, width, 8)
    before: Any = None
    with inference():
        for frame in frames:
            picture = torch.nn.functional.pad(to_tensor([frame], device).float(), edges, mode="replicate")
            after = network.features(picture)
            if before is not None:
                yield _inside(network.flow(before[0], before[1], after), edges, height, width)
            before = picture, after


def _script_flows(network: Any, path: Path, device: str, frames: Pixels) -> Iterator[FloatArray]:
    torch = torch_or_explain()
    height, width = frames.shape[1:3]
    edges = _edges(height, width, 8)
    for pair in pairwise(frames):
        x, y = (torch.nn.functional.pad(to_tensor([f], device).float(), edges, mode="replicate") for f in pair)
        found = call_script(network, path, x, y)
        found = found[-1] if isinstance(found, list | tuple) else found
        if tuple(found.shape) != (1, 2, *x.shape[2:]):
            raise NotScorable(f"{path}: gives {tuple(found.shape)} for frames of {tuple(x.shape)}, which is no flow")
        yield _inside(found, edges, height, width)


def _edges(height: int, width: int, multiple: int) -> tuple[int, int, int, int]:
    """How many pixels to add left, right, above and below."""
    beside, below = (max(side + -side % multiple, _MIN_SIDE) - side for side in (width, height))
    return beside // 2, beside - beside // 2, below // 2, below - below // 2


def _inside(maps: Any, edges: tuple[int, int, int, int], height: int, width: int) -> Any:
    """The part (H, W, C) of maps (1, C, ...) that the frame had before pixels were added."""
    rows, columns = slice(edges[2], edges[2] + height), slice(edges[0], edges[0] + width)
    return maps[0, :, rows, columns].permute(1, 2, 0).float().cpu().numpy()


@dataclass(frozen=True)
class MotionSmoothness(PerVideo):
    """How well every second frame is foretold by its neighbours, mean over videos: VBench's motion smoothness.

    Options: ``weights``, ``amt-s.pth`` as published, or a TorchScript file (a program: trust it first) of an interpolator
    that takes two frames, float (1, 3, H, W) in 0..1 with sides that are multiples of 16, and gives the frame in the middle
    (1, 3, H, W); ``device``. The interpolator is part of the number, and there is no substitute without a network. Frames
    are made multiples of 16, and at least 64, by repeating their edges; what is made is cut to bytes, as in VBench.

    A video shorter than three frames counts as missing, and that counts 0.
    """

    weights: str = ""
    device: str = ""

    name = "motion_smoothness"
    title = "Motion smoothness"
    definition = "(255 - mean absolute difference of every second frame and its interpolation) / 255"
    source = "Huang et al. 2024 (VBench), with AMT-S (Li et al. 2023)"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    version = 2
    answer = "a video, uint8 (T, H, W, 3); the reference is ignored"
    needs = ("extra: learned", "weights: AMT-S")
    files = (("weights", INTERPOLATOR),)
    uses_reference = False

    def values(self, pairs: Sequence[tuple[Pixels, Any]]) -> FloatArray:
        """Likeness of each video's odd frames to what lies between their neighbours."""
        between, found = self._interpolator(), []
        for video, _ in pairs:
            scores = [
                likeness(between(video[middle - 1], video[middle + 1]), video[middle])
                for middle in range(1, len(video) - 1, 2)
            ]
            found.append(float(np.mean(scores)) if scores else np.nan)
        return np.array(found)

    def _interpolator(self) -> Callable[[Pixels, Pixels], Pixels]:
        """From two frames to the one between them, uint8 (H, W, 3)."""
        torch = torch_or_explain()
        path, device = INTERPOLATOR.find(self.weights), pick_device(self.device)
        if is_script(path):
            call = partial(call_script, load_script(path, device), path)
        else:
            from genlevel.metrics.learned.amt import AmtS

            call = inference()(load_network(path, device, AmtS))

        def between(a: Pixels, b: Pixels) -> Pixels:
            height, width = a.shape[:2]
            edges = _edges(height, width, 16)
            before, after = (
                torch.nn.functional.pad(to_tensor([f], device).float() / 255.0, edges, mode="replicate") for f in (a, b)
            )
            made = call(before, after)
            if tuple(made.shape) != tuple(before.shape):
                raise NotScorable(f"{path}: gives {tuple(made.shape)} for frames of {tuple(before.shape)}")
            return np.asarray(_inside(made.clamp(0, 1) * 255.0, edges, height, width).astype(np.uint8))

        return between
