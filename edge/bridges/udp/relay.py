"""From a publisher's packets to another program's datagrams."""

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

SILENCE_S = 3.0  # without any message for so long, the publisher is gone (docs/wire.md)


class Bridge(Protocol):
    """A protocol of another program. `axes`: those that its people are wanted in."""

    axes: str

    def show(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        """The datagrams for the people of a frame. Raises WireError when the body is not one that it can show."""
        ...

    def leave(self, stream: str, ids: set[int]) -> list[Datagram]:
        """The datagrams that say that these people are gone."""
        ...


class Relay:
    """Says what to send for each packet; remembers who is shown, so that nobody stays who has left."""

    def __init__(self, bridge: Bridge, cast: PersonFilter, world: WorldFrame) -> None:
        self._bridge, self._cast = bridge, cast
        self._pose = SkeletonPoser(bridge.axes, world)
        self._sessions: dict[str, int] = {}
        self.frames = 0

    def read(self, packet: Packet) -> list[Datagram]:
        """The datagrams for a packet. Raises WireError for bodies that the bridge cannot show."""
        if isinstance(packet, ModelPacket):
            if packet.body.rig is None:
                raise WireError(f"body model {packet.body.name} has no rig: it is published without rotations")
            return []
        ended = packet.session != self._sessions.setdefault(packet.stream, packet.session)
        self._sessions[packet.stream] = packet.session
        if isinstance(packet, StatusPacket):
            return self.end(packet.stream) if ended or packet.state != "live" else []
        farewell = self.end(packet.stream) if ended else []
        # The model follows at once.
        return farewell if packet.model is None else farewell + self._frame(packet)

    def end(self, stream: str | None = None) -> list[Datagram]:
        """The datagrams for the end of a stream, or of all."""
        datagrams = []
        for name in self._cast.streams() if stream is None else [stream]:
            datagrams += self._leave(name, self._cast.end(name))
        return datagrams

    def _frame(self, packet: FramePacket) -> list[Datagram]:
        self.frames += 1
        now, left = self._cast.frame(packet.stream, packet.t_capture_monotonic_ns / 1e9, packet.people.ids.tolist())
        people = [person for person in self._pose(packet) if person.id in now] if now else []
        return self._leave(packet.stream, left) + self._bridge.show(packet, self._pose.body(packet), people)

    def _leave(self, stream: str, ids: set[int]) -> list[Datagram]:
        for id_ in sorted(ids):
            log.info("%s: person %d has left", stream, id_)
        return self._bridge.leave(stream, ids) if ids else []


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
    """Relay until no frame has come for `timeout_s`; None relays for ever, through breaks and restarts.

    beat is called every SILENCE_S at least. Whatever ends it, those who are shown are said to have left. Raises
    AddressError for an address that cannot be used and WireError for messages or bodies that cannot.
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
