"""2D poses on a stream of their own: crops of the image on the device, the pose network, and a small copy back."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

import edge_kernels
from edge.gpu.slots import FrameRing, Slot
from edge.stages.keypoint_decoders import Outputs
from edge.stages.pose import Pose
from edge.types import F32, Frame, Tracks
from engines.cards.card import Card
from engines.device.base import Device, DeviceArray, Spec, Stream
from engines.device.packed import Packed
from engines.errors import OutOfMemoryError
from engines.inference.session import Session
from engines.inference.stream_engine import StreamEngine

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
        places = Spec((2,), np.dtype(np.float32)), Spec((), np.dtype(np.float32))
        masks = Spec(self._crops.size, np.dtype(np.uint8)), Spec((), np.dtype(np.int32))
        self._crop_batch = Packed(device.array, engine.inputs)
        self._outputs, self._landing = Packed(device.array, engine.outputs), Packed(device.host_array, engine.outputs)
        self._places, self._staged_places = Packed(device.array, places), Packed(device.host_array, places)
        self._masks, self._staged_masks = Packed(device.array, masks), Packed(device.host_array, masks)
        self._most: int | None = None  # people of a batch, where memory was short
        self._given = device.event("crop boxes uploaded")
        self._read = [device.event("image read by the crops") for _ in range(2)]
        self._landed = device.event("keypoints landed")

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        self._finish()
        for packed in (*self._memory, self._masks, self._staged_masks):
            packed.close()

    @property
    def _memory(self) -> tuple[Packed[Any], ...]:
        """What a batch of crops needs."""
        return self._crop_batch, self._outputs, self._landing, self._places, self._staged_places

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
        count, stream = len(centers), self._stream
        (crops,) = self._crop_batch.parts(count)
        self._wait()
        stream.wait(slot.uploaded)
        self._crop(slot, centers, scales, crops)
        if masks:
            self._paint(masks, crops)
        self._engine.launch(stream, [crops], self._outputs.parts(count))
        stream.copy(self._landing.whole(count), self._outputs.whole(count))
        stream.record(self._landed)
        self._landed.wait()
        return tuple(np.array(array.read()) for array in self._landing.parts(count))

    def _crop(self, slot: Slot, centers: F32, scales: F32, crops: DeviceArray) -> None:
        assert slot.image is not None
        count, stream, write = len(centers), self._stream, self._crops.write
        for staged, values in zip(self._staged_places.parts(count), (centers, scales), strict=True):
            staged.write()[:] = values
        stream.copy(self._places.whole(count), self._staged_places.whole(count))
        stream.record(self._given)

        def work(handle: int, image: Any, at: Any, scale: Any, out: Any) -> None:
            write(image, at, scale, out, handle)

        stream.launch("crops", work, [slot.image, *self._places.parts(count)], [crops])
        self._read.reverse()
        stream.record(self._read[0])
        slot.readers.append(self._read[0])

    def _paint(self, masks: dict[int, Any], crops: DeviceArray) -> None:
        """Paint over the neighbors in some of the crops."""
        assert self._mask is not None
        fill, count, stream = self._mask.fill, len(masks), self._stream
        if self._masks.capacity < count:
            self._finish()
            for packed in (self._masks, self._staged_masks):
                packed.reserve(self._crop_batch.capacity)
        values = (np.stack(list(masks.values())), np.array(list(masks), np.int32))
        for staged, value in zip(self._staged_masks.parts(count), values, strict=True):
            staged.write()[:] = value
        stream.copy(self._masks.whole(count), self._staged_masks.whole(count))
        stream.record(self._given)

        def work(handle: int, mask: Any, rows: Any, out: Any) -> None:
            edge_kernels.paint(fill, mask, rows, out, stream=handle)

        stream.launch("paint", work, self._masks.parts(count), updates=[crops])

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
        held = min(packed.capacity for packed in self._memory)
        wanted = count if self._most is None else min(count, self._most)
        if wanted <= held:
            return held
        self._finish()
        while wanted > held:
            try:
                for packed in self._memory:
                    packed.reserve(wanted)
                break
            except OutOfMemoryError as error:
                wanted //= 2
                if not max(wanted, held):
                    raise
                self._most = max(wanted, held)
                log.warning("%s; continuing with batches of %d people", error, self._most)
        return min(packed.capacity for packed in self._memory)
