"""Label maps: mean IoU over the set, Dice, and the mean IoU of an object's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy import sparse

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths
from genlevel.metrics.dense import MeanMetric, label_map, need
from genlevel.metrics.evidence import Array, Evidence, FloatArray, Ragged

# float32 counts of cv2.calcHist are whole numbers up to here.
_EXACT = 1 << 24


def confusion(answer: Array, reference: Array) -> tuple[Array, Array, Array]:
    """Pairs of labels that occur together at a pixel: (answered labels, true labels, int64 counts), sorted by neither.

    Both arrays have the same shape. uint8 maps go through one two-dimensional histogram.
    """
    table = _histogram(answer, reference)
    if table is not None:
        given, truth = np.nonzero(table)
        return given, truth, table[given, truth].astype(np.int64)
    labels_a, a = np.unique(answer.ravel(), return_inverse=True)
    labels_r, r = np.unique(reference.ravel(), return_inverse=True)
    codes, counts = np.unique(a.astype(np.int64) * len(labels_r) + r, return_counts=True)
    return labels_a[codes // len(labels_r)], labels_r[codes % len(labels_r)], counts


def _histogram(answer: Array, reference: Array) -> Array | None:
    """How often each two labels occur together, float32 (256, 256) of whole numbers; None where they are not uint8."""
    if not (answer.dtype == np.uint8 and reference.dtype == np.uint8 and answer.size < _EXACT):
        return None
    pair = [np.ascontiguousarray(side).reshape(-1, side.shape[-1]) for side in (answer, reference)]
    table: Array = cv2.calcHist(pair, [0, 1], None, [256, 256], [0, 256, 0, 256])
    return table


def class_counts(answer: Array | None, reference: Array, ignore: int | None) -> tuple[Array, Array]:
    """Classes of one map (ascending) and for each the pixels in both, in the answer, in the reference: int64 (K, 3).

    Pixels whose reference is ``ignore`` count nowhere. A pixel that is answered ``ignore`` is of no class. Without an answer
    no pixel is of any class.
    """
    if answer is None:
        labels, counts = np.unique(reference, return_counts=True)
        keep = np.ones(len(labels), np.bool_) if ignore is None else labels != ignore
        zero = np.zeros(int(keep.sum()), np.int64)
        return labels[keep].astype(np.int64), np.stack([zero, zero, counts[keep]], axis=1)
    dense = _histogram(answer, reference)
    if dense is not None:
        if ignore is not None and 0 <= ignore < 256:
            dense[:, ignore] = 0
        table = np.stack([dense.diagonal(), dense.sum(1, np.float64), dense.sum(0, np.float64)], axis=1).astype(
            np.int64
        )
        classes = np.flatnonzero(table.any(axis=1))
        table = table[classes]
    else:
        classes, table = _sparse_counts(*confusion(answer, reference), ignore)
    if ignore is not None:
        keep = classes != ignore
        classes, table = classes[keep], table[keep]
    return classes, table


def _sparse_counts(given: Array, truth: Array, counts: Array, ignore: int | None) -> tuple[Array, Array]:
    """The same from pairs of labels, whatever numbers these are."""
    if ignore is not None:
        keep = truth != ignore
        given, truth, counts = given[keep], truth[keep], counts[keep]
    classes = np.union1d(given.astype(np.int64), truth.astype(np.int64))
    table = np.zeros((len(classes), 3), np.int64)
    at_given, at_truth = np.searchsorted(classes, given), np.searchsorted(classes, truth)
    same = at_given == at_truth
    np.add.at(table[:, 0], at_truth[same], counts[same])
    np.add.at(table[:, 1], at_given, counts)
    np.add.at(table[:, 2], at_truth, counts)
    return classes, table


def _pair(answer: Any, reference: Any, row: int) -> tuple[Array | None, Array]:
    """Answer (None where it is no label map of the reference's size) and reference."""
    truth = label_map(reference)
    need(truth is not None, row, "is not a map of whole-number labels")
    assert truth is not None
    given = label_map(answer) if answer is not None else None
    return (given if given is not None and given.shape == truth.shape else None), truth


@dataclass(frozen=True)
class MeanIou(Metric):
    """Mean IoU over classes, each class's IoU over all pixels of the set.

    ``ignore`` (255) marks pixels of the reference that count nowhere; answered, it means no class. A class counts where it
    occurs in an answer or a reference of the set, unless it is in ``skip`` (0 to leave out the background); with ``classes=K``
    only 0..K-1 count. A missing answer, or one of another size, is of no class at any pixel. A set without any class
    scores 0.

    The background is a class like others, as in PASCAL VOC: by definition an answer of background alone has its IoU, divided
    by the number of classes. Of masks, where that would be half of nearly 1 for an object that is small, ``masks=True`` leaves it
    out: where the references of the set hold 0 and 1 alone, 0 is what is around the object and no class.
    """

    ignore: int | None = 255
    skip: tuple[int, ...] = ()
    classes: int | None = None
    masks: bool = False

    name = "miou"
    title = "mIoU"
    definition = (
        "mean over classes of pixels in both / pixels in answer or reference, summed over the set; 255 is ignored"
    )
    source = "Everingham et al. 2010; mmsegmentation IoUMetric"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a map (H, W) of whole-number labels; reference: a map of the same size"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Ragged columns ``label`` and ``pixels`` (both, answer, reference), one item per class of a sample."""
        check_lengths(answers, references)
        labels, pixels = [], []
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            classes, table = class_counts(*_pair(answer, reference, row), self.ignore)
            labels.append(classes)
            pixels.append(table)
        return Evidence(
            label=Ragged.from_rows(labels, dtype=np.int64), pixels=Ragged.from_rows(pixels, dtype=np.int64, width=3)
        )

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean over classes of the weighted sums' quotient."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        label, pixels = evidence.ragged("label"), evidence.ragged("pixels")
        counted = ~np.isin(label.values, self.skip)
        if self.masks and {1} <= set(label.values[pixels.values[:, 2] > 0].tolist()) <= {0, 1}:
            counted &= label.values != 0
        if self.classes is not None:
            counted &= (label.values >= 0) & (label.values < self.classes)
        classes, column = np.unique(label.values[counted], return_inverse=True)
        rows, counts = label.row_of[counted], pixels.values[counted].astype(np.float64)
        shape = (len(evidence), len(classes))
        both, given, truth = (
            (sparse.csr_array((counts[:, k], (rows, column)), shape=shape).T @ w.T).T for k in range(3)
        )
        union = given + truth - both
        present = union > 0
        iou = np.divide(both, union, out=np.zeros_like(union), where=present)
        mean: FloatArray = iou.sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)
        return mean


