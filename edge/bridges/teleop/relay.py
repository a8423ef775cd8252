"""Receives the frames of a publisher for a PersonStream."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from edge.bridges.teleop.stream import PersonStream, Sender
from meshcast.protocol.packets import FramePacket, StatusPacket
from meshcast.subscriber import subscribe_all
from meshcast.transport.curve import Curve

SILENCE_S = 3.0  # without any message for this long the publisher is considered gone (docs/wire.md)


def relay(
    address: str,
    stream: PersonStream,
    sender: Sender,
    *,
    name: str = "",
    timeout_s: float | None = None,
    curve: Curve | None = None,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Feed the stream until no frame of the person has come for `timeout_s`; None: without end, across restarts.

    Args:
        address: of the publisher.
        stream: takes the frames.
        sender: whose error ends the relay.
        name: of the publisher's stream; empty: the first one with a person.
        timeout_s: see above.
        curve: keys for an encrypted publisher.
        beat: called at least every SILENCE_S.

    Raises:
        AddressError: for an unusable address.
        WireError: for unusable messages or bodies.
    """
    frames, deadline = stream.frames, _deadline(timeout_s)
    while (left_s := deadline - time.monotonic()) > 0:
        with subscribe_all(
            address, levels=("params",), stream=name, timeout_s=min(SILENCE_S, left_s), latest=True, curve=curve
        ) as packets:
            for packet in packets:
                beat()
                if sender.error is not None:
                    raise sender.error
                if isinstance(packet, FramePacket):
                    stream.add(packet)
                elif isinstance(packet, StatusPacket) and packet.state == "ended":
                    stream.forget()
                if stream.frames > frames:
                    frames, deadline = stream.frames, _deadline(timeout_s)
                elif time.monotonic() >= deadline:
                    return
        beat()
        stream.forget()


def _deadline(timeout_s: float | None) -> float:
    return math.inf if timeout_s is None else time.monotonic() + timeout_s
