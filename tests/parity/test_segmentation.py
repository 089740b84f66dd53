"""Label maps against scikit-learn and published algorithms."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics

sklearn = pytest.importorskip("sklearn.metrics")


def maps(seed: int, n: int = 6, classes: int = 5, dtype: Any = np.uint8) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(seed)
    answers, references = [], []
    for k in range(n):
        shape = (20 + k, 31)
        truth = r.integers(0, classes, shape).astype(dtype)
        given = np.where(r.random(shape) < 0.6, truth, r.integers(0, classes + 1, shape)).astype(dtype)
        truth[r.random(shape) < 0.1] = 255
        answers.append(given)
        references.append(truth)
    return answers, references


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint16, np.float64])
def test_miou(dtype: Any) -> None:
    answers, references = maps(1, dtype=dtype)
    a, t = (np.concatenate([m.ravel() for m in side]) for side in (answers, references))
    want = sklearn.jaccard_score(t[t != 255].astype(int), a[t != 255].astype(int), average=None)
    assert metrics.compute("miou", answers, references) == pytest.approx(want.mean(), abs=1e-12)
    assert metrics.compute("miou", answers, references, skip=(0,)) == pytest.approx(want[1:].mean(), abs=1e-12)
    assert metrics.compute("miou", answers, references, classes=5) == pytest.approx(want[:5].mean(), abs=1e-12)


def test_miou_without_an_answer_is_no_class_anywhere() -> None:
    answers, references = maps(2, n=3)
    t = np.concatenate([m.ravel() for m in references])
    a = np.concatenate([answers[0].ravel(), np.full(references[1].size, 99), answers[2].ravel()])
    want = sklearn.jaccard_score(t[t != 255], a[t != 255], average=None, labels=range(6)).mean()
    assert metrics.compute("miou", [answers[0], None, answers[2]], references) == pytest.approx(want, abs=1e-12)
    other_size = np.zeros((2, 2), np.uint8)
    assert metrics.compute("miou", [answers[0], other_size, answers[2]], references) == pytest.approx(want, abs=1e-12)


def test_miou_of_masks_is_that_of_the_object() -> None:
    rng = np.random.default_rng(4)
    answers, references = ([(rng.random((20, 30)) < p).astype(np.uint8) for _ in range(3)] for p in (0.3, 0.1))
    a, r = np.concatenate(answers).astype(bool), np.concatenate(references).astype(bool)
    around = [np.zeros_like(m) for m in references]
    assert metrics.compute("miou", answers, references, masks=True) == pytest.approx((a & r).sum() / (a | r).sum())
    # Background alone: nothing, where the mean over both classes would be near a half.
    assert metrics.compute("miou", around, references, masks=True) == 0
    assert metrics.compute("miou", around, references) == pytest.approx((~r).mean() / 2)
    # Not of one sample or resampling, but of the set: elsewhere there is another class, or no object at all.
    three = [*references[:2], references[2] * 2]
    assert metrics.compute("miou", answers, three, masks=True) == metrics.compute("miou", answers, three)
    assert metrics.compute("miou", around, around, masks=True) == 1


def test_miou_of_a_video_and_of_one_class() -> None:
    answers, references = maps(3, n=2)
    film = [np.stack([m[:20], m[:20][::-1]]) for m in answers], [np.stack([m[:20], m[:20][::-1]]) for m in references]
    flat = [m.reshape(-1, 31) for m in film[0]], [m.reshape(-1, 31) for m in film[1]]
    assert metrics.compute("miou", *film) == metrics.compute("miou", *flat)
    zero = np.zeros((4, 4), np.uint8)
    assert metrics.compute("miou", [zero], [zero]) == 1.0
    assert metrics.compute("miou", [zero], [zero + 255]) == 0.0  # all ignored: no class at all


def test_dice() -> None:
    r = np.random.default_rng(5)
    answers, references, want = [], [], []
    for _ in range(8):
        a, t = (r.random((15, 17)) < 0.4).astype(np.uint8), (r.random((15, 17)) < 0.4).astype(np.uint8)
        answers.append(a)
        references.append(t)
        want.append(sklearn.f1_score(t.ravel(), a.ravel()))
    assert metrics.compute("dice", answers, references) == pytest.approx(np.mean(want), abs=1e-12)
    zero = np.zeros((4, 4), bool)
    assert metrics.compute("dice", [zero, zero, ~zero, None], [zero, ~zero, ~zero, zero]) == 0.5
    multi = sklearn.f1_score([0, 1, 2, 2, 3], [1, 1, 2, 3, 3], average=None, labels=[1, 2, 3]).mean()
    assert metrics.compute("dice", [[[1, 1, 2, 3, 3]]], [[[0, 1, 2, 2, 3]]]) == pytest.approx(multi)


def test_instance_miou_counts_absent_parts_as_found() -> None:
    # Part 0: 2 of 3, part 1: 1 of 2, part 2 is in neither: (2/3 + 1/2 + 1) / 3.
    reference = {"labels": [0, 0, 0, 1], "parts": [0, 1, 2]}
    assert metrics.compute("instance_miou", [[0, 0, 1, 1]], [reference]) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert metrics.compute("instance_miou", [[0, 0, 1, 1]], [[0, 0, 0, 1]]) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert metrics.compute("instance_miou", [None, [0], [3, 3]], [[0, 1], [0, 1], [3, 3]]) == pytest.approx(1 / 3)


def panoptic(r: np.random.Generator, base: Any, crowds: bool) -> Any:
    segments = [
        {"id": i, "label": f"c{i % 3}", "crowd": crowds and i % 5 == 4} for i in np.unique(base).tolist() if i != 0
    ]
    return {"map": base, "segments": segments}


def blocks(seed: int) -> tuple[Any, Any]:
    r = np.random.default_rng(seed)
    truth = np.kron(r.integers(0, 12, (6, 7)), np.ones((8, 8), int))
    given = np.where(r.random(truth.shape) < 0.15, 0, np.roll(truth, r.integers(0, 4), axis=r.integers(0, 2)))
    given[:16, :16] = 20 + r.integers(0, 3)
    return panoptic(r, given, False), panoptic(r, truth, True)


def panoptic_reference(answers: Any, references: Any) -> Any:
    """Panopticapi's algorithm with bitmaps, one pair of segments at a time; per class (IoU, matches, false, missed)."""
    table: dict[str, list[float]] = {}
    for answer, reference in zip(answers, references, strict=True):
        found = {s["id"]: s for s in (answer or {"segments": []})["segments"]}
        truth = {s["id"]: s for s in reference["segments"]}
        a = answer["map"] if answer else np.zeros_like(reference["map"])
        t = reference["map"]
        hit_a, hit_t = set(), set()
        for i, s in found.items():
            for j, u in truth.items():
                if u["crowd"] or s["label"] != u["label"]:
                    continue
                both = np.sum((a == i) & (t == j))
                union = np.sum(a == i) + np.sum(t == j) - both - np.sum((a == i) & (t == 0))
                if both / union > 0.5:
                    row = table.setdefault(u["label"], [0.0, 0, 0, 0])
                    row[0] += both / union
                    row[1] += 1
                    hit_a.add(i)
                    hit_t.add(j)
        for j, u in truth.items():
            if j not in hit_t and not u["crowd"]:
                table.setdefault(u["label"], [0.0, 0, 0, 0])[3] += 1
        for i, s in found.items():
            crowd = [j for j, u in truth.items() if u["crowd"] and u["label"] == s["label"]]
            excused = np.sum((a == i) & (t == 0)) + sum(np.sum((a == i) & (t == j)) for j in crowd[-1:])
            if i not in hit_a and excused / np.sum(a == i) <= 0.5:
                table.setdefault(s["label"], [0.0, 0, 0, 0])[2] += 1
    return np.array(list(table.values()))


