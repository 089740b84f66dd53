"""MUSIQ: the quality of a picture from its patches at three sizes, under the names of the checkpoints in PyTorch.

Ke et al. 2021. The authors publish theirs for another framework; those in PyTorch (``musiq_spaq_ckpt-358bb6af.pth`` and its
like) are what VBench uses. Their conventions hold where the two differ: pictures are made smaller bicubically without
smoothing, and deviations of kernels are those of samples.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_PATCH = 32
_GRID = 10
_WIDTH = 384
_HEADS = 6
_LAYERS = 14
_STEM = 64
LONGER_SIDES = (224, 384)


def padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """``x`` (N, C, H, W) with zeros around it, so that a window at every ``stride`` covers it; the odd one at the end."""
    lacking = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[2:]]
    (top, left), (below, right) = ([n // 2 for n in lacking], [n - n // 2 for n in lacking])
    return F.pad(x, (left, right, top, below))


def patches(picture: Tensor) -> tuple[Tensor, Tensor]:
    """The patches of a picture (1, 3, H, W), row by row, (n, 3, 32, 32), and the cell of a 10 x 10 grid that each lies in."""
    rows, columns = (-(-side // _PATCH) for side in picture.shape[2:])
    cut = F.unfold(padded(picture, _PATCH, _PATCH), _PATCH, stride=_PATCH)[0].T.reshape(-1, 3, _PATCH, _PATCH)
    cells = torch.arange(_GRID, dtype=torch.float32)[None, None]
    down, across = (F.interpolate(cells, count, mode="nearest")[0, 0].long() for count in (rows, columns))
    return cut, (down[:, None] * _GRID + across).flatten()


class StandardConv(nn.Conv2d):
    """A convolution whose kernels are brought to mean 0 and deviation 1 first."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps as large as ``x`` / stride."""
        deviation, mean = torch.std_mean(self.weight, (1, 2, 3), keepdim=True)
        kernel = (self.weight - mean) / (deviation + 1e-5)
        found: Tensor = F.conv2d(padded(x, self.kernel_size[0], self.stride[0]), kernel, None, self.stride)
        return found


class Bottleneck(nn.Module):
    """Three convolutions beside one."""

    def __init__(self) -> None:
        super().__init__()
        wide = 4 * _STEM
        self.conv1 = StandardConv(_STEM, _STEM, 1, bias=False)
        self.gn1 = nn.GroupNorm(32, _STEM, 1e-4)
        self.conv2 = StandardConv(_STEM, _STEM, 3, bias=False)
        self.gn2 = nn.GroupNorm(32, _STEM, 1e-4)
        self.conv3 = StandardConv(_STEM, wide, 1, bias=False)
        self.gn3 = nn.GroupNorm(32, wide, 1e-4)
        self.conv_proj = StandardConv(_STEM, wide, 1, bias=False)
        self.gn_proj = nn.GroupNorm(32, wide, 1e-4)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of 256 channels."""
        y = self.gn1(self.conv1(x)).relu()
        y = self.gn2(self.conv2(y)).relu()
        found: Tensor = (self.gn3(self.conv3(y)) + self.gn_proj(self.conv_proj(x))).relu()
        return found


class Attention(nn.Module):
    """Self-attention with six heads."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(_WIDTH, _WIDTH) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (N, n, 384) to tokens."""
        q, k, v = (layer(x).unflatten(-1, (_HEADS, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value))
        found: Tensor = self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return found


class Dense(nn.Module):
    """Two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(_WIDTH, 3 * _WIDTH), nn.Linear(3 * _WIDTH, _WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens to tokens."""
        found: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return found


class Block(nn.Module):
    """Attention, then two layers, each beside what went in."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(_WIDTH, 1e-6), nn.LayerNorm(_WIDTH, 1e-6)
        self.attention, self.mlp = Attention(), Dense()

    def forward(self, x: Tensor) -> Tensor:
        """Tokens to tokens."""
        x = x + self.attention(self.norm1(x))
        found: Tensor = x + self.mlp(self.norm2(x))
        return found


class _Places(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.position_emb = nn.Parameter(torch.zeros(1, _GRID**2, _WIDTH))


class _Scales(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale_emb = nn.Parameter(torch.zeros(1 + len(LONGER_SIDES), _WIDTH))


class Encoder(nn.Module):
    """The patches' vectors, with the places and sizes they come from, to one vector."""

    def __init__(self) -> None:
        super().__init__()
        self.posembed_input, self.scaleembed_input = _Places(), _Scales()
        self.cls = nn.Parameter(torch.zeros(1, 1, _WIDTH))
        self.encoder_norm = nn.LayerNorm(_WIDTH, 1e-6)
        self.transformer = nn.ModuleDict({f"encoderblock_{i}": Block() for i in range(_LAYERS)})

    def forward(self, tokens: Tensor, cells: Tensor, sizes: Tensor) -> Tensor:
        """Tokens (n, 384), their cells and sizes (n,) to (1, 384)."""
        x = tokens + self.posembed_input.position_emb[0, cells] + self.scaleembed_input.scale_emb[sizes]
        x = torch.cat([self.cls, x[None]], 1)
        for block in self.transformer.values():
            x = block(x)
        found: Tensor = self.encoder_norm(x[:, 0])
        return found


class Musiq(nn.Module):
    """A picture, float (1, 3, H, W) in 0..1, to its quality (1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_root = StandardConv(3, _STEM, 7, 2, bias=False)
        self.gn_root = nn.GroupNorm(32, _STEM, 1e-6)
        self.block1 = Bottleneck()
        self.embedding = nn.Linear(4 * _STEM * (_PATCH // 4) ** 2, _WIDTH)
        self.transformer_encoder = Encoder()
        self.head = nn.Linear(_WIDTH, 1)

    def forward(self, picture: Tensor) -> Tensor:
        """The quality. Patches that only fill up a sequence are left out: nothing looks at them."""
        picture = picture * 2 - 1
        longer = max(picture.shape[2:])
        sizes = []
        for side in LONGER_SIDES:
            size = [max(1, round(s * (side / longer))) for s in picture.shape[2:]]
            sizes.append(F.interpolate(picture, size, mode="bicubic", align_corners=False))
        cut, cells = zip(*map(patches, (*sizes, picture)), strict=True)
        scale = torch.repeat_interleave(torch.arange(len(cut)), torch.tensor([len(c) for c in cut]))
        found: Tensor = self.head(
            self.transformer_encoder(
                self.tokens(torch.cat(cut)), torch.cat(cells).to(picture.device), scale.to(picture.device)
            )
        )
        return found

    def tokens(self, cut: Tensor) -> Tensor:
        """A vector for each patch, (n, 3, 32, 32) to (n, 384)."""
        x = self.gn_root(self.conv_root(cut)).relu()
        x = self.block1(F.max_pool2d(padded(x, 3, 2), 3, 2))
        # The checkpoints count channels last.
        found: Tensor = self.embedding(x.permute(0, 2, 3, 1).flatten(1))
        return found
