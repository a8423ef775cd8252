"""People as SMPL's joints in a level world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from edge.bridges.teleop.smpl_pose import SmplPose, between, check_body, pose_of
from edge.bridges.udp.skeleton_pose import SkeletonPoser
from edge.bridges.udp.world_frame import WorldFrame
from meshcast.errors import WireError
from meshcast.protocol.packets import FramePacket
from tests.support import bridge_packets, golden_packets
from tests.support.bridge_packets import FACING, people_packet, still


def pose(packet: FramePacket, world: WorldFrame | None = None, t_s: float = 0.0) -> SmplPose:
    poser = SkeletonPoser("gltf", world or WorldFrame())
    body = poser.body(packet)
    check_body(body)
    found = pose_of(poser(packet)[0], body, t_s)
    assert found is not None
    return found


def test_smpl_pose_of_a_person_who_faces_the_camera() -> None:
    found = pose(still(), WorldFrame(height_m=1.2))
    # The camera looks along the world's y; who faces it faces -y, a quarter turn to the right of x.
    assert found.body_quat == pytest.approx([np.sqrt(0.5), 0, 0, -np.sqrt(0.5)], abs=1e-6)
    assert found.root == pytest.approx([0, 3, 1.2], abs=1e-5)
    names = bridge_packets.open_model().joint_names
    local = found.local_joints
    assert local[0] == pytest.approx([0, 0, 0], abs=1e-6)
    assert local[names.index("head")][2] > 0.5
    assert local[names.index("left_hand")][1] > 0.5  # y is to the left
    assert local[names.index("left_foot")][0] > 0.05  # x is forward
    assert np.abs(found.rotvecs[1:]).max() < 1e-5


def test_smpl_pose_reads_a_bent_elbow_and_a_tilted_camera() -> None:
    bend = Rotation.from_rotvec([0, 1.2, 0])
    names = bridge_packets.open_model().joint_names
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1))
    rotations[0, names.index("left_elbow")] = bend.as_matrix()
    tilt = Rotation.from_euler("x", 20, degrees=True).as_matrix()  # the camera looks 20 degrees down
    rotations[0, 0] = tilt @ FACING
    place = tilt @ np.array([0, 0, 3.0])
    found = pose(people_packet(rotations, place[None].astype(np.float32)), WorldFrame(pitch_deg=20, height_m=2.0))
    assert found.rotvecs[names.index("left_elbow")] == pytest.approx([0, 1.2, 0], abs=1e-3)
    assert found.body_quat == pytest.approx([np.sqrt(0.5), 0, 0, -np.sqrt(0.5)], abs=1e-3)  # upright in the world
    assert found.root == pytest.approx([0, 3, 2.0], abs=1e-3)


def test_smpl_pose_joints_are_those_of_forward_kinematics() -> None:
    packet, joints = bridge_packets.dancing(people=1)
    found = pose(packet)
    world = (joints[0] - joints[0, :1]) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]).T  # opencv to z up
    np.testing.assert_allclose(found.joints, world, atol=2e-3)
    turn = Rotation.from_quat(found.body_quat[[1, 2, 3, 0]])
    np.testing.assert_allclose(turn.apply(found.local_joints), found.joints, atol=1e-9)


def test_check_body_other_skeleton_raises() -> None:
    with pytest.raises(WireError, match="its skeleton is not SMPL's 24 joints"):
        check_body(golden_packets.rigged())


def test_pose_of_numbers_that_are_not_finite_is_none() -> None:
    poser = SkeletonPoser("gltf", WorldFrame())
    person = poser(still())[0]
    broken = replace(person, positions=person.positions * np.float32(np.nan))
    assert pose_of(broken, poser.body(still()), 0.0) is None


@pytest.mark.parametrize(("t_s", "share"), [(-1.0, 0.0), (0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (9.0, 1.0)])
def test_between_is_on_the_shortest_way(t_s: float, share: float) -> None:
    a = SmplPose(0.0, Rotation.from_rotvec(np.zeros((24, 3))), np.zeros((24, 3)), np.zeros(3))
    turned = np.tile([0, 0, 1.0], (24, 1))
    b = SmplPose(1.0, Rotation.from_rotvec(turned), np.ones((24, 3)), np.array([1.0, 2, 3]))
    found = between(a, b, t_s)
    np.testing.assert_allclose(found.rotvecs, share * turned, atol=1e-9)
    assert found.root == pytest.approx([share, 2 * share, 3 * share])
    assert found.joints == pytest.approx(np.full((24, 3), share))
