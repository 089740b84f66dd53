"""RAFT: optical flow by looking up likenesses again and again, under the names of the authors' ``raft-things.pth``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlevel.metrics.learned.correlation import Pyramid, likeness, pixel_grid

_HIDDEN = 128
_RADIUS = 4
_WINDOW = 4 * (2 * _RADIUS + 1) ** 2

Norm = Callable[[int], nn.Module]


class Residual(nn.Module):
    """Two convolutions and what went in."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm1, self.norm2 = norm(outputs), norm(outputs)
        self.downsample: nn.Module | None = None
        if stride > 1:
            # The file holds this norm under both names.
            self.norm3 = norm(outputs)
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride), self.norm3)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y = self.norm1(self.conv1(x)).relu()
        y = self.norm2(self.conv2(y)).relu()
        found: Tensor = ((x if self.downsample is None else self.downsample(x)) + y).relu()
        return found


class Features(nn.Module):
    """Pictures (N, 3, H, W) in -1..1 to maps (N, outputs, H/8, W/8)."""

    def __init__(self, outputs: int, norm: Norm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3)
        self.norm1 = norm(64)
        self.layer1 = nn.Sequential(Residual(64, 64, 1, norm), Residual(64, 64, 1, norm))
        self.layer2 = nn.Sequential(Residual(64, 96, 2, norm), Residual(96, 96, 1, norm))
        self.layer3 = nn.Sequential(Residual(96, 128, 2, norm), Residual(128, 128, 1, norm))
        self.conv2 = nn.Conv2d(128, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The maps."""
        x = self.norm1(self.conv1(x)).relu()
        found: Tensor = self.conv2(self.layer3(self.layer2(self.layer1(x))))
        return found


class Movement(nn.Module):
    """Likenesses around a point and the flow there, to 128 channels of which the last two are the flow."""

    def __init__(self) -> None:
        super().__init__()
        self.convc1 = nn.Conv2d(_WINDOW, 256, 1)
        self.convc2 = nn.Conv2d(256, 192, 3, padding=1)
        self.convf1 = nn.Conv2d(2, 128, 7, padding=3)
        self.convf2 = nn.Conv2d(128, 64, 3, padding=1)
        self.conv = nn.Conv2d(192 + 64, _HIDDEN - 2, 3, padding=1)

    def forward(self, flow: Tensor, seen: Tensor) -> Tensor:
        """(N, 128, H, W)."""
        a = self.convc2(self.convc1(seen).relu()).relu()
        b = self.convf2(self.convf1(flow).relu()).relu()
        return torch.cat([self.conv(torch.cat([a, b], 1)).relu(), flow], 1)


class Memory(nn.Module):
    """A gated recurrent unit with convolutions along rows, then along columns."""

    def __init__(self) -> None:
        super().__init__()
        for part in ("1", "2"):
            kernel, padding = ((1, 5), (0, 2)) if part == "1" else ((5, 1), (2, 0))
            for gate in "zrq":
                self.add_module(f"conv{gate}{part}", nn.Conv2d(3 * _HIDDEN, _HIDDEN, kernel, padding=padding))

    def forward(self, state: Tensor, x: Tensor) -> Tensor:
        """The new state (N, 128, H, W)."""
        for part in ("1", "2"):
            z, r, q = (self.get_submodule(f"conv{gate}{part}") for gate in "zrq")
            both = torch.cat([state, x], 1)
            keep = z(both).sigmoid()
            new = q(torch.cat([r(both).sigmoid() * state, x], 1)).tanh()
            state = (1 - keep) * state + keep * new
        return state


class Head(nn.Module):
    """From the state to a change of the flow, (N, 2, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(_HIDDEN, 256, 3, padding=1)
        self.conv2 = nn.Conv2d(256, 2, 3, padding=1)

    def forward(self, state: Tensor) -> Tensor:
        """The change, in pixels of the small maps."""
        change: Tensor = self.conv2(self.conv1(state).relu())
        return change


class Update(nn.Module):
    """One step: what is seen where the flow points, into the state, into a better flow."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Movement()
        self.gru = Memory()
        self.flow_head = Head()
        self.mask = nn.Sequential(nn.Conv2d(_HIDDEN, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 64 * 9, 1))

    def forward(self, state: Tensor, context: Tensor, seen: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
        """The new state and flow."""
        state = self.gru(state, torch.cat([context, self.encoder(flow, seen)], 1))
        return state, flow + self.flow_head(state)


class Raft(nn.Module):
    """RAFT (large). Teed and Deng 2020."""

    def __init__(self) -> None:
        super().__init__()
        self.fnet = Features(256, nn.InstanceNorm2d)
        self.cnet = Features(2 * _HIDDEN, nn.BatchNorm2d)
        self.update_block = Update()

    def features(self, pictures: Tensor) -> Tensor:
        """Of pictures, float (N, 3, H, W) in 0..255 with sides that are multiples of 8 and at least 64."""
        found: Tensor = self.fnet(pictures * (2 / 255) - 1)
        return found

    def flow(self, picture: Tensor, before: Tensor, after: Tensor, steps: int = 20) -> Tensor:
        """Flow in pixels, (N, 2, H, W), from ``picture`` with features ``before`` to one with features ``after``."""
        state, context = self.cnet(picture * (2 / 255) - 1).split(_HIDDEN, 1)
        state, context = state.tanh(), context.relu()
        pyramid, grid = Pyramid(likeness(before, after), _RADIUS), pixel_grid(before)
        flow = torch.zeros_like(before[:, :2])
        for _ in range(steps):
            state, flow = self.update_block(state, context, pyramid.look(grid + flow), flow)
        return self._enlarged(flow, 0.25 * self.update_block.mask(state))

    def forward(self, a: Tensor, b: Tensor, steps: int = 20) -> Tensor:
        """Flow in pixels from pictures ``a`` to ``b``, float (N, 3, H, W) in 0..255: (N, 2, H, W)."""
        return self.flow(a, self.features(a), self.features(b), steps)

    @staticmethod
    def _enlarged(flow: Tensor, mask: Tensor) -> Tensor:
        """The flow 8 times as large, each pixel a mean of the 3 x 3 vectors around it under ``mask``."""
        n, _, height, width = flow.shape
        share = mask.view(n, 1, 9, 8, 8, height, width).softmax(2)
        around = F.unfold(8 * flow, (3, 3), padding=1).view(n, 2, 9, 1, 1, height, width)
        fine = (share * around).sum(2).permute(0, 1, 4, 2, 5, 3)
        return fine.reshape(n, 2, 8 * height, 8 * width)
