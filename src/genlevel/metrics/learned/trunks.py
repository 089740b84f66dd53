"""AlexNet and VGG16 without their classifiers, under the names of torchvision's weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from torch import Tensor, nn

from genlevel.metrics.learned.weights import fill, load_state


class Trunk(nn.Module):
    """Pictures (N, 3, H, W), already normalised, to the maps after the layers ``taps``."""

    def __init__(self, features: nn.Sequential, taps: Sequence[int]) -> None:
        super().__init__()
        self.features = features
        self._taps = frozenset(taps)

    def forward(self, x: Tensor) -> list[Tensor]:
        """The maps, first layer first."""
        maps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self._taps:
                maps.append(x)
        return maps


def alexnet() -> Trunk:
    """Krizhevsky 2014 with the maps after its five rectifiers: 64, 192, 384, 256 and 256 channels."""
    layers: list[nn.Module] = []
    pool_after = {0, 1}
    inputs = 3
    shapes = ((64, 11, 4, 2), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1))
    for number, (outputs, kernel, stride, padding) in enumerate(shapes):
        layers += [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU()]
        if number in pool_after:
            layers.append(nn.MaxPool2d(3, 2))
        inputs = outputs
    return Trunk(nn.Sequential(*layers), (1, 4, 7, 9, 11))


def vgg16() -> Trunk:
    """Simonyan and Zisserman 2014, configuration D, with the last rectifier before each pool: 64 to 512 channels."""
    layers: list[nn.Module] = []
    inputs = 3
    for block, (outputs, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
        if block:
            layers.append(nn.MaxPool2d(2, 2))
        for _ in range(depth):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
            inputs = outputs
    return Trunk(nn.Sequential(*layers), (3, 8, 15, 22, 29))


@lru_cache(maxsize=2)
def load_alexnet(path: Path) -> Trunk:
    """AlexNet with torchvision's weights; a :class:`NotScorable` if the file is something else."""
    return fill(alexnet(), load_state(path), path, unused=("classifier.",))  # type: ignore[no-any-return]


@lru_cache(maxsize=2)
def load_vgg16(path: Path) -> Trunk:
    """VGG16 with torchvision's weights; a :class:`NotScorable` if the file is something else."""
    return fill(vgg16(), load_state(path), path, unused=("classifier.",))  # type: ignore[no-any-return]
