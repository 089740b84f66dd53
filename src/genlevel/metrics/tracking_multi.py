"""Many objects followed through a video: MOTA, IDF1, HOTA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio, weighted_sum
from genlevel.metrics.dense import need
from genlevel.metrics.detection_ap import is_mapping
from genlevel.metrics.detection_kinds import BoxKind
from genlevel.metrics.detection_match import Bools, Ints, box_overlaps, pair_up
from genlevel.metrics.evidence import Evidence, FloatArray

ALPHAS = np.arange(0.05, 0.99, 0.05)
_EPS = np.finfo(np.float64).eps
_PAIRS = 1_000_000  # of boxes compared at a time: bounds memory


class Frames(NamedTuple):
    """What is seen in the frames of a video, one box after the other, by frame."""

    id: Ints
    """Numbers from 0 to ``tracks`` - 1."""
    box: FloatArray
    """(n, 4)."""
    frame: Ints
    tracks: int


class Video(NamedTuple):
    """Both sides of a video, and all pairs of a true and an answered box of one frame that overlap, by frame."""

    truth: Frames
    given: Frames
    frames: int
    one: Ints
    """Of each pair the place of the box in ``truth``; ascending."""
    two: Ints
    """Likewise in ``given``."""
    iou: FloatArray

    def codes(self, pairs: Any = slice(None)) -> Ints:
        """The identities of pairs as one number each, true id * tracks + answered id."""
        found: Ints = self.truth.id[self.one[pairs]] * self.given.tracks + self.given.id[self.two[pairs]]
        return found

    def together(self, pairs: Any, weights: Any = None) -> FloatArray:
        """How often, or with what sum of ``weights``, identities are among the pairs, (truths, tracks)."""
        shape = (self.truth.tracks, self.given.tracks)
        sums = np.bincount(self.codes(pairs), weights, shape[0] * shape[1])
        return sums.astype(np.float64).reshape(shape)

    def best(self, frame: int, pairs: Any, score: FloatArray) -> Bools:
        """Which of the pairs, all of ``frame``, are in the match of its boxes with the largest sum of scores above 0."""
        rows, columns = (np.searchsorted(side.frame, (frame, frame + 1)) for side in (self.truth, self.given))
        at = self.one[pairs] - rows[0], self.two[pairs] - columns[0]
        table = np.zeros((rows[1] - rows[0], columns[1] - columns[0]))
        table[at] = score
        chosen = np.zeros(table.shape, np.bool_)
        chosen[linear_sum_assignment(-table)] = True
        found: Bools = chosen[at]
        return found


def read_frames(thing: Any, frames: int | None = None) -> Frames | None:
    """Frames from a list of lists of ``{'id', 'box'}``; of an id twice in a frame the first counts; None for anything else.

    ``frames``: how many there are to be; frames beyond are left out, missing ones are empty.
    """
    if not isinstance(thing, (list, tuple)):
        return None
    frames = len(thing) if frames is None else frames
    rows = [items if isinstance(items, (list, tuple)) else () for items in thing[:frames]]
    items = list(chain.from_iterable(rows))
    if not ({*map(type, items)} <= {dict} and None not in [item.get("id") for item in items]):
        rows = [[item for item in row if is_mapping(item) and item.get("id") is not None] for row in rows]
        items = list(chain.from_iterable(rows))
    boxes, readable = BoxKind().read_all(items)
    names = [item["id"] for item in items]
    if not ({*map(type, names)} <= {int} or {*map(type, names)} <= {str}):
        names = list(map(str, names))
    number = {name: k for k, name in enumerate(dict.fromkeys(names))}
    ids = np.fromiter(map(number.__getitem__, names), np.int64, len(names))[readable]
    frame = np.repeat(np.arange(len(rows)), list(map(len, rows)))[readable]
    # Numbers without a gap, though a track may have had no readable box.
    ids = np.unique(ids, return_inverse=True)[1]
    tracks = int(ids.max(initial=-1)) + 1
    first = np.sort(np.unique(frame * (tracks + 1) + ids, return_index=True)[1])
    ids, boxes, frame = ids[first], boxes[first], frame[first]
    return Frames(ids, boxes, frame, tracks)


def overlapping(truth: Frames, given: Frames, frames: int) -> tuple[Ints, Ints, FloatArray]:
    """All pairs of a true and an answered box of one frame that overlap, and their IoU; many frames at a time."""
    first_t, first_g = (np.searchsorted(side.frame, np.arange(frames + 1)) for side in (truth, given))
    found: list[tuple[Ints, Ints, FloatArray]] = []
    start = 0
    for stop in _stops(np.diff(first_t) * np.diff(first_g), _PAIRS):
        t, g = slice(first_t[start], first_t[stop]), slice(first_g[start], first_g[stop])
        one, two, _ = pair_up(truth.frame[t] - start, given.frame[g] - start, stop - start)
        # Most do not even stand one above the other.
        for low, side in ((0, 2), (1, 3)):
            a, b = truth.box[t, low], given.box[g, low]
            ends_a, ends_b = a + truth.box[t, side], b + given.box[g, side]
            near = (a[one] < ends_b[two]) & (b[two] < ends_a[one])
            one, two = one[near], two[near]
        one, two = one + t.start, two + g.start
        found.append((one, two, box_overlaps(truth.box[one], given.box[two], np.zeros(len(one), np.bool_))))
        start = stop
    ones, twos, ious = zip(*found, strict=True)
    return np.concatenate(ones), np.concatenate(twos), np.concatenate(ious)


def _stops(sizes: Ints, most: int) -> list[int]:
    """Where to cut a list of sizes so that each part adds up to at most ``most``, or is one long."""
    stops, total = [], 0
    for k, size in enumerate(sizes.tolist()):
        if total and total + size > most:
            stops.append(k)
            total = 0
        total += size
    return [*stops, len(sizes)]


def aligned(answer: Any, reference: Any, row: int) -> Video:
    """Both sides frame by frame; frames that an answer lacks are empty, those beyond the reference are not used."""
    truth = read_frames(reference)
    need(truth is not None and len(reference) > 0, row, "is not a list of frames, each a list of {'id', 'box'}")
    assert truth is not None
    frames = len(reference)
    given = read_frames(answer, frames) or read_frames((), frames)
    assert given is not None
    return Video(truth, given, frames, *overlapping(truth, given, frames))


@dataclass(frozen=True)
class _MultiTrack(Metric):
    """A number from counts that are summed over the videos of the set.

    Boxes match by IoU. Frames that an answer lacks are empty; a missing answer is a video without any track. Only boxes
    with a readable id and box count, of an id twice in a frame the first. A set without any true box scores 0.
    """

    unit = "fraction"
    direction = "higher"
    answer = "a list of frames, each a list of {'id', 'box': [x, y, width, height]}; reference: the same"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Column ``counts`` (n, k); what they are is the metric's own affair."""
        check_lengths(answers, references)
        rows = [
            self.counts(aligned(answer, reference, row))
            for row, (answer, reference) in enumerate(zip(answers, references, strict=True))
        ]
        return Evidence(counts=np.array(rows, np.float64) if rows else np.zeros((0, 1)))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The number from the weighted sums of counts."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.full(w.shape[:-1], self.worst)
        return self.number(weighted_sum(evidence["counts"], w))

    def counts(self, sequence: Video) -> FloatArray:
        """The counts of one video."""
        raise NotImplementedError

    def number(self, sums: FloatArray) -> FloatArray:
        """The number from sums (..., k)."""
        raise NotImplementedError

    @property
    def worst(self) -> float:
        """0: nothing followed."""
        return 0.0


