"""The filtering HTTP proxy: real servers on loopback, names from a patched resolver.

"video.example" is public by its (invented) address; the gate's connections to it end at the test's own server.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from edge.errors import SourceError
from edge.sources import Access, open_source
from edge.sources import address_policy as addresses
from edge.sources import http_proxy as gate
from edge.sources.address_policy import AddressPolicy, Server
from edge.sources.http_proxy import FilteringProxy
from tests.support.clips import clip_bytes, playlist

FRAMES = 10
PUBLIC = "93.184.215.14"


@dataclass
class Web:
    """A server whose pages are set by path: bytes, or the address of a redirect. requests holds what it was asked."""

    port: int
    pages: dict[str, bytes | str] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    password: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = web.pages.get(self.path.partition("?")[0])
            if web.password and "Authorization" not in self.headers:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                page = b""
            elif page is None:
                self.send_response(404)
                page = b""
            elif isinstance(page, str):
                self.send_response(302)
                self.send_header("Location", page)
                page = b""
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(page)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        web = Web(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield web
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def transport_stream() -> bytes:
    return clip_bytes("mpegts", FRAMES)


@pytest.fixture
def web(transport_stream: bytes) -> Iterator[Web]:
    with serving() as web:
        web.pages["/clip.ts"] = transport_stream
        yield web


@pytest.fixture
def inner() -> Iterator[Web]:
    with serving() as web:
        web.pages["/secret.ts"] = b""
        yield web


@pytest.fixture
def public_name(monkeypatch: pytest.MonkeyPatch, web: Web) -> str:
    """A host that resolves to a public address, whose connections end at `web`."""
    real_resolve, real_connect = addresses.resolve, socket.create_connection

    def resolve(host: str, port: int) -> list[str]:
        return [PUBLIC] if host.endswith(".example") else real_resolve(host, port)

    def connect(address: tuple[str, int], timeout: float | None = None) -> socket.socket:
        return real_connect(("127.0.0.1", web.port) if address[0] == PUBLIC else address, timeout)

    init: Callable[..., None] = AddressPolicy.__init__
    monkeypatch.setattr(
        AddressPolicy, "__init__", lambda self, named, **options: init(self, named, resolve=resolve, **options)
    )
    monkeypatch.setattr(gate.socket, "create_connection", connect)
    return "http://video.example"


def count(url: str, access: Access | None = None) -> int:
    with open_source(url, access=access) as source:
        assert not source.live
        return len(list(source))


def test_proxy_redirect_within_the_server_is_followed(web: Web) -> None:
    web.pages["/moved"] = "/clip.ts"
    web.pages["/list.m3u8"] = playlist("moved")
    with open_source(f"{web.url}/moved") as source:
        assert next(iter(source)).image.shape == (48, 64, 3)
    assert {path for path, _ in web.requests} == {"/moved", "/clip.ts"}


def test_proxy_redirect_to_private_address_is_refused(web: Web, inner: Web, public_name: str) -> None:
    web.pages["/moved"] = f"{inner.url}/secret.ts"
    for url in (f"{public_name}/moved", f"{web.url}/moved"):
        with pytest.raises(SourceError, match=rf"127\.0\.0\.1:{inner.port}.*--allow-private-redirects"):
            open_source(url)
    assert inner.requests == []


def test_proxy_allowed_redirect_to_private_address_is_followed(web: Web, inner: Web, transport_stream: bytes) -> None:
    inner.pages["/clip.ts"] = transport_stream
    web.pages["/moved"] = f"{inner.url}/clip.ts"
    with open_source(f"{web.url}/moved", access=Access(allow_private_redirects=True)) as source:
        assert next(iter(source)).image.shape == (48, 64, 3)


def test_proxy_redirect_to_public_server_is_followed(web: Web, public_name: str) -> None:
    web.pages["/moved"] = "http://cdn.example/clip.ts"
    with open_source(f"{public_name}/moved") as source:
        assert next(iter(source)).image.shape == (48, 64, 3)
    assert [headers["host"] for _, headers in web.requests if headers["host"] != "video.example"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "tcp://127.0.0.1:9/", "gopher://x/"])
def test_proxy_redirect_to_another_scheme_is_refused(web: Web, target: str) -> None:
    web.pages["/moved"] = target
    with pytest.raises(SourceError, match="no readable video"):
        open_source(f"{web.url}/moved")


def test_proxy_playlist_with_segments_of_its_server_plays(web: Web) -> None:
    web.pages["/list.m3u8"] = playlist("clip.ts")
    assert count(f"{web.url}/list.m3u8") == FRAMES


@pytest.mark.parametrize("reference", ["{inner}/secret.ts", "file:///etc/hostname", "tcp://127.0.0.1:{port}/a.ts"])
def test_proxy_playlist_referring_to_private_address_is_refused(
    web: Web, inner: Web, public_name: str, reference: str
) -> None:
    web.pages["/list.m3u8"] = playlist(reference.format(inner=inner.url, port=inner.port))
    for base in (public_name, web.url):
        with pytest.raises(SourceError):
            count(f"{base}/list.m3u8")
    assert inner.requests == []


@pytest.mark.parametrize(
    "page",
    [
        b"ffconcat version 1.0\nfile %s/secret.ts\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 26\n",
    ],
)
def test_proxy_other_list_format_is_refused(web: Web, inner: Web, page: bytes) -> None:
    web.pages["/x.mp4"] = page.replace(b"%s", inner.url.encode())
    with pytest.raises(SourceError, match="no readable video"):
        open_source(f"{web.url}/x.mp4")
    assert inner.requests == []


def test_proxy_credentials_are_sent_to_their_server_only(web: Web, public_name: str) -> None:
    web.password = "s3cret"
    web.pages["/moved"] = "http://other.example/clip.ts"
    with open_source(f"http://me:s3cret@{public_name.removeprefix('http://')}/clip.ts") as source:
        next(iter(source))
    assert any("authorization" in headers for _, headers in web.requests)
    web.requests.clear()
    with pytest.raises(SourceError, match="401"):
        open_source(f"http://me:s3cret@{public_name.removeprefix('http://')}/moved")
    asked = [headers for _, headers in web.requests if headers["host"].startswith("other.example")]
    assert asked
    assert not any("authorization" in headers for headers in asked)


def test_proxy_no_proxy_variable_does_not_bypass_the_policy(
    web: Web, inner: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.delenv("NO_PROXY", raising=False)
    web.pages["/moved"] = f"{inner.url}/secret.ts"
    with pytest.raises(SourceError, match="--allow-private-redirects"):
        open_source(f"{web.url}/moved")
    assert inner.requests == []
    assert os.environ["NO_PROXY"] == "127.0.0.1,localhost"


def ask(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(request)
        client.settimeout(10)
        received = b""
        while data := client.recv(4096):
            received += data
        return received


@pytest.fixture
def opened_gate(web: Web) -> Iterator[FilteringProxy]:
    opened = FilteringProxy(AddressPolicy(Server("127.0.0.1", web.port)), {})
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /clip.ts HTTP/1.1",
        "GET https://127.0.0.1/ HTTP/1.1",
        "GET ftp://127.0.0.1/ HTTP/1.1",
        "CONNECT /x HTTP/1.1",
    ],
)
def test_proxy_invalid_request_closes_connection(opened_gate: FilteringProxy, web: Web, request_line: str) -> None:
    port = int(opened_gate.url.rpartition(":")[2])
    assert ask(port, f"{request_line}\r\n\r\n".encode()) == b""
    assert web.requests == []


def test_proxy_tunnel_only_to_named_server(opened_gate: FilteringProxy, web: Web, inner: Web) -> None:
    port = int(opened_gate.url.rpartition(":")[2])
    inside = b"GET /nothing HTTP/1.0\r\n\r\n"
    answer = ask(port, f"CONNECT 127.0.0.1:{web.port} HTTP/1.1\r\n\r\n".encode() + inside)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b" 404 " in answer
    assert ask(port, f"CONNECT 127.0.0.1:{inner.port} HTTP/1.1\r\n\r\n".encode() + inside).startswith(b"HTTP/1.1 502")
    assert inner.requests == []


def test_proxy_serves_one_request_per_connection(opened_gate: FilteringProxy, web: Web, inner: Web) -> None:
    first = f"GET http://127.0.0.1:{web.port}/a HTTP/1.1\r\nConnection: keep-alive\r\nHost: x\r\n\r\n"
    second = f"GET http://127.0.0.1:{inner.port}/b HTTP/1.1\r\nHost: x\r\n\r\n"
    assert b" 404 " in ask(int(opened_gate.url.rpartition(":")[2]), (first + second).encode())
    assert inner.requests == []
    assert [headers["connection"] for path, headers in web.requests if path == "/a"] == ["close"]


def test_proxy_removes_credentials_for_other_servers(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.create_connection
    monkeypatch.setattr(
        gate.socket, "create_connection", lambda to, timeout=None: connect(("127.0.0.1", web.port), timeout)
    )
    checking = FilteringProxy(AddressPolicy(Server("video.example", 80), resolve=lambda host, port: [PUBLIC]), {})
    try:
        for host in ("video.example", "other.example"):
            head = f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic x\r\nCookie: y\r\n\r\n"
            with connect(("127.0.0.1", int(checking.url.rpartition(":")[2])), 10) as client:
                client.sendall(head.encode())
                assert client.recv(12) == b"HTTP/1.0 404"
        sent = {headers["host"]: {"authorization", "cookie"} & set(headers) for _, headers in web.requests}
        assert sent == {"video.example": {"authorization", "cookie"}, "other.example": set()}
    finally:
        checking.close()


def test_proxy_uses_user_proxy_after_check(web: Web, inner: Web) -> None:
    proxied = FilteringProxy(
        AddressPolicy(Server("video.example", 80), resolve=lambda host, port: [PUBLIC]),
        {"http_proxy": f"http://me:pw@127.0.0.1:{web.port}"},
    )
    try:
        port = int(proxied.url.rpartition(":")[2])
        assert b" 404 " in ask(port, b"GET http://video.example/a HTTP/1.1\r\nHost: video.example\r\n\r\n")
        assert web.requests[0][0] == "http://video.example/a"
        assert web.requests[0][1]["proxy-authorization"] == "Basic bWU6cHc="
    finally:
        proxied.close()


def test_proxy_close_closes_connections(opened_gate: FilteringProxy) -> None:
    with socket.create_connection(("127.0.0.1", int(opened_gate.url.rpartition(":")[2])), 10) as client:
        client.sendall(b"GET http")
        client.settimeout(10)
        opened_gate.close()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
