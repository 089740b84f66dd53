"""Many objects followed through a video: MOTA, IDF1, HOTA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio
from genlevel.metrics.dense import need
from genlevel.metrics.detection_ap import is_mapping
from genlevel.metrics.detection_kinds import BoxKind
from genlevel.metrics.detection_match import Ints, box_overlaps, pair_up
from genlevel.metrics.evidence import Evidence, FloatArray

ALPHAS = np.arange(0.05, 0.99, 0.05)
_EPS = np.finfo(np.float64).eps


class Frames(NamedTuple):
    """What is seen in each frame of a video."""

    ids: list[Ints]
    """Numbers from 0 to ``tracks`` - 1."""
    boxes: list[FloatArray]
    """(n, 4) for each frame."""
    tracks: int


class Video(NamedTuple):
    """Truths, answers and their likeness frame by frame, with ids from 0."""

    truth: list[Ints]
    given: list[Ints]
    likeness: list[FloatArray]
    truths: int
    tracks: int


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
    bounds = np.searchsorted(frame, np.arange(frames + 1)).tolist()
    return Frames(
        [ids[low:high] for low, high in pairwise(bounds)], [boxes[low:high] for low, high in pairwise(bounds)], tracks
    )


def likenesses(truth: list[FloatArray], given: list[FloatArray]) -> list[FloatArray]:
    """For each frame the IoU of every true box with every answered one, (truths, answers); many frames at a time."""
    rows, columns = (np.array([len(boxes) for boxes in side]) for side in (truth, given))
    table: list[FloatArray] = []
    start = 0
    # As many frames as make a million pairs, and one at least.
    for stop in _stops(rows * columns, 1_000_000):
        t, g = (np.concatenate(side[start:stop]) for side in (truth, given))
        frame_t, frame_g = (np.repeat(np.arange(stop - start), sizes[start:stop]) for sizes in (rows, columns))
        pairs = pair_up(frame_t, frame_g, stop - start)
        iou = box_overlaps(t[pairs.detection], g[pairs.truth], np.zeros(len(pairs.truth), np.bool_))
        ends = np.cumsum(rows[start:stop] * columns[start:stop])
        table += [
            part.reshape(int(rows[start + k]), int(columns[start + k]))
            for k, part in enumerate(np.split(iou, ends[:-1]))
        ]
        start = stop
    return table


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
    need(truth is not None and len(truth.ids) > 0, row, "is not a list of frames, each a list of {'id', 'box'}")
    assert truth is not None
    given = read_frames(answer, len(truth.ids)) or read_frames((), len(truth.ids))
    assert given is not None
    return Video(truth.ids, given.ids, likenesses(truth.boxes, given.boxes), truth.tracks, given.tracks)


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
        return self.number(w @ evidence["counts"])

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
        hits = switches = 0
        last = np.full(sequence.truths, -1, np.int64)
        before = np.full(sequence.truths, -1, np.int64)
        for truth, given, likeness in zip(sequence.truth, sequence.given, sequence.likeness, strict=True):
            if not len(truth) or not len(given):
                continue
            # First of all the track of the frame before goes on, then likeness decides.
            score = 1000.0 * (given[None] == before[truth][:, None]) + likeness
            score[likeness < self.iou - _EPS] = 0.0
            rows, columns = linear_sum_assignment(-score)
            real = score[rows, columns] > _EPS
            who, by = truth[rows[real]], given[columns[real]]
            switches += int(np.count_nonzero((last[who] >= 0) & (last[who] != by)))
            last[who] = by
            before[:] = -1
            before[who] = by
            hits += len(who)
        truths, tracks = sum(map(len, sequence.truth)), sum(map(len, sequence.given))
        return np.array([hits, truths - hits, tracks - hits, switches], np.float64)

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
        together = np.zeros((sequence.truths, sequence.tracks))
        for truth, given, likeness in zip(sequence.truth, sequence.given, sequence.likeness, strict=True):
            together[truth[:, None], given[None]] += likeness >= self.iou
        # Leaving an identity unmatched costs no more than a match of nothing, so the best match is the largest sum.
        best = float(together[linear_sum_assignment(-together)].sum())
        return np.array([best, sum(map(len, sequence.truth)), sum(map(len, sequence.given))], np.float64)

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
        truths, tracks = sum(map(len, sequence.truth)), sum(map(len, sequence.given))
        size_t = np.bincount(np.concatenate(sequence.truth), minlength=sequence.truths)[:, None]
        size_g = np.bincount(np.concatenate(sequence.given), minlength=sequence.tracks)[None]
        possible = np.zeros((sequence.truths, sequence.tracks))
        steps = list(zip(sequence.truth, sequence.given, sequence.likeness, strict=True))
        for truth, given, likeness in steps:
            rest = likeness.sum(axis=0)[None] + likeness.sum(axis=1)[:, None] - likeness
            possible[truth[:, None], given[None]] += np.divide(
                likeness, rest, out=np.zeros_like(likeness), where=rest > _EPS
            )
        alignment = possible / np.maximum(size_t + size_g - possible, _EPS)
        hits = np.zeros((len(ALPHAS), *possible.shape))
        for truth, given, likeness in steps:
            rows, columns = linear_sum_assignment(-alignment[truth[:, None], given[None]] * likeness)
            near = likeness[rows, columns][None] >= ALPHAS[:, None] - _EPS
            hits[:, truth[rows], given[columns]] += near
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
