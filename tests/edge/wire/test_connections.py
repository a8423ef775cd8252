"""Hostile peers at a publisher's socket are disconnected, and readers keep receiving."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq

from edge.wire import descriptors
from edge.wire.accept_filter import AcceptFilter
from edge.wire.connections import Connections
from edge.wire.curve_auth import Security
from edge.wire.keys import new_keys
from edge.wire.peers import Limits
from edge.wire.publisher_socket import PublisherSocket
from meshcast.transport.curve import Curve, read_keys, read_public, secure_client
from tests.campaign import attacks

PATIENCE_S = 20.0  # a limit for failures only
MESSAGE = b"mesh/cam0\0".ljust(40, b"\0")


class Stage:
    """A PublisherSocket that a thread serves and sends a message with every few milliseconds, as a publisher does."""

    def __init__(self, address: str, **options: Any) -> None:
        self.socket = PublisherSocket(address, **options)
        self.address = self.socket.address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        while not self._stop.is_set():
            for _ in self.socket.subscriptions():
                pass
            self.socket.send(MESSAGE)
            self.socket.wait(0.005)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.socket.close()


@contextmanager
def stage(address: str = "tcp://127.0.0.1:0", **options: Any) -> Iterator[Stage]:
    made = Stage(address, **options)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def reading(address: str, curve: Curve | None = None) -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.SUB) as reader:
        reader.set(zmq.LINGER, 0)
        reader.set(zmq.RCVTIMEO, int(PATIENCE_S * 1000))
        if curve is not None:
            secure_client(reader, curve)
        reader.subscribe(b"mesh/")
        reader.connect(address)
        assert reader.recv() == MESSAGE
        yield reader


def wait_for(what: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline
        meanwhile()


@pytest.mark.parametrize("kind", ["tcp", "ipc"])
@pytest.mark.parametrize("attack", ["flood_topics", "flood_long_topics", "ping_pong", "flood_pings", "huge_frames"])
def test_connections_flooding_peer_is_disconnected_and_reader_continues(attack: str, kind: str, tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket" if kind == "ipc" else "tcp://127.0.0.1:0"
    process = psutil.Process()
    with stage(address) as publisher, reading(publisher.address) as reader:
        before = process.memory_info().rss
        stop = threading.Event()
        made: list[int] = []
        thread = threading.Thread(target=lambda: made.append(attacks.ATTACKS[attack](publisher.address, stop)))
        thread.start()
        try:
            ended = reader_goes_on(publisher, reader, attack)
        finally:
            stop.set()
            thread.join()
        assert ended
        assert process.memory_info().rss - before < 60e6


def reader_goes_on(publisher: Stage, reader: zmq.Socket[bytes], attack: str) -> bool:
    """Messages arrive until the attacker was cut off; libzmq itself ends those that break its rules."""
    for _ in range(20):
        assert reader.recv() == MESSAGE
    if attack in ("flood_long_topics", "huge_frames"):
        return True
    wait_for(lambda: publisher.socket.refused > 0, reader.recv)
    return True


def test_connections_disconnected_peer_leaves_no_subscriptions(tmp_path: Path) -> None:
    with stage() as publisher, reading(publisher.address) as reader, attacks.dial(publisher.address) as flood:
        attacks.shake_hands(flood)
        topics = attacks.topics()
        with suppress(OSError):
            while True:
                flood.sendall(attacks.frame(b"\1" + next(topics)))
        wait_for(lambda: publisher.socket.refused == 1, reader.recv)
        assert publisher.socket.subscribers == 1


def test_connections_idle_peers_make_room_and_free_descriptors() -> None:
    limits = Limits(newcomers=8, handshake_ms=200)
    with stage(limits=limits) as publisher, ExitStack() as stack:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(40):
            stack.enter_context(attacks.dial(publisher.address))
        with reading(publisher.address):
            wait_for(
                lambda: publisher.socket.refused == 40
            )  # those that made room, and the rest by the handshake's end
            assert publisher.socket.subscribers == 1
            assert len(os.listdir("/proc/self/fd")) - before < 40 + 20


def test_connections_peer_without_subscription_is_disconnected() -> None:
    with stage(limits=Limits(idle_s=0.0)) as publisher, attacks.dial(publisher.address) as idle:
        attacks.shake_hands(idle)
        idle.settimeout(PATIENCE_S)
        while idle.recv(4096):  # until it is ended
            pass
        wait_for(lambda: publisher.socket.refused == 1)


def test_connections_subscribers_counts_connected_peers() -> None:
    with stage() as publisher:
        with reading(publisher.address), reading(publisher.address):
            assert publisher.socket.subscribers == 2
        wait_for(lambda: publisher.socket.subscribers == 0)
        assert publisher.socket.refused == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clients").mkdir()
    for name in ("server", "phone", "tablet"):
        new_keys(tmp_path / name)
    for name in ("phone", "tablet"):
        (tmp_path / "clients" / f"{name}.pub").write_bytes((tmp_path / f"{name}.pub").read_bytes())
    return tmp_path


def curve(folder: Path, name: str) -> Curve:
    return Curve(read_keys(folder / f"{name}.key"), read_public(folder / "server.pub"))


def test_connections_removed_key_disconnects_only_its_client(folder: Path) -> None:
    security = Security(read_keys(folder / "server.key"), folder / "clients")
    with (
        stage(security=security, limits=Limits(recheck_s=0.05)) as publisher,
        reading(publisher.address, curve(folder, "phone")) as phone,
        reading(publisher.address, curve(folder, "tablet")) as tablet,
    ):
        monitor = tablet.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        (folder / "clients/phone.pub").unlink()
        wait_for(lambda: not phone.poll(500), phone.recv)
        wait_for(lambda: publisher.socket.subscribers == 1, tablet.recv)
        assert not monitor.poll(0)
        tablet.disable_monitor()
        (folder / "clients/phone.pub").write_bytes((folder / "phone.pub").read_bytes())
        with reading(publisher.address, curve(folder, "phone")):
            assert tablet.recv() == MESSAGE


def test_connections_flooding_client_with_authorized_key_is_disconnected(folder: Path) -> None:
    security = Security(read_keys(folder / "server.key"), folder / "clients")
    with stage(security=security) as publisher, reading(publisher.address, curve(folder, "tablet")) as reader:
        stop = threading.Event()
        flood = threading.Thread(target=attacks.flood_encrypted, args=(publisher.address, stop, curve(folder, "phone")))
        flood.start()
        try:
            wait_for(lambda: publisher.socket.refused > 0, reader.recv)
        finally:
            stop.set()
            flood.join()


def test_connections_reused_descriptor_is_not_shut_down() -> None:
    """libzmq closes connections in its own thread, and the next file gets their number: also the listening socket."""
    with (
        zmq.Context() as context,
        context.socket(zmq.XPUB) as watched,
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as dialed,
        listening.accept()[0] as accepted,
    ):
        connections = Connections(watched)
        connections._endpoint = f"tcp://127.0.0.1:{listening.getsockname()[1]}"

        def cut(other: socket.socket, identity: tuple[int, int]) -> None:
            connections._peers.connect(other.fileno(), identity, 0.0)
            peer = connections._peers.get(other.fileno())
            assert peer is not None
            connections._cut(peer, "test")

        def identity(other: socket.socket) -> tuple[int, int]:
            found = os.fstat(other.fileno())
            return found.st_dev, found.st_ino

        cut(accepted, (0, 0))  # another one than was looked at when it came
        cut(listening, identity(listening))
        cut(dialed, identity(dialed))
        dialed.sendall(b"still there")
        assert accepted.recv(100) == b"still there"
        socket.create_connection(listening.getsockname()).close()
        cut(accepted, identity(accepted))
        assert dialed.recv(1) == b""
        watched.close()
        connections.close()


def test_accept_filter_blocked_refuses_connections_until_unblocked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accept_filter = AcceptFilter(listening.fileno())
        accept_filter.block(True)
        with pytest.raises(TimeoutError):
            socket.create_connection(listening.getsockname(), 0.1)
        accept_filter.block(False)
        socket.create_connection(listening.getsockname(), PATIENCE_S).close()
        accept_filter.close()
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(str(path))
        listening.listen()
        accept_filter = AcceptFilter(listening.fileno())
        accept_filter.block(True)
        with pytest.raises(FileNotFoundError):
            client.connect(str(path))
        accept_filter.block(False)
        client.connect(str(path))
        assert [each.name for each in tmp_path.iterdir()] == ["socket"]
        accept_filter.close()


def test_max_connections_is_a_share_of_the_raised_descriptor_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    assert descriptors.max_connections(512) == 512
    assert limits[-1] == (4096, 4096)
    limits.append((256, 256))
    assert descriptors.max_connections(512) == 64
    assert descriptors.max_connections(5) == 5
    assert limits[-1] == (256, 256)
