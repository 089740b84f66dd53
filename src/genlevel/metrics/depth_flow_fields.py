"""Fields of vectors: optical flow and surface normals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio
from genlevel.metrics.dense import MeanMetric, need, numbers, one_of, usable
from genlevel.metrics.evidence import Array, Evidence, FloatArray

# Middlebury's files mark an unknown flow with numbers beyond this.
_UNKNOWN = 1e9
_FL_PIXELS, _FL_SHARE = 3.0, 0.05


class _Field(NamedTuple):
    """Known vectors (pixels, c) of a reference, and where they are in the map."""

    vectors: FloatArray
    known: Array


def read_field(reference: Any, row: int, channels: int, limit: float) -> _Field:
    """The known vectors of a map (..., channels), or of ``{"flow": map, "valid": mask}``; NaN and beyond ``limit`` is unknown.

    A :class:`MetricError` names the row where it is none, or has no known vector.
    """
    valid = None
    if isinstance(reference, Mapping):
        valid = numbers(reference.get("valid"))
        reference = reference.get("flow")
    field = numbers(reference)
    need(field is not None and field.ndim >= 2 and field.shape[-1] == channels, row, f"is not a map (..., {channels})")
    assert field is not None
    known: Array = np.ones(field.shape[:-1], np.bool_)
    for k in range(channels):
        known &= np.abs(field[..., k]) <= limit
    if valid is not None:
        need(valid.shape == field.shape[:-1], row, "has a mask of another size than its map")
        known = known & (valid > 0)
    need(bool(known.any()), row, "has no known vector")
    return _Field(_at(field, known), known)


def answered_vectors(answer: Any, field: _Field) -> FloatArray | None:
    """The answer's vectors where the reference is known; None where its size differs or one is not finite."""
    given = numbers(answer)
    if given is None or given.shape != (*field.known.shape, field.vectors.shape[1]):
        return None
    return usable(_at(given, field.known))


def _at(field: FloatArray, known: Array) -> FloatArray:
    """The vectors (n, c) of a map (..., c) at the known places."""
    return field.reshape(-1, field.shape[-1]) if known.all() else field[known]


def _length(x: FloatArray, y: FloatArray) -> FloatArray:
    # Beyond 1e100 nothing is taken, so that no square overflows; hypot is several times slower.
    length: FloatArray = np.sqrt(x * x + y * y)
    return length


@dataclass(frozen=True)
class _FlowMetric(Metric):
    """A number of optical flow over the known pixels.

    ``over="values"`` (default) pools the pixels of the set, ``"samples"`` is the mean over samples. A pixel is unknown where
    the reference is NaN or beyond 1e9, or its ``valid`` mask is 0. An answer of another size, or not finite at a known
    pixel, is not answered (for ``fl_all`` wrong at every pixel). A reference without a known pixel raises :class:`MetricError`.
    """

    over: str = "values"

    direction = "lower"
    answer = "flow (H, W, 2) or (T, H, W, 2); reference: the same, or {'flow', 'valid'}"

    def __post_init__(self) -> None:
        one_of("over", self.over, ("values", "samples"))

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``error`` (sum of end-point errors), ``far`` (pixels that are outliers), ``count`` and ``answered``."""
        check_lengths(answers, references)
        table = np.zeros((len(answers), 3))
        answered = np.zeros(len(answers), np.bool_)
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            field = read_field(reference, row, 2, _UNKNOWN)
            given = answered_vectors(answer, field)
            table[row, 2] = len(field.vectors)
            if given is None:
                table[row, 1] = len(field.vectors)
                continue
            u, v = field.vectors[:, 0], field.vectors[:, 1]
            apart = _length(given[:, 0] - u, given[:, 1] - v)
            far = apart > np.maximum(_FL_SHARE * _length(u, v), _FL_PIXELS)
            table[row, :2] = apart.sum(), np.count_nonzero(far)
            answered[row] = True
        error, far, count = np.ascontiguousarray(table.T)
        return Evidence(error=error, far=far, count=count, answered=answered)

    def _mean(self, column: str, evidence: Evidence, weights: FloatArray | None) -> FloatArray:
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.full(w.shape[:-1], self.worst)
        counted = evidence["answered"] if not self.bounded else np.ones(len(evidence), np.bool_)
        total, size = np.where(counted, evidence[column], 0.0), np.where(counted, evidence["count"], 0.0)
        if self.over == "samples":
            total, size = total / np.maximum(size, 1.0), counted.astype(np.float64)
        return ratio(w @ total, w @ size, empty=self.worst)


@dataclass(frozen=True)
class EndPointError(_FlowMetric):
    """End-point error of optical flow in pixels; options and edge cases as in :class:`_FlowMetric`."""

    name = "epe"
    title = "EPE"
    definition = "mean over the known pixels of the set of |flow - flow*|"
    source = "Baker et al. 2011; MPI Sintel"
    range = (0.0, float("inf"))
    unit = "raw"
    bounded = False

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean end-point error."""
        return self._mean("error", evidence, weights)