@dataclass(frozen=True)
class Mota(_MultiTrack):
    """Multi-object tracking accuracy at an IoU of ``iou`` (0.5); edge cases as in :class:`_MultiTrack`. It may be negative."""

    iou: float = 0.5

    name = "mota"
    title = "MOTA"
    definition = "1 - (missed + false + switched identities) / true boxes, summed over the set, at an IoU of 0.5"
    source = "Bernardin and Stiefelhagen 2008; trackeval CLEAR"
    range = (-float("inf"), 1.0)

    def __post_init__(self) -> None:
        _check_iou(self.name, self.iou)

    def counts(self, sequence: Video) -> FloatArray:
        """Hits, missed, false, switches."""
        truth, given = sequence.truth, sequence.given
        pairs = np.flatnonzero(sequence.iou >= self.iou - _EPS)
        one, two = sequence.one[pairs], sequence.two[pairs]
        frame, who, by = truth.frame[one], truth.id[one], given.id[two]
        # A pair whose boxes have no other is a match; a frame of others has to be solved, after the frame before it.
        match = (np.bincount(one)[one] == 1) & (np.bincount(two)[two] == 1)
        both = np.intersect1d(truth.frame, given.frame)
        bounds = np.searchsorted(frame, np.append(both, sequence.frames))
        for k in np.unique(np.searchsorted(both, frame[~match])).tolist():
            here, before = slice(bounds[k], bounds[k + 1]), slice(bounds[k - 1] if k else 0, bounds[k])
            last = np.full(truth.tracks, -1, np.int64)
            last[who[before][match[before]]] = by[before][match[before]]
            # First of all the track of the frame before goes on, then likeness decides.
            score = 1000.0 * (last[who[here]] == by[here]) + sequence.iou[pairs[here]]
            match[here] = sequence.best(int(both[k]), pairs[here], score)
        who, by = who[match], by[match]
        order = np.argsort(who, kind="stable")
        switches = np.count_nonzero((np.diff(who[order]) == 0) & (np.diff(by[order]) != 0))
        hits = len(who)
        return np.array([hits, len(truth.id) - hits, len(given.id) - hits, switches], np.float64)

    def number(self, sums: FloatArray) -> FloatArray:
        """MOTA."""
        hits, missed, false, switches = np.moveaxis(sums, -1, 0)
        return ratio(hits - false - switches, hits + missed, empty=0.0)


