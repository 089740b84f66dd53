"""Errors of numbers: MAE, MSE, RMSE, and the Pearson correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio, weighted_mean, weighted_sum
from genlevel.metrics.columns import plain_numbers
from genlevel.metrics.dense import LARGEST, answer_numbers, one_of, reference_numbers, usable
from genlevel.metrics.evidence import Array, Evidence, FloatArray

_NUMBERS = "a number or an array; reference: a number or an array of the same shape"
_OVER = ("samples", "values")


class _Singles(NamedTuple):
    given: FloatArray
    truth: FloatArray
    """Both 0 where not answered."""
    answered: Array


def _single_pairs(answers: Sequence[Any], references: Sequence[Any]) -> _Singles | None:
    """Answers, references and which answers are usable, of samples of one plain number each; None for any other samples."""
    truth, given = plain_numbers(references), plain_numbers(answers)
    if truth is None or given is None or not len(truth) or usable(truth) is None:
        return None  # the way that names the row
    if usable(given) is not None:
        return _Singles(given, truth, np.ones(len(given), np.bool_))
    answered = np.abs(given) <= LARGEST
    return _Singles(np.where(answered, given, 0.0), np.where(answered, truth, 0.0), answered)


@dataclass(frozen=True)
class _ErrorMetric(Metric):
    """An error of numbers without bound.

    ``over="samples"`` takes the error of each sample and then the mean over samples; ``over="values"`` pools the values of
    all samples, so that a larger array counts more. An answer that is missing, not finite, above 1e100 or of another
    shape than its reference is not answered. A reference that is not finite raises :class:`MetricError`.
    """

    over: str = "samples"

    range = (0.0, float("inf"))
    unit = "raw"
    direction = "lower"
    bounded = False
    answer = _NUMBERS

    def __post_init__(self) -> None:
        one_of("over", self.over, _OVER)

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``absolute`` and ``squared`` (sums of errors), ``count`` (values) and ``answered``."""
        check_lengths(answers, references)
        n = len(answers)
        singles = _single_pairs(answers, references)
        if singles is not None:
            error, answered = np.abs(singles.given - singles.truth), singles.answered
            return Evidence(absolute=error, squared=error * error, count=answered.astype(np.float64), answered=answered)
        absolute, squared, count = np.zeros(n), np.zeros(n), np.zeros(n)
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            truth = reference_numbers(reference, row)
            given = answer_numbers(answer, truth.shape) if answer is not None else None
            if given is None:
                continue
            error = np.abs(given - truth)
            absolute[row], squared[row], count[row] = error.sum(), np.vdot(error, error), error.size
        return Evidence(absolute=absolute, squared=squared, count=count, answered=count > 0)

    def _mean(self, column: str, evidence: Evidence, weights: FloatArray | None) -> FloatArray:
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.full(w.shape[:-1], self.worst)
        count, total = evidence["count"], evidence[column]
        if self.over == "values":
            return ratio(weighted_sum(total, w), weighted_sum(count, w), empty=self.worst)
        own = total / np.maximum(count, 1.0)
        return ratio(weighted_sum(own, w), weighted_sum(count > 0, w), empty=self.worst)


@dataclass(frozen=True)
class MeanAbsoluteError(_ErrorMetric):
    """Mean absolute error; ``over="samples"`` by default. Options and edge cases as in :class:`_ErrorMetric`."""

    name = "mae"
    title = "MAE"
    definition = "mean over samples of the mean |answer - reference| of a sample"
    source = "scikit-learn mean_absolute_error for one number a sample"

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean absolute error under the weights."""
        return self._mean("absolute", evidence, weights)


@dataclass(frozen=True)
class MeanSquaredError(_ErrorMetric):
    """Mean squared error; ``over="samples"`` by default. Options and edge cases as in :class:`_ErrorMetric`."""

    name = "mse"
    title = "MSE"
    definition = "mean over samples of the mean (answer - reference)^2 of a sample"
    source = "scikit-learn mean_squared_error for one number a sample"

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Mean squared error under the weights."""
        return self._mean("squared", evidence, weights)


