"""Random answers and references for metrics of ranks, tables, code, ratings, music and videos; see the module beside."""

from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Pairs = tuple[list[Any], list[Any]]
_ITEMS = [f"item {k}" for k in range(14)]


def rankings(rng: Rng, n: int) -> Pairs:
    references = [[str(w) for w in rng.choice(_ITEMS, rng.integers(1, 3), replace=False)] for _ in range(n)]
    return [[str(w) for w in rng.permutation(_ITEMS)] for _ in range(n)], references


def tables(rng: Rng, n: int) -> Pairs:
    def row(tag: str, cells: list[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{c}</{tag}>" for c in cells) + "</tr>"

    def one() -> list[list[str]]:
        return [[str(rng.integers(0, 99)) for _ in range(3)] for _ in range(rng.integers(1, 4))]

    def page(cells: list[list[str]]) -> str:
        head = f"<thead>{row('th', ['a', 'b', 'c'])}</thead>"
        return f"<table>{head}<tbody>{''.join(row('td', c) for c in cells)}</tbody></table>"

    references = [one() for _ in range(n)]
    return [page([*r[:1], *one()]) for r in references], [page(r) for r in references]


def programs(rng: Rng, n: int) -> Pairs:
    def one() -> str:
        name, by = rng.choice(["add", "mul", "top"]), int(rng.integers(1, 9))
        sign = rng.choice(["+", "*", "-"])
        return f"def {name}(x, y):\n    z = x {sign} {by}\n    if z > y:\n        return z\n    return y\n"

    return [one() for _ in range(n)], [[one()] for _ in range(n)]


def grades(rng: Rng, n: int) -> Pairs:
    return [float(v) for v in rng.integers(1, 11, n)], ["anything"] * n


def opinions(rng: Rng, n: int) -> Pairs:
    return [[float(v) for v in rng.integers(2, 6, rng.integers(1, 4))] for _ in range(n)], [None] * n


def preferences(rng: Rng, n: int) -> Pairs:
    return [[float(v) for v in rng.choice([0.5, 1.0, 0.0], rng.integers(1, 4))] for _ in range(n)], [None] * n


def emotions(rng: Rng, n: int) -> Pairs:
    known = ["calm", "sad", "happy"]
    return [str(w) for w in rng.choice(known, n)], [str(w) for w in rng.choice(known, n)]


def tunes(rng: Rng, n: int) -> Pairs:
    def one(pitch: float) -> Any:
        t = np.arange(16000) / 16000
        return (np.sin(2 * np.pi * 220 * 2 ** (np.round(pitch) / 12) * t).astype(np.float32), 16000)

    pitches = rng.uniform(0, 24, n)
    return [one(p + rng.normal() * 2) for p in pitches], [one(p) for p in pitches]


def spoken(rng: Rng, n: int) -> Pairs:
    def one(noise: float, pitch: float) -> Any:
        t = np.arange(16000) / 16000
        voice = np.sin(2 * np.pi * pitch * t) * (1.2 + np.sin(2 * np.pi * 4 * t))
        return (0.2 * voice + noise * rng.normal(size=len(t)), 16000)

    pitches = rng.uniform(100, 300, n)
    return [one(0.05, p) for p in pitches], [one(0.001, p) for p in pitches]


def single_masks(rng: Rng, n: int) -> Pairs:
    references = [rng.random((9, 8)) < 0.4 for _ in range(n)]
    return [r ^ (rng.random(r.shape) < 0.2) for r in references], references


def videos(rng: Rng, n: int) -> Pairs:
    def one() -> Any:
        ground = rng.integers(0, 200, (40, 48, 3), dtype=np.uint8)
        step = int(rng.integers(0, 8))
        return np.stack([np.roll(ground, k * step, axis=1) for k in range(5)])

    return [one() for _ in range(n)], [None] * n


def _seen(rng: Rng, label: str) -> list[dict[str, Any]]:
    colour = str(rng.choice(["red", "blue"]))
    return [
        {"label": label, "box": [30.0 * k, 0.0, 20.0, 20.0], "score": 0.9, "color": colour}
        for k in range(rng.integers(1, 3))
    ]


def one_kind(rng: Rng, n: int) -> Pairs:
    wanted = [{"include": [{"class": "cat", "count": 1 + k % 2}]} for k in range(n)]
    return [_seen(rng, "cat") for _ in range(n)], wanted


def two_kinds(rng: Rng, n: int) -> Pairs:
    wanted = [{"include": [{"class": "cat", "count": 1}, {"class": "dog", "color": "red"}]} for _ in range(n)]
    return [_seen(rng, "cat") + _seen(rng, "dog") for _ in range(n)], wanted


REST_EXAMPLES: dict[str, Callable[[Rng, int], Pairs]] = {
    **dict.fromkeys(("recall_at_1", "recall_at_5", "recall_at_10", "mrr"), rankings),
    **dict.fromkeys(("teds", "teds_struct"), tables),
    "codebleu": programs,
    "gpt_score": grades,
    "mos": opinions,
    "user_preference_rate": preferences,
    "e_acc": emotions,
    "chroma_similarity": tunes,
    "pesq": spoken,
    "mask_iou": single_masks,
    **dict.fromkeys(("temporal_l1_consistency", "dynamic_degree"), videos),
    "single_object_success_rate": one_kind,
    **dict.fromkeys(("success_rate", "multi_object_success_rate"), two_kinds),
}
