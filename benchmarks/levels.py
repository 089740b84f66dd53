"""Level of 1,000 models on the 699 tasks of the 2025 edition, against a row-by-row implementation.

The peer is how one writes the formulas first: a loop over models and tasks that maps, compares and adds numbers, with
``math`` and dictionaries. Both run here, in one process, on the same scores, and must agree.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping

import numpy as np

from genlevel.catalog import Catalog, load
from genlevel.levels import PROTOCOLS, rate_many

MODELS = 1000
ERRORS = {"mae": 50, "rms": 50, "mse": 5, "rmse": 5, "mcd": 5, "fid": 25, "fvd": 100, "fad": 10, "sad": 10, "rte": 0.5}
ERRORS |= {"abs_rel": 0.1, "epe": 1, "chamfer_distance": 1}
HALVES = [(m, p) for m in ("image", "video", "audio", "3d") for p in ("comprehension", "generation")]


def naive_sigma(metric: str, x: float) -> float:
    if metric in ERRORS:
        return 100 * (2 / (1 + math.exp(-min(ERRORS[metric] / x, 700.0))) - 1)
    if metric == "psnr":
        return 100 * math.tanh(x / 20)
    if metric == "wer":
        return max(0.0, 100 - x)
    if metric == "ms_ssim":
        return 50 * (x + 1)
    if metric == "mos":
        return 25 * (x - 1)
    return min(x, 100.0)


def naive_levels(rows: list[tuple[str, str, str, str, str, float]], scores: Mapping[str, float | None]) -> list[float]:
    """S2 to S4 of one model, task by task."""
    everything: dict[tuple[str, str], list[float]] = {}
    winning: dict[tuple[str, str], list[float]] = {}
    for task_id, modality, paradigm, metric, direction, sota in rows:
        value = scores.get(task_id)
        sigma = 0.0 if value is None else naive_sigma(metric, value)
        wins = value is not None and (value >= sota if direction == "higher" else value <= sota)
        everything.setdefault((modality, paradigm), []).append(sigma)
        winning.setdefault((modality, paradigm), []).append(sigma if wins else 0.0)
    s2 = sum(sum(everything[h]) / len(everything[h]) for h in HALVES) / 8
    means = {h: sum(winning[h]) / len(winning[h]) for h in HALVES}
    s4 = 0.0
    for modality in ("image", "video", "audio", "3d"):
        c, g = means[modality, "comprehension"], means[modality, "generation"]
        s4 += 2 * c * g / (c + g) / 4 if c * g > 0 else 0.0
    return [s2, sum(means.values()) / 8, s4]


def make_scores(catalog: Catalog) -> np.ndarray:
    """Scores around the specialists', a quarter of them missing."""
    generator = random.Random(0)
    tasks = list(catalog)
    matrix = np.full((MODELS, len(tasks)), np.nan)
    for j, task in enumerate(tasks):
        top = {"percent": 100.0, "fraction": 1.0, "raw": 5.0 if task.metric == "mos" else math.inf}[task.scale]
        bottom = 1.0 if task.metric == "mos" else 0.0
        for i in range(MODELS):
            if generator.random() < 0.75:
                matrix[i, j] = min(max((task.sota or 1.0) * generator.uniform(0.6, 1.2), bottom), top)
    return matrix


def timed(call: Callable[[], object], repeats: int) -> tuple[float, object]:
    best, result = math.inf, None
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - start)
    return best, result


def main() -> None:
    catalog = load("2025")
    matrix = make_scores(catalog)
    rows = [
        (t.id, t.modality, t.paradigm, t.metric, t.direction, t.sota or 0.0)
        for t in catalog
        if t.modality != "language"
    ]
    ids = [t.id for t in catalog]
    dicts = [{i: v for i, v in zip(ids, row, strict=True) if v == v} for row in matrix.tolist()]
    ours, levels = timed(lambda: rate_many(catalog, matrix, PROTOCOLS["paper-2025"]), 5)
    peer, expected = timed(lambda: [naive_levels(rows, d) for d in dicts], 3)
    assert isinstance(levels, list) and isinstance(expected, list)
    found = np.array([[level.scores[s] for s in ("S2", "S3", "S4")] for level in levels])
    worst = float(np.abs(found - np.array(expected)).max())
    assert worst < 1e-9, worst
    print(
        f"levels: {MODELS:,} models x {len(catalog)} tasks in {ours:.3f} s; row by row {peer:.3f} s; "
        f"ratio {peer / ours:.1f}x (largest difference {worst:.1e})"
    )


if __name__ == "__main__":
    main()
