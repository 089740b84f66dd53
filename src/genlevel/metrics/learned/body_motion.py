"""The motion encoder by which text-to-motion papers report FID, under the names in their ``finest.tar``.

Guo et al. 2022, HumanML3D: convolutions turn four frames into one token, a GRU reads the tokens in both directions.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from genlevel.errors import NotScorable
from genlevel.metrics.learned.weights import as_state, fill, read_checkpoint

UNIT = 4
"""Frames a token."""
LENGTH = 196
"""Frames that the published evaluation fills motions up to, with zeros; its convolutions see them."""
CONTACTS = 4
"""Numbers at the end of a frame, for the feet's contact with the ground, that the encoder leaves out."""
_TOKEN = 512
_HIDDEN = 1024
_WIDTH = 512


class Movements(nn.Module):
    """Frames (N, T, D - 4) to tokens (N, T / 4, 512)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        # Between them the published network has dropout, which counts as a layer.
        layers = {"0": nn.Conv1d(inputs, _TOKEN, 4, 2, 1), "3": nn.Conv1d(_TOKEN, _TOKEN, 4, 2, 1)}
        self.main = nn.ModuleDict(layers)
        self.out_net = nn.Linear(_TOKEN, _TOKEN)

    def forward(self, x: Tensor) -> Tensor:
        """The tokens."""
        x = x.transpose(1, 2)
        for layer in self.main.values():
            x = F.leaky_relu(layer(x), 0.2)
        found: Tensor = self.out_net(x.transpose(1, 2))
        return found


class Reader(nn.Module):
    """Tokens, of which the first ``counts`` count, to vectors (N, 512)."""

    def __init__(self) -> None:
        super().__init__()
        self.input_emb = nn.Linear(_TOKEN, _HIDDEN)
        self.gru = nn.GRU(_HIDDEN, _HIDDEN, batch_first=True, bidirectional=True)
        self.output_net = nn.Sequential(
            nn.Linear(2 * _HIDDEN, _HIDDEN), nn.LayerNorm(_HIDDEN), nn.LeakyReLU(0.2), nn.Linear(_HIDDEN, _WIDTH)
        )
        self.hidden = nn.Parameter(torch.zeros(2, 1, _HIDDEN))

    def forward(self, tokens: Tensor, counts: Tensor) -> Tensor:
        """The vectors."""
        packed = pack_padded_sequence(self.input_emb(tokens), counts.cpu(), batch_first=True, enforce_sorted=False)
        last = self.gru(packed, self.hidden.repeat(1, len(tokens), 1))[1]
        found: Tensor = self.output_net(torch.cat([last[0], last[1]], -1))
        return found


class MotionEncoder(nn.Module):
    """Motions (N, T, D), scaled by the evaluator's mean and deviation, and their lengths to vectors (N, 512)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.movement_encoder = Movements(width - CONTACTS)
        self.motion_encoder = Reader()

    def forward(self, motions: Tensor, lengths: Tensor) -> Tensor:
        """The vectors; of each motion the whole units count."""
        tokens = self.movement_encoder(motions[..., :-CONTACTS])
        found: Tensor = self.motion_encoder(tokens, lengths // UNIT)
        return found


@lru_cache(maxsize=2)
def load_encoder(path: Path, device: str, width: int) -> MotionEncoder:
    """The encoder of frames of ``width`` numbers with the weights in ``path``.

    Raises:
        NotScorable: if the file holds something else, or the encoder is one of frames of another width.
    """
    network = MotionEncoder(width)
    checkpoint = read_checkpoint(path)
    state: dict[str, Any] = {}
    for part in ("movement_encoder", "motion_encoder"):
        if not isinstance(checkpoint, dict) or part not in checkpoint:
            raise NotScorable(f"{path}: has no '{part}', so these are other weights than expected")
        state |= {f"{part}.{name}": tensor for name, tensor in as_state(checkpoint[part], path).items()}
    return fill(network, state, path).to(device)  # type: ignore[no-any-return]
