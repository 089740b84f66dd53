"""Where a camera or a body went: relative errors of translation and rotation, absolute trajectory error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need, numbers, one_of, usable
from genlevel.metrics.evidence import FloatArray

_KITTI_LENGTHS = (100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0)


@dataclass(frozen=True)
class Trajectory:
    """Poses of T frames with the frames last, so that arithmetic runs along them."""

    turn: FloatArray
    """Rotations (3, 3, T)."""
    place: FloatArray
    """Positions (3, T)."""

    def __len__(self) -> int:
        return int(self.place.shape[1])


def read_trajectory(thing: Any) -> Trajectory | None:
    """A trajectory from matrices (T, 4, 4), (T, 3, 4), (T, 12) row by row, one matrix, or positions (T, 3); None for none.

    Positions have no rotation: it is the identity. A rotation must be one up to 1e-3.
    """
    array = usable(numbers(thing))
    if array is None or array.ndim not in (2, 3):
        return None
    if array.shape in ((4, 4), (3, 4)):
        array = array[None]
    if array.ndim == 2 and array.shape[1] == 12:
        array = array.reshape(-1, 3, 4)
    if array.ndim == 2 and array.shape[1] == 3:
        return Trajectory(np.broadcast_to(_STILL.turn, (3, 3, len(array))), np.ascontiguousarray(array.T))
    if array.ndim != 3 or array.shape[1:] not in ((3, 4), (4, 4)):
        return None
    rows = np.ascontiguousarray(np.moveaxis(array[:, :3], 0, -1))
    turn, place = rows[:, :3], rows[:, 3]
    return Trajectory(turn, place) if _rigid(turn) else None


def _rigid(turn: FloatArray) -> bool:
    """Whether matrices (3, 3, T) are rotations up to 1e-3."""
    square = np.einsum("ikt,jkt->ijt", turn, turn) - _STILL.turn
    if np.abs(square).max() >= 1e-3:
        return False
    (a, b, c), (d, e, f), (g, h, i) = turn
    volume = a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g)
    return bool(volume.min() > 0)


_STILL = Trajectory(np.eye(3)[..., None], np.zeros((3, 1)))


def read_poses(thing: Any) -> FloatArray | None:
    """Poses (T, 4, 4) of what :func:`read_trajectory` takes; None for none."""
    path = read_trajectory(thing)
    if path is None:
        return None
    poses = np.tile(np.eye(4), (len(path), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = np.moveaxis(path.turn, -1, 0), path.place.T
    return poses


def turn_degrees(turn: FloatArray) -> FloatArray:
    """The angle of each rotation (3, 3, T) in degrees, exact also near 0 and 180."""
    x, y, z = turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]
    angle: FloatArray = np.degrees(np.arctan2(_length(np.stack([x, y, z])), turn[0, 0] + turn[1, 1] + turn[2, 2] - 1.0))
    return angle


def _length(vectors: FloatArray) -> FloatArray:
    """Of vectors (3, T)."""
    length: FloatArray = np.sqrt(np.einsum("it,it->t", vectors, vectors))
    return length


@dataclass(frozen=True)
class _PoseMetric(MeanMetric):
    """A number per trajectory, mean over them. An answer that is no trajectory of the reference's length is not answered."""

    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = "poses (T, 4, 4), (T, 3, 4) or (T, 12), or positions (T, 3); reference: the same"

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The number of one trajectory."""
        truth = read_trajectory(reference)
        need(truth is not None, row, "is not a trajectory of rigid poses or positions")
        given = read_trajectory(answer)
        if given is None or truth is None or len(given) != len(truth):
            return None
        return self.error(given, truth, row)

    def error(self, given: Trajectory, truth: Trajectory, row: int) -> float:
        """The error of one trajectory."""
        raise NotImplementedError


class _Pairs(NamedTuple):
    first: slice | list[int]
    last: slice | list[int]
    length: FloatArray
    """In metres; ones where errors are not per metre."""


def _after_none(path: Trajectory) -> Trajectory:
    """The trajectory, after a frame in which nothing has moved."""
    sides = ((_STILL.turn, path.turn), (_STILL.place, path.place))
    return Trajectory(*(np.concatenate(side, axis=-1) for side in sides))


@dataclass(frozen=True)
class _RelativeError(_PoseMetric):
    """A relative error of motion between pairs of frames, mean over pairs.

    ``pairs`` is ``step`` (default: frames ``delta`` apart; a single pose is compared as it is), or ``kitti``: from every
    tenth frame to where the reference has gone 100, 200, ..., 800 metres further, errors per metre, of which pairs that
    leave the trajectory do not count.
    """

    pairs: str = "step"
    delta: int = 1

    def __post_init__(self) -> None:
        one_of("pairs", self.pairs, ("step", "kitti"))
        if self.delta < 1:
            raise MetricError(f"{self.name}: delta={self.delta} must be at least 1")

    def error(self, given: Trajectory, truth: Trajectory, row: int) -> float:
        """Mean of what remains of each pair's motion, per step, or per metre as the benchmark prints it."""
        pairs = self._pairs(truth)
        if len(truth) == 1:
            given, truth = _after_none(given), _after_none(truth)
            pairs = _Pairs([0], [1], np.ones(1))
        need(len(pairs.length) > 0, row, f"is too short a trajectory for pairs='{self.pairs}', delta={self.delta}")
        scale = 100.0 if self.pairs == "kitti" else 1.0
        return float(scale * np.mean(self.remains(given, truth, pairs) / pairs.length))

    def remains(self, given: Trajectory, truth: Trajectory, pairs: _Pairs) -> FloatArray:
        """How much the motions of the two differ in each pair of frames, shape (pairs,)."""
        raise NotImplementedError

    def _pairs(self, truth: Trajectory) -> _Pairs:
        if self.pairs == "step":
            count = max(len(truth) - self.delta, 0)
            return _Pairs(slice(0, count), slice(self.delta, self.delta + count), np.ones(count))
        gone = np.concatenate([[0.0], np.cumsum(_length(np.diff(truth.place)))])
        ends = [
            (i, int(j), length)
            for i in range(0, len(truth), 10)
            for length in _KITTI_LENGTHS
            if (j := np.searchsorted(gone, gone[i] + length, side="right")) < len(truth)
        ]
        return _Pairs([e[0] for e in ends], [e[1] for e in ends], np.array([e[2] for e in ends]))


