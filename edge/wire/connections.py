"""Monitors the connections of a publishing socket, and disconnects peers that exceed the limits."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import zmq

from edge.wire.accept_filter import AcceptFilter
from edge.wire.curve_auth import log
from edge.wire.descriptors import max_connections
from edge.wire.peers import HANDSHAKE_BYTES, Limits, Peer, Peers

EVENTS = (
    zmq.EVENT_LISTENING
    | zmq.EVENT_ACCEPTED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_MONITOR_STOPPED
)
FAILURES = {
    zmq.EVENT_HANDSHAKE_FAILED_AUTH,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
}
EVENT = struct.Struct("=Hi")  # of libzmq's socket monitor: event and descriptor of the connection
SWEEP_S = 1.0
PAUSE_S = 0.002
BACKLOG = 32  # connections that the system accepts in advance
DISCARD_BYTES = 64 << 10
MAX_DISCARDS = 16
BYTES_RECEIVED = slice(128, 136)  # in Linux's struct tcp_info
WARN_S = 60.0  # between two warnings about disconnected peers


class Connections:
    """The peers of a ZeroMQ socket that binds tcp:// or ipc:// addresses; make it before the socket is bound.

    A thread reads the monitor of the socket and shuts down the connections that exceed the limits, upon which libzmq
    frees their queues. known: the keys of authorized clients, where there are keys. Call close() after the socket was
    closed: libzmq's own thread would otherwise wait for the monitor.
    """

    def __init__(
        self,
        watched: zmq.Socket[bytes],
        limits: Limits | None = None,
        known: Callable[[], set[bytes]] | None = None,
    ) -> None:
        limits = limits or Limits()
        self._limits = replace(limits, connections=max_connections(limits.connections))
        self._peers = Peers(self._limits)
        self._known = known
        self._missing: set[str] = set()  # keys that were not authorized at the last check
        self._lock = threading.Lock()
        self._refused = self._unreported = 0
        self._failed = False
        self._why = ""
        self._warn_s = 0.0
        self._endpoint = ""
        self._filter: AcceptFilter | None = None
        # A connection is shut down through a copy of its descriptor, as libzmq can close the original at any time and
        # the system can reuse its number. The copy is reserved now: there may be no free descriptor later.
        self._null = os.open(os.devnull, os.O_RDONLY)
        self._copy = os.dup(self._null)
        watched.set(zmq.BACKLOG, BACKLOG)
        watched.set(zmq.HANDSHAKE_IVL, limits.handshake_ms)
        self._monitor = watched.get_monitor_socket(EVENTS)
        self._polled = select.epoll()
        self._polled.register(int(self._monitor.get(zmq.FD)), select.EPOLLIN)
        self._thread = threading.Thread(target=self._work, name="connections", daemon=True)
        self._thread.start()

    @property
    def subscribers(self) -> int:
        """Number of peers with a subscription."""
        with self._lock:
            return self._peers.subscribed

    @property
    def refused(self) -> int:
        """Number of connections that exceeded a limit or failed the handshake."""
        with self._lock:
            return self._refused

    def request(self, frame: zmq.Frame) -> None:
        """Account for a request of a peer."""
        try:
            descriptor = int(frame.get(zmq.SRCFD))
        except zmq.ZMQError:
            descriptor = -1  # libzmq's own request, for a peer that has disconnected
        key = ""
        if self._known is not None:
            with suppress(zmq.ZMQError):
                key = str(frame.get("User-Id"))
        with self._lock:
            self._read_events()  # they include the connection of this peer
            peer = self._peers.request(descriptor, frame.bytes, key)
            if peer is not None:
                self._cut(peer, "subscribed to too many topics")

    def close(self) -> None:
        """End the thread. Idempotent."""
        self._thread.join()
        if self._monitor.closed:
            return
        self._polled.close()
        self._monitor.close()
        if self._filter is not None:
            self._filter.close()
        os.close(self._null)
        os.close(self._copy)

    def _work(self) -> None:
        sweep_s = recheck_s = time.monotonic()
        open_, jammed = True, False
        while open_:
            ready = self._polled.poll(PAUSE_S if jammed else SWEEP_S)
            now_s = time.monotonic()
            with self._lock:
                open_ = self._read_events()
                for descriptor, _ in ready:
                    self._measure(descriptor, now_s)
                jammed = self._peers.jammed
                if self._filter is not None:
                    self._filter.block(jammed)
                if now_s >= sweep_s + SWEEP_S:
                    sweep_s = now_s
                    for peer in self._peers.idle(now_s):
                        self._cut(peer, "subscribed to nothing")
                    self._report(now_s)
            if open_ and self._known is not None and now_s >= recheck_s + self._limits.recheck_s:
                recheck_s = now_s
                self._recheck(self._known)
            if ready and not jammed:
                time.sleep(PAUSE_S)  # limits the CPU time, however often peers send

    def _read_events(self) -> bool:
        """Process the events of the connections; False when the monitored socket is closed."""
        while True:
            try:
                event, endpoint = self._monitor.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return True
            kind, descriptor = EVENT.unpack(event)
            if kind == zmq.EVENT_LISTENING:
                with suppress(OSError):
                    self._filter = AcceptFilter(descriptor)
            elif kind == zmq.EVENT_ACCEPTED:
                self._endpoint = endpoint.decode()
                crowded = self._peers.connect(descriptor, _identity(descriptor), time.monotonic())
                with suppress(OSError):  # it has disconnected by itself
                    self._polled.register(descriptor, select.EPOLLIN | select.EPOLLET)
                if crowded is not None:
                    self._cut(crowded, "exceeded the number of connections")
                if self._filter is not None and self._filter.local:
                    self._assume_subscriptions(descriptor)
            elif kind in FAILURES:
                self._failed = True
                self._refused += 1
            elif kind == zmq.EVENT_DISCONNECTED:
                # libzmq reports a failed handshake right before the disconnection.
                peer = self._peers.disconnect(descriptor)
                if peer is not None and peer.cut and not self._failed:
                    self._refused += 1
                self._failed = False
            elif kind == zmq.EVENT_MONITOR_STOPPED:
                return False

    def _assume_subscriptions(self, descriptor: int) -> None:
        """Treat a new Unix socket as one with undelivered subscriptions: the system does not count its bytes."""
        peer = self._peers.get(descriptor)
        if peer is not None:
            peer.total_bytes = HANDSHAKE_BYTES + 1
        oldest = self._peers.newcomer() if self._peers.jammed else None
        if oldest is not None:
            self._cut(oldest, "exceeded the number of connections")

    def _measure(self, descriptor: int, now_s: float) -> None:
        """Account for the bytes that a peer has sent.

        libzmq adds incoming subscriptions to its trie as long as they arrive, and delivers them only afterwards.
        """
        peer = self._peers.get(descriptor)
        if peer is None:
            return
        try:
            total = _sent_bytes(descriptor, peer.total_bytes)
        except OSError:
            return  # it has disconnected by itself
        more, peer.total_bytes = total - peer.total_bytes, total
        if self._peers.sent(descriptor, more, now_s) is not None:
            self._cut(peer, "sent too much")

    def _recheck(self, known: Callable[[], set[bytes]]) -> None:
        """Disconnect peers whose key is missing for the second time: a file may be absent while it is rewritten."""
        try:
            keys = {key.decode() for key in known()}
        except Exception as error:  # of any type: it would end the thread
            log.error("the keys of authorized clients cannot be read (%s)", error)
            keys = set()
        with self._lock:
            missing = self._peers.keys() - keys
            for peer in self._peers.of_keys(missing & self._missing):
                self._cut(peer, "used a key that is no longer authorized")
            self._missing = missing

    def _cut(self, peer: Peer, why: str) -> None:
        self._peers.cut(peer)
        self._unreported += 1
        self._why = why
        with suppress(OSError):  # it has disconnected by itself
            os.dup2(peer.descriptor, self._copy, inheritable=False)
            if peer.identity is not None and peer.identity == _identity(self._copy):
                end = socket.socket(fileno=self._copy)
                try:
                    if _bound_at(end, self._endpoint):
                        end.shutdown(socket.SHUT_RDWR)
                        _discard(end)
                finally:
                    end.detach()
        os.dup2(self._null, self._copy, inheritable=False)

    def _report(self, now_s: float) -> None:
        if self._unreported and now_s >= self._warn_s:
            self._warn_s = now_s + WARN_S
            log.warning("disconnected %d peers that %s", self._unreported, self._why)
            self._unreported = 0


def _identity(descriptor: int) -> tuple[int, int] | None:
    """Device and inode, which identify the socket behind a descriptor."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _bound_at(end: socket.socket, endpoint: str) -> bool:
    """Whether a socket is a connection accepted at this endpoint, and not the listening socket.

    Raises OSError when it is not connected.
    """
    if end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return False
    end.getpeername()
    name = end.getsockname()
    if end.family == socket.AF_UNIX:
        path = name.decode().replace("\0", "@", 1) if isinstance(name, bytes) else name
        return endpoint == f"ipc://{path}"
    return endpoint.startswith("tcp://") and endpoint.endswith(f":{name[1]}")


def _discard(end: socket.socket) -> None:
    """Read and discard pending data, so that libzmq does not read it."""
    for _ in range(MAX_DISCARDS):
        if not end.recv(DISCARD_BYTES, socket.MSG_DONTWAIT):
            return


def _sent_bytes(descriptor: int, before: int) -> int:
    """Total bytes that a peer has sent; for a Unix socket an estimate, from the bytes that are pending now."""
    end = socket.socket(fileno=descriptor)
    try:
        if end.family == socket.AF_UNIX:
            waiting = bytearray(4)
            fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
            return before + int.from_bytes(waiting, sys.byteorder)
        info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_RECEIVED.stop)
        return int.from_bytes(info[BYTES_RECEIVED], sys.byteorder)
    finally:
        end.detach()
