"""All 699 tasks of the 2025 edition on made data with the nearest-neighbour model: seconds for each step, and the level.

There is no peer: no other tool runs an edition. The whole way must stay below ten minutes on two cores.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import time
from pathlib import Path

from genlevel.catalog import load
from genlevel.cli import main as genlevel
from genlevel.specimens.write import make_specimens

LIMIT = 600.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, run = Path(folder) / "data", Path(folder) / "run"
        start = time.perf_counter()
        count = make_specimens(data, load("2025"))
        print(f"{count} tasks made in {time.perf_counter() - start:.1f} s")
        steps = (
            ["run", "--model", "nearest:", "--data", str(data), "--out", str(run), "--quiet", "--no-score"],
            ["score", str(run), "--format", "json"],
            ["level", str(run), "--format", "json"],
        )
        out = io.StringIO()
        for step in steps:
            begin = time.perf_counter()
            out = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
                status = genlevel(step)
            print(f"genlevel {step[0]}: {time.perf_counter() - begin:.1f} s, exit {status}")
        (level,) = json.loads(out.getvalue())["models"]
        total = time.perf_counter() - start
        scores = ", ".join(f"{name} {value:.2f}" for name, value in level["scores"].items())
        print(f"level {level['level']}, {scores}; {level['supported']} of {level['tasks']} tasks above 0")
        print(f"the whole way: {total:.1f} s, {LIMIT / total:.1f} x below the limit of {LIMIT:.0f} s")


if __name__ == "__main__":
    main()
