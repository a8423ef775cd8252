"""What hostile peers do to a publisher's socket, over loopback TCP or ipc://. Each attack runs until `stop` is set and
returns how many connections it made. Loaded by path: tests are no package."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count

import zmq

from meshcast.transport.curve import Curve, secure_client

CONNECT_S = 20.0  # a full queue of connections costs a second, and so does a publisher that is busy
TIMEOUT_S = 1.0
GREETING = b"\xff" + bytes(8) + b"\x7f\3\1" + b"NULL".ljust(20, b"\0") + bytes(32)  # ZMTP 3.1
READY = b"\5READY\x0bSocket-Type\0\0\0\3SUB"
SUBSCRIBE, CANCEL = b"\1", b"\0"
TOPIC_BYTES = 40  # the longest that a topic of ours can be

Attack = Callable[[str, threading.Event], int]


def dial(address: str) -> socket.socket:
    """A connection to a tcp://HOST:PORT or ipc://PATH address that says nothing yet."""
    scheme, _, rest = address.partition("://")
    if scheme == "ipc":
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(TIMEOUT_S)
        made.connect(rest)
        return made
    host, _, port = rest.rpartition(":")
    made = socket.create_connection((host.strip("[]"), int(port)), CONNECT_S)
    made.settimeout(TIMEOUT_S)
    return made


def shake_hands(made: socket.socket) -> None:
    """Say in ZMTP 3.1 that this is a SUB socket without keys, and wait for the publisher's greeting."""
    made.sendall(GREETING + b"\4" + bytes([len(READY)]) + READY)
    if not made.recv(1):
        raise ConnectionResetError("the publisher hung up")


def frame(body: bytes) -> bytes:
    """One message of ZMTP."""
    if len(body) < 256:
        return b"\0" + bytes([len(body)]) + body
    return b"\2" + len(body).to_bytes(8, "big") + body


def topics(size: int = TOPIC_BYTES) -> Iterator[bytes]:
    """Different topics without end."""
    for number in count():
        yield b"%08d" % number + b"x" * (size - 8)


def _again_and_again(
    address: str, stop: threading.Event, speak: Callable[[socket.socket], None], shake: bool = True
) -> int:
    """Connect and speak until the publisher ends the connection, then connect again."""
    connections = 0
    while not stop.is_set():
        with suppress(OSError), dial(address) as made:
            connections += 1
            if shake:
                shake_hands(made)
            while not stop.is_set():
                speak(made)
    return connections


def flood_topics(address: str, stop: threading.Event, size: int = TOPIC_BYTES) -> int:
    """Subscribe to different topics as fast as they are taken."""
    endless = topics(size)
    return _again_and_again(address, stop, lambda made: made.sendall(frame(SUBSCRIBE + next(endless))))


def flood_long_topics(address: str, stop: threading.Event) -> int:
    """Subscribe to topics that are longer than any of ours."""
    return flood_topics(address, stop, 400)


def flood_sequence(address: str, stop: threading.Event, size: int = TOPIC_BYTES) -> int:
    """Connect, subscribe to a hundred topics and leave, again and again."""
    connections = 0
    endless = topics(size)
    while not stop.is_set():
        with suppress(OSError), dial(address) as made:
            connections += 1
            shake_hands(made)
            made.sendall(b"".join(frame(SUBSCRIBE + next(endless)) for _ in range(100)))
    return connections


def many_below_the_limit(address: str, stop: threading.Event, peers: int = 200, each: int = 100) -> int:
    """Many connections, each with fewer topics than one may have; those that are cut off are not made again."""
    endless = topics()
    with ExitStack() as stack:
        for _ in range(peers):
            with suppress(OSError):
                made = stack.enter_context(dial(address))
                shake_hands(made)
                made.sendall(b"".join(frame(SUBSCRIBE + next(endless)) for _ in range(each)))
        stop.wait()
    return peers


def ping_pong(address: str, stop: threading.Event) -> int:
    """Subscribe and cancel the same topic as fast as it is taken."""
    turns = (frame(SUBSCRIBE + b"model/") + frame(CANCEL + b"model/")) * 100
    return _again_and_again(address, stop, lambda made: made.sendall(turns))


def flood_pings(address: str, stop: threading.Event) -> int:
    """Ask for signs of life as fast as they are answered."""
    body = b"\4PING" + b"\0\0"
    pings = (b"\4" + bytes([len(body)]) + body) * 200

    def speak(made: socket.socket) -> None:
        made.sendall(pings)
        made.recv(1 << 16)

    return _again_and_again(address, stop, speak)


def garbage(address: str, stop: threading.Event) -> int:
    """Random bytes instead of ZMTP."""
    source = random.Random(0)
    return _again_and_again(address, stop, lambda made: made.sendall(source.randbytes(4096)), shake=False)


def huge_frames(address: str, stop: threading.Event) -> int:
    """Announce a message of a terabyte and begin to send it."""
    head = b"\2" + (1 << 40).to_bytes(8, "big")
    return _again_and_again(address, stop, lambda made: made.sendall(head + bytes(1 << 16)))


def idle(address: str, stop: threading.Event, peers: int = 1000) -> int:
    """Many connections that say nothing, made again when they are ended."""
    made: dict[int, socket.socket] = {}
    connections = 0
    while not stop.is_set():
        for place in range(peers):
            if stop.is_set():
                break
            held = made.get(place)
            if held is not None and not _ended(held):
                continue
            if held is not None:
                held.close()
            with suppress(OSError):
                made[place] = dial(address)
                connections += 1
        stop.wait(0.05)
    for held in made.values():
        held.close()
    return connections


def dripping_handshakes(address: str, stop: threading.Event, peers: int = 50) -> int:
    """Greetings that come a byte every tenth of a second."""
    connections = 0
    with ExitStack() as stack:
        while not stop.is_set():
            made = []
            for _ in range(peers):
                with suppress(OSError):
                    made.append(stack.enter_context(dial(address)))
                    connections += 1
            for byte in GREETING:
                for each in made:
                    with suppress(OSError):
                        each.send(bytes([byte]))
                if stop.wait(0.1):
                    break
    return connections


def _ended(made: socket.socket) -> bool:
    made.setblocking(False)
    try:
        return not made.recv(1 << 16)
    except BlockingIOError:
        return False
    except OSError:
        return True


def flood_encrypted(address: str, stop: threading.Event, curve: Curve) -> int:
    """As flood_topics, by a client whose key is allowed; libzmq connects it again."""
    with zmq.Context() as context, context.socket(zmq.XSUB) as made:
        made.set(zmq.LINGER, 0)
        made.set(zmq.SNDTIMEO, 100)
        secure_client(made, curve)
        made.connect(address)
        for topic in topics():
            if stop.is_set():
                break
            with suppress(zmq.Again):
                made.send(SUBSCRIBE + topic)
    return 1


ATTACKS: dict[str, Attack] = {
    name: globals()[name]
    for name in (
        "flood_topics",
        "flood_long_topics",
        "flood_sequence",
        "many_below_the_limit",
        "ping_pong",
        "flood_pings",
        "garbage",
        "huge_frames",
        "idle",
        "dripping_handshakes",
    )
}
