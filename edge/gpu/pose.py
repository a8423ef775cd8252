"""2D poses on a stream of their own: crops of the image on the device, the pose network, and a small copy back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

import edge_kernels
from edge.gpu.slots import FrameRing, Slot
from edge.stages.keypoint_decoders import Outputs
from edge.stages.pose import Pose
from edge.types import F32, Frame, Tracks
from engines.cards.card import Card
from engines.device.base import Device, DeviceArray, Spec, Stream
from engines.errors import OutOfMemoryError
from engines.inference.session import Session
from engines.inference.stream_engine import Buffers, StreamEngine

log = logging.getLogger("meshcast.gpu")


class GpuPose(Pose):
    """A Pose whose crops are cut on the device. The host waits once a call, for the network's outputs."""

    def __init__(
        self,
        session: Session,
        card: Card,
        *,
        device: Device,
        stream: Stream,
        engine: StreamEngine,
        ring: FrameRing,
        **options: Any,
    ) -> None:
        """options: those of Pose but `flip_test` and `on_crops`."""
        super().__init__(session, card, **options)
        self._device, self._stream, self._engine, self._ring = device, stream, engine, ring
        self._buffers = Buffers(device, engine, host_inputs=False)
        self._places: _Places | None = None
        self._most: int | None = None  # people of a batch, where memory was short
        self._painted: _Masks | None = None
        self._given = device.event("crop boxes uploaded")
        self._read = [device.event("image read by the crops") for _ in range(2)]
        self._landed = device.event("keypoints landed")

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        self._finish()
        self._buffers.close()
        for staged in (self._places, self._painted):
            if staged is not None:
                staged.close()
        self._places = self._painted = None

    def _infer(self, frame: Frame, tracks: Tracks, boxes: F32) -> tuple[Outputs, F32]:
        slot = self._ring.slot(frame)
        centers, scales, regions = self._crops.regions(boxes)
        masks = dict(self._mask.masks(regions, tracks, self._crops.size)) if self._mask is not None else {}
        size = self._reserve(len(boxes))
        parts = []
        for start in range(0, len(boxes), size):
            rows = slice(start, start + size)
            painted = {row - start: mask for row, mask in masks.items() if start <= row < start + size}
            parts.append(self._chunk(slot, centers[rows], scales[rows], painted))
        if len(parts) == 1:
            return parts[0], regions
        return tuple(np.concatenate(same) for same in zip(*parts, strict=True)), regions

    def _chunk(self, slot: Slot, centers: F32, scales: F32, masks: dict[int, Any]) -> Outputs:
        """The network's outputs for one batch of crops."""
        count, stream, buffers = len(centers), self._stream, self._buffers
        crops = buffers.inputs[0].rows(count)
        self._wait()
        stream.wait(slot.uploaded)
        self._crop(slot, centers, scales, crops)
        if masks:
            self._paint(masks, crops)
        outputs = [array.rows(count) for array in buffers.outputs]
        landing = [array.rows(count) for array in buffers.host_outputs]
        self._engine.launch(stream, [crops], outputs)
        for target, source in zip(landing, outputs, strict=True):
            stream.copy(target, source)
        stream.record(self._landed)
        self._landed.wait()
        return tuple(np.array(array.read()) for array in landing)

    def _crop(self, slot: Slot, centers: F32, scales: F32, crops: DeviceArray) -> None:
        assert self._places is not None
        assert slot.image is not None
        count, stream, places, write = len(centers), self._stream, self._places, self._crops.write
        given = [array.rows(count) for array in places.device]
        for host, target, values in zip(places.host, given, (centers, scales), strict=True):
            host.rows(count).write()[:] = values
            stream.copy(target, host.rows(count))
        stream.record(self._given)

        def work(handle: int, image: Any, at: Any, scale: Any, out: Any) -> None:
            write(image, at, scale, out, handle)

        stream.launch("crops", work, [slot.image, *given], [crops])
        self._read.reverse()
        stream.record(self._read[0])
        slot.readers.append(self._read[0])

    def _paint(self, masks: dict[int, Any], crops: DeviceArray) -> None:
        """Paint over the neighbors in some of the crops."""
        assert self._mask is not None
        fill, count, stream = self._mask.fill, len(masks), self._stream
        if self._painted is None or self._painted.capacity < self._buffers.capacity:
            if self._painted is not None:
                self._finish()
                self._painted.close()
            self._painted = _Masks(self._device, self._buffers.capacity, self._crops.size)
        given = [array.rows(count) for array in self._painted.device]
        values = (np.stack(list(masks.values())), np.array(list(masks), np.int32))
        for host, target, value in zip(self._painted.host, given, values, strict=True):
            host.rows(count).write()[:] = value
            stream.copy(target, host.rows(count))
        stream.record(self._given)

        def work(handle: int, mask: Any, rows: Any, out: Any) -> None:
            edge_kernels.paint(fill, mask, rows, out, stream=handle)

        stream.launch("paint", work, given, updates=[crops])

    def _wait(self) -> None:
        """Wait for the copies of a call that failed behind them; those of others have landed with their outputs."""
        if not self._given.done():
            self._given.wait()

    def _finish(self) -> None:
        """Wait for all that is on the stream."""
        self._stream.record(self._landed)
        self._landed.wait()

    def _reserve(self, count: int) -> int:
        """Make room for a batch of `count` crops; the size of the batches that there is memory for."""
        held = self._buffers.capacity
        wanted = count if self._most is None else min(count, self._most)
        if wanted <= held:
            return held
        self._finish()
        while wanted > held:
            try:
                self._grow(wanted)
                break
            except OutOfMemoryError as error:
                wanted //= 2
                if not max(wanted, held):
                    raise
                self._most = max(wanted, held)
                log.warning("%s; continuing with batches of %d people", error, self._most)
        return self._buffers.capacity

    def _grow(self, count: int) -> None:
        places = _Places(self._device, 1 << (count - 1).bit_length())
        try:
            self._buffers.reserve(count)
        except OutOfMemoryError:
            places.close()
            raise
        if self._places is not None:
            self._places.close()
        self._places = places


class _Staged:
    """Small arrays for so many people, page-locked and on the device."""

    def __init__(self, device: Device, capacity: int, rows: Sequence[Spec]) -> None:
        self.capacity = capacity
        self.host = [device.host_array((capacity, *spec.row), spec.dtype) for spec in rows]
        self.device = [device.array((capacity, *spec.row), spec.dtype) for spec in rows]

    def close(self) -> None:
        for array in (*self.host, *self.device):
            array.close()


class _Places(_Staged):
    """Centers (N, 2) and scales (N,) of crops."""

    def __init__(self, device: Device, capacity: int) -> None:
        super().__init__(device, capacity, [Spec((2,), np.dtype(np.float32)), Spec((), np.dtype(np.float32))])


class _Masks(_Staged):
    """What is painted over (M, h, w), and in which crops (M,)."""

    def __init__(self, device: Device, capacity: int, size: tuple[int, int]) -> None:
        super().__init__(device, capacity, [Spec(size, np.dtype(np.uint8)), Spec((), np.dtype(np.int32))])
