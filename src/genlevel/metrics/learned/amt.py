"""AMT-S: the frame between two frames, under the names of the authors' ``amt-s.pth``.

The network of Li et al. 2023, "AMT: All-pairs multi-field transforms for efficient frame interpolation", for the moment in
the middle. It guesses two flows from coarse to fine and mends them by likenesses of all pairs of places.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlevel.metrics.learned.correlation import Pyramid, likeness, pixel_grid

_RADIUS = 3
_WINDOW = 4 * (2 * _RADIUS + 1) ** 2
_FLOWS = 3
_SIDE = 20  # channels that a residual block works on alone
_CHANNELS = (20, 32, 44, 56)


def scaled(x: Tensor, factor: float) -> Tensor:
    """Maps ``factor`` times as large."""
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def warped(pictures: Tensor, flow: Tensor) -> Tensor:
    """``pictures`` (N, C, H, W) read where ``flow`` (N, 2, H, W) points; the edge is repeated outside."""
    height, width = pictures.shape[-2:]
    x, y = (pixel_grid(flow) + flow).unbind(1)
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=True)


def convolved(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A convolution and its rectifier."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.PReLU(outputs))


class Bottleneck(nn.Module):
    """Three convolutions and what went in, each channel scaled over the picture."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        narrow = outputs // 4
        self.conv1 = nn.Conv2d(inputs, narrow, 1)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, stride, padding=1)
        self.conv3 = nn.Conv2d(narrow, outputs, 1)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride)) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y = x
        for layer in (self.conv1, self.conv2, self.conv3):
            y = F.instance_norm(layer(y)).relu()
        return (y + (x if self.downsample is None else F.instance_norm(self.downsample(x)))).relu()


class Features(nn.Module):
    """Pictures (N, 3, H, W) to maps (N, 84, H/8, W/8) whose products tell how alike places are."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 7, 2, padding=3)
        self.layer1 = nn.Sequential(Bottleneck(32, 32, 1), Bottleneck(32, 32, 1))
        self.layer2 = nn.Sequential(Bottleneck(32, 64, 2), Bottleneck(64, 64, 1))
        self.layer3 = nn.Sequential(Bottleneck(64, 96, 2), Bottleneck(96, 96, 1))
        self.conv2 = nn.Conv2d(96, 84, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The maps."""
        x = F.instance_norm(self.conv1(x)).relu()
        found: Tensor = self.conv2(self.layer3(self.layer2(self.layer1(x))))
        return found


class Steps(nn.Module):
    """Pictures to maps at a half, a quarter, an eighth and a sixteenth of the size."""

    def __init__(self) -> None:
        super().__init__()
        inputs = 3
        for number, outputs in enumerate(_CHANNELS, 1):
            self.add_module(
                f"pyramid{number}", nn.Sequential(convolved(inputs, outputs, 2), convolved(outputs, outputs))
            )
            inputs = outputs

    def forward(self, x: Tensor) -> list[Tensor]:
        """The maps, largest first."""
        maps = []
        for step in self.children():
            x = step(x)
            maps.append(x)
        return maps


class Residual(nn.Module):
    """Five convolutions, the second and fourth on the last channels alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = convolved(channels, channels), convolved(_SIDE, _SIDE)
        self.conv3, self.conv4 = convolved(channels, channels), convolved(_SIDE, _SIDE)
        self.conv5 = nn.Conv2d(channels, channels, 3, padding=1)
        self.prelu = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of the same shape."""
        y = x
        for whole, side in ((self.conv1, self.conv2), (self.conv3, self.conv4)):
            y = whole(y)
            y = torch.cat([y[:, :-_SIDE], side(y[:, -_SIDE:])], 1)
        found: Tensor = self.prelu(x + self.conv5(y))
        return found


class Decoder(nn.Module):
    """Maps of one size to ``outputs`` channels at twice the size."""

    def __init__(self, inputs: int, inner: int, outputs: int) -> None:
        super().__init__()
        self.convblock = nn.Sequential(
            convolved(inputs, inner), Residual(inner), nn.ConvTranspose2d(inner, outputs, 4, 2, 1)
        )

    def forward(self, *maps: Tensor) -> Tensor:
        """The channels."""
        found: Tensor = self.convblock(torch.cat(maps, 1))
        return found


def _head(channels: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, 76, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv2d(76, outputs, 3, padding=1))


