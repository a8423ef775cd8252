"""VMC, the Virtual Motion Capture protocol: OSC messages that drive a VRM avatar (protocol.vmc.info, marionette)."""

from __future__ import annotations

import time

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from edge.bridges.udp.bone_names import HUMANOID, bones_of
from edge.bridges.udp.sender import Datagram
from edge.bridges.udp.skeleton_pose import Person
from meshcast.errors import WireError
from meshcast.protocol.body import F32, BodyModel
from meshcast.protocol.packets import FramePacket

IDENTITY = [0.0, 0.0, 0.0, 1.0]


class Vmc:
    """One bundle per person and frame, in Unity's axes and meters.

    The root is the point on the floor below the hips, without rotation; bones are relative to their parents, with
    identity rotations in the T-pose, as in VRM. Each person gets the lowest free port. upper_chest: False for avatars
    without this bone; neck and shoulders then include its rotation.
    """

    axes = "unity"

    def __init__(self, *, upper_chest: bool = True) -> None:
        self._table = {joint: bone for joint, bone in HUMANOID.items() if upper_chest or bone != "UpperChest"}
        self._slots: dict[tuple[str, int], int] = {}
        self._start_s = time.monotonic()

    def encode(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        """Encode root, bones and availability. Raises WireError for a body without hips."""
        bones = bones_of(body, self._table)
        if bones.names[:1] != ["Hips"]:
            raise WireError(f"body model {body.name}: no pelvis at its root; VMC needs a complete body")
        datagrams = []
        for person in people:
            quaternions, positions = bones.local(person)
            floor = positions[0] * [1, 0, 1]
            positions[0] -= floor
            messages = [_message("/VMC/Ext/Root/Pos", "root", *floor.tolist(), *IDENTITY)]
            messages += [_bone(*bone) for bone in zip(bones.names, positions, quaternions, strict=True)]
            datagrams.append((self._slot(packet.stream, person.id), self._bundle(messages, available=True)))
        return datagrams

    def encode_departed(self, stream: str, ids: set[int]) -> list[Datagram]:
        """Encode unavailability, on the ports of these people."""
        slots = [self._slots.pop((stream, id_)) for id_ in sorted(ids) if (stream, id_) in self._slots]
        return [(slot, self._bundle([], available=False)) for slot in slots]

    def _slot(self, stream: str, person: int) -> int:
        taken = set(self._slots.values())
        free = next(slot for slot in range(len(taken) + 1) if slot not in taken)
        return self._slots.setdefault((stream, person), free)

    def _bundle(self, messages: list[OscMessage], *, available: bool) -> bytes:
        bundle = OscBundleBuilder(IMMEDIATELY)
        bundle.add_content(_message("/VMC/Ext/OK", int(available)))
        bundle.add_content(_message("/VMC/Ext/T", time.monotonic() - self._start_s))
        for message in messages:
            bundle.add_content(message)
        return bundle.build().dgram


def _bone(name: str, position: F32, quaternion: F32) -> OscMessage:
    return _message("/VMC/Ext/Bone/Pos", name, *position.tolist(), *quaternion.tolist())


def _message(address: str, *arguments: str | int | float) -> OscMessage:
    message = OscMessageBuilder(address)
    for argument in arguments:
        message.add_arg(argument)
    return message.build()
