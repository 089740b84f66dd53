"""One object followed through a video: success AUC and precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.metrics.base import check_lengths
from genlevel.metrics.dense import MeanMetric, need, numbers
from genlevel.metrics.evidence import Array, Evidence, FloatArray

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

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``value`` (float64) and ``answered`` (bool); the frames of all videos are compared at once."""
        check_lengths(answers, references)
        n = len(answers)
        value, answered = np.zeros(n), np.zeros(n, np.bool_)
        frames = np.zeros(n, np.int64)
        given: list[FloatArray] = []
        truth: list[FloatArray] = []
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            boxes = _track(reference)
            need(boxes is not None, row, "is not an array of boxes (T, 4)")
            found = _track(answer)
            answered[row] = found is not None
            assert boxes is not None
            frames[row] = len(boxes)
            truth.append(boxes)
            given.append(_fitted(found, int(frames[row])))
        if n:
            a, b = np.concatenate(given), np.concatenate(truth)
            present = _real(b)
            video = np.repeat(np.arange(n), frames)
            seen = np.bincount(video[present], minlength=n)
            need(bool(seen.all()), int(np.argmin(seen > 0)), "has no frame with the object in it")
            a[~_real(a)] = 0.0
            hits = np.bincount(video[present], self.frame(a[present], b[present]), n)
            value = np.where(answered, hits / seen, 0.0)
        return Evidence(value=value, answered=answered)

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The number of one video."""
        evidence = self.measure([answer], [reference])
        return float(evidence["value"][0]) if evidence["answered"][0] else None

    def frame(self, boxes: FloatArray, truth: FloatArray) -> FloatArray:
        """What each present frame adds to the video's number, shape (T,); a missed frame has a box of zeros."""
        raise NotImplementedError


def _track(thing: Any) -> FloatArray | None:
    boxes = numbers(thing)
    return boxes if boxes is not None and boxes.ndim == 2 and boxes.shape[1] == 4 else None


def _fitted(boxes: FloatArray | None, frames: int) -> FloatArray:
    """Boxes of as many frames; what is not there is NaN."""
    if boxes is not None and len(boxes) >= frames:
        return boxes[:frames]
    out = np.full((frames, 4), np.nan)
    if boxes is not None:
        out[: len(boxes)] = boxes
    return out


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

    def frame(self, boxes: FloatArray, truth: FloatArray) -> FloatArray:
        """The share of thresholds that each frame exceeds."""
        return np.searchsorted(_THRESHOLDS, paired_iou(boxes, truth), side="left") / len(_THRESHOLDS)


@dataclass(frozen=True)
class TrackPrecision(_SingleTrack):
    """Precision at 20 pixels; edge cases as in :class:`_SingleTrack`. ``pixels`` is the largest distance that counts."""

    pixels: float = 20.0

    name = "precision_20px"
    title = "Precision at 20 px"
    definition = "mean over videos of the share of frames whose box centres are at most 20 pixels apart"
    source = "Wu et al. 2013 (OTB)"

    def frame(self, boxes: FloatArray, truth: FloatArray) -> FloatArray:
        """1 for each frame with near centres."""
        apart = (boxes[:, :2] + boxes[:, 2:] / 2) - (truth[:, :2] + truth[:, 2:] / 2)
        near: FloatArray = ((np.hypot(apart[:, 0], apart[:, 1]) <= self.pixels) & (boxes[:, 2] > 0)).astype(np.float64)
        return near
