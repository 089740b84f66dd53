"""One object followed through a video: success AUC and precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.metrics.columns import pieces
from genlevel.metrics.dense import MeanMetric, Values, need, need_all, numbers
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

    def values(self, answers: Sequence[Any], references: Sequence[Any]) -> Values:
        """The numbers of all videos; their frames are compared together."""
        n = len(answers)
        value, answered, frames = np.zeros(n), np.zeros(n, np.bool_), np.zeros(n, np.int64)
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
            hits, present = self._hits(np.concatenate(given), np.concatenate(truth))
            video = np.repeat(np.arange(n), frames)
            seen = np.bincount(video, present, n)
            need_all(seen > 0, "has no frame with the object in it")
            value = np.where(answered, np.bincount(video, hits, n) / seen, 0.0)
        return Values(value, answered)

    def _hits(self, given: FloatArray, truth: FloatArray) -> tuple[FloatArray, Array]:
        """Of each frame what it adds to its video's number, and whether the object is present; boxes (T, 4)."""
        hits, present = np.zeros(len(truth)), np.zeros(len(truth), np.bool_)
        for piece in pieces(len(truth)):
            a, b = (np.ascontiguousarray(side[piece].T) for side in (given, truth))
            a[:, ~_real(a)] = 0.0
            present[piece] = there = _real(b)
            b[:, ~there] = 0.0
            hits[piece] = self.frame(a, b) * there
        return hits, present

    def frame(self, boxes: FloatArray, truth: FloatArray) -> FloatArray:
        """What each frame adds to the video's number, shape (T,); both (4, T), a box that is not there is zeros."""
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
    """Which boxes (4, T) are there, shape (T,)."""
    # NaN is passed on by max and fails every comparison.
    real: Array = np.abs(boxes).max(axis=0) < 1e9
    real &= boxes[2] > 0
    real &= boxes[3] > 0
    return real


def paired_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """IoU of box i of ``a`` (4, T) with box i of ``b``; x, y, width, height by row; shape (T,)."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a, b
    width = np.minimum(ax + aw, bx + bw) - np.maximum(ax, bx)
    height = np.minimum(ay + ah, by + bh) - np.maximum(ay, by)
    both = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    union = aw * ah + bw * bh - both
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
        x, y = (boxes[:2] + boxes[2:] / 2) - (truth[:2] + truth[2:] / 2)
        near: FloatArray = ((np.sqrt(x * x + y * y) <= self.pixels) & (boxes[2] > 0)).astype(np.float64)
        return near
