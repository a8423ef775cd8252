"""Points from rays: exact rays meet, outliers lose, covariances say what is not known."""

from __future__ import annotations

import numpy as np
import pytest

from edge.room.config import TriangulationConfig
from edge.room.triangulation import Points, Rays, Triangulation
from engines.joint_sets import COCO17

NAMES = COCO17.joint_names
POINTS = np.random.default_rng(2).uniform([-0.4, -0.4, 0], [0.4, 0.4, 1.8], (1, len(NAMES), 3))
SIDEWAYS, UPWARDS = np.array([0, 0.5, 0.4]), np.array([0, 0, 0.6])
CENTERS = np.array([[4.0, 0, 2], [0, 4.0, 2], [-4.0, -1, 2], [0.5, -4, 2]])


def rays_to(points: np.ndarray, centers: np.ndarray, scores: float = 0.8) -> Rays:
    away = points[:, None] - centers[:, None]
    directions = away / np.linalg.norm(away, axis=-1, keepdims=True)
    return Rays(centers, directions, np.full(directions.shape[:3], scores), np.full(len(centers), 1 / 900))


def triangulated(rays: Rays, expected: np.ndarray | None = None) -> Points:
    return Triangulation(NAMES)(rays, np.full_like(POINTS, np.nan) if expected is None else expected)


@pytest.mark.parametrize("cameras", [2, 3, 4])
def test_triangulation_exact_rays_meet_at_the_points(cameras: int) -> None:
    found = triangulated(rays_to(POINTS, CENTERS[:cameras]))
    np.testing.assert_allclose(found.places, POINTS, atol=1e-4)
    assert (found.views == cameras).all()
    assert np.nanmax(found.distances) < 1e-4


def test_triangulation_outlier_of_four_views_has_no_influence() -> None:
    rays = rays_to(POINTS, CENTERS)
    rays.directions[0, 2, 7] = rays_to(POINTS + SIDEWAYS, CENTERS).directions[0, 2, 7]
    found = triangulated(rays)
    assert np.linalg.norm(found.places[0, 7] - POINTS[0, 7]) < 0.02
    assert found.weights[0, 2, 7] < 0.1
    assert found.views[0, 7] == 3


def test_triangulation_of_two_views_that_disagree_stays_near_the_body() -> None:
    rays = rays_to(POINTS, CENTERS[:2])
    rays.directions[0, 1, 9] = rays_to(POINTS + UPWARDS, CENTERS[:2]).directions[0, 1, 9]
    off = triangulated(rays).places[0, 9] - POINTS[0, 9]
    assert np.linalg.norm(off) > 0.1
    found = triangulated(rays, POINTS)
    away = found.places[0, 9] - POINTS[0, 9]
    assert away @ found.information[0, 9] @ away < 1  # standard deviations: the fit to these points stays at the body
    assert found.weights[0, 0, 9] > 0.8
    assert found.weights[0, 1, 9] < 0.1


def test_triangulation_opposite_cameras_do_not_know_the_way_between_them() -> None:
    opposite = triangulated(rays_to(POINTS, np.array([[4.0, 0, 1], [-4.0, 0.3, 1]])))
    across = triangulated(rays_to(POINTS, np.array([[4.0, 0, 1], [0, 4.0, 1]])))
    assert np.linalg.eigvalsh(opposite.information[0, 0])[0] < 0.06 * np.linalg.eigvalsh(across.information[0, 0])[0]


def test_triangulation_one_ray_leaves_its_direction_to_the_body() -> None:
    rays = rays_to(POINTS, CENTERS[:2])
    rays.scores[0, 1] = 0.05
    expected = POINTS + rays.directions[:, 0] * 0.3
    found = triangulated(rays, expected)
    np.testing.assert_allclose(found.places, expected, atol=0.01)
    roots = found.precision(0.01)[0, 0]
    root = np.zeros((3, 3))
    root[np.triu_indices(3)] = roots
    along = rays.directions[0, 0, 0]
    assert np.linalg.norm(root @ along) < 1
    assert np.linalg.norm(root @ np.cross(along, [0, 0, 1.0])) > 10


def test_triangulation_without_rays_has_no_precision() -> None:
    found = triangulated(rays_to(POINTS, CENTERS, scores=0.0), POINTS)
    assert not found.precision(0.01).any()
    assert np.isnan(found.distances).all()


def test_precision_common_error_limits_what_many_views_say() -> None:
    found = triangulated(rays_to(POINTS, np.repeat(CENTERS, 10, axis=0)))
    limit = 1 / TriangulationConfig().common_sigma_m
    assert found.precision(TriangulationConfig().common_sigma_m)[..., [0, 3, 5]].max() < 1.01 * limit
    assert found.precision(0.0)[..., 0].max() > 2 * limit
