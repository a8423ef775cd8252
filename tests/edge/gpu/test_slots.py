"""Frames on the device."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from edge.gpu.slots import SLOTS, FrameRing
from edge.types import Frame
from engines.errors import ModelError, OutOfMemoryError
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.runtime import Runtime

SOON_S = 20.0


def frame(index: int, size: tuple[int, int] = (4, 6)) -> Frame:
    return Frame("camera", index, 0, index / 30, np.full((*size, 3), index, np.uint8))


def test_ring_waits_for_a_free_slot() -> None:
    ring, arrived = FrameRing(EmulatedDevice(Runtime())), threading.Event()
    for index in range(SLOTS):
        ring.upload(frame(index))

    def one_more() -> None:
        ring.upload(frame(SLOTS))
        arrived.set()

    thread = threading.Thread(target=one_more)
    thread.start()
    assert not arrived.is_set()
    ring.release(frame(1))
    assert arrived.wait(SOON_S)
    thread.join()
    assert ring.used == SLOTS


def test_ring_that_ended_refuses_frames() -> None:
    ring, errors = FrameRing(EmulatedDevice(Runtime()), slots=1), []
    ring.upload(frame(0))

    def wait() -> None:
        with pytest.raises(ModelError, match=r"^camera: its frames are no longer uploaded"):
            ring.upload(frame(1))
        errors.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    ring.end()
    thread.join(SOON_S)
    assert errors == [True]


@pytest.mark.parametrize("seed", range(3))
def test_ring_images_of_frames_that_were_dropped_are_not_mixed(seed: int) -> None:
    runtime = Runtime(seed=seed)
    device = EmulatedDevice(runtime)
    ring, stream, done = FrameRing(device, slots=2), device.stream("reader"), device.event("done")
    for index in range(9):
        given = frame(index, (4, 6) if index < 5 else (8, 2))
        slot = ring.upload(given)
        if index % 3 == 2:
            assert slot.image is not None
            back = device.host_array(given.image.shape, np.uint8)
            stream.wait(slot.uploaded)
            stream.copy(back, slot.image)
            stream.record(done)
            slot.readers.append(done)
            done.wait()
            np.testing.assert_array_equal(back.read(), given.image)
            back.close()
        ring.release(given)
    ring.close()
    assert runtime.checker.hazards == []
    assert runtime.used["cuda:0"] == 0


def test_ring_image_that_does_not_fit_leaves_the_slot_free() -> None:
    device = EmulatedDevice(Runtime(limit=1000))
    ring = FrameRing(device, slots=1)
    with pytest.raises(OutOfMemoryError):
        ring.upload(frame(0, (40, 60)))
    ring.upload(frame(1))
    ring.close()
    assert device.runtime.used["cuda:0"] == 0


def test_ring_keeps_the_slot_of_a_dropped_frame_while_work_on_it_is_enqueued() -> None:
    ring = FrameRing(EmulatedDevice(Runtime()), slots=2)
    for index in range(2):
        ring.upload(frame(index))
    with ring.after(frame(0)) as after:
        assert after is not None
        assert after[0].index == 1
        ring.release(frame(1))
        ring.release(frame(0))
        ring.upload(frame(2))
        assert ring.slot(frame(2)) is not after[1]
        with ring.after(frame(2)) as last:
            assert last is None
    assert ring.upload(frame(3)) is after[1]
    ring.close()
