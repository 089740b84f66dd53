"""A whole ``genlevel run`` with scores and levels, next to the bare model on the same prompts."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from benchmarks.gpu.asking import ask
from benchmarks.gpu.bench import Bench
from benchmarks.local_batches import requests, write
from genlevel.cli import main as genlevel
from genlevel.models.batching import Answer
from genlevel.models.local.model import TransformersModel
from genlevel.records import Request

NEW = 32
_TASKS = 4


def run(bench: Bench) -> None:
    """With the defaults and with larger windows: a run, and then what it has asked once more without it."""
    folder, data = bench.folder / "llama", bench.folder / "data"
    size, layers, heads = bench.size(2048, 64), bench.size(12, 2), bench.size(16, 8)
    texts = [request.parts[0].text for request in requests(bench.size(1024, 8), bench.size(1000, 60))]

    def prepare() -> None:
        write(folder, size, layers, heads=heads, room=4096, dtype="bfloat16", device=bench.device)
        make(data, texts)

    bench.step("checkpoint and data", prepare)
    defaults = f"transformers:{folder}?device_map={bench.device}&max_new_tokens={NEW}"
    for out, name, spec in (
        ("small", "", defaults),
        ("large", ", max_batch=256, window=512", f"{defaults}&max_batch=256&window=512"),
    ):
        calls: list[Call] = []
        bench.step(f"genlevel run{name}", lambda s=spec, c=calls, o=out: _whole(bench, s, data, o, c))
        bench.step(f"the bare model{name}", lambda s=spec, c=calls: _bare(bench, s, c))


def make(data: Path, texts: list[str]) -> None:
    """Tasks of equal size with their own catalog; half of the references are a word that may be found in the answer."""
    rows = ["id,modality,paradigm,name,task_type,metric"]
    for index in range(_TASKS):
        name = f"questions-{index}"
        rows.append(f"{name},language,language,{name},question-answering,{('exact_match', 'rouge_l')[index % 2]}")
        folder = data / name
        folder.mkdir(parents=True)
        entries = [
            {"id": i, "input": {"question": text}, "output": {"text": text[:8]}}
            for i, text in enumerate(texts[index::_TASKS])
        ]
        (folder / "annotation.json").write_text(json.dumps({"task": name, "data": entries}))
    (data / "catalog.csv").write_text("\n".join(rows) + "\n")


class Call(NamedTuple):
    """A window of requests that the engine gave the model, and when."""

    requests: Sequence[Request]
    start: float
    end: float


@contextlib.contextmanager
def _noted(calls: list[Call]) -> Iterator[None]:
    inner = TransformersModel.generate_many

    async def generate_many(self: TransformersModel, requests: Sequence[Request]) -> Sequence[Answer]:
        start = time.perf_counter()
        try:
            return await inner(self, requests)
        finally:
            calls.append(Call(requests, start, time.perf_counter()))

    with mock.patch.object(TransformersModel, "generate_many", generate_many):
        yield


def _bare(bench: Bench, spec: str, calls: Sequence[Call]) -> dict[str, Any]:
    """The same prompts in the same order."""
    return ask(bench, spec, [request for call in calls for request in call.requests]).line(NEW)


def _whole(bench: Bench, spec: str, data: Path, name: str, calls: list[Call]) -> dict[str, Any]:
    """The command from its start to the stored answers, then scores and levels; how long the model had nothing to do."""
    out = bench.folder / name
    command = ["run", "--model", spec, "--data", str(data), "--out", str(out), "--quiet"]
    start = time.perf_counter()
    error = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(error):
        with _noted(calls):
            status = genlevel([*command, "--no-score"])
        answered = time.perf_counter()
        status = status or genlevel(["score", str(out)]) or genlevel(["level", str(out)])
    end = time.perf_counter()
    lines = [json.loads(x) for file in (out / "predictions").glob("*.jsonl") for x in file.read_text().splitlines()]
    if status:
        raise RuntimeError(f"exit {status}: {error.getvalue()[-200:]}")
    asking = calls[-1].end - calls[0].start
    return {
        "answers_per_s": len(lines) / asking,
        "idle_share": 1 - sum(call.end - call.start for call in calls) / asking,
        "windows": " ".join(str(len(call.requests)) for call in calls[:20]),
        "n": len(lines),
        "failed": sum("error" in line and bool(line["error"]) for line in lines) or None,
        "run_s": answered - start,
        "score_and_level_s": end - answered,
    }
