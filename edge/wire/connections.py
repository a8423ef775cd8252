"""Watches the connections of a publishing socket, and ends those that go too far."""

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

from edge.wire.accept_filter import Door
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
EVENT = struct.Struct("=Hi")  # of libzmq's socket monitor: what has happened, and the connection's descriptor
SWEEP_S = 1.0
PAUSE_S = 0.002
BACKLOG = 32  # connections that the system accepts ahead
DISCARD_BYTES = 64 << 10
MAX_DISCARDS = 16
BYTES_RECEIVED = slice(128, 136)  # in Linux's struct tcp_info
WARN_S = 60.0  # between two warnings about peers that were cut off


class Connections:
    """The peers of a ZeroMQ socket that binds tcp:// or ipc:// addresses; make it before the socket is bound.

    A thread reads the socket's monitor and ends connections beyond the limits by shutting down their sockets, upon
    which libzmq frees all that it kept for them. known: the keys of clients that may be connected, where there are
    keys. close() must come after the socket was closed: libzmq's own thread would otherwise wait for the monitor.
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
        self._missing: set[str] = set()  # keys that were not among the known ones at the last look
        self._lock = threading.Lock()
        self._refused = self._unreported = 0
        self._failed = False
        self._why = ""
        self._warn_s = 0.0
        self._endpoint = ""
        self._door: Door | None = None
        # A connection is shut down through a copy of its descriptor, which libzmq can meanwhile close and the system
        # give to a file. The copy's place is taken now: there may be no free one later.
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
        """How many peers are connected and have subscribed to something."""
        with self._lock:
            return self._peers.subscribed

    @property
    def refused(self) -> int:
        """How many connections were cut off, or have failed to shake hands."""
        with self._lock:
            return self._refused

    def request(self, frame: zmq.Frame) -> None:
        """Charge a request to the peer that sent it."""
        try:
            descriptor = int(frame.get(zmq.SRCFD))
        except zmq.ZMQError:
            descriptor = -1  # libzmq's own, for a peer that has gone
        key = ""
        if self._known is not None:
            with suppress(zmq.ZMQError):
                key = str(frame.get("User-Id"))
        with self._lock:
            self._read_events()  # the peer's connection is among them
            peer = self._peers.request(descriptor, frame.bytes, key)
            if peer is not None:
                self._cut(peer, "asked for too much")

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._thread.join()
        if self._monitor.closed:
            return
        self._polled.close()
        self._monitor.close()
        if self._door is not None:
            self._door.close()
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
                if self._door is not None:
                    self._door.shut(jammed)
                if now_s >= sweep_s + SWEEP_S:
                    sweep_s = now_s
                    for peer in self._peers.idle(now_s):
                        self._cut(peer, "subscribed to nothing")
                    self._report(now_s)
            if open_ and self._known is not None and now_s >= recheck_s + self._limits.recheck_s:
                recheck_s = now_s
                self._recheck(self._known)
            if ready and not jammed:
                time.sleep(PAUSE_S)  # however often peers send something, this takes little of a processor

    def _read_events(self) -> bool:
        """Take note of what has happened to the connections; False when the monitored socket is gone."""
        while True:
            try:
                event, endpoint = self._monitor.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return True
            kind, descriptor = EVENT.unpack(event)
            if kind == zmq.EVENT_LISTENING:
                with suppress(OSError):
                    self._door = Door(descriptor)
            elif kind == zmq.EVENT_ACCEPTED:
                self._endpoint = endpoint.decode()
                crowded = self._peers.connect(descriptor, _identity(descriptor), time.monotonic())
                with suppress(OSError):  # it has gone by itself
                    self._polled.register(descriptor, select.EPOLLIN | select.EPOLLET)
                if crowded is not None:
                    self._cut(crowded, "were too many")
                if self._door is not None and self._door.local:
                    self._expect_much(descriptor)
            elif kind in FAILURES:
                self._failed = True
                self._refused += 1
            elif kind == zmq.EVENT_DISCONNECTED:
                # A handshake's failure is reported right before its end.
                peer = self._peers.disconnect(descriptor)
                if peer is not None and peer.cut and not self._failed:
                    self._refused += 1
                self._failed = False
            elif kind == zmq.EVENT_MONITOR_STOPPED:
                return False

    def _expect_much(self, descriptor: int) -> None:
        """Count a new Unix socket as one that has sent subscriptions: what it has sent, the system does not tell."""
        peer = self._peers.get(descriptor)
        if peer is not None:
            peer.total_bytes = HANDSHAKE_BYTES + 1
        oldest = self._peers.newcomer() if self._peers.jammed else None
        if oldest is not None:
            self._cut(oldest, "were too many")

    def _measure(self, descriptor: int, now_s: float) -> None:
        """Charge what a peer has sent to it.

        libzmq adds the subscriptions that come to its tree for as long as they come, and hands them out only then.
        """
        peer = self._peers.get(descriptor)
        if peer is None:
            return
        try:
            total = _sent_bytes(descriptor, peer.total_bytes)
        except OSError:
            return  # it has gone by itself
        more, peer.total_bytes = total - peer.total_bytes, total
        if self._peers.sent(descriptor, more, now_s) is not None:
            self._cut(peer, "sent too much")

    def _recheck(self, known: Callable[[], set[bytes]]) -> None:
        """End the connections whose key is missing for the second time: a file may be away while it is written."""
        try:
            keys = {key.decode() for key in known()}
        except Exception as error:  # whatever it is: let out, it would end the thread
            log.error("the keys of clients cannot be read (%s)", error)
            keys = set()
        with self._lock:
            missing = self._peers.keys() - keys
            for peer in self._peers.of_keys(missing & self._missing):
                self._cut(peer, "used a key that was taken away")
            self._missing = missing

    def _cut(self, peer: Peer, why: str) -> None:
        self._peers.cut(peer)
        self._unreported += 1
        self._why = why
        with suppress(OSError):  # it has gone by itself
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
            log.warning("cut off %d connections that %s", self._unreported, self._why)
            self._unreported = 0


def _identity(descriptor: int) -> tuple[int, int] | None:
    """Of the socket behind a descriptor, which other sockets do not have."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _bound_at(end: socket.socket, endpoint: str) -> bool:
    """Whether a socket is a connection that was accepted at this endpoint, and not the listening one. Raises OSError
    when it is not connected."""
    if end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return False
    end.getpeername()
    name = end.getsockname()
    if end.family == socket.AF_UNIX:
        path = name.decode().replace("\0", "@", 1) if isinstance(name, bytes) else name
        return endpoint == f"ipc://{path}"
    return endpoint.startswith("tcp://") and endpoint.endswith(f":{name[1]}")


def _discard(end: socket.socket) -> None:
    """Take what has come and was not read yet, so that libzmq does not."""
    for _ in range(MAX_DISCARDS):
        if not end.recv(DISCARD_BYTES, socket.MSG_DONTWAIT):
            return


def _sent_bytes(descriptor: int, before: int) -> int:
    """How much a connected peer has sent in all; of a Unix socket a guess, from what waits to be read now."""
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
