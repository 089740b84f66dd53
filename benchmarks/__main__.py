"""Run the benchmarks: ``python -m benchmarks [NAME ...]``. Each prints ratios against a named peer, measured in the same run.

Each runs in a process of its own, as what one imports changes the time and memory of the next.
"""

import pkgutil
import subprocess
import sys
import time
from pathlib import Path

# These take long to set up, or a machine of their own: python -m benchmarks.peers, python -m benchmarks.gpu.
_APART = {"peers", "gpu"}


def main() -> int:
    here = Path(__file__).parent
    names = sorted(m.name for m in pkgutil.iter_modules([str(here)]) if not m.name.startswith("_"))
    chosen = sys.argv[1:] or [name for name in names if name not in _APART]
    unknown = set(chosen) - set(names)
    if unknown:
        print(f"unknown benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}", file=sys.stderr)
        return 2
    failed = []
    for name in chosen:
        print(f"\n== {name}", flush=True)
        start = time.perf_counter()
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
        print(f"-- {name}: {time.perf_counter() - start:.1f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
