"""The proxy of a fleet, in a process of its own, which is started again when it dies."""

from __future__ import annotations

import contextlib
import logging
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

from edge.fleet.backoff import Backoff
from edge.fleet.child import Child, ParentPipe
from edge.text import one_line
from edge.wire.curve_auth import Security
from edge.wire.proxy import Proxy, ProxyStats
from edge.wire.upstream import UpstreamConfig
from engines.errors import MeshcastError

START_S = 60.0  # for the first start
STATS_S = 0.5
POLL_S = 0.02

log = logging.getLogger("meshcast.fleet")


@dataclass(frozen=True, slots=True)
class ProxyLaunch:
    """To the process: the address of the site and its keys."""

    address: str
    security: Security


@dataclass(frozen=True, slots=True)
class Bound:
    """The proxy has this address, or it cannot be had."""

    address: str
    error: str = ""


class ProxyProcess:
    """The process, its publishers and its counters."""

    def __init__(self, address: str, security: Security) -> None:
        """Start the process and wait until it is bound. Raises MeshcastError."""
        self.address = address
        self.stats: ProxyStats | None = None
        self.restarts = 0
        self._security = security
        self._upstreams: tuple[UpstreamConfig, ...] = ()
        self._backoff = Backoff()
        self._due_s: float | None = None
        self._bound_s: float | None = None
        self._child: Child | None = self._new()
        end_s = time.monotonic() + START_S
        error = ""
        while not (self.bound or error) and time.monotonic() < end_s:
            error = self._read() or ""
            time.sleep(POLL_S)
        if not self.bound:
            self.close()
            raise MeshcastError(error or f"{address}: the proxy does not start")

    @property
    def pid(self) -> int | None:
        """Process id, None while it is down."""
        return None if self._child is None else self._child.pid

    @property
    def bound(self) -> bool:
        """Whether clients can connect."""
        return self._bound_s is not None

    def set_upstreams(self, upstreams: Sequence[UpstreamConfig]) -> None:
        """Forward the messages of these publishers."""
        if tuple(upstreams) != self._upstreams:
            self._upstreams = tuple(upstreams)
            if self._child is not None:
                self._child.send(self._upstreams)

    def silent_s(self, stream: str) -> float:
        """For how long no status of a stream had arrived when the proxy last reported; 0 without a report of it."""
        upstreams = () if self.stats is None else self.stats.upstreams
        return min((each.silent_s[stream] for each in upstreams if stream in each.silent_s), default=0.0)

    def poll(self) -> None:
        """Read its counters, and start it again if it has died."""
        now_s = time.monotonic()
        if self._child is None:
            if self._due_s is not None and now_s >= self._due_s:
                self._due_s = None
                self.restarts += 1
                self._child = self._new()
            return
        error = self._read()
        if error is None:
            return
        log.warning("%s: %s; it is started again", self.address, error)
        self._child.close()
        self._child, self.stats = None, None
        self._backoff.worked(0.0 if self._bound_s is None else now_s - self._bound_s)
        self._bound_s = None
        self._due_s = now_s + self._backoff.pause_s()

    def close(self) -> None:
        """End the process. Idempotent."""
        if self._child is not None:
            self._child.close()
            self._child = None
        self._due_s = None

    def _new(self) -> Child:
        child = Child("edge.fleet.proxy_process")
        child.send(ProxyLaunch(self.address, self._security))
        child.send(self._upstreams)
        return child

    def _read(self) -> str | None:
        """Process messages; returns why the process is of no more use, None while it is."""
        assert self._child is not None
        try:
            messages = self._child.receive()
        except EOFError:
            return f"the proxy {self._child.reason()}"
        for message in messages:
            if isinstance(message, ProxyStats):
                self.stats = message
            elif isinstance(message, Bound):
                if message.error:
                    return message.error
                self.address, self._bound_s = message.address, time.monotonic()
        return None


def main(descriptor: int) -> None:
    """Run the proxy whose ProxyLaunch comes over the pipe with this descriptor, until SIGTERM."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    stopped = False

    def stop(number: int, stack: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    proxy: Proxy | None = None

    def follow(upstreams: tuple[UpstreamConfig, ...]) -> None:
        assert proxy is not None
        with contextlib.suppress(MeshcastError):  # the fleet has checked them
            proxy.set_upstreams(upstreams)

    pipe = ParentPipe(descriptor, follow)
    launch: ProxyLaunch = pipe.receive()
    first: tuple[UpstreamConfig, ...] = pipe.receive()
    try:
        proxy = Proxy(launch.address, first, security=launch.security)
    except MeshcastError as error:
        pipe.send(Bound(launch.address, one_line(str(error))))
        return
    pipe.start()
    pipe.send(Bound(proxy.address))
    due_s = 0.0

    def tell() -> None:
        nonlocal due_s
        now_s = time.monotonic()
        if now_s >= due_s:
            due_s = now_s + STATS_S
            assert proxy is not None
            pipe.send(proxy.stats())

    with proxy:
        proxy.run(lambda: stopped, tell)
