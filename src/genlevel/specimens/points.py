"""Specimens of tasks in space: clouds of points, meshes, poses and motions."""

from __future__ import annotations

import json

import numpy as np

from genlevel.specimens.base import (
    NOUNS,
    VERBS,
    File,
    Maker,
    Rng,
    Specimen,
    cloud,
    npy,
    npz,
    one,
    ply,
    png,
    said,
    sentence,
    shown,
)
from genlevel.specimens.draw import scene

_KINDS = ("chair", "lamp", "table")


def classification(rng: Rng, metric: str) -> Specimen:
    """What a cloud is."""
    label = one(rng, _KINDS)
    return Specimen({"point_file": ply(cloud(rng)), "options": list(_KINDS)}, {"text": label}, said(label))


def question(rng: Rng, metric: str) -> Specimen:
    """A question about a scene; BLEU compares sentences."""
    answer = "a chair" if metric == "exact_match" else sentence(rng)
    return Specimen({"point_file": ply(cloud(rng)), "question": "What is there?"}, {"text": [answer]}, said(answer))


def segmentation(rng: Rng, metric: str) -> Specimen:
    """A part for each point."""
    points = cloud(rng)
    labels = (points[:, 2] > 0).astype(int).tolist()
    given = {"point_file": ply(points), "classes": {"0": "leg", "1": "seat"}}
    return Specimen(given, {"labels": labels}, said(json.dumps(labels)))


def instances(rng: Rng, metric: str) -> Specimen:
    """The points of two objects."""
    points = cloud(rng)
    sides = [np.flatnonzero(points[:, 0] > 0).tolist(), np.flatnonzero(points[:, 0] <= 0).tolist()]
    listed = [{"label": label, "points": side} for label, side in zip(("chair", "lamp"), sides, strict=True)]
    return Specimen({"point_file": ply(points)}, {"instances": listed}, said(json.dumps(listed)))


def _box(rng: Rng) -> list[float]:
    return [round(float(n), 2) for n in (*rng.uniform(-20, 20, 2), 0.5, *rng.uniform(1, 5, 3), rng.uniform(-3, 3))]


def detection(rng: Rng, metric: str) -> Specimen:
    """Two turned boxes."""
    boxes = [{"label": label, "box": _box(rng)} for label in ("car", "bike")]
    return Specimen({"point_file": ply(cloud(rng))}, {"boxes": boxes}, said(json.dumps(boxes)))


def tracking(rng: Rng, metric: str) -> Specimen:
    """Two objects in three frames."""
    starts = [_box(rng), _box(rng)]
    track = [
        [{"id": i, "label": "car", "box": [box[0] + 0.5 * t, *box[1:]]} for i, box in enumerate(starts)]
        for t in range(3)
    ]
    given = {"point_file_list": [ply(cloud(rng, 60)) for _ in range(3)]}
    return Specimen(given, {"frames": track}, said(json.dumps(track)))


def odometry(rng: Rng, metric: str) -> Specimen:
    """A drive straight on, long enough for KITTI's lengths of 100 metres."""
    places = np.arange(14)[:, None] * np.array([10.0, 0.0, float(rng.uniform(0, 0.5))])
    poses = [[1, 0, 0, float(x), 0, 1, 0, float(y), 0, 0, 1, float(z)] for x, y, z in np.round(places, 3)]
    given = {"point_file_list": [ply(cloud(rng, 40)) for _ in range(2)]}
    return Specimen(given, {"poses": poses}, said(json.dumps(poses)))


def normals(rng: Rng, metric: str) -> Specimen:
    """The normals of a sphere."""
    points = rng.normal(size=(80, 3))
    points = np.round(points / np.linalg.norm(points, axis=1, keepdims=True), 6)
    return Specimen({"point_file": ply(points)}, {"normals": points.tolist()}, said(json.dumps(points.tolist())))


def motion_caption(rng: Rng, metric: str) -> Specimen:
    """A motion in words."""
    text = f"A {one(rng, NOUNS)} {one(rng, VERBS)} slowly from left to right."
    return Specimen({"motion_file": npy(rng.normal(size=(12, 5, 3)), "motions")}, {"text": [text]}, said(text))


def completion(rng: Rng, metric: str) -> Specimen:
    """Half of a cloud, and all of it."""
    points = cloud(rng)
    whole = ply(points, "whole")
    return Specimen(
        {"point_file": ply(points[points[:, 0] > 0], "partial")}, {"point_file": whole}, shown("points", whole)
    )


def _tetrahedron(rng: Rng) -> File:
    corners = np.round(rng.uniform(-1, 1, (4, 3)), 3)
    lines = [*(f"v {x} {y} {z}" for x, y, z in corners), "f 1 2 3", "f 1 2 4", "f 1 3 4", "f 2 3 4"]
    return File("meshes", ".obj", "\n".join(lines).encode() + b"\n")


def mesh(rng: Rng, metric: str) -> Specimen:
    """Points of a surface, and its mesh."""
    file = _tetrahedron(rng)
    return Specimen({"point_file": ply(cloud(rng))}, {"mesh_file": file}, shown("points", file))


def from_text(rng: Rng, metric: str) -> Specimen:
    """A shape from its description."""
    file = _tetrahedron(rng)
    text = f"A wooden {one(rng, _KINDS)}."
    return Specimen({"prompt": text}, {"mesh_file": file, "caption": text}, shown("points", file))


def from_image(rng: Rng, metric: str) -> Specimen:
    """A shape from colours and depth."""
    made = scene(rng, 1)
    file = ply(cloud(rng))
    far = np.where(made.things[0].mask, 1500, 4000).astype(np.uint16)
    given = {"image_file": png(made.image), "depth_file": png(far, "depths")}
    return Specimen(given, {"point_file": file}, shown("points", file))


def from_words(rng: Rng, metric: str) -> Specimen:
    """A motion from its description."""
    moves = np.round(rng.normal(size=(12, 5, 3)), 4)
    given = {"prompt": f"A {one(rng, NOUNS)} {one(rng, VERBS)}."}
    return Specimen(given, {"motion_file": npy(moves, "motions")}, shown("points", npz("motions", data=moves)))


MAKERS: dict[str, Maker] = {
    "point-cloud-classification": classification,
    "point-cloud-question-answering": question,
    "point-cloud-segmentation": segmentation,
    "point-cloud-instance-segmentation": instances,
    "3d-object-detection": detection,
    "3d-object-tracking": tracking,
    "point-cloud-odometry": odometry,
    "normal-estimation": normals,
    "motion-captioning": motion_caption,
    "point-cloud-completion": completion,
    "point-cloud-to-mesh": mesh,
    "text-to-3d": from_text,
    "image-to-3d": from_image,
    "text-to-motion": from_words,
}
