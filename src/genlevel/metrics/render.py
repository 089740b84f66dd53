"""Pictures of point clouds and meshes from around them, with NumPy alone: no screen, no graphics driver, no chance.

A pinhole camera goes around the object at one height and looks at its middle. The object is first moved and scaled so that
the middle of its bounding box is the origin and its farthest point is at distance 1; the sphere of radius 1 then fills
nine tenths of the picture. Nearer surfaces hide farther ones, pixel by pixel. The ground is white.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import pi, radians, sqrt, tan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics.evidence import FloatArray

__all__ = ["normalise", "render_mesh", "render_points"]

Pixels = NDArray[np.uint8]
Ints = NDArray[np.int64]

_FILL = 0.9
_HALF_ANGLE = radians(20.0)
DISTANCE = sqrt(1.0 + (1.0 / (tan(_HALF_ANGLE) * _FILL)) ** 2)
"""From the camera to the middle of the object."""
_WHITE = 255.0
_GREY = 200.0
# Light comes from the camera; what it grazes still gets this share.
_AMBIENT = 0.35
# A disc with this radius, in pixels, holds the middle of at least one pixel.
_SMALLEST_DISC = 0.7072
_CELLS = 1 << 20
_MOST_PIXELS = 4096


class Raster(NamedTuple):
    """For each pixel, (n, n): the item seen there (-1 for none) and 1/depth of it (0 for none)."""

    item: Ints
    nearness: FloatArray


def render_points(
    points: Any,
    colors: Any = None,
    views: int = 8,
    size: int = 224,
    *,
    elevation: float = 15.0,
    up: str = "y",
    radius: float = 0.0,
    antialias: int = 2,
) -> Pixels:
    """Pictures of a point cloud, uint8 (views, size, size, 3). Each point is a disc that faces the camera.

    Args:
        points: (N, 3) or wider, N > 0, finite; further columns are not looked at.
        colors: (N, 3), 0 to 255 (integers) or 0 to 1 (floats); ``None`` shades by depth, near points darker.
        views: how many, evenly around the object; the first is from in front (from +z, if up is y).
        size: side of a picture in pixels.
        elevation: of the camera above the horizon, degrees.
        up: which axis points up, ``y`` or ``z``.
        radius: of a disc, in the object's unit (1 is its farthest point); 0 chooses by the number of points.
        antialias: side of the grid of samples in a pixel.

    Raises:
        MetricError: if something is not as said above.
    """
    cloud = normalise(_upright(_coordinates(points, "points"), up))
    paint = _colors(colors, len(cloud))
    reach = radius or float(np.clip(1.5 / sqrt(len(cloud)), 0.006, 0.05))
    fine, turns = _check(views, size, antialias), _rotations(views, elevation)
    pictures = []
    for turn in turns:
        seen = cloud @ turn.T
        raster = raster_discs(seen, reach, fine)
        hit = raster.item >= 0
        picture = np.full((fine, fine, 3), _WHITE)
        if paint is None:
            nearest, farthest = 1.0 / (DISTANCE - 1.0), 1.0 / (DISTANCE + 1.0)
            depth = (raster.nearness[hit] - farthest) / (nearest - farthest)
            picture[hit] = _WHITE * (0.75 - 0.55 * np.clip(depth, 0.0, 1.0))[:, None]
        else:
            picture[hit] = paint[raster.item[hit]]
        pictures.append(_shrink(picture, antialias))
    return np.stack(pictures)


def render_mesh(
    vertices: Any,
    faces: Any,
    colors: Any = None,
    views: int = 8,
    size: int = 224,
    *,
    elevation: float = 15.0,
    up: str = "y",
    antialias: int = 2,
) -> Pixels:
    """Pictures of a mesh of triangles, uint8 (views, size, size, 3); flat shading, light from the camera, both sides.

    Args:
        vertices: (N, 3), finite.
        faces: (T, 3), T > 0, indices of vertices from 0.
        colors: of vertices, as in :func:`render_points`; ``None`` is grey.
        views: as in :func:`render_points`, and so are the others.
        size: side of a picture in pixels.
        elevation: of the camera, degrees.
        up: ``y`` or ``z``.
        antialias: side of the grid of samples in a pixel.

    Raises:
        MetricError: if something is not as said above.
    """
    corners = _upright(_coordinates(vertices, "vertices")[:, :3], up)
    triangles = _faces(faces, len(corners))
    used = np.unique(triangles)
    corners, triangles = normalise(corners[used]), np.searchsorted(used, triangles)
    paint = _colors(colors, int(np.asarray(vertices).shape[0]))
    paint = np.full((len(used), 3), _GREY) if paint is None else paint[used]
    fine = _check(views, size, antialias)
    pictures = []
    for turn in _rotations(views, elevation):
        seen = corners @ turn.T
        picture = np.full((fine, fine, 3), _WHITE)
        raster = raster_triangles(seen, triangles, fine)
        hit = raster.item >= 0
        picture[hit] = _shade(seen, triangles, paint, raster, fine)
        pictures.append(_shrink(picture, antialias))
    return np.stack(pictures)


def normalise(points: FloatArray) -> FloatArray:
    """Points (N, 3) with the middle of their box at the origin and the farthest at distance 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    moved = points - (low / 2.0 + high / 2.0)
    largest = float(np.abs(moved).max())
    if largest == 0.0:
        return np.zeros_like(moved)
    moved = moved / largest
    scaled: FloatArray = moved / np.sqrt((moved**2).sum(axis=1).max())
    return scaled


