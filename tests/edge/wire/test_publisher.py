"""Publisher and subscriber over real sockets. No test sleeps: waiting loops publish or poll."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import zmq

from edge.stages.inverse_kinematics import RigFitter
from edge.types import Bodies, BodyModel, Frame
from edge.wire.frames import FrameEncoder
from edge.wire.model_schedule import MODELS_A_SECOND
from edge.wire.publisher import Publisher
from edge.wire.publisher_socket import STUCK_MS
from meshcast import aio
from meshcast.protocol.layout import Kind, topic
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from meshcast.subscriber import subscribe, subscribe_all
from tests.support import golden_packets

MODEL: BodyModel = golden_packets.model()
bodies: Callable[[int], Bodies] = golden_packets.bodies
ANY_PORT = "tcp://127.0.0.1:0"
NEVER_S = 1e6
NUMBERS = count()
PATIENCE_S = 20.0  # a limit for failures only


def frame(index: int = 0) -> Frame:
    return Frame("cam0", index, time.monotonic_ns(), index / 30, np.zeros((48, 64, 3), np.uint8))


def crowd(people: int) -> Bodies:
    """People of 6890 vertices: 42 kB each in a message."""
    return replace(bodies(people), vertices=np.random.default_rng(0).random((people, 6890, 3), np.float32))


@contextmanager
def publishing(publisher: Publisher, people: int = 2, fitter: RigFitter | None = None) -> Iterator[None]:
    """Publishes frames every few milliseconds from another thread, with rig poses where there is a fitter."""
    stop = threading.Event()

    def work() -> None:
        index = 0
        while not stop.wait(0.003):
            now, made = frame(index), bodies(people)
            publisher.publish(now, made, rig_pose=None if fitter is None else fitter(now.t_s, made))
            index += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(ANY_PORT, MODEL, streams=["cam0"], repeat_s=NEVER_S) as made:
        yield made


@pytest.mark.parametrize("address", [ANY_PORT, "ipc://{folder}/socket", "inproc://meshcast-test"])
def test_publisher_bodies_arrive_over_every_transport(address: str, tmp_path: Path) -> None:
    with Publisher(address.format(folder=tmp_path), MODEL, streams=["cam0"]) as publisher:
        assert not publisher.address.endswith(":0")
        with subscribe(publisher.address, timeout_s=PATIENCE_S) as packets, publishing(publisher):
            first, second = islice(packets, 2)
    assert second.seq == first.seq + 1
    assert second.lost == 0
    assert second.stream == "cam0"
    assert second.size == (64, 48)
    assert 0 <= second.age_ms < PATIENCE_S * 1000
    np.testing.assert_allclose(second.people.vertices, bodies(2).vertices, atol=2e-5)


def test_publisher_frame_without_people_is_published(publisher: Publisher) -> None:
    with subscribe(publisher.address, timeout_s=PATIENCE_S) as packets, publishing(publisher, people=0):
        got = next(packets)
    assert len(got.people) == 0
    assert got.people.vertices.shape == (0, MODEL.rest_vertices.shape[0], 3)


def test_publisher_late_subscriber_receives_the_model_immediately(publisher: Publisher) -> None:
    for index in range(5):  # the model that goes out with the first frame is gone before anyone listens
        publisher.publish(frame(index), bodies(1))
    with subscribe(publisher.address, timeout_s=PATIENCE_S) as packets, publishing(publisher):
        models = [got.model for got in islice(packets, 3)]
    model = models[-1]
    assert model is not None
    assert model.stream == "cam0"
    assert np.array_equal(model.body.faces, MODEL.faces)
    assert np.array_equal(model.body.rest_vertices, MODEL.rest_vertices)


def test_publisher_second_subscriber_receives_the_model_and_the_first_does_not_again(publisher: Publisher) -> None:
    publisher.publish(frame(), bodies(0))  # the model that goes out with the first frame is gone
    with publishing(publisher), subscribe_all(publisher.address, timeout_s=PATIENCE_S) as one:
        own = next(got for got in one if isinstance(got, ModelPacket))
        between = list(islice(one, 20))
        with subscribe(publisher.address, timeout_s=PATIENCE_S) as two:
            assert list(islice(two, 3))[-1].model is not None
            other = next(got for got in one if isinstance(got, ModelPacket))
            assert isinstance(next(one), FramePacket)
    assert all(isinstance(got, FramePacket) for got in between)
    assert other.seq == own.seq + 1


def test_publisher_repeated_model_subscriptions_are_rate_limited(publisher: Publisher) -> None:
    with (
        zmq.Context() as context,
        context.socket(zmq.SUB) as listener,
        context.socket(zmq.SUB) as pest,
    ):
        for one in (listener, pest):
            one.set(zmq.LINGER, 0)
            one.set(zmq.RCVHWM, 1000)
            one.subscribe(topic(Kind.MODEL, "cam0"))
            one.connect(publisher.address)
            assert one.poll(int(PATIENCE_S * 1000))
        start_s = time.monotonic()
        models = 0
        while (took_s := time.monotonic() - start_s) < 1:
            pest.unsubscribe(topic(Kind.MODEL, "cam0"))
            pest.subscribe(topic(Kind.MODEL, "cam0"))
            while listener.poll(1):
                listener.recv()
                models += 1
        assert 1 <= models <= MODELS_A_SECOND * (took_s + 1)


def test_publisher_model_is_repeated() -> None:
    with (
        Publisher("inproc://repeat-test", MODEL, streams=["cam0"], repeat_s=0.01) as publisher,
        subscribe_all(publisher.address, timeout_s=PATIENCE_S) as packets,
        publishing(publisher),
    ):
        models = list(islice((got for got in packets if isinstance(got, ModelPacket)), 4))
    assert [model.seq - models[0].seq for model in models] == [0, 1, 2, 3]


def test_publisher_model_and_status_arrive_without_a_frame() -> None:
    with (
        Publisher(ANY_PORT, MODEL, streams=["cam0"], repeat_s=NEVER_S, status_s=0.01) as publisher,
        subscribe_all(publisher.address, timeout_s=PATIENCE_S) as packets,
    ):
        kinds = (ModelPacket, StatusPacket)
        first = {type(got): got for got in islice(packets, 20)}
        assert set(first) == set(kinds)
        with publishing(publisher):
            live = next(got for got in packets if isinstance(got, StatusPacket) and got.state == "live")
        publisher.end("cam0", "the clip is over")
        ended = next(got for got in packets if isinstance(got, StatusPacket) and got.state == "ended")
    assert first[StatusPacket].state == "idle"
    assert ended.reason == "the clip is over"
    assert ended.next_seq >= live.next_seq > 0


def test_publisher_close_ends_the_streams() -> None:
    publisher = Publisher(ANY_PORT, MODEL, streams=["cam0"], status_s=NEVER_S)
    with subscribe_all(publisher.address, timeout_s=PATIENCE_S) as packets:
        assert isinstance(next(packets), ModelPacket)
        publisher.close()
        last = next(packets)
    assert isinstance(last, StatusPacket)
    assert (last.state, last.reason) == ("ended", "the publisher has closed")


def test_publisher_levels_without_subscriber_are_not_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for name in ("mesh", "mesh_lod", "joints", "params"):
        real = getattr(FrameEncoder, name)

        def spy(*args: Any, name: str = name, real: Any = real) -> bytes:
            made.append(name)
            return real(*args)

        monkeypatch.setattr(FrameEncoder, name, spy)
    with Publisher(ANY_PORT, golden_packets.rigged(), streams=["cam0"]) as publisher:
        publisher.publish(frame(), bodies(1))
        assert made == []
        with subscribe(publisher.address, levels=("params", "joints"), timeout_s=PATIENCE_S) as packets:
            with publishing(publisher, fitter=RigFitter(golden_packets.rigged())):
                got = {packet.level: packet for packet in islice(packets, 8)}
            assert set(got) == {"params", "joints"}
            assert set(made) == {"params", "joints"}


def test_publisher_wants_rotations_while_params_are_subscribed() -> None:
    with Publisher(ANY_PORT, golden_packets.rigged(), streams=["cam0"]) as publisher:
        assert not publisher.wants_rotations("cam0")
        assert not publisher.wants_surface("cam0")
        with subscribe(publisher.address, levels=("joints",), timeout_s=PATIENCE_S) as packets, publishing(publisher):
            next(packets)
            assert not publisher.wants_rotations("cam0")
            assert publisher.wants_surface("cam0")
            assert not publisher.wants_mesh("cam0")
        fitter = RigFitter(golden_packets.rigged())
        with (
            subscribe(publisher.address, levels=("params",), timeout_s=PATIENCE_S) as packets,
            publishing(publisher, fitter=fitter),
        ):
            next(packets)
            assert publisher.wants_rotations("cam0")


@pytest.mark.parametrize("axes", ["opencv", "unity", "unreal", "gltf"])
def test_publisher_levels_agree_in_every_axes(axes: str) -> None:
    levels = ("params", "joints", "mesh", "mesh-lod")
    with (
        Publisher(ANY_PORT, golden_packets.rigged(), streams=["cam0"], axes=axes) as publisher,
        subscribe(publisher.address, levels=levels, timeout_s=PATIENCE_S) as packets,
        publishing(publisher, fitter=RigFitter(golden_packets.rigged())),
    ):
        whole = {}
        for packet in packets:
            whole.setdefault(packet.seq, {})[packet.level] = packet
            if len(whole[packet.seq]) == len(levels):
                break
    got = whole[packet.seq]
    assert {each.axes for each in got.values()} == {axes}
    people = got["mesh"].people
    for each in got.values():
        assert np.array_equal(each.people.translation, people.translation)
        assert each.model is not None
    np.testing.assert_allclose(got["mesh-lod"].people.vertices, people.vertices[:, [0, 2, 4, 6]], atol=2e-3)
    np.testing.assert_array_equal(got["joints"].people.joints, people.joints)


def test_aio_subscribe_receives_and_ends_after_the_timeout(publisher: Publisher) -> None:
    async def receive() -> list[int]:
        async with aio.subscribe(publisher.address, timeout_s=PATIENCE_S) as packets:
            return [packet.seq async for packet in aislice(packets, 3)]

    async def nothing() -> list[FramePacket]:
        return [packet async for packet in aio.subscribe("inproc://no-publisher", timeout_s=0.02)]

    async def aislice(packets: Any, count: int) -> Any:
        for _ in range(count):
            yield await anext(packets)

    with publishing(publisher):
        first, second, third = asyncio.run(receive())
    assert (second, third) == (first + 1, first + 2)
    assert asyncio.run(nothing()) == []


def test_subscription_unreferenced_is_closed(publisher: Publisher) -> None:
    packets = subscribe(publisher.address, timeout_s=PATIENCE_S)
    inner = packets._socket
    with publishing(publisher):
        next(packets)
    assert not inner.closed
    del packets
    gc.collect()
    assert inner.closed


def test_publisher_messages_before_close_arrive() -> None:
    publisher = Publisher(ANY_PORT, MODEL, streams=["cam0"], repeat_s=NEVER_S)
    with subscribe(publisher.address, timeout_s=PATIENCE_S) as packets:
        with publishing(publisher):
            last = next(packets)
        publisher.publish(frame(999), crowd(200))  # more than the system's buffers take at once
        publisher.close()
        publisher.close()
        while last.frame_index != 999:
            last = next(packets)
    assert len(last.people.ids) == 200


def test_publisher_stalled_subscriber_costs_neither_time_nor_memory() -> None:
    many = crowd(10)
    with (
        Publisher(ANY_PORT, MODEL, streams=["cam0"], repeat_s=NEVER_S) as publisher,
        zmq.Context() as context,
        context.socket(zmq.SUB) as stalled,
        subscribe(publisher.address, timeout_s=PATIENCE_S) as healthy,
    ):
        stalled.set(zmq.RCVHWM, 1)
        stalled.set(zmq.LINGER, 0)
        stalled.subscribe(b"mesh/")
        stalled.connect(publisher.address)
        with publishing(publisher, people=0):
            assert stalled.poll(int(PATIENCE_S * 1000))
            assert next(healthy)

        process = psutil.Process()
        publisher.publish(frame(1000), many)
        while next(healthy).frame_index != 1000:
            pass
        before = process.memory_info().rss
        slowest_s = 0.0
        for index in range(1001, 1201):  # 84 MB
            start = time.perf_counter()
            publisher.publish(frame(index), many)
            slowest_s = max(slowest_s, time.perf_counter() - start)
            got = next(healthy)
            assert (got.frame_index, got.lost) == (index, 0)
        assert process.memory_info().rss - before < 30e6
        assert slowest_s < STUCK_MS / 1000  # as long as a publisher that waits for a stuck subscriber would take


def test_publisher_flood_of_subscriptions_costs_neither_time_nor_memory(publisher: Publisher) -> None:
    requests = b"".join(b"\0\6\1" + index.to_bytes(4, "big") + b"?" for index in range(10_000))
    process = psutil.Process()
    with subscribe(publisher.address, timeout_s=PATIENCE_S) as healthy, handshaken(publisher.address) as flood:
        with publishing(publisher):
            assert next(healthy)
        before, end_s, slowest_s = process.memory_info().rss, time.monotonic() + 1.5, 0.0
        flood.settimeout(1)

        def work() -> None:
            with suppress(OSError):  # until it is cut off
                while time.monotonic() < end_s:
                    flood.sendall(requests)

        thread = threading.Thread(target=work)
        thread.start()
        index = 1000
        while time.monotonic() < end_s:
            start = time.perf_counter()
            publisher.publish(frame(index), bodies(2))
            slowest_s = max(slowest_s, time.perf_counter() - start)
            while next(healthy).frame_index != index:
                pass
            index += 1
        thread.join()
    assert process.memory_info().rss - before < 40e6
    assert slowest_s < STUCK_MS / 1000


@contextmanager
def handshaken(address: str) -> Iterator[socket.socket]:
    """A connection that has said in ZMTP 3.1 that it is a SUB socket, and says nothing more by itself."""
    host, port = address.removeprefix("tcp://").split(":")
    ready = b"\5READY\x0bSocket-Type\0\0\0\3SUB"
    with socket.create_connection((host, int(port)), PATIENCE_S) as made:
        made.sendall(b"\xff" + bytes(8) + b"\x7f\3\1" + b"NULL".ljust(20, b"\0") + bytes(32))
        made.sendall(b"\4" + bytes([len(ready)]) + ready)
        assert made.recv(1)
        yield made


def test_publisher_long_message_from_a_subscriber_does_not_affect_others(publisher: Publisher) -> None:
    with (
        zmq.Context() as context,
        context.socket(zmq.XSUB) as rude,
        subscribe(publisher.address, timeout_s=PATIENCE_S) as packets,
    ):
        rude.set(zmq.LINGER, 0)
        monitor = rude.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        rude.connect(publisher.address)
        rude.send(b"\x01" + b"x" * 100_000)
        with publishing(publisher):
            assert monitor.poll(int(PATIENCE_S * 1000))
            assert len(list(islice(packets, 5))) == 5
        rude.disable_monitor()
