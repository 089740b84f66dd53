"""What happens when memory runs out: a share of the GPU that is too small for the batches that are tried, and equal answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks.gpu.asking import Asked, ask, text_of
from benchmarks.gpu.bench import Bench
from benchmarks.local_batches import NEW, requests, write
from genlevel.models.base import Model
from genlevel.models.batching import Answer, is_out_of_memory
from genlevel.records import Request

_ON_CPU = 3
"""Where there is no GPU, more requests than this at a time are said not to fit."""


def run(bench: Bench) -> None:
    """One at a time without a limit; then all with one, twice, so that the second shows what was remembered."""
    folder = bench.folder / "llama"
    bench.step("checkpoint", lambda: _write(bench))
    asked = requests(bench.size(96, 12), bench.size(2000, 60))
    spec = f"transformers:{folder}?device_map={bench.device}&max_new_tokens={NEW}&window={len(asked) // 2}"
    alone: list[Answer] = []
    peak: list[float] = []

    def first() -> dict[str, Any]:
        found = ask(bench, f"{spec}&batch=1", asked)
        alone.extend(found.answers)
        return found.line(NEW)

    def free(batch: str) -> dict[str, Any]:
        found = ask(bench, f"{spec}&batch={batch}", asked)
        peak.append(found.memory)
        return {**found.line(NEW), **_same(alone, found)}

    bench.step("one at a time", first)
    bench.step("batch=auto, all of the memory", lambda: free("auto"))
    bench.step("batch=8, all of the memory", lambda: free("8"))
    if len(peak) == 2 and len(alone) == len(asked):
        for name in ("auto", "64"):
            bench.step(
                f"batch={name}, too little memory", lambda n=name: _limited(bench, spec, n, asked, alone, peak[1])
            )


def _write(bench: Bench) -> dict[str, Any]:
    size, layers = bench.size(1024, 64), bench.size(8, 2)
    write(bench.folder / "llama", size, layers, heads=8, room=4096, device=bench.device)
    return {"layers": layers, "width": size}


def _same(alone: Sequence[Answer], found: Asked) -> dict[str, Any]:
    equal = sum(text_of(a) == text_of(b) for a, b in zip(alone, found.answers, strict=True))
    return {"same_as_alone": f"{equal}/{len(alone)}"}


def _limited(
    bench: Bench, spec: str, batch: str, asked: Sequence[Request], alone: Sequence[Answer], needed: float
) -> dict[str, Any]:
    """With memory for about 12 requests: the sizes tried, those that did not fit, and whether answers are the same."""
    tried: list[tuple[int, bool]] = []
    with _share(bench, needed * 1.5):
        found = ask(bench, f"{spec}&batch={batch}", asked, 0, lambda model: _watch(bench, model, tried))
    late = tried[len(tried) // 2 :]
    return {
        **found.line(NEW),
        **_same(alone, found),
        "sizes": " ".join(f"{count}{'' if fitted else '!'}" for count, fitted in tried),
        "did_not_fit": sum(not fitted for _, fitted in tried),
        "of_them_in_the_second_half": sum(not fitted for _, fitted in late),
    }


def _watch(bench: Bench, model: Model, tried: list[tuple[int, bool]]) -> None:
    """Note each batch that the model's runner is given."""
    runner: Any = model._runner  # type: ignore[attr-defined]
    inner: Callable[[Sequence[Request]], list[Answer]] = runner.answer

    def answer(requests: Sequence[Request]) -> list[Answer]:
        try:
            if not bench.cuda and len(requests) > _ON_CPU:
                import torch

                raise torch.OutOfMemoryError("out of memory, for the sake of the argument")
            given = inner(requests)
        except Exception as error:
            tried.append((len(requests), not is_out_of_memory(error)))
            raise
        tried.append((len(requests), True))
        return given

    runner.answer = answer


@contextmanager
def _share(bench: Bench, gigabytes: float) -> Iterator[None]:
    """As if the GPU had so much memory."""
    if not bench.cuda:
        yield
        return
    import torch

    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(
        min(1.0, gigabytes * 1e9 / torch.cuda.get_device_properties(0).total_memory)
    )
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
