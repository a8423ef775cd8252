"""The bridge to browsers over real sockets; its publisher is a bare socket that sends what a test needs."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import ClientConnection

from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.server import MAX_PENDING, Bridge
from edge.errors import PublishError
from edge.wire.frames import Stamp
from edge.wire.model import ModelEncoder
from edge.wire.publisher import Publisher
from meshcast.protocol.decoding import decode
from meshcast.protocol.encoding import encode
from meshcast.protocol.packets import FramePacket, ModelPacket, Packet, StatusPacket
from tests.support import golden_packets
from tests.support.websocket_bridge import (
    ENCODER,
    HERE,
    MODEL,
    PATIENCE_S,
    Upstream,
    frame,
    join,
    mesh,
    mesh_lod,
    model,
    read_all,
    running,
)


def status(stream: str = "cam0") -> bytes:
    return encode(
        StatusPacket(stream, 0, 1, time.time_ns(), time.monotonic_ns(), MODEL.model_id, "live", 0, "", MODEL.name)
    )


@contextmanager
def publishing(publisher: Publisher) -> Iterator[None]:
    """Publishes frames every few milliseconds from another thread."""
    stop = threading.Event()

    def work() -> None:
        index = 0
        while not stop.wait(0.003):
            publisher.publish(frame(index), golden_packets.bodies(1))
            index += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_for(what: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline
        meanwhile()


def test_bridge_forwards_unchanged_bytes_with_model_first(upstream: Upstream) -> None:
    with running(Bridge(upstream.address, HERE)) as url:
        assert upstream.asked(2) == {b"\1model/", b"\1status/"}
        with join(url, "?levels=mesh") as first:
            assert upstream.asked(1) == {b"\1mesh/"}
            sent = [upstream.send(model()), upstream.send(mesh(0)), upstream.send(status())]
            assert [first.recv(PATIENCE_S) for _ in sent] == sent
            # The model is not repeated to whom has it; a newcomer gets it before anything else.
            known = upstream.send(model(seq=1))
            news = upstream.send(mesh(1))
            assert first.recv(PATIENCE_S) == news
            with join(url, "?levels=mesh") as second:
                assert second.recv(PATIENCE_S) == known
                last = upstream.send(mesh(2))
                assert [first.recv(PATIENCE_S), second.recv(PATIENCE_S)] == [last, last]


def test_bridge_unused_levels_are_not_subscribed(upstream: Upstream) -> None:
    with running(Bridge(upstream.address, HERE)) as url:
        upstream.asked(2)
        with join(url, "?levels=params,mesh&stream=cam0"):
            assert upstream.asked(2) == {b"\1params/cam0\0", b"\1mesh/cam0\0"}
            with join(url, "?levels=mesh&stream=cam0"), join(url):
                # Nothing new for the second browser; the third one wants the default.
                assert upstream.asked(1) == {b"\1mesh-lod/"}
            assert upstream.asked(1) == {b"\0mesh-lod/"}
        assert upstream.asked(2) == {b"\0params/cam0\0", b"\0mesh/cam0\0"}


def test_bridge_browser_receives_selected_levels_and_streams(upstream: Upstream) -> None:
    with running(Bridge(upstream.address, HERE)) as url:
        upstream.asked(2)
        with join(url, "?levels=mesh-lod&stream=cam0") as one, join(url, "?levels=mesh") as every:
            upstream.asked(2)
            for message in (model("cam01"), status("cam01"), mesh_lod(0, "cam01"), mesh(1, "cam01")):
                upstream.send(message)
            expected = [upstream.send(model()), upstream.send(mesh_lod(2))]
            last = upstream.send(mesh(3))
            assert [one.recv(PATIENCE_S), one.recv(PATIENCE_S)] == expected
            got = [every.recv(PATIENCE_S) for _ in range(4)]
            while last not in got:
                got.append(every.recv(PATIENCE_S))
            topics = {bytes(message)[:40].rstrip(b"\0") for message in got}
            assert topics == {b"model/cam01", b"model/cam0", b"status/cam01", b"mesh/cam01", b"mesh/cam0"}


def test_bridge_invalid_messages_are_dropped(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    with running(Bridge(upstream.address, HERE)) as url, join(url, "?levels=mesh") as browser:
        upstream.asked(3)
        upstream.send(b"mesh/cam0\0 is not one")
        upstream.send(b"mesh/cam0\0 nor this")
        good = upstream.send(mesh(0))
        assert browser.recv(PATIENCE_S) == good
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"{upstream.address}: not a Meshcast message (21 bytes): is something else publishing at this address?"
    ]


def test_bridge_publisher_restart_is_reconnected() -> None:
    def words(address: str, browser: ClientConnection, body: Any) -> list[Packet]:
        """What a new publisher sends of its model, up to the first frame."""
        got: list[Packet] = []
        model_id = ModelEncoder(body).model_id
        with Publisher(address, body, streams=["cam0"]) as publisher, publishing(publisher):
            while not got or not isinstance(got[-1], FramePacket):
                packet = decode(browser.recv(PATIENCE_S))
                if packet.model_id == model_id and not isinstance(packet, StatusPacket):
                    got.append(packet)
        return got

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    with running(Bridge(address, HERE)) as url, join(url, "?levels=mesh") as browser:
        first = words(address, browser, golden_packets.rigged())
        second = words(address, browser, golden_packets.model())
    assert first[0].session != second[0].session
    for model_packet, frame_packet in (first, second):
        assert isinstance(model_packet, ModelPacket)
        assert isinstance(frame_packet, FramePacket)


def test_bridge_blocked_browser_is_disconnected(upstream: Upstream) -> None:
    bridge = Bridge(upstream.address, HERE, send_timeout_s=0.3)
    crowd = replace(golden_packets.bodies(1), vertices=np.random.default_rng(0).random((1, 100_000, 3), np.float32))
    with running(bridge) as url:
        upstream.asked(2)
        host, _, port = url.removeprefix("ws://").partition(":")
        with socket.socket() as stuck, join(url, "?levels=mesh") as browser:
            upstream.asked(1)
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.connect((host, int(port)))
            stuck.sendall(
                f"GET /stream?levels=mesh HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            wait_for(lambda: bridge.connected == 2)
            sent: list[bytes] = []

            def exchange() -> None:
                seq = len(sent)
                stamp = Stamp.now("cam0", seq, 1, MODEL.model_id, MODEL.name)
                message = ENCODER.mesh(frame(seq), crowd, stamp)
                upstream.send(message)
                # Each one arrives although the other browser takes none.
                assert browser.recv(PATIENCE_S) == message
                sent.append(message)

            wait_for(lambda: bridge.connected == 1, exchange)
            assert len(sent) >= 3
            # The bridge closed the connection; what the kernel had buffered for it is lost.
            with pytest.raises(ConnectionResetError):
                read_all(stuck)


@pytest.mark.parametrize(("words", "code"), [("x" * 1025, 1009), (b"x" * 100_000, 1009), ("x", 1008), (b"", 1008)])
def test_bridge_client_message_closes_connection(upstream: Upstream, words: str | bytes, code: int) -> None:
    with running(Bridge(upstream.address, HERE)) as url, join(url) as browser:
        browser.send(words)
        with pytest.raises(ConnectionClosed) as caught:
            browser.recv(PATIENCE_S)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == code


def test_bridge_limits_browsers(upstream: Upstream) -> None:
    bridge = Bridge(upstream.address, HERE, max_clients=2)
    with running(bridge) as url:
        upstream.asked(2)
        with join(url) as first, join(url):
            wait_for(lambda: bridge.connected == 2)
            with join(url) as third, pytest.raises(ConnectionClosedError) as caught:
                third.recv(PATIENCE_S)
            assert caught.value.rcvd is not None
            assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1013, "limit of 2 browsers reached")
            first.close()
            wait_for(lambda: bridge.connected == 1)
            with join(url) as fourth:
                wait_for(lambda: bridge.connected == 2)
                upstream.asked(1)
                good = upstream.send(mesh_lod(0))
                assert fourth.recv(PATIENCE_S) == good


def test_bridge_idle_connections_are_closed_for_browsers(upstream: Upstream) -> None:
    with running(Bridge(upstream.address, HERE, max_clients=2)) as url, ExitStack() as stack:
        host, _, port = url.removeprefix("ws://").partition(":")
        idle = [
            stack.enter_context(socket.create_connection((host, int(port)), PATIENCE_S))
            for _ in range(MAX_PENDING + 20)
        ]
        with join(url, "?levels=mesh") as browser:
            upstream.asked(3)
            good = upstream.send(mesh(0))
            assert browser.recv(PATIENCE_S) == good
        assert idle[0].recv(1) == b""


def test_bridge_address_in_use_raises(upstream: Upstream) -> None:
    async def start(listen: Endpoint) -> None:
        async with Bridge(upstream.address, listen):
            pass

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PublishError, match=f"127.0.0.1:{port}: cannot listen on this address"):
            asyncio.run(start(Endpoint("127.0.0.1", port)))
