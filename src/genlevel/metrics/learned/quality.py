"""How good a picture or a video looks, without a reference: LAION aesthetics and MUSIQ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.batches import Floats, Pixels, pick_device, to_tensor
from genlevel.metrics.learned.encoders import CLIP_L14, open_clip
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.persample import PerVideo
from genlevel.metrics.learned.similarity import split_frames
from genlevel.metrics.learned.torchscript import call_script, is_script, load_network, load_script
from genlevel.metrics.learned.weights import Weights, load_state, torch_or_explain

AESTHETIC = Weights(
    "the LAION aesthetic predictor v2",
    "sac+logos+ava1-l14-linearMSE.pth",
    "https://github.com/christophschuhmann/improved-aesthetic-predictor (or sa_0_4_vit_l_14_linear.pth of "
    "https://github.com/LAION-AI/aesthetic-predictor, which VBench uses)",
)
MUSIQ = Weights(
    "MUSIQ trained on SPAQ",
    "musiq_spaq_ckpt-358bb6af.pth",
    "https://github.com/chaofengc/IQA-PyTorch/releases (v0.1-weights)",
    "358bb6af",
    others=("musiq_spaq_torchscript.pt",),
)
# The linear layers of the published predictor; there is nothing but dropout between them.
_LAYERS = ("layers.0", "layers.2", "layers.4", "layers.6", "layers.7")


@lru_cache(maxsize=2)
def load_head(path: Path) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Weight (out, in) and bias (out,) of each linear layer of an aesthetic predictor: the five of v2 or the one of v1.

    Raises:
        NotScorable: if the file holds something else.
    """
    state = load_state(path)
    names = [""] if "weight" in state else [f"{layer}." for layer in _LAYERS]
    layers = []
    width = None
    for name in names:
        if f"{name}weight" not in state or f"{name}bias" not in state:
            raise NotScorable(f"{path}: has no '{name}weight', so these are other weights than expected")
        weight, bias = (state[name + part].double().numpy() for part in ("weight", "bias"))
        if weight.ndim != 2 or bias.shape != weight.shape[:1] or width not in (None, weight.shape[1]):
            raise NotScorable(f"{path}: '{name}weight' has shape {weight.shape}, which does not fit")
        width = weight.shape[0]
        layers.append((weight, bias))
    if width != 1:
        raise NotScorable(f"{path}: ends in {width} numbers, not in one score")
    return tuple(layers)


def aesthetic(vectors: Floats, layers: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """The predicted rating, about 1 to 10, of CLIP vectors of length 1, (n, d) to (n,)."""
    x = vectors.astype(np.float64)
    for weight, bias in layers:
        x = x @ weight.T + bias
    return x[:, 0]


@dataclass(frozen=True)
class AestheticScore(PerVideo):
    """The LAION aesthetic predictor's rating divided by 10, mean over frames and samples.

    Options: ``weights``, a CLIP ViT-L/14 folder; ``head``, the predictor's file, v2 (five layers) or the single layer that
    VBench uses, which give different numbers; ``device``. A rating beyond 0 to 10 is cut. A missing answer counts 0.
    """

    weights: str = ""
    head: str = ""
    device: str = ""

    name = "aesthetic_score"
    title = "Aesthetic score"
    definition = "linear layers on the CLIP ViT-L/14 vector of length 1, divided by 10"
    source = "Schuhmann 2022; divided by 10 as in VBench (Huang et al. 2024)"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a picture or a video; the reference is ignored"
    needs = ("extra: learned", "weights: CLIP ViT-L/14", "weights: LAION aesthetic predictor")
    files = (("weights", CLIP_L14), ("head", AESTHETIC))
    uses_reference = False

    def values(self, pairs: Sequence[tuple[Pixels, Any]]) -> FloatArray:
        """Ratings / 10."""
        layers = load_head(AESTHETIC.find(self.head))
        device = pick_device(self.device)
        clip = open_clip(CLIP_L14.find(self.weights), device)
        wanted = layers[0][0].shape[1]
        if wanted != clip.width:
            raise NotScorable(
                f"aesthetic_score: the predictor takes {wanted} numbers, but the CLIP model gives {clip.width}"
            )
        ratings = [aesthetic(rows, layers) for rows in split_frames(clip, [a for a, _ in pairs])]
        return np.array([np.clip(r / 10.0, 0.0, 1.0).mean() for r in ratings])


@dataclass(frozen=True)
class Musiq(PerVideo):
    """MUSIQ, mean over frames and samples, with the weights and the conventions that VBench uses.

    Which checkpoint is part of the number: VBench reports the one trained on SPAQ; ``musiq_koniq_ckpt-e95806b9.pth`` and
    ``musiq_paq2piq_ckpt-364c0c84.pth`` fit too. That of AVA predicts another scale and is refused.

    Options: ``weights``, the file as published, or a TorchScript file (a program: trust it first) that takes one picture,
    float (1, 3, H, W) in 0..1, and gives its quality, 0 to 100; ``longest``, frames whose longer side is longer are made that
    small first (VBench: 512), 0 leaves them; ``device``. A missing answer counts 0.
    """

    weights: str = ""
    longest: int = 512
    device: str = ""

    name = "musiq"
    title = "MUSIQ"
    definition = "rating by the multi-scale image quality transformer, 0 to 100"
    source = "Ke et al. 2021; frames as in VBench (Huang et al. 2024)"
    range = (0.0, 100.0)
    unit = "percent"
    direction = "higher"
    answer = "a picture or a video; the reference is ignored"
    version = 2
    needs = ("extra: learned", "weights: MUSIQ")
    files = (("weights", MUSIQ),)
    uses_reference = False

    def __post_init__(self) -> None:
        if self.longest < 0:
            raise MetricError(f"musiq: longest={self.longest}, but it must not be negative")

    def values(self, pairs: Sequence[tuple[Pixels, Any]]) -> FloatArray:
        """Ratings."""
        path, device = MUSIQ.find(self.weights), pick_device(self.device)
        rate: Callable[[Any], Any]
        if is_script(path):
            rate = partial(call_script, load_script(path, device), path)
        else:
            from genlevel.metrics.learned.musiq import Musiq as Network

            rate = inference()(load_network(path, device, Network))
        found = []
        for frames, _ in pairs:
            ratings = [float(rate(self._input(frame, device))) for frame in frames]
            found.append(float(np.clip(ratings, 0.0, 100.0).mean()))
        return np.array(found)

    def _input(self, frame: Pixels, device: str) -> Any:
        torch = torch_or_explain()
        x = to_tensor([frame], device).float()
        side = max(x.shape[2:])
        if self.longest and side > self.longest:
            scale = self.longest / side
            size = [max(1, int(scale * s)) for s in x.shape[2:]]
            # To bytes again and without smoothing, as VBench does it.
            x = torch.nn.functional.interpolate(x, size, mode="bilinear", align_corners=False).round()
        return x / 255.0
