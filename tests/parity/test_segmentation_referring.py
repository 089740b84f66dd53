"""IoU of single masks against torchmetrics and pycocotools."""

import numpy as np
import pytest

from genlevel import metrics
from tests.parity.without_torchvision import reference_module

coco_mask = pytest.importorskip("pycocotools.mask")


def some(n: int) -> tuple[list, list]:
    rng = np.random.default_rng(0)
    truth = [(rng.random((20, 30)) < 0.3).astype(np.uint8) for _ in range(n)]
    given = [np.where(rng.random(t.shape) < 0.2, 1 - t, t).astype(np.uint8) for t in truth]
    return given, truth


def test_equals_pycocotools_from_bitmaps_and_run_lengths() -> None:
    given, truth = some(12)
    packed = [[coco_mask.encode(np.asfortranarray(m)) for m in side] for side in (given, truth)]
    expected = np.mean([coco_mask.iou([g], [t], [0])[0, 0] for g, t in zip(*packed, strict=True)])
    assert metrics.compute("mask_iou", given, truth) == pytest.approx(expected, abs=1e-12)
    assert metrics.compute("mask_iou", *packed) == pytest.approx(expected, abs=1e-12)


def test_over_the_set_equals_torchmetrics() -> None:
    torch = pytest.importorskip("torch")
    functional = reference_module("torchmetrics.functional.classification")
    given, truth = some(12)
    expected = functional.binary_jaccard_index(torch.from_numpy(np.stack(given)), torch.from_numpy(np.stack(truth)))
    # torchmetrics counts in 32 bits.
    assert metrics.compute("mask_iou", given, truth, over="set") == pytest.approx(float(expected), abs=1e-6)


def test_empty_masks_and_missing_answers_by_hand() -> None:
    none, one = np.zeros((2, 2)), np.array([[1, 0], [0, 0]])
    both = np.array([[1, 1], [0, 0]])
    assert metrics.compute("mask_iou", [none, one, one, both], [none, none, both, one]) == (1 + 0 + 0.5 + 0.5) / 4
    assert metrics.compute("mask_iou", [none, one, one, both], [none, none, both, one], over="set") == 2 / 5
    assert metrics.compute("mask_iou", [None, np.ones((3, 3)), "x"], [none, one, one]) == 0.0
    assert metrics.compute("mask_iou", [none], [none], over="set") == 1.0
    assert metrics.compute("mask_iou", [{"size": [2, 2], "counts": [9]}], [one]) == 0.0
    with pytest.raises(Exception, match="reference of sample 0"):
        metrics.compute("mask_iou", [none], ["x"])
