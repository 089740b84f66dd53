"""Trajectories against SciPy's rotations and the definitions written out."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError

transform = pytest.importorskip("scipy.spatial.transform")
Rotation = transform.Rotation


def walk(seed: int, n: int = 30, step: float = 1.0) -> Any:
    r = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (n, 1, 1))
    poses[:, :3, :3] = Rotation.from_rotvec(np.cumsum(r.normal(0, 0.1, (n, 3)), axis=0)).as_matrix()
    poses[:, :3, 3] = np.cumsum(r.normal(step, 0.3 * step, (n, 3)), axis=0)
    return poses


def shaken(poses: Any, seed: int) -> Any:
    r = np.random.default_rng(seed)
    out = poses.copy()
    out[:, :3, :3] = poses[:, :3, :3] @ Rotation.from_rotvec(r.normal(0, 0.05, (len(poses), 3))).as_matrix()
    out[:, :3, 3] += r.normal(0, 0.1, (len(poses), 3))
    return out


def remaining(given: Any, truth: Any, i: int, j: int) -> tuple[float, float]:
    motion = [np.linalg.inv(p[i]) @ p[j] for p in (truth, given)]
    left = np.linalg.inv(motion[0]) @ motion[1]
    return float(np.linalg.norm(left[:3, 3])), float(np.degrees(Rotation.from_matrix(left[:3, :3]).magnitude()))


@pytest.mark.parametrize("delta", [1, 4])
def test_steps(delta: int) -> None:
    truth = walk(0)
    given = shaken(truth, 1)
    errors = np.array([remaining(given, truth, i, i + delta) for i in range(len(truth) - delta)]).mean(axis=0)
    assert metrics.compute("rte", [given], [truth], delta=delta) == pytest.approx(errors[0], abs=1e-9)
    assert metrics.compute("rre", [given], [truth], delta=delta) == pytest.approx(errors[1], abs=1e-9)
    kitti_file = given[:, :3].reshape(-1, 12), truth[:, :3].reshape(-1, 12)
    assert metrics.compute("rte", [kitti_file[0]], [kitti_file[1]], delta=delta) == pytest.approx(errors[0], abs=1e-9)


def test_kitti() -> None:
    truth = walk(2, 400)
    given = shaken(truth, 3)
    gone = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(truth[:, :3, 3], axis=0), axis=1))])
    errors = []
    for i in range(0, len(truth), 10):
        for length in range(100, 801, 100):
            # The development kit: the first frame whose distance exceeds that of the start plus the length.
            j = next((k for k in range(i, len(truth)) if gone[k] > gone[i] + length), -1)
            if j >= 0:
                errors.append(np.array(remaining(given, truth, i, j)) / length)
    assert len(errors) > 100
    want = 100 * np.mean(errors, axis=0)
    assert metrics.compute("rte", [given], [truth], pairs="kitti") == pytest.approx(want[0], abs=1e-9)
    assert metrics.compute("rre", [given], [truth], pairs="kitti") == pytest.approx(want[1], abs=1e-9)
    with pytest.raises(MetricError, match="too short"):
        metrics.compute("rte", [given[:5]], [truth[:5]], pairs="kitti")


def test_registration_of_one_pose() -> None:
    truth, given = walk(4)[5], walk(5)[9]
    want = np.linalg.inv(truth) @ given
    assert metrics.compute("rte", [given], [truth]) == pytest.approx(np.linalg.norm(truth[:3, 3] - given[:3, 3]))
    assert metrics.compute("rre", [given], [truth]) == pytest.approx(
        np.degrees(Rotation.from_matrix(want[:3, :3]).magnitude())
    )


def test_absolute_error_after_a_fit() -> None:
    truth = walk(6)[:, :3, 3]
    given = truth + np.random.default_rng(7).normal(0, 0.2, truth.shape)
    turn = Rotation.from_rotvec([0.3, -1.2, 2.0])
    fit, residual = Rotation.align_vectors(truth - truth.mean(axis=0), given - given.mean(axis=0))
    assert metrics.compute("ate", [turn.apply(given) + np.array([5, 6, 7])], [truth]) == pytest.approx(
        residual / np.sqrt(len(truth)), abs=1e-9
    )
    assert metrics.compute("ate", [0.2 * turn.apply(truth) + 9], [truth], align="similarity") == pytest.approx(
        0.0, abs=1e-9
    )
    assert metrics.compute("ate", [truth + np.array([3, 4, 0])], [truth], align="none") == pytest.approx(5.0)
    line = np.outer(np.arange(5.0), [1, 0, 0])
    assert metrics.compute("ate", [line[:, [1, 0, 2]]], [line]) == pytest.approx(0.0, abs=1e-9)
    assert metrics.compute("ate", [line * 0], [line], align="similarity") == pytest.approx(np.sqrt(2.0))
    assert fit.magnitude() < 0.5


def test_what_is_no_trajectory() -> None:
    truth = walk(8, 5)
    stretched = truth.copy()
    stretched[:, :3, :3] *= 1.5
    mirrored = truth.copy()
    mirrored[:, :3, 0] *= -1
    metric = metrics.get("rte")
    evidence = metric.measure([truth, truth[:4], stretched, mirrored, None, np.eye(2)], [truth] * 6)
    assert evidence["answered"].tolist() == [True] + [False] * 5
    assert float(metric.reduce(evidence)) == pytest.approx(0.0, abs=1e-12)
