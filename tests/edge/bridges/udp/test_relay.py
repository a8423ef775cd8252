"""The relay from packets to datagrams, and the UDP sender."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from edge.bridges.udp.person_filter import PersonFilter
from edge.bridges.udp.relay import Relay
from edge.bridges.udp.sender import Datagram, UdpSender
from edge.bridges.udp.skeleton_pose import Person
from edge.bridges.udp.world_frame import WorldFrame
from edge.types import BodyModel
from meshcast.errors import AddressError, WireError
from meshcast.protocol.packets import FramePacket
from tests.support import bridge_packets, golden_packets

still, status = bridge_packets.still, bridge_packets.status


class RecordingBridge:
    """A bridge whose datagrams are words."""

    axes = "unity"

    def encode(self, packet: FramePacket, body: BodyModel, people: list[Person]) -> list[Datagram]:
        return [(0, f"{packet.stream} {person.id}".encode()) for person in people]

    def encode_departed(self, stream: str, ids: set[int]) -> list[Datagram]:
        return [(0, f"{stream} without {sorted(ids)}".encode())]


def relay(person: str = "all") -> Relay:
    return Relay(RecordingBridge(), PersonFilter(person), WorldFrame())


def words(datagrams: list[Datagram]) -> list[str]:
    return [data.decode() for _, data in datagrams]


def test_relay_departed_person_is_sent_once() -> None:
    made = relay()
    assert words(made.read(still(2, ids=[3, 5], t_s=0))) == ["cam 3", "cam 5"]
    assert words(made.read(still(1, ids=[5], t_s=0.6))) == ["cam without [3]", "cam 5"]
    assert words(made.read(still(0, t_s=1.2))) == ["cam without [5]"]
    assert made.read(still(0, t_s=1.3)) == []
    assert made.frames == 4


def test_relay_briefly_missing_person_stays() -> None:
    made = relay()
    assert words(made.read(still(2, ids=[3, 5], t_s=0))) == ["cam 3", "cam 5"]
    assert words(made.read(still(1, ids=[5], t_s=0.4))) == ["cam 5"]
    assert words(made.read(still(2, ids=[3, 5], t_s=0.5))) == ["cam 3", "cam 5"]
    assert words(made.read(still(1, ids=[5], t_s=1.0))) == ["cam 5"]
    assert words(made.read(still(1, ids=[5], t_s=1.1))) == ["cam without [3]", "cam 5"]


@pytest.mark.parametrize("state", ["idle", "ended"])
def test_relay_stream_end_removes_people(state: str) -> None:
    made = relay()
    made.read(still(ids=[3]))
    made.read(still(ids=[4], stream="other"))
    assert made.read(status("live")) == []
    assert words(made.read(status(state))) == ["cam without [3]"]
    assert made.read(status(state)) == []
    assert words(made.end()) == ["other without [4]"]
    assert made.end() == []


def test_relay_publisher_restart_replaces_people() -> None:
    made = relay()
    made.read(still(ids=[3], session=1))
    assert words(made.read(still(ids=[3], session=2))) == ["cam without [3]", "cam 3"]
    assert words(made.read(status("live", session=3))) == ["cam without [3]"]
    assert made.read(status("live", session=3)) == []


def test_relay_without_model_sends_nothing() -> None:
    made, packet = relay(), still()
    assert made.read(replace(packet, model=None)) == []
    assert made.frames == 0
    assert made.read(packet.model) == []
    assert words(made.read(packet)) == ["cam 0"]


def test_relay_body_without_rig_raises() -> None:
    bare = bridge_packets.model_packet(golden_packets.model())
    with pytest.raises(WireError, match="body model golden_body: no rig; the bridges need"):
        relay().read(bare)


def test_relay_person_by_id_is_selected() -> None:
    made = relay("5")
    assert made.read(still(1, ids=[3])) == []
    assert words(made.read(still(2, ids=[3, 5], t_s=0))) == ["cam 5"]
    assert words(made.read(still(1, ids=[3], t_s=0.6))) == ["cam without [5]"]


def test_relay_first_person_is_replaced_after_timeout() -> None:
    made = relay("first")
    assert words(made.read(still(2, ids=[5, 3], t_s=0))) == ["cam 3"]
    assert words(made.read(still(1, ids=[5], t_s=0.6))) == ["cam without [3]"]
    assert words(made.read(still(3, ids=[2, 3, 5], t_s=0.9))) == ["cam 3"]
    assert words(made.read(still(1, ids=[5], t_s=1.5))) == ["cam without [3]"]
    assert made.read(still(1, ids=[5], t_s=1.9)) == []
    assert made.read(still(1, ids=[4], t_s=1.95, stream="other")) == []
    assert words(made.read(still(2, ids=[5, 8], t_s=2.0))) == ["cam 5"]


def test_relay_first_person_is_replaced_at_stream_end() -> None:
    made = relay("first")
    made.read(still(ids=[3]))
    made.read(status("ended"))
    assert words(made.read(still(ids=[9], stream="other"))) == ["other 9"]


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(20)
        yield made


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_sender_datagrams_arrive_at_port_offsets(
    receiver: socket.socket, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, port, **more: real(name, port, socket.AF_INET, **more))
    port = receiver.getsockname()[1]
    with UdpSender(f"{host}:{port - 2}") as sender:
        sender.send([(2, b"hello"), (2, b"again")])
    assert [receiver.recv(100), receiver.recv(100)] == [b"hello", b"again"]


def test_sender_ipv6_datagrams_arrive() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as receiver:
        try:
            receiver.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
        receiver.settimeout(20)
        with UdpSender(f"[::1]:{receiver.getsockname()[1]}") as sender:
            sender.send([(0, b"six")])
        assert receiver.recv(10) == b"six"


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("127.0.0.1", "invalid destination; use HOST:PORT"),
        (":39539", "invalid destination; use HOST:PORT"),
        ("127.0.0.1:0", "with a port from 1 to 65535"),
        ("127.0.0.1:65536", "with a port from 1 to 65535"),
        ("127.0.0.1:-1", "with a port from 1 to 65535"),
        ("127.0.0.1:" + "9" * 5000, "with a port from 1 to 65535"),
        ("::1:39539", r"write an IPv6 address as \[ADDRESS\]:PORT"),
        ("a..b:39539", "cannot resolve the host"),
        ("192.0.2.7:39539", "UDP to a remote host is not encrypted; .* or add --insecure"),
        ("0.0.0.0:39539", "UDP to a remote host"),
        ("[::ffff:192.0.2.7]:39539", "UDP to a remote host"),
    ],
)
def test_sender_invalid_destination_raises(to: str, message: str) -> None:
    with pytest.raises(AddressError, match=message) as caught:
        UdpSender(to)
    assert "\n" not in str(caught.value)


def test_sender_unknown_host_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(AddressError, match=r"avatar-pc:39539: cannot resolve the host \(Name or service not known\)"):
        UdpSender("avatar-pc:39539")


def test_sender_checked_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up once: a later answer cannot lead elsewhere."""
    answers = [[(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("192.0.2.7", 0))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.pop())
    with pytest.raises(AddressError, match="UDP to a remote host"):
        UdpSender("localhost:39539")
    assert not answers


def test_sender_insecure_allows_remote_host() -> None:
    with UdpSender("192.0.2.7:39539", insecure=True) as sender:
        assert sender.port == 39539


def test_sender_failure_is_logged_once(receiver: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    port = receiver.getsockname()[1]
    with caplog.at_level(logging.WARNING), UdpSender(f"127.0.0.1:{port}") as sender:
        sender.send([(0, bytes(70000)), (65536, b"no port"), (0, b"fine"), (65536, b"no port")])
    assert receiver.recv(100) == b"fine"
    assert len(caplog.messages) == 2
    assert all(text.startswith(f"127.0.0.1:{port}: cannot send: ") for text in caplog.messages)