@dataclass(frozen=True)
class RootMeanSquaredError(_ErrorMetric):
    """Root of the mean squared error; ``over="values"`` by default: over all values of the set.

    Options and edge cases as in :class:`_ErrorMetric`; ``over="samples"`` is the mean over samples of each one's RMSE.
    """

    over: str = "values"

    name = "rmse"
    title = "RMSE"
    definition = "root of the mean (answer - reference)^2 over all values of the set"
    source = "scikit-learn root_mean_squared_error"

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Root of the mean squared error under the weights."""
        if self.over == "values":
            return np.sqrt(self._mean("squared", evidence, weights))
        roots = np.sqrt(evidence["squared"] / np.maximum(evidence["count"], 1.0)) if len(evidence) else np.zeros(0)
        w = as_weights(evidence, weights)
        answered = evidence["answered"] if len(evidence) else roots
        return ratio(weighted_sum(roots, w), weighted_sum(answered, w), empty=self.worst)


@dataclass(frozen=True)
class PearsonCorrelation(Metric):
    """Pearson's correlation of answers and references.

    One number a sample: the correlation over the set. Arrays: ``over="samples"`` is the mean over samples of each one's
    correlation, ``over="values"`` pools all values; ``over="auto"`` (default) takes ``values`` where every reference is one
    number. The correlation with a constant is 0. A missing answer, or one of another shape, counts 0 as a sample of its
    own; among pooled values it scales the correlation by the share of values that were answered.
    """

    over: str = "auto"

    name = "pcc"
    title = "PCC"
    definition = "covariance / product of standard deviations; 0 where one side is constant"
    source = "Pearson 1895; scipy.stats.pearsonr"
    range = (-1.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = _NUMBERS

    def __post_init__(self) -> None:
        one_of("over", self.over, ("auto", *_OVER))

    @property
    def worst(self) -> float:
        """0: no relation at all."""
        return 0.0

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Per sample: ``count`` values, their means and central moments, ``size`` of the reference, ``answered``."""
        check_lengths(answers, references)
        columns = {name: np.zeros(len(answers)) for name in ("count", "size", "x", "y", "xx", "yy", "xy")}
        singles = _single_pairs(answers, references)
        if singles is not None:
            columns |= {"count": singles.answered.astype(np.float64), "size": np.ones(len(answers))}
            columns |= {"x": singles.given, "y": singles.truth}
            return Evidence(answered=singles.answered, **columns)
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            truth = reference_numbers(reference, row)
            columns["size"][row] = truth.size
            given = answer_numbers(answer, truth.shape) if answer is not None else None
            if given is None:
                continue
            x, y = given.ravel(), truth.ravel()
            dx, dy = x - x.mean(), y - y.mean()
            moments = (x.size, truth.size, x.mean(), y.mean(), dx @ dx, dy @ dy, dx @ dy)
            for name, number in zip(columns, moments, strict=True):
                columns[name][row] = number
        return Evidence(answered=columns["count"] > 0, **columns)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The correlation under the weights."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        pooled = self.over == "values" or (self.over == "auto" and bool((evidence["size"] == 1).all()))
        if not pooled:
            rows = _correlation(
                evidence["xy"], evidence["xx"], evidence["yy"], evidence["x"], evidence["y"], evidence["count"]
            )
            return weighted_mean(rows, w, empty=0.0)
        wn = w * evidence["count"]
        total = wn.sum(axis=-1)
        x, y = weighted_mean(evidence["x"], wn, empty=0.0), weighted_mean(evidence["y"], wn, empty=0.0)
        dx, dy = evidence["x"] - x[..., None], evidence["y"] - y[..., None]
        xx = weighted_sum(evidence["xx"], w) + (wn * dx * dx).sum(axis=-1)
        yy = weighted_sum(evidence["yy"], w) + (wn * dy * dy).sum(axis=-1)
        xy = weighted_sum(evidence["xy"], w) + (wn * dx * dy).sum(axis=-1)
        answered = ratio(total, weighted_sum(evidence["size"], w), empty=0.0)
        return _correlation(xy, xx, yy, x, y, total) * answered


def _correlation(xy: Any, xx: Any, yy: Any, x: Any, y: Any, count: Any) -> FloatArray:
    """Xy / sqrt(xx yy); 0 where the spread of a side is no more than the rounding of its values."""
    floor = 1e-13
    flat = (xx <= (floor * np.abs(x)) ** 2 * count) | (yy <= (floor * np.abs(y)) ** 2 * count)
    quotient = ratio(xy, np.where(flat, 0.0, np.sqrt(xx) * np.sqrt(yy)), empty=0.0)
    return np.clip(quotient, -1.0, 1.0)
