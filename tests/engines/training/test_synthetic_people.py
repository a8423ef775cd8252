"""Synthetic people: points skinned as the mesh is, keypoints as a detector sees them, motion that is continuous."""

from __future__ import annotations

import numpy as np
import pytest

from engines.body.body import kinematic_chain, open_body
from engines.training.config import MotionMix
from engines.training.motion_source import MotionSource, blend, matrices, multiply, quaternions
from engines.training.poses.pose_set import PoseSet
from engines.training.root_path import stand_on_feet
from engines.training.synthetic_people import PointSkinner, SyntheticPeople
from meshcast.protocol.rotations import rotmat, rotvec

CLIP, CLIPS = 40, 5
NOTHING = np.zeros((0, len(open_body().v_template)), np.float32)


def pose_set() -> PoseSet:
    """Clips of slow motion of two sources, and single poses."""
    rng = np.random.default_rng(0)
    start, end = rng.normal(0, 0.3, (2, CLIPS, 1, 24, 3))
    moving = start + np.linspace(0, 1, CLIP)[:, None, None] * (end - start)
    single = rng.normal(0, 0.8, (60, 24, 3))
    pose = np.concatenate([moving.reshape(-1, 24, 3), single]).astype(np.float32)
    clip = np.concatenate([np.repeat(np.arange(CLIPS), CLIP), np.full(len(single), CLIPS)])
    source = np.where(clip < 3, 0, 1)
    test = np.zeros(len(pose), bool)
    rate = np.full(len(pose), 30, np.float32)
    return PoseSet(pose, source, ("recorded", "procedural"), clip, test, rate)


def make_people(seed: int = 0, mix: MotionMix | None = None) -> SyntheticPeople:
    poses = pose_set()
    return SyntheticPeople(open_body(), poses, ~poses.test, NOTHING, mix or MotionMix(), seed)


def test_point_skinner_equals_skinned_vertices() -> None:
    body = open_body()
    rng = np.random.default_rng(1)
    rotations, shape = rotmat(rng.normal(0, 0.6, (4, 24, 3))), rng.normal(0, 1, (4, 10)).astype(np.float32)
    vertices, _ = body.skin(rotations, shape)
    _, rest = body.rest(shape)
    world, posed = kinematic_chain(rotations, rest, body.parents)
    offset = posed - np.einsum("njab,njb->nja", world, rest)
    points = PointSkinner(body, body.coco_regressor)(world, offset, shape)
    np.testing.assert_allclose(points, body.coco_regressor @ vertices, atol=2e-6)


def test_quaternions_multiply_as_matrices_do() -> None:
    a, b = (np.random.default_rng(seed).normal(0, 1, (20, 3)) for seed in (0, 1))
    product = matrices(multiply(quaternions(a), quaternions(b)))
    np.testing.assert_allclose(product, rotmat(a) @ rotmat(b), atol=1e-6)


def test_blend_half_way_is_half_the_rotation() -> None:
    vectors = np.random.default_rng(0).normal(0, 0.8, (20, 3))
    identity = quaternions(np.zeros((20, 3)))
    half = blend(identity, quaternions(vectors), np.full((20, 1), 0.5))
    np.testing.assert_allclose(rotvec(matrices(half)), vectors / 2, atol=1e-6)


