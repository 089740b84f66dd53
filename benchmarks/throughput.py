"""Requests a second, CPU and memory of a run against a server on loopback that answers after 20 ms.

The peer, measured in the same run against the same server, is a bare loop of aiohttp, the client that most have: it posts bodies
that it has built before the clock starts, reads the answers and keeps nothing. A run of genlevel reads the records and images,
keys and encodes them, and stores each answer. Each side and the server run in a process of their own. The CPU column is user and
system time of the whole process, start-up taken off, so it holds the HTTP client's own share too. Run it with
``python -m benchmarks.throughput [--samples N] [--concurrency N] [--latency MS] [--repeats N]``.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.peers.server import running

_IMAGE_BYTES = 6750


def make(root: Path, samples: int) -> None:
    """Two tasks, one with an image to each sample."""
    choose = random.Random(0)
    for name in ("text", "image"):
        (root / name).mkdir(parents=True)
        entries: list[dict[str, Any]] = [
            {"id": i, "input": {"prompt": f"{i}: is this the statement that is true?", "image_file": f"{i}.png"}}
            for i in range(samples)
        ]
        (root / name / "annotation.json").write_text(json.dumps({"task": name, "data": entries}))
    for i in range(samples):
        (root / "image" / f"{i}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + choose.randbytes(_IMAGE_BYTES))


def ours(root: Path, kind: str, url: str, concurrency: int) -> tuple[float, int]:
    """Seconds of a whole run of one task, from reading to the stored answers, and the number of answers."""
    from genlevel import models, tasktypes
    from genlevel.catalog import Catalog
    from genlevel.datasets.base import Dataset
    from genlevel.datasets.paths import resolve_media
    from genlevel.records import Part, Record, Sample, Task
    from genlevel.runner import Settings, describe, make_plan, open_or_create, run
    from genlevel.tasktypes.base import TaskType

    class Ask(TaskType):
        name, title, answer_format = "benchmark", "Ask", "a word"
        takes, makes = frozenset({"text", "image"}), frozenset({"text"})

        def read(self, record: Record) -> Sample:
            given = record.value["input"]
            parts = [Part("text", given["prompt"])]
            if kind == "image":
                parts.append(Part("image", path=resolve_media(record.folder, given["image_file"])))
            return Sample(record.id, tuple(parts))

        def parse(self, parts: Any, sample: Sample) -> Any:
            return parts[0].text

    tasktypes.TASK_TYPES.register(Ask.name, Ask)
    task = Task(kind, "benchmark", "image", "comprehension", kind, Ask.name, "accuracy", "higher", "percent")
    dataset = Dataset(task, root / kind, root / kind / "annotation.json", kind)
    settings = Settings(concurrency)
    start = time.perf_counter()
    model = models.load(f"openai:m?base_url={url}")
    plan = make_plan(model, [dataset])
    catalog = Catalog("benchmark", {kind: task}, "")
    meta = describe(model, plan, catalog, settings, spec="", data=root, catalog_file=None, sota_file=None)
    with tempfile.TemporaryDirectory() as out:
        total = run(model, plan, open_or_create(Path(out) / "run", meta), settings).total
    return time.perf_counter() - start, total.answered


def bare(root: Path, kind: str, url: str, concurrency: int) -> tuple[float, int]:
    """The same requests by a bare loop."""
    import aiohttp

    entries = json.loads((root / kind / "annotation.json").read_text())["data"]
    bodies = []
    for entry in entries:
        content: Any = entry["input"]["prompt"]
        if kind == "image":
            data = base64.b64encode((root / kind / entry["input"]["image_file"]).read_bytes()).decode()
            image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
            content = [{"type": "text", "text": content}, image]
        body = {"model": "m", "temperature": 0.0, "messages": [{"role": "user", "content": content}]}
        bodies.append(json.dumps(body).encode())

    async def main() -> int:
        queue, answered = iter(bodies), 0
        headers = {"Content-Type": "application/json"}
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency), headers=headers) as session:

            async def work() -> None:
                nonlocal answered
                for body in queue:
                    async with session.post(f"{url}/chat/completions", data=body) as response:
                        answered += json.loads(await response.read())["choices"][0]["message"]["content"] == "yes"

            await asyncio.gather(*(work() for _ in range(concurrency)))
        return answered

    start = time.perf_counter()
    count = asyncio.run(main())
    return time.perf_counter() - start, count


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _side(args: argparse.Namespace) -> None:
    """One side's measurement, as JSON on stdout."""
    if args.side == "ours":
        import genlevel.models.openai
        import genlevel.runner.run  # noqa: F401 - start-up is no part of the cost of a request
    else:
        import aiohttp  # noqa: F401
    before = _cpu()
    seconds, answered = (ours if args.side == "ours" else bare)(args.root, args.kind, args.url, args.concurrency)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "answered": answered, "cpu": _cpu() - before, "peak": peak}))


def _measure(side: str, kind: str, root: Path, url: str, args: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.throughput", "--side", side, "--kind", kind, "--root", str(root)]
    command += ["--url", url, "--concurrency", str(args.concurrency)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    values: dict[str, float] = json.loads(done.stdout)
    assert values["answered"] == args.samples, f"{side} {kind}: {values['answered']:g} of {args.samples} answered"
    return {**values, "wall": time.perf_counter() - start}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=20.0, help="milliseconds")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", choices=("ours", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        _side(args)
        return
    print(f"{args.samples} samples, {args.concurrency} in flight, {args.latency:g} ms, median of {args.repeats}")
    print(f"{'':20}{'requests/s':>11}{'s in all':>10}{'CPU s/1000':>12}{'peak MiB':>10}")
    with tempfile.TemporaryDirectory() as folder, running(args.latency / 1000) as url:
        root = Path(folder)
        make(root, args.samples)
        for kind in ("text", "image"):
            runs: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
            for _ in range(args.repeats):
                for side, values in runs.items():
                    values.append(_measure(side, kind, root, url, args))
            rate = {}
            for side, values in runs.items():
                middle = {name: statistics.median(v[name] for v in values) for name in values[0]}
                rate[side] = args.samples / middle["seconds"]
                name = "bare aiohttp" if side == "bare" else "genlevel"
                cpu = middle["cpu"] / args.samples * 1000
                print(f"{kind:6}{name:14}{rate[side]:11.0f}{middle['wall']:10.2f}{cpu:12.2f}{middle['peak']:10.0f}")
            print(f"{kind}: {rate['ours'] / rate['bare']:.2f} times the rate of the bare loop")


if __name__ == "__main__":
    main()