@dataclass(frozen=True)
class FlowOutliers(_FlowMetric):
    """Share of pixels whose flow is off by more than 3 pixels and 5 %; options and edge cases as in :class:`_FlowMetric`."""

    name = "fl_all"
    title = "Fl-all"
    definition = "share of the known pixels of the set with |flow - flow*| > 3 and > 0.05 |flow*|"
    source = "KITTI 2015, Menze and Geiger"
    range = (0.0, 1.0)
    unit = "fraction"

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Share of outliers."""
        return self._mean("far", evidence, weights)


@dataclass(frozen=True)
class AngularError(MeanMetric):
    """Angle between answered and true surface normals in degrees, mean over known pixels and then over samples.

    Vectors of any length are taken; one of length 0 in the answer is at 90 degrees. ``statistic`` is ``mean`` (default),
    ``median`` or ``rmse`` of a sample's angles. ``sign=False`` does not tell a normal from its opposite. A pixel is
    unknown where the reference is 0 or not finite. An answer of another size, or not finite where the reference is known,
    is not answered.
    """

    statistic: str = "mean"
    sign: bool = True

    name = "angular_error"
    title = "Angular error"
    definition = "mean over samples of the mean angle between answered and true normals, in degrees"
    source = "Fouhey et al. 2013"
    range = (0.0, 180.0)
    unit = "raw"
    direction = "lower"
    # The worst angle depends on the option, and no map of scores sends either to 0.
    bounded = False
    version = 2
    answer = "normals (..., 3); reference: normals of the same shape, 0 where unknown"

    def __post_init__(self) -> None:
        one_of("statistic", self.statistic, ("mean", "median", "rmse"))

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """The statistic of one sample's angles in degrees."""
        truth = numbers(reference)
        need(truth is not None and truth.ndim >= 1 and truth.shape[-1] == 3, row, "is not a map of normals (..., 3)")
        assert truth is not None
        truth = truth.reshape(-1, 3)
        size = np.abs(truth).T
        # NaN is passed on by maximum and fails the comparison.
        known = np.maximum(np.maximum(size[0], size[1]), size[2])
        known = (known > 1e-12) & (known <= 1e9)
        need(bool(known.any()), row, "has no known normal")
        given = numbers(answer)
        if given is None or given.size != truth.size or given.shape[-1] != 3:
            return None
        given = usable(_at(given.reshape(-1, 3), known))
        if given is None:
            return None
        angles = angles_between(given, _at(truth, known))
        if not self.sign:
            angles = np.minimum(angles, 180.0 - angles)
        if self.statistic == "rmse":
            return float(np.sqrt(np.mean(angles**2)))
        return float(np.median(angles) if self.statistic == "median" else np.mean(angles))


def angles_between(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angles in degrees between rows of ``a`` and ``b`` (n, 3), exact also near 0 and 180; 90 where one has no length."""
    (a0, a1, a2), (b0, b1, b2) = (_scaled(v) for v in (a, b))
    x, y, z = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
    cosine = a0 * b0 + a1 * b1 + a2 * b2
    sine = np.sqrt(x * x + y * y + z * z)
    angle = np.degrees(np.arctan2(sine, cosine))
    # Both are 0 only where a side has no length.
    return np.where((cosine == 0.0) & (sine == 0.0), 90.0, angle)


def _scaled(vectors: FloatArray) -> FloatArray:
    """Columns (3, n) of vectors (n, 3) whose largest coordinate is 1, so that no square overflows or vanishes."""
    columns = np.ascontiguousarray(vectors.T)
    largest = np.maximum(np.maximum(np.abs(columns[0]), np.abs(columns[1])), np.abs(columns[2]))
    scaled: FloatArray = columns / np.maximum(largest, 1e-300)
    return scaled
