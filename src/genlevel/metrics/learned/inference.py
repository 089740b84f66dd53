"""Networks run for their numbers alone: without gradients, and with all digits of float32."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from genlevel.metrics.learned.weights import torch_or_explain

_LOCK = threading.Lock()
_inside = 0
_before: list[Any] = []


@contextmanager
def inference() -> Iterator[None]:
    """As torch's ``inference_mode``, and convolutions on a GPU keep float32's digits.

    By torch's default NVIDIA's convolutions round their inputs to 10 bits (TF32): a score would then differ from the CPU's by
    up to 4e-4 of its value. The setting is the process's own, so the last of several threads puts it back. Also a decorator.
    """
    global _inside, _before
    torch = torch_or_explain()
    with _LOCK:
        if not _inside:
            _before = _set(torch, [])
        _inside += 1
    try:
        with torch.inference_mode():
            yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside:
                _set(torch, _before)


def _set(torch: Any, values: list[Any]) -> list[Any]:
    """Give the flags of convolutions and recurrent cells these values, or else those of full digits; what they were."""
    cudnn = torch.backends.cudnn
    flags: list[tuple[Any, str, Any]] = [(cudnn, "allow_tf32", False)]
    try:
        cudnn.allow_tf32  # noqa: B018
    except RuntimeError:  # somebody has set torch's newer flags, beside which it refuses to read the older one
        flags = [(cudnn.conv, "fp32_precision", "ieee"), (cudnn.rnn, "fp32_precision", "ieee")]
    before = [getattr(place, name) for place, name, _ in flags]
    for (place, name, _), value in zip(flags, values or [exact for *_, exact in flags], strict=True):
        setattr(place, name, value)
    return before
