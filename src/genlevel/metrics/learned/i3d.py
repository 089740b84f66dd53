"""I3D: what happens in a video, under the names of ``rgb_imagenet.pt`` of pytorch-i3d and ``i3d_pretrained_400.pt``."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Three = tuple[int, int, int]
CLASSES = 400
SIDE = 224
# Of each module: channels in, then out of 1 / 3 after 3 / 3 after another 3 / 1 after a pool.
_MIXED = {
    "3b": (192, 64, 96, 128, 16, 32, 32),
    "3c": (256, 128, 128, 192, 32, 96, 64),
    "4b": (480, 192, 96, 208, 16, 48, 64),
    "4c": (512, 160, 112, 224, 24, 64, 64),
    "4d": (512, 128, 128, 256, 24, 64, 64),
    "4e": (512, 112, 144, 288, 32, 64, 64),
    "4f": (528, 256, 160, 320, 32, 128, 128),
    "5b": (832, 256, 160, 320, 32, 128, 128),
    "5c": (832, 384, 192, 384, 48, 128, 128),
}


def padding(x: Tensor, kernel: Three, stride: Three) -> tuple[Tensor, Three]:
    """``x`` (N, C, T, H, W) and how many zeros to put on both its sides, so that a window at every stride covers it.

    Where a side lacks an odd number, the odd one is at the end, and the zeros are already in ``x``.
    """
    lacking = [max(k - (side % s or s), 0) for side, k, s in zip(x.shape[2:], kernel, stride, strict=True)]
    if all(count % 2 == 0 for count in lacking):
        return x, (lacking[0] // 2, lacking[1] // 2, lacking[2] // 2)
    return F.pad(x, [edge for count in reversed(lacking) for edge in (count // 2, count - count // 2)]), (0, 0, 0)


def pooled(x: Tensor, kernel: Three, stride: Three) -> Tensor:
    """The largest of each window of maps that are nowhere negative."""
    x, zeros = padding(x, kernel, stride)
    # First over the picture, then over time: fewer comparisons. What torch pads with is never the largest.
    x = F.max_pool3d(x, (1, *kernel[1:]), (1, *stride[1:]), (0, *zeros[1:]))
    return F.max_pool3d(x, (kernel[0], 1, 1), (stride[0], 1, 1), (zeros[0], 0, 0)) if kernel[0] > 1 else x


class Unit(nn.Module):
    """A convolution over time and space, with its norm and rectifier."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self._kernel, self._stride = (kernel,) * 3, (stride,) * 3
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of ``outputs`` channels."""
        x, zeros = padding(x, self._kernel, self._stride)
        found: Tensor = self.bn(F.conv3d(x, self.conv3d.weight, None, self._stride, zeros)).relu_()
        return found


class Mixed(nn.Module):
    """Four ways side by side."""

    def __init__(self, inputs: int, one: int, before: int, three: int, before_two: int, two: int, pool: int) -> None:
        super().__init__()
        self.b0 = Unit(inputs, one)
        self.b1a, self.b1b = Unit(inputs, before), Unit(before, three, 3)
        self.b2a, self.b2b = Unit(inputs, before_two), Unit(before_two, two, 3)
        self.b3b = Unit(inputs, pool)

    def forward(self, x: Tensor) -> Tensor:
        """Their maps, one after the other."""
        around = self.b3b(pooled(x, (3, 3, 3), (1, 1, 1)))
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), around], 1)


class _Classes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(1024, CLASSES, 1)


class I3d(nn.Module):
    """Videos, float (N, 3, T, 224, 224) in -1..1 with T >= 9, to the scores of 400 actions, (N, 400), mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = Unit(3, 64, 7, 2)
        self.Conv3d_2b_1x1 = Unit(64, 64)
        self.Conv3d_2c_3x3 = Unit(64, 192, 3)
        for name, channels in _MIXED.items():
            self.add_module(f"Mixed_{name}", Mixed(*channels))
        self.logits = _Classes()

    def forward(self, x: Tensor) -> Tensor:
        """The scores before any softmax."""
        wide: tuple[Three, Three] = ((1, 3, 3), (1, 2, 2))
        x = pooled(self.Conv3d_1a_7x7(x), *wide)
        x = pooled(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)), *wide)
        for name in _MIXED:
            if name == "4b":
                x = pooled(x, (3, 3, 3), (2, 2, 2))
            elif name == "5b":
                x = pooled(x, (2, 2, 2), (2, 2, 2))
            x = self.get_submodule(f"Mixed_{name}")(x)
        x = self.logits.conv3d(F.avg_pool3d(x, (2, 7, 7), 1))
        return x.mean((2, 3, 4))


def prepared(video: Tensor) -> Tensor:
    """A video, float (N, 3, T, H, W) in 0..255, to what :class:`I3d` takes: each frame resized bilinearly, without smoothing."""
    n, _, frames = video.shape[:3]
    flat = video.transpose(1, 2).flatten(0, 1)
    small = F.interpolate(flat, (SIDE, SIDE), mode="bilinear", align_corners=False)
    return small.view(n, frames, 3, SIDE, SIDE).transpose(1, 2) * (2 / 255) - 1
