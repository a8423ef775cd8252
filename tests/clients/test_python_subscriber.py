"""Subscriptions of the Python client to a bare socket: loss, reordering, models, errors and timeouts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
import zmq

from edge.types import Frame
from edge.wire.frames import FrameEncoder, Stamp
from meshcast.errors import AddressError, WireError
from meshcast.protocol.packets import FramePacket
from meshcast.subscriber import subscribe
from meshcast.transport.reader import Reader
from tests.support import golden_packets

ANY_PORT = "tcp://127.0.0.1:0"
NUMBERS = count()
PATIENCE_S = 20.0  # a limit for failures only


@pytest.fixture
def sender() -> Iterator[tuple[zmq.Socket[bytes], str]]:
    """A bare XPUB socket and its address; inproc, so that a sent message has arrived."""
    address = f"inproc://wire-test-{next(NUMBERS)}"  # a name is free again only some time after its socket closed
    with zmq.Context.instance().socket(zmq.XPUB) as made:
        made.bind(address)
        yield made, address


def accept(sender: zmq.Socket[bytes], topics: int = 3) -> None:
    for _ in range(topics):
        assert sender.poll(int(PATIENCE_S * 1000))
        sender.recv()


def packet(seq: int, session: int = 1, stream: str = "cam", people: int = 0) -> bytes:
    """A mesh message of a frame captured now."""
    frame = Frame("cam0", 0, time.monotonic_ns(), 0.0, np.zeros((48, 64, 3), np.uint8))
    return FrameEncoder().mesh(frame, golden_packets.bodies(people), Stamp.now(stream, seq, session, 0, "m"))


def test_subscribe_model_of_an_earlier_publisher_is_not_attached(sender: tuple[zmq.Socket[bytes], str]) -> None:
    socket_, address = sender
    with subscribe(address, timeout_s=PATIENCE_S) as packets:
        accept(socket_)
        model = golden_packets.packets()["model_bare.bin"]
        socket_.send(model)
        socket_.send(golden_packets.mesh_packet(1, camera=True))
        socket_.send(packet(0, stream=golden_packets.STREAM))
        assert next(packets).model is not None
        assert next(packets).model is None


def test_subscribe_stream_receives_only_that_stream(sender: tuple[zmq.Socket[bytes], str]) -> None:
    socket_, address = sender
    with subscribe(address, stream="cam1", timeout_s=PATIENCE_S) as packets:
        accept(socket_)
        for stream in ("cam10", "cam", "cam1"):
            socket_.send(packet(0, stream=stream))
        assert next(packets).stream == "cam1"


def test_subscribe_gap_counts_as_loss_and_new_session_does_not(sender: tuple[zmq.Socket[bytes], str]) -> None:
    socket_, address = sender
    with subscribe(address, timeout_s=PATIENCE_S) as packets:
        accept(socket_)
        sent = [("a", 7, 1), ("a", 8, 1), ("b", 50, 1), ("a", 12, 1), ("a", 0, 2), ("a", 2, 2), ("b", 51, 1)]
        for stream, seq, session in sent:
            socket_.send(packet(seq, session, stream))
        assert [next(packets).lost for _ in sent] == [0, 0, 0, 3, 0, 1, 0]


def test_subscribe_lower_sequence_number_is_reordered(sender: tuple[zmq.Socket[bytes], str]) -> None:
    socket_, address = sender
    with subscribe(address, timeout_s=PATIENCE_S) as packets:
        accept(socket_)
        for seq in (1, 2, 5, 3, 4, 4, 6, 8):
            socket_.send(packet(seq))
        got = list(islice(packets, 8))
    assert [each.lost for each in got] == [0, 0, 2, 0, 0, 0, 0, 1]
    assert [each.seq for each in got if each.reordered] == [3, 4, 4]


def test_reader_latest_drops_reordered_frames() -> None:
    reader = Reader("here", latest=True)
    read = [reader.read(packet(seq), 100.0 + seq / 30) for seq in (5, 3, 7, 6, 8)]
    assert [(each.seq, each.lost) for each in read if isinstance(each, FramePacket)] == [(5, 0), (7, 1), (8, 0)]
    assert isinstance(reader.read(packet(0, session=2), 101.0), FramePacket)


def test_subscribe_latest_returns_the_newest_of_each_stream_and_counts_lost(
    sender: tuple[zmq.Socket[bytes], str],
) -> None:
    socket_, address = sender
    with subscribe(address, timeout_s=PATIENCE_S, latest=True) as packets:
        accept(socket_)
        socket_.send(packet(0))
        assert next(packets).seq == 0
        socket_.send(golden_packets.packets()["model_bare.bin"])
        for seq in range(1, 6):
            socket_.send(packet(seq))
            socket_.send(packet(seq + 100, stream="other"))
        got = [next(packets), next(packets)]
        assert [(each.stream, each.seq, each.lost) for each in got] == [("cam", 5, 4), ("other", 105, 0)]


def test_subscribe_foreign_message_raises_and_iteration_continues(sender: tuple[zmq.Socket[bytes], str]) -> None:
    socket_, address = sender
    with subscribe(address, timeout_s=PATIENCE_S) as packets:
        accept(socket_)
        socket_.send(b"mesh/cam\0 hello")
        socket_.send(packet(3))
        with pytest.raises(WireError, match=f"{address}: not a Meshcast message"):
            next(packets)
        assert next(packets).seq == 3


def test_subscribe_timeout_ends_the_iteration_and_closes(tmp_path: Path) -> None:
    packets = subscribe(f"ipc://{tmp_path}/no-publisher", timeout_s=0.02)
    assert list(packets) == []
    assert list(packets) == []
    packets.close()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nonsense", "not an address"),
        ("tcp://*:5556", "invalid connect address"),
        (ANY_PORT, "invalid connect address"),
    ],
)
def test_subscribe_invalid_address_raises_address_error(address: str, message: str) -> None:
    with pytest.raises(AddressError, match=message):
        subscribe(address)
