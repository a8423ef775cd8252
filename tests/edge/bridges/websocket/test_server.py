"""The bridge to browsers over real sockets; its publisher is a bare socket that sends what a test likes."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from edge.bridges.websocket.access import Hosts, Token, read_token
from edge.bridges.websocket.client_queue import MAX_TOPICS, ClientQueue, ClientSelection
from edge.bridges.websocket.endpoint import Endpoint, Origins, is_loopback, tls_context
from edge.bridges.websocket.server import MAX_PENDING, Bridge
from edge.bridges.websocket.static_files import StaticFiles
from edge.cli import bridge_websocket
from edge.errors import EXIT_WHOLE, PublishError
from edge.types import Frame
from edge.wire.curve_auth import Security
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from edge.wire.publisher import Publisher
from meshcast.errors import WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.encoding import encode
from meshcast.protocol.packets import FramePacket, ModelPacket, Packet, StatusPacket
from meshcast.transport.curve import Curve, Keys
from tests.support import golden_packets
from tests.support.paths import ROOT

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


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.socket.close(linger=0)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    (folder / "sub").mkdir(parents=True)
    for name in ("index.html", "a.js", "b.css", "c.json", "d.unknown", "sub/index.html"):
        (folder / name).write_text(f"this is {name}")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "page-too").mkdir()
    (tmp_path / "page-too/secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


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


def wait_for(what: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline
        meanwhile()


# Streams


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


# Being on time


def test_client_queue_keeps_newest_of_each_topic_and_models_first() -> None:
    async def work() -> None:
        browser = ClientQueue(ClientSelection(("mesh", "mesh-lod"), ""), [model("old")])
        messages = [mesh(0), mesh_lod(0), mesh(0, "cam1"), mesh(1), model(), mesh_lod(1), mesh(2)]
        for message in messages:
            browser.offer(message)
        got = [decode(await browser.next()) for _ in range(5)]
        assert [(packet.stream, type(packet).__name__) for packet in got[:2]] == [
            ("old", "ModelPacket"),
            ("cam0", "ModelPacket"),
        ]
        assert [(p.stream, p.level, p.seq) for p in got[2:] if isinstance(p, FramePacket)] == [
            ("cam0", "mesh", 2),
            ("cam0", "mesh-lod", 1),
            ("cam1", "mesh", 0),
        ]
        browser.offer(model(seq=9))  # known already
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(browser.next(), 0.01)
        browser.offer(model(session=2))
        assert decode(await browser.next()).session == 2

    asyncio.run(work())


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


# Who may connect, and what to


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?levels=vertices", b"unknown level 'vertices'; choose from params, joints, mesh, mesh-lod"),
        ("?levels=", b"unknown level ''"),
        ("?stream=a%2Fb", b"stream name 'a/b': use"),
        ("?stream=" + "x" * 31, b"use 1 to 30 letters"),
        ("?" + "&".join("a=1" for _ in range(20)), b"more than 16 parameters"),
    ],
)
def test_bridge_invalid_selection_is_bad_request(upstream: Upstream, query: str, message: bytes) -> None:
    with running(Bridge(upstream.address, HERE)) as url:
        code, _, body = answer(url, f"/stream{query}")
    assert code == 400
    assert message in body
    assert body.count(b"\n") == 1


def test_client_selection_parses_query() -> None:
    assert ClientSelection.parse("") == ClientSelection(("mesh-lod",), "")
    assert ClientSelection.parse("levels=params,mesh,params&stream=cam0&new=1") == ClientSelection(
        ("params", "mesh"), "cam0"
    )
    with pytest.raises(WireError):
        ClientSelection.parse("levels=model")


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "anything", True),
        ("http://127.0.0.1:8765", "127.0.0.1:8765", True),
        ("http://LOCALHOST:9", "localhost:9", True),
        ("http://[::1]:9", "[::1]:9", True),
        ("https://example.org", "127.0.0.1:8765", True),
        ("https://example.org", "example.org", True),
        ("http://example.org", "127.0.0.1:8765", False),
        ("https://evil.org", "127.0.0.1:8765", False),
        ("http://evil.org:8765", "evil.org:8765", False),  # a name of a stranger that leads to this machine
        ("http://127.0.0.1:80", "127.0.0.1:8765", False),
        ("https://example.org.evil.org", "127.0.0.1:8765", False),
        ("null", "127.0.0.1:8765", False),
        ("file://", "", False),
        ("http://[", "[", False),
    ],
)
def test_origins_loopback_server_checks_origin(origin: str | None, host: str, allowed: bool) -> None:
    origins = Origins(Endpoint("127.0.0.1", 8765), ["https://example.org"])
    assert origins.allow([origin] if origin is not None else [], [host]) is allowed


def test_origins_public_server_allows_its_own_hosts() -> None:
    origins = Origins(Endpoint("", 8765))
    assert origins.allow(["http://station:8765"], ["station:8765"])
    assert not origins.allow(["http://evil.org"], ["station:8765"])
    assert not origins.allow(["http://station:8765", "http://evil.org"], ["station:8765"])
    for wrong in ("example.org", "https://", "ws://example.org", "https://example.org/path"):
        with pytest.raises(PublishError, match="invalid origin"):
            Origins(HERE, [wrong])


def test_bridge_foreign_origin_is_forbidden(upstream: Upstream) -> None:
    with running(Bridge(upstream.address, HERE, origins=["https://example.org"])) as url:
        with pytest.raises(InvalidStatus) as caught:
            join(url, origin="https://evil.org")
        assert caught.value.response.status_code == 403
        own = url.replace("ws", "http", 1)
        with join(url, origin=own), join(url, origin="https://example.org"):
            pass


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


TOKEN = "abcdefghijklmnopqrstuvwxyz-_012345"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, 401),
        ({"additional_headers": {"Authorization": f"Bearer {TOKEN}x"}}, 401),
        ({"additional_headers": {"Authorization": TOKEN}}, 401),
        ({"subprotocols": ["meshcast", "meshcast.token."]}, 401),
        ({"additional_headers": {"Authorization": f"Bearer {TOKEN}"}}, 101),
        ({"subprotocols": ["meshcast", f"meshcast.token.{TOKEN}"]}, 101),
    ],
)
def test_bridge_token_is_required_for_the_stream(upstream: Upstream, options: dict[str, Any], code: int) -> None:
    with running(Bridge(upstream.address, HERE, token=Token(TOKEN))) as url:
        if code == 101:
            with join(url, **options) as browser:
                assert browser.subprotocol == ("meshcast" if "subprotocols" in options else None)
        else:
            with pytest.raises(InvalidStatus) as caught:
                join(url, **options)
            assert caught.value.response.status_code == code


def test_bridge_link_has_the_token_in_its_fragment(upstream: Upstream) -> None:
    bridge = Bridge(upstream.address, HERE, token=Token(TOKEN))
    with running(bridge):
        assert bridge.link == f"{bridge.url}/#token={TOKEN}"


def test_read_token_creates_private_file_once(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = read_token(path)
    assert len(token) >= 20
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_token(path) == token
    path.write_text("short\n")
    with pytest.raises(PublishError, match=r"token: invalid token; use 20 to 200 letters"):
        read_token(path)
    with pytest.raises(PublishError, match="not a regular file"):
        read_token(tmp_path)


@pytest.mark.parametrize(
    ("listen", "host", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1:8765", True),
        ("127.0.0.1", "LOCALHOST", True),
        ("127.0.0.1", "[::1]:1", True),
        ("127.0.0.1", "station.lan", True),
        ("127.0.0.1", "evil.org:8765", False),
        ("127.0.0.1", "192.168.1.2", False),
        ("127.0.0.1", "localhost.evil.org", False),
        ("127.0.0.1", "127.0.0.1@evil.org", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "127.0.0.1:x", False),
        ("", "192.168.1.2:8765", True),
        ("", "[fe80::1]", True),
        ("", "localhost:1", True),
        ("", "station.lan:1", True),
        ("", "evil.org", False),
        ("192.168.1.2", "192.168.1.2:8765", True),
        ("192.168.1.2", "localhost:8765", False),
        ("192.168.1.2", "192.168.1.3", False),
        ("camera.local", "Camera.local:8765", True),
    ],
)
def test_hosts_allow_own_names_only(listen: str, host: str, allowed: bool) -> None:
    assert Hosts(Endpoint(listen, 8765), ["Station.lan"]).allow([host]) is allowed


def test_bridge_rebound_host_name_is_rejected(upstream: Upstream, page: Path) -> None:
    with running(Bridge(upstream.address, HERE, page=StaticFiles(page))) as url:
        where = url.removeprefix("ws://").partition(":")
        for path in ("/", "/stream"):
            with socket.create_connection((where[0], int(where[2])), PATIENCE_S) as raw:
                raw.sendall(f"GET {path} HTTP/1.1\r\nHost: evil.org\r\n\r\n".encode())
                assert read_all(raw).startswith(b"HTTP/1.1 421 ")


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


def test_browser_queue_is_bounded() -> None:
    browser = ClientQueue(ClientSelection(("mesh",), ""))
    for number in range(MAX_TOPICS + 50):
        browser.offer(mesh(0, f"cam{number}", people=0))

    async def drain() -> int:
        count = 0
        while browser._others or browser._models:
            await browser.next()
            count += 1
        return count

    assert asyncio.run(drain()) == MAX_TOPICS


# The page


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/", b"this is index.html", "text/html; charset=utf-8"),
        ("/index.html?x=1", b"this is index.html", "text/html; charset=utf-8"),
        ("/a.js", b"this is a.js", "text/javascript; charset=utf-8"),
        ("/b.css", b"this is b.css", "text/css; charset=utf-8"),
        ("/c%2ejson", b"this is c.json", "application/json"),
        ("/d.unknown", b"this is d.unknown", "application/octet-stream"),
        ("/sub/", b"this is sub/index.html", "text/html; charset=utf-8"),
        ("/sub/../a.js", b"this is a.js", "text/javascript; charset=utf-8"),
    ],
)
def test_static_files_page_is_served(upstream: Upstream, page: Path, path: str, body: bytes, kind: str) -> None:
    with running(Bridge(upstream.address, HERE, page=StaticFiles(page))) as url:
        code, headers, found = answer(url, path)
    assert (code, found, headers["content-type"]) == (200, body, kind)
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/sub/../../secret.txt",
        "/../page-too/secret.txt",
        "/link.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/..%5csecret.txt",
        "/a.js%00.html",
        "/" + "x" * 5000,
        "secret.txt",
        "/streams",
    ],
)
def test_static_files_other_paths_are_not_found(upstream: Upstream, page: Path, path: str) -> None:
    with running(Bridge(upstream.address, HERE, page=StaticFiles(page))) as url:
        code, _, body = answer(url, path)
    assert code == 404
    assert body == b"not found; the stream is at /stream\n"


def test_bridge_without_page_serves_stream_only(upstream: Upstream, tmp_path: Path) -> None:
    with running(Bridge(upstream.address, HERE)) as url:
        assert answer(url, "/")[0] == 404
        assert answer(url, "/stream")[0] == 426
    with pytest.raises(PublishError, match=r"index\.html is missing"):
        StaticFiles(tmp_path)


# Where it listens


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8765", Endpoint("127.0.0.1", 8765)),
        ("localhost:0", Endpoint("localhost", 0)),
        ("[::1]:80", Endpoint("::1", 80)),
    ],
)
def test_endpoint_loopback_address_is_accepted(text: str, listen: Endpoint) -> None:
    assert Endpoint.parse(text) == listen


@pytest.mark.parametrize("text", ["*:8765", "0.0.0.0:8765", "192.168.1.2:80", "[::]:80", "station:80"])
def test_endpoint_public_address_needs_token_and_tls_or_insecure(text: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for tls in (None, context):
        with pytest.raises(PublishError, match="add --token-file FILE, or --insecure"):
            Endpoint.parse(text, tls=tls)
    with pytest.raises(PublishError, match="add --tls CERT KEY, or --insecure"):
        Endpoint.parse(text, token=True)
    assert Endpoint.parse(text, insecure=True).tls is None
    assert Endpoint.parse(text, tls=context, token=True).tls is context


@pytest.mark.parametrize("text", ["8765", "127.0.0.1", "127.0.0.1:", ":80", "::1:80", "127.0.0.1:99999", "a:-1", ""])
def test_endpoint_invalid_address_raises(text: str) -> None:
    with pytest.raises(PublishError, match="invalid listen address; use HOST:PORT"):
        Endpoint.parse(text, insecure=True)


def test_is_loopback_is_true_for_loopback_hosts_only() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "Localhost")] == [True] * 5
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "", "10.0.0.1", "localhost.evil.org"))


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


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate of this test")
def test_bridge_tls_serves_page_and_stream(upstream: Upstream, tmp_path: Path, page: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *words, *names, *files], check=True, capture_output=True)
    listen = Endpoint.parse("127.0.0.1:0", tls=tls_context(str(certificate), str(key)))
    with running(Bridge(upstream.address, listen, page=StaticFiles(page))) as url:
        assert url.startswith("wss://")
        upstream.asked(2)
        with join(url, ssl=ssl.create_default_context(cafile=str(certificate))) as browser:
            upstream.asked(1)
            good = upstream.send(mesh_lod(0))
            assert browser.recv(PATIENCE_S) == good
    with pytest.raises(PublishError, match="invalid certificate or key"):
        tls_context(str(certificate), str(certificate))
    with pytest.raises(PublishError, match="No such file"):
        tls_context(str(tmp_path / "none.pem"), str(key))


def test_bridge_curve_publisher_is_received(tmp_path: Path) -> None:
    server, client = (Keys(*zmq.curve_keypair()) for _ in range(2))
    (tmp_path / "bridge.pub").write_text(f'curve\n    public-key = "{client.public.decode()}"\n')
    security = Security(server, tmp_path)
    with Publisher("tcp://127.0.0.1:0", golden_packets.rigged(), streams=["cam0"], security=security) as publisher:
        bridge = Bridge(publisher.address, HERE, curve=Curve(client, server.public))
        with running(bridge) as url, join(url) as browser:
            assert isinstance(decode(browser.recv(PATIENCE_S)), ModelPacket)


# The command

SCRIPT = """
import argparse, sys
from edge.cli import bridge_websocket
assert not {"zmq", "numpy", "websockets"} & set(sys.modules), "the command line must stay light"
parser = argparse.ArgumentParser()
bridge_websocket.add_parser(parser.add_subparsers())
args = parser.parse_args(sys.argv[1:])
sys.exit(args.run(args))
"""


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bridge_websocket.add_parser(parser.add_subparsers())
    return parser.parse_args(["websocket", *words])


def test_websocket_command_serves_until_interrupted(page: Path) -> None:
    with (
        Publisher("tcp://127.0.0.1:0", golden_packets.rigged(), streams=["cam0"]) as publisher,
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "websocket", publisher.address, "--listen", "127.0.0.1:0", "--page", page],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        ) as process,
    ):
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            assert line.startswith(f"meshcast bridge: serving {publisher.address} at http://127.0.0.1:")
            url = line.split(" at ")[1].split()[0].replace("http", "ws", 1)
            assert answer(url, "/")[2] == b"this is index.html"
            with join(url) as browser:
                assert isinstance(decode(browser.recv(PATIENCE_S)), ModelPacket)
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait(PATIENCE_S) == EXIT_WHOLE
        finally:
            process.kill()  # after a failure the end of the block would wait for it
    assert rest == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["localhost"], "localhost: not an address; use tcp://"),
        (["tcp://127.0.0.1:1", "--listen", "0.0.0.0:0"], "a public address needs access control"),
        (["tcp://127.0.0.1:1", "--host", "http://station"], "invalid host name"),
        (["tcp://127.0.0.1:1", "--token-file", "/nowhere/token"], "cannot be created"),
        (["tcp://127.0.0.1:1", "--page", "/nowhere"], "index.html is missing"),
        (["tcp://127.0.0.1:1", "--origin", "example.org"], "invalid origin"),
        (["tcp://127.0.0.1:1", "--tls", "/nowhere.pem", "/nowhere.key"], "invalid certificate or key"),
    ],
)
def test_websocket_command_unusable_option_raises(words: list[str], message: str) -> None:
    with pytest.raises(Exception, match=message):
        bridge_websocket.run(parse(*words))


@pytest.mark.parametrize("words", [["--max-clients", "0"], ["--tls", "one"], ["--max-clients", "many"]])
def test_websocket_command_option_out_of_range_is_usage_error(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse("tcp://127.0.0.1:5556", *words)
    assert caught.value.code == 2
