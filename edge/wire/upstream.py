"""The connection of a proxy to one publisher: which streams it has, and which topics are requested of it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

import zmq

from edge.wire.request_budget import RequestBudget
from meshcast.transport.curve import Curve
from meshcast.transport.sockets import connect

MAX_STREAMS = 64  # of a publisher; status messages of more are discarded
SILENT_S = 5.0  # a stream without a status message for longer is silent
FORGET_S = 60.0  # and forgotten after this time, unless it is expected
WAITING_MESSAGES = 64  # received and not yet forwarded; the publisher drops later ones
REQUEST_BYTES = 80  # of a subscription on the network, encrypted
EVERY_STATUS = b"status/"


@dataclass(frozen=True, slots=True)
class UpstreamConfig:
    """A publisher behind a proxy.

    Attributes:
        address: of the publisher.
        curve: keys of the connection, None without encryption.
        streams: names of its streams; empty: all that it announces.
    """

    address: str
    curve: Curve | None = None
    streams: frozenset[str] = frozenset()


class Upstream:
    """An XSUB socket, for one thread.

    It always subscribes to the status of all streams, from which it learns their names; other topics while clients
    want them. Requests are limited to half the rate that a publisher grants a peer, however fast the proxy's clients
    subscribe and unsubscribe.

    Attributes:
        messages, message_bytes: received so far.
        status_s: time of the latest status message by stream, monotonic; 0 for an expected stream without one.
        discarded: messages that were not requested, or damaged.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], config: UpstreamConfig) -> None:
        """Raises AddressError."""
        self.config = config
        self.status_s: dict[str, float] = dict.fromkeys(sorted(config.streams), 0.0)
        self.messages = self.message_bytes = self.discarded = 0
        self._requested: set[bytes] = set()
        self._models: set[bytes] = set()  # topics of models to request again
        self._budget = RequestBudget()
        self._socket = context.socket(zmq.XSUB)
        connect(self._socket, config.address, [], config.curve, high_water_mark=WAITING_MESSAGES)
        self._socket.send(b"\x01" + EVERY_STATUS)

    def fileno(self) -> int:
        """For poll(): readable when `receive` may have messages. It signals changes only: read until there is none
        after each other call too."""
        return int(self._socket.get(zmq.FD))

    def receive(self) -> zmq.Frame | None:
        """The next message, None without one. Never blocks."""
        try:
            frame = self._socket.recv(zmq.DONTWAIT, copy=False)
            while self._socket.get(zmq.RCVMORE):  # no message of this protocol has parts
                self._socket.recv(zmq.DONTWAIT, copy=False)
                frame = zmq.Frame()
        except zmq.Again:
            return None
        self.messages += 1
        self.message_bytes += len(frame.buffer)
        return frame

    def heard(self, stream: str, now_s: float) -> bool:
        """Record a status message; False when the stream does not belong to this publisher."""
        if stream not in self.status_s and (self.config.streams or len(self.status_s) >= MAX_STREAMS):
            return False
        self.status_s[stream] = now_s
        return True

    def is_silent(self, stream: str, now_s: float) -> bool:
        """Whether a stream has sent no status for SILENT_S."""
        return now_s - self.status_s.get(stream, 0.0) > SILENT_S

    def forgotten(self, now_s: float) -> list[str]:
        """Remove the streams that have been silent for long; returns their names."""
        old = [
            name
            for name, heard_s in self.status_s.items()
            if name not in self.config.streams and now_s - heard_s > FORGET_S
        ]
        for name in old:
            del self.status_s[name]
        return old

    @property
    def requested(self) -> Set[bytes]:
        """The topics that are requested, besides the status of all streams."""
        return self._requested

    @property
    def models_asked(self) -> bool:
        """Whether models are still to be requested again."""
        return bool(self._models)

    def ask_model(self, wanted: bytes) -> None:
        """Request a model again, which the publisher then sends at once."""
        self._models.add(wanted)

    def request(self, wanted: Set[bytes], now_s: float) -> float | None:
        """Request the topics in `wanted` and no others. Returns the time at which it can go on, None when done."""
        self._models &= wanted
        for mark, name in self._changes(wanted):
            if not self._budget.take(REQUEST_BYTES, now_s):
                return self._budget.ready_s(REQUEST_BYTES, now_s)
            self._socket.send(mark + name, zmq.DONTWAIT)
            if mark == b"\x01":
                self._requested.add(name)
                self._models.discard(name)
            else:
                self._requested.discard(name)
        return None

    def close(self) -> None:
        """Disconnect. Idempotent."""
        self._socket.close()

    def _changes(self, wanted: Set[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Requests in the order of their urgency: a model that is subscribed to is unsubscribed from in between."""
        for name in sorted(wanted - self._requested, key=_models_first):
            yield b"\x01", name
        for name in sorted(self._models):
            yield b"\x00", name
            yield b"\x01", name
        for name in sorted(self._requested - wanted):
            yield b"\x00", name


def _models_first(name: bytes) -> tuple[bool, bytes]:
    return not name.startswith(b"model/"), name