@dataclass(frozen=True)
class Dice(MeanMetric):
    """Dice coefficient per sample, mean over samples.

    Of several classes in a sample: the mean over those in the answer or the reference. Class 0 is the background and never
    counts; ``ignore`` (255) marks pixels of the reference that count nowhere. Nothing on both sides is 1. A missing answer,
    or one of another size, counts 0.
    """

    ignore: int | None = 255

    name = "dice"
    title = "Dice"
    definition = "mean over samples of 2 |A and B| / (|A| + |B|), mean over a sample's classes; 1 where both are empty"
    source = "Dice 1945; torchmetrics DiceScore"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a map (H, W) of labels, 0 the background; reference: a map of the same size"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The coefficient of one sample."""
        given, truth = _pair(answer, reference, row)
        if given is None:
            return None
        classes, table = class_counts(given, truth, self.ignore)
        table = table[classes != 0]
        return float(np.mean(2.0 * table[:, 0] / (table[:, 1] + table[:, 2]))) if len(table) else 1.0


@dataclass(frozen=True)
class InstanceMiou(MeanMetric):
    """Mean over objects of the mean IoU over an object's parts.

    A reference is one label for each point, or ``{"labels": ..., "parts": [...]}`` with all parts that the object's category
    has; a part that neither side has counts 1. Without ``parts`` the parts are those in the answer or the reference. A
    missing answer, or one with another number of points, counts 0.
    """

    name = "instance_miou"
    title = "Instance mIoU"
    definition = (
        "mean over objects of the mean over parts of points in both / points in either; 1 for a part in neither"
    )
    source = "ShapeNet part segmentation, Qi et al. 2017"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "one whole-number label per point (N,); reference: (N,), or {'labels': (N,), 'parts': [...]}"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """Mean IoU over the parts of one object."""
        parts = None
        if isinstance(reference, Mapping):
            if "labels" not in reference:
                raise MetricError(f"reference of sample {row} (from 0) has no 'labels'")
            parts = [int(p) for p in reference["parts"]] if reference.get("parts") is not None else None
            reference = reference["labels"]
        given, truth = _pair(answer, reference, row)
        if given is None:
            return None
        classes, table = class_counts(given, truth, None)
        iou = {int(c): both / (a + b - both) for c, (both, a, b) in zip(classes, table.tolist(), strict=True)}
        wanted = sorted(iou) if parts is None else parts
        return float(np.mean([iou.get(part, 1.0) for part in wanted])) if wanted else 1.0
