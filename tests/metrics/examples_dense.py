"""Random answers and references for metrics of dense, structured and moving things; see :mod:`tests.metrics.examples`."""

from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Pairs = tuple[list[Any], list[Any]]


def boxes_in_space(rng: Rng, n: int) -> Pairs:
    def one() -> dict[str, Any]:
        box = [*rng.uniform(-9, 9, 2), 0.0, *rng.uniform(1, 5, 3), rng.uniform(-3, 3)]
        return {"label": str(rng.choice(["car", "van"])), "box": [float(v) for v in box]}

    references = [[one() for _ in range(rng.integers(1, 4))] for _ in range(n)]
    near = [
        [o | {"box": [v + float(rng.normal()) * 0.1 for v in o["box"]], "score": float(rng.random())} for o in r]
        for r in references
    ]
    return [[*a, one() | {"score": float(rng.random())}] for a in near], references


def panoptic(rng: Rng, n: int) -> Pairs:
    def segments(ids: Any) -> dict[str, Any]:
        return {"map": ids, "segments": [{"id": int(i), "label": f"c{i % 2}"} for i in np.unique(ids) if i]}

    truth = [np.kron(rng.integers(0, 5, (3, 3)), np.ones((4, 4), int)) for _ in range(n)]
    return [segments(np.where(rng.random(t.shape) < 0.1, 0, t)) for t in truth], [segments(t) for t in truth]


def triplets(rng: Rng, n: int) -> Pairs:
    def some() -> list[list[str]]:
        return [[str(w) for w in rng.choice(["man", "hat", "dog", "on"], 3)] for _ in range(rng.integers(1, 5))]

    references = [some() for _ in range(n)]
    return [r[:1] + some() for r in references], references


def tubes(rng: Rng, n: int) -> Pairs:
    references = [{f: [float(f), 0.0, 9.0, 9.0] for f in range(int(rng.integers(3, 9)))} for _ in range(n)]
    return [{f + 1: [v + float(rng.normal()) for v in b] for f, b in r.items()} for r in references], references


def moments(rng: Rng, n: int) -> Pairs:
    references = [[float(v), float(v + rng.uniform(2, 9))] for v in rng.uniform(0, 9, n)]
    return [[r[0] + float(rng.uniform(0, 2)), r[1] + 1.0] for r in references], references


def maps(rng: Rng, n: int) -> Pairs:
    references = [(rng.random((12, 13)) < 0.3).astype(np.uint8) for _ in range(n)]
    return [np.clip(r * 0.5 + rng.uniform(0, 0.5, r.shape), 0, 1) for r in references], references


def mattes(rng: Rng, n: int) -> Pairs:
    references = [rng.random((12, 13)) for _ in range(n)]
    return [np.clip(r + rng.normal(0, 0.1, r.shape), 0, 1) for r in references], references


def video_objects(rng: Rng, n: int) -> Pairs:
    references = [np.kron(rng.integers(0, 3, (3, 3, 3)), np.ones((1, 5, 5), int)) for _ in range(n)]
    for r in references:
        r[0, 0, 0] = 1
    return [np.where(rng.random(r.shape) < 0.2, 0, r) for r in references], references


def many_tracks(rng: Rng, n: int) -> Pairs:
    def film() -> list[list[dict[str, Any]]]:
        starts = rng.uniform(0, 90, (3, 2))
        return [
            [
                {"id": k, "label": "car", "box": [float(x + 2 * t), float(y), 20.0, 20.0]}
                for k, (x, y) in enumerate(starts)
            ]
            for t in range(5)
        ]

    def seen(truth: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
        score = rng.random(9)
        return [
            [
                o | {"id": o["id"] if rng.random() < 0.9 else 7, "score": float(score[o["id"]])}
                for o in frame
                if rng.random() < 0.9
            ]
            for frame in truth
        ]

    references = [film() for _ in range(n)]
    return [seen(r) for r in references], references


def speech(rng: Rng, n: int) -> Pairs:
    t = np.arange(16000) / 16000
    references = [
        np.sin(2 * np.pi * rng.uniform(100, 900) * t) * (1 + np.sin(9 * t)) + 0.01 * rng.normal(size=16000)
        for _ in range(n)
    ]
    return [r + 0.2 * rng.normal(size=16000) for r in references], references


def flows(rng: Rng, n: int) -> Pairs:
    references = [rng.normal(0, 9, (5, 6, 2)) for _ in range(n)]
    return [r + rng.normal(0, 3, r.shape) for r in references], references


def normals(rng: Rng, n: int) -> Pairs:
    references = [rng.normal(size=(5, 6, 3)) for _ in range(n)]
    return [r + rng.normal(0, 0.5, r.shape) for r in references], references


def walks(rng: Rng, n: int) -> Pairs:
    references = [np.cumsum(rng.normal(size=(8, 3)), axis=0) for _ in range(n)]
    return [r + 0.1 * rng.normal(size=r.shape) for r in references], references


def turning_walks(rng: Rng, n: int) -> Pairs:
    def turns(angles: Any) -> Any:
        poses = np.tile(np.eye(4), (len(angles), 1, 1))
        poses[:, 0, 0], poses[:, 0, 1] = np.cos(angles), -np.sin(angles)
        poses[:, 1, 0], poses[:, 1, 1] = np.sin(angles), np.cos(angles)
        return poses

    angles = [np.cumsum(rng.normal(0, 0.3, 6)) for _ in range(n)]
    return [turns(a + rng.normal(0, 0.1, 6)) for a in angles], [turns(a) for a in angles]


def clouds_with_normals(rng: Rng, n: int) -> Pairs:
    references = [rng.normal(size=(20, 6)) for _ in range(n)]
    return [r + 0.1 * rng.normal(size=r.shape) for r in references], references


def bare_clouds(rng: Rng, n: int) -> Pairs:
    answers, references = clouds_with_normals(rng, n)
    return [a[:, :3] for a in answers], [r[:, :3] for r in references]


DENSE_EXAMPLES: dict[str, Callable[[Rng, int], Pairs]] = {
    **dict.fromkeys(("map", "map50"), boxes_in_space),
    "pq": panoptic,
    **dict.fromkeys(("recall_at_20", "recall_at_50", "recall_at_100"), triplets),
    **dict.fromkeys(("m_viou", "viou_30", "viou_50"), tubes),
    **dict.fromkeys(("temporal_iou", "temporal_recall"), moments),
    **dict.fromkeys(("s_measure", "e_measure", "f_measure", "weighted_f_measure"), maps),
    **dict.fromkeys(("auc", "average_precision", "aupro"), maps),
    **dict.fromkeys(("sad", "grad", "matting_mse"), mattes),
    **dict.fromkeys(("region_j", "boundary_f", "j_and_f"), video_objects),
    **dict.fromkeys(("mota", "idf1", "hota", "amota"), many_tracks),
    **dict.fromkeys(("stoi", "mcd", "mel_distance"), speech),
    **dict.fromkeys(("epe", "fl_all"), flows),
    "angular_error": normals,
    **dict.fromkeys(("rte", "ate"), walks),
    "rre": turning_walks,
    "normal_consistency": clouds_with_normals,
    "emd": bare_clouds,
}
