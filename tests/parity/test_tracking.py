"""Tracks, tubes, moments and triplets against their definitions written out."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError


def iou(a: Any, b: Any) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return float(both / (a[2] * a[3] + b[2] * b[3] - both))


def track(seed: int, frames: int = 40) -> tuple[Any, Any]:
    r = np.random.default_rng(seed)
    truth = np.column_stack([np.cumsum(r.normal(0, 5, (frames, 2)), axis=0) + 100, r.uniform(20, 60, (frames, 2))])
    given = truth + r.normal(0, 8, truth.shape)
    given[:, 2:] = np.abs(given[:, 2:]) + 1
    return given, truth


def test_success_and_precision() -> None:
    tracks = [track(seed, 30 + seed) for seed in range(4)]
    auc, near = [], []
    for given, truth in tracks:
        overlap = [iou(a, b) for a, b in zip(given, truth, strict=True)]
        auc.append(np.mean([np.mean([o > t / 20 for o in overlap]) for t in range(21)]))
        centres = [np.hypot(*(a[:2] + a[2:] / 2 - b[:2] - b[2:] / 2)) for a, b in zip(given, truth, strict=True)]
        near.append(np.mean([c <= 20 for c in centres]))
    sides = [t[0] for t in tracks], [t[1] for t in tracks]
    assert metrics.compute("success_auc", *sides) == pytest.approx(np.mean(auc), abs=1e-12)
    assert metrics.compute("precision_20px", *sides) == pytest.approx(np.mean(near), abs=1e-12)


def test_frames_without_the_object_or_an_answer() -> None:
    given, truth = track(1)
    assert metrics.compute("success_auc", [truth], [truth]) == pytest.approx(20 / 21)
    absent = truth.copy()
    absent[::2] = np.nan
    absent[1] = [5, 5, 0, 0]
    assert metrics.compute("success_auc", [given], [absent]) == metrics.compute(
        "success_auc", [given[3::2]], [truth[3::2]]
    )
    half = truth[:20]
    assert metrics.compute("success_auc", [half], [truth]) == pytest.approx(10 / 21)
    holes = truth.copy()
    holes[20:] = np.nan
    assert metrics.compute("precision_20px", [holes], [truth]) == 0.5
    assert metrics.compute("success_auc", [None, "x", np.vstack([truth, truth])], [truth] * 3) == pytest.approx(20 / 63)
    with pytest.raises(MetricError, match="no frame"):
        metrics.compute("success_auc", [truth], [truth * np.nan])


def test_tubes() -> None:
    truth = {f: [f, 0, 10, 10] for f in range(5, 15)}
    given = {f: [f + 5, 0, 10, 10] for f in range(10, 20)}
    # Frames 10 to 14 are in both, 5 to 19 in either; a shift of half the width has an IoU of 1/3.
    assert metrics.compute("m_viou", [given], [truth]) == pytest.approx(5 / 3 / 15)
    assert metrics.compute("m_viou", [{"start": 5, "boxes": list(truth.values())}], [truth]) == 1.0
    assert metrics.compute("m_viou", [{str(f): {"bbox": b} for f, b in truth.items()}], [truth]) == 1.0
    for junk in (None, {}, "x", [], {"a": [1, 2, 3, 4]}, {5: "x"}):
        assert metrics.compute("m_viou", [junk], [truth]) == 0.0
    half = {f: b for f, b in truth.items() if f < 10}
    assert metrics.compute("viou_30", [half, given], [truth] * 2) == 0.5
    assert metrics.compute("viou_50", [half, truth], [truth] * 2) == 0.5  # 0.5 is not above 0.5


def test_moments() -> None:
    truth = [[0.0, 10.0], [20.0, 30.0], [[0, 4], [50, 60]]]
    given = [[[5.0, 15.0], [0.0, 9.0]], [21.0, 31.0], [[52.0, 62.0]]]
    # 5/15, 9/11, 8/12.
    assert metrics.compute("temporal_iou", given, truth) == pytest.approx((1 / 3 + 9 / 11 + 2 / 3) / 3)
    assert metrics.compute("temporal_recall", given, truth) == pytest.approx(2 / 3)
    assert metrics.compute("temporal_recall", given, truth, iou=0.7) == pytest.approx(1 / 3)
    assert metrics.compute("temporal_recall", given, truth, iou=0.7, n=5) == pytest.approx(2 / 3)
    assert metrics.compute("temporal_recall", [None, [3, 1], [1, 2, 3]], [[0, 1]] * 3) == 0.0
    with pytest.raises(MetricError, match="moment"):
        metrics.compute("temporal_iou", [[0, 1]], [[3, 3]])


def test_many_tubes_of_every_form() -> None:
    r = np.random.default_rng(3)
    forms, given, want = [], [], []
    for k in range(60):
        start, other = (int(x) for x in r.integers(0, 8, 2))
        truth = {start + f: [f, 0, 10, 10] for f in range(1 + k % 5)}
        answer = {other + f: [f + int(r.integers(3)), 0, 10, 10] for f in range(9)}
        shared = truth.keys() & answer.keys()
        want.append(sum(iou(truth[f], answer[f]) for f in shared) / len(truth.keys() | answer.keys()))
        forms.append(truth)
        backwards = {str(f): answer[f] for f in sorted(answer, reverse=True)}
        again = {**answer, f"0{other}": answer[other], other: [0, 0, 1, 1]}  # the last of two for a frame counts
        listed = {"start": other, "boxes": [{"bbox": box} for box in answer.values()]}
        far = {**answer, 2**62: [0, 0, 10, 0]}  # a box without area is not there
        given.append((answer, backwards, again, listed, far)[k % 5])
    assert metrics.compute("m_viou", given, forms) == pytest.approx(np.mean(want), abs=1e-12)
    want[7] = want[12] = 0.0
    given[7], given[12] = None, {}
    assert metrics.compute("m_viou", given, forms) == pytest.approx(np.mean(want), abs=1e-12)
    assert metrics.compute("viou_30", given, forms) == np.mean(np.array(want) > 0.3)
    with pytest.raises(MetricError, match=r"reference of sample 3 .* is not a tube with at least one box"):
        metrics.compute("m_viou", given[:5], [*forms[:3], {3: [1, 1, 0, 5]}, forms[4]])


@pytest.mark.parametrize("k", [20, 50])
def test_scene_graphs_in_every_form(k: int) -> None:
    r = np.random.default_rng(k)
    parts = ("subject", "predicate", "object")

    def words(n: int) -> list[list[str]]:
        return [[f"Thing  {i}" for i in r.integers(0, 4, 3)] for _ in range(n)]

    given, truth, want = [], [], []
    for n in range(40):
        wanted, found = words(8), words(60)
        scores = r.choice([0.1, 0.2, 0.3], 60).tolist()
        items: list[Any] = [dict(zip(parts, t, strict=True)) | {"score": s} for t, s in zip(found, scores, strict=True)]
        if n % 3 == 0:  # lists have no scores
            scores, items = [1.0] * 60, list(found)
        if n % 3 == 1:  # not all are triplets of texts
            items[5] |= {"object": None}
            items[6] = [1, 2, 3]
            scores[5], scores[6] = -1.0, 1.0
        ranked = sorted((i for i in range(60) if scores[i] >= 0), key=lambda i: -scores[i])
        left = [tuple(t) for t in wanted]
        for i in ranked[:k]:
            if scores[i] == 1.0 and n % 3 == 1:
                continue  # three numbers
            if tuple(found[i]) in left:
                left.remove(tuple(found[i]))
        want.append(1 - len(left) / 8)
        given.append(items)
        truth.append([[w.upper().replace("  ", " ") for w in t] for t in wanted])
    assert 0.2 < np.mean(want) < 0.95
    assert metrics.compute(f"recall_at_{k}", given, truth) == pytest.approx(np.mean(want), abs=1e-12)


def test_scene_graphs() -> None:
    truth = [["man", "rides", "horse"], ["man", "wears", "hat"], ["man", "wears", "hat"]]
    given = [["Man", "RIDES", " horse"], ("man", "wears", "hat"), ["dog", "on", "mat"], ["half", "triplet"], 5]
    assert metrics.compute("recall_at_50", [given], [truth]) == pytest.approx(2 / 3)
    late = [["no", "such", "thing"]] * 20 + given
    assert metrics.compute("recall_at_20", [late], [truth]) == 0.0
    assert metrics.compute("recall_at_50", [late, None], [truth] * 2) == pytest.approx(1 / 3)
    boxed = [
        {
            "subject": "man",
            "predicate": "rides",
            "object": "horse",
            "subject_box": [0, 0, 10, 10],
            "object_box": [5, 5, 10, 10],
        }
    ]
    near = [boxed[0] | {"subject_box": [1, 1, 10, 10], "score": 0.2}]
    far = [boxed[0] | {"object_box": [50, 5, 10, 10]}]
    assert metrics.compute("recall_at_50", [near, far, given], [boxed] * 3) == pytest.approx(1 / 3)
    assert metrics.compute("recall_at_50", [near, far, given], [boxed] * 3, iou=0.0) == 1.0


def test_grounding() -> None:
    box = [0, 0, 10, 10]
    answers = [
        box,
        [0, 0, 10, 5],
        [0, 0, 10, 4],
        None,
        [{"label": "a", "box": [9, 9, 1, 1], "score": 0.1}, {"label": "a", "box": box}],
    ]
    references = [box, box, [{"label": "x", "box": box}], box, box]
    assert metrics.compute("grounding_accuracy", answers, references) == pytest.approx(3 / 5)
    assert metrics.compute("grounding_accuracy", answers, references, iou=0.4) == pytest.approx(4 / 5)
