"""Specialists for point sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN
from sklearn.ensemble import RandomForestClassifier

from genlevel.records import Part, Request
from genlevel.starter.base import Array
from genlevel.starter.specialists.base import Example, Specialist, number_of, points, points_of, text


class SolidName(Specialist):
    """Histograms of distances and of angles between points, and the main axes, by a random forest."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the solids."""
        self._model = RandomForestClassifier(100, random_state=0)
        self._model.fit([self._features(e.request) for e in examples], [e.reference for e in examples])

    def answer(self, request: Request) -> Part:
        """The solid's name."""
        return text(str(self._model.predict([self._features(request)])[0]))

    def _features(self, request: Request) -> Array:
        found = points_of(request)
        found = found - found.mean(axis=0)
        radii = np.linalg.norm(found, axis=1)
        found, radii = found / radii.mean(), radii / radii.mean()
        values, axes = np.linalg.eigh(np.cov(found.T))
        along = np.abs(found @ axes)
        apart = np.linalg.norm(found[:, None] - found[None], axis=2)[np.triu_indices(len(found), 1)]
        near = cKDTree(found).query(found, 9)[1]
        bends = np.linalg.svd(found[near] - found[near].mean(axis=1, keepdims=True), compute_uv=False) ** 2
        flat = bends[:, 2] / bends.sum(axis=1)
        return np.concatenate(
            [
                np.sqrt(values),
                np.histogram(apart, 16, (0.0, 3.0), density=True)[0],
                np.histogram(radii, 12, (0.0, 2.0), density=True)[0],
                np.quantile(along, (0.1, 0.5, 0.9), axis=0).ravel(),
                np.quantile(flat, (0.25, 0.5, 0.75)),
            ]
        )


class SolidCount(Specialist):
    """Clusters of dense points; how near dense is, is learnt."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Try radii on the training examples."""
        sets = [(points_of(e.request), str(number_of(e.reference))) for e in examples]
        radii = np.linspace(0.4, 1.2, 17)
        right = [sum(self._count(found, r) == wanted for found, wanted in sets) for r in radii]
        self._radius = float(radii[int(np.argmax(right))])

    def answer(self, request: Request) -> Part:
        """The number of clusters."""
        return text(self._count(points_of(request), self._radius))

    def _count(self, found: Array, radius: float) -> str:
        labels = DBSCAN(radius, min_samples=4).fit_predict(found)
        sizes = np.bincount(labels[labels >= 0], minlength=1)
        return str(int((sizes >= 12).sum()))


class PartLabels(Specialist):
    """Height along the main axis, distance from it and how crowded it is there, by a random forest."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the parts."""
        features = np.concatenate([self._features(points_of(e.request)) for e in examples])
        labels = np.concatenate([np.asarray(e.reference) for e in examples])
        self._model = RandomForestClassifier(30, min_samples_leaf=3, random_state=0).fit(features, labels)

    def answer(self, request: Request) -> Part:
        """The part of every point."""
        return text(self._model.predict(self._features(points_of(request))).astype(int).tolist())

    def _features(self, found: Array) -> Array:
        centred = found - found.mean(axis=0)
        axis = np.linalg.eigh(np.cov(centred.T))[1][:, 2]
        axis = axis * np.sign(axis[2] or 1.0)
        height = centred @ axis
        height = (height - height.min()) / max(float(np.ptp(height)), 1e-9)
        beside = (
            np.linalg.norm(centred - np.outer(centred @ axis, axis), axis=1) / np.linalg.norm(centred, axis=1).max()
        )
        tree = cKDTree(found)
        near = tree.query(found, 9)
        wide = beside[near[1]].mean(axis=1)
        return np.stack([height, beside, near[0][:, -1], wide, height[near[1]].std(axis=1)], 1)


class Mirrored(Specialist):
    """What is on one side, put on the other as well."""

    def answer(self, request: Request) -> Part:
        """Both sides."""
        found = points_of(request)
        right = found[found[:, 0] >= 0.0]
        return points(np.concatenate([right, right * [-1, 1, 1]]) if len(right) else found)


class Smoothed(Specialist):
    """Each point moved into the plane of its neighbours, twice."""

    def answer(self, request: Request) -> Part:
        """The points without most of their noise."""
        found = points_of(request)
        for neighbours in (20, 14):
            near = found[cKDTree(found).query(found, neighbours)[1]]
            middle = near.mean(axis=1)
            normals = np.linalg.svd(near - middle[:, None], full_matrices=False)[2][:, 2]
            away = np.sum((found - middle) * normals, axis=1)
            found = found - 0.9 * away[:, None] * normals
        return points(found)
