"""CURVE authentication and encryption over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from edge.errors import PublishError
from edge.wire.curve_auth import (
    HANDSHAKE_BYTES,
    CurveAuthenticator,
)
from edge.wire.keys import new_keys
from meshcast.transport.curve import Curve, Keys, read_keys, read_public, secure_client
from tests.support import tcp_relay

Relay = tcp_relay.Relay
PATIENCE_MS = 20_000  # a limit for failures only
HANDSHAKE_MS = 5_000  # when no authenticator answers
# The side that notices first ends the connection; the other one only sees that it ended.
PROTOCOL_MISMATCH_EVENTS = {zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL}
ENOUGH = 20  # messages that a known client has received before another is said to get none
TOPIC = b"mesh/cam0\0"
MARKER = bytes.fromhex("00112233445566778899aabbccddeeff")
MESSAGE = TOPIC.ljust(40, b"\0") + b"MCST" + MARKER * 64

Socket = Any


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys of a server, of phone, which is authorized in clients/, and of outsider, which is not."""
    (tmp_path / "clients").mkdir()
    for name in ("server", "phone", "outsider"):
        new_keys(tmp_path / name)
    authorize(tmp_path, "phone")
    return tmp_path


def authorize(folder: Path, name: str) -> None:
    (folder / "clients" / f"{name}.pub").write_bytes((folder / f"{name}.pub").read_bytes())


class Stage:
    """A publishing socket behind an authenticator, and its clients."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self._context = stack.enter_context(zmq.Context())
        self.authenticator = stack.enter_context(
            CurveAuthenticator(self._context, self.keys("server"), folder / "clients")
        )
        self.server = self.bound(secure=True)
        self.address = self.server.get_string(zmq.LAST_ENDPOINT)
        self._clients = stack.enter_context(zmq.Context())

    def keys(self, name: str) -> Keys:
        return read_keys(self.folder / f"{name}.key")

    def bound(self, *, secure: bool) -> Socket:
        socket = self._stack.enter_context(self._context.socket(zmq.XPUB))
        socket.set(zmq.LINGER, 0)
        socket.set(zmq.XPUB_VERBOSE, 1)
        socket.set(zmq.MAXMSGSIZE, HANDSHAKE_BYTES)
        socket.set(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        if secure:
            self.authenticator.secure_server(socket)
        socket.bind("tcp://127.0.0.1:0")
        return socket

    def client(self, name: str | None, server: bytes | None = None, address: str = "") -> Socket:
        """A subscriber with the keys `name`; without a name it has none."""
        socket = self._stack.enter_context(self._clients.socket(zmq.SUB))
        socket.set(zmq.LINGER, 0)
        socket.set(zmq.RCVTIMEO, PATIENCE_MS)
        if name is not None:
            secure_client(socket, Curve(self.keys(name), server or read_public(self.folder / "server.pub")))
        socket.subscribe(b"mesh/")
        socket.connect(address or self.address)
        return socket

    def accepted(self, server: Socket | None = None) -> None:
        """Waits until a subscription has arrived."""
        socket = server or self.server
        assert socket.poll(PATIENCE_MS)
        assert socket.recv() == b"\x01mesh/"

    def feed(self, reader: Socket, server: Socket | None = None) -> None:
        """Publishes until `reader` has received enough."""
        for _ in range(ENOUGH):
            (server or self.server).send(MESSAGE)
            assert reader.recv() == MESSAGE


@pytest.fixture
def stage(folder: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(folder, stack)


def refusals(socket: Socket) -> Socket:
    """A monitor of handshakes that fail at `socket`."""
    return socket.get_monitor_socket(
        zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    )


def wait_for_refusal(monitor: Socket) -> int:
    assert monitor.poll(PATIENCE_MS)
    return int(recv_monitor_message(monitor)["event"])


def test_curve_authorized_client_receives(stage: Stage) -> None:
    phone = stage.client("phone")
    stage.accepted()
    stage.feed(phone)


def test_curve_unauthorized_client_sees_the_refusal(stage: Stage) -> None:
    outsider = stage.client("outsider", address="tcp://127.0.0.1:1")  # no server listens there
    monitor = refusals(outsider)
    outsider.connect(stage.address)
    assert wait_for_refusal(monitor) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    outsider.disable_monitor()


def test_curve_unauthorized_key_receives_nothing_and_is_logged_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    phone = stage.client("phone")
    stage.accepted()
    monitor = refusals(stage.server)
    outsider = stage.client("outsider")
    for number in range(3):
        if number:  # ZeroMQ tries no more on its own once a server has refused the key
            outsider.disconnect(stage.address)
            outsider.connect(stage.address)
        assert wait_for_refusal(monitor) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    stage.feed(phone)
    assert not outsider.poll(0)
    assert not stage.server.poll(0)  # nor did its subscription arrive
    stage.server.disable_monitor()

    keys = stage.keys("outsider")
    clients = stage.folder / "clients"
    assert caplog.messages == [
        f"refused a client with the unauthorized key {keys.public.decode()} (authorized keys: {clients})"
    ]


@pytest.mark.parametrize("who", ["without keys", "with a wrong server key", "speaking PLAIN"])
def test_curve_failed_handshake_receives_nothing(stage: Stage, who: str) -> None:
    phone = stage.client("phone")
    stage.accepted()
    monitor = refusals(stage.server)
    if who == "with a wrong server key":
        other = stage.client("phone", server=read_public(stage.folder / "outsider.pub"))
    else:
        other = stage.client(None, address="tcp://127.0.0.1:1")  # no server listens there
        if who == "speaking PLAIN":
            other.set_string(zmq.PLAIN_USERNAME, "a")
            other.set_string(zmq.PLAIN_PASSWORD, "b")
        other.connect(stage.address)
    assert wait_for_refusal(monitor) in PROTOCOL_MISMATCH_EVENTS
    stage.feed(phone)
    assert not other.poll(0)
    assert not stage.server.poll(0)
    stage.server.disable_monitor()


def test_curve_server_with_another_key_is_rejected_by_the_client(stage: Stage) -> None:
    """A client that wants the server's key rejects messages in clear text from another server at its address."""
    unsecured = stage.bound(secure=False)
    monitor = refusals(unsecured)
    phone = stage.client("phone", address=unsecured.get_string(zmq.LAST_ENDPOINT))
    assert wait_for_refusal(monitor) in PROTOCOL_MISMATCH_EVENTS
    plain = stage.client(None, address=unsecured.get_string(zmq.LAST_ENDPOINT))
    stage.accepted(unsecured)
    stage.feed(plain, unsecured)
    assert not phone.poll(0)
    unsecured.disable_monitor()


