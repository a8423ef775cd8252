"""Publishes the streams of several publishers at one address."""

from __future__ import annotations

import logging
import math
import os
import select
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import zmq

from edge.errors import UsageError
from edge.wire.curve_auth import Security
from edge.wire.descriptors import raise_limit
from edge.wire.peers import Limits
from edge.wire.proxy_routes import Routes
from edge.wire.publisher_socket import PublisherSocket
from edge.wire.upstream import Upstream, UpstreamConfig
from meshcast.protocol.layout import COMMON_HEADER, MAGIC, TOPIC_SIZE, Kind
from meshcast.transport.address import check_address

HIGH_WATER_MARK = 64  # messages queued for a slow client, of all streams together
LIMITS = Limits(connections=1024, all_topics_cost=1 << 20)  # clients name the topics of many streams
MAX_UPSTREAMS = 1024
MAX_AT_ONCE = 32  # messages of a publisher, before those of the others
IDLE_S = 0.25  # longest wait between two checks
REQUESTS_SHARE = 10  # computing what to request takes at most one part in this many of the time
WARN_S = 60.0

_MAGIC = slice(TOPIC_SIZE, TOPIC_SIZE + len(MAGIC))
_STATUS = b"status/"
_SESSION = struct.Struct("<I")
_SESSION_AT = 72

log = logging.getLogger("meshcast.proxy")


@dataclass(frozen=True, slots=True)
class UpstreamStats:
    """A publisher.

    Attributes:
        address: of the publisher.
        messages, message_bytes: received so far.
        discarded: messages that were not requested, or damaged.
        streams: whether each of its streams is live.
        silent_s: time since the latest status message of each of its streams, s; infinite without one.
    """

    address: str
    messages: int
    message_bytes: int
    discarded: int
    streams: dict[str, bool]
    silent_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProxyStats:
    """Counters of a proxy.

    Attributes:
        clients: connected clients with a subscription.
        refused: connections that exceeded a limit or failed the handshake.
        messages, message_bytes: forwarded so far by kind.
        sessions: by stream, how often its session changed.
        upstreams: the publishers.
    """

    clients: int = 0
    refused: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    message_bytes: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)
    upstreams: tuple[UpstreamStats, ...] = ()


