"""phi(I, U, V): from texture coordinates to the triangle that they came from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.body.body import open_body
from engines.body.dense_correspondence import SurfaceIndex, body_surface_index
from engines.body.face_parts import face_parts
from engines.errors import ModelError

BODY = open_body()


def random_points(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Faces, weights, parts and texture coordinates of random surface points."""
    rng = np.random.default_rng(seed)
    face = rng.integers(len(BODY.faces), size=count)
    weights = rng.dirichlet((1, 1, 1), count)
    uv = (weights[..., None] * BODY.uv.coordinates.astype(np.float64)[BODY.uv.faces[face]]).sum(1)
    return face, weights, face_parts(BODY)[face].astype(int) + 1, uv


def test_phi_gives_back_the_surface_points() -> None:
    face, weights, part, uv = random_points(6000)
    found = body_surface_index(BODY)(part, uv)
    assert found.found.all()
    np.testing.assert_allclose(found.weights.sum(1), 1, atol=1e-6)
    expected = (weights[..., None] * BODY.v_template[BODY.faces[face]]).sum(1)
    points = (found.weights[..., None] * BODY.v_template[found.vertices]).sum(1)
    # The atlas folds over itself at a few triangles of hands and feet, where phi is ambiguous by millimeters.
    off = np.linalg.norm(points - expected, axis=1)
    assert np.mean(off < 5e-5) > 0.97
    assert off.max() < 0.02


def test_phi_selects_by_part_where_charts_overlap() -> None:
    """As DensePose's charts, which all fill the unit square."""
    uv = np.array([(0, 0), (1, 0), (0, 1), (0, 0), (1, 0), (0, 1)], np.float32)
    uv_faces = np.array([[0, 1, 2], [3, 4, 5]])
    index = SurfaceIndex(uv, uv_faces, np.array([[7, 8, 9], [17, 18, 19]]), np.array([1, 2]))
    found = index(np.array([1, 2, 3]), np.full((3, 2), 0.25))
    assert found.vertices[:2].tolist() == [[7, 8, 9], [17, 18, 19]]
    assert found.found.tolist() == [True, True, False]
    np.testing.assert_allclose(found.weights[0], [0.5, 0.25, 0.25], atol=1e-7)


def test_phi_moves_coordinates_beside_a_seam_into_the_nearest_triangle() -> None:
    index = SurfaceIndex(
        np.array([(0.1, 0.1), (0.5, 0.1), (0.1, 0.5)], np.float32),
        np.array([[0, 1, 2]]),
        np.array([[0, 1, 2]]),
        np.array([1]),
    )
    found = index(np.array([1, 1]), np.array([(0.3, 0.0999), (0.9, 0.9)]))
    assert found.found.tolist() == [True, False]
    assert found.weights[0, 2] == 0


def test_phi_of_coordinates_that_are_not_numbers_is_nothing() -> None:
    found = body_surface_index(BODY)(np.array([1, 1]), np.array([(np.nan, 0.5), (np.inf, 0.1)]))
    assert not found.found.any()


def test_phi_of_a_body_without_texture_is_refused() -> None:
    with pytest.raises(ModelError, match="texture coordinates"):
        body_surface_index(replace(BODY, uv=None))
