"""Objects in space: turned IoU against shapely, AP against published algorithms written out."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.metrics.detection_3d import footprint, turned_iou

shapely = pytest.importorskip("shapely")


def turned(r: np.random.Generator, n: int) -> Any:
    return np.column_stack([r.uniform(-4, 4, (n, 3)), r.uniform(0.1, 5, (n, 3)), r.uniform(-7, 7, n)])


def shapely_iou(a: Any, b: Any) -> float:
    corners = [shapely.Polygon(c) for c in footprint(np.array([a, b]))]
    low, high = (f([a[2] + s * a[5] / 2, b[2] + s * b[5] / 2]) for f, s in ((max, -1), (min, 1)))
    both = corners[0].intersection(corners[1]).area * max(high - low, 0.0)
    return both / (np.prod(a[3:6]) + np.prod(b[3:6]) - both)


def test_turned_iou() -> None:
    r = np.random.default_rng(0)
    a, b = turned(r, 600), turned(r, 600)
    b[:200] = a[:200] + r.normal(0, 0.2, (200, 7)) * [1, 1, 1, 0, 0, 0, 1]
    want = [shapely_iou(x, y) for x, y in zip(a, b, strict=True)]
    assert sum(w > 0.01 for w in want) > 150
    assert turned_iou(a, b) == pytest.approx(want, abs=1e-9)


def test_turned_iou_of_touching_contained_and_equal_boxes() -> None:
    box = np.array([1e4, -1e4, 0, 4, 2, 2, 0.3])
    inner, quarter = box * [1, 1, 1, 0.5, 0.5, 0.5, 1], np.add(box, [0, 0, 0, -2, 2, 0, np.pi / 2])
    beside = np.add(box, [4 * np.cos(0.3), 4 * np.sin(0.3), 0, 0, 0, 0, 0])
    flat = box * [1, 1, 1, 1, 1, 0, 1]
    pairs = [
        (box, box, 1.0),
        (box, inner, 0.125),
        (box, quarter, 1.0),
        (box, beside, 0.0),
        (box, flat, 0.0),
        (flat, flat, 0.0),
    ]
    for a, b, want in pairs:
        assert turned_iou(a[None], b[None])[0] == pytest.approx(want, abs=1e-8)


def scenes(seed: int) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(seed)
    answers, references = [], []
    for _ in range(12):
        truth = [{"label": f"c{r.integers(2)}", "box": box} for box in turned(r, r.integers(0, 6)).tolist()]
        near = [
            t | {"box": (np.array(t["box"]) + r.normal(0, 0.15, 7)).tolist(), "score": float(r.random())} for t in truth
        ]
        near = [n | {"box": [*n["box"][:3], *np.abs(n["box"][3:6]), n["box"][6]]} for n in near if r.random() < 0.9]
        false = [{"label": f"c{r.integers(2)}", "box": b, "score": float(r.random())} for b in turned(r, 3).tolist()]
        answers.append(near + false)
        references.append(truth)
    return answers, references


def greedy(answers: Any, references: Any, label: str, fits: Any) -> tuple[Any, int]:
    """True and false positives over the set by falling score: the textbook loop, one detection at a time."""
    ranked = sorted(
        ((d["score"], i, d) for i, items in enumerate(answers) for d in items if d["label"] == label),
        key=lambda x: -x[0],
    )
    truths = [[t for t in items if t["label"] == label] for items in references]
    taken, hits = set(), []
    for _, i, d in ranked:
        best = max(
            ((fits(d["box"], t["box"]), k) for k, t in enumerate(truths[i]) if (i, k) not in taken), default=(None, -1)
        )
        hits.append(best[0] is not None and best[0] >= 0)
        if hits[-1]:
            taken.add((i, best[1]))
    return np.array(hits), sum(map(len, truths))


@pytest.mark.parametrize("seed", range(3))
def test_map50_is_the_area_under_the_envelope(seed: int) -> None:
    answers, references = scenes(seed)
    want = []
    for label in ("c0", "c1"):
        hits, total = greedy(answers, references, label, lambda a, b: shapely_iou(np.array(a), np.array(b)) - 0.5)
        recall, precision = np.cumsum(hits) / total, np.cumsum(hits) / np.arange(1, len(hits) + 1)
        # PASCAL VOC 2010: sum over the places where recall grows of the best precision from there on.
        mrec, mpre = np.concatenate([[0], recall, [1]]), np.concatenate([[0], precision, [0]])
        for k in range(len(mpre) - 1, 0, -1):
            mpre[k - 1] = max(mpre[k - 1], mpre[k])
        grows = np.flatnonzero(mrec[1:] != mrec[:-1])
        want.append(np.sum((mrec[grows + 1] - mrec[grows]) * mpre[grows + 1]))
    assert metrics.compute("map50", answers, references) == pytest.approx(np.mean(want), abs=1e-12)
    assert metrics.compute("map", answers, references, ious=(0.5,)) == pytest.approx(np.mean(want), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_map_by_centres_is_nuscenes(seed: int) -> None:
    answers, references = scenes(seed)
    want = []
    for label in ("c0", "c1"):
        for metres in (0.5, 1.0, 2.0, 4.0):

            def nearness(a: Any, b: Any, limit: float = metres) -> float:
                apart = float(np.hypot(a[0] - b[0], a[1] - b[1]))
                return limit - apart if apart < limit else -apart

            hits, total = greedy(answers, references, label, nearness)
            recall, precision = np.cumsum(hits) / total, np.cumsum(hits) / np.arange(1, len(hits) + 1)
            at = np.interp(np.linspace(0, 1, 101), recall, precision, right=0)[11:] - 0.1
            want.append(float(np.mean(np.maximum(at, 0))) / 0.9)
    assert metrics.compute("map", answers, references, match="centre") == pytest.approx(np.mean(want), abs=1e-12)


def test_point_instances() -> None:
    references = [[{"label": "chair", "points": range(100)}, {"label": "chair", "points": range(200, 260)}]]
    answers = [
        [
            {"label": "chair", "points": list(range(60)), "score": 0.9},  # IoU 0.6
            {"label": "chair", "points": list(range(200, 225)), "score": 0.8},  # IoU 25/60
            {"label": "chair", "points": [-1], "score": 0.99},  # no set of indices
        ]
    ]
    references = [[t | {"points": list(t["points"])} for t in references[0]]]
    assert metrics.compute("map50", answers, references) == pytest.approx(0.5)
    # IoU 0.6 passes 0.50, 0.55 and (as 60/100 is not below it) 0.60: three of ten thresholds.
    assert metrics.compute("map", answers, references) == pytest.approx(0.5 * 0.3)