def focal(size: int) -> float:
    """Focal length in pixels."""
    return size / 2.0 / tan(_HALF_ANGLE)


def project(seen: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Pixel coordinates (N, 2), x right and y down, and 1/depth (N,), of points as the camera sees them (z towards it)."""
    nearness = 1.0 / (DISTANCE - seen[:, 2])
    middle, scale = size / 2.0, focal(size)
    return np.stack([middle + scale * seen[:, 0] * nearness, middle - scale * seen[:, 1] * nearness], axis=1), nearness


def raster_discs(seen: FloatArray, radius: float, size: int) -> Raster:
    """Which point is seen in each pixel; each is a disc, covering the pixels whose middle is within its radius."""
    at, nearness = project(seen, size)
    reach = np.maximum(focal(size) * radius * nearness, _SMALLEST_DISC)
    canvas = _Canvas(size)
    for item, x, y in _cells(at - reach[:, None], at + reach[:, None], size):
        inside = (x + 0.5 - at[item, 0]) ** 2 + (y + 0.5 - at[item, 1]) ** 2 <= reach[item] ** 2
        canvas.add((y * size + x)[inside], nearness[item[inside]], item[inside])
    return canvas.raster()


def raster_triangles(seen: FloatArray, faces: Ints, size: int) -> Raster:
    """Which face is seen in the middle of each pixel."""
    at, nearness = project(seen, size)
    corners = at[faces]
    canvas = _Canvas(size)
    for item, x, y in _cells(corners.min(axis=1), corners.max(axis=1), size):
        share, inside = _barycentric(corners[item], x + 0.5, y + 0.5)
        depth = np.einsum("ij,ij->i", share[inside], nearness[faces[item[inside]]])
        canvas.add((y * size + x)[inside], depth, item[inside])
    return canvas.raster()


def _barycentric(corners: FloatArray, x: Any, y: Any) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Shares (n, 3) of the corners (n, 3, 2) at (x, y), and whether that lies inside; never in a triangle seen edge on."""
    to = corners - np.stack([x, y], axis=1)[:, None, :]
    a, b, c = to[:, 0], to[:, 1], to[:, 2]
    parts = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=1)
    whole = parts.sum(axis=1)
    flat = whole == 0.0
    share = parts / np.where(flat, 1.0, whole)[:, None]
    return share, (share >= 0.0).all(axis=1) & ~flat


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    z: FloatArray = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return z


