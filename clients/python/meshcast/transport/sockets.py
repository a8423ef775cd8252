"""SUB sockets with bounded queues and automatic reconnect."""

from __future__ import annotations

from typing import Any

import zmq

from meshcast.errors import AddressError
from meshcast.transport.address import address_error, check_address
from meshcast.transport.curve import Curve, secure_client

HIGH_WATER_MARK = 8  # messages queued for a slow reader; the publisher drops later ones
MAX_MESSAGE_BYTES = 64 << 20
PROBES = {zmq.TCP_KEEPALIVE: 1, zmq.TCP_KEEPALIVE_IDLE: 2, zmq.TCP_KEEPALIVE_INTVL: 1, zmq.TCP_KEEPALIVE_CNT: 3}  # s
RECONNECT_MS = 100
RECONNECT_MAX_MS = 2000


def connect(
    socket: zmq.Socket[Any],
    address: str,
    topics: list[bytes],
    curve: Curve | None = None,
    *,
    high_water_mark: int = HIGH_WATER_MARK,
) -> None:
    """Subscribe a SUB socket and connect it, encrypted when keys are given.

    Raises AddressError, after closing the socket."""
    socket.set(zmq.RCVHWM, high_water_mark)
    socket.set(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    probe(socket)
    socket.set(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.set(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
    socket.set(zmq.IPV6, int("[" in address))
    socket.set(zmq.LINGER, 0)
    if curve is not None:
        secure_client(socket, curve)
    for topic in topics:
        socket.subscribe(topic)
    try:
        check_address(address, connecting=True)
        socket.connect(address)
    except AddressError:
        socket.close()
        raise
    except zmq.ZMQError as error:
        socket.close()
        raise address_error(address, error) from None


def probe(socket: zmq.Socket[Any]) -> None:
    """Detect unreachable peers with TCP keepalive.

    ZeroMQ's heartbeats are not usable: their timers trigger assertions of libzmq, at least until 4.3.5, which abort the
    process: "_input_stopped" in a reader that stalls for some seconds; "!_io_error" in a publisher when a subscriber
    with unread requests disconnects.
    """
    for option, value in PROBES.items():
        socket.set(option, value)
