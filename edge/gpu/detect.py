"""Detection on a stream of its own: letterbox, detector network and the copy of its outputs, started ahead."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from edge.gpu.slots import FrameRing
from edge.stages.config import DetectionConfig
from edge.stages.detect import Detect, Fitting, write_letterbox
from edge.types import Array, Frame
from engines.cards.card import Card
from engines.device.base import Device, Event
from engines.device.graphs import StepGraphs
from engines.device.mirror import Mirror
from engines.inference.session import Session
from engines.inference.stream_engine import StreamEngine


@dataclass(slots=True)
class _Landing:
    """Outputs of the detector for one frame, and the event behind the copy to the host."""

    outputs: Mirror
    landed: Event


class GpuDetect(Detect):
    """A Detect whose network reads the frame's image on the device.

    `start` may run ahead of the call, on another thread.
    """

    def __init__(
        self,
        session: Session,
        card: Card,
        config: DetectionConfig | None,
        *,
        device: Device,
        engine: StreamEngine,
        ring: FrameRing,
        ahead: int,
    ) -> None:
        """ahead: frames for which the detector may have been started."""
        super().__init__(session, card, config)
        self._engine, self._ring = engine, ring
        self._stream = device.stream("detector")
        self._graphs = StepGraphs(self._stream, engine.name, captures=engine.captures)
        self._input_array = device.array((1, 3, *self._size), engine.inputs[0].dtype)
        self._read = [device.event("image read by the detector") for _ in range(ahead)]
        self._landings = [
            _Landing(Mirror(device, engine.outputs), device.event("detections landed")) for _ in range(ahead)
        ]
        for landing in self._landings:
            landing.outputs.reserve(1)
        self._started: dict[int, tuple[_Landing, Fitting]] = {}
        self._next = 0
        self._one = threading.Lock()

    def start(self, frame: Frame) -> None:
        """Enqueue the detector for a frame, unless that has happened."""
        with self._one:
            if frame.index not in self._started:
                self._start(frame)

    def forget(self, frame: Frame) -> None:
        """The frame's detections are not needed."""
        self._started.pop(frame.index, None)

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        for landing in self._landings:
            if not landing.landed.done():
                landing.landed.wait()
        self._graphs.clear()
        for landing in self._landings:
            landing.outputs.close()
        self._input_array.close()

    def _infer(self, frame: Frame) -> tuple[Array, Array, tuple[Array, ...]]:
        self.start(frame)
        landing, fitting = self._started.pop(frame.index)
        if not landing.landed.done():
            landing.landed.wait()
        return fitting.scale, fitting.offset, tuple(array.read() for array in landing.outputs.here(1))

    def _start(self, frame: Frame) -> None:
        slot = self._ring.slot(frame)
        assert slot.image is not None
        given, image = self._input, slot.image
        fitting = Fitting.of((image.shape[0], image.shape[1]), self._fit, self._size)
        turn = self._next
        self._next = (turn + 1) % len(self._landings)
        landing, read = self._landings[turn], self._read[turn]

        def work(stream: int, pixels: Any, out: Any) -> None:
            write_letterbox(pixels, fitting, given, out, stream)

        stream = self._stream
        stream.wait(slot.uploaded)
        stream.launch("letterbox", work, [image], [self._input_array])
        stream.record(read)
        slot.readers.append(read)

        def step() -> None:
            self._engine.enqueue(stream, [self._input_array], landing.outputs.there(1))
            landing.outputs.down(stream, 1)

        with self._engine.turn(stream):
            self._graphs.run(turn, step)
        stream.record(landing.landed)
        self._started[frame.index] = landing, fitting
