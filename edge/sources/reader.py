"""Reads a source on a worker thread, so that decoding overlaps with processing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Literal

from edge.bounded_queue import BoundedQueue
from edge.sources.base import Source
from edge.sources.decode_load import DecodeController
from edge.sources.pending import PendingFrame
from edge.types import Frame

Pace = Literal["fast", "realtime"]

_QUEUE = 4


class Reader:
    """Iterates over the frames of a source, which a worker thread reads from the first iteration on.

    pace "fast" (default of files): lossless; a queue of 4 frames, and the source waits for the consumer.
    pace "realtime" (default of live sources): only the newest frame is kept, and `dropped` counts the frames that it
    replaced. Only frames that are taken are converted, and where most are dropped, less is decoded
    (DecodeController). Frames of a file are delivered at their presentation time, which becomes their capture time.

    `captured` is the number of frames read: delivered, queued or dropped. `latest_s` is when the latest frame was read
    (time.monotonic), None before the first.

    Callbacks: on_read(frame, begin_ns, end_ns) with time.monotonic_ns, except for live sources; on_wait(frame, ms) with
    the time in the queue; on_lost(frame) for each frame that is not delivered.

    Exceptions of the source are raised to the consumer after the frames before them. stop() ends reading but delivers
    queued frames; close() discards them, closes the source and waits for the worker. Both may be called from any
    thread.
    """

    def __init__(
        self,
        source: Source,
        pace: Pace | None = None,
        *,
        on_read: Callable[[PendingFrame, int, int], None] | None = None,
        on_wait: Callable[[PendingFrame, float], None] | None = None,
        on_lost: Callable[[PendingFrame], None] | None = None,
    ) -> None:
        self.source = source
        self.pace: Pace = pace or ("realtime" if source.live else "fast")
        self._read = 0
        self.latest_s: float | None = None
        self._on_read = None if source.live else on_read  # reading a live source mostly waits for the camera
        newest = self.pace == "realtime"
        self._load = DecodeController(source.decoding) if newest else None
        self._on_lost = on_lost
        self._frames: BoundedQueue[PendingFrame] = BoundedQueue(
            1 if newest else _QUEUE, newest=newest, on_lost=self._lose, on_wait=on_wait
        )
        self._worker = threading.Thread(target=self._run, name=f"meshcast-reader-{source.name}", daemon=True)
        self._starting = threading.Lock()
        self._ended = False

    @property
    def captured(self) -> int:
        return self._read - self._frames.unused

    @property
    def waiting(self) -> int:
        """Frames that were read and not taken yet."""
        return self._frames.length

    @property
    def dropped(self) -> int:
        return self._frames.dropped

    def __iter__(self) -> Iterator[Frame]:
        with self._starting:
            if self._worker.ident is None and not self._ended:
                self._worker.start()
        return map(PendingFrame.frame, self._frames)

    def stop(self) -> None:
        """Stop reading; queued frames are still delivered. May be called from any thread."""
        with self._starting:
            self._ended = True
        self._frames.finish()
        self.source.close()

    def close(self, timeout_s: float | None = None) -> None:
        """Stop reading and wait for the worker, at most `timeout_s`. Idempotent, from any thread."""
        self.stop()
        self._frames.close()
        if self._worker.ident is not None and self._worker is not threading.current_thread():
            self._worker.join(timeout_s)

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _lose(self, frame: PendingFrame) -> None:
        frame.drop()
        if self._on_lost is not None:
            self._on_lost(frame)

    def _run(self) -> None:
        paced = self.pace == "realtime" and not self.source.live
        begin_s: float | None = None
        error: BaseException | None = None
        begin_ns = time.monotonic_ns()
        try:
            for frame in self.source.pending():
                if self._load is None:  # nothing is dropped: convert here, while the consumer works
                    frame = frame.converted()
                if self._on_read is not None:
                    self._on_read(frame, begin_ns, time.monotonic_ns())
                late_s = 0.0
                if paced:
                    if begin_s is None:
                        begin_s = time.monotonic() - frame.t_s
                    early_s = begin_s + frame.t_s - time.monotonic()
                    late_s = max(0.0, -early_s)
                    self._frames.pause(early_s)
                    frame = replace(frame, t_capture_ns=time.monotonic_ns())
                self._read += 1
                self.latest_s = time.monotonic()
                if self._load is not None:
                    self._load.update(self.latest_s, self._read, self._read - self._frames.dropped, late_s)
                if not self._frames.put(frame) or self._ended:
                    break
                begin_ns = time.monotonic_ns()
        except BaseException as raised:  # raised to the consumer
            error = raised
        finally:
            self._frames.finish(error)
