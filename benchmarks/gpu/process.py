"""A part in a process of its own."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
from typing import Any

from benchmarks.gpu.bench import Bench, reason

AGAIN = 77
"""What a forked process ends with that cannot use the device; one that starts from nothing may."""


def started(bench: Bench, how: str, seconds: float) -> Any:
    """A process, forked or spawned, that has ended or has had ``seconds``."""
    process = multiprocessing.get_context(how).Process(target=_run, args=(bench, how))
    process.start()
    process.join(seconds)
    return process


def _run(bench: Bench, how: str) -> None:
    try:
        import torch

        torch.zeros(1, device=bench.device)
    except Exception as error:
        if how == "fork":
            sys.exit(AGAIN)
        bench.row("the device", failed=reason(error))
        return
    try:
        importlib.import_module(f"benchmarks.gpu.{bench.part}").run(bench)
    except Exception as error:
        bench.row("the part", failed=reason(error))
