"""A proxy between publishers and subscribers, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import zmq

from edge.errors import UsageError
from edge.wire.curve_auth import Security
from edge.wire.keys import new_keys
from edge.wire.proxy import MAX_UPSTREAMS, Proxy, check_upstreams
from edge.wire.upstream import UpstreamConfig
from meshcast.errors import AddressError
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.subscriber import subscribe, subscribe_all
from meshcast.transport.curve import Curve, read_keys, read_public
from tests.support.proxies import PATIENCE_S, eventually, no_doubles, proxied
from tests.support.sender import Sender

MESH = b"mesh/cam0\0"


@pytest.fixture
def sender() -> Iterator[Sender]:
    with Sender() as made:
        yield made


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Keys of the publisher, of the proxy, which the publisher knows, of phone, which the proxy knows, and of
    outsider."""
    for name in ("publisher", "proxy", "phone", "outsider"):
        new_keys(tmp_path / name)
    for folder, name in (("proxies", "proxy"), ("clients", "phone")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.pub").write_bytes((tmp_path / f"{name}.pub").read_bytes())
    return tmp_path


def curve(keys: Path, name: str, server: str) -> Curve:
    return Curve(read_keys(keys / f"{name}.key"), read_public(keys / f"{server}.pub"))


def connected(stack: ExitStack, address: str, topic: bytes) -> zmq.Socket[bytes]:
    context = stack.enter_context(zmq.Context())
    socket: zmq.Socket[bytes] = stack.enter_context(context.socket(zmq.SUB))
    socket.set(zmq.LINGER, 0)
    socket.set(zmq.RCVTIMEO, int(1000 * PATIENCE_S))
    socket.subscribe(topic)
    socket.connect(address)
    return socket


def publisher_of(name: str, session_sender: Sender) -> UpstreamConfig:
    return UpstreamConfig(session_sender.address, streams=frozenset({name}))


def test_proxy_messages_pass_unchanged(sender: Sender) -> None:
    with proxied(sender.address) as proxy, ExitStack() as stack:
        sockets = [connected(stack, address, MESH) for address in (sender.address, proxy.address)]
        received: list[dict[bytes, bytes]] = [{}, {}]
        while len(received[0].keys() & received[1].keys()) < 5:
            for socket, messages in zip(sockets, received, strict=True):
                message = socket.recv()
                messages[message[56:64]] = message
        assert all(received[0][seq] == received[1][seq] for seq in received[0].keys() & received[1].keys())


def test_proxy_new_clients_get_the_model(sender: Sender) -> None:
    with proxied(sender.address) as proxy:
        for _ in range(2):  # the second one at a publisher that has sent its model before
            with subscribe_all(proxy.address, levels=("joints",), timeout_s=PATIENCE_S) as packets:
                assert any(isinstance(packet, ModelPacket) for packet in packets)
        with (
            subscribe(proxy.address, timeout_s=PATIENCE_S) as one,
            subscribe(proxy.address, timeout_s=PATIENCE_S) as two,
        ):
            for packets in (one, two):
                assert any(packet.model is not None for packet in packets)


def test_proxy_requests_only_what_clients_want(sender: Sender) -> None:
    with proxied(sender.address) as proxy:
        assert not sender.publisher.wants_rotations("cam0")
        with subscribe_all(proxy.address, levels=("params",), timeout_s=PATIENCE_S) as packets:
            assert next(packet for packet in packets if isinstance(packet, FramePacket)).level == "params"
            assert sender.publisher.wants_rotations("cam0")
        eventually(lambda: not sender.publisher.wants_rotations("cam0"))


def test_proxy_encrypted_on_both_sides_knows_its_clients_only(keys: Path) -> None:
    at_publisher = Security(read_keys(keys / "publisher.key"), keys / "proxies")
    security = Security(read_keys(keys / "proxy.key"), keys / "clients")
    with (
        Sender(security=at_publisher) as sender,
        proxied(UpstreamConfig(sender.address, curve(keys, "proxy", "publisher")), security=security) as proxy,
        subscribe(proxy.address, curve=curve(keys, "outsider", "proxy")) as refused,
    ):
        with subscribe(proxy.address, timeout_s=PATIENCE_S, curve=curve(keys, "phone", "proxy")) as packets:
            assert next(packets).stream == "cam0"
        with subscribe(sender.address, timeout_s=PATIENCE_S, curve=curve(keys, "proxy", "publisher")) as packets:
            assert next(packets).stream == "cam0"
        eventually(lambda: proxy.stats().refused > 0)
        assert proxy.stats().clients == 0
        del refused


def test_proxy_publisher_that_restarts_changes_session_only(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket"
    with proxied(address) as proxy, subscribe(proxy.address, timeout_s=PATIENCE_S) as packets:
        received = []
        for _ in range(2):
            with Sender(address):
                sessions = {session for session, _ in received}
                while len([1 for session, _ in received if session not in sessions]) < 5:
                    packet = next(packets)
                    received.append((packet.session, packet.seq))
                assert any(packet.model is not None for packet in packets)
        assert len({session for session, _ in received}) == 2
        assert no_doubles(received)
        eventually(lambda: proxy.stats().sessions == {"cam0": 1})


def test_proxy_stream_that_moves_keeps_its_topic(sender: Sender) -> None:
    with (
        Sender() as second,
        proxied(publisher_of("cam0", sender)) as proxy,
        subscribe(proxy.address, stream="cam0", timeout_s=PATIENCE_S) as packets,
    ):
        first = next(packets).session
        proxy.set_upstreams([publisher_of("cam0", second)])
        received = []
        for packet in packets:
            received.append((packet.session, packet.seq))
            if len([1 for session, _ in received if session != first]) == 5:
                break
        sessions = [session for session, _ in received]
        assert sessions == sorted(sessions, key=lambda session: session != first)
        assert no_doubles(received)
        assert any(packet.model is not None for packet in packets)


def test_proxy_two_publishers_of_one_stream_do_not_mix(sender: Sender) -> None:
    with proxied(sender.address) as proxy:
        eventually(lambda: any(each.streams for each in proxy.stats().upstreams))
        with Sender() as second:
            proxy.set_upstreams([UpstreamConfig(sender.address), UpstreamConfig(second.address)])
            eventually(lambda: all(each.messages for each in proxy.stats().upstreams))
            assert 0 <= proxy.stats().upstreams[0].silent_s["cam0"] < PATIENCE_S
            with subscribe(proxy.address, timeout_s=PATIENCE_S) as packets:
                sessions = {next(packets).session for _ in range(20)}
                sender.close()
                assert len(sessions) == 1
                assert next(packet for packet in packets if packet.session not in sessions).stream == "cam0"


def test_proxy_stalled_client_does_not_delay_others(sender: Sender) -> None:
    with proxied(sender.address, high_water_mark=4) as proxy, ExitStack() as stack:
        context = stack.enter_context(zmq.Context())
        for _ in range(5):
            stalled = stack.enter_context(context.socket(zmq.SUB))
            stalled.set(zmq.RCVHWM, 1)
            stalled.set(zmq.RCVBUF, 4096)
            stalled.set(zmq.LINGER, 0)
            stalled.subscribe(b"")
            stalled.connect(proxy.address)
        with subscribe(proxy.address, timeout_s=PATIENCE_S) as packets:
            begin = next(packets).seq
            assert any(packet.seq > begin + 300 for packet in packets)


def test_proxy_clients_that_flood_requests_leave_the_publisher_connected(sender: Sender) -> None:
    with proxied(sender.address) as proxy, ExitStack() as stack:
        eventually(lambda: any(each.streams for each in proxy.stats().upstreams))
        flood = connected(stack, proxy.address, b"status/")
        with subscribe(proxy.address, timeout_s=PATIENCE_S) as packets:
            first = next(packets)
            for index in range(3000):
                flood.subscribe(b"params/cam0\0" if index % 2 else b"model/")
                flood.unsubscribe(b"params/cam0\0" if index % 2 else b"model/")
            assert any(packet.seq > first.seq + 100 for packet in packets)
        assert sender.publisher.refused == 0


def test_proxy_topics_without_meaning_are_not_passed_on(sender: Sender) -> None:
    with proxied(sender.address) as proxy, ExitStack() as stack:
        other = connected(stack, proxy.address, b"secret/")
        other.subscribe(b"mesh/none\0")
        with subscribe(proxy.address, timeout_s=PATIENCE_S) as packets:
            next(packets)
        assert sender.publisher.subscribers == 1


@pytest.mark.parametrize(
    ("upstreams", "said"),
    [
        ([UpstreamConfig("tcp://a:1"), UpstreamConfig("tcp://a:1", streams=frozenset("b"))], "tcp://a:1: given twice"),
        (
            [UpstreamConfig("tcp://a:1", streams=frozenset("b")), UpstreamConfig("tcp://a:2", streams=frozenset("b"))],
            "b: expected from tcp://a:1 and tcp://a:2",
        ),
        ([UpstreamConfig(f"tcp://a:{port}") for port in range(1, MAX_UPSTREAMS + 2)], "at most 1024"),
    ],
)
def test_proxy_contradicting_publishers_are_refused(upstreams: list[UpstreamConfig], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_upstreams(upstreams)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:0", "somewhere", "tcp://*:5"])
def test_proxy_unusable_publisher_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        Proxy("tcp://127.0.0.1:0", [UpstreamConfig(address)])


def test_proxy_damaged_messages_are_discarded() -> None:
    with ExitStack() as stack:
        context = stack.enter_context(zmq.Context())
        foreign = stack.enter_context(context.socket(zmq.XPUB))
        foreign.set(zmq.LINGER, 0)
        foreign.bind("tcp://127.0.0.1:0")
        proxy = stack.enter_context(proxied(foreign.get_string(zmq.LAST_ENDPOINT)))
        assert foreign.recv() == b"\x01status/"
        for message in (b"status/", b"status/" + bytes(200), b"status/\xff".ljust(40, b"\0") + b"MCST" + bytes(100)):
            foreign.send(message)
        foreign.send_multipart([b"status/cam0", b"second"])
        eventually(lambda: proxy.stats().upstreams[0].discarded == 4)
        assert proxy.stats().upstreams[0].streams == {}
