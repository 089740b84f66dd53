"""From pictures as arrays to rows of numbers, in batches on whatever device there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.weights import torch_or_explain

BATCH = 16
Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


def pick_device(name: str) -> str:
    """``name``, or if it is empty the GPU where there is one.

    Raises:
        MetricError: if torch knows no such device or has none of that kind.
    """
    torch = torch_or_explain()
    if not name:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise MetricError(f"device '{name}' cannot be used ({str(error).splitlines()[0][:100]})") from None
    return name


def _array(value: Any, role: str) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        raise MetricError(f"{role} must be an array of uint8") from None


def as_picture(value: Any, *, role: str) -> Pixels:
    """A picture as uint8 (H, W, 3); a grey one (H, W) is spread over three channels.

    Raises:
        MetricError: if it is something else.
    """
    array = _array(value, role)
    if array.dtype == np.uint8 and array.ndim == 2 and array.size:
        return np.repeat(array[:, :, None], 3, axis=2)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise MetricError(f"{role} must be a picture, uint8 (H, W, 3), not {array.dtype} {array.shape}")
    return array


def as_frames(value: Any, *, role: str) -> Pixels:
    """A video as uint8 (T, H, W, 3) with T > 0; a picture is a video of one frame.

    Raises:
        MetricError: if it is something else.
    """
    array = _array(value, role)
    if array.ndim != 4:
        return as_picture(array, role=role)[None]
    if array.dtype != np.uint8 or array.shape[3] != 3 or not array.size:
        raise MetricError(f"{role} must be a video, uint8 (T, H, W, 3), not {array.dtype} {array.shape}")
    return array


def to_tensor(pictures: Sequence[Pixels], device: str) -> Any:
    """Pictures of one size as a uint8 tensor (N, 3, H, W) on ``device``."""
    torch = torch_or_explain()
    stacked = np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2))
    return torch.from_numpy(stacked).to(device)


def run_batches(
    pictures: Sequence[Pixels], network: Callable[[Any], Any], *, device: str, width: int, batch: int = BATCH
) -> Floats:
    """``network`` on every picture: float32 (n, width), in the order of ``pictures``.

    Pictures of one size go through together, at most ``batch`` at a time; sizes may differ.

    Args:
        pictures: uint8 (H, W, 3) each.
        network: from uint8 (N, 3, H, W) to float (N, width).
        device: where ``network`` is.
        width: numbers per picture.
        batch: how many at a time.
    """
    rows = np.zeros((len(pictures), width), np.float32)
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, picture in enumerate(pictures):
        groups[picture.shape].append(index)
    for members in groups.values():
        for start in range(0, len(members), batch):
            chosen = members[start : start + batch]
            with inference():
                rows[chosen] = network(to_tensor([pictures[i] for i in chosen], device)).float().cpu().numpy()
    return rows
