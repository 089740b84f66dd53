"""Run the benchmarks: ``python -m benchmarks [NAME ...]``. Each prints ratios against a named peer, measured in the same run."""

import importlib
import pkgutil
import sys
import time
from pathlib import Path


def main() -> int:
    here = Path(__file__).parent
    names = sorted(m.name for m in pkgutil.iter_modules([str(here)]) if not m.name.startswith("_") and not m.ispkg)
    chosen = sys.argv[1:] or names
    unknown = set(chosen) - set(names)
    if unknown:
        print(f"unknown benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}", file=sys.stderr)
        return 2
    for name in chosen:
        print(f"\n== {name}", flush=True)
        start = time.perf_counter()
        sys.argv = [name]
        importlib.import_module(f"benchmarks.{name}").main()
        print(f"-- {name}: {time.perf_counter() - start:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
