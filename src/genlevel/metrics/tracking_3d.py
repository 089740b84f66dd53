"""Many objects followed in space: AMOTA as nuScenes defines it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths
from genlevel.metrics.dense import need, numbers, usable
from genlevel.metrics.detection_3d import copies
from genlevel.metrics.detection_ap import label_id, score_of
from genlevel.metrics.evidence import Evidence, FloatArray, Ragged

_RECALLS = np.linspace(0.1, 1.0, 40).round(12)
_FAR = 1e6


class Seen(NamedTuple):
    """One object in one frame."""

    id: str
    place: FloatArray
    """x and y of the centre."""
    score: float


Frames = list[list[Seen]]


def read_scene(thing: Any) -> dict[str, Frames] | None:
    """By class the objects of each frame, from a list of frames of ``{'id', 'label', 'box', 'score'?}``; else None."""
    if not isinstance(thing, (list, tuple)):
        return None
    scene: dict[str, Frames] = defaultdict(lambda: [[] for _ in thing])
    for t, items in enumerate(thing):
        for item in items if isinstance(items, (list, tuple)) else ():
            if not isinstance(item, Mapping) or item.get("id") is None or item.get("label") is None:
                continue
            place = usable(numbers(item.get("centre", item.get("box"))))
            if place is not None and place.ndim == 1 and len(place) >= 2:
                scene[str(item["label"])][t].append(Seen(str(item["id"]), place[:2], score_of(item)))
    return scene


def _track_scores(frames: Frames) -> Frames:
    """The same with the mean score of its track for each object."""
    total: dict[str, list[float]] = defaultdict(list)
    for frame in frames:
        for seen in frame:
            total[seen.id].append(seen.score)
    mean = {name: float(np.mean(scores)) for name, scores in total.items()}
    return [[seen._replace(score=mean[seen.id]) for seen in frame] for frame in frames]


def follow(truth: Frames, given: Frames, metres: float) -> tuple[list[float], int]:
    """The scores of matched boxes, and how often a true object's match changed its identity.

    In each frame the matches of earlier frames go on where both are there and near enough; the rest is matched with the
    least sum of distances.
    """
    last: dict[str, str] = {}
    scores, switches = [], 0
    for true, found in zip(truth, given, strict=True):
        if not true or not found:
            continue
        apart = np.linalg.norm(
            np.array([s.place for s in true])[:, None] - np.array([s.place for s in found])[None], axis=2
        )
        near = apart < metres
        row_of, column_of = {s.id: k for k, s in enumerate(true)}, {s.id: k for k, s in enumerate(found)}
        pairs = [
            (row_of[a], column_of[b])
            for a, b in last.items()
            if a in row_of and b in column_of and near[row_of[a], column_of[b]]
        ]
        kept: list[tuple[int, int]] = []
        for i, j in pairs:
            if all(i != a and j != b for a, b in kept):
                kept.append((i, j))
        cost = np.where(near, apart, _FAR)
        for i, j in kept:
            cost[i, :], cost[:, j] = _FAR, _FAR
        rows, columns = linear_sum_assignment(cost)
        new = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cost[i, j] < _FAR]
        for i, j in kept + new:
            if last.get(true[i].id, found[j].id) != found[j].id:
                switches += 1
            last[true[i].id] = found[j].id
            scores.append(found[j].score)
    return scores, switches


@dataclass(frozen=True)
class Amota(Metric):
    """Average multi-object tracking accuracy over 40 recalls, mean over classes that occur in a reference.

    A track's score is the mean of its boxes'. For each recall from 0.1 to 1 the score threshold that reaches it is taken over the
    whole set, and 1 - (false + switches) / hits, cut at 0, counts; a recall that is never reached counts 0. Centres on the
    ground match within ``metres`` (2). A missing answer is a scene without tracks. A set without any true object scores 0.
    """

    metres: float = 2.0

    name = "amota"
    title = "AMOTA"
    definition = "mean over classes and 40 recalls of max(0, 1 - (switches + false + missed - (1-r) P) / (r P))"
    source = "nuScenes tracking evaluation; Weng et al. 2020"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    resamples = 200
    answer = "a list of frames, each a list of {'id', 'label', 'box': [x, y, z, ...] or 'centre', 'score'}; reference: the same"

    def __post_init__(self) -> None:
        if not self.metres > 0:
            raise MetricError(f"amota: metres={self.metres} must be above 0")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Ragged columns, with one item per class of a scene, per hit, and per score level of a class.

        ``truth`` (class, true boxes), ``hit`` (class, score), ``level`` (class, score, hits, false, switches with only the
        tracks of at least that score). A class is its number as float64 bits, so that a column has one type.
        """
        check_lengths(answers, references)
        truths: list[FloatArray] = []
        hits: list[FloatArray] = []
        levels: list[FloatArray] = []
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            truth = read_scene(reference)
            need(truth is not None and len(reference) > 0, row, "is not a list of frames of {'id', 'label', 'box'}")
            assert truth is not None
            given = read_scene(answer) or {}
            tables = [self._class_rows(name, truth, given) for name in sorted({*truth, *given})]
            for column, k in ((truths, 0), (hits, 1), (levels, 2)):
                column.append(
                    np.array([item for table in tables for item in table[k]], np.float64).reshape(-1, (2, 2, 5)[k])
                )
        return Evidence(
            truth=Ragged.from_rows(truths, dtype=np.float64, width=2),
            hit=Ragged.from_rows(hits, dtype=np.float64, width=2),
            level=Ragged.from_rows(levels, dtype=np.float64, width=5),
        )

    def _class_rows(
        self, name: str, truth: Mapping[str, Frames], given: Mapping[str, Frames]
    ) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]], list[tuple[float, ...]]]:
        number = float(label_id(name) >> 11)  # whole numbers below 2^53 are exact
        frames = max(len(side.get(name, ())) for side in (truth, given))
        true = truth.get(name) or [[] for _ in range(frames)]
        length = len(next(iter(truth.values()))) if truth else frames
        found = ((given.get(name) or []) + [[] for _ in range(length)])[:length]
        true = (true + [[] for _ in range(length)])[:length]
        found = _track_scores(found)
        scores, _ = follow(true, found, self.metres)
        levels: list[tuple[float, ...]] = []
        for level in sorted({seen.score for frame in found for seen in frame}):
            kept = [[seen for seen in frame if seen.score >= level] for frame in found]
            matched, switches = follow(true, kept, self.metres)
            levels.append((number, level, len(matched), sum(map(len, kept)) - len(matched), switches))
        return [(number, float(sum(map(len, true))))], [(number, score) for score in scores], levels

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """AMOTA under weights of scenes."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        flat = w.reshape(-1, w.shape[-1])
        out = np.zeros(len(flat))
        truth, hit, level = (evidence.ragged(name) for name in ("truth", "hit", "level"))
        classes = np.unique(truth.values[truth.values[:, 1] > 0, 0])
        present = np.zeros(len(flat))
        for number in classes:
            mine = [column.values[:, 0] == number for column in (truth, hit, level)]
            wanted = flat[:, truth.row_of[mine[0]]] @ truth.values[mine[0], 1]
            hits = hit.values[mine[1], 1], hit.row_of[mine[1]]
            levels = level.values[mine[2]][:, 1:], level.row_of[mine[2]]
            for b in np.flatnonzero(wanted > 0):
                out[b] += _class_amota(hits, levels, flat[b], float(wanted[b]))
            present += wanted > 0
        mean: FloatArray = out / np.maximum(present, 1.0)
        return mean.reshape(w.shape[:-1])


def _class_amota(hits: tuple[Any, Any], levels: tuple[Any, Any], w: FloatArray, wanted: float) -> float:
    """AMOTA of one class under weights ``w`` of scenes, with ``wanted`` true boxes."""
    scores, rows = hits
    order = np.argsort(-scores, kind="stable")
    order, mass = copies(order, w[rows[order]])
    if not len(order):
        return 0.0
    recall = np.cumsum(mass) / wanted
    thresholds = np.interp(_RECALLS, recall, scores[order], right=0.0)
    table, scene = levels
    total = 0.0
    sums = np.zeros((len(_RECALLS), 3))
    for row in np.unique(scene):
        own = table[scene == row]  # by rising score
        at = np.searchsorted(own[:, 0], thresholds, side="left")
        counted = np.vstack([own[:, 1:], np.zeros(3)])[at]
        sums += w[row] * counted
    for (found, false, switches), reached in zip(sums, recall[-1] >= _RECALLS, strict=True):
        if reached and found > 0:
            total += max(0.0, 1.0 - (false + switches) / found)
    return total / len(_RECALLS)
