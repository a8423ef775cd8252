"""WebSocket bridge: forwards the messages of a publisher, unchanged, as binary WebSocket messages.

Browsers connect to `/stream?levels=mesh-lod,params&stream=cam0`. The bridge subscribes once per topic prefix that a
browser has selected, so that the publisher does not produce unused levels.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType

import zmq
import zmq.asyncio
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from edge.bridges.websocket.access import SUBPROTOCOL, Hosts, Token
from edge.bridges.websocket.client_queue import MODEL, STATUS, ClientQueue, ClientSelection
from edge.bridges.websocket.endpoint import Endpoint, Origins
from edge.bridges.websocket.resources import Resource
from edge.bridges.websocket.static_files import StaticFiles
from edge.errors import PublishError
from edge.wire.descriptors import max_connections
from meshcast.errors import WireError
from meshcast.protocol.layout import TOPIC_SIZE, read_kind
from meshcast.transport.address import check_address
from meshcast.transport.curve import Curve
from meshcast.transport.sockets import connect

PATH = "/stream"
MAX_CLIENTS = 64
MAX_INCOMING_BYTES = 1024  # browsers send no messages
MAX_MODELS = 256  # maximum number of streams whose models are kept for new browsers
SEND_TIMEOUT_S = 4.0  # a browser that blocks for longer is disconnected; its page reconnects
MAX_PENDING = 64  # connections in addition to streaming browsers: requests and page downloads
OPEN_S = 5.0  # for the TLS handshake, and again for the request and a page
CLOSE_S = 5.0
SEND_BUFFER_BYTES = 256 << 10  # a larger buffer would only delay the frames of a slow browser

log = logging.getLogger("meshcast.bridge")
# Invalid requests to the port must not fill the log.
_quiet = logging.getLogger("meshcast.bridge.connections")
_quiet.setLevel(logging.CRITICAL)


class Bridge:
    """Forwards the publisher at `address` to browsers; an asynchronous context manager.

    address: None for a server without streams, of a recording. resources: further content, under the same access
    control as the streams. page: served over HTTP at the same port. origins: additional allowed origins, such as "https://example.org".
    max_clients: maximum number of browsers. send_timeout_s: maximum time that a browser may block. curve: keys for an
    encrypted publisher. token: required from browsers. hosts: additional allowed host names. Entering raises
    AddressError or PublishError for an unusable address.
    """

    def __init__(
        self,
        address: str | None,
        listen: Endpoint,
        *,
        resources: Sequence[Resource] = (),
        page: StaticFiles | None = None,
        origins: Sequence[str] = (),
        max_clients: int = MAX_CLIENTS,
        send_timeout_s: float = SEND_TIMEOUT_S,
        curve: Curve | None = None,
        token: Token | None = None,
        hosts: Sequence[str] = (),
    ) -> None:
        if address is not None:
            check_address(address, connecting=True)
        self._address = address
        self._resources = tuple(resources)
        self._listen = listen
        self._page = page
        self._origins = Origins(listen, origins)
        self._hosts = Hosts(listen, hosts)
        self._token = token
        self._max_clients = max_connections(max_clients)
        self._send_timeout_s = send_timeout_s
        self._curve = curve
        self._browsers: set[ClientQueue] = set()
        self._wanted: Counter[bytes] = Counter()
        self._models: dict[bytes, bytes] = {}
        self._warned = False

    async def __aenter__(self) -> Bridge:
        # An inproc socket must share the context of the publisher.
        self._own = self._address is None or not self._address.startswith("inproc://")
        self._context = zmq.asyncio.Context() if self._own else zmq.asyncio.Context(zmq.Context.instance())
        self._socket = self._context.socket(zmq.SUB)
        try:
            if self._address is not None:
                connect(self._socket, self._address, [MODEL, STATUS], self._curve)
            self._server = await self._serve()
        except BaseException:
            self._disconnect()
            raise
        self._receiver = asyncio.create_task(self._receive())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiver.cancel()
        with suppress(asyncio.CancelledError):
            await self._receiver
        self._server.close()
        await self._server.wait_closed()
        self._disconnect()

    @property
    def link(self) -> str:
        """URL of the page for a browser, including the token."""
        return self.url if self._token is None else self._token.link(self.url)

    @property
    def url(self) -> str:
        """URL of the page; the stream has the same URL with ws or wss instead of http or https."""
        port: int = self._server.sockets[0].getsockname()[1]
        return self._listen.url(port)

    @property
    def connected(self) -> int:
        """Number of connected browsers."""
        return len(self._browsers)

    async def run(self) -> None:
        """Forward until cancelled; raises errors of the receiver."""
        await asyncio.shield(self._receiver)

    def _disconnect(self) -> None:
        self._socket.close(linger=0)
        if self._own:
            self._context.term()

    async def _serve(self) -> Server:
        listen = self._listen
        try:
            server: Server = await serve(
                self._stream_to,
                listen.host or None,
                listen.port,
                ssl=listen.tls,
                ssl_handshake_timeout=OPEN_S if listen.tls else None,
                create_connection=_limited(self._max_clients + MAX_PENDING),
                select_subprotocol=_select_subprotocol,
                process_request=self._answer,
                compression=None,  # quantized vertices hardly shrink
                max_size=MAX_INCOMING_BYTES,
                max_queue=1,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                server_header=None,
                logger=_quiet,
            )
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PublishError(
                f"{listen.host or '*'}:{listen.port}: cannot listen on this address ({reason}); choose another --listen"
            ) from None
        for listening in server.sockets:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        return server

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request; None accepts the WebSocket upgrade."""
        if not self._hosts.allow(request.headers.get_all("Host")):
            return connection.respond(HTTPStatus.MISDIRECTED_REQUEST, "unknown host name; add it with --host\n")
        path, _, query = request.path.partition("?")
        streaming = path == PATH and self._address is not None
        resource = next((each for each in self._resources if each.owns(path)), None)
        if not streaming and resource is None:
            found = await asyncio.to_thread(self._page.answer, path) if self._page is not None else None
            return found or connection.respond(HTTPStatus.NOT_FOUND, f"not found; the stream is at {PATH}\n")
        if not self._origins.allow(request.headers.get_all("Origin"), request.headers.get_all("Host")):
            return connection.respond(HTTPStatus.FORBIDDEN, "origin not allowed; add it with --origin\n")
        headers = request.headers
        if self._token is not None and not self._token.allows(
            headers.get_all("Authorization"), headers.get_all("Sec-WebSocket-Protocol")
        ):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "token required; open the link that the bridge prints\n")
        if resource is not None:
            return await asyncio.to_thread(resource.answer, path, query)
        try:
            ClientSelection.parse(query)
        except WireError as error:
            return connection.respond(HTTPStatus.BAD_REQUEST, f"{error}\n")
        return None

    async def _stream_to(self, connection: ServerConnection) -> None:
        """Stream to one browser until it disconnects or blocks for too long."""
        if len(self._browsers) >= self._max_clients:
            await connection.close(CloseCode.TRY_AGAIN_LATER, f"limit of {self._max_clients} browsers reached")
            return
        assert connection.request is not None
        browser = ClientQueue(ClientSelection.parse(connection.request.path.partition("?")[2]), self._models.values())
        self._browsers.add(browser)
        self._subscribe(browser.selection)
        tasks = [
            asyncio.create_task(self._send_messages(connection, browser)),
            asyncio.create_task(_reject_messages(connection)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._browsers.discard(browser)
            self._unsubscribe(browser.selection)
            for task in tasks:
                task.cancel()
            for end in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(end, Exception):
                    log.error("internal error while serving a browser", exc_info=end)

    async def _send_messages(self, connection: ServerConnection, browser: ClientQueue) -> None:
        with suppress(ConnectionClosed):
            while True:
                message = await browser.next()
                try:
                    await asyncio.wait_for(connection.send(message), self._send_timeout_s)
                except asyncio.TimeoutError:
                    log.info("closing connection: send timed out after %g s", self._send_timeout_s)
                    _abort(connection)
                    return

    def _subscribe(self, selection: ClientSelection) -> None:
        for prefix in selection.prefixes():
            self._wanted[prefix] += 1
            if self._wanted[prefix] == 1 and not self._socket.closed:
                self._socket.subscribe(prefix)

    def _unsubscribe(self, selection: ClientSelection) -> None:
        for prefix in selection.prefixes():
            self._wanted[prefix] -= 1
            if self._wanted[prefix] == 0 and not self._socket.closed:
                self._socket.unsubscribe(prefix)

    async def _receive(self) -> None:
        while True:
            self._deliver(await self._socket.recv())

    def _deliver(self, message: bytes) -> None:
        try:
            read_kind(message)
        except WireError as error:
            if not self._warned:
                log.warning("%s: %s", self._address, error)
            self._warned = True
            return
        name = message[:TOPIC_SIZE]
        if name.startswith(MODEL) and (name in self._models or len(self._models) < MAX_MODELS):
            self._models[name] = message
        for browser in self._browsers:
            browser.offer(message)


def _limited(limit: int) -> type[ServerConnection]:
    """Create a connection class that aborts the oldest idle connection when there are more than `limit`."""
    connections: dict[ServerConnection, None] = {}

    class Limited(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            connections[self] = None
            if len(connections) > limit:
                idle = (each for each in connections if each.state is not State.OPEN)
                next(idle, self).transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self, None)
            super().connection_lost(exc)

    return Limited


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Select the protocol, never the subprotocol with the token."""
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None


def _abort(connection: ServerConnection) -> None:
    """Close at once and discard unsent data, which the kernel would otherwise keep for minutes."""
    raw = connection.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.transport.abort()


async def _reject_messages(connection: ServerConnection) -> None:
    """Return when the browser disconnects; close the connection if it sends a message."""
    with suppress(ConnectionClosed):
        async for _ in connection:
            await connection.close(CloseCode.POLICY_VIOLATION, "unexpected client message")
