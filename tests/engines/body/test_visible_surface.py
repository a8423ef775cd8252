"""Visible surfaces against projections and against a ray through each pixel."""

from __future__ import annotations

import numpy as np
import pytest

from engines.body.body import open_body
from engines.body.visible_surface import SurfaceFinder

BODY = open_body()
SIZE = (90, 70)


def projected(z_m: float = 3.0) -> np.ndarray:
    points = BODY.v_template * np.array([1, -1, -1], np.float32) + np.array([0.1, 0, z_m], np.float32)
    pixels = points / points[:, 2:] @ np.array([[100, 0, 44], [0, 100, 35], [0, 0, 1]], np.float32).T
    pixels[:, 2] = points[:, 2]
    return pixels.astype(np.float32)


def test_surface_weights_give_the_pixels_point() -> None:
    points = projected()
    seen = SurfaceFinder(BODY.faces, SIZE)(points)
    assert len(seen.row) > 500
    np.testing.assert_allclose(seen.weights.sum(1), 1, atol=1e-5)
    assert seen.weights.min() > -1e-5
    lifted = points.copy()
    lifted[:, :2] *= points[:, 2:]  # homogeneous: linear on the surface, unlike the projection
    at = seen.mix(lifted, BODY.faces)
    np.testing.assert_allclose(at[:, 0] / at[:, 2], seen.column, atol=2e-3)
    np.testing.assert_allclose(at[:, 1] / at[:, 2], seen.row, atol=2e-3)
    np.testing.assert_allclose(at[:, 2], seen.depth_m[seen.row, seen.column], atol=1e-5)


def test_surface_shows_the_nearest_of_two_triangles() -> None:
    near, far = 2.0, 4.0
    corners = [(0, 0), (0, 20), (20, 0)]
    points = np.array([(*corner, z) for z in (far, near) for corner in corners], np.float32)
    seen = SurfaceFinder(np.array([[0, 1, 2], [3, 4, 5]], np.int32), (10, 10))(points)
    assert set(seen.face.tolist()) == {1}
    assert seen.covered.all()


def test_surface_faces_beyond_two_bytes_keep_their_number() -> None:
    count = 70_000
    triangle = np.array([[0, 1, 2]], np.int32)
    faces = np.concatenate([np.zeros((count - 1, 3), np.int32), triangle])
    points = np.array([(0, 0, 1), (0, 30, 1), (30, 0, 1)], np.float32)
    seen = SurfaceFinder(faces, (6, 6))(points)
    assert set(seen.face.tolist()) == {count - 1}


def test_surface_paint_fills_the_rest() -> None:
    seen = SurfaceFinder(BODY.faces, SIZE)(projected())
    image = seen.paint(np.ones((len(seen.row), 2), np.float32), background=-1)
    assert image.shape == (70, 90, 2)
    np.testing.assert_array_equal(image[..., 0] > 0, seen.covered)


def test_surface_of_too_many_faces_is_refused() -> None:
    with pytest.raises(ValueError, match="told apart"):
        SurfaceFinder(np.zeros((1 << 24, 3), np.int32), (4, 4))