@dataclass(frozen=True)
class RelativeTranslationError(_RelativeError):
    """Relative translation error; options and edge cases as in :class:`_RelativeError`.

    In the unit of the positions per step; with ``pairs="kitti"`` in percent of the way.
    """

    version = 2
    name = "rte"
    title = "RTE"
    definition = "mean over trajectories of the mean length of the translation that remains between consecutive frames"
    source = "Sturm et al. 2012 (relative pose error); Geiger et al. 2012 (pairs='kitti')"

    def remains(self, given: Trajectory, truth: Trajectory, pairs: _Pairs) -> FloatArray:
        """Length of the translation that remains: the difference of the ways, each as seen from its first frame."""
        ways = [
            np.einsum("jit,jt->it", path.turn[..., pairs.first], path.place[:, pairs.last] - path.place[:, pairs.first])
            for path in (given, truth)
        ]
        return _length(ways[0] - ways[1])


@dataclass(frozen=True)
class RelativeRotationError(_RelativeError):
    """Relative rotation error in degrees; options and edge cases as in :class:`_RelativeError`.

    Per step; with ``pairs="kitti"`` in degrees per 100 metres.
    """

    version = 2
    name = "rre"
    title = "RRE"
    definition = (
        "mean over trajectories of the mean angle of the rotation that remains between consecutive frames, in degrees"
    )
    source = "Sturm et al. 2012 (relative pose error); Geiger et al. 2012 (pairs='kitti')"

    def remains(self, given: Trajectory, truth: Trajectory, pairs: _Pairs) -> FloatArray:
        """Angle of the rotation that remains, seen from the world: how far the frames' own differences are apart."""
        apart = np.einsum("ikt,jkt->ijt", truth.turn, given.turn)
        return turn_degrees(np.einsum("ikt,jkt->ijt", apart[..., pairs.first], apart[..., pairs.last]))


@dataclass(frozen=True)
class AbsoluteTrajectoryError(_PoseMetric):
    """Absolute trajectory error: root of the mean squared distance of positions after fitting the answer to the reference.

    ``align`` is ``rigid`` (default: rotation and translation), ``similarity`` (with a scale) or ``none``. A trajectory on a
    line, or a single place, is fitted as well as it can be.
    """

    align: str = "rigid"

    name = "ate"
    title = "ATE"
    definition = "mean over trajectories of the root of the mean squared distance of positions after a rigid fit"
    source = "Sturm et al. 2012; Umeyama 1991"

    def __post_init__(self) -> None:
        one_of("align", self.align, ("rigid", "similarity", "none"))

    def error(self, given: Trajectory, truth: Trajectory, row: int) -> float:
        """RMSE of positions."""
        x, y = given.place, truth.place
        if self.align != "none":
            x = fitted(x, y, scale=self.align == "similarity")
        apart = x - y
        return float(np.sqrt(np.einsum("it,it->", apart, apart) / len(truth)))


def fitted(x: FloatArray, y: FloatArray, *, scale: bool) -> FloatArray:
    """``x`` (3, T) moved, turned and, with ``scale``, scaled so that it is nearest to ``y`` in least squares (Umeyama)."""
    middle = y.mean(axis=1, keepdims=True)
    dx, dy = x - x.mean(axis=1, keepdims=True), y - middle
    u, s, vt = np.linalg.svd(dy @ dx.T)
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    spread = float(np.einsum("it,it->", dx, dx))
    size = float((s * flip).sum()) / spread if scale and spread > 0 else 1.0
    out: FloatArray = size * (u * flip @ vt) @ dx + middle
    return out
