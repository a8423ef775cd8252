"""VRChat's OSC trackers: positions and Euler angles of up to eight body parts and of the head (docs.vrchat.com)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message_builder import OscMessageBuilder

from edge.bridges.udp.sender import Datagram
from edge.bridges.udp.skeleton_pose import Person
from edge.types import F32
from meshcast.errors import WireError
from meshcast.protocol.body import BodyModel
from meshcast.protocol.packets import FramePacket

# Part of the body -> trackers as (number, joint). A part has the same numbers whatever else is sent.
PARTS = {
    "hip": ((1, "pelvis"),),
    "chest": ((2, "spine3"),),
    "feet": ((3, "left_ankle"), (4, "right_ankle")),
    "knees": ((5, "left_knee"), (6, "right_knee")),
    "elbows": ((7, "left_elbow"), (8, "right_elbow")),
}
DEFAULT_PARTS = ("hip", "feet")
GIMBAL_LOCK = 1e-6  # smallest cosine of the angle about x at which the other two are distinct


class VrChat:
    """One OSC message per position and rotation, of one person, in Unity's axes and meters.

    Rotations are Euler angles in degrees as Unity applies them (about z, then x, then y), the identity in the T-pose
    facing forward. parts: keys of PARTS. head: also send the head, with which VRChat aligns the spaces.
    """

    axes = "unity"

    def __init__(self, parts: Sequence[str] = DEFAULT_PARTS, *, head: bool = True) -> None:
        self._trackers = [(str(number), joint) for part in parts for number, joint in PARTS[part]]
        if head:
            self._trackers.append(("head", "head"))

    def encode(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        """Encode the trackers of the first person. Raises WireError for a body without one of the joints."""
        index = {name: number for number, name in enumerate(body.joint_names[: len(body.parents)])}
        if missing := [joint for _, joint in self._trackers if joint not in index]:
            raise WireError(f"body model {body.name}: no joint {missing[0]}; VRChat's trackers need a complete body")
        return [
            (0, _message(f"/tracking/trackers/{tracker}/{name}", values))
            for person in people[:1]
            for tracker, joint in self._trackers
            for name, values in (
                ("position", person.positions[index[joint]]),
                ("rotation", euler_degrees(person.rotations[index[joint]])),
            )
        ]

    def encode_departed(self, stream: str, ids: set[int]) -> list[Datagram]:
        """Return nothing: VRChat detects trackers without messages itself."""
        return []


def euler_degrees(rotation: F32) -> NDArray[np.float64]:
    """Return the angles (3,) about x, y and z of a matrix R = Ry Rx Rz; at gimbal lock that about z is 0."""
    r = rotation.astype(np.float64)
    cosine = np.hypot(r[1, 0], r[1, 1])
    x = np.arctan2(-r[1, 2], cosine)
    if cosine < GIMBAL_LOCK:
        y, z = np.arctan2(-r[2, 0], r[0, 0]), 0.0
    else:
        y, z = np.arctan2(r[0, 2], r[2, 2]), np.arctan2(r[1, 0], r[1, 1])
    degrees: NDArray[np.float64] = np.degrees(np.array([x, y, z]))
    return degrees


def _message(address: str, values: NDArray[np.floating]) -> bytes:
    message = OscMessageBuilder(address)
    for value in values.tolist():
        message.add_arg(value, OscMessageBuilder.ARG_TYPE_FLOAT)
    return message.build().dgram
