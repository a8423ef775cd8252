"""DKD on cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from engines.body.body import open_body
from engines.evaluation.dense_keypoints import CROP_PX, DenseKeypoints, dense_distance
from tests.support.rendered import rendered_people


def points(count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Vertices, and dense keypoints in their middle of three, 100 px to the meter."""
    rng = np.random.default_rng(0)
    vertices = rng.normal(0, 0.5, (200, 3)).astype(np.float32)
    faces = rng.integers(200, size=(count, 3))
    middle = vertices[faces].mean(1)
    return vertices, np.column_stack([100 * middle[:, :2] + 40, faces, np.full((count, 3), 1 / 3)]).astype(np.float32)


def test_distance_of_the_true_mesh_is_zero_under_any_weak_camera() -> None:
    vertices, dense = points()
    assert dense_distance(vertices, dense, 112) == pytest.approx(0, abs=1e-3)
    assert dense_distance(3 * vertices + 1, dense, 112) == pytest.approx(0, abs=1e-3)


def test_distance_is_in_pixels_of_a_crop_of_224() -> None:
    vertices, dense = points()
    off = np.random.default_rng(1).normal(0, 1, (len(dense), 2)).astype(np.float32)
    moved = dense.copy()
    moved[:, :2] += off
    # The camera is fitted to the moved points; with many points it changes little.
    assert dense_distance(vertices, moved, 112) == pytest.approx(2 * np.linalg.norm(off, axis=1).mean(), rel=0.1)
    assert dense_distance(vertices, moved, int(CROP_PX)) == pytest.approx(np.linalg.norm(off, axis=1).mean(), rel=0.1)
    assert np.isnan(dense_distance(vertices, dense[:2], 112))


def test_dense_keypoints_of_an_iuv_map_are_near_the_projected_mesh() -> None:
    sample = rendered_people(96)[1]
    dense = DenseKeypoints(open_body()).of_maps(sample.parts, sample.uv)
    assert dense is not None
    assert 100 < len(dense) <= 400
    distance = dense_distance(sample.vertices, dense, 96)
    assert distance < 8  # the perspective of the rendered camera is left
    assert dense_distance(rendered_people(96)[2].vertices, dense, 96) > 3 * distance
