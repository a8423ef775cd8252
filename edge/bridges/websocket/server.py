"""A bridge to browsers: forwards a publisher's messages, unchanged, as binary WebSocket messages.

`/stream?levels=mesh-lod,params&stream=cam0` is what a browser connects to. Upstream there is one subscription for each
start of a topic that some browser wants, so that levels nobody looks at are not made.
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
MAX_INCOMING_BYTES = 1024  # a browser has nothing to say
MAX_MODELS = 256  # streams whose models are kept for newcomers
STUCK_S = 4.0  # a browser that takes nothing for so long is cut off; it connects again when it wakes
NEWCOMERS = 64  # connections beside the browsers that watch: requests, and pages on their way
OPEN_S = 5.0  # for TLS, and again for the request and a page
CLOSE_S = 5.0
SEND_BUFFER_BYTES = 256 << 10  # more would only make a slow browser's bodies older

log = logging.getLogger("meshcast.bridge")
# Whoever sends nonsense to the port must not fill the log.
_quiet = logging.getLogger("meshcast.bridge.connections")
_quiet.setLevel(logging.CRITICAL)


class Bridge:
    """Serves browsers what the publisher at `address` sends; an asynchronous context manager.

    page: served over HTTP at the same port. origins: further pages that may connect, such as "https://example.org".
    max_clients: how many browsers at a time. stuck_s: how long a browser may take nothing. curve: keys for a publisher
    that is encrypted. token: what browsers must know. hosts: further names that it may be asked for by. Entering raises
    AddressError when an address cannot be used.
    """

    def __init__(
        self,
        address: str,
        listen: Endpoint,
        *,
        page: StaticFiles | None = None,
        origins: Sequence[str] = (),
        max_clients: int = MAX_CLIENTS,
        stuck_s: float = STUCK_S,
        curve: Curve | None = None,
        token: Token | None = None,
        hosts: Sequence[str] = (),
    ) -> None:
        check_address(address, connecting=True)
        self._address = address
        self._listen = listen
        self._page = page
        self._origins = Origins(listen, origins)
        self._hosts = Hosts(listen, hosts)
        self._token = token
        self._max_clients = max_connections(max_clients)
        self._stuck_s = stuck_s
        self._curve = curve
        self._browsers: set[ClientQueue] = set()
        self._wanted: Counter[bytes] = Counter()
        self._models: dict[bytes, bytes] = {}
        self._warned = False

    async def __aenter__(self) -> Bridge:
        # Within the process, a socket must share the publisher's context.
        self._own = not self._address.startswith("inproc://")
        self._context = zmq.asyncio.Context() if self._own else zmq.asyncio.Context(zmq.Context.instance())
        self._socket = self._context.socket(zmq.SUB)
        try:
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
        """What to open in a browser: the page, with the token where there is one."""
        return self.url if self._token is None else self._token.link(self.url)

    @property
    def url(self) -> str:
        """Where the page is; the stream is at the same place with ws or wss instead of http or https."""
        port: int = self._server.sockets[0].getsockname()[1]
        return self._listen.url(port)

    @property
    def watching(self) -> int:
        """How many browsers are connected."""
        return len(self._browsers)

    async def run(self) -> None:
        """Forward until cancelled; an error of the receiving side ends it."""
        await asyncio.shield(self._receiver)

    def _disconnect(self) -> None:
        self._socket.close(linger=0)
        if self._own:
            self._context.term()

    async def _serve(self) -> Server:
        where = self._listen
        try:
            server: Server = await serve(
                self._watch,
                where.host or None,
                where.port,
                ssl=where.tls,
                ssl_handshake_timeout=OPEN_S if where.tls else None,
                create_connection=_counted(self._max_clients + NEWCOMERS),
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
            raise PublishError(f"{where.host or '*'}:{where.port}: cannot listen here ({reason})") from None
        for listening in server.sockets:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        return server

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """What a request gets: None lets a browser in, to `_watch`."""
        if not self._hosts.allow(request.headers.get_all("Host")):
            return connection.respond(HTTPStatus.MISDIRECTED_REQUEST, "this is not a name of this server; see --host\n")
        path, _, query = request.path.partition("?")
        if path != PATH:
            found = await asyncio.to_thread(self._page.answer, path) if self._page is not None else None
            return found or connection.respond(HTTPStatus.NOT_FOUND, f"nothing is here; the stream is at {PATH}\n")
        if not self._origins.allow(request.headers.get_all("Origin"), request.headers.get_all("Host")):
            return connection.respond(HTTPStatus.FORBIDDEN, "pages of this origin may not connect; see --origin\n")
        headers = request.headers
        if self._token is not None and not self._token.allows(
            headers.get_all("Authorization"), headers.get_all("Sec-WebSocket-Protocol")
        ):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "a token is needed; open the link of the bridge\n")
        try:
            ClientSelection.parse(query)
        except WireError as error:
            return connection.respond(HTTPStatus.BAD_REQUEST, f"{error}\n")
        return None

    async def _watch(self, connection: ServerConnection) -> None:
        """One browser, until it goes or is cut off."""
        if len(self._browsers) >= self._max_clients:
            await connection.close(CloseCode.TRY_AGAIN_LATER, f"{self._max_clients} browsers are watching already")
            return
        assert connection.request is not None
        browser = ClientQueue(ClientSelection.parse(connection.request.path.partition("?")[2]), self._models.values())
        self._browsers.add(browser)
        self._subscribe(browser.choice)
        tasks = [asyncio.create_task(self._feed(connection, browser)), asyncio.create_task(_refuse_words(connection))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._browsers.discard(browser)
            self._unsubscribe(browser.choice)
            for task in tasks:
                task.cancel()
            for end in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(end, Exception):
                    log.error("a browser is lost to an error of this program", exc_info=end)

    async def _feed(self, connection: ServerConnection, browser: ClientQueue) -> None:
        with suppress(ConnectionClosed):
            while True:
                message = await browser.next()
                try:
                    await asyncio.wait_for(connection.send(message), self._stuck_s)
                except asyncio.TimeoutError:
                    log.info("a browser took nothing for %g s and is cut off", self._stuck_s)
                    _break_off(connection)
                    return

    def _subscribe(self, choice: ClientSelection) -> None:
        for prefix in choice.prefixes():
            self._wanted[prefix] += 1
            if self._wanted[prefix] == 1 and not self._socket.closed:
                self._socket.subscribe(prefix)

    def _unsubscribe(self, choice: ClientSelection) -> None:
        for prefix in choice.prefixes():
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


def _counted(room: int) -> type[ServerConnection]:
    """Connections that are counted from their beginning: with more than `room`, the oldest that does not watch goes."""
    every: dict[ServerConnection, None] = {}

    class Counted(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            every[self] = None
            if len(every) > room:
                waiting = (each for each in every if each.state is not State.OPEN)
                next(waiting, self).transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            every.pop(self, None)
            super().connection_lost(exc)

    return Counted


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """A browser wants one of those that it offered; the token is not said again."""
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None


def _break_off(connection: ServerConnection) -> None:
    """Close at once, and let the kernel forget what was on its way: it would keep it for minutes."""
    raw = connection.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.transport.abort()


async def _refuse_words(connection: ServerConnection) -> None:
    """Ends when the browser goes, or says something: reading is also how its going is noticed."""
    with suppress(ConnectionClosed):
        async for _ in connection:
            await connection.close(CloseCode.POLICY_VIOLATION, "nothing is expected from a browser")
