"""How many replicas one driver keeps busy: a real run whose replicas only wait, and what a replica on Ray costs.

The first table is a simulation in one process: everything of a run is real (records are read, keyed, dealt in pieces, and each
answer is stored) but the replicas, which take ``--seconds`` for a sample and no CPU. The peer is the ideal, replicas / seconds:
where the share falls, the driver has become the limit. The second table, with Ray on this machine, is the rate of a model that
answers at once: what dealing a sample through Ray costs at most, beside the same run without Ray.

``python -m benchmarks.capacity [--seconds S] [--replicas N ...] [--no-ray]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PIECE = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=0.25, help="that a replica takes for a sample (default: 0.25)")
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 10, 100, 300, 600, 1000])
    parser.add_argument("--no-ray", action="store_true")
    options = parser.parse_args()
    print(
        f"simulation: replicas that take {options.seconds:g} s for a sample and get {_PIECE} at a time; about 8 s each"
    )
    print(
        f"{'replicas':>9}{'samples':>9}{'ideal /s':>10}{'run /s':>10}{'share':>8}{'driver CPU s/1000':>19}{'driver MiB':>12}"
    )
    for replicas in options.replicas:
        _simulate(replicas, options.seconds)
    if not options.no_ray:
        _on_ray()


def _simulate(replicas: int, seconds: float) -> None:
    from genlevel.runner.replicas import ReplicatedModel

    # Enough for each replica to have several pieces, and no longer than the driver needs at its own limit.
    rounds = max(3, round(8.0 / (seconds * _PIECE)))
    samples = min(replicas * _PIECE * rounds, 40_000)
    model = ReplicatedModel(_model(), _cluster(replicas, seconds), replicas=replicas, piece=_PIECE)
    rate, cpu = _run(model, samples)
    ideal = replicas / seconds
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{replicas:>9}{samples:>9}{ideal:>10,.0f}{rate:>10,.0f}{rate / ideal:>8.2f}{cpu / samples * 1000:>19.2f}{memory:>12.0f}",
        flush=True,
    )


def _model(name: str = "waits") -> Any:
    from genlevel.models.base import Model
    from genlevel.records import Part, Reply, Request

    class Waits(Model):
        def identity(self) -> Mapping[str, Any]:
            return {"kind": name}

        async def generate(self, request: Request) -> Reply:
            return Reply((Part("text", "yes"),))

    model = Waits()
    model.name = name
    return model


def _cluster(replicas: int, seconds: float) -> Any:
    from genlevel.records import Part, Reply, Request
    from genlevel.runner.replicas import Cluster, Replica

    reply = Reply((Part("text", "yes"),))

    class Waiting(Replica):
        def __init__(self) -> None:
            self.turn = asyncio.Lock()

        async def ready(self) -> None:
            return

        async def answer(self, requests: Sequence[Request]) -> list[Any]:
            async with self.turn:
                await asyncio.sleep(seconds * len(requests))
            return [reply] * len(requests)

    class Room(Cluster):
        async def open(self, datasets: Any) -> list[Waiting]:
            return [Waiting() for _ in range(replicas)]

        async def close(self) -> None:
            return

    return Room()


def _run(model: Any, samples: int) -> tuple[float, float]:
    """Samples a second from the first answer's piece to the end, and the driver's CPU seconds."""
    from genlevel.catalog import Catalog
    from genlevel.datasets.base import Dataset
    from genlevel.records import Task
    from genlevel.runner import Settings, describe, make_plan, open_or_create, run

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        entries = [{"id": i, "input": {"question": f"Is {i} even?"}, "output": {"text": "yes"}} for i in range(samples)]
        (data / "annotation.json").write_text(json.dumps({"task": "even", "data": entries}))
        task = Task(
            "even", "b", "language", "language", "Even", "question-answering", "exact_match", "higher", "percent"
        )
        plan = make_plan(model, [Dataset(task, data, data / "annotation.json", "data")])
        meta = describe(
            model,
            plan,
            Catalog("b", {"even": task}, "0" * 64),
            Settings(),
            spec="x:",
            data=data,
            catalog_file=None,
            sota_file=None,
        )
        out = open_or_create(Path(folder) / "run", meta)
        before, began = time.process_time(), time.perf_counter()
        summary = run(model, plan, out, Settings())
        seconds, cpu = time.perf_counter() - began, time.process_time() - before
    assert summary.total.answered == samples, summary
    return samples / seconds, cpu


_FUNCTION = "def answer(requests):\n    return ['yes' for request in requests]\n"


def _on_ray() -> None:
    try:
        import ray  # noqa: F401
    except ImportError:
        print("Ray: left out, ray is not installed")
        return
    from genlevel import models
    from genlevel.models.spec import parse
    from genlevel.runner.ray import distributed

    samples = 20_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fast.py"
        file.write_text(_FUNCTION)
        print(f"\na model that answers at once, {samples:,} samples; without Ray as the peer")
        print(f"{'where':<34}{'run /s':>10}{'ratio':>8}{'driver CPU s/1000':>19}")
        base = 0.0
        for piece in (1, 8, 64):
            spec = parse(f"python:{file}:answer?batch={piece}")
            rate, cpu = _run(models.load(spec), samples)
            base = rate
            print(
                f"{f'this process, batches of {piece}':<34}{rate:>10,.0f}{1.0:>8.2f}{cpu / samples * 1000:>19.2f}",
                flush=True,
            )
            place = f"ray:?replicas=2&cpus=0.1&piece={piece}"
            rate, cpu = _run(distributed(place, models.load(spec), spec), samples)
            print(
                f"{f'2 replicas, pieces of {piece}':<34}{rate:>10,.0f}{rate / base:>8.2f}{cpu / samples * 1000:>19.2f}",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
