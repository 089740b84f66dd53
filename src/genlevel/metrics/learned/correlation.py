"""What optical flow networks look up: how alike each place of one picture is to the places around a point of another."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def pixel_grid(like: Tensor) -> Tensor:
    """The coordinates (x, y) of each place of maps (N, C, H, W): (1, 2, H, W)."""
    height, width = like.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(height, device=like.device, dtype=like.dtype),
        torch.arange(width, device=like.device, dtype=like.dtype),
        indexing="ij",
    )
    return torch.stack([x, y])[None]


def sample(maps: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """``maps`` (N, C, H, W) read bilinearly at pixel coordinates (N, h, w); 0 outside."""
    height, width = maps.shape[-2:]
    # Counted from the edges of the outer pixels, so that a map of one pixel has no division by 0.
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
    return F.grid_sample(maps, grid, align_corners=False)


class Pyramid:
    """Products of the features of all places with those of all places of another picture, at four sizes of the latter.

    Args:
        likeness: (N, places, 1, H, W), the places row by row.
        radius: how far around a point :meth:`look` looks, in pixels of each size.
    """

    def __init__(self, likeness: Tensor, radius: int, levels: int = 4) -> None:
        self._batch = likeness.shape[0]
        self._maps = [likeness.flatten(0, 1)]
        for _ in range(levels - 1):
            self._maps.append(F.avg_pool2d(self._maps[-1], 2))
        self._radius = radius

    def look(self, points: Tensor) -> Tensor:
        """The products around ``points`` (N, 2, h, w), one for each place: (N, levels * (2 radius + 1)^2, h, w)."""
        height, width = points.shape[-2:]
        x, y = points.permute(1, 0, 2, 3).reshape(2, -1, 1, 1)
        steps = torch.arange(-self._radius, self._radius + 1, device=points.device, dtype=points.dtype)
        # The order of the published networks: columns of the window first.
        right, down = torch.meshgrid(steps, steps, indexing="ij")
        found = [
            sample(maps, x / 2**level + right, y / 2**level + down).reshape(self._batch, height, width, -1)
            for level, maps in enumerate(self._maps)
        ]
        return torch.cat(found, dim=-1).permute(0, 3, 1, 2)


def likeness(a: Tensor, b: Tensor) -> Tensor:
    """Scaled products of features (N, C, H, W) of two pictures: (N, H*W, 1, H, W), the places of ``a`` first."""
    products = a.flatten(2).transpose(1, 2) @ b.flatten(2) / a.shape[1] ** 0.5
    found: Tensor = products.reshape(a.shape[0], -1, 1, *b.shape[2:])
    return found
