"""OSC trackers of VRChat, read back by python-osc and applied as Unity applies Euler angles."""

from __future__ import annotations

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from edge.bridges.udp.skeleton_pose import Person, SkeletonPoser
from edge.bridges.udp.vrchat import PARTS, VrChat, euler_degrees
from edge.bridges.udp.world_frame import WorldFrame
from edge.cli import bridge_udp
from edge.types import F32
from meshcast.errors import WireError
from meshcast.protocol.packets import FramePacket
from meshcast.protocol.rotations import rotmat
from tests.support import bridge_packets

AXES = np.eye(3)


def unity(angles: list[float]) -> F32:
    """The rotation of Unity's Quaternion.Euler: about z first, then x, then y."""
    about_x, about_y, about_z = (rotmat(np.radians(angle) * axis) for angle, axis in zip(angles, AXES, strict=True))
    turned: F32 = about_y @ about_x @ about_z
    return turned


def sent(bridge: VrChat, packet: FramePacket, world: WorldFrame) -> tuple[dict[str, list[float]], list[Person]]:
    pose = SkeletonPoser(bridge.axes, world)
    people = pose(packet)
    messages = [OscPacket(data).messages[0].message for _, data in bridge.encode(packet, pose.body(packet), people)]
    assert len({message.address for message in messages}) == len(messages)
    return {message.address: list(message.params) for message in messages}, people


def test_vrchat_trackers_have_world_positions_and_unity_angles(rng: np.random.Generator) -> None:
    rotations = rotmat(rng.normal(0, 0.7, (2, 24, 3)))
    packet = bridge_packets.people_packet(rotations, np.array([[0.3, 0.1, 3], [1, 0, 4]], np.float32))
    values, people = sent(VrChat(tuple(PARTS)), packet, WorldFrame(10.0, 1.0, 3.0))
    assert packet.model is not None
    names = packet.model.body.joint_names
    trackers = {str(number): joint for part in PARTS.values() for number, joint in part} | {"head": "head"}
    assert len(values) == 2 * len(trackers) == 18
    for tracker, joint in trackers.items():
        index = names.index(joint)
        position = values[f"/tracking/trackers/{tracker}/position"]
        assert position == pytest.approx(people[0].positions[index], abs=1e-5)
        turned = unity(values[f"/tracking/trackers/{tracker}/rotation"])
        assert turned == pytest.approx(people[0].rotations[index], abs=1e-5)


def test_vrchat_still_person_faces_forward_on_the_floor() -> None:
    """Three meters in front of a camera at the height of the pelvis: the origin of the world."""
    values, _ = sent(VrChat(), bridge_packets.still(), WorldFrame(0.0, 1.0, 3.0))
    assert set(values) == {
        f"/tracking/trackers/{tracker}/{name}"
        for tracker in ("1", "3", "4", "head")
        for name in ("position", "rotation")
    }
    assert values["/tracking/trackers/1/position"] == pytest.approx([0, 1, 0], abs=0.02)
    assert values["/tracking/trackers/1/rotation"] == pytest.approx([0, 0, 0], abs=1e-3)
    left, right = (values[f"/tracking/trackers/{tracker}/position"] for tracker in ("3", "4"))
    assert left[0] < -0.05 < 0.05 < right[0]  # x is to the right of a person who faces forward
    assert left[1] < 0.4


@pytest.mark.parametrize("x", [90.0, -90.0])
def test_euler_degrees_at_gimbal_lock_give_the_rotation(x: float) -> None:
    rotation = unity([x, 30.0, 70.0])
    angles = euler_degrees(rotation)
    assert angles[2] == 0
    assert unity(angles.tolist()) == pytest.approx(rotation, abs=1e-3)


def test_vrchat_body_without_joint_is_refused() -> None:
    packet = bridge_packets.still()
    pose = SkeletonPoser("unity", WorldFrame())
    body = pose.body(packet)
    renamed = type(body)(
        "hands", body.faces, body.rest_vertices, body.parents, ("wrist", *body.joint_names[1:]), (), body.rig
    )
    with pytest.raises(WireError, match="body model hands: no joint pelvis; VRChat's trackers need a complete body"):
        VrChat().encode(packet, renamed, pose(packet))


def test_vrchat_parts_of_the_command_line_are_those_of_the_bridge() -> None:
    assert tuple(PARTS) == bridge_udp.TRACKER_PARTS
