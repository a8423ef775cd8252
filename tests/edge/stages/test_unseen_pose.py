"""Rotations of what is not seen: the last seen pose, then a resting one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.stages.config import UnseenPoseConfig
from edge.stages.unseen_pose import UnseenPose
from edge.types import F32, PosedRigs
from engines.body.body import open_body
from engines.body.rig_points import Chain
from meshcast.protocol.rotations import rotmat, rotvec

BODY = open_body()
NAMES, P = BODY.joint_names, len(BODY.parents)
CHAIN = Chain(BODY.parents)
STEP_S = 1 / 30
LEFT_LEG = ("left_knee", "left_ankle", "left_foot")


def posed(seed: int = 0, identity: int = 3, angle: float = 0.6) -> PosedRigs:
    rng = np.random.default_rng(seed)
    rotations = rotmat((rng.normal(size=(1, P, 3)) * angle).astype(np.float32))
    ids = np.array([identity], np.int32)
    return PosedRigs(
        ids, rotations, np.zeros((1, 10), np.float32), np.float32([[0, 0, 3]]), np.ones((1, P), np.float32)
    )


def visibility(*hidden: str, value: float = 0.0) -> F32:
    return np.array([[value if name in hidden else 1.0 for name in NAMES]], np.float32)


def angles(a: F32, b: F32) -> F32:
    """Angles (P,) in radians between rotations (1, P, 3, 3)."""
    turned: F32 = np.linalg.norm(rotvec(np.swapaxes(a, -1, -2) @ b)[0], axis=-1)
    return turned


def joint(name: str) -> int:
    return NAMES.index(name)


def make(**settings: bool | float) -> UnseenPose:
    return UnseenPose(NAMES, BODY.parents, replace(UnseenPoseConfig(straight_hands=False), **settings))


def test_what_is_seen_stays() -> None:
    unseen, given = make(), posed()
    for index in range(3):
        out = unseen(index * STEP_S, given, visibility())
        np.testing.assert_allclose(out.rotations, given.rotations, atol=1e-6)


def test_unseen_joints_keep_the_last_pose_and_approach_the_resting_one() -> None:
    unseen, seen = make(), posed(0)
    unseen(0.0, seen, visibility())
    moved = [joint("left_hip"), joint("left_knee"), joint("left_ankle"), joint("left_foot")]
    before = angles(seen.rotations, np.broadcast_to(np.eye(3, dtype=np.float32), (1, P, 3, 3)))[moved]
    left = []
    for index in range(1, 91):
        invented = posed(index)  # another pose in every frame
        out = unseen(index * STEP_S, invented, visibility(*LEFT_LEG))
        others = np.delete(np.arange(P), moved)
        np.testing.assert_allclose(out.rotations[:, others], invented.rotations[:, others], atol=1e-6)
        left.append(angles(out.rotations, np.broadcast_to(np.eye(3, dtype=np.float32), (1, P, 3, 3)))[moved])
    expected = before * np.exp(-np.arange(1, 91)[:, None] * STEP_S / UnseenPoseConfig().ease_s)
    np.testing.assert_allclose(left, expected, atol=2e-3)


def test_joints_fade_between_seen_and_unseen() -> None:
    unseen, given = make(), posed(1)
    half = unseen(0.0, given, visibility("left_elbow", value=0.5))
    shoulder = joint("left_shoulder")
    rest = make()(0.0, given, visibility("left_elbow"))
    whole = angles(rest.rotations, given.rotations)[shoulder]
    assert whole > 0.3
    assert angles(half.rotations, given.rotations)[shoulder] == pytest.approx(whole / 2, abs=1e-3)


def test_arms_of_a_new_person_hang_when_they_are_not_seen() -> None:
    arms = [f"{side}_{part}" for side in ("left", "right") for part in ("elbow", "wrist", "hand", "shoulder")]
    given = replace(posed(), rotations=np.tile(np.eye(3, dtype=np.float32), (1, P, 1, 1)))
    out = make()(0.0, given, visibility(*arms))
    orientations = CHAIN.orientations(out.rotations)
    for side, x in (("left", 1.0), ("right", -1.0)):
        upper_arm = orientations[0, joint(f"{side}_shoulder")] @ np.float32(
            [x, 0, 0]
        )  # the resting body is in a T-pose
        assert upper_arm[1] < -0.9
        assert x * upper_arm[0] > 0


@pytest.mark.parametrize("tilt", [0.0, 0.5, -0.8])
def test_unseen_legs_point_along_gravity_or_along_the_trunk(tilt: float) -> None:
    legs = [f"{side}_{part}" for side in ("left", "right") for part in ("knee", "ankle", "foot")]
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, P, 1, 1))
    rotations[0, 0] = rotmat(np.float32([np.pi + tilt, 0, 0]))  # upright in a camera with y down, then tilted
    given = replace(posed(), rotations=rotations)
    for up in (np.float32([0, -1, 0]), None):
        out = make()(0.0, given, visibility(*legs), up=up)
        orientations = CHAIN.orientations(out.rotations)[0]
        expected = rotations[0, 0] @ np.float32([0, -1, 0]) if up is None else np.float32([0, 1, 0])
        for name in ("left_hip", "left_knee", "right_hip", "right_knee"):
            np.testing.assert_allclose(orientations[joint(name)] @ np.float32([0, -1, 0]), expected, atol=1e-5)
        np.testing.assert_array_equal(out.rotations[0, 0], rotations[0, 0])


def test_hands_continue_the_forearm_unless_the_head_sees_them() -> None:
    given = posed()
    hands = [joint(f"{side}_{part}") for side in ("left", "right") for part in ("wrist", "hand")]
    straight = UnseenPose(NAMES, BODY.parents)(0.0, given, visibility())
    np.testing.assert_allclose(straight.rotations[0, hands], np.tile(np.eye(3), (4, 1, 1)), atol=1e-6)
    others = np.delete(np.arange(P), hands)
    np.testing.assert_allclose(straight.rotations[:, others], given.rotations[:, others], atol=1e-6)
    sighted = UnseenPose(NAMES, BODY.parents, sees_hands=True)(0.0, given, visibility())
    np.testing.assert_allclose(sighted.rotations, given.rotations, atol=1e-6)


def test_standing_feet_are_level_and_others_stay() -> None:
    given, up = posed(5), np.float32([0.1, -0.99, 0.1])
    up /= np.linalg.norm(up)
    out = make()(0.0, given, visibility(), up=up, contacts=np.float32([[0.9, 0.1]]))
    orientations = CHAIN.orientations(out.rotations)[0]
    for name in ("left_ankle", "left_foot"):
        np.testing.assert_allclose(orientations[joint(name)] @ np.float32([0, 1, 0]), up, atol=1e-5)
    right = [joint("right_ankle"), joint("right_foot")]
    np.testing.assert_allclose(out.rotations[:, right], given.rotations[:, right], atol=1e-6)


def test_each_rule_can_be_switched_off() -> None:
    given = posed(7)
    unseen = make(rest=False, flat_feet=False)
    out = unseen(0.0, given, visibility(*NAMES), up=np.float32([0, -1, 0]), contacts=np.ones((1, 2), np.float32))
    np.testing.assert_allclose(out.rotations, given.rotations, atol=1e-6)


def test_people_are_kept_apart_and_forgotten() -> None:
    unseen = make()
    unseen(0.0, posed(0, identity=1), visibility())
    other = unseen(STEP_S, posed(1, identity=2), visibility(*LEFT_LEG))
    same = unseen(STEP_S, posed(1, identity=1), visibility(*LEFT_LEG))
    identity = np.broadcast_to(np.eye(3, dtype=np.float32), (1, P, 3, 3))
    assert angles(other.rotations, identity)[joint("left_knee")] < 1e-5
    assert angles(same.rotations, identity)[joint("left_knee")] > 0.1
    late = unseen(5.0, posed(1, identity=1), visibility(*LEFT_LEG))
    assert angles(late.rotations, identity)[joint("left_knee")] < 1e-5


def test_frame_without_people_passes() -> None:
    empty = PosedRigs(
        np.zeros(0, np.int32), np.zeros((0, P, 3, 3), np.float32), np.zeros((0, 10), np.float32),
        np.zeros((0, 3), np.float32), np.zeros((0, P), np.float32),
    )  # fmt: skip
    assert make()(0.0, empty, np.zeros((0, P), np.float32)).rotations.shape == (0, P, 3, 3)
