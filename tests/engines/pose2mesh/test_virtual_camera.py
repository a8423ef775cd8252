"""Features of the virtual camera."""

from __future__ import annotations

import numpy as np

from engines.pose2mesh.virtual_camera import MIN_KEYPOINT_SCORE, look_at, virtual_camera_of
from meshcast.protocol.rotations import rotmat


def people(count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    points = rng.normal(0, 0.4, (count, 17, 3)) + rng.uniform([-1.5, -1, 3], [1.5, 1, 6], (count, 1, 3))
    return points.astype(np.float32), rng.uniform(0.3, 1, (count, 17)).astype(np.float32)


def rays(points: np.ndarray) -> np.ndarray:
    return (points[..., :2] / points[..., 2:]).astype(np.float32)


def test_look_at_rotates_the_axis_to_the_ray() -> None:
    direction = np.float32([[0, 0], [0.5, -0.2], [-1.2, 0.9]])
    rotation = look_at(direction)
    np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-6)
    axis = rotation[:, :, 2]
    np.testing.assert_allclose(axis[:, :2] / axis[:, 2:], direction, atol=1e-6)


def test_virtual_camera_of_turned_camera_gives_similar_features() -> None:
    points, scores = people()
    turn = rotmat(np.array([0.1, 0.25, 0.0]))  # no roll: only where the person stands in the picture changes
    before, after = virtual_camera_of(rays(points), scores), virtual_camera_of(rays(points @ turn.T), scores)
    # The virtual axis goes through the mean of the rays, which is not quite the same ray after a turn.
    assert np.abs(before.features[:, :34] - after.features[:, :34]).max() < 0.25
    assert np.abs(rays(points) - rays(points @ turn.T)).min() > 0.05


def test_virtual_camera_of_farther_person_changes_angular_size_only() -> None:
    points, scores = people()
    near, far = virtual_camera_of(rays(points), scores), virtual_camera_of(rays(points * 2), scores)
    np.testing.assert_allclose(near.features, far.features, atol=1e-5)  # twice as large and twice as far away
    smaller = points.copy()
    smaller[..., 2] *= 4
    assert (virtual_camera_of(rays(smaller), scores).features[:, -1] < near.features[:, -1]).all()


def test_virtual_camera_of_low_score_keypoints_are_ignored() -> None:
    points, scores = people()
    scores[:, 3] = MIN_KEYPOINT_SCORE / 2
    a = rays(points)
    b = a.copy()
    b[:, 3] = 77.0
    np.testing.assert_array_equal(virtual_camera_of(a, scores).features, virtual_camera_of(b, scores).features)


def test_virtual_camera_of_too_few_keypoints_is_not_usable() -> None:
    points, scores = people(2)
    scores[1, 3:] = 0
    assert virtual_camera_of(rays(points), scores).usable.tolist() == [True, False]
    assert np.isfinite(virtual_camera_of(rays(points), np.zeros_like(scores)).features).all()


def test_virtual_camera_of_no_people_is_empty() -> None:
    view = virtual_camera_of(np.empty((0, 17, 2), np.float32), np.empty((0, 17), np.float32))
    assert view.features.shape == (0, 54)
