"""Who gets in, over real sockets: known clients, nobody else, and nobody on the line can read along."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from edge.errors import PublishError
from edge.wire.curve_auth import (
    HANDSHAKE_BYTES,
    MAX_REMEMBERED,
    CurveAuthenticator,
    KnownClients,
    Security,
    check_access,
    is_local,
)
from edge.wire.keys import new_keys
from meshcast.transport.curve import Curve, Keys, read_keys, read_public, secure_client
from tests.support import tcp_relay

Relay = tcp_relay.Relay
PATIENCE_MS = 20_000  # a limit for failures only
HANDSHAKE_MS = 5_000  # when nobody answers the question who it is
# The side that notices first ends the connection; the other one only sees that it ended.
NO_COMMON_TONGUE = {zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL}
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
    """Keys of a server, of phone, which is in clients/, and of stranger, which is not."""
    (tmp_path / "clients").mkdir()
    for name in ("server", "phone", "stranger"):
        new_keys(tmp_path / name)
    invite(tmp_path, "phone")
    return tmp_path


def invite(folder: Path, name: str) -> None:
    (folder / "clients" / f"{name}.pub").write_bytes((folder / f"{name}.pub").read_bytes())


class Stage:
    """A publishing socket behind a guard, and its clients."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self._context = stack.enter_context(zmq.Context())
        self.guard = stack.enter_context(CurveAuthenticator(self._context, self.keys("server"), folder / "clients"))
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
            self.guard.secure_server(socket)
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


def test_known_client_receives(stage: Stage) -> None:
    phone = stage.client("phone")
    stage.accepted()
    stage.feed(phone)


def test_client_is_told_that_its_key_is_unknown(stage: Stage) -> None:
    stranger = stage.client("stranger", address="tcp://127.0.0.1:1")  # nobody is there
    monitor = refusals(stranger)
    stranger.connect(stage.address)
    assert wait_for_refusal(monitor) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    stranger.disable_monitor()


def test_unknown_key_receives_nothing_and_is_logged_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    phone = stage.client("phone")
    stage.accepted()
    monitor = refusals(stage.server)
    stranger = stage.client("stranger")
    for number in range(3):
        if number:  # ZeroMQ tries no more on its own once a server has refused the key
            stranger.disconnect(stage.address)
            stranger.connect(stage.address)
        assert wait_for_refusal(monitor) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    stage.feed(phone)
    assert not stranger.poll(0)
    assert not stage.server.poll(0)  # nor did its subscription arrive
    stage.server.disable_monitor()

    keys = stage.keys("stranger")
    assert caplog.messages == [
        f"refused a client with the unknown key {keys.public.decode()} (known ones: {stage.folder / 'clients'})"
    ]


@pytest.mark.parametrize("who", ["without keys", "with a wrong server key", "speaking PLAIN"])
def test_clients_that_cannot_shake_hands_receive_nothing(stage: Stage, who: str) -> None:
    phone = stage.client("phone")
    stage.accepted()
    monitor = refusals(stage.server)
    if who == "with a wrong server key":
        other = stage.client("phone", server=read_public(stage.folder / "stranger.pub"))
    else:
        other = stage.client(None, address="tcp://127.0.0.1:1")  # nobody is there
        if who == "speaking PLAIN":
            other.set_string(zmq.PLAIN_USERNAME, "a")
            other.set_string(zmq.PLAIN_PASSWORD, "b")
        other.connect(stage.address)
    assert wait_for_refusal(monitor) in NO_COMMON_TONGUE
    stage.feed(phone)
    assert not other.poll(0)
    assert not stage.server.poll(0)
    stage.server.disable_monitor()


def test_another_server_with_a_known_address_is_not_believed(stage: Stage) -> None:
    """A client that wants the server's key does not take messages in clear text from whoever sits at its address."""
    impostor = stage.bound(secure=False)
    monitor = refusals(impostor)
    phone = stage.client("phone", address=impostor.get_string(zmq.LAST_ENDPOINT))
    assert wait_for_refusal(monitor) in NO_COMMON_TONGUE
    plain = stage.client(None, address=impostor.get_string(zmq.LAST_ENDPOINT))
    stage.accepted(impostor)
    stage.feed(plain, impostor)
    assert not phone.poll(0)
    impostor.disable_monitor()


def test_key_counts_from_the_next_connection_on(stage: Stage) -> None:
    monitor = refusals(stage.server)
    stage.client("stranger")
    wait_for_refusal(monitor)
    invite(stage.folder, "stranger")
    stranger = stage.client("stranger")
    stage.accepted()
    stage.feed(stranger)

    (stage.folder / "clients" / "stranger.pub").unlink()
    while monitor.poll(0):
        monitor.recv_multipart()
    again = stage.client("stranger")
    assert wait_for_refusal(monitor) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    stage.feed(stranger)  # who is in stays in
    assert not again.poll(0)
    stage.server.disable_monitor()


def test_folder_that_vanishes_lets_nobody_in_and_ends_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
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


def test_nobody_gets_in_when_the_guard_is_gone(stage: Stage) -> None:
    stage.guard.close()
    monitor = refusals(stage.server)
    phone = stage.client("phone")
    wait_for_refusal(monitor)  # at once, or after HANDSHAKE_MS where the guard was asked with its last breath
    plain = stage.bound(secure=False)
    reader = stage.client(None, address=plain.get_string(zmq.LAST_ENDPOINT))
    stage.accepted(plain)
    stage.server.send(MESSAGE)
    stage.feed(reader, plain)
    assert not phone.poll(0)
    assert not stage.server.poll(0)
    stage.server.disable_monitor()