def _cells(low: FloatArray, high: FloatArray, size: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    """The pixels whose middle lies in each item's box, as (item, x, y), about a million at a time."""
    first = np.clip(np.ceil(low - 0.5), 0, size).astype(np.int64)
    last = np.clip(np.floor(high - 0.5), -1, size - 1).astype(np.int64)
    extent = np.maximum(last - first + 1, 0)
    count = extent.prod(axis=1)
    for items in np.split(np.arange(len(count)), np.flatnonzero(np.diff(np.cumsum(count) // _CELLS)) + 1):
        n = count[items]
        item = np.repeat(items, n)
        if not len(item):
            continue
        within = np.arange(len(item)) - np.repeat(np.cumsum(n) - n, n)
        width = extent[item, 0]
        yield item, first[item, 0] + within % width, first[item, 1] + within // width


class _Canvas:
    """Keeps the nearest item of each pixel; of equally near ones the first in the object."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._item = np.full(size * size, -1, np.int64)
        self._nearness = np.zeros(size * size)

    def add(self, pixel: Ints, nearness: FloatArray, item: Ints) -> None:
        order = np.lexsort((-item, nearness, pixel))
        order = order[np.append(np.diff(pixel[order]) != 0, True)] if len(order) else order
        pixel, nearness, item = pixel[order], nearness[order], item[order]
        # Items come in their order, so that an equally near one that is already there is the first.
        better = nearness > self._nearness[pixel]
        self._nearness[pixel[better]] = nearness[better]
        self._item[pixel[better]] = item[better]

    def raster(self) -> Raster:
        shape = (self._size, self._size)
        return Raster(self._item.reshape(shape), self._nearness.reshape(shape))


def _shade(seen: FloatArray, faces: Ints, paint: FloatArray, raster: Raster, size: int) -> FloatArray:
    """Colour (n, 3) of each pixel that shows a face."""
    y, x = np.nonzero(raster.item >= 0)
    item = raster.item[y, x]
    at, nearness = project(seen, size)
    share, _ = _barycentric(at[faces[item]], x + 0.5, y + 0.5)
    # In space, not in the picture, colours run evenly along an edge.
    share = share * nearness[faces[item]]
    color = np.einsum("ij,ijk->ik", share / share.sum(axis=1, keepdims=True), paint[faces[item]])
    a, b, c = (seen[faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1)
    facing = np.abs(normal[:, 2]) / np.where(length > 0, length, 1.0)
    lit: FloatArray = color * (_AMBIENT + (1.0 - _AMBIENT) * facing[item])[:, None]
    return lit


def _rotations(views: int, elevation: float) -> Iterator[FloatArray]:
    """From the object's axes (y up) to the camera's (x right, y up, z towards it)."""
    tilt = radians(elevation)
    down = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    for view in range(views):
        angle = -2.0 * pi * view / views
        yield down @ np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])


def _shrink(picture: FloatArray, factor: int) -> Pixels:
    size = len(picture) // factor
    mean = picture.reshape(size, factor, size, factor, 3).mean(axis=(1, 3))
    shrunk: Pixels = np.clip(np.rint(mean), 0, 255).astype(np.uint8)
    return shrunk


def _check(views: int, size: int, antialias: int) -> int:
    if views < 1 or size < 1 or antialias < 1 or size * antialias > _MOST_PIXELS:
        raise MetricError(
            f"cannot render views={views}, size={size}, antialias={antialias}; size*antialias is at most {_MOST_PIXELS}"
        )
    return size * antialias


def _coordinates(values: Any, what: str) -> FloatArray:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise MetricError(f"{what} must be numbers, (N, 3)") from None
    if array.ndim != 2 or array.shape[1] < 3 or not len(array):
        raise MetricError(f"{what} must have shape (N, 3), N > 0, not {array.shape}")
    array = array[:, :3]
    if not np.isfinite(array).all() or np.abs(array).max() > 1e100:
        raise MetricError(f"{what} must be finite")
    return array


def _upright(points: FloatArray, up: str) -> FloatArray:
    if up not in ("y", "z"):
        raise MetricError(f"up='{up}'; known: y, z")
    return points if up == "y" else np.stack([points[:, 0], points[:, 2], -points[:, 1]], axis=1)


def _faces(faces: Any, vertices: int) -> Ints:
    array = np.asarray(faces)
    if array.ndim != 2 or array.shape[1] != 3 or not len(array) or array.dtype.kind not in "iu":
        raise MetricError(f"faces must be indices (T, 3), T > 0, not {array.dtype} {array.shape}")
    array = array.astype(np.int64)
    if array.min() < 0 or array.max() >= vertices:
        raise MetricError(
            f"faces name vertex {array.min() if array.min() < 0 else array.max()}, but there are {vertices}"
        )
    return array


def _colors(colors: Any, count: int) -> FloatArray | None:
    if colors is None:
        return None
    array = np.asarray(colors)
    if array.shape != (count, 3) or array.dtype.kind not in "uif":
        raise MetricError(f"colors must have shape ({count}, 3), not {array.shape}")
    scaled = array.astype(np.float64) * (_WHITE if array.dtype.kind == "f" else 1.0)
    if not np.isfinite(scaled).all() or scaled.min() < 0 or scaled.max() > _WHITE:
        raise MetricError("colors must be 0 to 255 as integers or 0 to 1 as floats")
    return scaled
