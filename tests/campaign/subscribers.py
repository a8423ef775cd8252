"""Subscribers that come and go, and some that stall: the publisher neither grows nor slows down."""

from __future__ import annotations

import time

import zmq

from tests.campaign.harness import LIVE, Row, at_least, at_most, published, scaled, warm_up

COUNT = 2000
STALLED = 10
AT_ONCE = 20
WARM = 100
SLOWER = 1.25  # times the median age before


def run(scale: float) -> list[Row]:
    count = scaled(COUNT, scale)
    context = zmq.Context()
    try:
        with published(LIVE) as (child, listener, _):
            stalled = [_subscriber(context, child.address, b"mesh/", buffer=4096) for _ in range(STALLED)]
            _come_and_go(context, child.address, min(count, WARM))
            growth = warm_up(scale)
            warm, first, begin_s = child.usage(), len(listener.heard.times), time.monotonic()
            _come_and_go(context, child.address, count)
            during = len(listener.heard.times)
            rate = (during - first) / max(time.monotonic() - begin_s, 1e-9)
            for socket in stalled:
                socket.close(linger=0)
            came = listener.next_within(10)
            time.sleep(6)  # what is kept for subscribers that stall is given up after four seconds
            heard = listener.heard
            before_ms, during_ms = heard.p50_ms(0, first), heard.p50_ms(first, during)
            return [
                Row("connects and disconnects", str(count), "", True),
                at_least("frames come afterwards", came, 1),
                at_least("frames a second meanwhile", rate, 1.0),
                at_most(f"p50 age, ms ({before_ms:.1f} before)", during_ms, SLOWER * before_ms + 5),
                at_most("frames lost by a reader that keeps up", heard.lost, 0),
                *child.usage().rows_since(warm, growth),
                at_most("exit code", child.end(), 3),
            ]
    finally:
        context.destroy(linger=0)


def _come_and_go(context: zmq.Context[zmq.Socket[bytes]], address: str, count: int) -> None:
    """Subscribers one after the other, of which AT_ONCE are connected at a time."""
    connected: list[zmq.Socket[bytes]] = []
    for _ in range(count):
        connected.append(_subscriber(context, address, b"params/"))
        connected[-1].poll(20)
        if len(connected) >= AT_ONCE:
            connected.pop(0).close(linger=0)
    for socket in connected:
        socket.close(linger=0)


def _subscriber(
    context: zmq.Context[zmq.Socket[bytes]], address: str, topic: bytes, buffer: int = 0
) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.SUB)
    socket.set(zmq.RCVHWM, 1)
    if buffer:
        socket.set(zmq.RCVBUF, buffer)
    socket.subscribe(topic)
    socket.connect(address)
    return socket
