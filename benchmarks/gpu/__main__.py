"""The parts one after another; see the package's docstring."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import benchmarks.gpu
from benchmarks.gpu.bench import Bench, shown
from benchmarks.gpu.process import AGAIN, started

PARTS = ("machine", "text", "oom", "vision", "agreement", "specialists", "pictures", "metrics", "engine")
_PATIENCE = 1.5
"""A part that has not seen that its time is up is stopped after so many times of it."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=benchmarks.gpu.__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--out", type=Path, default=None, help="where gpu.json goes")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each part")
    parser.add_argument("--tiny", action="store_true", help="small, to see that it runs")
    parser.add_argument("--spawn", action="store_true", help="parts import the libraries themselves")
    args = parser.parse_args()
    unknown = set(args.names) - set(PARTS)
    if unknown:
        print(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    lines: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        if not args.spawn:
            _import_libraries()
        for name in args.names or PARTS:
            lines += _part(name, args, Path(place))
            if args.out is not None:
                args.out.mkdir(parents=True, exist_ok=True)
                (args.out / "gpu.json").write_text(json.dumps(lines, indent=1))
    print("\n" + "\n".join(map(shown, lines)), flush=True)
    return int(any("failed" in line and line["failed"] for line in lines))


def _import_libraries() -> None:
    """Once, before processes are forked; nothing here may touch the GPU, whose state a fork cannot take along."""
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # a look at whether there is one does not touch it then
    for name in ("torch", "transformers", "numpy", "cv2", "genlevel.models.local.model", "genlevel.metrics"):
        importlib.import_module(name)


def _part(name: str, args: Any, place: Path) -> list[dict[str, Any]]:
    print(f"\n== {name}", flush=True)
    folder = place / name
    folder.mkdir()
    log = folder / "lines.jsonl"
    log.touch()
    start = time.monotonic()
    bench = Bench(name, args.device, args.tiny, folder, log, start + args.seconds)
    process = started(bench, "spawn" if args.spawn else "fork", args.seconds * _PATIENCE + 15)
    if process.exitcode == AGAIN:
        args.spawn = True
        process = started(bench, "spawn", args.seconds * _PATIENCE + 15)
    if process.is_alive():
        process.kill()
        process.join()
        bench.row("the part", failed="was stopped: its time was up")
    elif process.exitcode:
        bench.row("the part", failed=f"its process ended with {process.exitcode}")
    bench.row("all of it", took_s=round(time.monotonic() - start, 1))
    return [json.loads(line) for line in log.read_text().splitlines()]


if __name__ == "__main__":
    sys.exit(main())
