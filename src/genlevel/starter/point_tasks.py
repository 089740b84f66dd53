"""3D tasks of the starter set: solids and their parts, and point sets to complete and to clean."""

from __future__ import annotations

import numpy as np

from genlevel.starter.base import Array, Item, StarterTask, pick, ply

POINTS = 256
SOLIDS = ("ball", "cube", "cylinder", "cone", "ring", "plate")
PARTS = {"0": "top", "1": "stem", "2": "foot"}
SCALE = 10.0
"""Solids are some 10 units large, so that distances in units tell good from bad on the level rule's scale."""


def solid(rng: np.random.Generator, kind: str, count: int = POINTS) -> Array:
    """Points (count, 3) on the surface of a solid of radius 1 around 0."""
    u, v = rng.uniform(0, 1, (2, count))
    turn = 2 * np.pi * u
    if kind == "ball":
        z = 2 * v - 1
        r = np.sqrt(1 - z**2)
        return np.stack([r * np.cos(turn), r * np.sin(turn), z], 1)
    if kind == "ring":
        tube = 2 * np.pi * v
        r = 0.75 + 0.25 * np.cos(tube)
        return np.stack([r * np.cos(turn), r * np.sin(turn), 0.25 * np.sin(tube)], 1)
    if kind in {"cube", "plate"}:
        half = np.array([0.58, 0.58, 0.58]) if kind == "cube" else np.array([0.7, 0.7, 0.1])
        points = rng.uniform(-1, 1, (count, 3)) * half
        area = half.prod() / half
        axis = rng.choice(3, count, p=area / area.sum())
        points[np.arange(count), axis] = half[axis] * rng.choice([-1.0, 1.0], count)
        box: Array = points
        return box
    if kind == "cylinder":
        side = rng.uniform(0, 1, count) < 0.7
        r, z = np.where(side, 0.6, 0.6 * np.sqrt(v)), np.where(side, 1.6 * v - 0.8, 0.8 * rng.choice([-1, 1], count))
        return np.stack([r * np.cos(turn), r * np.sin(turn), z], 1)
    side = rng.uniform(0, 1, count) < 0.7
    h = np.sqrt(v)
    r, z = np.where(side, 0.75 * h, 0.75 * np.sqrt(v)), np.where(side, 0.7 - 1.4 * h, -0.7)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], 1)