def test_guards_of_different_contexts_do_not_meddle(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "clients").mkdir()
    for name in ("server", "stranger"):
        new_keys(other / name)
    invite(other, "stranger")
    with ExitStack() as one, ExitStack() as two:
        first, second = Stage(folder, one), Stage(other, two)
        for stage, name in ((first, "phone"), (second, "stranger")):
            reader = stage.client(name)
            stage.accepted()
            stage.feed(reader)
        one.close()
        reader = second.client("stranger")
        second.accepted()
        second.feed(reader)


def test_second_guard_of_a_context_is_one_line(folder: Path) -> None:
    keys = read_keys(folder / "server.key")
    with (
        zmq.Context() as context,
        CurveAuthenticator(context, keys, folder),
        pytest.raises(PublishError, match="has a guard already"),
    ):
        CurveAuthenticator(context, keys, folder)


def test_closing_twice_and_many_guards_one_after_the_other(folder: Path) -> None:
    before = threading.active_count()
    for _ in range(20):
        with zmq.Context() as context, CurveAuthenticator(context, read_keys(folder / "server.key"), folder) as guard:
            assert threading.active_count() == before + 1
            guard.close()
            assert threading.active_count() == before


@pytest.mark.parametrize("secure", [True, False])
def test_nobody_on_the_line_can_read_along(stage: Stage, secure: bool) -> None:
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


def test_messages_changed_on_the_line_do_not_arrive(stage: Stage) -> None:
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


def test_files_that_hold_no_key_are_warned_of_once_and_ignored(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    clients = folder / "clients"
    (clients / "broken.pub").write_text("hello")
    (clients / "README.txt").write_text("hello")
    (clients / "folder.key").mkdir()
    known = KnownClients(clients)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert known.keys() == {read_public(folder / "phone.pub")}
    assert sorted(line.split(": ")[0] for line in caplog.messages) == [
        str(clients / "broken.pub"),
        str(clients / "folder.key"),
    ]


def test_strangers_without_end_fill_neither_log_nor_memory(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    known = KnownClients(folder / "clients")
    numbers = count(10**39)
    for number in range(MAX_REMEMBERED + 50):
        assert not known.callback("meshcast", str(next(numbers)).encode()), number
    assert len(caplog.messages) == MAX_REMEMBERED


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("ipc:///tmp/socket", True),
        ("ipc://@abstract", True),
        ("inproc://name", True),
        ("tcp://127.0.0.1:5556", True),
        ("tcp://127.0.0.1:*", True),
        ("tcp://127.8.9.10:0", True),
        ("tcp://localhost:5556", True),
        ("tcp://LocalHost:5556", True),
        ("tcp://[::1]:5556", True),
        ("tcp://[0:0:0:0:0:0:0:1]:5556", True),
        ("tcp://*:5556", False),
        ("tcp://0.0.0.0:5556", False),
        ("tcp://[::]:5556", False),
        ("tcp://::1:5556", False),
        ("tcp://192.168.1.2:5556", False),
        ("tcp://128.0.0.1:5556", False),
        ("tcp://eth0:5556", False),
        ("tcp://lo:5556", False),
        ("tcp://camera.local:5556", False),
        ("tcp://127.0.0.1.example.com:1", False),
        ("tcp://localhost.example.com:1", False),
        ("tcp://127.0.0.1@example.com:1", False),
        ("tcp://127.1:5556", False),
        ("tcp://127.0.0.01:5556", False),
        ("tcp://2130706433:5556", False),
        ("tcp://[127.0.0.1]:5556", False),
        ("tcp://[::ffff:127.0.0.1]:1", False),
        ("tcp://[::1%eth0]:1", False),
        ("tcp://127.0.0.1:0;192.168.1.2:5556", False),
        ("tcp://192.168.1.2:0;127.0.0.1:5556", False),
        ("tcp://127.0.0.1", False),
        ("tcp://:5556", False),
        ("tcp:127.0.0.1:5556", False),
        ("TCP://127.0.0.1:5556", False),
        ("ws://127.0.0.1:5556", False),
        ("ipc://", False),
        ("", False),
    ],
)
def test_what_only_this_machine_reaches(address: str, local: bool) -> None:
    assert is_local(address) is local


OPEN = (
    "tcp://*:5556: anyone who reaches this machine could watch; add --curve server.key --allow clients/ "
    "(see meshcast keys new), or --insecure"
)


def test_addresses_for_others_need_keys_or_a_word(folder: Path) -> None:
    keys, clients = read_keys(folder / "server.key"), folder / "clients"
    with pytest.raises(PublishError) as caught:
        check_access("tcp://*:5556", Security())
    assert str(caught.value) == OPEN
    check_access("tcp://*:5556", Security(insecure=True))
    check_access("tcp://*:5556", Security(keys, clients))
    check_access("tcp://127.0.0.1:5556", Security())


@pytest.mark.parametrize("address", ["tcp://*:5556", "tcp://127.0.0.1:5556"])
def test_keys_need_known_clients(folder: Path, address: str) -> None:
    keys, empty = read_keys(folder / "server.key"), folder / "empty"
    with pytest.raises(PublishError, match=r"nobody is known; add --allow clients/"):
        check_access(address, Security(keys))
    with pytest.raises(PublishError, match=r"empty: cannot be listed \(No such file or directory\)"):
        check_access(address, Security(keys, empty))
    empty.mkdir()
    with pytest.raises(PublishError, match=r"empty: no client's key is in there"):
        check_access(address, Security(keys, empty))
    with pytest.raises(PublishError, match=r"cannot be listed \(Not a directory\)"):
        check_access(address, Security(keys, folder / "phone.pub"))
