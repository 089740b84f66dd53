"""The device and its two ceilings: bytes moved a second, and multiplications of matrices."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.gpu.bench import Bench


def run(bench: Bench) -> None:
    """Names and versions, copies, a product of matrices."""
    bench.step("versions", lambda: _versions(bench))
    bench.step("copy on the device", lambda: _copy(bench))
    bench.step("product of matrices, bfloat16", lambda: _product(bench))
    bench.step("copies to the device", lambda: _transfers(bench))


def _versions(bench: Bench) -> dict[str, Any]:
    import torch
    import transformers

    found = {"python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__}
    if bench.cuda:
        found["device"] = torch.cuda.get_device_name()
    return found


def median_seconds(bench: Bench, work: Callable[[], Any], times: int = 15) -> float:
    """Of one call among several, the device waited for."""
    for _ in range(3):
        work()
    spent = []
    for _ in range(times):
        bench.synchronize()
        start = time.perf_counter()
        work()
        bench.synchronize()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def _copy(bench: Bench) -> dict[str, Any]:
    import torch

    count = bench.size(2**30, 2**16)
    source = torch.randint(0, 255, (count,), dtype=torch.uint8, device=bench.device)
    target = torch.empty_like(source)
    return {"GB_per_s": 2 * count / median_seconds(bench, lambda: target.copy_(source)) / 1e9}


def _product(bench: Bench) -> dict[str, Any]:
    import torch

    side = bench.size(8192, 64)
    a, b = (torch.randn(side, side, device=bench.device, dtype=torch.bfloat16) for _ in range(2))
    return {"TFLOP_per_s": 2 * side**3 / median_seconds(bench, lambda: a @ b) / 1e12}


def _transfers(bench: Bench) -> dict[str, Any]:
    """A batch's pictures and its tokens: as they are, and pinned first, as :class:`Checkpoint` does."""
    import torch

    rows = bench.size(64, 2)
    found: dict[str, Any] = {}
    for name, tensor in (
        ("pictures", torch.rand(rows, 3, 336, 336)),
        ("tokens", torch.randint(0, 255, (rows, 2000))),
    ):
        found[f"{name}_ms"] = 1000 * median_seconds(bench, lambda t=tensor: t.to(bench.device))
        if bench.cuda:
            pinned = lambda t=tensor: t.pin_memory().to(bench.device, non_blocking=True)  # noqa: E731
            found[f"{name}_pinned_ms"] = 1000 * median_seconds(bench, pinned)
    return found