def rotation(rng: np.random.Generator) -> Array:
    """A random rotation matrix."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    result: Array = q * np.sign(np.linalg.det(q))
    return result


def solid_classification(rng: np.random.Generator) -> Item:
    """A solid turned anyhow, stretched a little, with noise."""
    kind = pick(rng, SOLIDS)
    points = solid(rng, kind) * rng.uniform(0.8, 1.2, 3) @ rotation(rng).T
    points = SCALE / 2 * (points + rng.normal(0, 0.07, points.shape))
    asked = {"point_file": ply(points), "prompt": "Which solid is it?", "options": list(SOLIDS)}
    return Item(asked, {"text": kind})


def solid_counting(rng: np.random.Generator) -> Item:
    """One to five balls and cubes in a room, which may come close, with a few stray points."""
    number = int(rng.integers(1, 6))
    places: list[Array] = []
    while len(places) < number:
        place = rng.uniform(-4, 4, 3)
        if all(np.linalg.norm(place - other) > 2.6 for other in places):
            places.append(place)
    sizes = np.full(number, (POINTS - 12) // number)
    sets = [
        solid(rng, pick(rng, ("ball", "cube")), int(n)) * rng.uniform(0.8, 1.2) + place
        for n, place in zip(sizes, places, strict=True)
    ]
    points = np.concatenate([*sets, rng.uniform(-5, 5, (12, 3))])
    asked = {"point_file": ply(points[rng.permutation(len(points))]), "question": "How many solids are in the room?"}
    return Item(asked, {"text": str(number)})


def lamp_parts(rng: np.random.Generator) -> Item:
    """A lamp: a top, a stem and a foot of changing proportions, turned about its axis and tilted."""
    height, width = rng.uniform(0.8, 1.6), rng.uniform(0.5, 1.0)
    counts = rng.multinomial(POINTS, [0.45, 0.25, 0.3])
    top = solid(rng, pick(rng, ("ball", "cone", "cylinder")), counts[0]) * [width, width, rng.uniform(0.35, 0.6)]
    turn, up = rng.uniform(0, 2 * np.pi, counts[1]), rng.uniform(0, 1, counts[1])
    stem = np.stack([0.06 * np.cos(turn), 0.06 * np.sin(turn), -height * up], 1)
    foot = solid(rng, pick(rng, ("plate", "cube", "ball")), counts[2]) * [0.6, 0.6, 0.25] + [0, 0, -height]
    points = np.concatenate([top, stem, foot])
    labels = np.repeat([0, 1, 2], counts)
    tilt, order = rng.normal(0, 0.25, 2), rng.permutation(POINTS)
    points = points + rng.normal(0, 0.02, points.shape)
    points = points @ (_about(0, tilt[0]) @ _about(1, tilt[1]) @ _about(2, rng.uniform(0, 6.28))).T
    asked = {
        "point_file": ply(SCALE / 2 * points[order]),
        "classes": PARTS,
        "prompt": "Which part of the lamp is each point of? Give a list with one part number a point.",
    }
    return Item(asked, {"labels": labels[order].tolist()})


def shape_completion(rng: np.random.Generator) -> Item:
    """A body that is its own mirror image in x, of which one side is mostly missing."""
    points = _body(rng)
    seen = points[:, 0] > -0.1 * SCALE / 2
    return Item(
        {"point_file": ply(points[seen]), "prompt": "Complete this point set: the body is its own mirror image in x."},
        {"point_file": ply(points)},
    )


def point_denoising(rng: np.random.Generator) -> Item:
    """A solid whose points have been shaken."""
    points = SCALE / 2 * solid(rng, pick(rng, SOLIDS)) * rng.uniform(0.8, 1.2, 3) @ rotation(rng).T
    return Item(
        {
            "point_file": ply(points + rng.normal(0, 0.5, points.shape)),
            "prompt": "Remove the noise from this point set.",
        },
        {"point_file": ply(points)},
    )


def _body(rng: np.random.Generator) -> Array:
    """Two or three solids, each either across the mirror plane or on both sides of it."""
    half = []
    for _ in range(int(rng.integers(2, 4))):
        part = solid(rng, pick(rng, SOLIDS), POINTS) * rng.uniform(0.25, 0.6, 3)
        half.append(part + np.array([rng.uniform(0.0, 0.7), *rng.uniform(-0.5, 0.5, 2)]))
    right = np.concatenate(half)
    right = right[right[:, 0] >= 0.0]
    # The two sides hold different points of the same surface.
    chosen = right[rng.permutation(len(right))[:POINTS]]
    chosen[: len(chosen) // 2, 0] *= -1.0
    result: Array = SCALE / 2 * chosen
    return result


def _about(axis: int, angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    i, j = [k for k in range(3) if k != axis]
    matrix = np.eye(3)
    matrix[i, i], matrix[i, j], matrix[j, i], matrix[j, j] = c, -s, s, c
    return matrix


TASKS = (
    StarterTask(
        "solid-classification",
        "3d",
        "comprehension",
        "3D object recognition",
        "point-cloud-classification",
        "accuracy",
        "distance histograms + random forest",
        solid_classification,
        test=24,
        train=48,
    ),
    StarterTask(
        "solid-counting",
        "3d",
        "comprehension",
        "3D question answering",
        "point-cloud-question-answering",
        "exact_match",
        "DBSCAN",
        solid_counting,
        test=16,
        train=32,
    ),
    StarterTask(
        "lamp-parts",
        "3d",
        "comprehension",
        "Part segmentation",
        "point-cloud-segmentation",
        "instance_miou",
        "principal axis + random forest",
        lamp_parts,
        test=16,
        train=32,
    ),
    StarterTask(
        "shape-completion",
        "3d",
        "generation",
        "Completion",
        "point-cloud-completion",
        "chamfer_distance",
        "mirror symmetry",
        shape_completion,
        test=16,
        train=32,
    ),
    StarterTask(
        "point-denoising",
        "3d",
        "generation",
        "3D restoration",
        "point-cloud-completion",
        "chamfer_distance",
        "local planes",
        point_denoising,
        test=16,
        train=32,
    ),
)
