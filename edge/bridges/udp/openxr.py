"""The 24 body joints of XR_BD_body_tracking (OpenXR) in the layout of its C structures (docs/how-to/bridges.md)."""

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
# Bodies with fingers have a middle finger in place of SMPL's hand.
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
LOCATION = np.dtype(  # XrBodyJointLocationBD: padded to a multiple of 8 because of its uint64 flag
    [("flags", "<u8"), ("orientation", "<f4", 4), ("position", "<f4", 3), ("padding", "<f4")]
)
# From the extension's rest axes (x right, y up, z backward) to the body's axes (x left, z forward).
FROM_JOINT = np.diag([-1, 1, -1]).astype(np.float32)


class OpenXr:
    """One datagram per person and frame: header and 24 joints in the world frame, in OpenXR's axes and meters."""

    axes = "gltf"

    def encode(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        """Encode one datagram per person. Raises WireError for a body that lacks one of the 24 joints."""
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

    def encode_departed(self, stream: str, ids: set[int]) -> list[Datagram]:
        """Encode joints without the flags for valid and tracked."""
        invalid = np.zeros(len(JOINTS), LOCATION).tobytes()
        return [(0, _header(id_, False, 0, 0) + invalid) for id_ in sorted(ids)]


def _joints_of(body: BodyModel) -> list[int]:
    names = body.joint_names[: len(body.parents)]
    wanted = [name if name in names else FINGERS.get(name, name) for name in JOINTS]
    if missing := [name for name in wanted if name not in names]:
        raise WireError(f"body model {body.name}: no joint {missing[0]}; OpenXR needs SMPL's 24 joints")
    return [names.index(name) for name in wanted]


def _header(person: int, tracked: bool, t_unix_ns: int, t_monotonic_ns: int) -> bytes:
    return np.array((MAGIC, VERSION, len(JOINTS), person, tracked, t_unix_ns, t_monotonic_ns), HEADER).tobytes()
