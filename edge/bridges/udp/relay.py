"""Converts the packets of a publisher to the datagrams of another program."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Protocol

from edge.bridges.udp.person_filter import PersonFilter
from edge.bridges.udp.sender import Datagram, UdpSender, log
from edge.bridges.udp.skeleton_pose import Person, SkeletonPoser
from edge.bridges.udp.world_frame import WorldFrame
from meshcast.errors import WireError
from meshcast.protocol.body import BodyModel
from meshcast.protocol.packets import FramePacket, ModelPacket, Packet, StatusPacket
from meshcast.subscriber import subscribe_all
from meshcast.transport.curve import Curve

SILENCE_S = 3.0  # without any message for this long the publisher is considered gone (docs/wire.md)


class Bridge(Protocol):
    """The protocol of another program. `axes`: its coordinate system."""

    axes: str

    def encode(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        """Encode the people of a frame as datagrams. Raises WireError for an unsupported body."""
        ...

    def encode_departed(self, stream: str, ids: set[int]) -> list[Datagram]:
        """Encode datagrams which tell the receiver that these people are gone."""
        ...


class Relay:
    """Converts packets to datagrams and tracks who is visible, so that departed people are removed."""

    def __init__(self, bridge: Bridge, person_filter: PersonFilter, world: WorldFrame) -> None:
        self._bridge, self._filter = bridge, person_filter
        self._pose = SkeletonPoser(bridge.axes, world)
        self._sessions: dict[str, int] = {}
        self.frames = 0

    def read(self, packet: Packet) -> list[Datagram]:
        """Return the datagrams for a packet. Raises WireError for bodies that the bridge does not support."""
        if isinstance(packet, ModelPacket):
            if packet.body.rig is None:
                raise WireError(f"body model {packet.body.name}: no rig; the bridges need a mesh model with rotations")
            return []
        ended = packet.session != self._sessions.setdefault(packet.stream, packet.session)
        self._sessions[packet.stream] = packet.session
        if isinstance(packet, StatusPacket):
            return self.end(packet.stream) if ended or packet.state != "live" else []
        departed = self.end(packet.stream) if ended else []
        if not isinstance(packet, FramePacket):
            return departed
        # Without its model yet, which follows immediately.
        return departed if packet.model is None else departed + self._frame(packet)

    def end(self, stream: str | None = None) -> list[Datagram]:
        """Return the datagrams for the end of a stream, or of all streams."""
        datagrams = []
        for name in self._filter.streams() if stream is None else [stream]:
            datagrams += self._departed(name, self._filter.end(name))
        return datagrams

    def _frame(self, packet: FramePacket) -> list[Datagram]:
        self.frames += 1
        now, left = self._filter.update(packet.stream, packet.t_capture_monotonic_ns / 1e9, packet.people.ids.tolist())
        people = [person for person in self._pose(packet) if person.id in now] if now else []
        return self._departed(packet.stream, left) + self._bridge.encode(packet, self._pose.body(packet), people)

    def _departed(self, stream: str, ids: set[int]) -> list[Datagram]:
        for id_ in sorted(ids):
            log.info("%s: person %d left", stream, id_)
        return self._bridge.encode_departed(stream, ids) if ids else []


def run(
    address: str,
    relay: Relay,
    sender: UdpSender,
    *,
    stream: str = "",
    timeout_s: float | None = None,
    curve: Curve | None = None,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Relay until no frame has arrived for `timeout_s`; None relays without end, across disconnects and restarts.

    beat is called at least every SILENCE_S. In every case the departure of the visible people is sent.
    Raises AddressError for an unusable address and WireError for unusable messages or bodies.
    """
    frames, deadline = relay.frames, _deadline(timeout_s)
    try:
        while (left_s := deadline - time.monotonic()) > 0:
            silence_s = min(SILENCE_S, left_s)
            with subscribe_all(
                address, levels=("params",), stream=stream, timeout_s=silence_s, latest=True, curve=curve
            ) as packets:
                for packet in packets:
                    beat()
                    sender.send(relay.read(packet))
                    if relay.frames > frames:
                        frames, deadline = relay.frames, _deadline(timeout_s)
                    elif time.monotonic() >= deadline:
                        return
            beat()
            sender.send(relay.end())
    finally:
        sender.send(relay.end())


def _deadline(timeout_s: float | None) -> float:
    return math.inf if timeout_s is None else time.monotonic() + timeout_s
