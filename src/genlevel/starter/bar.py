"""The specialists' scores on the starter set, which are its bar: stored for seed 0, measured for any other.

``python -m genlevel.starter.bar`` measures seed 0 anew and writes ``specialists.csv``, to be run whenever a task or a specialist
has changed.
"""

from __future__ import annotations

import csv
import importlib.metadata
import io
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from genlevel.errors import ModelError, RecordError
from genlevel.records import Direction, Prediction

if TYPE_CHECKING:
    from genlevel.datasets import Dataset

STORED = "specialists.csv"
_DIGITS = 5


class Bar(NamedTuple):
    """Scores by task id in the catalog's printed unit, and what a reader must know of them."""

    scores: Mapping[str, float]
    note: str = ""


def bar(folder: Path, seed: int) -> Bar:
    """The specialists' scores on the starter set in ``folder``, which was made from ``seed``.

    Stored ones serve where they would come out the same: for seed 0 and the libraries that they were measured with. Else they are
    measured; without scikit-image and scikit-learn the stored ones stand in, with a note.
    """
    stored, libraries = read_stored()
    try:
        here = installed()
    except ModelError:
        return Bar(stored, "" if seed == 0 else "sota is that of seed 0; with genlevel[demo] it is measured")
    return Bar(stored) if seed == 0 and here == libraries else Bar(measure(folder))


def read_stored() -> tuple[dict[str, float], str]:
    """The stored scores and the libraries that they were measured with."""
    rows = list(csv.DictReader(io.StringIO(files("genlevel.starter").joinpath(STORED).read_text(encoding="utf-8"))))
    return {row["task_id"]: float(row["sota"]) for row in rows}, rows[0]["measured_with"] if rows else ""


def installed() -> str:
    """The libraries that the specialists rest on, with their versions.

    Raises:
        ModelError: if one is missing.
    """
    from genlevel.starter.specialists.base import require_extra

    require_extra()
    return " ".join(f"{name}={importlib.metadata.version(name)}" for name in ("scikit-image", "scikit-learn"))


def measure(folder: Path, tasks: Sequence[str] = ()) -> dict[str, float]:
    """Let the specialists answer the starter set in ``folder``, and score them.

    Args:
        folder: a starter set with its catalog.
        tasks: ids; all if empty.

    Raises:
        ModelError: if the libraries are not installed.
    """
    from genlevel.catalog import load
    from genlevel.datasets import find_datasets

    catalog = load(catalog=folder / "catalog.csv")
    datasets = [d for d in find_datasets(folder, catalog).datasets if not tasks or d.task.id in tasks]
    return {d.task.id: _measure(d) for d in datasets}


def _measure(dataset: Dataset) -> float:
    from genlevel import tasktypes
    from genlevel.models.specialists import fitted
    from genlevel.scoring import score_task

    answerer, kind = fitted(dataset), tasktypes.for_task(dataset.task)
    predictions = {}
    for record in dataset.records():
        if isinstance(record, RecordError):
            raise record
        request = kind.ask(kind.read(record), dataset.task)
        predictions[record.id] = Prediction(record.id, parts=(answerer.answer(request),))
    score = score_task(dataset, predictions, model="specialist", intervals=False).score
    if score.value is None:
        raise ModelError(f"the specialist of {dataset.task.id} could not be measured: {score.note}")
    return cut(score.value, dataset.task.direction)


def cut(score: float, direction: Direction) -> float:
    """The score with five digits, rounded to its worse side: the same method, run again, does not miss it by a rounding.

    >>> cut(87.65432, "higher"), cut(0.04123713, "lower")
    (87.654, 0.041238)
    """
    if score == 0.0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(score))) + 1 - _DIGITS)
    # A score that already has five digits stays what it is, whatever its binary form.
    steps = round(score / unit, 6)
    whole = math.floor(steps) if direction == "higher" else math.ceil(steps)
    return float(f"{whole * unit:.{_DIGITS}g}")


def main() -> int:
    """Measure seed 0 and store the scores beside this module."""
    from genlevel.starter.make import make_starter, starter_tasks

    with tempfile.TemporaryDirectory() as folder:
        scores = measure(make_starter(Path(folder), measured=False))
    with (Path(__file__).parent / STORED).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task_id", "sota", "specialist", "measured_with"])
        for task in starter_tasks():
            writer.writerow([task.id, repr(scores[task.id]), task.specialist, installed()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
