"""Subscriptions: `for packet in subscribe("tcp://127.0.0.1:5556"): ...`."""

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

WAIT_S = 0.2  # longest wait between two checks whether another thread has closed the subscription


def subscribe(
    address: str,
    *,
    levels: Sequence[str] = ("mesh",),
    stream: str = "",
    timeout_s: float | None = None,
    latest: bool = False,
    curve: Curve | None = None,
) -> Subscription[FramePacket]:
    """Receive the frames of a publisher. Connects at once and reconnects after a break.

    Args:
        address: `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME` of the publisher.
        levels: Stream levels to receive: "params", "joints", "mesh-lod", "mesh".
        stream: Name of the one stream to receive; all streams when empty.
        timeout_s: Seconds without a packet after which the iteration ends; None for no limit.
        latest: Return only the newest packet of each stream and level, and none that is more than half a second late.
        curve: Keys for a publisher that encrypts.

    Returns:
        An iterator over FramePacket.

    Raises:
        AddressError: The address cannot be used.
        WireError: The stream name or a level is invalid. While iterating: a message cannot be decoded; the iteration
            can continue with the next one.
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
    """Receive the frames, models and status messages of a publisher.

    Args:
        address: See `subscribe`, also for the other arguments and the errors.
        levels: Stream levels to receive.
        stream: Name of the one stream to receive; all streams when empty.
        timeout_s: Seconds without a packet after which the iteration ends; None for no limit.
        latest: Return only the newest packet of each stream and level.
        curve: Keys for a publisher that encrypts.

    Returns:
        An iterator over FramePacket, ModelPacket and StatusPacket.
    """
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
    """An iterator over packets that owns its socket.

    It closes at its end, by close(), in a with block, when it is garbage-collected and when the interpreter exits. One
    thread iterates; any thread may close it, which ends the iteration.
    """

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
        """Disconnect and end the iteration. Idempotent."""
        self._end()

    def __enter__(self) -> Subscription[P]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self, deadline: float) -> bool:
        """Wait for messages until `deadline` (monotonic, s), at most WAIT_S; False when none came."""
        left_s = min(deadline - time.monotonic(), WAIT_S)
        if not self._socket.poll(max(0, math.ceil(left_s * 1000))):
            return False
        messages = [self._socket.recv(zmq.DONTWAIT)]
        # At most as many as can be queued: a publisher that sends faster than this loop reads must not trap it.
        while self._latest and len(messages) < 2 * HIGH_WATER_MARK and self._socket.poll(0):
            messages.append(self._socket.recv(zmq.DONTWAIT))
        self._waiting.extend(newest(messages))
        return True


class _Use:
    """A socket that one thread uses and any thread may close while the first is not inside a call."""

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
