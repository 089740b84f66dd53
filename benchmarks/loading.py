"""Loading a benchmark of 325,800 samples in 699 tasks: find the tasks, stream every record, find every image.

The peer, measured in the same run on the same files, is what one writes by hand: glob for annotation files and
``json.load`` each. It matches no tasks, checks no ids and finds no media. Each side runs in a process of its own, so that
its peak memory is its own. Run it with ``python -m benchmarks.loading [--samples N]``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SAMPLES = 325_800
_QUESTION = "Which of the following statements about the picture (or the text below) is true? Choose one. " * 4


def make(root: Path, samples: int) -> None:
    """Write a data root of all tasks of the 2025 edition; half of the folders are named by id, half by the task's name."""
    from genlevel.catalog import load

    tasks = list(load("2025").tasks.values())
    for i, task in enumerate(tasks):
        count = samples // len(tasks) + (i < samples % len(tasks))
        name = task.id.rpartition(".")[2] if i % 2 else task.name.replace("/", "-").replace(" ", "_")
        folder = root.joinpath(*(["nlp"] if task.modality == "language" else [task.modality, task.paradigm]), name)
        folder.mkdir(parents=True)
        image = task.modality != "language"
        if image:
            (folder / "images").mkdir()
            for k in range(4):
                (folder / "images" / f"{k}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        entries = [_entry(f"{i}-{j}", j, image) for j in range(count)]
        header = {
            "task": task.name,
            "type": task.paradigm,
            "modality": {"in": ["text"], "out": ["text"]},
            "version": "1",
        }
        (folder / "annotation.json").write_text(json.dumps({**header, "data": entries}))


def _entry(identifier: str, j: int, image: bool) -> dict[str, Any]:
    question = f"{j}: {_QUESTION}"
    given = {"image_file": f"./data/old/{j % 4}.png", "prompt": question} if image else {"question": question}
    return {"id": identifier, "input": {**given, "options": ["yes", "no", "neither"]}, "output": {"text": "neither"}}


def ours(root: Path) -> dict[str, float]:
    """Seconds of each step and the number of records."""
    from genlevel.catalog import load
    from genlevel.datasets import find_datasets
    from genlevel.datasets.paths import resolve_media
    from genlevel.records import Record

    catalog = load("2025")
    start = time.perf_counter()
    found = find_datasets(root, catalog)
    at_find = time.perf_counter()
    records = sum(isinstance(record, Record) for dataset in found.datasets for record in dataset.records())
    at_stream = time.perf_counter()
    images = 0
    for dataset in found.datasets:
        if dataset.task.modality == "language":
            continue
        for record in dataset.records():
            assert isinstance(record, Record)
            resolve_media(record.folder, record.value["input"]["image_file"])
            images += 1
    end = time.perf_counter()
    assert not found.unmatched, found.unmatched[0]
    return {
        "tasks": len(found.datasets),
        "records": records,
        "images": images,
        "find": at_find - start,
        "stream": at_stream - at_find,
        "images_s": end - at_stream,
    }


def peer(root: Path) -> dict[str, float]:
    """The loop written by hand."""
    start = time.perf_counter()
    records = 0
    for path in root.rglob("annotation.json"):
        with path.open(encoding="utf-8") as file:
            for entry in json.load(file)["data"]:
                records += "id" in entry
    return {"records": records, "stream": time.perf_counter() - start}


_SIDES: dict[str, Callable[[Path], dict[str, float]]] = {"ours": ours, "peer": peer}


def main(argv: Sequence[str] | None = None) -> None:
    """Generate, measure both, print a table and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=SAMPLES, help=f"how many in all (default: {SAMPLES})")
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "ROOT"), help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.side:
        result = _SIDES[args.side[0]](Path(args.side[1]))
        result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory(prefix="genlevel-bench-") as folder:
        root = Path(folder)
        start = time.perf_counter()
        make(root, args.samples)
        size = sum(path.stat().st_size for path in root.rglob("annotation.json")) / 2**20
        print(f"made {args.samples} samples, {size:.0f} MiB of JSON, in {time.perf_counter() - start:.1f} s")
        # The first pass over fresh files warms the page cache for both.
        results = {side: _measure(side, root) for side in ("peer", "ours")}
    _report(results["ours"], results["peer"])


def _measure(side: str, root: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--side", side, str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _report(ours_: dict[str, float], peer_: dict[str, float]) -> None:
    assert ours_["records"] == peer_["records"]
    total = ours_["find"] + ours_["stream"]
    print(
        f"genlevel  find {ours_['tasks']:.0f} tasks {ours_['find']:.2f} s, stream {ours_['records']:.0f} records",
        end=" ",
    )
    print(f"{ours_['stream']:.2f} s: {ours_['records'] / total:,.0f} samples/s, peak {ours_['peak_mib']:.0f} MiB")
    print(f"          read again and find {ours_['images']:.0f} images by base name {ours_['images_s']:.2f} s")
    print(f"json.load {peer_['stream']:.2f} s: {peer_['records'] / peer_['stream']:,.0f} samples/s", end=", ")
    print(f"peak {peer_['peak_mib']:.0f} MiB")
    print(f"loading: {peer_['stream'] / total:.2f} x the speed of the json.load loop")


if __name__ == "__main__":
    main()
