"""Frames on the device: a ring of slots, each with page-locked memory, memory on the device, and events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import edge_kernels
from edge.types import U8, DeviceFrame, Frame, Surface
from engines.device.base import Device, DeviceArray, Event, HostArray
from engines.errors import ModelError

SLOTS = 3  # one that is uploaded, one whose people are tracked, one that waits between both


@dataclass(slots=True)
class Slot:
    """One image on the device.

    Attributes:
        staging, image: (H, W, 3) uint8 BGR, page-locked and on the device; None before the first frame.
        uploaded: the image is on the device.
        readers: events behind work that reads the image; the next upload to the slot comes after them.
        downloaded: the image is in `staging`, of a frame that came on the device.
        surface: where it came from, until that is read.
        held: whether work on it is being enqueued ahead of its turn; released: whether it is free afterwards.
    """

    uploaded: Event
    downloaded: Event
    surface: Surface | None = None
    staging: HostArray | None = None
    image: DeviceArray | None = None
    readers: list[Event] = field(default_factory=list)
    held: bool = False
    released: bool = False


class FrameRing:
    """Uploads frames in order, ahead of the step that tracks people in them.

    One thread uploads; another one uses the slots and releases them. A frame that was not uploaded ahead is uploaded
    when its slot is asked for.
    """

    def __init__(self, device: Device, slots: int = SLOTS) -> None:
        self._device = device
        self._stream = device.stream("copy in")
        self._free = deque(Slot(device.event("image uploaded"), device.event("image downloaded")) for _ in range(slots))
        self._every = tuple(self._free)
        self._used: dict[int, tuple[Frame, Slot]] = {}  # by the frame's index, in the order of the uploads
        self._condition = threading.Condition()
        self._closed = False

    @property
    def used(self) -> int:
        """Frames that have a slot now."""
        return len(self._used)

    def upload(self, frame: Frame) -> Slot:
        """Start the copy of a frame's image to a free slot; waits until there is one.

        Raises ModelError when the ring is closed, OutOfMemoryError when an image of a new size does not fit.
        """
        slot = None
        try:
            with self._condition:
                self._condition.wait_for(lambda: self._free or self._closed)
                if self._closed:
                    raise ModelError(f"{frame.stream}: its frames are no longer uploaded; the stream has ended")
                slot = self._free.popleft()
            self._fill(slot, frame)
        except BaseException:
            surface = frame.surface if isinstance(frame, DeviceFrame) else None
            if surface is not None and (slot is None or slot.surface is not surface):
                surface.release()  # otherwise the slot gives it back
            if slot is not None:
                self._give_back(slot)
            raise
        with self._condition:
            self._used[frame.index] = frame, slot
        return slot

    def slot(self, frame: Frame) -> Slot:
        """The slot of a frame, which is uploaded now where that was not done ahead."""
        with self._condition:
            used = self._used.get(frame.index)
        return self.upload(frame) if used is None else used[1]

    @contextmanager
    def after(self, frame: Frame) -> Iterator[tuple[Frame, Slot] | None]:
        """The frame that was uploaded next, whose slot is kept meanwhile even if it is dropped; None: there is none."""
        with self._condition:
            indices = list(self._used)
            at = indices.index(frame.index) + 1 if frame.index in self._used else len(indices)
            found = self._used[indices[at]] if at < len(indices) else None
            if found is not None:
                found[1].held = True
        try:
            yield found
        finally:
            if found is not None:
                slot = found[1]
                with self._condition:
                    slot.held, released = False, slot.released
                    slot.released = False
                if released:
                    self._give_back(slot)

    def release(self, frame: Frame) -> None:
        """Let another frame have the slot of this one, once the work on the device that reads it is done."""
        with self._condition:
            _, slot = self._used.pop(frame.index, (None, None))
            if slot is not None and slot.held:
                slot.released, slot = True, None
        if slot is not None:
            self._give_back(slot)

    def end(self) -> None:
        """No more frames are uploaded: a thread that waits for a slot gets an error."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        self.end()
        for slot in self._every:
            _wait(slot)
            _free(slot)

    def _fill(self, slot: Slot, frame: Frame) -> None:
        surface = frame.surface if isinstance(frame, DeviceFrame) else None
        shape = frame.image.shape if surface is None else (surface.size[1], surface.size[0], 3)
        if slot.staging is None or slot.image is None or slot.staging.shape != shape:
            _wait(slot)
            _free(slot)
            slot.staging = self._device.host_array(shape, np.uint8)
            slot.image = self._device.array(shape, np.uint8)
        elif not (slot.uploaded.done() and slot.downloaded.done()):
            _wait_for(slot.uploaded, slot.downloaded)  # of a frame that was dropped: copies use the staging memory
        _release(slot)
        for event in slot.readers:
            self._stream.wait(event)
        slot.readers.clear()
        if surface is not None and isinstance(frame, DeviceFrame):
            self._convert(slot, frame, surface)
        else:
            slot.staging.write()[:] = frame.image
            self._stream.copy(slot.image, slot.staging)
            self._stream.record(slot.uploaded)

    def _convert(self, slot: Slot, frame: DeviceFrame, surface: Surface) -> None:
        """Fill a slot from a decoder's surface, and start the download of its image."""
        assert slot.image is not None
        assert slot.staging is not None
        if surface.device != self._device.name:
            raise ModelError(f"{frame.stream}: its images are on {surface.device}, its models on {self._device.name}")
        slot.surface, bt709, bgr = surface, surface.bt709, len(surface.planes) == 1

        def work(handle: int, *arrays: Any) -> None:
            edge_kernels.nv12_to_bgr(bt709, *(*arrays, handle))

        planes = [self._device.wrap(plane) for plane in surface.planes]
        try:
            if bgr:
                self._stream.copy(slot.image, planes[0])
            else:
                self._stream.launch("image to BGR", work, planes, [slot.image])
        finally:
            self._stream.record(slot.uploaded)
        self._stream.copy(slot.staging, slot.image)
        self._stream.record(slot.downloaded)
        frame.read_with(lambda: self._download(slot, surface))

    def _download(self, slot: Slot, surface: Surface) -> U8:
        """The image of a frame that is in its slot."""
        if slot.surface is not surface:
            raise ModelError("an image was used first after its frame had left the device")
        assert slot.staging is not None
        _wait_for(slot.downloaded)
        _release(slot)
        return np.array(slot.staging.read())

    def _give_back(self, slot: Slot) -> None:
        with self._condition:
            self._free.append(slot)
            self._condition.notify_all()


def _wait(slot: Slot) -> None:
    _wait_for(slot.uploaded, slot.downloaded, *slot.readers)
    slot.readers.clear()


def _wait_for(*events: Event) -> None:
    for event in events:
        if not event.done():
            event.wait()


def _release(slot: Slot) -> None:
    """Give the surface of a slot, which is read, back to its decoder."""
    surface, slot.surface = slot.surface, None
    if surface is not None:
        surface.release()


def _free(slot: Slot) -> None:
    _release(slot)
    for array in (slot.staging, slot.image):
        if array is not None:
            array.close()
    slot.staging = slot.image = None
