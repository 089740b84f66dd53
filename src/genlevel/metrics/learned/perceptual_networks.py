"""The networks of LPIPS and DISTS: a trunk and a small set of learned weights on its maps."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from genlevel.metrics.learned import trunks
from genlevel.metrics.learned.trunks import Trunk
from genlevel.metrics.learned.weights import fill, load_state

_CHANNELS = {"alex": (64, 192, 384, 256, 256), "vgg": (64, 128, 256, 512, 512)}
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# LPIPS normalises what lies in -1..1.
_LPIPS_SHIFT, _LPIPS_SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


def _constant(values: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)


class LpipsNetwork(nn.Module):
    """Two batches of pictures, uint8 (N, 3, H, W), to distances (N,)."""

    def __init__(self, trunk: Trunk, heads: nn.ModuleDict) -> None:
        super().__init__()
        self.trunk, self.heads = trunk, heads

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Squared differences of unit-length map vectors, weighted by the heads, averaged over place, summed over maps."""
        total = torch.zeros(len(x), device=x.device)
        for head, a, b in zip(self.heads.values(), self._maps(x), self._maps(y), strict=True):
            total = total + head((a - b) ** 2).mean(dim=(1, 2, 3))
        return total

    def _maps(self, pictures: Tensor) -> list[Tensor]:
        x = pictures.float() / 127.5 - 1.0
        x = (x - _constant(_LPIPS_SHIFT, x)) / _constant(_LPIPS_SCALE, x)
        # The small constant is added to the length, not under the root, as in the reference.
        return [m / (m.square().sum(dim=1, keepdim=True).sqrt() + 1e-10) for m in self.trunk(x)]


def lpips_heads(net: str) -> nn.ModuleDict:
    """One weight a channel for each map, named as in the published files."""
    heads = nn.ModuleDict()
    for index, channels in enumerate(_CHANNELS[net]):
        # The published layer is a dropout, which does nothing here, and a convolution: hence the index 1.
        heads[f"lin{index}"] = nn.Sequential()
        heads[f"lin{index}"].add_module("model", nn.Sequential(nn.Identity(), nn.Conv2d(channels, 1, 1, bias=False)))
    return heads


@lru_cache(maxsize=2)
def load_lpips(net: str, trunk_path: Path, heads_path: Path) -> LpipsNetwork:
    """LPIPS v0.1 on ``alex`` or ``vgg``; a :class:`NotScorable` if a file is something else."""
    trunk = trunks.load_alexnet(trunk_path) if net == "alex" else trunks.load_vgg16(trunk_path)
    heads = fill(lpips_heads(net), load_state(heads_path), heads_path)
    return LpipsNetwork(trunk, heads).eval()


class HannPool(nn.Module):
    """Root of the Hann-weighted mean square over 3x3, stride 2: DISTS' pool, which does not alias."""

    def forward(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W) to (N, C, ceil(H/2), ceil(W/2))."""
        line = torch.tensor([0.25, 0.5, 0.25], dtype=x.dtype, device=x.device)
        window = torch.outer(line, line).expand(x.shape[1], 1, 3, 3)
        return (functional.conv2d(x**2, window, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()


class DistsNetwork(nn.Module):
    """Two batches of pictures, uint8 (N, 3, H, W), to distances (N,). ``alpha`` and ``beta`` are (1, 1475, 1, 1)."""

    alpha: Tensor
    beta: Tensor

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        layers = [HannPool() if isinstance(layer, nn.MaxPool2d) else layer for layer in trunk.features]
        self.trunk = Trunk(nn.Sequential(*layers), (3, 8, 15, 22, 29))
        channels = 3 + sum(_CHANNELS["vgg"])
        self.register_buffer("alpha", torch.zeros(1, channels, 1, 1))
        self.register_buffer("beta", torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor, y: Tensor, shortest: int = 0) -> Tensor:
        """1 - weighted mean of the likeness of means (texture) and of the correlation (structure) of all maps.

        Args:
            x: pictures.
            y: pictures of the same size.
            shortest: pictures whose smaller side is longer are first made that small; 0 for never.
        """
        a, b = (self._maps(p.float() / 255.0, shortest) for p in (x, y))
        means, structures = [], []
        for p, q in zip(a, b, strict=True):
            mp, mq = p.mean((2, 3), keepdim=True), q.mean((2, 3), keepdim=True)
            vp, vq = ((p - mp) ** 2).mean((2, 3)), ((q - mq) ** 2).mean((2, 3))
            covariance = (p * q).mean((2, 3)) - (mp * mq)[:, :, 0, 0]
            means.append(((2 * mp * mq + 1e-6) / (mp**2 + mq**2 + 1e-6))[:, :, 0, 0])
            structures.append((2 * covariance + 1e-6) / (vp + vq + 1e-6))
        total = self.alpha.sum() + self.beta.sum()
        alpha, beta = self.alpha.flatten() / total, self.beta.flatten() / total
        return 1.0 - torch.cat(means, 1) @ alpha - torch.cat(structures, 1) @ beta

    def _maps(self, x: Tensor, shortest: int) -> list[Tensor]:
        height, width = x.shape[2:]
        if shortest and min(height, width) > shortest:
            size = tuple(max(shortest, side * shortest // min(height, width)) for side in (height, width))
            x = functional.interpolate(x, size, mode="bilinear", antialias=True)
        return [x, *self.trunk((x - _constant(_MEAN, x)) / _constant(_STD, x))]


@lru_cache(maxsize=2)
def load_dists(trunk_path: Path, weights_path: Path) -> DistsNetwork:
    """DISTS; a :class:`NotScorable` if a file is something else."""
    network = DistsNetwork(trunks.load_vgg16(trunk_path))
    state = {f"trunk.{k}": v for k, v in network.trunk.state_dict().items()} | load_state(weights_path)
    return fill(network, state, weights_path)  # type: ignore[no-any-return]
