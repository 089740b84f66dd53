"""Models asked in windows, as a run asks them, with a clock beside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.gpu.bench import Bench
from genlevel.models import load
from genlevel.models.base import Model
from genlevel.models.batching import Answer
from genlevel.records import Part, Reply, Request


class Asked(NamedTuple):
    """Answers in order, seconds for all (weights loaded before), failures, and the most memory of the device in GB."""

    answers: list[Answer]
    seconds: float
    failed: int
    memory: float

    @property
    def rate(self) -> float:
        return len(self.answers) / self.seconds

    def line(self, tokens: int = 0) -> dict[str, Any]:
        """What the table says; ``tokens`` is how many each answer has."""
        found: dict[str, Any] = {"answers_per_s": self.rate}
        if tokens:
            found["tokens_per_s"] = tokens * self.rate
        reasons = sorted({str(a) for a in self.answers if not isinstance(a, Reply)})
        return {
            **found,
            "n": len(self.answers),
            "failed": f"{self.failed} ({reasons[0][:120]})" if reasons else None,
            "peak_GB": self.memory or None,
        }


def ask(
    bench: Bench, spec: str, requests: Sequence[Request], warm: int = 2, ready: Callable[[Model], Any] | None = None
) -> Asked:
    """Answers of the model of a SPEC, window by window.

    Args:
        bench: the part.
        spec: of the model.
        requests: all that is asked.
        warm: how many are asked before the clock starts.
        ready: called with the model when its weights are there.
    """
    return asyncio.run(_ask(bench, spec, requests, warm, ready))


async def _ask(
    bench: Bench, spec: str, requests: Sequence[Request], warm: int, ready: Callable[[Model], Any] | None
) -> Asked:
    model = load(spec)
    await model.start([])
    if ready is not None:
        ready(model)
    try:
        if warm:
            await model.generate_many(requests[:warm])
        _start_memory(bench)
        bench.synchronize()
        start = time.perf_counter()
        answers: list[Answer] = []
        step = model.window or model.batch_size
        for at in range(0, len(requests), step):
            answers += await model.generate_many(requests[at : at + step])
        bench.synchronize()
        seconds = time.perf_counter() - start
    finally:
        await model.close()
    failed = sum(not isinstance(answer, Reply) for answer in answers)
    return Asked(answers, seconds, failed, _memory(bench))


def _start_memory(bench: Bench) -> None:
    if bench.cuda:
        import torch

        torch.cuda.reset_peak_memory_stats()


def _memory(bench: Bench) -> float:
    """The peak, and memory given back for what comes next."""
    if not bench.cuda:
        return 0.0
    import torch

    from genlevel.models.batching import release

    most = torch.cuda.max_memory_allocated() / 1e9
    release()
    return float(most)


def text_of(answer: Answer) -> str:
    """The text of an answer, or why there is none."""
    if not isinstance(answer, Reply):
        return f"failed: {answer}"
    return "".join(part.text for part in answer.parts)


def image_parts(sizes: Sequence[tuple[int, int]], seed: int = 0) -> list[Part]:
    """Images of noise in large dots, of the given widths and heights."""
    import cv2
    import numpy as np

    from genlevel.media import encode_png

    rng = np.random.default_rng(seed)
    found = []
    for width, height in sizes:
        small = rng.integers(0, 255, (max(2, height // 16), max(2, width // 16), 3), np.uint8)
        pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        found.append(Part("image", data=encode_png(pixels), media_type="image/png"))
    return found
