"""What a metric is: evidence and a reduction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics.evidence import Array, Evidence, FloatArray
from genlevel.records import Direction

if TYPE_CHECKING:
    from genlevel.metrics.learned.weights import Weights

Unit = Literal["fraction", "percent", "raw"]


class Metric(ABC):
    """Turns answers and references into one number, in two steps.

    :meth:`measure` gives one row of statistics per sample, :meth:`reduce` turns rows into the number. An answer of ``None``
    is a missing or unreadable one. Where the definition has a worst value, it counts as that (accuracy: wrong, detection:
    nothing found). Where it has none (an error without bound, a distance between sets) ``bounded`` is False: the number is
    taken over the answered samples, and :meth:`coverage` says how many those are, so that the level rule can scale sigma.

    Subclasses are frozen dataclasses whose fields are the options. Class variables describe them.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    definition: ClassVar[str]
    source: ClassVar[str]
    range: ClassVar[tuple[float, float]]
    unit: ClassVar[Unit]
    direction: ClassVar[Direction]
    answer: ClassVar[str]
    """What one answer and one reference look like, in words."""
    needs: ClassVar[tuple[str, ...]] = ()
    """What must be at hand beside the core install, e.g. ``weights: Inception`` or ``judge``."""
    files: ClassVar[tuple[tuple[str, Weights], ...]] = ()
    """The weights among ``needs``, each with the option that names its path."""
    bounded: ClassVar[bool] = True
    unanswered: ClassVar[str] = ""
    """What a missing answer does, in words, where that is neither of the two things that ``bounded`` says."""
    resamples: ClassVar[int] = 1000
    """How many bootstrap resamplings are affordable; fewer for distances between sets."""
    version: ClassVar[int] = 1
    """Raised whenever the same input could give another number."""

    @abstractmethod
    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """One row per sample. Metrics that are not ``bounded`` include the boolean column ``answered``."""

    @abstractmethod
    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The number, in ``unit``, under per-sample weights.

        Args:
            evidence: n rows.
            weights: ``None`` for one each, shape (n,), or shape (B, n) for B resamplings at once.

        Returns:
            An array of shape ``weights.shape[:-1]``: 0-d for ``None`` and (n,), (B,) for (B, n). Never NaN; with no rows,
            no weight or nothing answered it is the worst value (``inf`` for an error without bound).
        """

    def coverage(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The weighted share of samples that count towards :meth:`reduce`, same shape; 1 for bounded metrics."""
        w = as_weights(evidence, weights)
        if self.bounded:
            return np.ones(w.shape[:-1])
        return weighted_mean(evidence["answered"].astype(np.float64), w, empty=0.0)

    @classmethod
    def missing_answer(cls) -> str:
        """What a missing answer does to the number, in one line."""
        if cls.unanswered or not cls.bounded:
            return cls.unanswered or "left out: the value is of the answered samples, coverage is their share"
        return "counts as the worst value"

    def lacks(self) -> str:
        """What of ``needs`` is not on this machine, in one line, '' where nothing is; a judge and ratings are not looked for.

        Files and packages are looked for and not opened, so that a broken file shows only in :meth:`measure`.
        """
        if not self.needs:
            return ""
        from genlevel.metrics.learned.weights import missing_files, missing_packages

        return missing_packages(self.needs) or missing_files(self, self.files)

    @property
    def worst(self) -> float:
        """The value of no answer at all: the end of the range that ``direction`` calls bad."""
        return self.range[0] if self.direction == "higher" else self.range[1]


def as_weights(evidence: Evidence, weights: FloatArray | None) -> FloatArray:
    """``weights`` as float64 of shape (..., n); ones for ``None``."""
    if weights is None:
        return np.ones(len(evidence))
    w = np.asarray(weights, dtype=np.float64)
    if w.shape[-1:] != (len(evidence),):
        raise MetricError(f"weights have shape {w.shape}, but there are {len(evidence)} rows of evidence")
    return w


def weighted_mean(values: Any, weights: FloatArray, *, empty: float) -> FloatArray:
    """Mean of ``values`` (n,) under ``weights`` (..., n); ``empty`` where the weights sum to 0."""
    return ratio(weighted_sum(values, weights), weights.sum(axis=-1), empty=empty)


def weighted_sum(values: Any, weights: FloatArray) -> FloatArray:
    """Sum over rows of ``values`` (n, ...) under ``weights`` (..., n)."""
    # Contiguous, since the order of summation, and so the last digit, depends on the layout in memory.
    rows = np.ascontiguousarray(values, dtype=np.float64)
    # One sum is not for BLAS, whose threads take longer to wake than it lasts, and much longer beside other work.
    total: FloatArray = weights @ rows if weights.ndim > 1 else np.einsum("n,n...->...", weights, rows)
    return total


def ratio(numerator: Any, denominator: Any, *, empty: float) -> FloatArray:
    """Elementwise quotient; ``empty`` where the denominator is 0."""
    n, d = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    n, d = np.broadcast_arrays(n, d)
    quotient: FloatArray = np.divide(n, d, out=np.full(n.shape, float(empty)), where=d != 0)
    return quotient


def counted(values: Array) -> tuple[Array, NDArray[np.int64]]:
    """The different numbers among ``values`` (n,), ascending, and how often each is there.

    ``np.unique`` says the same, but hashes, which takes many times as long where most numbers differ.
    """
    ordered = np.sort(values)
    if not len(ordered):
        return ordered, np.zeros(0, np.int64)
    start = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return ordered[start], np.diff(start, append=len(ordered))


def first_best(scores: FloatArray, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in ``scores`` the largest of each run is, of equals the first; ``lengths`` of the runs are 1 and more."""
    if not len(lengths):
        return np.zeros(0, np.int64)
    start = np.cumsum(lengths) - lengths
    best = np.repeat(np.maximum.reduceat(scores, start), lengths)
    first: NDArray[np.int64] = np.minimum.reduceat(np.where(scores == best, np.arange(len(scores)), len(scores)), start)
    return first


def check_lengths(answers: Sequence[Any], references: Sequence[Any]) -> None:
    """Raise a :class:`MetricError` unless there is one reference for each answer."""
    if len(answers) != len(references):
        raise MetricError(f"{len(answers)} answers for {len(references)} references; there must be one for each")
