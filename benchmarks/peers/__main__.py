"""The same requests by genlevel and by other harnesses, against one loopback server that answers after 20 ms.

``python -m benchmarks.peers [--samples 2000] [--concurrency 64] [--latency MS] [--repeats 3] [--envs DIR] [PEER ...]``

Every harness runs as its users run it, in an environment of its own below ``--envs``, which is made the first time (some
hundreds of MB each). A run is a whole process, from its start to its score. The server says how many requests it got, in what
time and how many bytes; the system says how much CPU and memory the process and its children took. Harnesses take turns, and
the medians are printed. Rates are of the window between the first request and the last answer. Nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.server import running

HERE = Path(__file__).parent
_IMAGE_BYTES = 6000


@dataclass(frozen=True)
class Peer:
    """A harness: what is installed, and the script that runs it."""

    name: str
    script: str
    packages: tuple[str, ...]


# Where a harness pulls torch, the build without CUDA is put there first.
_TORCH = "torch==2.13.0"
PEERS = {
    peer.name: peer
    for peer in (
        Peer("inspect-ai", "run_inspect.py", ("inspect-ai", "openai")),
        Peer("evalscope", "run_evalscope.py", ("evalscope",)),
        Peer("lm-eval", "run_lm_eval.py", ("lm-eval[api]", "pillow")),
        Peer("lmms-eval", "run_lmms_eval.py", (_TORCH, "lmms-eval", "filelock<3.20")),
    )
}


def environment(peer: Peer, envs: Path) -> Path:
    """The peer's Python, with its packages."""
    folder = envs / peer.name
    python = folder / "bin/python"
    if not (folder / "ready").exists():
        print(f"making {folder} ...", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for package in peer.packages:
            # One at a time, so that a pinned torch is there before anything asks for another one.
            pins = [_TORCH] if _TORCH in peer.packages else []
            subprocess.run([str(python), "-m", "pip", "install", "-q", package, *pins], check=True)
        (folder / "ready").touch()
    return python


def make(root: Path, samples: int) -> None:
    """A folder of text samples and one of samples with a small picture each."""
    import numpy as np

    from genlevel.media import encode_png

    choose = np.random.default_rng(0)
    for kind in ("text", "image"):
        folder = root / kind
        folder.mkdir(parents=True)
        entries: list[dict[str, Any]] = []
        for i in range(samples):
            shown: dict[str, Any] = {"prompt": f"{i}: is this the statement that is true? Answer yes or no."}
            if kind == "image":
                shown["image_file"] = f"{i}.png"
                side = int((_IMAGE_BYTES / 3) ** 0.5)
                (folder / f"{i}.png").write_bytes(encode_png(choose.integers(0, 256, (side, side, 3)).astype(np.uint8)))
            entries.append({"id": i, "input": shown, "output": {"text": "yes"}})
        (folder / "annotation.json").write_text(json.dumps({"task": kind, "type": "comprehension", "data": entries}))
    rows = [
        "id,modality,paradigm,name,task_type,metric",
        "text,language,language,Text,question-answering,exact_match",
        "image,image,comprehension,Image,visual-question-answering,exact_match",
    ]
    (root / "catalog.csv").write_text("\n".join(rows) + "\n")


def measure(command: list[str], log: Path, latency: float) -> dict[str, float]:
    """One run: wall and CPU seconds and the peak of memory of the process and its children, and the server's counts."""
    seen: dict[str, float] = {}
    with running(latency, seen) as url, log.open("wb") as out:
        began, clock = time.perf_counter(), time.time()
        process = subprocess.Popen([part.replace("URL", url) for part in command], stdout=out, stderr=subprocess.STDOUT)
        peak, stop = [0.0], threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, peak, stop))
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        stop.set()
        watch.join()
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not seen["requests"]:
        raise RuntimeError(
            f"{command[0]} ended with {process.returncode}; the last of its log:\n{log.read_text()[-2000:]}"
        )
    window = seen["last"] - seen["first"]
    return {
        "wall": wall,
        "start": seen["first"] - clock,
        "requests": seen["requests"],
        "rate": seen["requests"] / window if window > 0 else 0.0,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": peak[0],
        "sent": seen["bytes"] / 2**20,
        "in_flight": seen["most_in_flight"],
    }


def _watch(pid: int, peak: list[float], stop: threading.Event) -> None:
    """The most memory (MiB, resident) that a process and its children had together."""
    while not stop.wait(0.05):
        total = 0.0
        for each in _family(pid):
            with contextlib.suppress(OSError, IndexError, ValueError):
                total += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        peak[0] = max(peak[0], total)


def _family(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += _family(int(child))
    return found


def command_of(name: str, args: argparse.Namespace, root: Path, kind: str, out: Path) -> list[str]:
    """How a harness is run; URL stands for the server's address."""
    if name == "genlevel":
        return [
            sys.executable, "-m", "genlevel", "run", "--model", f"openai:m?base_url=URL&concurrency={args.concurrency}",
            "--data", str(root), "--tasks", kind, "--out", str(out),
        ]  # fmt: skip
    python = environment(PEERS[name], args.envs)
    return [str(python), str(HERE / PEERS[name].script), str(root), kind, "URL", str(args.concurrency), str(out)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(PEERS)} (default: all)")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=20.0, help="milliseconds")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--envs", type=Path, default=Path.home() / ".cache/genlevel-peers")
    parser.add_argument("--kinds", nargs="+", default=["text", "image"], choices=["text", "image"])
    args = parser.parse_args()
    names = ["genlevel", *(args.peers or PEERS)]
    unknown = set(names) - {"genlevel", *PEERS}
    if unknown:
        parser.error(f"unknown peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    for name in names[1:]:
        environment(PEERS[name], args.envs)
    print(f"{args.samples} samples, {args.concurrency} in flight, {args.latency:g} ms, median of {args.repeats}")
    print(
        f"{'':6}{'':12}{'requests/s':>11}{'s in all':>10}{'ratio':>8}{'first after s':>15}{'CPU s/1000':>12}{'peak MiB':>10}"
        f"{'sent MiB':>10}{'requests':>10}{'in flight':>11}"
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        make(root, args.samples)
        for kind in args.kinds:
            _compare(names, kind, root, Path(folder), args)


def _compare(names: list[str], kind: str, root: Path, folder: Path, args: argparse.Namespace) -> None:
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for turn in range(args.repeats):
        for name in random.Random(turn).sample(names, len(names)):
            out = folder / f"{name}-{kind}-{turn}"
            try:
                runs[name].append(
                    measure(command_of(name, args, root, kind, out), folder / "log.txt", args.latency / 1000)
                )
            except RuntimeError as error:
                print(f"{kind:6}{name}: {error}", file=sys.stderr, flush=True)
    best = 0.0
    for name, values in runs.items():
        if not values:
            print(f"{kind:6}{name:12} did not run")
            continue
        middle = {key: statistics.median(v[key] for v in values) for key in values[0]}
        best = best or middle["wall"]
        print(
            f"{kind:6}{name:12}{middle['rate']:11.0f}{middle['wall']:10.2f}{middle['wall'] / best:8.1f}{middle['start']:15.2f}"
            f"{middle['cpu'] / args.samples * 1000:12.2f}{middle['peak']:10.0f}{middle['sent']:10.1f}{middle['requests']:10.0f}"
            f"{middle['in_flight']:11.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