@dataclass(frozen=True)
class Idf1(_MultiTrack):
    """F1 of identities at an IoU of ``iou`` (0.5); edge cases as in :class:`_MultiTrack`."""

    iou: float = 0.5

    name = "idf1"
    title = "IDF1"
    definition = (
        "2 IDTP / (true boxes + answered boxes) under the best one-to-one match of identities, at an IoU of 0.5"
    )
    source = "Ristani et al. 2016; trackeval Identity"
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        _check_iou(self.name, self.iou)

    def counts(self, sequence: Video) -> FloatArray:
        """Boxes under the best match of identities, true boxes, answered boxes."""
        together = sequence.together(sequence.iou >= self.iou)
        # Leaving an identity unmatched costs no more than a match of nothing, so the best match is the largest sum.
        best = float(together[linear_sum_assignment(-together)].sum())
        return np.array([best, len(sequence.truth.id), len(sequence.given.id)], np.float64)

    def number(self, sums: FloatArray) -> FloatArray:
        """IDF1."""
        best, truths, tracks = np.moveaxis(sums, -1, 0)
        return ratio(2.0 * best, truths + tracks, empty=0.0)


@dataclass(frozen=True)
class Hota(_MultiTrack):
    """Higher order tracking accuracy; edge cases as in :class:`_MultiTrack`."""

    name = "hota"
    title = "HOTA"
    definition = "mean over IoU 0.05:0.05:0.95 of the root of detection accuracy times association accuracy"
    source = "Luiten et al. 2020; trackeval HOTA"
    range = (0.0, 1.0)

    def counts(self, sequence: Video) -> FloatArray:
        """For each threshold hits, missed, false and the sum of association accuracies over hits."""
        truth, given, one, two, iou = sequence.truth, sequence.given, sequence.one, sequence.two, sequence.iou
        truths, tracks = len(truth.id), len(given.id)
        size_t = np.bincount(truth.id, minlength=truth.tracks)[:, None]
        size_g = np.bincount(given.id, minlength=given.tracks)[None]
        rest = np.bincount(one, iou)[one] + np.bincount(two, iou)[two] - iou
        possible = sequence.together(slice(None), np.divide(iou, rest, out=np.zeros_like(iou), where=rest > _EPS))
        alignment = possible / np.maximum(size_t + size_g - possible, _EPS)
        score = alignment.ravel()[sequence.codes()] * iou
        match = np.zeros(len(one), np.bool_)
        bounds = np.searchsorted(truth.frame[one], np.arange(sequence.frames + 1)).tolist()
        for frame, (low, high) in enumerate(pairwise(bounds)):
            if high > low:
                match[low:high] = sequence.best(frame, slice(low, high), score[low:high])
        hits = np.stack([sequence.together(match & (iou >= alpha - _EPS)) for alpha in ALPHAS])
        association = hits / np.maximum(1.0, size_t + size_g - hits)
        found = hits.sum(axis=(1, 2))
        table = [found, truths - found, tracks - found, (hits * association).sum(axis=(1, 2))]
        return np.concatenate(table)

    def number(self, sums: FloatArray) -> FloatArray:
        """HOTA."""
        hits, missed, false, association = np.moveaxis(sums.reshape(*sums.shape[:-1], 4, len(ALPHAS)), -2, 0)
        detection = ratio(hits, hits + missed + false, empty=0.0)
        hota: FloatArray = np.sqrt(detection * ratio(association, hits, empty=0.0)).mean(axis=-1)
        return hota


def _check_iou(name: str, iou: float) -> None:
    if not 0.0 < iou <= 1.0:
        raise MetricError(f"{name}: iou={iou} must be above 0 and at most 1")
