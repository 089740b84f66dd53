"""One object followed through a video: success AUC and precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.metrics.dense import MeanMetric, need, numbers
from genlevel.metrics.evidence import Array, FloatArray

_THRESHOLDS = np.linspace(0.0, 1.0, 21)
_ANSWER = "boxes (T, 4) as x, y, width, height; reference: boxes (T, 4), NaN or without area where the object is absent"


@dataclass(frozen=True)
class _SingleTrack(MeanMetric):
    """A number per video, mean over videos; only frames in which the object is present count.

    A frame without an answered box (too few rows, NaN, no area) is a miss; boxes after the last frame are not used. A
    missing answer counts 0. A reference without any present frame raises :class:`MetricError`.
    """

    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = _ANSWER

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The number of one video."""
        truth = numbers(reference)
        need(truth is not None and truth.ndim == 2 and truth.shape[1] == 4, row, "is not an array of boxes (T, 4)")
        assert truth is not None
        present = _real(truth)
        need(bool(present.any()), row, "has no frame with the object in it")
        given = numbers(answer)
        if given is None or given.ndim != 2 or given.shape[1] != 4:
            return None
        boxes = np.full_like(truth, np.nan)
        frames = min(len(boxes), len(given))
        boxes[:frames] = given[:frames]
        boxes[~_real(boxes)] = 0.0
        return self.track(boxes[present], truth[present])

    def track(self, boxes: FloatArray, truth: FloatArray) -> float:
        """The number of one video from its present frames; a missed frame has a box of zeros."""
        raise NotImplementedError


def _real(boxes: FloatArray) -> Array:
    with np.errstate(invalid="ignore"):
        real: Array = np.all(np.abs(boxes) < 1e9, axis=1) & np.all(boxes[:, 2:] > 0, axis=1)
        return real


def paired_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """IoU of box i of ``a`` with box i of ``b``; x, y, width, height; shape (T,)."""
    low = np.maximum(a[:, :2], b[:, :2])
    high = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    both = np.prod(np.maximum(high - low, 0.0), axis=1)
    union = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - both
    quotient: FloatArray = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    # Rounding may put equal boxes just above 1, and a threshold of 1 must stay out of reach.
    return np.minimum(quotient, 1.0)


@dataclass(frozen=True)
class SuccessAuc(_SingleTrack):
    """Area under the success curve; edge cases as in :class:`_SingleTrack`.

    The share of frames whose IoU is above a threshold, mean over 21 thresholds from 0 to 1. As the last threshold is 1 and
    must be exceeded, a perfect track has 20/21, as in the benchmarks' own tools.
    """

    name = "success_auc"
    title = "Success AUC"
    definition = (
        "mean over videos of the mean over thresholds 0, 0.05, ..., 1 of the share of frames with IoU > threshold"
    )
    source = "Wu et al. 2013 (OTB); LaSOT toolkit"

    def track(self, boxes: FloatArray, truth: FloatArray) -> float:
        """Mean of the success curve."""
        iou = np.sort(paired_iou(boxes, truth))
        above = len(iou) - np.searchsorted(iou, _THRESHOLDS, side="right")
        return float(above.mean() / len(iou))


@dataclass(frozen=True)
class TrackPrecision(_SingleTrack):
    """Precision at 20 pixels; edge cases as in :class:`_SingleTrack`. ``pixels`` is the largest distance that counts."""

    pixels: float = 20.0

    name = "precision_20px"
    title = "Precision at 20 px"
    definition = "mean over videos of the share of frames whose box centres are at most 20 pixels apart"
    source = "Wu et al. 2013 (OTB)"

    def track(self, boxes: FloatArray, truth: FloatArray) -> float:
        """Share of frames with near centres."""
        apart = np.linalg.norm(boxes[:, :2] + boxes[:, 2:] / 2 - truth[:, :2] - truth[:, 2:] / 2, axis=1)
        return float(np.mean((apart <= self.pixels) & (boxes[:, 2] > 0)))
