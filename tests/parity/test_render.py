"""The renderer against rays cast one pixel at a time, and against areas known in closed form."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics import render
from genlevel.metrics.render import DISTANCE, focal, render_mesh, render_points

Array = NDArray[np.float64]


def ray(row: int, column: int, size: int) -> Array:
    """From the camera at (0, 0, DISTANCE) through the middle of a pixel, per unit of depth."""
    return np.array([(column + 0.5 - size / 2) / focal(size), -(row + 0.5 - size / 2) / focal(size), -1.0])


def hit(origin: Array, direction: Array, triangle: Array) -> float | None:
    """Distance along the ray to a triangle: the 3x3 system of the ray and two edges, by Cramer's rule."""
    a, b, c = triangle
    matrix = np.stack([direction, a - b, a - c], axis=1)
    if abs(np.linalg.det(matrix)) < 1e-14:
        return None
    t, u, v = np.linalg.solve(matrix, a - origin)
    return float(t) if u >= 0 and v >= 0 and u + v <= 1 and t > 0 else None


@pytest.mark.parametrize("seed", range(4))
def test_triangles_equal_rays(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, count = 17, 3 + 6 * seed
    corners = render.normalise(rng.normal(size=(3 * count, 3)))
    faces = rng.permutation(3 * count).reshape(-1, 3)
    raster = render.raster_triangles(corners, faces, size)
    origin = np.array([0.0, 0.0, DISTANCE])
    for row in range(size):
        for column in range(size):
            found = [
                (t, i)
                for i, f in enumerate(faces)
                if (t := hit(origin, ray(row, column, size), corners[f])) is not None
            ]
            nearest, item = min(found, default=(np.inf, -1))
            assert raster.item[row, column] == item
            # The ray's third component is -1, so the distance along it is the depth.
            assert raster.nearness[row, column] == pytest.approx(1 / nearest, rel=1e-9)
    assert (raster.item >= 0).sum() > 10


def test_discs_equal_a_loop_over_pixels() -> None:
    rng = np.random.default_rng(5)
    size, radius = 23, 0.11
    points = render.normalise(rng.normal(size=(40, 3)))
    raster = render.raster_discs(points, radius, size)
    for row in range(size):
        for column in range(size):
            best, item = 0.0, -1
            for i, (x, y, z) in enumerate(points):
                depth = DISTANCE - z
                px, py = size / 2 + focal(size) * x / depth, size / 2 - focal(size) * y / depth
                near = (column + 0.5 - px) ** 2 + (row + 0.5 - py) ** 2 <= (focal(size) * radius / depth) ** 2
                if near and 1 / depth > best:
                    best, item = 1 / depth, i
            assert raster.item[row, column] == item


def sphere(rings: int = 48, sectors: int = 96) -> tuple[Array, NDArray[np.int64]]:
    """A sphere of latitude and longitude, poles along z so that no view looks along them."""
    theta = np.linspace(0, pi, rings + 1)[:, None]
    phi = np.linspace(0, 2 * pi, sectors, endpoint=False)[None]
    grid = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta) + 0 * phi], axis=-1)
    index = np.arange((rings + 1) * sectors).reshape(rings + 1, sectors)
    a, b = index[:-1], index[1:]
    faces = [np.stack([a, b, np.roll(b, -1, 1)], -1), np.stack([a, np.roll(b, -1, 1), np.roll(a, -1, 1)], -1)]
    return grid.reshape(-1, 3), np.concatenate([f.reshape(-1, 3) for f in faces])


def cube() -> tuple[Array, NDArray[np.int64]]:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return corners, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])


def covered(picture: NDArray[np.uint8]) -> float:
    """Pixels that are not ground."""
    return float((picture != 255).any(axis=-1).sum())


def test_a_sphere_is_a_disc_of_nine_tenths() -> None:
    vertices, faces = sphere()
    for offset, scale in ((0.0, 1.0), (100.0, 0.01)):
        pictures = render_mesh(vertices * scale + offset, faces, views=4, size=200, antialias=1)
        for picture in pictures:
            # The polygon is a little smaller than the sphere: the sagitta of half a sector is below a pixel.
            assert covered(picture) == pytest.approx(pi * (0.9 * 100) ** 2, rel=6e-3)
            rows = np.flatnonzero((picture != 255).any(axis=(1, 2)))
            assert abs((rows[0] + rows[-1] + 1) / 2 - 100) <= 0.5


