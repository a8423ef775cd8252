"""Unreal's Live Link in the format of its JSON example source: one subject with its bones per datagram."""

from __future__ import annotations

import json
from collections.abc import Mapping

from edge.bridges.udp.bone_names import MANNEQUIN, bones_of
from edge.bridges.udp.person_filter import FIRST
from edge.bridges.udp.sender import Datagram
from edge.bridges.udp.skeleton_pose import Person
from meshcast.errors import WireError
from meshcast.protocol.body import BodyModel
from meshcast.protocol.packets import FramePacket

NAMINGS: dict[str, Mapping[str, str] | None] = {"joints": None, "mannequin": MANNEQUIN}
UNIT = [1, 1, 1]


class LiveLink:
    """One datagram per person and frame, in Unreal's axes and centimeters; bones are relative to their parents.

    names: "joints" (names of the body model) or "mannequin". person: as in PersonFilter; with "first" the subject is
    always STREAM_first, otherwise STREAM_ID per person.
    """

    axes = "unreal"

    def __init__(self, *, names: str = "joints", person: str = FIRST) -> None:
        self._table = NAMINGS[names]
        self._first = person == FIRST

    def encode(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        """Encode one subject per person. Raises WireError for a body without a bone of this naming."""
        bones = bones_of(body, {name: name for name in body.joint_names} if self._table is None else self._table)
        if not bones.names:
            raise WireError(f"body model {body.name}: no joint of the mannequin; use --names joints")
        datagrams = []
        for person in people:
            rows = zip(bones.names, bones.parents, *bones.local(person), strict=True)
            subject = f"{packet.stream}_{FIRST if self._first else person.id}"
            skeleton = [
                {
                    "Name": name,
                    "Parent": parent,
                    "Location": [round(value, 4) for value in position.tolist()],
                    "Rotation": [round(value, 7) for value in quaternion.tolist()],
                    "Scale": UNIT,
                }
                for name, parent, quaternion, position in rows
            ]
            # ASCII: the source reads bytes as characters.
            datagrams.append((0, json.dumps({subject: skeleton}, separators=(",", ":")).encode("ascii")))
        return datagrams

    def encode_departed(self, stream: str, ids: set[int]) -> list[Datagram]:
        """Return nothing: Live Link detects subjects without frames itself."""
        return []
