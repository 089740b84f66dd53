"""VGGish: the network of AudioSet's embeddings, and the spectrogram that it sees.

The names of the parameters are those of torchvggish, whose file it reads.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.weights import fill, load_state

RATE = 16_000
WIDTH = 128
_WINDOW, _HOP, _FFT = 400, 160, 512
_BANDS, _LOW_HZ, _HIGH_HZ = 64, 125.0, 7500.0
_OFFSET = 0.01
_FRAMES = 96
_SHORTEST = (_FRAMES - 1) * _HOP + _WINDOW
# Channels of the convolutions; None is a pooling.
_LAYERS = (64, None, 128, None, 256, 256, None, 512, 512, None)


def log_mel(samples: NDArray[Any]) -> FloatArray:
    """log(mel magnitude + 0.01) of 16 kHz samples (n,): one row of 64 bands every 10 ms, windows of 25 ms, no padding.

    Windows are periodic Hann; the 64 triangles are linear in mel from 125 to 7500 Hz and none takes the constant part.
    """
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, np.float64), _WINDOW)[::_HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    magnitude = np.abs(np.fft.rfft(frames * hann, _FFT))
    bands: FloatArray = np.log(magnitude @ mel_filters() + _OFFSET)
    return bands


@cache
def mel_filters() -> FloatArray:
    """The triangles, (257, 64): up from one edge to the next, down to the one after, in mel = 1127 ln(1 + Hz/700)."""
    mel = 1127.0 * np.log1p(np.linspace(0.0, RATE / 2, _FFT // 2 + 1) / 700.0)
    low, high = 1127.0 * np.log1p(np.array([_LOW_HZ, _HIGH_HZ]) / 700.0)
    edges = np.linspace(low, high, _BANDS + 2)
    up = (mel[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - mel[:, None]) / (edges[2:] - edges[1:-1])
    filters: FloatArray = np.clip(np.minimum(up, down), 0.0, None)
    filters[0] = 0.0
    return filters


def examples(samples: NDArray[Any]) -> NDArray[np.float32]:
    """What the network sees of 16 kHz samples (n,): float32 (k, 96, 64), pieces of 0.96 s that do not overlap.

    A rest shorter than a piece is left out; a sound shorter than one piece (0.975 s) is filled with silence.
    """
    if len(samples) < _SHORTEST:
        samples = np.concatenate([samples, np.zeros(_SHORTEST - len(samples), samples.dtype)])
    bands = log_mel(samples)
    count = len(bands) // _FRAMES
    return bands[: count * _FRAMES].reshape(count, _FRAMES, _BANDS).astype(np.float32)


class VggIsh(nn.Module):
    """The network: (n, 96, 64) to (n, 128).

    ``activation`` keeps the last ReLU, as the published embeddings have it; distances are taken without.
    """

    def __init__(self, *, activation: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for width in _LAYERS:
            if width is None:
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
        self.features = nn.Sequential(*layers)
        dense = (nn.Linear(512 * 6 * 4, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, WIDTH))
        self.embeddings = nn.Sequential(*dense, *([nn.ReLU()] if activation else []))

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        """Embeddings of log-mel pieces (n, 96, 64)."""
        maps = self.features(pieces[:, None])
        # The original keeps channels last, and so do the weights of the first dense layer.
        out: torch.Tensor = self.embeddings(maps.permute(0, 2, 3, 1).flatten(1))
        return out


def load(path: Path, *, activation: bool = False) -> VggIsh:
    """The network with the weights in ``path``.

    Raises:
        NotScorable: if these are other weights.
    """
    # Saved from the hub's object, the file also holds the PCA of the released embeddings, which is not used.
    network: VggIsh = fill(VggIsh(activation=activation), load_state(path), path, unused=("pproc.",))
    return network
