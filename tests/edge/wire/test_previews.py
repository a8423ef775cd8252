"""Previews of the camera's images: what is encoded, and what is dropped so that nothing waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.errors import UsageError
from edge.types import Frame
from edge.wire.frames import Stamp
from edge.wire.previews import Pace, PreviewConfig, PreviewEncoder, PreviewThread
from edge.wire.publisher import Publisher
from meshcast.errors import WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.encoding import encode
from meshcast.protocol.layout import EXTRAS
from meshcast.protocol.packets import FramePacket, Packet, PreviewPacket, StatsPacket
from meshcast.subscriber import subscribe_all
from tests.support import golden_packets

PATIENCE_S = 20.0  # a limit for failures only
CAMERA = Camera((64, 48), np.array([[60.0, 0, 31.5], [0, 60, 23.5], [0, 0, 1]]), np.array([0.1, 0, 0, 0, 0]))


def frame(index: int = 0, size: tuple[int, int] = (64, 48), stream: str = "cam0") -> Frame:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    image[:, size[0] // 2 :] = 200, 100, 50
    return Frame(stream, index, time.monotonic_ns(), index / 30, image)


def message(config: PreviewConfig, made: Frame, camera: Camera | None) -> PreviewPacket:
    encoder = PreviewEncoder(config)
    stamp = Stamp.now("cam0", 3, 7, 9, "body")
    packet = decode(encoder.message(made, camera, encoder.compress(made), stamp))
    assert isinstance(packet, PreviewPacket)
    return packet


@pytest.mark.parametrize(("size_px", "size"), [(32, (32, 24)), (64, (64, 48)), (4096, (64, 48))])
def test_preview_encoder_reduces_large_images(size_px: int, size: tuple[int, int]) -> None:
    packet = message(PreviewConfig(size_px=size_px, quality=95), frame(5), CAMERA)
    image = cv2.imdecode(np.frombuffer(packet.data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert (image.shape[1], image.shape[0]) == packet.preview_size == size
    assert packet.size == (64, 48)
    assert np.abs(image[:, : size[0] // 4].astype(int)).max() < 12
    assert np.abs(image[:, -size[0] // 4 :].astype(int) - [200, 100, 50]).max() < 12
    assert (packet.frame_index, packet.seq, packet.session, packet.lens) == (5, 3, 7, "pinhole")
    assert packet.camera is not None
    np.testing.assert_allclose(packet.camera.K, CAMERA.K)


def test_preview_encoder_names_the_lens_of_a_fisheye_camera() -> None:
    assert message(PreviewConfig(), frame(), replace(CAMERA, model="fisheye")).lens == "fisheye"
    assert message(PreviewConfig(), frame(), None).camera is None


@pytest.mark.parametrize("values", [{"fps": 0.0}, {"size_px": 8}, {"quality": 0}, {"quality": 101}])
def test_preview_config_out_of_range_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="use 16 to 4096 px, quality 1 to 100 and a positive rate"):
        PreviewConfig(**values)


@pytest.mark.parametrize(("source_fps", "fps", "taken"), [(30, 15, 15), (30, 10, 10), (25, 30, 25), (60, 24, 24)])
def test_pace_takes_at_most_the_wanted_rate(source_fps: int, fps: float, taken: int) -> None:
    pace = Pace(fps)
    count = sum(pace.takes(100 + index / source_fps) for index in range(source_fps * 4))
    assert count / 4 == pytest.approx(taken, rel=0.15)


def test_pace_continues_after_a_clock_was_set() -> None:
    pace = Pace(10)
    assert pace.takes(1000.0)
    assert pace.takes(5.0)
    assert not pace.takes(5.01)


def test_preview_thread_replaces_waiting_frames_and_never_waits() -> None:
    entered, leave, done = threading.Event(), threading.Event(), threading.Event()
    worked: list[tuple[str, int]] = []

    def work(made: Frame, camera: Camera | None) -> None:
        worked.append((made.stream, made.index))
        entered.set()
        assert leave.wait(PATIENCE_S)
        if made.index == 9:
            done.set()

    thread = PreviewThread(work)
    thread.offer(frame(0), None)
    assert entered.wait(PATIENCE_S)
    for index in range(1, 9):  # returns although the work is blocked
        thread.offer(frame(index), None)
    thread.offer(frame(4, stream="cam1"), None)
    thread.offer(frame(9), None)
    leave.set()
    assert done.wait(PATIENCE_S)
    thread.stop()
    assert worked[:2] == [("cam0", 0), ("cam0", 9)]
    assert len(worked) <= 3


def test_preview_thread_goes_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def work(made: Frame, camera: Camera | None) -> None:
        if made.index < 2:
            raise ValueError("broken image")
        done.set()

    thread = PreviewThread(work)
    for index in range(3):
        thread.offer(frame(index), None)
    thread.offer(frame(2), None)
    assert done.wait(PATIENCE_S)
    thread.stop()
    thread.offer(frame(3), None)  # after the end: nothing
    assert caplog.text.count("broken image") <= 1


@contextmanager
def publishing(publisher: Publisher, camera: Camera | None = None) -> Iterator[None]:
    stop = threading.Event()

    def work() -> None:
        index = 0
        while not stop.wait(0.005):
            publisher.publish(frame(index), golden_packets.bodies(1), camera)
            index += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def received(publisher: Publisher, levels: tuple[str, ...], wanted: type[Packet], count: int = 3) -> list[Packet]:
    found: list[Packet] = []
    with subscribe_all(publisher.address, levels=levels, timeout_s=PATIENCE_S) as packets:
        for packet in packets:
            found.append(packet)
            if sum(isinstance(each, wanted) for each in found) >= count:
                break
    return found


def test_publisher_sends_previews_of_frames_that_it_published() -> None:
    with (
        Publisher(
            "tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"], previews=PreviewConfig(fps=100)
        ) as publisher,
        publishing(publisher, CAMERA),
    ):
        packets = received(publisher, ("joints", "preview"), PreviewPacket)
    frames = {each.frame_index for each in packets if isinstance(each, FramePacket)}
    previews = [each for each in packets if isinstance(each, PreviewPacket)]
    assert [each.seq for each in previews] == sorted({each.seq for each in previews})
    assert {each.frame_index for each in previews[1:]} <= frames
    assert all(each.age_ms >= 0 and each.data[:2] == b"\xff\xd8" for each in previews)


def test_publisher_sends_no_previews_unless_told_to() -> None:
    with Publisher("tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"]) as publisher, publishing(publisher):
        packets = received(publisher, ("joints", "preview"), FramePacket, 40)
    assert not any(isinstance(each, PreviewPacket) for each in packets)


def test_publisher_sends_stats_with_the_floor_to_their_subscribers() -> None:
    world = WorldPose.of_height(1.5, 10.0, 0.0)
    with Publisher("tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"], status_s=0.02) as publisher:
        publisher.describe("cam0", lambda: {"fps": 25.0, "stages_ms": {"pose": 3.5}})
        with publishing(publisher, replace(CAMERA, world=world)):
            packets = received(publisher, ("stats",), StatsPacket, 2)
    stats = [each for each in packets if isinstance(each, StatsPacket)][-1]
    assert (stats.values["fps"], stats.values["stages_ms"]) == (25.0, {"pose": 3.5})
    assert stats.values["floor"]["height_m"] == pytest.approx(1.5)
    np.testing.assert_allclose(stats.values["floor"]["up"], world.floor.up)
    assert set(EXTRAS) == {"preview", "stats"}


def test_publisher_survives_stats_that_cannot_be_sent(caplog: pytest.LogCaptureFixture) -> None:
    with Publisher("tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"], status_s=0.02) as publisher:
        publisher.describe("cam0", lambda: {"fps": float("nan")})
        with publishing(publisher):
            packets = received(publisher, ("joints", "stats"), FramePacket, 20)
    assert not any(isinstance(each, StatsPacket) for each in packets)
    assert caplog.text.count("no statistics") == 1


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


PREVIEW = PreviewEncoder(PreviewConfig()).message(
    frame(), CAMERA, PreviewEncoder(PreviewConfig()).compress(frame()), Stamp("cam0", 0, 1, 2, "body", 3, 4)
)
STATS = encode(StatsPacket("cam0", 0, 1, 2, 3, 4, "body", {"fps": 1}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (patched(PREVIEW, 192, bytes(4)), "a preview of 0 x 48 px"),
        (patched(PREVIEW, 196, b"\xff\xff\0\0"), "a preview of 64 x 65535 px"),
        (patched(PREVIEW, 200, b"\x07"), "unsupported lens code 7"),
        (patched(PREVIEW, 201, b"\x07"), "unsupported encoding code 7"),
        (patched(PREVIEW, 204, b"\xff\xff\xff\0"), "preview would end at byte"),
        (patched(PREVIEW, 204, b"\x01\0\0\0"), "its arrays need"),
        (patched(STATS, 108, b"\xff\xff\xff\0"), "stats of 16777215 bytes"),
        (patched(STATS, 124, b"[[1]]\x20\x20\x20\x20"), "not a JSON object"),
    ],
)
def test_damaged_previews_and_stats_are_one_clear_error(data: bytes, message: str) -> None:
    with pytest.raises(WireError, match=message) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_stats_that_are_not_finite_or_too_large_are_refused() -> None:
    for values in ({"fps": float("inf")}, {"text": "x" * 70_000}):
        with pytest.raises(WireError, match="stats of cam0"):
            encode(StatsPacket("cam0", 0, 1, 2, 3, 4, "body", values))