def test_batch_clean_features_are_projections_of_the_points() -> None:
    samples = make_people().batch(64, noise=False)
    assert samples.features.shape == (64, 1, 57)
    assert samples.points.shape == (64, 1, 47, 3)
    coco = samples.points[:, 0, 24:41]
    seen = samples.features[:, 0, :34].reshape(64, 17, 2)
    # Up to scale and place, a weak perspective of the points: the two must be strongly correlated.
    for axis in (0, 1):
        a, b = coco[..., axis] - coco[..., axis].mean(1, keepdims=True), seen[..., axis]
        correlation = (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
        assert np.median(correlation) > 0.97


def test_batch_noise_hides_keypoints_for_a_part_of_the_time() -> None:
    features = make_people().batch(300, frames=6).features
    unseen = (features[..., 34:51] == 0).mean((0, 1))
    assert (unseen > 0.01).all()
    assert (unseen < 0.5).all()
    assert np.isfinite(features).all()


def test_batch_knows_gravity_in_the_share_of_the_mix() -> None:
    up = make_people(mix=MotionMix(tilt_known=0.3)).batch(1000).features[..., -3:]
    known = np.abs(up).max(-1) > 0
    assert known.mean() == pytest.approx(0.3, abs=0.05)
    np.testing.assert_allclose(np.linalg.norm(up[known], axis=-1), 1, atol=0.2)


def test_batch_points_move_continuously_and_are_of_the_mean_size() -> None:
    samples = make_people().batch(200, frames=8, noise=False)
    steps = np.linalg.norm(np.diff(samples.points, axis=1), axis=-1)
    assert np.median(steps) < 0.05
    body = open_body()
    rest = body.joint_regressor @ body.v_template
    for child in (4, 18):  # a thigh and an upper arm
        parent = body.parents[child]
        mean = np.linalg.norm(rest[child] - rest[parent])
        lengths = np.linalg.norm(samples.points[:, :, child] - samples.points[:, :, parent], axis=-1)
        assert lengths.mean() == pytest.approx(mean, rel=0.02)
        np.testing.assert_allclose(lengths, lengths[:, :1].repeat(8, 1), atol=1e-4)


def test_batch_of_the_same_seed_is_the_same() -> None:
    a, b, c = (make_people(seed).batch(16, frames=3) for seed in (5, 5, 6))
    np.testing.assert_array_equal(a.features, b.features)
    assert not np.array_equal(a.features, c.features)


def test_motion_source_of_single_poses_makes_transitions() -> None:
    poses = pose_set()
    source = MotionSource(poses, poses.clip == CLIPS, MotionMix(limb_exchange=0, jitter=0), np.random.default_rng(0))
    rotations = source(np.tile(np.linspace(0, 1, 20), (50, 1)))
    turned = rotations[:, 0].swapaxes(-1, -2) @ rotations[:, -1]
    angle = np.arccos(((np.trace(turned, axis1=-2, axis2=-1) - 1) / 2).clip(-1, 1))
    assert (angle[:, 1:].max(axis=1) > 0.3).mean() > 0.3
    assert (angle[:, 1:].max(axis=1) < 1e-3).any()


def test_motion_source_leaning_over_the_legs_keeps_a_leg_as_it_was() -> None:
    poses = pose_set()
    source = MotionSource(poses, ~poses.test, MotionMix(lean_over_legs=1), np.random.default_rng(3))
    time_s = np.tile(np.linspace(0, 1, 6), (80, 1))
    before = quaternions(np.random.default_rng(0).normal(0, 0.4, (80, 1, 24, 3)).repeat(6, 1))
    after = before.copy()
    source._lean_over_legs(after, time_s)
    hips = [1, 2]
    thighs = multiply(before[:, :, :1], before[:, :, hips]), multiply(after[:, :, :1], after[:, :, hips])
    kept = np.abs((thighs[0] * thighs[1]).sum(-1)).min(axis=1) > 1 - 1e-5  # (80, 2): each leg in all frames
    assert kept.any(axis=1).all()
    assert 0.3 < kept.all(axis=1).mean() < 0.7
    leaned = 2 * np.arccos(np.abs((before[:, :, 0] * after[:, :, 0]).sum(-1)).clip(0, 1)).max(axis=1)
    assert np.median(leaned) > 0.1
    np.testing.assert_array_equal(after[:, :, 3:], before[:, :, 3:])


def test_stand_on_feet_of_a_step_keeps_the_standing_foot_in_place() -> None:
    frames = 20
    feet = np.zeros((1, frames, 6, 3), np.float32)
    forward = np.linspace(0, 0.5, frames)
    feet[0, :, :3, 2] = -forward[:, None]  # the left foot stands: the root moves over it
    feet[0, :, :3, 1], feet[0, :, 3:, 1] = -0.9, -0.7
    feet[0, :, 3:, 2] = forward[:, None]
    standing = stand_on_feet(feet, feet, np.full((1, frames), 1 / 30))
    np.testing.assert_allclose(standing.path[0, :, 2], forward, atol=1e-6)
    assert standing.contacts[0, :, 0].all()
    assert not standing.contacts[0, :, 1].any()


def test_stand_on_feet_of_a_sitting_person_has_no_contacts() -> None:
    feet = np.zeros((1, 4, 6, 3), np.float32)
    pelvis = np.full((1, 4, 1, 3), -0.5, np.float32)
    standing = stand_on_feet(np.concatenate([feet, pelvis], 2), feet, np.full((1, 4), 1 / 30))
    assert not standing.contacts.any()
