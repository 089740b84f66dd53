"""A checkpoint of 1.2 billion numbers in bfloat16; prompts of 4 to 2,000 characters, answers of 32 tokens."""

from __future__ import annotations

import time
from contextlib import nullcontext
from functools import partial
from typing import Any
from unittest import mock

from benchmarks.gpu.asking import ask
from benchmarks.gpu.bench import Bench
from benchmarks.local_batches import NEW, requests, write
from genlevel.models.batching import answer_in_batches
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.records import Request

_WINDOWED = "genlevel.models.local.model.answer_in_batches"


def run(bench: Bench) -> None:
    """One at a time, batches, orders, copies, and the library's own pipeline."""
    folder = bench.folder / "llama"
    bench.step("checkpoint", lambda: _write(bench))
    spec = f"transformers:{folder}?device_map={bench.device}&max_new_tokens={NEW}"
    asked = requests(bench.size(512, 6), bench.size(2000, 60))
    few, some = asked[: bench.size(16, 2)], asked[: bench.size(128, 4)]

    def ours(options: str, these: list[Request], patch: Any = None) -> dict[str, Any]:
        with patch or nullcontext():
            return ask(bench, f"{spec}&{options}", these).line(NEW)

    arrival = mock.patch(_WINDOWED, partial(answer_in_batches, weight=lambda request: 0))
    plain = mock.patch.object(Checkpoint, "_moved", _plainly)
    bench.step("one at a time", lambda: ours("batch=1", few))
    bench.step("batch=auto", lambda: ours("batch=auto", asked))
    bench.step("the library's pipeline, batch_size=32", lambda: _pipeline(bench, asked[: bench.size(256, 4)], 32))
    bench.step("batch=32", lambda: ours("batch=32", asked))
    bench.step("batch=auto, max_batch=256, window=512", lambda: ours("max_batch=256&window=512", asked))
    bench.step("batch=auto, in the order of arrival", lambda: ours("batch=auto", asked, arrival))
    bench.step("batch=auto, copies not pinned", lambda: ours("batch=auto", asked, plain))
    bench.step("batch=8", lambda: ours("batch=8", some))
    bench.step("the library's pipeline, batch_size=8", lambda: _pipeline(bench, some, 8))


def _write(bench: Bench) -> dict[str, Any]:
    folder, size, layers, heads = bench.folder / "llama", bench.size(2048, 64), bench.size(20, 2), bench.size(16, 8)
    write(folder, size, layers, heads=heads, room=4096, dtype="bfloat16", device=bench.device)
    files = folder.glob("*.safetensors")
    return {"weights_GB": sum(file.stat().st_size for file in files) / 1e9}


def _plainly(self: Checkpoint, value: Any) -> Any:
    import torch

    if isinstance(value, (list, tuple)):
        return [_plainly(self, one) for one in value]
    if not isinstance(value, torch.Tensor):
        return value
    return value.to(self.device, self.dtype if value.is_floating_point() else value.dtype)


def _pipeline(bench: Bench, asked: list[Request], batch: int) -> dict[str, Any]:
    import torch
    import transformers

    made = transformers.pipeline(
        "text-generation", model=str(bench.folder / "llama"), device=bench.device, dtype=torch.bfloat16
    )
    made.tokenizer.padding_side = "left"
    texts = [request.parts[0].text for request in asked]
    settings = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False, "batch_size": batch}
    made(texts[:2], **settings)
    bench.synchronize()
    start = time.perf_counter()
    made(texts, **settings)
    bench.synchronize()
    seconds = time.perf_counter() - start
    return {"answers_per_s": len(texts) / seconds, "tokens_per_s": NEW * len(texts) / seconds, "n": len(texts)}
