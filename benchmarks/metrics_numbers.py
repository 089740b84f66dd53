"""Metrics of numbers, depth, flow, normals, ratings and ranks against libraries; see :mod:`benchmarks._race`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, compute, mean, run, torchmetrics


def some_numbers() -> tuple[Any, Any]:
    r = np.random.default_rng(0)
    truth = r.uniform(1, 20, 20_000)
    return truth + r.normal(size=20_000), truth


def numbers() -> list[Race]:
    """Errors of 20,000 samples of one number each, held as lists; the peers take arrays made of them."""
    from scipy.stats import pearsonr
    from sklearn import metrics as sk

    given, truth = some_numbers()
    lists = given.tolist(), truth.tolist()
    return [
        Race("mae", "scikit-learn", 20_000, compute("mae", *lists), lambda: float(sk.mean_absolute_error(*lists[::-1]))),
        Race("mse", "scikit-learn", 20_000, compute("mse", *lists), lambda: float(sk.mean_squared_error(*lists[::-1]))),
        Race("rmse", "scikit-learn", 20_000, compute("rmse", *lists),
             lambda: float(sk.root_mean_squared_error(*lists[::-1]))),
        Race("pcc", "scipy", 20_000, compute("pcc", *lists), lambda: float(pearsonr(*lists).statistic)),
    ]  # fmt: skip


def torch_numbers() -> list[Race]:
    """The same by torchmetrics."""
    torchmetrics()
    import torch
    from torchmetrics.functional import regression as peer

    given, truth = some_numbers()
    lists = given.tolist(), truth.tolist()

    def by(function: Callable[..., Any]) -> Callable[[], float]:
        return lambda: float(function(*(torch.tensor(side, dtype=torch.float64) for side in lists)))

    return [
        Race("mae", "torchmetrics", 20_000, compute("mae", *lists), by(peer.mean_absolute_error)),
        Race("mse", "torchmetrics", 20_000, compute("mse", *lists), by(peer.mean_squared_error)),
        Race("rmse", "torchmetrics", 20_000, compute("rmse", *lists),
             by(lambda a, b: peer.mean_squared_error(a, b, squared=False))),
        Race("pcc", "torchmetrics", 20_000, compute("pcc", *lists), by(peer.pearson_corrcoef)),
    ]  # fmt: skip


_DEPTH: dict[str, Callable[[Any, Any], Any]] = {
    "abs_rel": lambda x, y: (np.abs(x - y) / y).mean(),
    "sq_rel": lambda x, y: ((x - y) ** 2 / y).mean(),
    "rms": lambda x, y: np.sqrt(((x - y) ** 2).mean()),
    "rms_log": lambda x, y: np.sqrt(((np.log(x) - np.log(y)) ** 2).mean()),
    "log10": lambda x, y: np.abs(np.log10(x) - np.log10(y)).mean(),
    "silog": lambda x, y: 100 * np.std(np.log(x) - np.log(y)),
    "delta1": lambda x, y: (np.maximum(x / y, y / x) < 1.25).mean(),
    "delta2": lambda x, y: (np.maximum(x / y, y / x) < 1.25**2).mean(),
    "delta3": lambda x, y: (np.maximum(x / y, y / x) < 1.25**3).mean(),
}


def depth() -> list[Race]:
    """10 depth maps of 480 x 640, in float32 as models give them; by NumPy as the papers' scripts write it."""
    r = np.random.default_rng(1)
    truth = [r.uniform(0.5, 10, (480, 640)).astype(np.float32) for _ in range(10)]
    given = [(t * np.exp(r.normal(0, 0.2, t.shape))).astype(np.float32) for t in truth]
    for t in truth:
        t[:40] = 0

    def script(formula: Callable[[Any, Any], Any]) -> Callable[[], float]:
        def value() -> float:
            numbers = []
            for g, t in zip(given, truth, strict=True):
                known = (t > 0) & (t <= 10)
                numbers.append(formula(np.clip(g[known].astype(np.float64), 1e-3, 10), t[known].astype(np.float64)))
            return mean(numbers)

        return value

    return [
        Race(name, "numpy script", 10, compute(name, given, truth, high=10.0), script(formula))
        for name, formula in _DEPTH.items()
    ]


def fields() -> list[Race]:
    """Optical flow and normals of 6 maps of 436 x 1024, by NumPy."""
    r = np.random.default_rng(2)
    truth = [r.normal(0, 20, (436, 1024, 2)).astype(np.float32) for _ in range(6)]
    given = [(t + r.normal(0, 3, t.shape)).astype(np.float32) for t in truth]
    pairs = list(zip(given, truth, strict=True))

    def far(g: Any, t: Any) -> Any:
        apart = np.linalg.norm(g - t, axis=-1)
        return ((apart > 3) & (apart / np.linalg.norm(t, axis=-1) > 0.05)).mean()

    normals = [[np.dstack([m, np.ones(m.shape[:2], np.float32) * 30]) for m in side] for side in (given, truth)]

    def angle(g: Any, t: Any) -> Any:
        g, t = (v.astype(np.float64) / np.linalg.norm(v.astype(np.float64), axis=-1, keepdims=True) for v in (g, t))
        return np.degrees(np.arccos(np.clip((g * t).sum(axis=-1), -1, 1))).mean()

    return [
        Race("epe", "numpy", 6, compute("epe", given, truth),
             lambda: mean(np.linalg.norm(g - t, axis=-1).mean(dtype=np.float64) for g, t in pairs)),
        Race("fl_all", "numpy", 6, compute("fl_all", given, truth), lambda: mean(far(g, t) for g, t in pairs)),
        Race("angular_error", "numpy", 6, compute("angular_error", *normals),
             lambda: mean(angle(g, t) for g, t in zip(*normals, strict=True))),
    ]  # fmt: skip


