"""Subscriptions for asyncio: `async for packet in subscribe("tcp://127.0.0.1:5556"): ...`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Generic, TypeVar

import zmq
import zmq.asyncio

from meshcast.protocol.packets import FramePacket, Packet
from meshcast.subscriber import every_packet, only_frame
from meshcast.transport.address import check_address
from meshcast.transport.curve import Curve
from meshcast.transport.reader import Reader, newest, topics
from meshcast.transport.sockets import HIGH_WATER_MARK, connect

P = TypeVar("P", bound=Packet)


def subscribe(
    address: str,
    *,
    levels: Sequence[str] = ("mesh",),
    stream: str = "",
    timeout_s: float | None = None,
    latest: bool = False,
    curve: Curve | None = None,
) -> Subscription[FramePacket]:
    """Receive the frames of a publisher.

    Args:
        address: `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME` of the publisher.
        levels: Stream levels to receive: "params", "joints", "mesh-lod", "mesh".
        stream: Name of the one stream to receive; all streams when empty.
        timeout_s: Seconds without a packet after which the iteration ends; None for no limit.
        latest: Return only the newest packet of each stream and level.
        curve: Keys for a publisher that encrypts.

    Returns:
        An asynchronous iterator over FramePacket.

    Raises:
        AddressError: The address cannot be used.
        WireError: As for `meshcast.subscribe`.
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
        An asynchronous iterator over FramePacket, ModelPacket and StatusPacket.
    """
    return Subscription(
        address, every_packet, levels=levels, stream=stream, timeout_s=timeout_s, latest=latest, curve=curve
    )


class Subscription(AsyncIterator[P], Generic[P]):
    """An asynchronous iterator over packets, for one task; it closes at its end, by close() and in `async with`."""

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
        check_address(address, connecting=True)
        self._wanted = wanted
        self._timeout_s = timeout_s
        self._latest = latest
        self._reader = Reader(address, latest=latest)
        self._waiting: deque[bytes] = deque()
        # For inproc:// the socket must share the context of the publisher.
        self._own = not address.startswith("inproc://")
        self._context = zmq.asyncio.Context() if self._own else zmq.asyncio.Context(zmq.Context.instance())
        self._socket = self._context.socket(zmq.SUB)
        connect(self._socket, address, wanted_topics, curve)

    async def __anext__(self) -> P:
        while not self._socket.closed:
            while self._waiting:
                packet = self._reader.read(self._waiting.popleft())
                wanted = self._wanted(packet) if packet is not None else None
                if wanted is not None:
                    return wanted
            if not await self._receive():
                self.close()
        raise StopAsyncIteration

    def close(self) -> None:
        """Disconnect and end the iteration. Idempotent."""
        self._socket.close(linger=0)
        if self._own:
            self._context.term()

    async def __aenter__(self) -> Subscription[P]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _receive(self) -> bool:
        """Wait for messages; False when none came in time."""
        try:
            messages = [await asyncio.wait_for(self._socket.recv(), self._timeout_s)]
        except asyncio.TimeoutError:
            return False
        while self._latest and len(messages) < 2 * HIGH_WATER_MARK and await self._socket.poll(0):
            messages.append(await self._socket.recv())
        self._waiting.extend(newest(messages))
        return True
