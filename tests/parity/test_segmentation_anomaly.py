"""AUROC, average precision and AUPRO against scikit-learn and the overlap of regions written out."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics

sklearn = pytest.importorskip("sklearn.metrics")
measure = pytest.importorskip("skimage.measure")


def maps(seed: int, kind: Any = np.float64) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(seed)
    answers, references = [], []
    for k in range(5):
        mask = np.zeros((24, 30), np.uint8)
        for _ in range(k):
            y, x = r.integers(0, 20, 2)
            mask[y : y + r.integers(1, 5), x : x + r.integers(1, 6)] = 1
        score = np.clip(mask * 0.4 + r.normal(0.3, 0.25, mask.shape), 0, 1)
        answers.append((score * 255).astype(np.uint8) if kind is np.uint8 else score)
        references.append(mask)
    return answers, references


def flat(maps: Any) -> Any:
    return np.concatenate([m.ravel() for m in maps])


def test_bytes_are_exact() -> None:
    answers, references = maps(0, np.uint8)
    a, t = flat(answers), flat(references)
    assert metrics.compute("auc", answers, references) == pytest.approx(sklearn.roc_auc_score(t, a), abs=1e-12)
    want = sklearn.average_precision_score(t, a)
    assert metrics.compute("average_precision", answers, references) == pytest.approx(want, abs=1e-12)


def test_floats_are_rounded_to_16_bits() -> None:
    answers, references = maps(1)
    a, t = flat(answers), flat(references)
    # Values that fall together at 2^-16 of their size count half: the bound is the share of such pairs.
    assert metrics.compute("auc", answers, references) == pytest.approx(sklearn.roc_auc_score(t, a), abs=2e-5)
    assert metrics.compute("auc", [-a for a in answers], references) == pytest.approx(
        sklearn.roc_auc_score(t, -a), abs=2e-5
    )


def test_images_and_single_scores() -> None:
    answers, references = maps(2)
    tops, any_yes = [float(a.max()) for a in answers], [int(t.max()) for t in references]
    want = sklearn.roc_auc_score(any_yes, tops)
    assert metrics.compute("auc", answers, references, level="image") == pytest.approx(want, abs=1e-12)
    assert metrics.compute("auc", tops, any_yes) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("name", ["auc", "average_precision", "aupro"])
def test_nothing_is_found_by_no_answer(name: str) -> None:
    mask = np.array([[1, 0, 0], [0, 0, 0]])
    assert metrics.compute(name, [None], [mask]) == 0.0
    assert metrics.compute(name, [None, None], [mask, 1 - mask]) == 0.0
    assert metrics.compute(name, [None, mask * 1.0], [mask, mask]) <= 0.5


def test_average_precision_without_an_answer_is_that_of_its_yes_never_found() -> None:
    answers, references = maps(4, np.uint8)
    flat_answers, truth = flat(answers[:-1]), flat(references[:-1])
    # By hand: the no pixels of the last map come before all others, its yes pixels count in the recall alone.
    ahead, total = int((references[-1] == 0).sum()), int(truth.sum() + references[-1].sum())
    expected = 0.0
    for level in np.unique(flat_answers)[::-1]:
        above = flat_answers >= level
        found = truth[above].sum()
        expected += truth[flat_answers == level].sum() / total * found / (above.sum() + ahead)
    assert metrics.compute("average_precision", [*answers[:-1], None], references) == pytest.approx(expected, abs=1e-12)


def test_missing_ranks_last_and_one_class_is_a_coin() -> None:
    assert metrics.compute("auc", [0.9, None], [1, 0]) == 0.0
    assert metrics.compute("auc", [0.9, None, 0.1], [1, 1, 0]) == 0.5
    # One class: scikit-learn has NaN, torchmetrics 0.
    for truth in (0, 1):
        assert [metrics.compute("auc", given, [truth, truth]) for given in ([0.3, 0.4], [None, None])] == [0, 0]
    assert metrics.compute("average_precision", [0.3, 0.4], [0, 0]) == 0.0
    assert metrics.compute("aupro", [np.eye(3)], [np.zeros((3, 3))]) == 0.0


def test_aupro_is_the_overlap_of_regions() -> None:
    answers, references = maps(3, np.uint8)
    a, t = flat(answers), flat(references)
    regions = [
        (m, i == k)
        for m, t in zip(answers, references, strict=True)
        for i in [measure.label(t, connectivity=2)]
        for k in range(1, i.max() + 1)
    ]
    rates, overlaps = [0.0], [0.0]
    for threshold in range(255, -1, -1):
        rates.append(float((a[t == 0] >= threshold).mean()))
        overlaps.append(float(np.mean([(m[region] >= threshold).mean() for m, region in regions])))
    rates, overlaps = np.array(rates), np.array(overlaps)
    inside = rates < 0.3
    x = np.append(rates[inside], 0.3)
    y = np.append(overlaps[inside], np.interp(0.3, rates, overlaps))
    assert metrics.compute("aupro", answers, references) == pytest.approx(np.trapezoid(y, x) / 0.3, abs=1e-9)
