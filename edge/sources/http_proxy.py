"""A loopback HTTP proxy for FFmpeg that checks every address against a policy.

FFmpeg follows redirects and playlists on its own and cannot be told which addresses to avoid. With this proxy it must
request each connection; the proxy resolves the host, checks the addresses, and connects to exactly the address it
checked. It reads only the head of a request and forwards the rest unchanged.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from edge.sources.address_policy import AddressPolicy, AddressRefused, Server, UnknownHost

CONNECT_TIMEOUT_S = 10.0
HEAD_TIMEOUT_S = 10.0
MAX_CONNECTIONS = 16  # concurrent; FFmpeg uses one or two
_MAX_HEAD_BYTES = 64 << 10
_CHUNK = 64 << 10
_BACKLOG = 8


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the latest connection failed. final: a retry will fail too."""

    reason: str
    final: bool


@dataclass(frozen=True, slots=True)
class _Request:
    """The head of a request: CONNECT, or a method with an absolute URL. lines: the header lines."""

    method: str
    url: SplitResult
    version: str
    lines: tuple[str, ...]
    rest: bytes

    @property
    def server(self) -> Server:
        return Server(self.url.hostname or "", self.url.port or 80)


class FilteringProxy:
    """Listens from construction to close(). `url` is the value of FFmpeg's option http_proxy.

    refusal: why the latest connection failed, None if it did not; a final refusal stays.
    """

    def __init__(self, policy: AddressPolicy, environment: Mapping[str, str] | None = None) -> None:
        """environment: holds http_proxy and no_proxy (default: the environment of the process). If it names a proxy,
        connections go there after the same check."""
        self.refusal: Refusal | None = None
        self._policy = policy
        self._upstream, self._bypass_hosts = _proxy_of(
            _environment_for_ffmpeg() if environment is None else environment
        )
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="meshcast-proxy", daemon=True).start()

    def close(self) -> None:
        """Close all connections; this ends the threads."""
        with self._lock:
            self._closed = True
            for each in (self._listener, *self._open):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._track(client):
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), name="meshcast-proxy-connection", daemon=True).start()

    def _track(self, connection: socket.socket) -> bool:
        """Let close() close this connection too; False if already closed or at the limit of connections."""
        with self._lock:
            if self._closed or len(self._open) >= 2 * MAX_CONNECTIONS:
                return False
            self._open.add(connection)
            return True

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        try:
            client.settimeout(HEAD_TIMEOUT_S)
            request = _read_request(client)
            server = self._connect(request)
            if server is None:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                return
            self._start(request, client, server)
            client.settimeout(None)
            server.settimeout(None)
            if request.method == "CONNECT":
                threading.Thread(
                    target=_forward, args=(client, server), name="meshcast-proxy-upload", daemon=True
                ).start()
            _forward(server, client)
        except (OSError, ValueError):
            pass  # FFmpeg notices the closed connection
        finally:
            for each in (client, server):
                if each is not None:
                    with self._lock:
                        self._open.discard(each)
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)  # ends the other direction's thread
                    each.close()

    def _connect(self, request: _Request) -> socket.socket | None:
        """Connect to the server of the request or to the user's proxy; None on failure, see `refusal`."""
        server = request.server
        proxy = self._proxy_for(server)
        try:
            try:
                addresses = self._policy.addresses(server)
            except UnknownHost:
                if proxy is None:
                    raise
                addresses = []  # only the proxy of this network resolves names
            if proxy is not None:
                addresses, server = [proxy.hostname or ""], Server(proxy.hostname or "", proxy.port or 80)
            connection = _connected(addresses, server.port)
        except AddressRefused as error:
            self.refusal = Refusal(str(error), final=True)
        except UnknownHost as error:
            self._failed(str(error))
        except OSError as error:
            self._failed(
                "no answer before the timeout" if isinstance(error, TimeoutError) else (error.strerror or str(error))
            )
        else:
            if self._track(connection):
                if self.refusal is not None and not self.refusal.final:
                    self.refusal = None
                return connection
            connection.close()
        return None

    def _failed(self, reason: str) -> None:
        if self.refusal is None or not self.refusal.final:
            self.refusal = Refusal(reason[:1].lower() + reason[1:], final=False)

    def _proxy_for(self, server: Server) -> SplitResult | None:
        if self._upstream is None or _bypasses(server.host, self._bypass_hosts):
            return None
        return self._upstream

    def _start(self, request: _Request, client: socket.socket, server: socket.socket) -> None:
        """Forward the head to the server, or answer a CONNECT request."""
        proxy = self._proxy_for(request.server)
        lines = [line for line in request.lines if not re.match(r"(?i)(proxy-|connection:)", line)]
        if not self._policy.is_named(request.server):
            lines = [line for line in lines if not re.match(r"(?i)(authorization|cookie):", line)]
        lines.append("Connection: close")  # further requests on this connection would not be checked
        if proxy is None and request.method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            server.sendall(request.rest)
            return
        if proxy is not None and proxy.username:
            login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
        url = request.url
        if request.method == "CONNECT":
            target = url.netloc
        elif proxy is not None:
            target = url.geturl()
        else:
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        head = "\r\n".join((f"{request.method} {target} {request.version}", *lines, "", ""))
        server.sendall(head.encode("latin-1") + request.rest)


def _read_request(client: socket.socket) -> _Request:
    """Read the head of a proxy request. Raises ValueError for anything else."""
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) > _MAX_HEAD_BYTES:
            raise ValueError("request head too long")
        piece = client.recv(_CHUNK)
        if not piece:
            raise ValueError("connection closed in the request head")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    url = urlsplit(f"//{target}" if method == "CONNECT" else target)
    if not url.hostname or (method == "CONNECT") is bool(url.scheme) or url.scheme not in ("", "http"):
        raise ValueError("no server address")
    return _Request(method, url, version, tuple(lines), rest)


def _connected(addresses: list[str], port: int) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), CONNECT_TIMEOUT_S)
        except OSError as error:  # noqa: PERF203
            failure = error
    raise failure or OSError("no address")


def _forward(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _proxy_of(environment: Mapping[str, str]) -> tuple[SplitResult | None, str]:
    """Return the user's proxy as FFmpeg would choose it, and the list of hosts that bypass it."""
    proxy = urlsplit(environment.get("http_proxy", ""))
    return (proxy if proxy.scheme == "http" and proxy.hostname else None), environment.get("no_proxy", "")


def _bypasses(host: str, no_proxy: str) -> bool:
    """Whether a host is in a comma-separated list of hosts and domains."""
    names = [name.strip().lower().removeprefix("*").removeprefix(".") for name in no_proxy.split(",") if name.strip()]
    host = host.lower()
    return any(name in ("", host) or host.endswith(f".{name}") for name in names)


def _environment_for_ffmpeg() -> dict[str, str]:
    """Rename no_proxy to NO_PROXY in the environment and return a copy with both.

    FFmpeg reads only no_proxy and would bypass this proxy; Python and most other libraries read both spellings.
    """
    lower = os.environ.pop("no_proxy", None)
    if lower is not None:
        os.environ.setdefault("NO_PROXY", lower)
    return {**os.environ, "no_proxy": os.environ.get("NO_PROXY", "")}
