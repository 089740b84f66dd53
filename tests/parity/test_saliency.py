"""S-, E-, F- and weighted F-measure against pysodmetrics."""

import warnings
from typing import Any

import numpy as np
import pytest

from genlevel import metrics

ndimage = pytest.importorskip("scipy.ndimage")
sod = pytest.importorskip("py_sod_metrics")


def maps(seed: int) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(seed)
    answers, references = [], []
    for k in range(6):
        smooth = ndimage.gaussian_filter(r.random((40 + k, 51)), 4)
        mask = smooth > np.quantile(smooth, r.uniform(0.3, 0.95))
        noisy = ndimage.gaussian_filter(mask * 200.0 + r.normal(0, 60, mask.shape), 2)
        answers.append(np.clip(noisy, 0, 255).astype(np.uint8))
        references.append((mask * 255).astype(np.uint8))
    constant, grey = np.full_like(answers[0], 77), answers[0]
    answers += [grey, grey, constant, constant]
    references += [references[0] * 0, references[0] * 0 + 255, references[0], references[0] * 0]
    return answers, references


@pytest.mark.parametrize("seed", range(3))
def test_all_four(seed: int) -> None:
    answers, references = maps(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the reference announces a rename
        s, e, f, w = sod.Smeasure(), sod.Emeasure(), sod.Fmeasure(), sod.WeightedFmeasure()
        for answer, reference in zip(answers, references, strict=True):
            for measure in (s, e, f, w):
                measure.step(pred=answer, gt=reference)
    em, fm = e.get_results()["em"], f.get_results()["fm"]
    want = {
        ("s_measure", ""): s.get_results()["sm"],
        ("weighted_f_measure", ""): w.get_results()["wfm"],
        ("f_measure", "max"): fm["curve"].max(),
        ("f_measure", "mean"): fm["curve"].mean(),
        ("f_measure", "adaptive"): fm["adp"],
        ("e_measure", "max"): em["curve"].max(),
        ("e_measure", "mean"): em["curve"].mean(),
        ("e_measure", "adaptive"): em["adp"],
    }
    for (name, how), value in want.items():
        options = {"how": how} if how else {}
        assert metrics.compute(name, answers, references, **options) == pytest.approx(value, abs=1e-9), (name, how)


def test_an_object_in_the_last_corner_has_a_number() -> None:
    # The reference tool has an empty quadrant here, and so NaN.
    mask = np.zeros((10, 10))
    mask[-1, -1] = 1.0
    assert metrics.compute("s_measure", [mask], [mask]) == pytest.approx(1.0, abs=1e-6)


def test_missing_and_unlike_answers_count_nothing() -> None:
    answers, references = maps(0)
    for name in ("s_measure", "e_measure", "f_measure", "weighted_f_measure"):
        whole = metrics.compute(name, answers[:1], references[:1])
        assert metrics.compute(name, [answers[0], None], references[:1] * 2) == pytest.approx(whole / 2)
        assert metrics.compute(name, [answers[0][:5]], references[:1]) == 0.0
        video = metrics.compute(name, [np.stack(answers[:1] * 3)], [np.stack(references[:1] * 3)])
        assert video == pytest.approx(whole)
