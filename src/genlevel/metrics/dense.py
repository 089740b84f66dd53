"""What the metrics of dense answers share: means over samples, and reading arrays that may be anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio, weighted_mean, weighted_sum
from genlevel.metrics.evidence import Array, Evidence, FloatArray

# Beyond this a square no longer fits a float; such a number is no measurement.
LARGEST = 1e100


class Values(NamedTuple):
    """One number a sample."""

    value: FloatArray
    answered: Array
    """bool; where it is False, ``value`` is what a missing answer counts."""


@dataclass(frozen=True)
class MeanMetric(Metric):
    """The mean over samples of one number each, which :meth:`values` or :meth:`value` gives.

    Where the metric is ``bounded``, a sample without a usable answer counts ``missing``. Where it is not, the mean is over
    the answered samples and :meth:`coverage` tells how many those are.
    """

    missing: ClassVar[float] = 0.0

    def values(self, answers: Sequence[Any], references: Sequence[Any]) -> Values | None:
        """The numbers of all samples at once; None where :meth:`value` has to give them one by one.

        A metric that has both gives the same numbers to the last digit: shards of a set may be read in different ways.
        """
        return None

    def value(self, answer: Any, reference: Any, row: int) -> float | None:
        """One sample's number; None where the answer cannot be compared. ``row`` is for the message of a bad reference."""
        raise NotImplementedError

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``value`` (float64) and ``answered`` (bool)."""
        check_lengths(answers, references)
        at_once = self.values(answers, references)
        if at_once is not None:
            return Evidence(value=at_once.value, answered=at_once.answered)
        values = np.full(len(answers), self.missing if self.bounded else 0.0)
        answered = np.zeros(len(answers), np.bool_)
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            # Also without an answer, so that a broken reference shows whatever a model does.
            number = self.value(answer, reference, row)
            if number is not None:
                values[row], answered[row] = number, True
        return Evidence(value=values, answered=answered)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of ``value``."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.full(w.shape[:-1], self.worst)
        if self.bounded:
            return weighted_mean(evidence["value"], w, empty=self.worst)
        answered = evidence["answered"]
        total = weighted_sum(np.where(answered, evidence["value"], 0.0), w)
        return ratio(total, weighted_sum(answered, w), empty=self.worst)

    @property
    def worst(self) -> float:
        """``missing`` for a bounded metric, else the bad end of the range."""
        return self.missing if self.bounded else super().worst


def real_array(thing: Any) -> Array | None:
    """``thing`` as an array of numbers of its own type, or None where it is not a non-empty array of real numbers."""
    try:
        array = np.asarray(thing)
        if array.dtype.kind in "OUS":  # also numbers beyond 64 bits and numbers as text
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return array if array.dtype.kind in "biuf" and array.size else None


def numbers(thing: Any) -> FloatArray | None:
    """``thing`` as float64, or None where it is not a non-empty array of real numbers."""
    array = real_array(thing)
    return None if array is None else array.astype(np.float64, copy=False)


def usable(array: Array | None) -> Array | None:
    """The array, or None where a value is not finite or is absurdly large."""
    # NaN is neither the least nor at most anything.
    if array is None or not (float(array.max()) <= LARGEST and float(array.min()) >= -LARGEST):
        return None
    return array


def reference_numbers(thing: Any, row: int) -> FloatArray:
    """A reference as finite float64; a :class:`MetricError` names the row otherwise."""
    array = usable(numbers(thing))
    if array is None:
        raise MetricError(f"reference of sample {row} (from 0) is not a finite number or array of numbers")
    return array


def answer_numbers(thing: Any, shape: tuple[int, ...] | None = None) -> FloatArray | None:
    """An answer as finite float64; None where it is not, or has another shape than ``shape``."""
    array = usable(numbers(thing))
    if array is None or (shape is not None and array.shape != shape):
        return None
    return array


def need(condition: bool, row: int, what: str) -> None:
    """Raise a :class:`MetricError` about the reference of sample ``row`` unless ``condition`` holds."""
    if not condition:
        raise MetricError(f"reference of sample {row} (from 0) {what}")


def need_all(sound: Array, what: str) -> None:
    """As :func:`need` about the first sample that is not ``sound`` (n,)."""
    if not sound.all():
        need(False, int(np.argmin(sound)), what)


def one_of(name: str, value: str, known: Sequence[str]) -> None:
    """Raise a :class:`MetricError` unless option ``name`` has one of the known values."""
    if value not in known:
        raise MetricError(f"option {name}='{value}' is unknown; known: {', '.join(known)}")


def label_map(thing: Any) -> Array | None:
    """``thing`` as an integer array, or None where it is not one (whole floats are taken)."""
    try:
        array = np.asarray(thing)
    except (TypeError, ValueError):
        return None
    if array.size == 0 or array.ndim == 0:
        return None
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind == "f" and bool((np.abs(array.astype(np.float64)) < 2**53).all()):
        whole = array.astype(np.int64)
        return whole if bool((whole == array).all()) else None
    if array.dtype == np.uint64 and int(array.max()) > np.iinfo(np.int64).max:
        return None
    return array if array.dtype.kind in "iu" else None
