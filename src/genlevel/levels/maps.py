"""Score maps: a metric's printed score as sigma, 0 to 100, higher is better.

A map is data: a kind, its constants, and the unit in which it takes the score. There is one function per kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genlevel.records import Scale

FloatArray = NDArray[np.float64]
Kind = Literal["identity", "complement", "sigmoid", "sigmoid01", "sigmoid_x", "tanh", "affine"]


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """How one metric's score becomes sigma.

    ``x`` is the score in ``unit``:

    =========== ================================ =====================================
    kind        sigma                            for
    =========== ================================ =====================================
    identity    x                                percentages; cut off at 0 and 100
    complement  100 - x                          error rates in percent; cut off at 0
    sigmoid     100 s(t / x), from 50 to 100     errors without bound
    sigmoid01   100 (2 s(t / x) - 1), 0 to 100   errors without bound
    sigmoid_x   100 s(x / t), from 50 to 100     ratios in decibel
    tanh        100 tanh(x / t)                  ratios in decibel
    affine      100 (x - low) / (high - low)     scores between two fixed ends
    =========== ================================ =====================================

    with s(z) = 1 / (1 + exp(-z)). An error of 0 is 100. An infinite error, which is what a metric gives when nothing was
    answered, is 0 in every kind.
    """

    kind: Kind
    t: float = 1.0
    unit: Scale = "raw"
    low: float = 0.0
    high: float = 1.0

    def __call__(self, x: ArrayLike, scale: Scale | None = None) -> FloatArray:
        """Sigma of scores of any shape, in [0, 100]; NaN (missing) becomes 0.

        Args:
            x: scores as the catalog prints them.
            scale: the catalog's unit of ``x``; ``None`` means that it is the map's own.
        """
        values = np.asarray(x, dtype=np.float64) * (1.0 if scale is None else unit_factor(scale, self.unit))
        with np.errstate(divide="ignore", over="ignore"):
            sigma = np.clip(_KINDS[self.kind](values, self), 0.0, 100.0)
        result: FloatArray = np.where(np.isnan(values), 0.0, sigma)
        return result

    def formula(self) -> str:
        """The map in words, for tables and pages."""
        t = f"{self.t:g}"
        texts: dict[Kind, str] = {
            "identity": "x",
            "complement": "100 - x",
            "sigmoid": f"100 s({t}/x)",
            "sigmoid01": f"100 (2 s({t}/x) - 1)",
            "sigmoid_x": f"100 s(x/{t})",
            "tanh": f"100 tanh(x/{t})",
            "affine": f"100 (x {'-' if self.low >= 0 else '+'} {abs(self.low):g}) / {self.high - self.low:g}",
        }
        return texts[self.kind]


def unit_factor(scale: Scale, unit: Scale) -> float:
    """What to multiply a score in ``scale`` with to have it in ``unit``; ``raw`` is taken as it stands."""
    return {("fraction", "percent"): 100.0, ("percent", "fraction"): 0.01}.get((scale, unit), 1.0)


def _sigmoid(z: FloatArray) -> FloatArray:
    # By tanh: exact to the last digits near 0, and no overflow for large z.
    half: FloatArray = np.tanh(z / 2.0)
    return 0.5 + 0.5 * half


def _of_error(x: FloatArray, t: float) -> FloatArray:
    """T / x for errors, with 0 (and a rounding below it) as the perfect one."""
    quotient: FloatArray = np.divide(t, x, out=np.full(x.shape, np.inf), where=~(x <= 0.0))
    return quotient


def _map_sigmoid(x: FloatArray, m: ScoreMap) -> FloatArray:
    return np.where(np.isposinf(x), 0.0, 100.0 * _sigmoid(_of_error(x, m.t)))


def _map_sigmoid01(x: FloatArray, m: ScoreMap) -> FloatArray:
    # 2 s(z) - 1 = tanh(z / 2), which keeps its digits for large errors.
    result: FloatArray = 100.0 * np.tanh(_of_error(x, m.t) / 2.0)
    return result


_KINDS: dict[Kind, Callable[[FloatArray, ScoreMap], Any]] = {
    "identity": lambda x, m: x,
    "complement": lambda x, m: 100.0 - x,
    "sigmoid": _map_sigmoid,
    "sigmoid01": _map_sigmoid01,
    "sigmoid_x": lambda x, m: 100.0 * _sigmoid(x / m.t),
    "tanh": lambda x, m: 100.0 * np.tanh(x / m.t),
    "affine": lambda x, m: 100.0 * (x - m.low) / (m.high - m.low),
}
