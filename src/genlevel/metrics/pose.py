"""Where a camera or a body went: relative errors of translation and rotation, absolute trajectory error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.dense import MeanMetric, need, numbers, one_of, usable
from genlevel.metrics.evidence import FloatArray

_KITTI_LENGTHS = (100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0)


def read_poses(thing: Any) -> FloatArray | None:
    """Poses (T, 4, 4) from matrices (T, 4, 4), (T, 3, 4), (T, 12) row by row, one matrix, or positions (T, 3); None for none.

    Positions have no rotation: it is the identity. A rotation must be one up to 1e-3.
    """
    array = usable(numbers(thing))
    if array is None or array.ndim not in (2, 3):
        return None
    if array.shape in ((4, 4), (3, 4)):
        array = array[None]
    if array.ndim == 2 and array.shape[1] == 12:
        array = array.reshape(-1, 3, 4)
    poses = np.tile(np.eye(4), (len(array), 1, 1))
    if array.ndim == 2 and array.shape[1] == 3:
        poses[:, :3, 3] = array
        return poses
    if array.ndim != 3 or array.shape[1:] not in ((3, 4), (4, 4)):
        return None
    poses[:, :3] = array[:, :3]
    turn = poses[:, :3, :3]
    if np.abs(turn).max() > 2.0:
        return None
    sound = np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max() < 1e-3 and bool((np.linalg.det(turn) > 0).all())
    return poses if sound else None


def inverse(poses: FloatArray) -> FloatArray:
    """The inverse of rigid poses (T, 4, 4)."""
    out = np.tile(np.eye(4), (len(poses), 1, 1))
    out[:, :3, :3] = poses[:, :3, :3].transpose(0, 2, 1)
    out[:, :3, 3] = -np.einsum("tij,tj->ti", out[:, :3, :3], poses[:, :3, 3])
    return out


def turn_degrees(poses: FloatArray) -> FloatArray:
    """The angle of rotation of each pose in degrees, exact also near 0 and 180."""
    r = poses[:, :3, :3]
    axis = np.stack([r[:, 2, 1] - r[:, 1, 2], r[:, 0, 2] - r[:, 2, 0], r[:, 1, 0] - r[:, 0, 1]], axis=1)
    angle: FloatArray = np.degrees(np.arctan2(np.linalg.norm(axis, axis=1), np.trace(r, axis1=1, axis2=2) - 1.0))
    return angle


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
        truth = read_poses(reference)
        need(truth is not None, row, "is not a trajectory of rigid poses or positions")
        given = read_poses(answer)
        if given is None or truth is None or len(given) != len(truth):
            return None
        return self.error(given, truth, row)

    def error(self, given: FloatArray, truth: FloatArray, row: int) -> float:
        """The error of one trajectory; both (T, 4, 4)."""
        raise NotImplementedError


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

    def relative(self, given: FloatArray, truth: FloatArray, row: int) -> tuple[FloatArray, FloatArray]:
        """The motion that remains of each pair (n, 4, 4), and its length in metres (ones for ``step``)."""
        if len(truth) == 1:
            return inverse(truth) @ given, np.ones(1)
        first, last, length = self._ends(truth)
        need(len(first) > 0, row, f"is too short a trajectory for pairs='{self.pairs}', delta={self.delta}")
        motion_t = inverse(truth[first]) @ truth[last]
        motion_g = inverse(given[first]) @ given[last]
        return inverse(motion_t) @ motion_g, length

    def _ends(self, truth: FloatArray) -> tuple[Sequence[int], Sequence[int], FloatArray]:
        if self.pairs == "step":
            frames = range(len(truth) - self.delta)
            return list(frames), [i + self.delta for i in frames], np.ones(len(frames))
        gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(truth[:, :3, 3], axis=0), axis=1))])
        ends = [
            (i, int(j), length)
            for i in range(0, len(truth), 10)
            for length in _KITTI_LENGTHS
            if (j := np.searchsorted(gone, gone[i] + length, side="right")) < len(truth)
        ]
        return [e[0] for e in ends], [e[1] for e in ends], np.array([e[2] for e in ends])


@dataclass(frozen=True)
class RelativeTranslationError(_RelativeError):
    """Relative translation error; options and edge cases as in :class:`_RelativeError`.

    In the unit of the positions per step; with ``pairs="kitti"`` in percent of the way.
    """

    name = "rte"
    title = "RTE"
    definition = "mean over trajectories of the mean length of the translation that remains between consecutive frames"
    source = "Sturm et al. 2012 (relative pose error); Geiger et al. 2012 (pairs='kitti')"

    def error(self, given: FloatArray, truth: FloatArray, row: int) -> float:
        """Mean translation that remains."""
        left, length = self.relative(given, truth, row)
        scale = 100.0 if self.pairs == "kitti" else 1.0
        return float(scale * np.mean(np.linalg.norm(left[:, :3, 3], axis=1) / length))


@dataclass(frozen=True)
class RelativeRotationError(_RelativeError):
    """Relative rotation error in degrees; options and edge cases as in :class:`_RelativeError`.

    Per step; with ``pairs="kitti"`` in degrees per 100 metres.
    """

    name = "rre"
    title = "RRE"
    definition = (
        "mean over trajectories of the mean angle of the rotation that remains between consecutive frames, in degrees"
    )
    source = "Sturm et al. 2012 (relative pose error); Geiger et al. 2012 (pairs='kitti')"

    def error(self, given: FloatArray, truth: FloatArray, row: int) -> float:
        """Mean angle that remains."""
        left, length = self.relative(given, truth, row)
        scale = 100.0 if self.pairs == "kitti" else 1.0
        return float(scale * np.mean(turn_degrees(left) / length))


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

    def error(self, given: FloatArray, truth: FloatArray, row: int) -> float:
        """RMSE of positions."""
        x, y = given[:, :3, 3], truth[:, :3, 3]
        if self.align != "none":
            x = fitted(x, y, scale=self.align == "similarity")
        return float(np.sqrt(np.mean(((x - y) ** 2).sum(axis=1))))


def fitted(x: FloatArray, y: FloatArray, *, scale: bool) -> FloatArray:
    """``x`` (T, 3) moved, turned and, with ``scale``, scaled so that it is nearest to ``y`` in least squares (Umeyama)."""
    dx, dy = x - x.mean(axis=0), y - y.mean(axis=0)
    u, s, vt = np.linalg.svd(dy.T @ dx)
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    spread = float((dx**2).sum())
    size = float((s * flip).sum()) / spread if scale and spread > 0 else 1.0
    out: FloatArray = size * dx @ (u * flip @ vt).T + y.mean(axis=0)
    return out
