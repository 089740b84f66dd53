"""Meshes: PLY and OBJ to vertices and triangles, and points of their surface."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np

from genlevel.media import MediaError, load_points, media_type, part_bytes
from genlevel.media.ply import _TYPES as TYPES
from genlevel.media.ply import _read_header as read_header
from genlevel.records import Part

__all__ = ["load_shape", "surface_points"]

_FACES: Final = 5_000_000
_POINTS: Final = 10_000
_REACH: Final = 1e6


def load_shape(part: Part) -> Any:
    """A shape: ``(vertices, faces)``, float64 (N, 3) and int64 (M, 3), where the file has faces, else points (N, C).

    Faces with more than three corners become fans.

    Raises:
        MediaError: neither points nor a mesh, or beyond the limits.
    """
    points = load_points(part)
    if not (np.abs(points[:, :3]) <= _REACH).all():
        raise MediaError(f"{part.path or 'the shape'}: a coordinate is beyond a million")
    data, kind, name = part_bytes(part), media_type(part), str(part.path or "the shape")
    if data[:4] in {b"ply\n", b"ply\r"}:
        corners = _ply_faces(data, name)
    elif kind == "model/obj":
        corners = _obj_faces(data, len(points), name)
    else:
        corners = []
    if not corners:
        return points
    faces = np.array([(face[0], b, c) for face in corners for b, c in pairwise(face[1:])], np.int64)
    if not len(faces):
        return points
    if len(faces) > _FACES or faces.min() < 0 or faces.max() >= len(points):
        raise MediaError(f"{name}: a face names a vertex that is not there, or there are too many")
    return points[:, :3], faces


def _ply_faces(data: bytes, name: str) -> list[tuple[int, ...]]:
    """The corners of each face; none where the file has points alone."""
    order, elements, body = read_header(data, name)
    at = next((i for i, element in enumerate(elements) if element.name == "face"), None)
    if at is None or not elements[at].count:
        return []
    if elements[at].properties or any(element.lists for element in elements[:at]) or elements[at].count > _FACES:
        return []
    count = elements[at].count
    if not order:
        lines = data[body:].splitlines()
        start = sum(element.count for element in elements[:at])
        rows = [line.split() for line in lines[start : start + count]]
        try:
            faces = [tuple(int(cell) for cell in row[1 : 1 + int(row[0])]) for row in rows if row]
        except ValueError:
            raise MediaError(f"{name}: a face of the PLY file is not whole numbers") from None
        if len(faces) != count or any(len(face) < 3 for face in faces):
            raise MediaError(f"{name}: the faces of the PLY file are truncated")
        return faces
    words = next(
        line.split() for line in data[:body].decode("ascii", "replace").splitlines() if line.startswith("property list")
    )
    size, item = np.dtype(order + TYPES[words[2]]), np.dtype(order + TYPES[words[3]])
    place = body + sum(e.count * sum(int(kind[1]) for _, kind in e.properties) for e in elements[:at])
    found = []
    for _ in range(count):
        if place + size.itemsize > len(data):
            raise MediaError(f"{name}: the faces of the PLY file are truncated")
        corners = int(np.frombuffer(data, size, 1, place)[0])
        place += size.itemsize
        if not 3 <= corners <= 1000 or place + corners * item.itemsize > len(data):
            raise MediaError(f"{name}: a face of the PLY file is truncated or has {corners} corners")
        found.append(tuple(int(n) for n in np.frombuffer(data, item, corners, place)))
        place += corners * item.itemsize
    return found


def _obj_faces(data: bytes, vertices: int, name: str) -> list[tuple[int, ...]]:
    faces = []
    for line in data.decode("utf-8", "replace").splitlines():
        if line[:2] not in {"f ", "f\t"}:
            continue
        try:
            corners = [int(cell.split("/", 1)[0]) for cell in line.split()[1:]]
        except ValueError:
            raise MediaError(f"{name}: a face of the OBJ file is not whole numbers") from None
        # Numbers count from 1, negative ones from the last vertex back.
        faces.append(tuple(n - 1 if n > 0 else vertices + n for n in corners))
        if len(corners) < 3 or len(faces) > _FACES:
            raise MediaError(f"{name}: a face of the OBJ file has {len(corners)} corners, or there are too many")
    return faces


def surface_points(shape: Any, count: int = _POINTS) -> Any:
    """Points (N, 3) of a shape: its own, or ``count`` spread evenly over a mesh's surface, the same each time."""
    if not isinstance(shape, tuple):
        return np.ascontiguousarray(shape[:, :3])
    vertices, faces = shape
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    if not 0 < area.sum() < np.inf:
        return np.ascontiguousarray(vertices)
    random = np.random.default_rng(0)
    # Even places along the summed areas: each face gets its share of points.
    chosen = np.searchsorted(np.cumsum(area) / area.sum(), (np.arange(count) + 0.5) / count)
    chosen = np.minimum(chosen, len(faces) - 1)
    u, v = np.sqrt(random.random(count))[:, None], random.random(count)[:, None]
    return (1 - u) * a[chosen] + u * (1 - v) * b[chosen] + u * v * c[chosen]
