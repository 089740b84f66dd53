"""Two implementations of one metric on the same data: the table that the benchmarks of metrics print.

Every line gives samples a second of both sides, their ratio, the difference between the two values, and the peak of memory
that Python and NumPy allocated for our call (tracemalloc, in a run of its own).
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from _pytest.outcomes import Skipped

Value = Callable[[], float]
Groups = Iterable[Callable[[], list["Race"]]]


@dataclass(frozen=True)
class Race:
    """One metric, one peer, one set of samples."""

    metric: str
    peer: str
    samples: int
    ours: Value
    theirs: Value


def compute(name: str, answers: Any, references: Any, **options: Any) -> Value:
    """Our side of a race."""
    from genlevel import metrics

    return lambda: metrics.compute(name, answers, references, **options)


def torchmetrics() -> Any:
    """torchmetrics. Where torchvision is missing, as beside a CPU-only torch, a stand-in takes its place during the import."""
    from tests.parity.without_torchvision import reference_module

    return reference_module("torchmetrics")


def mean(numbers: Iterable[Any]) -> float:
    """The mean of per-sample numbers of a peer."""
    values = [float(number) for number in numbers]
    return sum(values) / len(values)


def timed(*sides: Value, at_least: float = 0.25) -> list[tuple[float, float]]:
    """The value and the best time of each side; they take turns, so that a busy moment of the machine meets all of them."""
    best, values, spent, turns = [float("inf")] * len(sides), [0.0] * len(sides), 0.0, 0
    # Twice at least, unless it takes long.
    while spent < at_least * len(sides) or (turns < 2 and spent < 3.0):
        turns += 1
        for k, side in enumerate(sides):
            start = time.perf_counter()
            values[k] = side()
            seconds = time.perf_counter() - start
            best[k], spent = min(best[k], seconds), spent + seconds
    return list(zip(values, best, strict=True))


def peak(function: Value) -> float:
    """The peak of traced memory of one call, in MiB."""
    tracemalloc.start()
    function()
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return most


def run(groups: Groups, memory: Callable[[Value], float] = peak) -> None:
    """Run all races, or those of the metrics named on the command line; a group whose peer is not installed is left out."""
    groups = tuple(groups)
    chosen = set(sys.argv[1:])
    print(f"{'metric':<28}{'peer':<28}{'ours /s':>12}{'peer /s':>12}{'ratio':>8}{'difference':>12}{'peak MiB':>10}")
    for group in groups:
        try:
            found = group()
        except (ImportError, Skipped) as error:
            print(f"{group.__name__}: left out ({error})")
            continue
        for race in found:
            if chosen and race.metric not in chosen:
                continue
            race.ours()  # imports, caches of compiled patterns
            (ours, fast), (theirs, slow) = timed(race.ours, race.theirs)
            print(
                f"{race.metric:<28}{race.peer:<28}{race.samples / fast:>12,.1f}{race.samples / slow:>12,.1f}{slow / fast:>8.1f}"
                f"{abs(ours - theirs):>12.1e}{memory(race.ours):>10.1f}",
                flush=True,
            )
