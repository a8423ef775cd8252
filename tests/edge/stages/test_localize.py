"""Localization: the translation that explains what is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.camera import Camera
from edge.stages.body_config import BodyShapeConfig
from edge.stages.body_shape import BodyShapes, SizedPeople
from edge.stages.config import LocalizationConfig
from edge.stages.localize import place_sized, solve_translation
from edge.types import F32
from engines.body.body import open_body
from engines.body.given_shapes import GivenShapes
from engines.body.neutral import neutral_shape
from tests.support import sized_people
from tests.support.sized_people import meshes, person, tracked

TALL = np.array([1.3, -0.5, 0.2, 0.8, 0, 0, 0, 0, 0, 0], np.float32)


def scene(count: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    points = rng.normal(0, 0.35, (count, 17, 3)).astype(np.float32)
    truth = rng.uniform([-2, -1, 2], [2, 1, 8], (count, 3)).astype(np.float32)
    placed = points + truth[:, None]
    return points, truth, (placed[..., :2] / placed[..., 2:]).astype(np.float32)


def test_solve_translation_without_noise_is_exact() -> None:
    points, truth, rays = scene()
    np.testing.assert_allclose(solve_translation(points, rays, np.ones(rays.shape[:2], np.float32)), truth, atol=1e-3)


def test_solve_translation_ignores_low_scores() -> None:
    points, truth, rays = scene()
    scores = np.ones(rays.shape[:2], np.float32)
    scores[:, :6] = 0.05
    rays[:, :6] += 0.5
    np.testing.assert_allclose(solve_translation(points, rays, scores), truth, atol=0.02)


def test_solve_translation_resists_two_outliers() -> None:
    points, truth, rays = scene()
    rays[:, 9] += 0.15
    rays[:, 16] -= 0.12
    error = np.linalg.norm(solve_translation(points, rays, np.ones(rays.shape[:2], np.float32)) - truth, axis=-1)
    assert np.median(error) < 0.05


@pytest.mark.parametrize("count", [0, 1])
def test_solve_translation_degenerate_people_are_finite(count: int) -> None:
    points = np.zeros((count, 17, 3), np.float32)
    found = solve_translation(points, np.zeros((count, 17, 2), np.float32), np.zeros((count, 17), np.float32))
    assert found.shape == (count, 3)
    assert np.isfinite(found).all()


def sized_scene(seen_by: Camera, config: BodyShapeConfig, raised_m: float = 0.0) -> tuple[F32, SizedPeople]:
    """Roots of six people of the shape TALL, and their sizes as estimated from one frame with noise."""
    people = [person(TALL, seed=seed, distance_m=4.5, raised_m=raised_m) for seed in range(6)]
    frame = tracked(people, seen_by, 0.0)
    off = np.random.default_rng(0).normal(0, 6, frame.pose.keypoints.shape).astype(np.float32)
    pose = replace(frame.pose, keypoints=frame.pose.keypoints + off)
    shapes = BodyShapes(sized_people.model(), neutral_shape(open_body()), config)
    sized = shapes(0.0, replace(frame, pose=pose), meshes(people))
    return np.array([p.joints[0] for p in people]), sized


KNOWN = BodyShapeConfig(shapes=GivenShapes(tuple(TALL.tolist())))


def root_error(roots: F32, sized: SizedPeople, *, floor: bool = True) -> float:
    placed = place_sized(sized, LocalizationConfig(floor=floor))
    return float(np.linalg.norm(placed - roots, axis=1).mean())


def test_place_sized_uses_the_size_of_the_person() -> None:
    roots, sized = sized_scene(sized_people.camera(None), KNOWN)
    assert root_error(roots, sized) < 0.12
    smaller = replace(sized, shape=sized.shape - np.array([1, *np.zeros(9)], np.float32))
    nearer = place_sized(smaller, LocalizationConfig())[:, 2]
    assert (nearer < place_sized(sized, LocalizationConfig())[:, 2] - 0.2).all()


def test_place_sized_of_people_of_unknown_size_on_a_known_floor_is_more_accurate() -> None:
    roots, sized = sized_scene(sized_people.camera(), BodyShapeConfig(floor=False))
    assert root_error(roots, sized) < 0.2
    assert root_error(roots, sized) < 0.6 * root_error(roots, sized, floor=False)


def test_place_sized_does_not_pull_a_jumping_person_down() -> None:
    roots, sized = sized_scene(sized_people.camera(), KNOWN, raised_m=0.6)
    assert root_error(roots, sized) < root_error(roots, sized, floor=False) + 0.08
