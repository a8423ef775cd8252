"""OpenXR datagrams, read with C structures of the platform's ABI."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from edge.bridges.udp.openxr import OpenXr
from edge.bridges.udp.skeleton_pose import SkeletonPoser
from edge.bridges.udp.world_frame import WorldFrame
from engines.importing.body_file import JOINT_NAMES
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion
from meshcast.protocol.packets import FramePacket
from tests.support import bridge_packets


class XrPosef(ctypes.Structure):
    _fields_ = [("orientation", ctypes.c_float * 4), ("position", ctypes.c_float * 3)]


class XrBodyJointLocationBD(ctypes.Structure):
    _fields_ = [("locationFlags", ctypes.c_uint64), ("pose", XrPosef)]


class Datagram(ctypes.Structure):
    _fields_ = [
        ("magic", ctypes.c_char * 4),
        ("version", ctypes.c_uint16),
        ("jointCount", ctypes.c_uint16),
        ("person", ctypes.c_int32),
        ("allJointPosesTracked", ctypes.c_uint32),
        ("captureUnixNs", ctypes.c_int64),
        ("captureMonotonicNs", ctypes.c_int64),
        ("joints", XrBodyJointLocationBD * 24),
    ]


def read(data: bytes) -> Datagram:
    assert len(data) == ctypes.sizeof(Datagram) == 992
    found = Datagram.from_buffer_copy(data)
    assert (found.magic, found.version, found.jointCount) == (b"MCXR", 1, 24)
    return found


def encode(packet: FramePacket, world: WorldFrame | None = None) -> list[Datagram]:
    pose = SkeletonPoser("gltf", WorldFrame() if world is None else world)
    return [read(data) for _, data in OpenXr().encode(packet, pose.body(packet), pose(packet))]


def test_openxr_joint_positions_match_body_model() -> None:
    packet, truth = bridge_packets.dancing(2)
    found = encode(packet)
    assert [each.person for each in found] == [40, 41]
    for each, joints in zip(found, Conversion.between(SYSTEMS["opencv"], SYSTEMS["gltf"]).points(truth), strict=True):
        assert each.allJointPosesTracked == 1
        assert each.captureUnixNs == packet.t_capture_unix_ns
        assert each.captureMonotonicNs == packet.t_capture_monotonic_ns
        assert {joint.locationFlags for joint in each.joints} == {0xF}
        np.testing.assert_allclose([joint.pose.position[:] for joint in each.joints], joints, atol=5e-4)


def test_openxr_t_pose_has_the_specified_orientations() -> None:
    # Somebody who looks into the camera: right (x) is the camera's left, back (z) is where the camera looks, -z.
    (found,) = encode(bridge_packets.still())
    for joint in found.joints:
        x, y, z, w = joint.pose.orientation
        np.testing.assert_allclose([abs(x), abs(y), abs(z), abs(w)], [0, 1, 0, 0], atol=2e-4)
    left, right = found.joints[20].pose.position, found.joints[21].pose.position
    assert left[0] > 0.6
    assert right[0] < -0.6
    np.testing.assert_allclose(found.joints[0].pose.position[:], [0, 0, -3], atol=1e-5)
    # Whoever stands at the origin of a world that faces the camera looks forward, along -z: nothing is turned.
    (found,) = encode(bridge_packets.still(), WorldFrame(height_m=1, origin_m=3))
    for joint in found.joints:
        np.testing.assert_allclose(np.abs(joint.pose.orientation[:]), [0, 0, 0, 1], atol=2e-4)
    np.testing.assert_allclose(found.joints[0].pose.position[:], [0, 1, 0], atol=1e-5)


def test_openxr_orientations_rotate_bones_to_joints() -> None:
    packet, truth = bridge_packets.dancing(4, people=1)
    (found,) = encode(packet)
    _, rest = bridge_packets.open_body().rest(packet.people.shape)
    x, y, z, w = found.joints[18].pose.orientation
    bone = (rest[0, 20] - rest[0, 18]) * [-1, 1, -1]  # elbow to wrist, in the extension's axes of a joint
    t = 2 * np.cross([x, y, z], bone)
    posed = bone + w * t + np.cross([x, y, z], t)
    expected = Conversion.between(SYSTEMS["opencv"], SYSTEMS["gltf"]).points(truth[0, 20] - truth[0, 18])
    np.testing.assert_allclose(posed, expected, atol=1e-3)


def test_openxr_departed_person_has_no_valid_joints() -> None:
    found = [read(data) for _, data in OpenXr().encode_departed("cam", {5, 2})]
    assert [(each.person, each.allJointPosesTracked) for each in found] == [(2, 0), (5, 0)]
    assert {joint.locationFlags for each in found for joint in each.joints} == {0}


def test_openxr_hand_joints_need_a_body_with_fingers() -> None:
    packet, pose = bridge_packets.still(), SkeletonPoser("gltf", WorldFrame())
    body, people = pose.body(packet), pose(packet)

    def named(*names: str) -> list[tuple[int, bytes]]:
        renamed = type(body)("other", body.faces, body.rest_vertices, body.parents, names, ())
        return OpenXr().encode(packet, renamed, people)

    fingers = [name for name in JOINT_NAMES["smplh"][22:] if name.endswith("middle1")]
    ((_, data),) = named(*JOINT_NAMES["smpl"][:22], *fingers)
    np.testing.assert_allclose(read(data).joints[23].pose.position[:], people[0].positions[23])
    with pytest.raises(WireError, match="body model other: no joint head; OpenXR needs SMPL's 24 joints"):
        named(*("skull" if name == "head" else name for name in JOINT_NAMES["smpl"]))
