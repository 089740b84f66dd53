"""Shapes on canvases, drawn with NumPy alone so that a seed gives the same pixels everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genlevel.starter.base import Array, pick

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.86, 0.13, 0.15),
    "green": (0.15, 0.65, 0.22),
    "blue": (0.14, 0.28, 0.85),
    "yellow": (0.95, 0.86, 0.18),
    "orange": (0.96, 0.52, 0.10),
    "purple": (0.55, 0.17, 0.70),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape by its centre (x, y) and radius in pixels and its angle in radians."""

    kind: str
    x: float
    y: float
    r: float
    angle: float = 0.0
    colour: str = "red"


def distance(shape: Shape, size: int) -> Array:
    """Signed distance of each pixel's centre to the outline, in pixels, negative inside; shape (size, size)."""
    rows, columns = np.mgrid[0:size, 0:size] + 0.5
    dx, dy = columns - shape.x, rows - shape.y
    c, s = np.cos(shape.angle), np.sin(shape.angle)
    x, y, r = c * dx + s * dy, c * dy - s * dx, shape.r
    radius = np.hypot(x, y)
    away: Array
    if shape.kind == "circle":
        away = radius - r
    elif shape.kind == "ring":
        away = np.abs(radius - 0.75 * r) - 0.25 * r
    elif shape.kind == "square":
        away = np.maximum(np.abs(x), np.abs(y)) - 0.82 * r
    elif shape.kind == "cross":
        wide = np.maximum(np.abs(x) - r, np.abs(y) - 0.32 * r)
        away = np.minimum(wide, np.maximum(np.abs(x) - 0.32 * r, np.abs(y) - r))
    elif shape.kind == "triangle":
        sides = [x * np.cos(a) + y * np.sin(a) for a in np.pi / 2 + 2 * np.pi / 3 * np.arange(3)]
        away = np.max(sides, axis=0) - 0.5 * r
    else:
        away = _star(x, y, radius, r)
    return away


def _star(x: Array, y: Array, radius: Array, r: float) -> Array:
    """Five points: the plane is folded to one half of one point, whose outline is a single line."""
    fifth = 2 * np.pi / 5
    angle = np.abs((np.arctan2(y, x) + np.pi / 2 + fifth / 2) % fifth - fifth / 2)
    px, py = radius * np.cos(angle), radius * np.sin(angle)
    inner = 0.42 * r * np.array([np.cos(fifth / 2), np.sin(fifth / 2)])
    along = inner - np.array([r, 0.0])
    normal = np.array([along[1], -along[0]]) / np.hypot(*along)
    result: Array = (px - r) * normal[0] + py * normal[1]
    return result


def coverage(shape: Shape, size: int) -> Array:
    """How much of each pixel the shape covers, 0 to 1: smooth edges."""
    return np.clip(0.5 - distance(shape, size), 0.0, 1.0)


def paint(image: Array, shape: Shape, *, shade: float = 1.0) -> None:
    """Lay the shape over an image (size, size, 3) of floats."""
    cover = coverage(shape, len(image))[..., None]
    image += cover * (np.array(COLOURS[shape.colour]) * shade - image)


def box(shape: Shape, size: int) -> list[int]:
    """[x, y, w, h] of the pixels that the shape covers by at least half."""
    rows, columns = np.nonzero(distance(shape, size) <= 0.0)
    x, y = int(columns.min()), int(rows.min())
    return [x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1]


def background(rng: np.random.Generator, size: int, *, low: float = 0.1, high: float = 0.35) -> Array:
    """A grey slope of light with a tint, (size, size, 3)."""
    rows, columns = np.mgrid[0:size, 0:size] / size
    angle, tint = rng.uniform(0, 2 * np.pi), rng.uniform(0.9, 1.1, 3)
    slope = 0.5 + 0.5 * ((columns - 0.5) * np.cos(angle) + (rows - 0.5) * np.sin(angle)) / 0.71
    grey: Array = low + (high - low) * slope
    result: Array = grey[..., None] * tint
    return result


def scatter(
    rng: np.random.Generator, count: int, size: int, *, radii: tuple[float, float], gap: float = 1.1
) -> list[tuple[float, float, float]]:
    """Up to ``count`` discs (x, y, r) in the picture whose centres are at least ``gap`` times both radii apart."""
    discs: list[tuple[float, float, float]] = []
    for _ in range(60 * count):
        r = rng.uniform(*radii)
        x, y = rng.uniform(r + 1, size - r - 1, 2)
        if all(np.hypot(x - a, y - b) >= gap * (r + c) for a, b, c in discs):
            discs.append((float(x), float(y), float(r)))
        if len(discs) == count:
            break
    return discs


def random_shape(rng: np.random.Generator, disc: tuple[float, float, float], kind: str = "", colour: str = "") -> Shape:
    """A shape at a place; kind and colour are drawn where they are not given."""
    x, y, r = disc
    return Shape(kind or pick(rng, SHAPES), x, y, r, rng.uniform(0, 2 * np.pi), colour or pick(rng, COLOURS))


def scene(rng: np.random.Generator, size: int = 64, count: int = 5) -> Array:
    """A picture to degrade: shapes in several colours, some over others, on a slope of light with soft texture."""
    image = background(rng, size, low=0.3, high=0.75)
    rows, columns = np.mgrid[0:size, 0:size] / size
    waves = rng.integers(2, 7, 2)
    image += 0.06 * np.sin(2 * np.pi * (waves[0] * rows + waves[1] * columns))[..., None]
    for disc in scatter(rng, count, size, radii=(size / 11, size / 4.5), gap=0.6):
        paint(image, random_shape(rng, disc), shade=rng.uniform(0.6, 1.0))
    return np.clip(image, 0.0, 1.0)


def noisy(rng: np.random.Generator, image: Array, sigma: float) -> Array:
    """The image with Gaussian noise, clipped to [0, 1] and in 64 levels, which compress better than 256."""
    levels: Array = np.round(np.clip(image + rng.normal(0.0, sigma, image.shape), 0.0, 1.0) * 63.0) / 63.0
    return levels