def test_panoptic_quality() -> None:
    pairs = [blocks(seed) for seed in range(10)]
    answers, references = [p[0] for p in pairs], [p[1] for p in pairs]
    answers[3] = None
    iou, hit, wrong, missed = panoptic_reference(answers, references).T
    assert hit.min() > 3 and wrong.min() > 3 and missed.min() > 3
    size = hit + wrong / 2 + missed / 2
    assert metrics.compute("pq", answers, references) == pytest.approx((iou / size).mean(), abs=1e-12)
    assert metrics.compute("pq", answers, references, part="sq") == pytest.approx((iou / hit).mean(), abs=1e-12)
    assert metrics.compute("pq", answers, references, part="rq") == pytest.approx((hit / size).mean(), abs=1e-12)


def test_panoptic_quality_of_coded_maps_and_bad_answers() -> None:
    truth = np.repeat([1001, 1002, 7, 0], 25).reshape(10, 10)
    assert metrics.compute("pq", [truth], [truth]) == 1.0
    reference = {"map": truth, "segments": [{"id": i, "label": "a"} for i in (1001, 1002, 7)]}
    unlabelled = {"map": truth, "segments": [{"id": 7, "label": "a"}, {"label": "no id"}, "junk"]}
    # One of three segments is left: PQ = 1 / (1 + 2/2).
    assert metrics.compute("pq", [unlabelled], [reference]) == pytest.approx(0.5)
    for junk in (None, 3, "x", {"map": truth[:3], "segments": []}):
        assert metrics.compute("pq", [junk], [reference]) == 0.0
