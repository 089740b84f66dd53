"""Learned distances of two pictures: LPIPS and DISTS."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.batches import BATCH, Pixels, pick_device, to_tensor
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.persample import PerPicture
from genlevel.metrics.learned.weights import (
    ALEXNET,
    DISTS_HEADS,
    LPIPS_HEADS,
    VGG16,
    missing_files,
    missing_packages,
    torch_or_explain,
)

# Below this the trunks' last maps are empty.
_MIN_SIDE = 32


class _PairDistance(PerPicture):
    @abstractmethod
    def open(self) -> tuple[str, Callable[[Any, Any], Any]]:
        """The device and the network on it."""

    def take_reference(self, value: Any) -> Pixels:
        """uint8 (H, W, 3), large enough."""
        picture: Pixels = super().take_reference(value)
        if min(picture.shape[:2]) < _MIN_SIDE:
            raise MetricError(
                f"{self.name} needs pictures of at least {_MIN_SIDE} pixels a side, not {picture.shape[:2]}"
            )
        return picture

    def values(self, pairs: Sequence[tuple[Pixels, Pixels]]) -> FloatArray:
        """Distances; NaN for an answer whose size is not its reference's."""
        device, network = self.open()
        found = np.full(len(pairs), np.nan)
        groups: dict[tuple[int, ...], list[int]] = {}
        for index, (given, truth) in enumerate(pairs):
            if given.shape == truth.shape:
                groups.setdefault(given.shape, []).append(index)
        for members in groups.values():
            for start in range(0, len(members), BATCH):
                chosen = members[start : start + BATCH]
                x, y = (to_tensor([pairs[i][side] for i in chosen], device) for side in (0, 1))
                with inference():
                    found[chosen] = network(x, y).cpu().numpy()
        return found


@dataclass(frozen=True)
class Lpips(_PairDistance):
    """LPIPS v0.1, mean over pairs.

    Options:
        net: ``alex`` (what papers report) or ``vgg``.
        weights: the trunk's file, torchvision's state dict.
        heads: the file of the small linear layers that the package lpips ships.
        device: e.g. ``cuda``; by default the GPU where there is one.

    An answer whose size is not the reference's counts as missing; nothing is resized.
    """

    net: str = "alex"
    weights: str = ""
    heads: str = ""
    device: str = ""

    name = "lpips"
    title = "LPIPS"
    definition = (
        "squared distance of unit-length AlexNet map vectors, weighted per channel, mean over place, sum over maps"
    )
    source = "Zhang et al. 2018; lpips 0.1.4, version 0.1"
    range = (0.0, inf)
    unit = "fraction"
    direction = "lower"
    answer = "a picture, uint8 (H, W, 3); reference: a picture of the same size"
    needs = ("extra: learned", "weights: AlexNet (or VGG16) of torchvision", "weights: LPIPS heads")
    bounded = False

    def __post_init__(self) -> None:
        if self.net not in ("alex", "vgg"):
            raise MetricError(f"lpips: net='{self.net}', but it is alex or vgg")

    def lacks(self) -> str:
        """The files of the chosen trunk."""
        files = (("weights", ALEXNET if self.net == "alex" else VGG16), ("heads", LPIPS_HEADS[self.net]))
        return missing_packages(self.needs) or missing_files(self, files)

    def open(self) -> tuple[str, Callable[[Any, Any], Any]]:
        """The device and the network on it."""
        torch_or_explain()
        from genlevel.metrics.learned import perceptual_networks as networks

        trunk = ALEXNET if self.net == "alex" else VGG16
        device = pick_device(self.device)
        network = networks.load_lpips(self.net, trunk.find(self.weights), LPIPS_HEADS[self.net].find(self.heads))
        return device, network.to(device)


@dataclass(frozen=True)
class Dists(_PairDistance):
    """DISTS, mean over pairs.

    Options:
        weights: VGG16's file, torchvision's state dict.
        heads: the file with ``alpha`` and ``beta``.
        shortest: pictures whose smaller side is longer are first made that small (bilinear, antialiased), as the paper's
            code does; 0 leaves them.
        device: e.g. ``cuda``; by default the GPU where there is one.

    A missing answer, or one whose size is not the reference's, counts 1.
    """

    weights: str = ""
    heads: str = ""
    shortest: int = 256
    device: str = ""

    name = "dists"
    title = "DISTS"
    definition = "1 - weighted likeness of means and of structure of VGG16 maps with Hann pooling"
    source = "Ding et al. 2020; torchmetrics 1.9.0"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "lower"
    answer = "a picture, uint8 (H, W, 3); reference: a picture of the same size"
    needs = ("extra: learned", "weights: VGG16 of torchvision", "weights: DISTS")
    files = (("weights", VGG16), ("heads", DISTS_HEADS))

    def open(self) -> tuple[str, Callable[[Any, Any], Any]]:
        """The device and the network on it."""
        torch_or_explain()
        from genlevel.metrics.learned import perceptual_networks as networks

        device = pick_device(self.device)
        network = networks.load_dists(VGG16.find(self.weights), DISTS_HEADS.find(self.heads))
        network = network.to(device)
        return device, lambda x, y: network(x, y, self.shortest)
