"""A bridge on a thread of its own."""

from __future__ import annotations

import threading

import pytest

from edge.bridges.websocket.background import BackgroundBridge
from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.resources import About
from edge.bridges.websocket.server import Bridge
from edge.errors import PublishError
from tests.support.websocket_bridge import HERE, Upstream, answer, join, mesh_lod, model


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
