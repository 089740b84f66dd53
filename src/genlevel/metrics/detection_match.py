"""Who found what: COCO's greedy matching of scored detections to truths, for all images and thresholds at once.

Detections and truths come as flat arrays sorted by group, a group being one class in one image. The d-th best detection of
every group is matched in the same step, so the loop runs over ranks (at most 100), not over images.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlevel.metrics.evidence import Array, FloatArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Pairs(NamedTuple):
    """Every detection with every truth of its group, detections in order and for each the truths in order."""

    detection: Ints
    truth: Ints
    first: Ints
    """For each detection the position of its first pair; pairs of detection d are first[d]:first[d + 1]."""


class Matches(NamedTuple):
    """For each threshold and detection whether it hits a truth and whether it counts neither way, shape (T, D)."""

    hit: Bools
    skip: Bools


def pair_up(detection_group: Ints, truth_group: Ints, groups: int) -> Pairs:
    """All pairs within groups. Both arguments are sorted and below ``groups``."""
    truths = np.bincount(truth_group, minlength=groups)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(truths)])
    lengths = truths[detection_group]
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    detection = np.repeat(np.arange(len(detection_group)), lengths)
    truth = np.arange(first[-1]) - np.repeat(first[:-1] - start[detection_group], lengths)
    return Pairs(detection, truth, first)


def match(
    pairs: Pairs, overlap: FloatArray, rank: Ints, crowd: Bools, ignored: Bools, thresholds: FloatArray
) -> Matches:
    """Match as pycocotools does.

    By falling score each detection takes the free truth with the largest overlap at or above the threshold, a counting
    truth before an ignored one and of equals the last. A crowd is never used up. A detection whose truth is ignored counts
    neither as hit nor as false.

    Args:
        pairs: from :func:`pair_up`, with the truths of each group in the order that settles equals.
        overlap: of each pair.
        rank: of each detection in its group, from 0, by falling score.
        crowd: of each truth.
        ignored: of each truth; crowds are ignored too.
        thresholds: shape (T,).
    """
    t, d = len(thresholds), len(rank)
    hit, skip = np.zeros((t, d), np.bool_), np.zeros((t, d), np.bool_)
    free = np.ones((t, len(crowd)), np.bool_)
    least = np.minimum(thresholds, 1.0 - 1e-10)
    # Only pairs that reach the lowest threshold can ever match.
    good = overlap >= least.min()
    detection, truth, overlap = pairs.detection[good], pairs.truth[good], overlap[good]
    order = np.argsort(rank[detection], kind="stable")
    detection, truth, overlap = detection[order], truth[order], overlap[order]
    # A counting truth beats every ignored one: overlaps are at most 1.
    worth = overlap + np.where(ignored[truth], 0.0, 2.0)
    steps = np.flatnonzero(np.diff(rank[detection], prepend=-1, append=np.iinfo(np.int64).max))
    for low, high in pairwise(steps.tolist()):
        own, theirs = detection[low:high], truth[low:high]
        begin = np.flatnonzero(np.diff(own, prepend=-1))
        fits = (overlap[low:high] >= least[:, None]) & free[:, theirs]
        key = np.where(fits, worth[low:high], -1.0)
        best = np.maximum.reduceat(key, begin, axis=1)
        sizes = np.diff(np.append(begin, high - low))
        at = np.where(key == np.repeat(best, sizes, axis=1), np.arange(high - low), -1)
        chosen = np.maximum.reduceat(at, begin, axis=1)
        row, column = np.nonzero(best >= 0.0)
        taken = theirs[chosen[row, column]]
        who = own[begin][column]
        hit[row, who] = ~ignored[taken]
        skip[row, who] = ignored[taken]
        used = ~crowd[taken]
        free[row[used], taken[used]] = False
    return Matches(hit, skip)


def by_score(group: Ints, score: FloatArray) -> Ints:
    """The order by group, in a group by falling score, of equal scores the first first; ``group`` is 0 and more."""
    n = len(group)
    if not n or (int(group.max()) + 1) * n**2 >= 1 << 62:
        return np.lexsort((-score, group))
    # One sort of numbers that all differ is several times as fast as two stable ones.
    falling = np.unique(-score, return_inverse=True)[1]
    return np.sort((group * n + falling) * n + np.arange(n)) % n


def ranks(group: Ints) -> Ints:
    """The position of each item in its group; ``group`` is sorted."""
    begin = np.flatnonzero(np.diff(group, prepend=-1))
    sizes = np.diff(np.append(begin, len(group)))
    return np.arange(len(group)) - np.repeat(begin, sizes)


def box_overlaps(detections: FloatArray, truths: FloatArray, crowd: Bools) -> FloatArray:
    """IoU of boxes x, y, width, height paired row by row; with a crowd the share of the detection that it covers."""
    low = np.maximum(detections[:, :2], truths[:, :2])
    high = np.minimum(detections[:, :2] + detections[:, 2:], truths[:, :2] + truths[:, 2:])
    side = np.maximum(high - low, 0.0)
    both = side[:, 0] * side[:, 1]
    area = detections[:, 2] * detections[:, 3]
    union = np.where(crowd, area, area + truths[:, 2] * truths[:, 3] - both)
    quotient: FloatArray = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return quotient


def pack(flags: Bools) -> Array:
    """Flags (T, D), T at most 32, as one uint32 per column; threshold t is bit t."""
    bits = np.uint32(1) << np.arange(len(flags), dtype=np.uint32)
    packed: Array = (flags.astype(np.uint32) * bits[:, None]).sum(axis=0, dtype=np.uint32)
    return packed
