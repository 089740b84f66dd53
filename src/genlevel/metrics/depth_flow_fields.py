"""Fields of vectors: optical flow and surface normals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio, weighted_sum
from genlevel.metrics.columns import pieces
from genlevel.metrics.dense import MeanMetric, need, numbers, one_of, real_array, usable
from genlevel.metrics.evidence import Array, Evidence, FloatArray

# Middlebury's files mark an unknown flow with numbers beyond this.
_UNKNOWN = 1e9
_FL_PIXELS, _FL_SHARE = 3.0, 0.05
_NO_NORMAL = 1e-12


class _Field(NamedTuple):
    """The vectors of a reference."""

    shape: tuple[int, ...]
    """Of its map (..., c)."""
    vectors: Array
    """Shape (pixels, c), of their own type."""
    valid: Array | None
    """bool (pixels,) where the reference has a mask."""

    def known(self, given: Array | None, least: float = -1.0) -> Iterator[tuple[FloatArray | None, FloatArray]]:
        """Answered and true vectors, both (c, n), where the reference is known, piece by piece.

        The answered ones are None where ``given`` is, or where one of them is not finite. NaN, a vector whose largest
        coordinate is not above ``least`` and one that is larger than any measurement are unknown.
        """
        channels = self.vectors.shape[1]
        for piece in pieces(len(self.vectors)):
            truth = _columns(self.vectors[piece])
            size = np.abs(truth).max(axis=0)
            known = (size > least) & (size <= _UNKNOWN)
            if self.valid is not None:
                known &= self.valid[piece]
            answered = None if given is None else _columns(given.reshape(-1, channels)[piece])
            if not known.all():
                truth, answered = truth[:, known], None if answered is None else answered[:, known]
            if truth.size:
                yield usable(answered), truth


def _columns(vectors: Array) -> FloatArray:
    """Vectors (n, c) as float64 (c, n)."""
    return vectors.T.astype(np.float64, order="C")


def _flow(reference: Any, row: int) -> _Field:
    """A flow (..., 2), or ``{"flow": map, "valid": mask}``; a :class:`MetricError` names the row where it is neither."""
    valid = None
    if isinstance(reference, Mapping):
        valid = numbers(reference.get("valid"))
        reference = reference.get("flow")
    field = real_array(reference)
    need(field is not None and field.ndim >= 2 and field.shape[-1] == 2, row, "is not a map (..., 2)")
    assert field is not None
    need(valid is None or valid.shape == field.shape[:-1], row, "has a mask of another size than its map")
    return _Field(field.shape, field.reshape(-1, 2), None if valid is None else valid.ravel() > 0)


def _length(columns: FloatArray) -> FloatArray:
    """Of vectors (2, n)."""
    # Beyond 1e100 nothing is taken, so that no square overflows; hypot is several times slower.
    x, y = columns
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

    outliers: ClassVar[bool] = False
    direction = "lower"
    answer = "flow (H, W, 2) or (T, H, W, 2); reference: the same, or {'flow', 'valid'}"

    def __post_init__(self) -> None:
        one_of("over", self.over, ("values", "samples"))

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``error`` (sum of end-point errors), ``far`` (outliers, where ``outliers``), ``count`` and ``answered``."""
        check_lengths(answers, references)
        table = np.zeros((len(answers), 3))
        answered = np.zeros(len(answers), np.bool_)
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            field = _flow(reference, row)
            given = real_array(answer)
            given = given if given is not None and given.shape == field.shape else None
            table[row], answered[row] = self._errors(field, given, row)
        error, far, count = np.ascontiguousarray(table.T)
        return Evidence(error=error, far=far, count=count, answered=answered)

    def _errors(self, field: _Field, given: Array | None, row: int) -> tuple[tuple[float, int, int], bool]:
        """The row of one sample, and whether it is answered; if not, each known pixel is an outlier."""
        error, far, count, answered = 0.0, 0, 0, True
        for found, truth in field.known(given):
            count += truth.shape[1]
            answered = answered and found is not None
            if found is not None:
                apart = _length(found - truth)
                error += float(apart.sum())
                if self.outliers:
                    far += int(np.count_nonzero(apart > np.maximum(_FL_SHARE * _length(truth), _FL_PIXELS)))
        need(count > 0, row, "has no known vector")
        return ((error, far, count), True) if answered else ((0.0, count, count), False)

    def _mean(self, column: str, evidence: Evidence, weights: FloatArray | None) -> FloatArray:
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.full(w.shape[:-1], self.worst)
        counted = evidence["answered"] if not self.bounded else np.ones(len(evidence), np.bool_)
        total, size = np.where(counted, evidence[column], 0.0), np.where(counted, evidence["count"], 0.0)
        if self.over == "samples":
            total, size = total / np.maximum(size, 1.0), counted.astype(np.float64)
        return ratio(weighted_sum(total, w), weighted_sum(size, w), empty=self.worst)


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

    outliers = True
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
        normals = real_array(reference)
        need(
            normals is not None and normals.ndim >= 1 and normals.shape[-1] == 3,
            row,
            "is not a map of normals (..., 3)",
        )
        assert normals is not None
        field = _Field(normals.shape, normals.reshape(-1, 3), None)
        given = real_array(answer)
        if given is not None and (given.size != field.vectors.size or given.shape[-1] != 3):
            given = None
        parts: list[FloatArray] = []
        count = 0
        for found, truth in field.known(given, _NO_NORMAL):
            count += 1
            if found is not None:
                parts.append(angles_between(found, truth))
        need(count > 0, row, "has no known normal")
        if len(parts) < count:
            return None
        angles = np.concatenate(parts)
        if not self.sign:
            angles = np.minimum(angles, 180.0 - angles)
        if self.statistic == "rmse":
            return float(np.sqrt(np.mean(angles**2)))
        return float(np.median(angles) if self.statistic == "median" else np.mean(angles))


def angles_between(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angles in degrees between vectors of ``a`` and ``b`` (3, n), exact also near 0 and 180; 90 where one has no length."""
    (a0, a1, a2), (b0, b1, b2) = (_scaled(v) for v in (a, b))
    x, y, z = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
    cosine = a0 * b0 + a1 * b1 + a2 * b2
    sine = np.sqrt(x * x + y * y + z * z)
    angle = np.degrees(np.arctan2(sine, cosine))
    # Both are 0 only where a side has no length.
    return np.where((cosine == 0.0) & (sine == 0.0), 90.0, angle)


def _scaled(vectors: FloatArray) -> FloatArray:
    """Vectors (3, n) whose largest coordinate is 1, so that no square overflows or vanishes."""
    scaled: FloatArray = vectors / np.maximum(np.abs(vectors).max(axis=0), 1e-300)
    return scaled
