"""Point clouds: Chamfer distance, F-score, earth mover's distance, normal consistency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need, one_of, usable
from genlevel.metrics.dense import numbers as as_numbers
from genlevel.metrics.evidence import Array, FloatArray

_ANSWER = "points (N, 3), further columns are not used; reference: points (M, 3)"


def cloud(thing: Any, columns: int = 3) -> FloatArray | None:
    """Finite points (N, columns), N at least 1; None where ``thing`` is none."""
    array = as_numbers(thing)
    if array is None or array.ndim != 2 or array.shape[1] < columns:
        return None
    return usable(np.ascontiguousarray(array[:, :columns]))


def nearest(points: FloatArray, others: FloatArray) -> tuple[FloatArray, Array]:
    """For each point the distance (N,) of the nearest of ``others`` (M, 3), and which one that is (N,)."""
    along = np.sort(others[:, 0])
    # A tree cannot part equal points: each would be looked at for every query. Few have an equal coordinate otherwise.
    if 100 * np.count_nonzero(along[1:] == along[:-1]) > len(others):
        others, first = np.unique(others, axis=0, return_index=True)
        distance, index = cKDTree(others).query(points)
        return distance, first[index]
    distance, index = cKDTree(others).query(points)
    return distance, index


def _reference_cloud(thing: Any, row: int, columns: int = 3) -> FloatArray:
    points = cloud(thing, columns)
    need(points is not None, row, f"is not a cloud of finite points (N, {columns})")
    assert points is not None
    return points


def _normalised(points: FloatArray, reference: FloatArray, how: str) -> FloatArray:
    """Points moved and scaled by what brings the reference into the unit sphere or cube."""
    if how == "none":
        return points
    low, high = reference.min(axis=0), reference.max(axis=0)
    if how == "cube":
        centre, size = (low + high) / 2.0, float((high - low).max())
    else:
        centre = reference.mean(axis=0)
        size = float(np.sqrt(((reference - centre) ** 2).sum(axis=1).max()))
    moved: FloatArray = (points - centre) / (size or 1.0)
    return moved


@dataclass(frozen=True)
class ChamferDistance(MeanMetric):
    """Chamfer distance of two clouds, mean over pairs.

    ``squared=True`` (default) takes squared distances (CD-L2), ``False`` distances (CD-L1). ``combine="sum"`` (default) adds the
    means of both directions, ``"mean"`` halves that. ``normalise`` brings the reference into the unit ``sphere`` or
    ``cube`` first and moves the answer likewise; ``factor`` multiplies the number (1000 where papers print x10^3). An empty
    answer or one that is not finite is not answered.
    """

    squared: bool = True
    combine: str = "sum"
    normalise: str = "none"
    factor: float = 1.0

    name = "chamfer_distance"
    title = "Chamfer distance"
    definition = (
        "mean over clouds of: mean squared distance to the nearest reference point + the same the other way round"
    )
    source = "PyTorch3D chamfer_distance; Fan et al. 2017"
    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = _ANSWER

    def __post_init__(self) -> None:
        one_of("combine", self.combine, ("sum", "mean"))
        one_of("normalise", self.normalise, ("none", "sphere", "cube"))

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The distance of one pair."""
        truth = _reference_cloud(reference, row)
        given = cloud(answer)
        if given is None:
            return None
        x, y = _normalised(given, truth, self.normalise), _normalised(truth, truth, self.normalise)
        there, back = nearest(x, y)[0], nearest(y, x)[0]
        if self.squared:
            there, back = there**2, back**2
        both = float(there.mean() + back.mean())
        return self.factor * (both if self.combine == "sum" else both / 2.0)


@dataclass(frozen=True)
class PointFScore(MeanMetric):
    """F-score of two clouds at a distance, mean over pairs.

    ``distance`` is absolute, or with ``relative=True`` (default) a share of the longest side of the reference's bounding box
    (1 %). A point at just that distance is a hit. A missing or empty answer counts 0.
    """

    distance: float = 0.01
    relative: bool = True

    name = "f_score"
    title = "F-score at d"
    definition = (
        "mean over clouds of 2PR/(P+R): P the share of answered points within d of a reference point, R the reverse"
    )
    source = "Knapitsch et al. 2017; Tatarchenko et al. 2019"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = _ANSWER

    def __post_init__(self) -> None:
        if not self.distance > 0:
            raise MetricError(f"f_score: distance={self.distance} must be above 0")

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The F-score of one pair."""
        truth = _reference_cloud(reference, row)
        given = cloud(answer)
        if given is None:
            return None
        side = float((truth.max(axis=0) - truth.min(axis=0)).max()) if self.relative else 1.0
        d = self.distance * (side or 1.0)
        precision = float(np.mean(nearest(given, truth)[0] <= d))
        recall = float(np.mean(nearest(truth, given)[0] <= d))
        return 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True)
class EarthMoversDistance(MeanMetric):
    """Earth mover's distance of two clouds, mean over pairs: exact, each cloud of mass 1.

    ``squared=True`` moves at the squared distance. Clouds of more than ``limit`` points (2048) are thinned to it, evenly in
    their order, as the work grows with the cube. The points of the smaller cloud are then repeated, evenly in their order, up
    to the size of the larger one: the masses of its points are equal where one size divides the other, else nearly so. An
    empty answer or one that is not finite is not answered.
    """

    squared: bool = False
    limit: int = 2048

    version = 2
    name = "emd"
    title = "EMD"
    definition = (
        "mean over clouds of the least mean distance over which one cloud moves onto the other, the smaller one's points "
        "repeated up to the larger one's number"
    )
    source = "Rubner et al. 2000; Fan et al. 2017"
    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = _ANSWER

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 8192:
            raise MetricError(f"emd: limit={self.limit} must be within 1 and 8192")

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The distance of one pair."""
        truth = _reference_cloud(reference, row)
        given = cloud(answer)
        if given is None:
            return None
        count = min(max(len(given), len(truth)), self.limit)
        x, y = (points[np.arange(count) * len(points) // count] for points in (given, truth))
        cost = cdist(x, y, "sqeuclidean" if self.squared else "euclidean")
        return float(cost[linear_sum_assignment(cost)].mean())


@dataclass(frozen=True)
class NormalConsistency(MeanMetric):
    """Mean absolute cosine of the normals of nearest points, both ways, mean over pairs.

    Points come with their normals: columns x, y, z, nx, ny, nz. Normals of any length are taken; one of length 0 counts 0.
    A missing answer, or one without normals, counts 0.
    """

    name = "normal_consistency"
    title = "Normal consistency"
    definition = "mean over clouds of the mean |n . n*| of each point and the nearest of the other cloud, both ways"
    source = "Mescheder et al. 2019"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "points with normals (N, 6); reference: the same (M, 6)"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The consistency of one pair."""
        truth = _reference_cloud(reference, row, 6)
        given = cloud(answer, 6)
        if given is None:
            return None
        there = nearest(given[:, :3], truth[:, :3])[1]
        back = nearest(truth[:, :3], given[:, :3])[1]
        n, m = _unit(given[:, 3:]), _unit(truth[:, 3:])
        both = np.abs((n * m[there]).sum(axis=1)).mean() + np.abs((m * n[back]).sum(axis=1)).mean()
        return float(min(both / 2.0, 1.0))


def _unit(normals: FloatArray) -> FloatArray:
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: FloatArray = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
    return unit
