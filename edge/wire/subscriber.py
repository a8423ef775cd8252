"""Receives the bodies of a publisher: `for packet in subscribe("tcp://127.0.0.1:5556"): ...`."""

from __future__ import annotations

import math
import time
import weakref
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Generic, Literal, TypeVar, overload

import zmq

from edge.wire.address import address_error, check_address, context_for
from edge.wire.layout import TOPIC_SIZE, WORDS, Kind, WireError, topic
from edge.wire.model import ModelPacket
from edge.wire.packet import MeshPacket, decode

HIGH_WATER_MARK = 8  # messages kept for a reader that does not keep up; the publisher drops later ones
MAX_MESSAGE_BYTES = 64 << 20
HEARTBEAT_MS = 2000
RECONNECT_MS = 100
RECONNECT_MAX_MS = 2000

P = TypeVar("P", bound=MeshPacket | ModelPacket)


@overload
def subscribe(
    address: str,
    *,
    stream: str = ...,
    timeout_s: float | None = ...,
    latest: bool = ...,
    models: Literal[False] = ...,
) -> Subscription[MeshPacket]: ...
@overload
def subscribe(
    address: str, *, stream: str = ..., timeout_s: float | None = ..., latest: bool = ..., models: Literal[True]
) -> Subscription[MeshPacket | ModelPacket]: ...
def subscribe(
    address: str, *, stream: str = "", timeout_s: float | None = None, latest: bool = False, models: bool = False
) -> Subscription[MeshPacket] | Subscription[MeshPacket | ModelPacket]:
    """Packets from the publisher at `address`, as they come; connects at once and again after a break.

    stream: the one stream to receive, all of them when empty. timeout_s: ends after so long without a packet; None
    waits for ever. latest: hands out only the newest packet of each stream when several are waiting. models: hands
    out the model messages as well; without, they are only attached to the mesh packets.
    Raises PublishError for an address that cannot be used, WireError for a stream name that does not fit and,
    while iterating, for a message that is not Meshcast's (the next one can still be asked for).
    """
    if models:
        return Subscription[MeshPacket | ModelPacket](
            address, (MeshPacket, ModelPacket), stream=stream, timeout_s=timeout_s, latest=latest
        )
    return Subscription[MeshPacket](address, (MeshPacket,), stream=stream, timeout_s=timeout_s, latest=latest)


class Subscription(Iterator[P], Generic[P]):
    """An iterator over packets that owns its socket: it closes at its end, by close(), in a with block, or when
    nothing refers to it any more. For one thread."""

    def __init__(
        self, address: str, wanted: tuple[type[P], ...], *, stream: str, timeout_s: float | None, latest: bool
    ) -> None:
        check_address(address, connecting=True)
        # The model first: a publisher that reads both requests at once answers it before its next frame.
        topics = [topic(kind, stream) if stream else f"{WORDS[kind]}/".encode() for kind in (Kind.MODEL, Kind.MESH)]
        context, own = context_for(address)
        self._address = address
        self._wanted = wanted
        self._timeout_s = timeout_s
        self._latest = latest
        self._waiting: deque[bytes] = deque()
        self._models: dict[str, ModelPacket] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._socket = context.socket(zmq.SUB)
        self._end: weakref.finalize[..., Subscription[P]] = weakref.finalize(
            self, _end, self._socket, context if own else None
        )
        self._socket.set(zmq.RCVHWM, HIGH_WATER_MARK)
        self._socket.set(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self._socket.set(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)  # notices a publisher whose machine has gone
        self._socket.set(zmq.RECONNECT_IVL, RECONNECT_MS)
        self._socket.set(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
        self._socket.set(zmq.IPV6, int("[" in address))
        for prefix in topics:
            self._socket.subscribe(prefix)
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self.close()
            raise address_error(address, error) from None

    def __next__(self) -> P:
        deadline = math.inf if self._timeout_s is None else time.monotonic() + self._timeout_s
        while self._end.alive:
            while self._waiting:
                packet = self._open(self._waiting.popleft())
                if isinstance(packet, self._wanted):
                    return packet
            if not self._receive(deadline):
                self.close()
        raise StopIteration

    def close(self) -> None:
        """Disconnect; the iteration ends. May be called twice."""
        self._end()

    def __enter__(self) -> Subscription[P]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self, deadline: float) -> bool:
        """Wait for messages until `deadline` (monotonic, s); False when none came."""
        left_s = deadline - time.monotonic()
        if not self._socket.poll(None if left_s == math.inf else max(0, math.ceil(left_s * 1000))):
            return False
        if not self._latest:
            self._waiting.append(self._socket.recv(zmq.DONTWAIT))
            return True
        newest: dict[bytes, bytes] = {}
        # At most what can be queued: a publisher that sends faster than this reads must not hold it here.
        for _ in range(2 * HIGH_WATER_MARK):
            try:
                message = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                break
            newest.pop(message[:TOPIC_SIZE], None)
            newest[message[:TOPIC_SIZE]] = message
        self._waiting.extend(newest.values())
        return True

    def _open(self, message: bytes) -> MeshPacket | ModelPacket:
        try:
            packet = decode(message)
        except WireError as error:
            raise WireError(f"{self._address}: {error}") from None
        if isinstance(packet, ModelPacket):
            self._models[packet.stream] = packet
            return packet
        session, seq = self._seen.get(packet.stream, (packet.session, packet.seq - 1))
        self._seen[packet.stream] = packet.session, packet.seq
        lost = max(0, packet.seq - seq - 1) if session == packet.session else 0
        model = self._models.get(packet.stream)
        if model is not None and model.model_id != packet.model_id:
            model = None
        return replace(packet, model=model, lost=lost)


def _end(socket: zmq.Socket[bytes], context: zmq.Context[zmq.Socket[bytes]] | None) -> None:
    socket.close(linger=0)
    if context is not None:
        context.term()