def test_a_cube_from_in_front_is_its_front_face() -> None:
    vertices, faces = cube()
    picture = render_mesh(vertices, faces, views=1, size=301, elevation=0.0, antialias=1)[0]
    half = 1 / sqrt(3)
    side = 2 * focal(301) * half / (DISTANCE - half)
    assert covered(picture) == pytest.approx(side**2, rel=2 * 2 / side)
    rows = np.flatnonzero((picture != 255).any(axis=(1, 2)))
    assert abs((rows[-1] - rows[0] + 1) - side) <= 1
    inside = picture[150, 150]
    np.testing.assert_array_equal(inside, [200, 200, 200])


def test_a_cube_from_its_edge_by_its_hull() -> None:
    """The silhouette of a convex body is the hull of its projected corners."""
    from scipy.spatial import ConvexHull

    vertices, faces = cube()
    for view, picture in enumerate(render_mesh(vertices, faces, views=8, size=300, antialias=1)):
        turn = list(render._rotations(8, 15.0))[view]
        at, _ = render.project(render.normalise(vertices) @ turn.T, 300)
        assert covered(picture) == pytest.approx(ConvexHull(at).volume, rel=5e-3)


def test_the_nearer_triangle_hides_the_farther_whatever_their_order() -> None:
    corners = np.array([[-1, -1, 0.5], [1, -1, 0.5], [0, 1, 0.5], [-1, -1, -0.5], [1, -1, -0.5], [0, 1, -0.5]])
    colors = np.array([[255, 0, 0]] * 3 + [[0, 0, 255]] * 3)
    for faces in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]], [[2, 1, 0], [5, 3, 4]]):
        front, back = render_mesh(corners, np.array(faces), colors, views=2, size=65, elevation=0.0)
        np.testing.assert_array_equal(front[32, 32], [255, 0, 0])
        np.testing.assert_array_equal(back[32, 32], [0, 0, 255])


def test_triangles_that_cross_hide_each_other_on_either_side() -> None:
    corners = np.array([[-1, -1, 1], [1, -1, -1], [0, 1, 0], [-1, -1, -1], [1, -1, 1], [0, 1.0, 0]])
    colors = np.array([[255, 0, 0]] * 3 + [[0, 255, 0]] * 3)
    picture = render_mesh(corners, np.array([[0, 1, 2], [3, 4, 5]]), colors, views=1, size=65, elevation=0.0)[0]
    left, right = picture[45, 27].astype(int), picture[45, 37].astype(int)
    assert left[0] > 60 and left[1] == 0
    assert right[1] > 60 and right[0] == 0


def test_views_go_around() -> None:
    """An object turned by a view's angle shows its pictures one further."""
    rng = np.random.default_rng(2)
    points = rng.normal(size=(60, 3)) * [1, 0.5, 0.3]
    points = np.concatenate(
        [points, points * [-1, 1, -1], points[:, [2, 1, 0]] * [1, 1, -1], points[:, [2, 1, 0]] * [-1, 1, 1]]
    )
    points[:, 1] -= (points[:, 1].max() + points[:, 1].min()) / 2
    points = points[: 3 * 60]  # no longer symmetric, but its box is
    box = np.abs(points[:, [0, 2]]).max()
    points = np.concatenate([points, [[box, 0, box], [-box, 0, -box]]])
    quarter = points[:, [2, 1, 0]] * [1, 1, -1]
    before = render_points(points, views=4, size=64)
    after = render_points(quarter, views=4, size=64)
    matches = [np.abs(np.roll(after, shift, axis=0).astype(int) - before).mean() for shift in range(4)]
    assert min(matches) < 0.5 < sorted(matches)[1]
    # Turning the object as the hand turns it from z to x is seeing it from the other way around.
    assert int(np.argmin(matches)) == 3


def test_up_and_sides() -> None:
    points = np.array([[0, 1, 0], [1, 0, 0], [-1, -1, 0.0]])
    colors = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]])
    picture = render_points(points, colors, views=1, size=101, elevation=0.0, antialias=1)[0]
    where = {
        c: np.argwhere((picture == color).all(axis=-1)).mean(axis=0) for c, color in zip("rgb", colors, strict=True)
    }
    assert where["r"][0] < where["g"][0] < where["b"][0]  # rows go down
    assert where["b"][1] < where["r"][1] < where["g"][1]
    upright = render_points(
        points[:, [0, 2, 1]] * [1, -1, 1], colors, views=1, size=101, elevation=0.0, antialias=1, up="z"
    )[0]
    np.testing.assert_array_equal(upright, picture)


