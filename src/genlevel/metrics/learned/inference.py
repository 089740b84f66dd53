"""Networks run for their numbers alone: without gradients, and with all digits of float32."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from genlevel.metrics.learned.weights import torch_or_explain

_LOCK = threading.Lock()
_inside = 0
_before = True


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
            _before = torch.backends.cudnn.allow_tf32
            torch.backends.cudnn.allow_tf32 = False
        _inside += 1
    try:
        with torch.inference_mode():
            yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside:
                torch.backends.cudnn.allow_tf32 = _before