def ranks() -> list[Race]:
    """One right item among 5,000, from scores."""
    scores = np.random.default_rng(7).normal(size=(1000, 5000))
    right = list(range(1000))
    answers = [{"scores": row} for row in scores]

    def places() -> Any:
        return np.array(
            [int(np.flatnonzero(np.argsort(-row) == r)[0]) + 1 for row, r in zip(scores, right, strict=True)]
        )

    return [
        Race("mrr", "numpy argsort", 1000, compute("mrr", answers, right), lambda: float(np.mean(1 / places()))),
        *(
            Race(f"recall_at_{k}", "numpy argsort", 1000, compute(f"recall_at_{k}", answers, right),
                 lambda k=k: float(np.mean(places() <= k)))
            for k in (1, 5, 10)
        ),
    ]  # fmt: skip


def torch_ranks() -> list[Race]:
    """One right item among 1,000 for 200 queries, by torchmetrics."""
    torchmetrics()
    import torch
    from torchmetrics.functional import retrieval as peer

    scores = np.random.default_rng(8).random((200, 1000))  # above 0, as below it the peer counts nothing as right
    answers, right = [{"scores": row} for row in scores], list(range(200))

    def each(function: Callable[..., Any], **options: Any) -> Callable[[], float]:
        def value() -> float:
            wanted = torch.zeros(1000, dtype=torch.bool)
            found = []
            for row, r in zip(scores, right, strict=True):
                wanted.zero_()[r] = True
                found.append(function(torch.from_numpy(row), wanted, **options))
            return mean(found)

        return value

    return [
        Race("mrr", "torchmetrics", 200, compute("mrr", answers, right), each(peer.retrieval_reciprocal_rank)),
        *(
            Race(f"recall_at_{k}", "torchmetrics", 200, compute(f"recall_at_{k}", answers, right),
                 each(peer.retrieval_hit_rate, top_k=k))
            for k in (1, 5, 10)
        ),
    ]  # fmt: skip


def ratings() -> list[Race]:
    """Ratings of 5,000 samples by five people, and judged or recognised answers, in plain Python (there is no library)."""
    r = np.random.default_rng(9)
    stars = [list(map(float, row)) for row in r.integers(1, 6, (5000, 5))]
    wins = [list(map(float, row)) for row in r.choice([0.0, 0.5, 1.0], (5000, 5))]
    grades = list(map(float, r.integers(0, 11, 5000)))
    moods, wanted = ([str(w) for w in r.choice(["calm", "sad"], 5000)] for _ in range(2))
    objects = [
        [{"label": "cat", "box": [0.0, 0.0, 9.0, 9.0], "score": float(s), "color": "red"}] for s in r.random(5000)
    ]
    wishes = [{"include": [{"class": "cat", "count": 1}]}] * 5000
    pairs = [[*found, {**found[0], "label": "dog"}] for found in objects]
    both = [{"include": [{"class": "cat", "count": 1}, {"class": "dog", "count": 1}]}] * 5000
    nothing = [None] * 5000

    def granted(found: Any, wish: Any) -> bool:
        """As GenEval's script asks it: of each class the best detections above the threshold, at least so many."""
        best: dict[str, list[Any]] = {}
        for o in sorted(found, key=lambda o: -o["score"]):
            if o["score"] > 0.3:
                best.setdefault(o["label"], []).append(o)
        return all(len(best.get(w["class"], ())) >= w["count"] for w in wish["include"])

    def seen(answers: Any, wanted: Any) -> Callable[[], float]:
        return lambda: mean(granted(found, wish) for found, wish in zip(answers, wanted, strict=True))

    return [
        Race("mos", "loop", 5000, compute("mos", stars, nothing), lambda: mean(sum(s) / len(s) for s in stars)),
        Race("user_preference_rate", "loop", 5000, compute("user_preference_rate", wins, nothing),
             lambda: mean(sum(w) / len(w) for w in wins)),
        Race("gpt_score", "loop", 5000, compute("gpt_score", grades, ["x"] * 5000), lambda: mean(g / 10 for g in grades)),
        Race("e_acc", "loop", 5000, compute("e_acc", moods, wanted),
             lambda: mean(a == b for a, b in zip(moods, wanted, strict=True))),
        *(
            Race(name, "loop", 5000, compute(name, objects, wishes), seen(objects, wishes))
            for name in ("success_rate", "single_object_success_rate")
        ),
        Race("multi_object_success_rate", "loop", 5000, compute("multi_object_success_rate", pairs, both),
             seen(pairs, both)),
    ]  # fmt: skip


GROUPS: Groups = (numbers, torch_numbers, depth, fields, ranks, torch_ranks, ratings)


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
