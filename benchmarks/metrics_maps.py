"""Metrics of label maps, masks, saliency, anomaly and mattes against the field's libraries; see :mod:`benchmarks._race`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, Value, compute, mean, run, torchmetrics


def some_maps(n: int, side: int, classes: int) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(1)
    block = side // 16
    truth = [np.kron(r.integers(0, classes, (16, 16)), np.ones((block, block), int)).astype(np.uint8) for _ in range(n)]
    return [
        np.where(r.random(t.shape) < 0.8, t, r.integers(0, classes, t.shape)).astype(np.uint8) for t in truth
    ], truth


def labels() -> list[Race]:
    """mIoU of 40 maps of 512 x 512 with 150 classes, Dice and IoU of masks, parts of 2,000 objects."""
    from pycocotools import mask as coco_mask
    from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

    given, truth = some_maps(40, 512, 150)

    def sk_iou() -> float:
        table = sum(
            confusion_matrix(t.ravel(), g.ravel(), labels=range(150)) for g, t in zip(given, truth, strict=True)
        )
        return float(np.mean(np.diag(table) / (table.sum(0) + table.sum(1) - np.diag(table))))

    masks = [(g % 2).astype(np.uint8) for g in given], [(t % 2).astype(np.uint8) for t in truth]
    flags = [[m.astype(bool) for m in side] for side in masks]

    def rle_iou() -> float:
        coded = [[coco_mask.encode(np.asfortranarray(m)) for m in side] for side in masks]
        return mean(coco_mask.iou([g], [t], [0])[0, 0] for g, t in zip(*coded, strict=True))

    r = np.random.default_rng(2)
    parts = [r.integers(0, 4, 2048) for _ in range(500)]
    guess = [np.where(r.random(2048) < 0.8, p, r.integers(0, 4, 2048)) for p in parts]
    return [
        Race("miou", "scikit-learn confusion", 40, compute("miou", given, truth), sk_iou),
        Race("dice", "scikit-learn f1_score", 40, compute("dice", *masks),
             lambda: mean(f1_score(t.ravel(), g.ravel()) for g, t in zip(*masks, strict=True))),
        Race("mask_iou", "pycocotools", 40, compute("mask_iou", *flags), rle_iou),
        Race("instance_miou", "scikit-learn", 500, compute("instance_miou", guess, parts),
             lambda: mean(jaccard_score(t, g, average="macro") for g, t in zip(guess, parts, strict=True))),
    ]  # fmt: skip


def torch_maps() -> list[Race]:
    """mIoU, Dice, PQ and scores of pixels as torchmetrics computes them."""
    torchmetrics()
    import torch
    from torchmetrics.functional import classification
    from torchmetrics.functional.detection import panoptic_quality
    from torchmetrics.functional.segmentation import dice_score

    given, truth = some_maps(40, 512, 150)
    tensors = [[torch.tensor(m.astype(np.int64)) for m in side] for side in (given, truth)]

    def torch_iou() -> float:
        pairs = zip(*tensors, strict=True)
        table = sum(classification.multiclass_confusion_matrix(g, t, 150) for g, t in pairs).numpy()
        return float(np.mean(np.diag(table) / (table.sum(0) + table.sum(1) - np.diag(table))))

    masks = [[(m % 2).astype(np.uint8) for m in side] for side in (given, truth)]
    stacks = [torch.tensor(np.stack(side).astype(np.int64)) for side in masks]
    segments = some_maps(10, 256, 60)

    def panoptic(ids: Any) -> Any:
        ids = ids.astype(np.int64) + 1
        return {"map": ids, "segments": [{"id": int(i), "label": str(i % 5)} for i in np.unique(ids)]}

    ours = [[panoptic(m) for m in side] for side in segments]
    pairs = [
        torch.tensor(np.stack([np.stack([m % 5, m], -1) for m in (s.astype(np.int64) + 1 for s in side)]))
        for side in segments
    ]
    scores, yes = some_scores(20)
    flat = (
        torch.tensor(np.stack(scores).ravel().astype(np.float32) / 255),
        torch.tensor(np.stack(yes).ravel().astype(int)),
    )
    return [
        Race("miou", "torchmetrics", 40, compute("miou", given, truth), torch_iou),
        Race("dice", "torchmetrics", 40, compute("dice", *masks),
             lambda: float(dice_score(*stacks, num_classes=2, include_background=False, input_format="index").mean())),
        Race("pq", "torchmetrics", 10, compute("pq", *ours),
             lambda: float(panoptic_quality(*pairs, things=set(range(5)), stuffs={99}))),
        Race("auc", "torchmetrics", 20, compute("auc", scores, yes), lambda: float(classification.binary_auroc(*flat))),
        Race("average_precision", "torchmetrics", 20, compute("average_precision", scores, yes),
             lambda: float(classification.binary_average_precision(*flat))),
    ]  # fmt: skip


def some_scores(n: int) -> tuple[list[Any], list[Any]]:
    """Maps of scores, bytes, and of the pixels that ought to score high."""
    r = np.random.default_rng(5)
    y, x = np.mgrid[:256, :256]
    yes = [np.hypot(x - r.uniform(50, 200), y - r.uniform(50, 200)) < r.uniform(5, 40) for _ in range(n)]
    return [np.clip(90 * m + r.normal(80, 40, m.shape), 0, 255).astype(np.uint8) for m in yes], [
        m.astype(np.uint8) for m in yes
    ]


def anomaly() -> list[Race]:
    """AUROC, average precision and per-region overlap of 20 maps of 256 x 256."""
    from skimage.measure import label
    from sklearn.metrics import average_precision_score, roc_auc_score

    scores, yes = some_scores(20)
    flat = np.stack(yes).ravel(), np.stack(scores).ravel()

    def per_region() -> float:
        regions = [
            (s, i == k) for s, m in zip(scores, yes, strict=True) for i in [label(m)] for k in range(1, i.max() + 1)
        ]
        no = np.sort(flat[1][flat[0] == 0])
        levels = np.arange(256)
        rate = np.append(1 - np.searchsorted(no, levels) / len(no), 0.0)[::-1]
        shares = []
        for s, region in regions:
            inside = np.sort(s[region])
            shares.append(np.append(1 - np.searchsorted(inside, levels) / len(inside), 0.0)[::-1])
        overlap = np.mean(shares, axis=0)
        x = np.append(rate[rate < 0.3], 0.3)
        return float(np.trapezoid(np.interp(x, rate, overlap), x) / 0.3)

    return [
        Race("auc", "scikit-learn", 20, compute("auc", scores, yes), lambda: float(roc_auc_score(*flat))),
        Race("average_precision", "scikit-learn", 20, compute("average_precision", scores, yes),
             lambda: float(average_precision_score(*flat))),
        Race("aupro", "scikit-image regions", 20, compute("aupro", scores, yes), per_region),
    ]  # fmt: skip


def mattes() -> list[Race]:
    """Errors of 10 mattes of 512 x 512, by NumPy and SciPy as the papers' scripts write them."""
    from scipy.ndimage import convolve

    r = np.random.default_rng(6)
    truth = [np.clip(r.normal(0.5, 0.4, (512, 512)), 0, 1) for _ in range(10)]
    given = [np.clip(t + r.normal(0, 0.1, t.shape), 0, 1) for t in truth]

    def gradient(matte: Any, sigma: float = 1.4) -> Any:
        half = int(np.ceil(sigma * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * sigma * 1e-2))))
        x = np.arange(-half, half + 1)
        bell = np.exp(-(x**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
        kernel = np.outer(bell, -x * bell / sigma**2)
        kernel /= np.sqrt((kernel**2).sum())
        across, down = (convolve(matte, k[::-1, ::-1], mode="nearest") for k in (kernel, kernel.T))
        return np.sqrt(across**2 + down**2)

    pairs = list(zip(given, truth, strict=True))
    return [
        Race("sad", "numpy", 10, compute("sad", given, truth), lambda: mean(np.abs(g - t).sum() / 1000 for g, t in pairs)),
        Race("matting_mse", "numpy", 10, compute("matting_mse", given, truth),
             lambda: mean(((g - t) ** 2).mean() * 1000 for g, t in pairs)),
        Race("grad", "scipy", 10, compute("grad", given, truth),
             lambda: mean(((gradient(g) - gradient(t)) ** 2).sum() / 1000 for g, t in pairs)),
    ]  # fmt: skip


def saliency() -> list[Race]:
    """S-, E-, F- and weighted F-measure of 20 maps of 400 x 400."""
    import py_sod_metrics

    r = np.random.default_rng(2)
    y, x = np.mgrid[:400, :400]
    truth = [
        (np.hypot(x - r.uniform(100, 300), y - r.uniform(100, 300)) < r.uniform(30, 120)).astype(np.uint8) * 255
        for _ in range(20)
    ]
    given = [np.clip(t * 0.7 + r.normal(30, 25, t.shape), 0, 255).astype(np.uint8) for t in truth]

    def reference(kind: str, read: Callable[[Any], Any]) -> Value:
        def value() -> float:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                measure = getattr(py_sod_metrics, kind)()
            for g, t in zip(given, truth, strict=True):
                measure.step(pred=g, gt=t)
            return float(read(measure.get_results()))

        return value

    return [
        Race("s_measure", "pysodmetrics", 20, compute("s_measure", given, truth), reference("Smeasure", lambda x: x["sm"])),
        Race("e_measure", "pysodmetrics", 20, compute("e_measure", given, truth),
             reference("Emeasure", lambda x: x["em"]["curve"].mean())),
        Race("f_measure", "pysodmetrics", 20, compute("f_measure", given, truth),
             reference("Fmeasure", lambda x: x["fm"]["curve"].max())),
        Race("weighted_f_measure", "pysodmetrics", 20, compute("weighted_f_measure", given, truth),
             reference("WeightedFmeasure", lambda x: x["wfm"])),
    ]  # fmt: skip


def video_objects() -> list[Race]:
    """Region J and boundary F of 40 frames of 480 x 854, from bitmaps on both sides."""
    from pycocotools import mask as coco_mask
    from trackeval.metrics.j_and_f import JAndF

    y, x = np.mgrid[:480, :854]
    truth = np.stack([np.hypot(x - 200 - 9 * k, y - 240) < 90 for k in range(40)])
    given = np.roll(truth, 3, axis=2)

    def coded() -> Any:
        return [[[coco_mask.encode(np.asfortranarray(m, np.uint8))] for m in side] for side in (truth, given)]

    def boundary(rle: Any) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(np.mean(JAndF._compute_f(rle[0], rle[1], 0, 0, 0.008)))

    def region(rle: Any) -> float:
        return float(np.mean([coco_mask.iou(g, t, [0])[0, 0] for t, g in zip(*rle, strict=True)]))

    def both() -> float:
        rle = coded()
        return (region(rle) + boundary(rle)) / 2

    def logical() -> float:
        return mean(np.logical_and(g, t).sum() / np.logical_or(g, t).sum() for g, t in zip(given, truth, strict=True))

    film = [{"a": given}], [{"a": truth}]
    return [
        Race("boundary_f", "trackeval", 40, compute("boundary_f", *film), lambda: boundary(coded())),
        Race("region_j", "pycocotools", 40, compute("region_j", *film), lambda: region(coded())),
        Race("region_j", "numpy", 40, compute("region_j", *film), logical),
        Race("j_and_f", "trackeval", 40, compute("j_and_f", *film), both),
    ]


GROUPS: Groups = (labels, torch_maps, anomaly, mattes, saliency, video_objects)


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
