"""Access to the bridge: origins, host names and tokens."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import zmq
from websockets.exceptions import InvalidStatus

from edge.bridges.websocket.access import Hosts, Token, read_token
from edge.bridges.websocket.endpoint import Endpoint, Origins
from edge.bridges.websocket.server import Bridge
from edge.bridges.websocket.static_files import StaticFiles
from edge.errors import PublishError
from edge.wire.curve_auth import Security
from edge.wire.publisher import Publisher
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import ModelPacket
from meshcast.transport.curve import Curve, Keys
from tests.support import golden_packets
from tests.support.websocket_bridge import HERE, PATIENCE_S, Upstream, join, read_all, running


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
        ("http://evil.org:8765", "evil.org:8765", False),  # a foreign name that resolves to this machine
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


def test_bridge_curve_publisher_is_received(tmp_path: Path) -> None:
    server, client = (Keys(*zmq.curve_keypair()) for _ in range(2))
    (tmp_path / "bridge.pub").write_text(f'curve\n    public-key = "{client.public.decode()}"\n')
    security = Security(server, tmp_path)
    with Publisher("tcp://127.0.0.1:0", golden_packets.rigged(), streams=["cam0"], security=security) as publisher:
        bridge = Bridge(publisher.address, HERE, curve=Curve(client, server.public))
        with running(bridge) as url, join(url) as browser:
            assert isinstance(decode(browser.recv(PATIENCE_S)), ModelPacket)
