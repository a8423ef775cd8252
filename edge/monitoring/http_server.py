"""An HTTP server for rare requests of few clients: one thread, with limits on everything that clients send."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

MAX_CONNECTIONS = 32
MAX_REQUEST_BYTES = 8192
REQUEST_S = 5.0  # for a whole request to arrive
ANSWER_S = 10.0  # for the answer to be taken
CLOSE_S = 2.0
BACKLOG = 128

log = logging.getLogger("meshcast.metrics")


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body. headers: by lower-case name; a repeated one has no value."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class HttpServer:
    """Answers one GET or HEAD request a connection, on a thread of its own, until it is closed.

    A client has `request_s` seconds to send at most MAX_REQUEST_BYTES, and ANSWER_S to take the answer. Of more than
    `max_connections` the one that has been silent for longest is cut off, so that idle clients keep no other out.
    """

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[Request], Answer],
        *,
        max_connections: int = MAX_CONNECTIONS,
        request_s: float = REQUEST_S,
    ) -> None:
        """host, port: where to listen, any free port for 0. answer: called on the server's thread.

        Raises OSError, UnicodeError or OverflowError where it cannot listen.
        """
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self._listening = socket.create_server(where[:2], family=family, backlog=BACKLOG)
        self.port: int = self._listening.getsockname()[1]
        self._answer = answer
        self._max_connections = max_connections
        self._request_s = request_s
        self._silent: dict[asyncio.StreamWriter, None] = {}  # those that have not asked yet, the oldest first
        self._busy: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="meshcast-http-server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close all connections and stop listening. May be called twice."""
        if self._thread.is_alive():
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()
            self._listening.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._client, sock=self._listening, limit=MAX_REQUEST_BYTES)
        await self._end.wait()
        server.close()
        for writer in (*self._silent, *self._busy):
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=CLOSE_S)  # they end by themselves now that their connections are cut

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._silent) + len(self._busy) >= self._max_connections:
            longest = next(iter(self._silent), writer)
            self._silent.pop(longest, None)
            longest.transport.abort()
            if longest is writer:
                return
        self._silent[writer] = None
        try:
            answer, method = await self._ask(reader)
            self._silent.pop(writer, None)
            self._busy.add(writer)
            await self._send(writer, answer, head_only=method == "HEAD")
        except (OSError, EOFError, asyncio.TimeoutError):
            writer.transport.abort()
        finally:
            self._silent.pop(writer, None)
            self._busy.discard(writer)

    async def _ask(self, reader: asyncio.StreamReader) -> tuple[Answer, str]:
        """Read a request; the answer to it, and its method. Raises OSError, EOFError or TimeoutError."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self._request_s)
        except asyncio.LimitOverrunError:
            return Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), ""
        request = _parse(head)
        if request is None:
            return Answer(HTTPStatus.BAD_REQUEST), ""
        if request.method not in ("GET", "HEAD"):
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "GET, HEAD"),)), ""
        try:
            return self._answer(request), request.method
        except Exception:  # a failed request must not affect later ones
            log.exception("%s cannot be answered", request.path)
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR), request.method

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer, *, head_only: bool) -> None:
        lines = [
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        writer.transport.set_write_buffer_limits(high=0)  # drain() then waits until everything has been taken
        writer.write("\r\n".join([*lines, "", ""]).encode() + (b"" if head_only else answer.body))
        await asyncio.wait_for(writer.drain(), ANSWER_S)
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), ANSWER_S)


def _parse(head: bytes) -> Request | None:
    """A request line and headers, None if malformed."""
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return None
    headers: dict[str, str] = {}
    twice: set[str] = set()
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return None
        name = name.lower()
        if name in headers:
            twice.add(name)
        headers[name] = value.strip()
    return Request(words[0], words[1].partition("?")[0], {k: v for k, v in headers.items() if k not in twice})
