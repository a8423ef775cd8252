"""Receives what a publisher sends: `for packet in subscribe("tcp://127.0.0.1:5556"): ...`."""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Generic, TypeVar

import zmq

from meshcast.errors import AddressError
from meshcast.protocol.packets import FramePacket, Packet
from meshcast.transport.address import check_address, context_for
from meshcast.transport.curve import Curve
from meshcast.transport.reader import Reader, newest, topics
from meshcast.transport.sockets import HIGH_WATER_MARK, connect

P = TypeVar("P", bound=Packet)

WAIT_S = 0.2  # at most so long without asking whether the subscription is to end


def subscribe(
    address: str,
    *,
    levels: Sequence[str] = ("mesh",),
    stream: str = "",
    timeout_s: float | None = None,
    latest: bool = False,
    curve: Curve | None = None,
) -> Subscription[FramePacket]:
    """Frames from the publisher at `address`, as they come; connects at once and again after a break.

    levels: which of "params", "joints", "mesh" and "mesh-lod" to receive. stream: the one stream to receive, all of
    them when empty. timeout_s: ends after so long without a packet; None waits for ever. latest: hands out only the
    newest packet of each stream and level when several are waiting, and none that has waited in a queue for long.
    curve: the keys for a publisher that encrypts.
    Raises AddressError for an address that cannot be used, WireError for a stream or level that does not exist and,
    while iterating, for a message that is not Meshcast's (the next one can still be asked for).
    """
    return Subscription(
        address, only_frame, levels=levels, stream=stream, timeout_s=timeout_s, latest=latest, curve=curve
    )


def subscribe_all(
    address: str,
    *,
    levels: Sequence[str] = ("mesh",),
    stream: str = "",
    timeout_s: float | None = None,
    latest: bool = False,
    curve: Curve | None = None,
) -> Subscription[Packet]:
    """Like `subscribe`, with the model and status messages as packets of their own."""
    return Subscription(
        address, every_packet, levels=levels, stream=stream, timeout_s=timeout_s, latest=latest, curve=curve
    )


def only_frame(packet: Packet) -> FramePacket | None:
    """The packet, if it is a frame."""
    return packet if isinstance(packet, FramePacket) else None


def every_packet(packet: Packet) -> Packet:
    """The packet."""
    return packet


class Subscription(Iterator[P], Generic[P]):
    """An iterator over packets that owns its socket: it closes at its end, by close(), in a with block, when nothing
    refers to it any more, or when the interpreter ends. For one thread, except that any thread may close it: the
    iteration then ends."""

    def __init__(
        self,
        address: str,
        wanted: Callable[[Packet], P | None],
        *,
        levels: Sequence[str],
        stream: str,
        timeout_s: float | None,
        latest: bool,
        curve: Curve | None,
    ) -> None:
        wanted_topics = topics(levels, stream)
        self._wanted = wanted
        self._timeout_s = timeout_s
        self._latest = latest
        self._reader = Reader(address, latest=latest)
        self._waiting: deque[bytes] = deque()
        check_address(address, connecting=True)
        context, own = context_for(address)
        self._socket = context.socket(zmq.SUB)
        self._use = _Use(self._socket, context if own else None)
        self._end: weakref.finalize[..., Subscription[P]] = weakref.finalize(self, self._use.end)
        try:
            connect(self._socket, address, wanted_topics, curve)
        except AddressError:
            self.close()
            raise

    def __next__(self) -> P:
        deadline = math.inf if self._timeout_s is None else time.monotonic() + self._timeout_s
        while self._end.alive and not self._use.ending.is_set():
            while self._waiting:
                packet = self._reader.read(self._waiting.popleft())
                wanted = self._wanted(packet) if packet is not None else None
                if wanted is not None:
                    return wanted
            with self._use.lock:
                if self._use.ending.is_set() or self._receive(deadline):
                    continue
            if time.monotonic() >= deadline:
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
        """Wait for messages until `deadline` (monotonic, s), but not for long; False when none came."""
        left_s = min(deadline - time.monotonic(), WAIT_S)
        if not self._socket.poll(max(0, math.ceil(left_s * 1000))):
            return False
        messages = [self._socket.recv(zmq.DONTWAIT)]
        # At most what can be queued: a publisher that sends faster than this reads must not hold it here.
        while self._latest and len(messages) < 2 * HIGH_WATER_MARK and self._socket.poll(0):
            messages.append(self._socket.recv(zmq.DONTWAIT))
        self._waiting.extend(newest(messages))
        return True


class _Use:
    """A socket that one thread uses and any thread may end, at a moment when the other is not inside it."""

    def __init__(self, socket: zmq.Socket[bytes], context: zmq.Context[zmq.Socket[bytes]] | None) -> None:
        self.lock = threading.RLock()
        self.ending = threading.Event()
        self._socket, self._context = socket, context

    def end(self) -> None:
        self.ending.set()
        with self.lock:
            self._socket.close(linger=0)
        if self._context is not None:
            self._context.term()
