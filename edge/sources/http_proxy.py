"""A forward proxy on the loopback interface through which FFmpeg's HTTP goes, so that every address is checked.

FFmpeg follows redirects and playlists by itself and cannot be told where not to go. With this as its proxy it has to
ask for each connection; the gate looks the host up, holds the addresses against the policy, and connects to exactly
the address that it checked. Only the head of a request is read, what follows is passed on as it is.
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
MOST_CONNECTIONS = 16  # at one time; FFmpeg has one or two
_MOST_HEAD_BYTES = 64 << 10
_CHUNK = 64 << 10
_BACKLOG = 8


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the latest connection was not made. final: it will not be another time either."""

    reason: str
    final: bool


@dataclass(frozen=True, slots=True)
class _Request:
    """The head of a request: CONNECT, or a method with an absolute URL. lines are the header's."""

    method: str
    url: SplitResult
    version: str
    lines: tuple[str, ...]
    rest: bytes

    @property
    def server(self) -> Server:
        return Server(self.url.hostname or "", self.url.port or 80)


class Gate:
    """Listens from construction to close(). `url` is for FFmpeg's option http_proxy.

    refusal: why the latest connection failed, None when it did not; one that is final stays.
    """

    def __init__(self, policy: AddressPolicy, environment: Mapping[str, str] | None = None) -> None:
        """environment: where http_proxy and no_proxy are looked up: a proxy of the user's is connected to instead of
        the server, after the same check."""
        self.refusal: Refusal | None = None
        self._policy = policy
        self._proxy, self._no_proxy = _proxy_of(_take_environment() if environment is None else environment)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="meshcast-gate", daemon=True).start()

    def close(self) -> None:
        """Cut all connections; the threads end by themselves."""
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
            if not self._keep(client):
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), name="meshcast-gate-connection", daemon=True).start()

    def _keep(self, connection: socket.socket) -> bool:
        """Have close() cut the connection too; False when the gate is closed or has enough connections."""
        with self._lock:
            if self._closed or len(self._open) >= 2 * MOST_CONNECTIONS:
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
                threading.Thread(target=_pass_on, args=(client, server), name="meshcast-gate-up", daemon=True).start()
            _pass_on(server, client)
        except (OSError, ValueError):
            pass  # FFmpeg notices that its connection is gone
        finally:
            for each in (client, server):
                if each is not None:
                    with self._lock:
                        self._open.discard(each)
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)  # ends the other direction's thread
                    each.close()

    def _connect(self, request: _Request) -> socket.socket | None:
        """A connection to where the request goes, or to the user's proxy; None when there is none, see refusal."""
        server = request.server
        proxy = self._proxy_for(server)
        try:
            try:
                addresses = self._policy.addresses(server)
            except UnknownHost:
                if proxy is None:
                    raise
                addresses = []  # a network that resolves names at its proxy only
            if proxy is not None:
                addresses, server = [proxy.hostname or ""], Server(proxy.hostname or "", proxy.port or 80)
            connection = _connected(addresses, server.port)
        except AddressRefused as error:
            self.refusal = Refusal(str(error), final=True)
        except UnknownHost as error:
            self._failed(str(error))
        except OSError as error:
            self._failed("no answer in time" if isinstance(error, TimeoutError) else (error.strerror or str(error)))
        else:
            if self._keep(connection):
                if self.refusal is not None and not self.refusal.final:
                    self.refusal = None
                return connection
            connection.close()
        return None

    def _failed(self, reason: str) -> None:
        if self.refusal is None or not self.refusal.final:
            self.refusal = Refusal(reason[:1].lower() + reason[1:], final=False)

    def _proxy_for(self, server: Server) -> SplitResult | None:
        if self._proxy is None or _bypasses(server.host, self._no_proxy):
            return None
        return self._proxy

    def _start(self, request: _Request, client: socket.socket, server: socket.socket) -> None:
        """Send the head to the server, or answer a CONNECT, which needs none."""
        proxy = self._proxy_for(request.server)
        lines = [line for line in request.lines if not re.match(r"(?i)(proxy-|connection:)", line)]
        if not self._policy.is_named(request.server):
            lines = [line for line in lines if not re.match(r"(?i)(authorization|cookie):", line)]
        lines.append("Connection: close")  # the next request of a connection would not be checked
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
    """The head of what the client sends. Raises ValueError for anything but a proxy's request."""
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) > _MOST_HEAD_BYTES:
            raise ValueError("the head is too long")
        piece = client.recv(_CHUNK)
        if not piece:
            raise ValueError("the connection ended in the head")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    url = urlsplit(f"//{target}" if method == "CONNECT" else target)
    if not url.hostname or (method == "CONNECT") is bool(url.scheme) or url.scheme not in ("", "http"):
        raise ValueError("no address of a server")
    return _Request(method, url, version, tuple(lines), rest)


def _connected(addresses: list[str], port: int) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), CONNECT_TIMEOUT_S)
        except OSError as error:  # noqa: PERF203
            failure = error
    raise failure or OSError("no address")


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _proxy_of(environment: Mapping[str, str]) -> tuple[SplitResult | None, str]:
    """The user's proxy, as FFmpeg would have taken it, and the hosts that are not to go through it."""
    proxy = urlsplit(environment.get("http_proxy", ""))
    return (proxy if proxy.scheme == "http" and proxy.hostname else None), environment.get("no_proxy", "")


def _bypasses(host: str, no_proxy: str) -> bool:
    """Whether a host is one of a comma-separated list of hosts and domains."""
    names = [name.strip().lower().removeprefix("*").removeprefix(".") for name in no_proxy.split(",") if name.strip()]
    host = host.lower()
    return any(name in ("", host) or host.endswith(f".{name}") for name in names)


def _take_environment() -> dict[str, str]:
    """The environment, in which no_proxy becomes NO_PROXY: FFmpeg looks for the former and would go past the gate.

    Python's and most other libraries read both spellings.
    """
    lower = os.environ.pop("no_proxy", None)
    if lower is not None:
        os.environ.setdefault("NO_PROXY", lower)
    return {**os.environ, "no_proxy": os.environ.get("NO_PROXY", "")}
