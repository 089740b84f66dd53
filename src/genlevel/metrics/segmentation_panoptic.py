"""Panoptic quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths
from genlevel.metrics.dense import label_map, need, one_of
from genlevel.metrics.detection_ap import label_id
from genlevel.metrics.evidence import Array, Evidence, FloatArray, Ragged
from genlevel.metrics.segmentation import confusion

_VOID = 0


class _Panoptic(NamedTuple):
    """A map of segment ids (H, W) and for each segment its class and whether it is a crowd."""

    map: Array
    label: dict[int, int]
    crowd: frozenset[int]


@dataclass(frozen=True)
class PanopticQuality(Metric):
    """Panoptic quality over the set: mean over classes.

    Segment 0 is void. A predicted and a true segment of one class match where their IoU, void left out, is above 0.5. A
    predicted segment that is unmatched but by more than half void, or crowd of its class, does not count; crowds are never
    missed. A class counts where it has a match, a miss or a false segment. ``part`` is ``pq`` (default), ``sq`` (mean IoU
    of matches) or ``rq`` (F1 of matching). A missing answer, or one of another size, predicts nothing; segments of an
    answer that have no label are void. A set without any segment scores 0.
    """

    part: str = "pq"

    name = "pq"
    title = "PQ"
    definition = "mean over classes of the sum of IoU over matches / (matches + false/2 + missed/2), over the set"
    source = "Kirillov et al. 2019; panopticapi"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = (
        "{'map': segment ids (H, W), 0 for void, 'segments': [{'id', 'label', 'crowd'?}]}; reference: the same, "
        "or for both a map of 1000 x class + instance"
    )

    def __post_init__(self) -> None:
        one_of("part", self.part, ("pq", "sq", "rq"))

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Ragged columns ``label`` and ``counts`` (IoU of matches, matches, false, missed), an item per class of a sample."""
        check_lengths(answers, references)
        labels, counts = [], []
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            truth = _panoptic(reference)
            need(truth is not None, row, "is not {'map', 'segments'} with a label for every segment")
            assert truth is not None
            table = _tally(_panoptic(answer, lenient=True), truth)
            labels.append(np.array(list(table), np.int64))
            counts.append(np.array(list(table.values()), np.float64).reshape(-1, 4))
        return Evidence(
            label=Ragged.from_rows(labels, dtype=np.int64), counts=Ragged.from_rows(counts, dtype=np.float64, width=4)
        )

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean over classes of the quality from weighted sums."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        label, counts = evidence.ragged("label"), evidence.ragged("counts").values
        classes, column = np.unique(label.values, return_inverse=True)
        total, present = np.zeros(w.shape[:-1]), np.zeros(w.shape[:-1])
        for k in range(len(classes)):
            mine = column == k
            iou, hit, wrong, missed = np.moveaxis(w[..., label.row_of[mine]] @ counts[mine], -1, 0)
            size = hit + 0.5 * wrong + 0.5 * missed
            top, bottom = {"pq": (iou, size), "sq": (iou, hit), "rq": (hit, size)}[self.part]
            total += np.divide(top, bottom, out=np.zeros_like(bottom), where=bottom > 0)
            present += size > 0
        mean: FloatArray = total / np.maximum(present, 1.0)
        return mean


def _panoptic(thing: Any, *, lenient: bool = False) -> _Panoptic | None:
    """A panoptic map; None where it is none. ``lenient``: a segment without a readable label becomes void."""
    if thing is None:
        return None
    if not isinstance(thing, Mapping):
        ids = label_map(thing)
        if ids is None or ids.ndim != 2:
            return None
        present = [int(i) for i in np.unique(ids) if i != _VOID]
        return _Panoptic(ids, {i: i // 1000 if i >= 1000 else i for i in present}, frozenset())
    ids = label_map(thing.get("map"))
    segments = thing.get("segments")
    if ids is None or ids.ndim != 2 or not isinstance(segments, (list, tuple)):
        return None
    label: dict[int, int] = {}
    crowd = set()
    for segment in segments:
        try:
            number, name = int(segment["id"]), str(segment["label"])
        except (TypeError, ValueError, KeyError, OverflowError):
            if lenient:
                continue
            return None
        label[number] = label_id(name)
        if segment.get("crowd", False):
            crowd.add(number)
    unknown = [int(i) for i in np.unique(ids) if i != _VOID and int(i) not in label]
    if unknown:
        if not lenient:
            return None
        ids = np.where(np.isin(ids, unknown), _VOID, ids)
    return _Panoptic(ids, label, frozenset(crowd))


def _tally(answer: _Panoptic | None, truth: _Panoptic) -> dict[int, list[float]]:
    """Per class: sum of IoU over matches, matches, false segments, missed segments."""
    if answer is None or answer.map.shape != truth.map.shape:
        answer = _Panoptic(np.zeros(truth.map.shape, np.int64), {}, frozenset())
    given, true, pixels = (column.tolist() for column in confusion(answer.map, truth.map))
    both = {(int(a), int(t)): int(n) for a, t, n in zip(given, true, pixels, strict=True)}
    size_a, size_t = _sizes(both, 0), _sizes(both, 1)
    table: dict[int, list[float]] = {}
    matched_a, matched_t = set(), set()
    for (a, t), shared in both.items():
        if a == _VOID or t == _VOID or t in truth.crowd or answer.label[a] != truth.label[t]:
            continue
        iou = shared / (size_a[a] + size_t[t] - shared - both.get((a, _VOID), 0))
        if iou > 0.5:
            row = table.setdefault(truth.label[t], [0.0] * 4)
            row[0], row[1] = row[0] + iou, row[1] + 1
            matched_a.add(a)
            matched_t.add(t)
    # Of several crowds of one class in an image the last listed one excuses, as in panopticapi.
    crowd_of = {truth.label[t]: t for t in truth.label if t in truth.crowd}
    for t in size_t:
        if t != _VOID and t not in truth.crowd and t not in matched_t:
            table.setdefault(truth.label[t], [0.0] * 4)[3] += 1
    for a in size_a:
        if a == _VOID or a in matched_a:
            continue
        excused = both.get((a, _VOID), 0) + both.get((a, crowd_of.get(answer.label[a], -1)), 0)
        if excused / size_a[a] <= 0.5:
            table.setdefault(answer.label[a], [0.0] * 4)[2] += 1
    return table


def _sizes(both: Mapping[tuple[int, int], int], side: int) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for pair, pixels in both.items():
        sizes[pair[side]] = sizes.get(pair[side], 0) + pixels
    return sizes