class Proxy:
    """An XPUB socket for clients, and an XSUB socket for each publisher.

    Messages pass unchanged. A publisher is asked for the topics that clients want, stream by stream, and again for its
    model when a client subscribes to it. A stream belongs to the first publisher that announces it, until that one is
    silent: two publishers of one name never mix. Clients have the limits and the queues that they have at a
    publisher.
    """

    def __init__(
        self,
        address: str,
        upstreams: Sequence[UpstreamConfig] = (),
        *,
        security: Security | None = None,
        limits: Limits = LIMITS,
        high_water_mark: int = HIGH_WATER_MARK,
    ) -> None:
        """
        Args:
            address: for clients, see PublisherSocket; `address` becomes the bound one.
            upstreams: the publishers; `set_upstreams` changes them.
            security: access control of the clients.
            limits: resource limits of the clients.
            high_water_mark: messages queued for a slow client.

        Raises:
            AddressError: the address cannot be bound, or one of a publisher is none.
            PublishError: the address is public and neither encrypted nor declared insecure.
            UsageError: two publishers have the same address or stream.
        """
        raise_limit()
        check_upstreams(upstreams)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, MAX_UPSTREAMS + 64)
        self._upstreams: dict[UpstreamConfig, Upstream] = {}
        self._routes = Routes()
        self._stats_lock = threading.Lock()
        self._counts: dict[Kind, list[int]] = {kind: [0, 0] for kind in Kind}
        self._sessions: dict[str, tuple[int, int]] = {}  # by stream: the latest, and the number of changes
        self._orders: deque[Sequence[UpstreamConfig]] = deque()
        self._wake, self._ring = os.pipe()
        os.set_blocking(self._ring, False)
        self._polled = select.epoll()
        self._socket: PublisherSocket | None = None
        self._requests_due_s: float | None = 0.0
        self._requests_allowed_s = 0.0
        self._changes = -1
        self._ready: dict[int, Upstream] = {}
        self._by_descriptor: dict[int, Upstream] = {}
        self._warn_s = 0.0
        try:
            self._socket = PublisherSocket(address, high_water_mark=high_water_mark, security=security, limits=limits)
            self.address = self._socket.address
            self._polled.register(self._wake, select.EPOLLIN)
            self._polled.register(self._socket.fileno(), select.EPOLLIN)
            self._apply(upstreams)
        except BaseException:
            self.close()
            raise

    def set_upstreams(self, upstreams: Sequence[UpstreamConfig]) -> None:
        """Connect to these publishers and to no others; unchanged ones stay connected. Any thread may call it.

        Raises UsageError and AddressError, see check_upstreams."""
        check_upstreams(upstreams)
        self._orders.append(tuple(upstreams))
        self.wake()

    def wake(self) -> None:
        """Let `run` check `should_stop` at once. Any thread may call it."""
        with suppress(OSError):
            os.write(self._ring, b"\0")

    def run(self, should_stop: Callable[[], bool], on_idle: Callable[[], None] = lambda: None) -> None:
        """Forward messages until `should_stop` is true; it is asked at least every IDLE_S, as is `on_idle` called."""
        while not should_stop():
            on_idle()
            turn_end_s = time.monotonic() + IDLE_S
            self._forget(time.monotonic())
            while time.monotonic() < turn_end_s:
                if not self._turn() and not self._wait(turn_end_s - time.monotonic()):
                    break

    def stats(self) -> ProxyStats:
        """Counters; any thread may ask."""
        now_s = time.monotonic()
        socket = self._socket
        with self._stats_lock:
            upstreams = tuple(
                UpstreamStats(
                    config.address,
                    upstream.messages,
                    upstream.message_bytes,
                    upstream.discarded,
                    {name: not upstream.is_silent(name, now_s) for name in upstream.status_s},
                    {name: now_s - at_s if at_s else math.inf for name, at_s in upstream.status_s.items()},
                )
                for config, upstream in self._upstreams.items()
            )
            return ProxyStats(
                clients=0 if socket is None else socket.subscribers,
                refused=0 if socket is None else socket.refused,
                messages={kind.name.lower(): counts[0] for kind, counts in self._counts.items()},
                message_bytes={kind.name.lower(): counts[1] for kind, counts in self._counts.items()},
                sessions={name: changes for name, (_, changes) in self._sessions.items()},
                upstreams=upstreams,
            )

    def close(self) -> None:
        """Disconnect publishers and clients. Idempotent; not while `run` runs."""
        if self._polled.closed:
            return
        if self._socket is not None:
            self._socket.close()
        for upstream in self._upstreams.values():
            upstream.close()
        self._context.term()
        self._polled.close()
        os.close(self._ring)
        os.close(self._wake)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _clients(self) -> PublisherSocket:
        assert self._socket is not None
        return self._socket

    def _turn(self) -> bool:
        """Read requests and some messages of each publisher that has some. Returns whether more may be there."""
        while self._orders:
            self._apply(self._orders.popleft())
        for prefix in self._clients.subscriptions():
            for wanted, upstream in self._routes.models(prefix):
                upstream.ask_model(wanted)
                self._requests_due_s = 0.0
        now_s = time.monotonic()
        if self._requests_due(now_s):
            self._request(now_s)
        busy = self._clients.more
        for descriptor, upstream in list(self._ready.items()):
            for _ in range(MAX_AT_ONCE):
                frame = upstream.receive()
                if frame is None:
                    del self._ready[descriptor]
                    break
                self._forward(upstream, frame)
                busy = True  # sending may have read what the descriptor of the clients' socket signaled
        return busy

    def _wait(self, timeout_s: float) -> bool:
        """Wait until there is something to do; False when the time is over."""
        due_s = self._requests_due_s
        if due_s is not None:
            timeout_s = min(timeout_s, max(due_s, self._requests_allowed_s) - time.monotonic())
        found = self._polled.poll(max(0.0, timeout_s))
        for descriptor, _ in found:
            if descriptor == self._wake:
                os.read(self._wake, 4096)
                return False
            if descriptor in self._by_descriptor:
                self._ready[descriptor] = self._by_descriptor[descriptor]
        return bool(found) or due_s is not None

    def _forward(self, upstream: Upstream, frame: zmq.Frame) -> None:
        """Send a message to the clients if it was requested; a status message also tells about its stream."""
        data = frame.buffer
        if len(data) < COMMON_HEADER.itemsize or data[_MAGIC] != MAGIC:
            upstream.discarded += 1
            return
        name = bytes(data[:TOPIC_SIZE])
        if name.startswith(_STATUS):
            self._hear(upstream, name, data)
        route = self._routes.get(name)
        if route is None or route.upstream is not upstream:
            upstream.discarded += 1
            return
        counts = self._counts[route.kind]
        counts[0] += 1
        counts[1] += len(data)
        self._clients.send(frame)

    def _hear(self, upstream: Upstream, name: bytes, data: memoryview) -> None:
        """Learn of a stream that is alive, and whether its session has changed."""
        now_s = time.monotonic()
        stream = name[len(_STATUS) :].rstrip(b"\0").decode("ascii", "replace")
        known = self._routes.owner(stream)
        if known is not None and known is not upstream and not known.is_silent(stream, now_s):
            both = f"{known.config.address} and {upstream.config.address}"
            self._warn(f"{stream}: published by {both}; only the first one is forwarded", now_s)
            return
        with self._stats_lock:
            if not self._routes.valid(stream) or not upstream.heard(stream, now_s):
                return
            session = _SESSION.unpack_from(data, _SESSION_AT)[0]
            latest, changes = self._sessions.get(stream, (session, 0))
            self._sessions[stream] = session, changes + (session != latest)
        if known is not upstream:
            self._routes.assign(stream, upstream)
            self._requests_due_s = 0.0

    def _requests_due(self, now_s: float) -> bool:
        if self._clients.changes != self._changes:
            self._requests_due_s = 0.0
        return self._requests_due_s is not None and now_s >= max(self._requests_due_s, self._requests_allowed_s)

    def _request(self, now_s: float) -> None:
        """Request of each publisher what clients want of it."""
        self._changes = self._clients.changes
        due = []
        for descriptor, upstream in self._by_descriptor.items():
            wanted = {topic for topic in self._routes.topics(upstream) if self._clients.wants(topic)}
            if wanted != upstream.requested or upstream.models_asked:
                due.append(upstream.request(wanted, now_s))
                self._ready[descriptor] = upstream  # sending may have read what its descriptor signaled
        self._requests_due_s = min((later for later in due if later is not None), default=None)
        done_s = time.monotonic()
        self._requests_allowed_s = done_s + REQUESTS_SHARE * (done_s - now_s)

    def _apply(self, upstreams: Sequence[UpstreamConfig]) -> None:
        wanted = dict.fromkeys(upstreams)
        with self._stats_lock:
            for config in [config for config in self._upstreams if config not in wanted]:
                upstream = self._upstreams.pop(config)
                self._routes.remove(upstream)
                descriptor = upstream.fileno()
                self._polled.unregister(descriptor)
                self._ready.pop(descriptor, None)
                del self._by_descriptor[descriptor]
                upstream.close()
            for config in wanted:
                if config not in self._upstreams:
                    upstream = self._upstreams[config] = Upstream(self._context, config)
                    descriptor = upstream.fileno()
                    self._by_descriptor[descriptor] = self._ready[descriptor] = upstream
                    self._polled.register(descriptor, select.EPOLLIN)
                    for stream in config.streams:
                        self._routes.assign(stream, upstream)
            served = {name for upstream in self._upstreams.values() for name in upstream.status_s}
            self._sessions = {name: value for name, value in self._sessions.items() if name in served}
        self._requests_due_s = 0.0

    def _forget(self, now_s: float) -> None:
        """Forget the streams of which nothing was heard for long."""
        for upstream in self._upstreams.values():
            with self._stats_lock:
                for stream in upstream.forgotten(now_s):
                    self._routes.drop(stream, upstream)
                    if self._routes.owner(stream) is None:
                        self._sessions.pop(stream, None)

    def _warn(self, problem: str, now_s: float) -> None:
        if now_s >= self._warn_s:
            self._warn_s = now_s + WARN_S
            log.warning("%s", problem)


def check_upstreams(upstreams: Sequence[UpstreamConfig]) -> None:
    """Raises UsageError for too many publishers and for two with the same address or stream, AddressError for an
    address that is none."""
    if len(upstreams) > MAX_UPSTREAMS:
        raise UsageError(f"{len(upstreams)} publishers: a proxy has at most {MAX_UPSTREAMS}; run several proxies")
    addresses: set[str] = set()
    owners: dict[str, str] = {}
    for upstream in upstreams:
        if upstream.address in addresses:
            raise UsageError(f"{upstream.address}: given twice; name each publisher once")
        addresses.add(upstream.address)
        check_address(upstream.address, connecting=True)
        for stream in sorted(upstream.streams):
            if stream in owners:
                raise UsageError(
                    f"{stream}: expected from {owners[stream]} and {upstream.address}; give the streams different names"
                )
            owners[stream] = upstream.address
