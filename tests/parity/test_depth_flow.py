"""Depth, flow and normals against their formulas, pixel by pixel in plain Python, and an independent least squares."""

import math
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError


def depths(seed: int = 0) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(seed)
    truth = [r.uniform(0.5, 12, (7 + k, 9)) for k in range(4)]
    given = [t * np.exp(r.normal(0, 0.3, t.shape)) for t in truth]
    for t in truth:
        t[0, :3] = 0.0
        t[1, 1] = np.nan
    return given, truth


def per_map(given: Any, truth: Any, formula: Any) -> float:
    values = []
    for g, t in zip(given, truth, strict=True):
        pairs = [(x, y) for x, y in zip(g.ravel().tolist(), t.ravel().tolist(), strict=True) if y > 0 and y <= 10]
        values.append(formula([(min(max(x, 1e-3), 10), y) for x, y in pairs]))
    return float(np.mean(values))


def mean(numbers: Any) -> float:
    numbers = list(numbers)
    return math.fsum(numbers) / len(numbers)


FORMULAS: dict[str, Any] = {
    "abs_rel": lambda p: mean(abs(x - y) / y for x, y in p),
    "sq_rel": lambda p: mean((x - y) ** 2 / y for x, y in p),
    "rms": lambda p: math.sqrt(mean((x - y) ** 2 for x, y in p)),
    "rms_log": lambda p: math.sqrt(mean((math.log(x) - math.log(y)) ** 2 for x, y in p)),
    "log10": lambda p: mean(abs(math.log10(x / y)) for x, y in p),
    "silog": lambda p: (
        100 * math.sqrt(mean(math.log(x / y) ** 2 for x, y in p) - mean(math.log(x / y) for x, y in p) ** 2)
    ),
    "delta1": lambda p: mean(max(x / y, y / x) < 1.25 for x, y in p),
    "delta2": lambda p: mean(max(x / y, y / x) < 1.25**2 for x, y in p),
    "delta3": lambda p: mean(max(x / y, y / x) < 1.25**3 for x, y in p),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_depth(name: str) -> None:
    given, truth = depths()
    want = per_map(given, truth, FORMULAS[name])
    assert metrics.compute(name, given, truth, high=10.0) == pytest.approx(want, abs=1e-9)


def test_depth_of_a_large_map_with_wide_gaps() -> None:
    r = np.random.default_rng(5)
    truth = r.uniform(0.5, 12, (200, 300)).astype(np.float32)
    given = (truth * np.exp(r.normal(0, 0.3, truth.shape))).astype(np.float32)
    truth[20:90] = np.nan
    truth[r.random(truth.shape) < 0.3] = 0.0
    given[50] = np.nan  # where nothing is known
    known = np.nan_to_num(truth) > 0
    x, y = given[known].astype(np.float64), truth[known].astype(np.float64)
    apart = np.log(x) - np.log(y)
    want = {
        "abs_rel": np.mean(np.abs(x - y) / y),
        "rms": np.sqrt(np.mean((x - y) ** 2)),
        "silog": 100 * np.std(apart),
        "delta1": np.mean(np.abs(apart) < np.log(1.25)),
    }
    for name, value in want.items():
        assert metrics.compute(name, [given], [truth]) == pytest.approx(value, rel=1e-12)
    lines, columns = np.nonzero(known)
    given[lines[-1], columns[-1]] = np.nan
    assert metrics.evaluate("abs_rel", [given], [truth]).coverage == 0.0


def test_depth_fitted_by_least_squares() -> None:
    given, truth = depths(1)
    fitted = []
    for g, t in zip(given, truth, strict=True):
        known = t > 0
        scale, shift = np.linalg.lstsq(np.column_stack([g[known], np.ones(known.sum())]), t[known], rcond=None)[0]
        fitted.append(scale * g + shift)
    want = metrics.compute("abs_rel", fitted, truth)
    assert metrics.compute("abs_rel", given, truth, align="scale_shift") == pytest.approx(want, abs=1e-9)
    assert metrics.compute("abs_rel", [7 * g for g in given], truth, align="median") == pytest.approx(
        metrics.compute("abs_rel", given, truth, align="median")
    )
    # A map that is the reference up to scale and shift of its disparity is exact there.
    known = np.where(np.nan_to_num(truth[0]) > 0, truth[0], 1.0)
    answer = 3.0 / known + 0.5
    options = {"align": "scale_shift", "disparity": True}
    assert metrics.compute("abs_rel", [answer], [np.where(truth[0] > 0, 1 / known, 0)], **options) == pytest.approx(
        0, abs=1e-9
    )


def test_depth_at_the_edges() -> None:
    flat = np.ones((3, 3))
    assert metrics.compute("abs_rel", [flat * 5], [flat], align="scale_shift") == 0.0
    assert metrics.compute("delta1", [flat, None, flat[:2], flat * np.nan], [flat] * 4) == 0.25
    metric = metrics.get("rms")
    evidence = metric.measure([flat, None, flat[:2]], [flat] * 3)
    assert (float(metric.reduce(evidence)), float(metric.coverage(evidence))) == (0.0, pytest.approx(1 / 3))
    with pytest.raises(MetricError, match="known depth"):
        metric.measure([flat], [flat * 0])


def test_flow() -> None:
    r = np.random.default_rng(2)
    truth = [r.normal(0, 30, (5 + k, 6, 2)) for k in range(3)]
    given = [t + r.normal(0, 3, t.shape) for t in truth]
    truth[0][0, 0] = 1e10  # unknown, as Middlebury writes it
    valid = r.random(truth[1].shape[:2]) < 0.7
    references = [truth[0], {"flow": truth[1], "valid": valid}, truth[2]]
    errors = []
    for k, (g, t) in enumerate(zip(given, truth, strict=True)):
        for i in range(t.shape[0]):
            for j in range(t.shape[1]):
                if t[i, j, 0] < 1e9 and (k != 1 or valid[i, j]):
                    errors.append((k, math.dist(g[i, j], t[i, j]), math.hypot(*t[i, j])))
    assert metrics.compute("epe", given, references) == pytest.approx(mean(e for _, e, _ in errors), abs=1e-9)
    far = [(k, e > 3 and e / length > 0.05) for k, e, length in errors]
    assert 0.1 < mean(f for _, f in far) < 0.9
    assert metrics.compute("fl_all", given, references) == pytest.approx(mean(f for _, f in far), abs=1e-12)
    by_map = mean(mean(e for n, e, _ in errors if n == k) for k in range(3))
    assert metrics.compute("epe", given, references, over="samples") == pytest.approx(by_map, abs=1e-9)
    missed = [f or k == 1 for k, f in far]
    assert metrics.compute("fl_all", [given[0], None, given[2]], references) == pytest.approx(mean(missed), abs=1e-12)


def test_large_fields_with_wide_gaps() -> None:
    r = np.random.default_rng(6)
    truth = r.normal(0, 20, (200, 300, 3)).astype(np.float32)
    given = truth + r.normal(0, 3, truth.shape).astype(np.float32)
    valid = r.random(truth.shape[:2]) < 0.7
    valid[20:90] = False
    given[50] = np.inf  # where nothing is known
    u, v = given[valid].astype(np.float64), truth[valid].astype(np.float64)
    apart = np.linalg.norm(u[:, :2] - v[:, :2], axis=1)
    flow = {"flow": truth[..., :2], "valid": valid}
    assert metrics.compute("epe", [given[..., :2]], [flow]) == pytest.approx(apart.mean(), rel=1e-12)
    far = (apart > 3) & (apart > 0.05 * np.linalg.norm(v[:, :2], axis=1))
    assert metrics.compute("fl_all", [given[..., :2]], [flow]) == pytest.approx(far.mean(), rel=1e-12)
    cosine = (u * v).sum(axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    normals = np.where(valid[..., None], truth, 0)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean()
    assert metrics.compute("angular_error", [given], [normals]) == pytest.approx(angle, abs=1e-6)
    lines, columns = np.nonzero(valid)
    given[lines[-1], columns[-1], 0] = np.nan
    assert metrics.evaluate("epe", [given[..., :2]], [flow]).coverage == 0.0
    assert metrics.compute("fl_all", [given[..., :2]], [flow]) == 1.0
    assert metrics.evaluate("angular_error", [given], [normals]).coverage == 0.0


def test_a_normal_without_length_is_at_a_right_angle() -> None:
    truth = np.array([[[1.0, 0.0, 0.0], [-1.0, -1.0, -1.0], [0.0, -1.0, 0.0]]])
    assert metrics.compute("angular_error", [truth * 0], [truth]) == 90.0
    assert metrics.compute("angular_error", [-0.0 * truth], [truth]) == 90.0
    tiny = truth * 1e-290
    assert metrics.compute("angular_error", [tiny], [truth]) == pytest.approx(0.0, abs=1e-9)
    assert metrics.compute("angular_error", [-tiny], [truth]) == pytest.approx(180.0)


def test_angles() -> None:
    r = np.random.default_rng(3)
    truth = r.normal(size=(6, 7, 3))
    truth[0, 0] = 0
    given = truth + r.normal(0, 0.5, truth.shape)
    given[0, 0] = np.nan  # where nothing is known
    angles = []
    for a, b in zip(given.reshape(-1, 3)[1:], truth.reshape(-1, 3)[1:], strict=True):
        angles.append(math.degrees(math.acos(a @ b / math.sqrt((a @ a) * (b @ b)))))
    assert metrics.compute("angular_error", [given], [truth]) == pytest.approx(mean(angles), abs=1e-9)
    assert metrics.compute("angular_error", [given], [truth], statistic="median") == pytest.approx(np.median(angles))
    assert metrics.compute("angular_error", [given], [truth], statistic="rmse") == pytest.approx(
        np.sqrt(np.mean(np.square(angles)))
    )
    assert metrics.compute("angular_error", [-3 * truth], [truth], sign=False) == pytest.approx(0.0)
    up = np.array([[0.0, 0.0, 1.0]])
    tiny = [[1e-9, 0.0, 1.0]]
    assert metrics.compute("angular_error", [tiny], [up]) == pytest.approx(math.degrees(1e-9), rel=1e-6)
    metric = metrics.get("angular_error")
    evidence = metric.measure([[[0.0, 0.0, 0.0]], None, up[:, :2]], [up, up, up])
    assert (float(metric.reduce(evidence)), float(metric.coverage(evidence))) == (90.0, pytest.approx(1 / 3))
