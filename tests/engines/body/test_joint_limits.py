"""Limits of human joints: both sides alike, and the poses that people take are inside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from engines.body.body import open_body
from engines.body.joint_limits import joint_limits
from engines.training.poses.sample import sample_poses

BODY = open_body()
LIMITS = joint_limits(BODY)


def turn_about(rotvec: np.ndarray, axis: np.ndarray) -> np.ndarray:
    quaternion = Rotation.from_rotvec(rotvec).as_quat(canonical=True)
    return 2 * np.arctan2(quaternion[:, :3] @ axis, quaternion[:, 3])


def test_joint_limits_sample_poses_are_inside() -> None:
    poses = sample_poses(40)["pose"].astype(np.float64)
    inside = []
    for joint, axis, (low, high) in zip(LIMITS.joints, LIMITS.axes, LIMITS.ranges, strict=True):
        turn = turn_about(poses[:, joint], axis)
        inside.append(float(((turn >= low) & (turn <= high)).mean()))
    assert min(inside) > 0.97
    assert np.mean(inside) > 0.99


def test_joint_limits_elbows_and_knees_bend_one_way() -> None:
    bent = {"left_knee": [1.5, 0, 0], "right_knee": [1.5, 0, 0], "left_elbow": [0, -1.5, 0], "right_elbow": [0, 1.5, 0]}
    for name, rotvec in bent.items():
        row = int(np.flatnonzero(LIMITS.joints == BODY.joint_names.index(name))[0])
        low, high = LIMITS.ranges[row]
        for sign, allowed in ((1, True), (-1, False)):
            turn = turn_about(sign * np.array([rotvec]), LIMITS.axes[row])[0]
            assert (low <= turn <= high) == allowed, name


def test_joint_limits_of_another_body_are_those_of_the_joints_it_has() -> None:
    hand = replace(BODY, joint_names=tuple(f"finger{j}" for j in range(24)))
    none = joint_limits(hand)
    assert (none.joints.shape, none.axes.shape, none.ranges.shape) == ((0,), (0, 3), (0, 2))
    half = replace(BODY, joint_names=tuple("other" if "knee" in name else name for name in BODY.joint_names))
    assert len(joint_limits(half).joints) == len(LIMITS.joints) - 2
