"""The 24 body joints of OpenXR's XR_BD_body_tracking, as its C structures lie in memory (docs/how-to/bridges.md)."""

from __future__ import annotations

import numpy as np

from edge.bridges.udp.sender import Datagram
from edge.bridges.udp.skeleton_pose import Person
from meshcast.errors import WireError
from meshcast.protocol.body import BodyModel
from meshcast.protocol.packets import FramePacket
from meshcast.protocol.rotations import quaternion

MAGIC = b"MCXR"
VERSION = 1
# XrBodyJointBD's order, which is SMPL's.
JOINTS = (
    *("pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle"),
    *("spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder"),
    *("right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand"),
)
# Bodies with fingers have a middle finger where SMPL has a hand.
FINGERS = {"left_hand": "left_middle1", "right_hand": "right_middle1"}
TRACKED = 0xF  # XrSpaceLocationFlags: orientation and position, valid and tracked

HEADER = np.dtype(
    [
        ("magic", "S4"),
        ("version", "<u2"),
        ("joints", "<u2"),
        ("person", "<i4"),
        ("tracked", "<u4"),
        ("t_capture_unix_ns", "<i8"),
        ("t_capture_monotonic_ns", "<i8"),
    ]
)
LOCATION = np.dtype(  # XrBodyJointLocationBD: a uint64 flag makes a compiler fill it up to a multiple of 8
    [("flags", "<u8"), ("orientation", "<f4", 4), ("position", "<f4", 3), ("padding", "<f4")]
)
# From the extension's joints at rest (x right, y up, z to the back) to the body's own axes (x left, z to the front).
FROM_JOINT = np.diag([-1, 1, -1]).astype(np.float32)


class OpenXr:
    """A datagram a person and frame: header and 24 joints in the world, in OpenXR's axes and meters."""

    axes = "gltf"

    def show(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        """Raises WireError for a body that lacks one of the 24 joints."""
        order = _joints_of(body)
        datagrams = []
        for person in people:
            joints = np.zeros(len(JOINTS), LOCATION)
            joints["flags"] = TRACKED
            joints["orientation"] = quaternion(person.rotations[order] @ FROM_JOINT)
            joints["position"] = person.positions[order]
            times = packet.t_capture_unix_ns, packet.t_capture_monotonic_ns
            datagrams.append((0, _header(person.id, True, *times) + joints.tobytes()))
        return datagrams

    def leave(self, stream: str, ids: set[int]) -> list[Datagram]:
        """Joints of which nothing is valid."""
        nothing = np.zeros(len(JOINTS), LOCATION).tobytes()
        return [(0, _header(id_, False, 0, 0) + nothing) for id_ in sorted(ids)]


def _joints_of(body: BodyModel) -> list[int]:
    names = body.joint_names[: len(body.parents)]
    wanted = [name if name in names else FINGERS.get(name, name) for name in JOINTS]
    if missing := [name for name in wanted if name not in names]:
        raise WireError(f"body model {body.name} has no joint {missing[0]}: OpenXR's body has SMPL's 24 joints")
    return [names.index(name) for name in wanted]


def _header(person: int, tracked: bool, t_unix_ns: int, t_monotonic_ns: int) -> bytes:
    return np.array((MAGIC, VERSION, len(JOINTS), person, tracked, t_unix_ns, t_monotonic_ns), HEADER).tobytes()
