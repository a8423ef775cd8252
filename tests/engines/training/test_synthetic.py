"""Synthetic training samples: skinned points and noisy keypoints."""

from __future__ import annotations

import numpy as np

from engines.body.body import kinematic_chain, open_body
from engines.training.synthetic_poses import PointSkinner, SyntheticPeople
from meshcast.protocol.rotations import rotmat


def random_poses(count: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.2, (count, 24, 3)).astype(np.float32)


def make_people(seed: int = 0) -> SyntheticPeople:
    body, poses = open_body(), random_poses()
    return SyntheticPeople(body, poses, np.ones(len(poses)), body.feet_regressor, seed)


def test_point_skinner_equals_skinned_mesh() -> None:
    body = open_body()
    rng = np.random.default_rng(1)
    rotations, shape = rotmat(rng.normal(0, 0.6, (4, 24, 3))), rng.normal(0, 1, (4, 10)).astype(np.float32)
    vertices, _ = body.skin(rotations, shape)
    _, rest = body.rest(shape)
    world, posed = kinematic_chain(rotations, rest, body.parents)
    offset = posed - np.einsum("njab,njb->nja", world, rest)
    points = PointSkinner(body, body.coco_regressor)(world, offset, shape)
    np.testing.assert_allclose(points, body.coco_regressor @ vertices, atol=2e-6)


def test_batch_without_noise_features_match_projected_points() -> None:
    samples = make_people().batch(64, noise=False)
    assert samples.features.shape == (64, 54)
    assert samples.points.shape == (64, 47, 3)
    coco = samples.points[:, 24:41]
    seen = samples.features[:, :34].reshape(64, 17, 2)
    # Up to scale and place, a weak perspective of the points: the two must be strongly correlated.
    for axis in (0, 1):
        a, b = coco[..., axis] - coco[..., axis].mean(1, keepdims=True), seen[..., axis]
        correlation = (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
        assert np.median(correlation) > 0.97


def test_batch_noise_hides_some_keypoints() -> None:
    features = make_people().batch(2000).features
    unseen = (features[:, 34:51] == 0).mean(0)
    assert (unseen > 0.01).all()
    assert (unseen < 0.5).all()
    assert np.isfinite(features).all()


def test_batch_same_seed_is_reproducible() -> None:
    a, b, c = (make_people(seed).batch(16) for seed in (5, 5, 6))
    np.testing.assert_array_equal(a.features, b.features)
    assert not np.array_equal(a.features, c.features)
