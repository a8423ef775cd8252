"""2D poses on a stream of their own: crops of the image on the device, the pose network, and a small copy back."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

import edge_kernels
from edge.gpu.ahead import (
    Ahead,
    Forecast,
    Pause,
    crop_values,
    motion_values,
    place_values,
    same_places,
)
from edge.gpu.pose_batch import PoseBatch, fill
from edge.gpu.slots import FrameRing, Slot
from edge.stages.config import MotionConfig
from edge.stages.keypoint_decoders import Outputs
from edge.stages.pose import Pose
from edge.types import F32, Frame, Tracks
from engines.cards.card import Card
from engines.device.base import Device, Spec, Stream
from engines.device.graphs import StepGraphs
from engines.device.mirror import Mirror
from engines.device.packed import Packed
from engines.errors import OutOfMemoryError
from engines.inference.session import Session
from engines.inference.stream_engine import StreamEngine

log = logging.getLogger("meshcast.gpu")


class GpuPose(Pose):
    """A Pose whose crops are cut on the device. The host waits once a call, for the network's outputs.

    With `follow_with`, the crops of the next frame are cut and computed before that, where the boxes follow the
    keypoints on the device; the next call then waits for them alone.
    """

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
        self._stream, self._engine, self._ring = stream, engine, ring
        masks = Spec(self._crops.size, np.dtype(np.uint8)), Spec((), np.dtype(np.int32))
        self._crop_batch = Packed(device.array, engine.inputs)
        self._masks = Mirror(device, masks)
        columns = 7 + 6 * len(card.keypoints)
        self._batches = PoseBatch(device, engine, columns), PoseBatch(device, engine, columns)
        self._most: int | None = None  # people of a batch, where memory was short
        self._read = [device.event("image read by the crops") for _ in range(4)]
        self._graphs = StepGraphs(stream, engine.name, captures=engine.captures)
        self._place_values = place_values(card, self._shift, self._crops.size)
        self._forecast: Forecast | None = None
        self._motion: tuple[float, ...] = ()
        self._ahead: Ahead | None = None
        self._pause = Pause()

    def follow_with(self, forecast: Forecast, motion: MotionConfig) -> None:
        """Cut the crops of the next frame ahead, where the forecast knows whose; motion: settings of their boxes."""
        if self._place_values is None:
            log.info("the pose network's outputs are no places: crops wait for the host")
            return
        self._forecast, self._motion = forecast, motion_values(motion)

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        self._finish()
        self._graphs.clear()
        for batch in self._batches:
            batch.close()
        for memory in (self._crop_batch, self._masks):
            memory.close()

    @property
    def _memory(self) -> tuple[Packed[Any] | Mirror, ...]:
        """What the batches of crops need."""
        return (self._crop_batch, *(each for batch in self._batches for each in batch.memory))

    def _infer(self, frame: Frame, tracks: Tracks, boxes: F32) -> tuple[Outputs, F32]:
        centers, scales, regions = self._crops.regions(boxes)
        masks = dict(self._mask.masks(regions, tracks, self._crops.size)) if self._mask is not None else {}
        may_follow = self._pause.over() and not masks
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.frame.index != frame.index or not ahead.valid:
            return self._fresh(frame, tracks, (centers, scales), masks, may_follow=may_follow), regions
        rows = ahead.rows(tracks)
        whole = len(rows) == len(ahead.ids) and bool((rows == np.arange(len(rows))).all())
        if may_follow and whole:
            self._ahead = self._look_ahead(frame, tracks, ahead.batch, ahead.size)
        ahead.batch.wait()
        count = len(ahead.ids)
        at = ahead.batch.read_places(count, ahead.size)
        good = rows >= 0
        good[good] = same_places((at[0][rows[good]], at[1][rows[good]]), (centers[good], scales[good]))
        good[list(masks)] = False
        self._pause.note(bool(good.all()))
        found = ahead.batch.read(count, ahead.size)
        if good.all():
            return tuple(output[rows] for output in found), regions
        if self._ahead is not None:
            self._ahead.valid = False  # it follows from crops that were wrong
        return self._with_fresh(frame, tracks, (centers, scales), masks, (found, rows, good)), regions

    def _with_fresh(
        self,
        frame: Frame,
        tracks: Tracks,
        places: tuple[F32, F32],
        masks: dict[int, Any],
        ahead: tuple[Outputs, Any, Any],
    ) -> Outputs:
        """The outputs of which some were found ahead, at the rows (N,) that are good (N,); the others now."""
        found, rows, good = ahead
        left = np.flatnonzero(~good)
        row_of = {int(row): index for index, row in enumerate(left)}
        fresh = self._fresh(
            frame,
            tracks,
            (places[0][left], places[1][left]),
            {row_of[row]: mask for row, mask in masks.items()},
            may_follow=False,
        )
        outputs = []
        for one, other in zip(found, fresh, strict=True):
            joined = np.empty((len(rows), *one.shape[1:]), one.dtype)
            joined[good], joined[left] = one[rows[good]], other
            outputs.append(joined)
        return tuple(outputs)

    def _fresh(
        self, frame: Frame, tracks: Tracks, places: tuple[F32, F32], masks: dict[int, Any], *, may_follow: bool
    ) -> Outputs:
        """The network's outputs for crops that were not cut ahead."""
        slot, count = self._ring.slot(frame), len(places[0])
        most = self._reserve(count)
        parts = []
        for start in range(0, count, most):
            rows = slice(start, start + most)
            painted = {row - start: mask for row, mask in masks.items() if start <= row < start + most}
            chunk = places[0][rows], places[1][rows]
            parts.append(self._chunk(slot, chunk, painted, (frame, tracks) if may_follow and count <= most else None))
        return parts[0] if len(parts) == 1 else tuple(np.concatenate(same) for same in zip(*parts, strict=True))

    def _chunk(
        self, slot: Slot, places: tuple[F32, F32], masks: dict[int, Any], follow: tuple[Frame, Tracks] | None
    ) -> Outputs:
        """The network's outputs for one batch of crops; follow: what the crops of the next frame follow from."""
        count, stream, batch = len(places[0]), self._stream, self._spare_batch()
        size = min(self._engine.bucket(count), batch.capacity)
        batch.wait()
        fill(batch.places.here(size), places)
        try:
            batch.places.up(stream, size)
            stream.wait(slot.uploaded)
            self._crop(slot, batch, size)
            if masks:
                self._paint(masks, size)
            self._run_engine(batch, size)
        finally:
            stream.record(batch.landed)
        if follow is not None:
            self._ahead = self._look_ahead(*follow, batch, size)
        batch.wait()
        return batch.read(count, size)

    def _look_ahead(self, frame: Frame, tracks: Tracks, before: PoseBatch, size: int) -> Ahead | None:
        """Start the crops of the next frame, if it is there, at places that follow from the batch of this one."""
        if self._forecast is None or self._place_values is None:
            return None
        with self._ring.after(frame) as after:
            state = None if after is None else self._forecast(tracks, after[0])
            if after is None or state is None:
                return None
            following, slot = after
            assert slot.image is not None
            batch, stream = self._batches[before is self._batches[0]], self._stream
            batch.wait()
            fill(batch.tracks.here(size), state)
            crops = crop_values(self._crops, self._place_values, slot.image.shape[0], self._cut)
            motion = self._motion

            def work(handle: int, *arrays: Any) -> None:
                edge_kernels.follow(motion, crops, *(*arrays, handle))

            try:
                batch.tracks.up(stream, size)
                given = (before.outputs.there(size)[0], *before.places.there(size), *batch.tracks.there(size))
                stream.launch("follow", work, given, batch.places.there(size))
                batch.places.down(stream, size)
                stream.wait(slot.uploaded)
                self._crop(slot, batch, size)
                self._run_engine(batch, size)
            except OutOfMemoryError:  # the next frame is tried again in its turn; this one is not concerned
                self._pause.note(right=False)
                return None
            finally:
                stream.record(batch.landed)
            return Ahead(following, tracks.ids.copy(), batch, size)

    def _run_engine(self, batch: PoseBatch, size: int) -> None:
        stream, engine = self._stream, self._engine

        def step() -> None:
            engine.enqueue(stream, self._crop_batch.parts(size), batch.outputs.there(size))
            batch.outputs.down(stream, size)

        with engine.turn(stream):
            self._graphs.run((size, batch is self._batches[0]), step)

    def _crop(self, slot: Slot, batch: PoseBatch, size: int) -> None:
        assert slot.image is not None
        stream, write = self._stream, self._crops.write

        def work(handle: int, image: Any, at: Any, scale: Any, out: Any) -> None:
            write(image, at, scale, out, handle)

        stream.launch("crops", work, [slot.image, *batch.places.there(size)], self._crop_batch.parts(size))
        self._read.append(read := self._read.pop(0))
        stream.record(read)
        slot.readers.append(read)

    def _paint(self, masks: dict[int, Any], size: int) -> None:
        """Paint over the neighbors in some of the crops."""
        assert self._mask is not None
        color, count, stream = self._mask.fill, len(masks), self._stream
        if self._masks.capacity < count:
            self._finish()
            self._masks.reserve(self._crop_batch.capacity)
        for batch in self._batches:
            batch.wait()  # for the masks of a call that failed
        values = (np.stack(list(masks.values())), np.array(list(masks), np.int32))
        for staged, value in zip(self._masks.here(count), values, strict=True):
            staged.write()[:] = value
        self._masks.up(stream, count)

        def work(handle: int, mask: Any, rows: Any, out: Any) -> None:
            edge_kernels.paint(color, mask, rows, out, stream=handle)

        stream.launch("paint", work, self._masks.there(count), updates=self._crop_batch.parts(size))

    def _spare_batch(self) -> PoseBatch:
        """The batch that holds no crops of the next frame."""
        taken = self._ahead is not None and self._ahead.batch is self._batches[0]
        return self._batches[taken]

    def _finish(self) -> None:
        """Wait for all that is on the stream."""
        for batch in self._batches:
            batch.wait()

    def _reserve(self, count: int) -> int:
        """Make room for a batch of `count` crops; the size of the batches that there is memory for."""
        held = min(packed.capacity for packed in self._memory)
        wanted = count if self._most is None else min(count, self._most)
        if wanted <= held:
            return held
        self._finish()
        self._ahead = None
        self._graphs.clear()
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
