"""Point clouds against brute force and POT."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError


def clouds(seed: int) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(seed)
    truth = [r.normal(size=(60 + 7 * k, 3)) * [1, 2, 0.5] for k in range(3)]
    given = [t[: 50 + k] + r.normal(0, 0.1, (50 + k, 3)) for k, t in enumerate(truth)]
    return given, truth


def brute(x: Any, y: Any) -> tuple[Any, Any]:
    apart = np.sqrt(((x[:, None] - y[None]) ** 2).sum(axis=2))
    return apart.min(axis=1), apart.min(axis=0)


def test_chamfer() -> None:
    given, truth = clouds(0)
    sides = [brute(x, y) for x, y in zip(given, truth, strict=True)]
    l2 = np.mean([(a**2).mean() + (b**2).mean() for a, b in sides])
    l1 = np.mean([(a.mean() + b.mean()) / 2 for a, b in sides])
    assert metrics.compute("chamfer_distance", given, truth) == pytest.approx(l2, abs=1e-12)
    assert metrics.compute(
        "chamfer_distance", given, truth, squared=False, combine="mean", factor=1000.0
    ) == pytest.approx(1000 * l1)
    moved = [[5 * x + 3 for x in side] for side in (given, truth)]
    for how in ("sphere", "cube"):
        plain = metrics.compute("chamfer_distance", given, truth, normalise=how)
        assert metrics.compute("chamfer_distance", *moved, normalise=how) == pytest.approx(plain)
    radius = max(np.linalg.norm(truth[0] - truth[0].mean(axis=0), axis=1))
    assert metrics.compute("chamfer_distance", given[:1], truth[:1], normalise="sphere") == pytest.approx(
        metrics.compute("chamfer_distance", given[:1], truth[:1]) / radius**2
    )


def test_f_score() -> None:
    given, truth = clouds(1)
    want = []
    for x, y in zip(given, truth, strict=True):
        a, b = brute(x, y)
        p, r = (a <= 0.15).mean(), (b <= 0.15).mean()
        want.append(2 * p * r / (p + r))
    assert metrics.compute("f_score", given, truth, distance=0.15, relative=False) == pytest.approx(
        np.mean(want), abs=1e-12
    )
    side = np.ptp(truth[0], axis=0).max()
    assert metrics.compute("f_score", given[:1], truth[:1]) == pytest.approx(
        metrics.compute("f_score", given[:1], truth[:1], distance=0.01 * side, relative=False)
    )
    one = np.zeros((1, 3))
    assert metrics.compute("f_score", [one, one + 5, None], [one, one, one]) == pytest.approx(1 / 3)


def test_earth_movers_distance() -> None:
    r = np.random.default_rng(2)
    x, y = r.normal(size=(40, 3)), r.normal(size=(40, 3))
    cost = np.sqrt(((x[:, None] - y[None]) ** 2).sum(axis=2))
    # Optimal transport between two equal sets of masses, as a linear program.
    optimize = pytest.importorskip("scipy.optimize")
    rows = np.kron(np.eye(40), np.ones(40)), np.kron(np.ones(40), np.eye(40))
    plan = optimize.linprog(cost.ravel(), A_eq=np.vstack(rows), b_eq=np.full(80, 1 / 40), method="highs")
    assert metrics.compute("emd", [x], [y]) == pytest.approx(plan.fun, abs=1e-9)
    assert metrics.compute("emd", [np.repeat(x, 3, axis=0)], [x]) == pytest.approx(0.0)
    assert metrics.compute("emd", [x + np.array([3, 4, 0])], [x]) == pytest.approx(5.0)


def test_clouds_of_other_sizes_have_the_same_mass() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    r = np.random.default_rng(7)
    few, many = r.normal(size=(4, 3)), r.normal(size=(12, 3))
    cost = np.sqrt(((few[:, None] - many[None]) ** 2).sum(axis=2))
    rows = np.kron(np.eye(4), np.ones(12)), np.kron(np.ones(4), np.eye(12))
    masses = np.r_[np.full(4, 1 / 4), np.full(12, 1 / 12)]
    plan = optimize.linprog(cost.ravel(), A_eq=np.vstack(rows), b_eq=masses, method="highs")
    assert metrics.compute("emd", [few], [many]) == pytest.approx(plan.fun, abs=1e-9)
    assert metrics.compute("emd", [many], [few]) == pytest.approx(plan.fun, abs=1e-9)
    # One point takes the mass of all.
    assert metrics.compute("emd", [many[:1]], [many]) == pytest.approx(np.linalg.norm(many - many[0], axis=1).mean())


def test_normals() -> None:
    r = np.random.default_rng(3)
    sphere = r.normal(size=(200, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    truth = np.hstack([sphere, sphere])
    assert metrics.compute("normal_consistency", [np.hstack([sphere, -4 * sphere])], [truth]) == pytest.approx(1.0)
    turned = np.hstack([sphere, np.cross(sphere, r.normal(size=3))])
    assert metrics.compute("normal_consistency", [turned, None, sphere], [truth] * 3) == pytest.approx(0.0, abs=1e-12)


def test_what_is_no_cloud() -> None:
    one = np.zeros((4, 3))
    metric = metrics.get("chamfer_distance")
    evidence = metric.measure([one, one[:0], one * np.nan, [[1, 2]], "x", None], [one] * 6)
    assert evidence["answered"].tolist() == [True] + [False] * 5
    with pytest.raises(MetricError, match="sample 0"):
        metric.measure([one], [one[:0]])
