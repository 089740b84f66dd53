"""Weights that depend on their names alone, so that two implementations can be given the same without a file."""

import zlib
from typing import Any

import numpy as np


def seeded_state(module: Any, gain: float = 1.0) -> dict[str, Any]:
    """A state dict for ``module``: He's scale times ``gain`` for weights, variances near 1, the rest small.

    All numbers are ones that half precision has, so that a file in half precision holds the same.
    """
    import torch

    state = {}
    for name, tensor in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros_like(tensor)
            continue
        # A norm that a file holds under two names has one value.
        key = name.replace("downsample.1.", "norm3.")
        rng = np.random.default_rng(zlib.crc32(key.encode()))
        values = rng.standard_normal(tensor.shape) if tensor.ndim else rng.standard_normal()
        if tensor.ndim > 1:
            values = values * gain / np.sqrt(max(1, tensor[0].numel()))
        elif name.endswith("running_var") or (name.endswith("weight") and tensor.ndim == 1):
            values = 1.0 + 0.1 * np.abs(values)
        else:
            values = 0.1 * values
        state[name] = torch.from_numpy(np.asarray(values, np.float16).astype(np.float32))
    return state


def seeded_frames(count: int, height: int, width: int, seed: int = 0) -> Any:
    """Smooth noise that moves a little from frame to frame: uint8 (count, height, width, 3)."""
    import cv2

    rng = np.random.default_rng(seed)
    room = 2 * count
    wide = cv2.GaussianBlur(rng.random((height + room, width + room, 3)).astype(np.float32), (0, 0), 4)
    wide = (wide - wide.min()) / (wide.max() - wide.min())
    moved = [wide[t : t + height, room - 2 * t : room - 2 * t + width] for t in range(count)]
    return np.rint(255 * np.stack(moved)).astype(np.uint8)
