"""Messages of the pose stream, by the rules of its documentation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from edge.bridges.teleop.message import fields_of, pack
from edge.bridges.teleop.smpl_pose import SmplPose
from tests.support.pose_messages import TYPES, unpack

POSE = SmplPose(
    1.0,
    Rotation.from_rotvec(np.random.default_rng(0).normal(0, 0.5, (24, 3))),
    np.random.default_rng(1).normal(size=(24, 3)),
    np.array([1.0, 2.0, 0.9]),
)
COMMON = {"body_quat": ([1, 4], "f32"), "frame_index": ([1], "i64")}
SMPL = {"smpl_joints": ([1, 24, 3], "f32"), "smpl_pose": ([1, 21, 3], "f32")}
ROBOT = {"joint_pos": ([1, 29], "f32"), "joint_vel": ([1, 29], "f32")}


@pytest.mark.parametrize(("version", "required"), [(2, COMMON | SMPL), (3, COMMON | SMPL | ROBOT)])
def test_message_has_the_required_fields(version: int, required: dict[str, tuple[list[int], str]]) -> None:
    got, arrays = unpack(pack("pose", version, fields_of(POSE, 7, version)), "pose")
    assert got == version
    for name, (shape, kind) in required.items():
        assert (list(arrays[name].shape), arrays[name].dtype) == (shape, np.dtype(TYPES[kind]))
    assert arrays["frame_index"].tolist() == [7]
    np.testing.assert_allclose(arrays["smpl_pose"][0], POSE.rotvecs[1:22], atol=1e-6)
    np.testing.assert_allclose(arrays["smpl_joints"][0], POSE.local_joints, atol=1e-6)
    np.testing.assert_allclose(arrays["body_quat"][0], POSE.body_quat, atol=1e-6)
    np.testing.assert_allclose(arrays["smpl_rotvecs"][0], POSE.rotvecs, atol=1e-6)
    assert arrays["root_pos"][0].tolist() == pytest.approx([1.0, 2.0, 0.9])
    assert ("joint_pos" in arrays) == (version == 3)


def test_pack_header_that_is_too_long_raises() -> None:
    with pytest.raises(ValueError, match="longer than 1280"):
        pack("pose", 3, {f"field{index}": np.zeros(1, np.float32) for index in range(60)})
