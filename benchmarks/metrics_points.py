"""Metrics of point clouds and trajectories against libraries, on the same data in one run; see :mod:`benchmarks._race`."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, compute, mean, run


def clouds() -> list[Race]:
    """5 pairs of 4,096 points against all pairs of distances in torch and SciPy, and scikit-learn's trees."""
    import torch
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist
    from sklearn.neighbors import NearestNeighbors

    r = np.random.default_rng(6)
    truth = [r.normal(size=(4096, 3)) for _ in range(5)]
    given = [t + r.normal(0, 0.05, t.shape) for t in truth]
    pairs = list(zip(given, truth, strict=True))
    tensors = [[torch.tensor(c) for c in side] for side in (given, truth)]

    def all_pairs() -> float:
        total = 0.0
        for g, t in zip(*tensors, strict=True):
            apart = torch.cdist(g, t) ** 2
            total += float(apart.min(1).values.mean() + apart.min(0).values.mean())
        return total / 5

    def nearest(a: Any, b: Any) -> tuple[Any, Any]:
        distance, index = NearestNeighbors(n_neighbors=1, algorithm="kd_tree").fit(b).kneighbors(a)
        return distance[:, 0], index[:, 0]

    def trees() -> float:
        return mean((nearest(g, t)[0] ** 2).mean() + (nearest(t, g)[0] ** 2).mean() for g, t in pairs)

    def f_score() -> float:
        p, q = (np.array([(nearest(*pair[::way])[0] <= 0.05).mean() for pair in pairs]) for way in (1, -1))
        return mean(2 * p * q / (p + q))

    normals = [[np.hstack([c, r.normal(size=c.shape)]) for c in side] for side in (given, truth)]

    def consistent() -> float:
        def one(a: Any, b: Any) -> Any:
            n, m = (x[:, 3:] / np.linalg.norm(x[:, 3:], axis=1, keepdims=True) for x in (a, b))
            return np.abs((n * m[nearest(a[:, :3], b[:, :3])[1]]).sum(axis=1)).mean()

        return mean((one(g, t) + one(t, g)) / 2 for g, t in zip(*normals, strict=True))

    few = [c[:1024] for c in given[:3]], [c[:1024] for c in truth[:3]]

    def moved() -> float:
        tables = [cdist(g, t) for g, t in zip(*few, strict=True)]
        return mean(table[linear_sum_assignment(table)].mean() for table in tables)

    return [
        Race("chamfer_distance", "torch.cdist", 5, compute("chamfer_distance", given, truth), all_pairs),
        Race("chamfer_distance", "scikit-learn trees", 5, compute("chamfer_distance", given, truth), trees),
        Race(
            "f_score", "scikit-learn trees", 5, compute("f_score", given, truth, distance=0.05, relative=False), f_score
        ),
        Race("normal_consistency", "scikit-learn trees", 5, compute("normal_consistency", *normals), consistent),
        Race("emd", "scipy (the same solver)", 3, compute("emd", *few), moved),
    ]


def trajectories() -> list[Race]:
    """Relative and absolute errors of 50 trajectories of 200 poses, by SciPy's rotations."""
    from scipy.spatial.transform import Rotation

    r = np.random.default_rng(7)

    def walk() -> Any:
        poses = np.tile(np.eye(4), (200, 1, 1))
        poses[:, :3, :3] = Rotation.from_rotvec(np.cumsum(r.normal(0, 0.1, (200, 3)), axis=0)).as_matrix()
        poses[:, :3, 3] = np.cumsum(r.normal(0, 1, (200, 3)), axis=0)
        return poses

    truth = [walk() for _ in range(50)]
    given = []
    for t in truth:
        g = t.copy()
        g[:, :3, :3] = t[:, :3, :3] @ Rotation.from_rotvec(r.normal(0, 0.05, (200, 3))).as_matrix()
        g[:, :3, 3] += r.normal(0, 0.1, (200, 3))
        given.append(g)
    pairs = list(zip(given, truth, strict=True))

    def left(g: Any, t: Any) -> Any:
        steps = [np.linalg.inv(p[:-1]) @ p[1:] for p in (t, g)]
        return np.linalg.inv(steps[0]) @ steps[1]

    def absolute(g: Any, t: Any) -> Any:
        x, y = g[:, :3, 3], t[:, :3, 3]
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        turned = Rotation.align_vectors(y, x)[0].apply(x)
        return np.sqrt(((turned - y) ** 2).sum(axis=1).mean())

    return [
        Race("rte", "numpy", 50, compute("rte", given, truth),
             lambda: mean(np.linalg.norm(left(g, t)[:, :3, 3], axis=1).mean() for g, t in pairs)),
        Race("rre", "scipy Rotation", 50, compute("rre", given, truth),
             lambda: mean(np.degrees(Rotation.from_matrix(left(g, t)[:, :3, :3]).magnitude()).mean() for g, t in pairs)),
        Race("ate", "scipy Rotation", 50, compute("ate", given, truth), lambda: mean(absolute(g, t) for g, t in pairs)),
    ]  # fmt: skip


GROUPS: Groups = (clouds, trajectories)


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
