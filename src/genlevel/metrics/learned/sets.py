"""Distances between two sets of feature vectors: Fréchet, kernel, and nearest-neighbour coverage.

All take frequency weights: a weight of k counts as k copies of the row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlevel.metrics.evidence import FloatArray

Features = NDArray[Any]


class Moments(NamedTuple):
    """Weighted mean (d,), rows centred and scaled so that ``rows.T @ rows`` is the covariance, shape (n, d)."""

    mean: FloatArray
    rows: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """Unbiased covariance (d, d)."""
        return self.rows.T @ self.rows


def moments(features: Features, weights: FloatArray) -> Moments | None:
    """Mean and centred rows; ``None`` where the weights sum to 1 or less, which leaves no covariance."""
    present = weights > 0
    x, w = features[present].astype(np.float64), weights[present]
    total = float(w.sum())
    if total <= 1.0:
        return None
    mean = w @ x / total
    return Moments(mean, (x - mean) * np.sqrt(w / (total - 1.0))[:, None])


def frechet(a: Moments, b: Moments) -> float:
    """Squared Fréchet distance of the two Gaussians: |difference of means|^2 + tr(A + B - 2 (A B)^(1/2)).

    With fewer rows than dimensions the covariances are singular; the trace of the root is then the nuclear norm of the
    product of the centred rows, which is exact where a matrix square root loses digits.
    """
    offset = float(np.sum((a.mean - b.mean) ** 2))
    traces = float(np.sum(a.rows**2) + np.sum(b.rows**2))
    return max(0.0, offset + traces - 2.0 * _trace_of_root(a, b))


def _trace_of_root(a: Moments, b: Moments) -> float:
    width = len(a.mean)
    if min(len(a.rows), len(b.rows)) <= width and max(len(a.rows), len(b.rows)) <= 2 * width:
        return float(np.linalg.svd(a.rows @ b.rows.T, compute_uv=False).sum())
    cov_a, cov_b = a.covariance, b.covariance
    try:
        root = np.linalg.cholesky(cov_b)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(cov_b)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
    return float(np.sqrt(np.clip(np.linalg.eigvalsh(root.T @ cov_a @ root), 0.0, None)).sum())


def kernel_distance(a: Features, b: Features, wa: FloatArray, wb: FloatArray, *, degree: int = 3) -> float | None:
    """Squared maximum mean discrepancy under (x.y/d + 1)^degree, unbiased: pairs of a row with itself are left out.

    Returns ``None`` where one set has fewer than two rows with weight.
    """
    if np.count_nonzero(wa > 0) < 2 or np.count_nonzero(wb > 0) < 2:
        return None
    within = [_mean_within(x, w, degree) for x, w in ((a, wa), (b, wb))]
    return within[0] + within[1] - 2.0 * _sum_kernel(a, b, wa, wb, degree) / float(wa.sum() * wb.sum())


def _mean_within(x: Features, w: FloatArray, degree: int) -> float:
    wide = x.astype(np.float64)
    own = (np.einsum("ij,ij->i", wide, wide) / x.shape[1] + 1.0) ** degree
    pairs = float(w.sum() ** 2 - (w**2).sum())
    return (_sum_kernel(x, x, w, w, degree) - float(np.dot(w**2, own))) / pairs


def _sum_kernel(x: Features, y: Features, wx: FloatArray, wy: FloatArray, degree: int, block: int = 1024) -> float:
    """Sum of wx_i wy_j k(x_i, y_j), a block of rows at a time."""
    total, right = 0.0, y.astype(np.float64).T
    for start in range(0, len(x), block):
        part = x[start : start + block].astype(np.float64) @ right
        part /= x.shape[1]
        part += 1.0
        total += float(wx[start : start + block] @ (part**degree @ wy))
    return total


def squared_distances(x: Features, y: Features) -> FloatArray:
    """Squared Euclidean distances, float64 (n, m), never negative."""
    a, b = x.astype(np.float64), y.astype(np.float64)
    square: FloatArray = np.sum(a**2, 1)[:, None] + np.sum(b**2, 1)[None, :] - 2.0 * (a @ b.T)
    return np.asarray(np.maximum(square, 0.0), np.float64)


def share_inside(points: Features, centres: Features, neighbours: int) -> NDArray[np.bool_]:
    """For each point whether it lies in a ball around some centre that reaches to the centre's k-th nearest other centre.

    Returns all False where there are no more than ``neighbours`` centres.
    """
    if len(centres) <= neighbours:
        return np.zeros(len(points), bool)
    between = squared_distances(centres, centres)
    np.fill_diagonal(between, 0.0)
    radius = np.partition(between, neighbours, axis=1)[:, neighbours]
    return np.asarray((squared_distances(points, centres) <= radius[None, :]).any(axis=1), np.bool_)


def inception_score(probabilities_log: FloatArray, weights: FloatArray, splits: int) -> float | None:
    """Exp of the mean divergence of each row from its split's mean, averaged over splits; ``None`` without weight.

    Args:
        probabilities_log: log probabilities, (n, classes); rows are split in order into ``splits`` near-equal parts.
        weights: (n,).
        splits: parts with no weight are left out.
    """
    scores = []
    n = len(weights)
    for part in range(splits):
        rows = slice(part * n // splits, (part + 1) * n // splits)
        w, log_p = weights[rows], probabilities_log[rows]
        if not w.sum() > 0:
            continue
        share = w / w.sum()
        p = np.exp(log_p)
        marginal = share @ p
        divergence = np.sum(p * (log_p - np.log(np.clip(marginal, 1e-300, None))), axis=1)
        scores.append(float(np.exp(share @ divergence)))
    return float(np.mean(scores)) if scores else None