def test_seen_from_above() -> None:
    """With the camera above the horizon, of two points in line the farther one is higher in the picture."""
    points = np.array([[0, 0, 1], [0, 0, -1.0]])
    colors = np.array([[255, 0, 0], [0, 0, 255]])
    picture = render_points(points, colors, views=1, size=101, elevation=30.0)[0].astype(int)
    near = np.argwhere(picture[..., 2] < 100).mean(axis=0)
    far = np.argwhere(picture[..., 0] < 100).mean(axis=0)
    assert far[0] < near[0]


def test_colours_run_evenly_in_space() -> None:
    """On a slanted face the half-way colour is where the half-way point is projected, not half-way in the picture."""
    corners = np.array([[-1, -1, 1], [-1, 1, 1], [1, 0, -1.0]])
    colors = np.array([[0.0, 0, 0], [0, 0, 0], [1, 1, 1]])
    size = 401
    picture = render_mesh(corners, np.array([[0, 1, 2]]), colors, views=1, size=size, elevation=0.0, antialias=1)[0]
    row = picture[size // 2, :, 0].astype(float)
    at, _ = render.project(render.normalise(corners), size)
    middle = render.project(
        render.normalise(corners)[:2].mean(axis=0)[None] / 2 + render.normalise(corners)[2:] / 2, size
    )[0]
    left, right = int(at[0, 0]) + 2, int(at[2, 0]) - 2
    full = row[right]
    crossing = left + int(np.argmax(row[left:right] >= full / 2))
    assert crossing == pytest.approx(middle[0, 0], abs=3)
    assert abs(middle[0, 0] - (at[0, 0] + at[2, 0]) / 2) > 10


def test_the_same_object_gives_the_same_bytes() -> None:
    vertices, faces = sphere(10, 12)
    first = render_mesh(vertices, faces, views=3, size=50)
    np.testing.assert_array_equal(first, render_mesh(vertices, faces, views=3, size=50))
    shuffled = np.random.default_rng(0).permutation(len(faces))
    # Where two faces share an edge, the one that is first is seen; with light from the camera they differ by little.
    assert np.abs(first.astype(int) - render_mesh(vertices, faces[shuffled], views=3, size=50)).max() <= 40
    assert first.shape == (3, 50, 50, 3)


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.full((5, 3), 7.0), np.array([[0, 0, 0], [1e80, 0, 0.0]])])
def test_degenerate_clouds_have_pictures(points: Array) -> None:
    pictures = render_points(points, views=2, size=32)
    assert pictures.dtype == np.uint8 and covered(pictures[0]) > 0


def test_flat_triangles_are_not_seen_edge_on() -> None:
    corners = np.array([[0, -1, -1], [0, 1, -1], [0, 0, 1.0]])
    picture = render_mesh(corners, np.array([[0, 1, 2], [0, 0, 1]]), views=1, size=32, elevation=0.0)[0]
    assert covered(picture) <= 32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: render_points(np.zeros((0, 3))), r"shape \(N, 3\)"),
        (lambda: render_points([[0, 0]]), r"shape \(N, 3\)"),
        (lambda: render_points([["a", 0, 0]]), "numbers"),
        (lambda: render_points([[0, 0, np.nan]]), "finite"),
        (lambda: render_points([[0, 0, 0]], size=10**6), "at most 4096"),
        (lambda: render_points([[0, 0, 0]], up="x"), "known: y, z"),
        (lambda: render_points([[0, 0, 0]], colors=[[0, 0, 300]]), "0 to 255"),
        (lambda: render_mesh(np.eye(3), [[0, 1, 3]]), "vertex 3, but there are 3"),
        (lambda: render_mesh(np.eye(3), [[0, 1, -1]]), "vertex -1"),
        (lambda: render_mesh(np.eye(3), np.zeros((0, 3), int)), "T > 0"),
    ],
)
def test_wrong_input_is_named(call: object, message: str) -> None:
    with pytest.raises(MetricError, match=message):
        call()  # type: ignore[operator]