def test_curve_added_or_removed_key_takes_effect_at_the_next_connection(stage: Stage) -> None:
    monitor = refusals(stage.server)
    stage.client("outsider")
    wait_for_refusal(monitor)
    authorize(stage.folder, "outsider")
    outsider = stage.client("outsider")
    stage.accepted()
    stage.feed(outsider)

    (stage.folder / "clients" / "outsider.pub").unlink()
    while monitor.poll(0):
        monitor.recv_multipart()
    again = stage.client("outsider")
    assert wait_for_refusal(monitor) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    stage.feed(outsider)  # an open connection stays open
    assert not again.poll(0)
    stage.server.disable_monitor()


def test_curve_deleted_folder_refuses_new_clients_and_keeps_connections(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    clients = stage.folder / "clients"
    monitor = refusals(stage.server)
    clients.rename(stage.folder / "gone")
    for _ in range(2):
        stage.client("phone")
        assert wait_for_refusal(monitor) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    (line,) = caplog.messages
    assert line.startswith(f"{clients}: cannot be read (")
    (stage.folder / "gone").rename(clients)
    phone = stage.client("phone")
    stage.accepted()
    stage.feed(phone)
    stage.server.disable_monitor()


def test_curve_closed_authenticator_refuses_every_client(stage: Stage) -> None:
    stage.authenticator.close()
    monitor = refusals(stage.server)
    phone = stage.client("phone")
    wait_for_refusal(
        monitor
    )  # at once, or after HANDSHAKE_MS where the authenticator had received the request before it closed
    plain = stage.bound(secure=False)
    reader = stage.client(None, address=plain.get_string(zmq.LAST_ENDPOINT))
    stage.accepted(plain)
    stage.server.send(MESSAGE)
    stage.feed(reader, plain)
    assert not phone.poll(0)
    assert not stage.server.poll(0)
    stage.server.disable_monitor()


def test_curve_authenticators_of_two_contexts_are_independent(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "clients").mkdir()
    for name in ("server", "outsider"):
        new_keys(other / name)
    authorize(other, "outsider")
    with ExitStack() as one, ExitStack() as two:
        first, second = Stage(folder, one), Stage(other, two)
        for stage, name in ((first, "phone"), (second, "outsider")):
            reader = stage.client(name)
            stage.accepted()
            stage.feed(reader)
        one.close()
        reader = second.client("outsider")
        second.accepted()
        second.feed(reader)


def test_curve_second_authenticator_of_a_context_raises_publish_error(folder: Path) -> None:
    keys = read_keys(folder / "server.key")
    with (
        zmq.Context() as context,
        CurveAuthenticator(context, keys, folder),
        pytest.raises(PublishError, match="already has an authenticator"),
    ):
        CurveAuthenticator(context, keys, folder)


def test_curve_close_is_idempotent_and_the_context_reusable(folder: Path) -> None:
    before = threading.active_count()
    for _ in range(20):
        with (
            zmq.Context() as context,
            CurveAuthenticator(context, read_keys(folder / "server.key"), folder) as authenticator,
        ):
            assert threading.active_count() == before + 1
            authenticator.close()
            assert threading.active_count() == before


@pytest.mark.parametrize("secure", [True, False])
def test_curve_network_traffic_is_readable_only_without_keys(stage: Stage, secure: bool) -> None:
    server = stage.server if secure else stage.bound(secure=False)
    with Relay(server.get_string(zmq.LAST_ENDPOINT)) as relay:
        reader = stage.client("phone" if secure else None, address=relay.address)
        stage.accepted(server)
        stage.feed(reader, server)
        assert len(relay.to_client) > ENOUGH * len(MESSAGE)  # everything went through the relay
        readable = not secure
        for word in (MARKER, MARKER[:6], b"mesh/", b"cam0", b"MCST"):
            assert (word in relay.to_client) is readable, word
        assert (b"mesh/" in relay.to_server) is readable
        keys = stage.keys("phone")
        for key in (keys.public, keys.secret):
            for form in (key, zmq.utils.z85.decode(key)):
                assert form not in relay.to_server + relay.to_client


def test_curve_modified_messages_do_not_arrive(stage: Stage) -> None:
    with Relay(stage.address) as relay:
        first = stage.client("phone", address=relay.address)
        stage.accepted()
        stage.feed(first)
        relay.change = True
        monitor = first.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        stage.server.send(MESSAGE)
        assert monitor.poll(PATIENCE_MS)
        assert not first.poll(0)
        first.disable_monitor()
