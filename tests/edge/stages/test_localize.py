"""Place: the translation that explains what is seen."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.localize import solve_translation


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