class Update(nn.Module):
    """Likenesses where both flows point, to changes of the maps and of the flows; all at an eighth of the frames' size."""

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self._factor = factor
        self.convc1 = nn.Conv2d(2 * _WINDOW, 64, 1)
        self.convf1 = nn.Conv2d(4, 40, 7, padding=3)
        self.convf2 = nn.Conv2d(40, 20, 3, padding=1)
        self.conv = nn.Conv2d(64 + 20, 68, 3, padding=1)
        self.gru = _head(68 + 4 + channels, 76)
        self.feat_head = _head(76, channels)
        self.flow_head = _head(76, 4)

    def forward(self, maps: Tensor, flows: Tensor, pyramids: tuple[Pyramid, Pyramid]) -> tuple[Tensor, Tensor]:
        """Better maps and flows, of the shapes of ``maps`` (N, C, H, W) and ``flows`` (N, 4, H, W)."""
        k = self._factor
        small, net = (flows, maps) if k == 1 else (scaled(flows, 1 / k) / k, scaled(maps, 1 / k))
        grid = pixel_grid(small)
        # A flow from the middle to an end is half of that from one end to the other.
        seen = torch.cat([pyramids[0].look(grid + 2 * small[:, 2:]), pyramids[1].look(grid + 2 * small[:, :2])], 1)
        a = F.leaky_relu(self.convc1(seen), 0.1)
        b = F.leaky_relu(self.convf2(F.leaky_relu(self.convf1(small), 0.1)), 0.1)
        x = F.leaky_relu(self.conv(torch.cat([a, b], 1)), 0.1)
        x = self.gru(torch.cat([x, small, net], 1))
        change, shift = self.feat_head(x), self.flow_head(x)
        if k > 1:
            change, shift = scaled(change, k), k * scaled(shift, k)
        return maps + change, flows + shift


class AmtS(nn.Module):
    """Frames ``a`` and ``b``, float (N, 3, H, W) in 0..1 with sides that are multiples of 16 and at least 64, to the middle."""

    def __init__(self) -> None:
        super().__init__()
        c1, c2, c3, c4 = _CHANNELS
        self.feat_encoder = Features()
        self.encoder = Steps()
        self.decoder4 = Decoder(2 * c4 + 1, 2 * c4, c3 + 4)
        self.decoder3 = Decoder(3 * c3 + 4, 3 * c3, c2 + 4)
        self.decoder2 = Decoder(3 * c2 + 4, 3 * c2, c1 + 4)
        self.decoder1 = Decoder(3 * c1 + 4, 3 * c1, 8 * _FLOWS)
        self.update4, self.update3, self.update2 = Update(c3, 1), Update(c2, 2), Update(c1, 4)
        self.comb_block = nn.Sequential(*convolved(3 * _FLOWS, 6 * _FLOWS), nn.Conv2d(6 * _FLOWS, 3, 3, padding=1))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The frame in the middle, (N, 3, H, W) in 0..1."""
        mean = torch.cat([a, b], 2).mean((1, 2, 3), keepdim=True)
        a, b = a - mean, b - mean
        count = len(a)
        features = self.feat_encoder(torch.cat([a, b]))
        both = likeness(features[:count], features[count:])
        back = both.flatten(3).transpose(1, 3).reshape(both.shape)
        pyramids = Pyramid(both, _RADIUS), Pyramid(back, _RADIUS)
        steps = self.encoder(torch.cat([a, b]))
        ends = [(maps[:count], maps[count:]) for maps in steps]

        middle = torch.full_like(ends[3][0][:, :1], 0.5)
        found = self.decoder4(*ends[3], middle)
        flows, maps = found[:, :4], found[:, 4:]
        maps, flows = self.update4(maps, flows, pyramids)
        for decoder, update, (left, right) in (
            (self.decoder3, self.update3, ends[2]),
            (self.decoder2, self.update2, ends[1]),
        ):
            found = decoder(maps, warped(left, flows[:, :2]), warped(right, flows[:, 2:]), flows)
            flows, maps = found[:, :4] + 2 * scaled(flows, 2), found[:, 4:]
            maps, flows = update(maps, flows, pyramids)
        left, right = ends[0]
        found = self.decoder1(maps, warped(left, flows[:, :2]), warped(right, flows[:, 2:]), flows)
        return self._mixed(a, b, mean, found, 2 * scaled(flows, 2))

    def _mixed(self, a: Tensor, b: Tensor, mean: Tensor, found: Tensor, flows: Tensor) -> Tensor:
        """Both frames moved by three flows each, mixed, mended and averaged."""
        n, _, height, width = a.shape
        shift, mask, rest = torch.split(found, [4 * _FLOWS, _FLOWS, 3 * _FLOWS], 1)
        back, ahead = (
            (part.reshape(n, _FLOWS, 2, height, width) + flow[:, None]).flatten(0, 1)
            for part, flow in zip(shift.chunk(2, 1), flows.chunk(2, 1), strict=True)
        )
        left, right = (
            warped(frame.repeat_interleave(_FLOWS, 0), flow).view(n, _FLOWS, 3, height, width)
            for frame, flow in ((a, back), (b, ahead))
        )
        share = mask.sigmoid().view(n, _FLOWS, 1, height, width)
        frames = share * left + (1 - share) * right + mean[:, None] + rest.reshape(n, _FLOWS, 3, height, width)
        made: Tensor = frames.mean(1) + self.comb_block(frames.flatten(1, 2))
        return made.clamp(0, 1)
