"""Memory of a run from 1,000 to 325,800 samples, and the time to the first request when the largest is gone on with.

The samples are texts, in tasks of 466 samples each, as General-Bench has them on average; the model is an async Python function
that answers at once. Each run is a process of its own, and what is printed is its peak, the interpreter and libraries included.
The largest run is killed (SIGKILL) shortly before its end and started again: the time is from the start of the process to the
first request that reaches the model. The last lines are the same with all samples in one task, whose annotation file is then what
takes the memory: a task's file is decoded as a whole. Run it with ``python -m benchmarks.memory [--samples N ...]``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_PER_TASK = 466
_LARGEST = 325_800
_MODEL = """
import os, signal, time
calls = 0
async def answer(request):
    global calls
    calls += 1
    if calls == 1 and "FIRST" in os.environ:
        with open(os.environ["FIRST"], "w") as file:
            file.write(str(time.monotonic()))
    if calls == int(os.environ.get("KILL_AT", 0)):
        os.kill(os.getpid(), signal.SIGKILL)
    return "an answer of a few words to the question"
"""


def make(root: Path, samples: int, per_task: int) -> None:
    """Tasks of text samples."""
    number = 0
    while number < samples:
        count = min(per_task, samples - number)
        entries = [
            {"id": i, "input": {"prompt": f"question {number + i} " + "and more of it " * 10}} for i in range(count)
        ]
        folder = root / f"t{number // per_task:04}"
        folder.mkdir(parents=True)
        (folder / "annotation.json").write_text(json.dumps({"task": folder.name, "data": entries}))
        number += count


def _run(root: Path, out: Path) -> None:
    """One run of all tasks below ``root``; prints what it did, as JSON."""
    from genlevel import models, tasktypes
    from genlevel.catalog import Catalog
    from genlevel.datasets.base import Dataset
    from genlevel.records import Part, Record, Sample, Task
    from genlevel.runner import describe, make_plan, open_or_create, run
    from genlevel.runner.plan import Settings
    from genlevel.tasktypes.base import TaskType

    class Ask(TaskType):
        name, title, answer_format = "benchmark", "Ask", "a word"
        takes = makes = frozenset({"text"})

        def read(self, record: Record) -> Sample:
            return Sample(record.id, (Part("text", record.value["input"]["prompt"]),))

        def parse(self, parts: Any, sample: Sample) -> Any:
            return parts[0].text

    tasktypes.TASK_TYPES.register(Ask.name, Ask)
    datasets = []
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        task = Task(folder.name, "b", "language", "language", folder.name, Ask.name, "accuracy", "higher", "percent")
        datasets.append(Dataset(task, folder, folder / "annotation.json", folder.name))
    model = models.load(f"python:{root / 'model.py'}:answer?concurrency=64")
    plan = make_plan(model, datasets)
    catalog = Catalog("benchmark", {d.task.id: d.task for d in datasets}, "")
    meta = describe(model, plan, catalog, Settings(), spec="", data=root, catalog_file=None, sota_file=None)
    summary = run(model, plan, open_or_create(out, meta))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    told = {"peak": usage.ru_maxrss / 1024, "seconds": summary.seconds, "cpu": usage.ru_utime + usage.ru_stime}
    print(json.dumps({**told, **vars(summary.total)}))


def _process(root: Path, out: Path, **env: str) -> dict[str, Any] | None:
    """What a run in a process of its own told; None if it was killed."""
    command = [sys.executable, "-m", "benchmarks.memory", "--run", str(root), str(out)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env})
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.returncode
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def _measure(samples: int, per_task: int, what: str, *, kill: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, out, first = Path(folder) / "data", Path(folder) / "run", Path(folder) / "first"
        make(root, samples, per_task)
        (root / "model.py").write_text(_MODEL)
        told = _process(root, out)
        assert told is not None and told["answered"] == samples
        print(
            f"{samples:9,}  {what:14}{told['peak']:9.0f}{samples / told['seconds']:12.0f}{told['cpu'] / samples * 1e3:12.2f}"
        )
        if not kill:
            return
        killed = Path(folder) / "killed"
        assert _process(root, killed, KILL_AT=str(samples - 300)) is None
        start = time.monotonic()
        told = _process(root, killed, FIRST=str(first))
        assert told is not None and told["answered"] + told["stored_before"] == samples
        waited = float(first.read_text()) - start
        print(
            f"           gone on with: {told['stored_before']:,} stored, {told['asked']} asked, "
            f"first request after {waited:.1f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000, 10_000, 100_000, _LARGEST])
    parser.add_argument("--run", nargs=2, type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        _run(*args.run)
        return
    print(f"{'samples':>9}  {'':14}{'peak MiB':>9}{'samples/s':>12}{'CPU s/1000':>12}")
    for samples in args.samples:
        _measure(samples, _PER_TASK, "in tasks", kill=samples == max(args.samples))
    _measure(max(args.samples), max(args.samples), "in one task", kill=True)


if __name__ == "__main__":
    main()
