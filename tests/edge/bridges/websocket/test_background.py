"""A bridge on a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from edge.bridges.websocket.background import BackgroundBridge
from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.resources import About
from edge.bridges.websocket.server import Bridge
from edge.errors import PublishError
from edge.types import Frame
from edge.wire.previews import PreviewConfig
from edge.wire.publisher import Publisher
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import PreviewPacket
from tests.support import golden_packets
from tests.support.websocket_bridge import HERE, PATIENCE_S, Upstream, answer, join, mesh_lod, model


def test_background_bridge_serves_until_it_is_closed(upstream: Upstream) -> None:
    before = threading.active_count()
    with BackgroundBridge(Bridge(upstream.address, HERE, resources=[About({"mode": "live"})])) as page:
        assert page.link.startswith("http://127.0.0.1:")
        url = page.link.replace("http", "ws", 1)
        assert answer(url, "/about.json")[2] == b'{"mode": "live"}'
        assert upstream.asked(2) == {b"\1model/", b"\1status/"}
        with join(url, "?levels=mesh-lod") as browser:
            upstream.asked(1)
            upstream.send(model())
            sent = upstream.send(mesh_lod(0))
            assert {browser.recv(20), browser.recv(20)} >= {sent}
    assert threading.active_count() <= before + 1


def test_background_bridge_raises_what_the_bridge_raises(upstream: Upstream) -> None:
    with BackgroundBridge(Bridge(upstream.address, HERE)) as page:
        port = int(page.link.rpartition(":")[2])
        taken = Bridge(upstream.address, Endpoint("127.0.0.1", port))
        with pytest.raises(PublishError, match="cannot listen on this address"), BackgroundBridge(taken):
            pass


def test_previews_reach_a_browser_beside_one_that_reads_nothing() -> None:
    address = "inproc://previews-beside-a-stalled-browser"
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    settings = PreviewConfig(fps=1000, quality=95)
    with (
        Publisher(address, golden_packets.model(), streams=["cam0"], previews=settings) as publisher,
        BackgroundBridge(Bridge(address, HERE, send_timeout_s=PATIENCE_S)) as page,
    ):
        url = page.link.replace("http", "ws", 1)
        stalled = join(url, "?levels=preview", max_queue=1)
        with stalled, join(url, "?levels=preview,joints") as browser:
            stalled.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            index, shown = 0, 0
            deadline = time.monotonic() + PATIENCE_S
            while shown < 12 and time.monotonic() < deadline:
                frame = Frame("cam0", index, time.monotonic_ns(), index / 30, noise)
                publisher.publish(frame, golden_packets.bodies(1))
                index += 1
                with suppress(TimeoutError):
                    shown += isinstance(decode(browser.recv(0.02)), PreviewPacket)
            assert shown == 12
            stalled.socket.shutdown(socket.SHUT_RDWR)  # its closing handshake would wait for what it has not read
