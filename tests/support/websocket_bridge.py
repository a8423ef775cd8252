"""A bridge to browsers on a free port, its publisher, and requests to it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import zmq
from websockets.sync.client import ClientConnection, connect

from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.server import Bridge
from edge.types import Frame
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from tests.support import golden_packets

MODEL = ModelEncoder(golden_packets.rigged())
ENCODER = FrameEncoder(lod_vertices=np.array([0, 2, 4, 6], np.int32))
HERE = Endpoint("127.0.0.1", 0)
NUMBERS = count()
PATIENCE_S = 20.0  # a limit for failures only


class Upstream:
    """A publisher's socket within this process: what was sent has arrived."""

    def __init__(self) -> None:
        self.address = f"inproc://bridge-test-{next(NUMBERS)}"
        self.socket = zmq.Context.instance().socket(zmq.XPUB)
        self.socket.bind(self.address)

    def asked(self, requests: int) -> set[bytes]:
        """The next requests of the bridge: 1 to subscribe or 0 to unsubscribe, and the start of a topic."""
        found = set()
        for _ in range(requests):
            assert self.socket.poll(int(PATIENCE_S * 1000))
            found.add(self.socket.recv())
        return found

    def send(self, message: bytes) -> bytes:
        self.socket.send(message, zmq.DONTWAIT)
        return message


@contextmanager
def running(bridge: Bridge) -> Iterator[str]:
    """The bridge in a thread of its own; gives the address for WebSockets."""
    started: list[Any] = []
    ready = threading.Event()

    async def work() -> None:
        stop = asyncio.Event()
        try:
            async with bridge:
                started.extend([bridge.url, asyncio.get_running_loop(), stop])
                ready.set()
                await stop.wait()
        finally:
            ready.set()

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    assert ready.wait(PATIENCE_S)
    assert started, "the bridge has not started"
    url, loop, stop = started
    try:
        yield url.replace("http", "ws", 1)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def frame(index: int = 0) -> Frame:
    return Frame("cam0", index, time.monotonic_ns(), index / 30, np.zeros((48, 64, 3), np.uint8))


def mesh(seq: int, stream: str = "cam0", people: int = 1) -> bytes:
    return ENCODER.mesh(
        frame(seq), golden_packets.bodies(people), Stamp.now(stream, seq, 1, MODEL.model_id, MODEL.name)
    )


def mesh_lod(seq: int, stream: str = "cam0") -> bytes:
    return ENCODER.mesh_lod(frame(seq), golden_packets.bodies(1), Stamp.now(stream, seq, 1, MODEL.model_id, MODEL.name))


def model(stream: str = "cam0", session: int = 1, seq: int = 0) -> bytes:
    return MODEL.encode(stream=stream, seq=seq, session=session)


def join(url: str, query: str = "", **options: Any) -> ClientConnection:
    return connect(f"{url}/stream{query}", max_size=None, **options)


def answer(url: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a request for exactly this path: no client library tidies it up."""
    host, _, port = url.removeprefix("ws://").partition(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        data = read_all(raw)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


def read_all(raw: socket.socket) -> bytes:
    return b"".join(iter(lambda: raw.recv(1 << 16), b""))


def write_page(folder: Path) -> Path:
    """A page in `folder`/page, with files beside it that must not be served."""
    page = folder / "page"
    (page / "sub").mkdir(parents=True)
    for name in ("index.html", "a.js", "b.css", "c.json", "d.unknown", "sub/index.html"):
        (page / name).write_text(f"this is {name}")
    (folder / "secret.txt").write_text("secret")
    (folder / "page-too").mkdir()
    (folder / "page-too/secret.txt").write_text("secret")
    (page / "link.txt").symlink_to(folder / "secret.txt")
    return page
