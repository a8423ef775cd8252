"""The rasterizer: the reference and the native one agree bit by bit, and cover what geometry says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge_kernels
from edge_kernels import reference

Draw = Callable[..., None]
DRAW = [pytest.param(reference.rasterize, id="reference"), pytest.param(edge_kernels.rasterize, id="cpu")]
WHITE = np.full((3, 3), 255, np.float32)
TRIANGLE = np.array([[0, 1, 2]], np.int32)


def canvas(height: int, width: int, value: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return np.full((height, width, 3), value, np.uint8), np.full((height, width), np.inf, np.float32)


def sphere(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A closed grid (F, 3), (V, 3) on the unit sphere, counter-clockwise seen from outside."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, n), np.linspace(0, 2 * np.pi, 2 * n), indexing="ij")
    points = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1).reshape(-1, 3)
    a = (np.arange(n - 1)[:, None] * 2 * n + np.arange(2 * n - 1)).ravel()
    b, c, d = a + 1, a + 2 * n, a + 2 * n + 1
    return np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).astype(np.int32), points


def project(points: np.ndarray, focal: float, center: tuple[float, float], z: float) -> np.ndarray:
    depth = points[:, 2] + z
    x, y = focal * points[:, 0] / depth + center[0], focal * points[:, 1] / depth + center[1]
    return np.stack([x, y, depth], -1).astype(np.float32)


@pytest.mark.parametrize(
    ("height", "width", "focal", "center", "alpha", "cull"),
    [
        (120, 160, 200, (80, 60), 1.0, True),
        (121, 37, 200, (30.3, 100.7), 0.6, True),  # cut by the frame
        (64, 64, 90, (32, 32), 0.35, False),
        (50, 50, 100, (500, 25), 1.0, True),  # beside the image
        (1, 1, 100, (0, 0), 0.5, True),
        (0, 10, 100, (0, 0), 0.5, True),
    ],
)
def test_rasterize_native_equals_the_reference(
    rng: np.random.Generator,
    height: int,
    width: int,
    focal: float,
    center: tuple[float, float],
    alpha: float,
    cull: bool,
) -> None:
    faces, points = sphere(24)
    projected = project(points, focal, center, 4.0)
    projected[7] = np.nan
    colors = rng.uniform(-20, 280, points.shape).astype(np.float32)
    background = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    results = []
    for draw in (reference.rasterize, edge_kernels.rasterize):
        image, depth = background.copy(), np.full((height, width), np.inf, np.float32)
        depth[: height // 3] = 3.2  # something stands before the upper third
        draw(faces, projected, colors, image, depth, alpha, cull)
        results.append((image, depth))
    np.testing.assert_array_equal(results[0][1], results[1][1])
    np.testing.assert_array_equal(results[0][0], results[1][0])


corner = st.tuples(st.integers(-30, 90), st.integers(-30, 70))


@pytest.mark.parametrize("draw", DRAW)
@given(corners=st.tuples(corner, corner, corner), eighths=st.tuples(st.integers(0, 7), st.integers(0, 7)))
def test_rasterize_triangle_covers_exactly_the_pixels_inside(
    draw: Draw, corners: tuple[tuple[int, int], ...], eighths: tuple[int, int]
) -> None:
    eight = np.array([(8 * x + eighths[0], 8 * y + eighths[1]) for x, y in corners])  # exact in integers
    points = np.concatenate([eight / 8, np.full((3, 1), 2)], 1).astype(np.float32)
    image, depth = canvas(40, 60)
    draw(TRIANGLE, points, WHITE, image, depth, 1.0, False)

    y, x = np.mgrid[:40, :60] * 8
    (ax, ay), (bx, by), (cx, cy) = eight.tolist()
    sides = [
        (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])
        for p, q in (((ax, ay), (bx, by)), ((bx, by), (cx, cy)), ((cx, cy), (ax, ay)))
    ]
    flat = (bx - ax) * (cy - ay) == (by - ay) * (cx - ax)
    inside = np.all([s >= 0 for s in sides], 0) | np.all([s <= 0 for s in sides], 0)
    np.testing.assert_array_equal(image[..., 0] == 255, inside & (not flat))


@pytest.mark.parametrize("draw", DRAW)
@given(seed=st.integers(0, 2**32 - 1))
def test_rasterize_adjacent_triangles_leave_no_gap(draw: Draw, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rim = np.array([[-50, -50], [90, -50], [90, 80], [-50, 80]], float)
    points = np.concatenate([rim, rng.uniform(0, 30, (1, 2))]).astype(np.float32)
    points = np.concatenate([points, rng.uniform(1, 5, (5, 1)).astype(np.float32)], 1)
    fan = np.array([[4, 0, 1], [4, 1, 2], [4, 2, 3], [4, 3, 0]], np.int32)
    image, depth = canvas(30, 40)
    draw(fan, points, np.full((5, 3), 255, np.float32), image, depth, 1.0, False)
    assert (image == 255).all()


@pytest.mark.parametrize("draw", DRAW)
def test_rasterize_nearer_surface_is_blended_once(draw: Draw) -> None:
    points = np.array([[-99, -99, 3], [99, -99, 3], [0, 99, 3]] * 3, np.float32)
    points[3:6, 2], points[6:, 2] = 2, 5
    colors = np.repeat(np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200]], np.float32), 3, 0)
    image, depth = canvas(5, 5, 100)
    draw(np.arange(9, dtype=np.int32).reshape(3, 3), points, colors, image, depth, 0.5, False)
    assert (image == [50, 150, 50]).all()
    assert (depth == 2).all()


@pytest.mark.parametrize("draw", DRAW)
def test_rasterize_color_and_depth_are_perspective_correct(draw: Draw) -> None:
    points = np.array([[0, 0, 1], [100, 0, 3], [0, 100, 1]], np.float32)
    colors = np.array([[0, 0, 0], [200, 200, 200], [0, 0, 0]], np.float32)
    image, depth = canvas(1, 101)
    draw(TRIANGLE, points, colors, image, depth, 1.0, False)
    assert depth[0, 50] == pytest.approx(1.5)  # 1 / z is linear on the image
    assert image[0, 50].tolist() == [50, 50, 50]  # a quarter of the way in space


@pytest.mark.parametrize("draw", DRAW)
def test_rasterize_back_faces_are_culled(draw: Draw) -> None:
    toward = np.array([[10, 10, 1], [10, 30, 1], [30, 10, 1]], np.float32)
    for points, drawn in ((toward, True), (toward[[0, 2, 1]], False)):
        image, depth = canvas(40, 40)
        draw(TRIANGLE, points, WHITE, image, depth)
        assert image.any() == drawn
    faces, ball = sphere(16)
    shown, hidden = canvas(60, 60), canvas(60, 60)
    colors = np.full(ball.shape, 255, np.float32)
    draw(faces, project(ball, 80, (30, 30), 4), colors, *shown, 1.0, True)
    draw(faces, project(ball, 80, (30, 30), 4), colors, *hidden, 1.0, False)
    np.testing.assert_array_equal(shown[0], hidden[0])  # a closed mesh shows its outside only
    assert shown[1].min() == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize(
    "bad", [[np.nan, 5, 1], [5, np.inf, 1], [5, 5, np.nan], [5, 5, np.inf], [5, 5, 0.05], [5, 5, 0], [5, 5, -1]]
)
def test_rasterize_invalid_corners_are_skipped(draw: Draw, bad: list[float]) -> None:
    image, depth = canvas(20, 20)
    points = np.array([[0, 0, 1], [0, 10, 1], bad], np.float32)
    draw(TRIANGLE, points, WHITE, image, depth, 1.0, False)
    assert not image.any()
    assert np.isinf(depth).all()


@pytest.mark.parametrize("draw", DRAW)
def test_rasterize_triangle_far_larger_than_the_image_fills_it(draw: Draw) -> None:
    image, depth = canvas(30, 20)
    points = np.array([[-3e30, -3e30, 2], [3e30, -3e30, 2], [0, 3e30, 2]], np.float32)
    draw(TRIANGLE, points, WHITE, image, depth, 1.0, False)
    assert (image == 255).all()


@pytest.mark.parametrize("draw", DRAW)
def test_rasterize_without_faces_changes_nothing(draw: Draw) -> None:
    image, depth = canvas(4, 4, 9)
    draw(np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32), image, depth)
    assert (image == 9).all()


def good() -> dict[str, Any]:
    image, depth = canvas(6, 8)
    return {
        "faces": TRIANGLE,
        "points": np.ones((3, 3), np.float32),
        "colors": WHITE,
        "image": image,
        "depth": depth,
        "alpha": 1.0,
    }


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("faces", TRIANGLE.astype(np.int64), TypeError, "faces must be int32, not int64"),
        ("faces", np.array([[0, 1, 3]], np.int32), ValueError, "faces points at vertices that do not exist"),
        ("faces", np.array([[0, -1, 2]], np.int32), ValueError, "faces points at vertices that do not exist"),
        ("points", np.ones((3, 2), np.float32), ValueError, r"points must have the shape \(\*, 3\), not \(3, 2\)"),
        ("points", np.ones((3, 3)), TypeError, "points must be float32, not float64"),
        ("colors", np.ones((4, 3), np.float32), ValueError, r"colors must have the shape \(3, 3\), not \(4, 3\)"),
        ("image", np.zeros((6, 8), np.uint8), ValueError, r"image must have the shape \(\*, \*, 3\), not \(6, 8\)"),
        ("image", np.zeros((6, 16, 3), np.uint8)[:, ::2], ValueError, "image must be C-contiguous"),
        ("image", np.zeros((6, 8, 3), np.float32), TypeError, "image must be uint8, not float32"),
        ("depth", np.zeros((8, 6), np.float32), ValueError, r"depth must have the shape \(6, 8\), not \(8, 6\)"),
        ("depth", np.zeros((6, 8)), TypeError, "depth must be float32, not float64"),
        ("alpha", 1.5, ValueError, "alpha must be between 0 and 1"),
        ("alpha", float("nan"), ValueError, "alpha must be between 0 and 1"),
    ],
)
def test_rasterize_invalid_argument_is_named_in_the_error(
    draw: Draw, name: str, value: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        draw(**(good() | {name: value}))


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("name", ["image", "depth"])
def test_rasterize_read_only_output_raises(draw: Draw, name: str) -> None:
    arguments = good()
    arguments[name].flags.writeable = False
    with pytest.raises(TypeError):
        draw(**arguments)
