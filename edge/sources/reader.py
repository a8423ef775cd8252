"""A source read on a thread of its own, so that decoding overlaps with what is done with the frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Literal

from edge.bounded_queue import BoundedQueue
from edge.sources.base import Source
from edge.types import Frame

Pace = Literal["fast", "realtime"]

_QUEUE = 4


class Reader:
    """Iterates over the frames of a source; the source is read by a worker thread from the first iteration on.

    pace "fast": a queue of 4, nothing is lost, the source waits for the consumer. The default of files.
    pace "realtime": the newest frame wins, and `dropped` counts those that it replaced unseen; frames of a source
    that is not live come out at their presentation time, stamped as captured then. The default of live sources.
    `captured` counts the frames that were to be had: handed out, waiting or dropped. `latest_s` is when the latest
    was read (time.monotonic), None before the first.

    on_read hears when reading each frame began and ended (time.monotonic_ns), where the source is not live; on_wait how
    many milliseconds each frame waited, on_lost of each frame that is not handed out.

    What the source raises is raised to the consumer, after the frames before it. stop() ends reading, and what was
    read still comes out; close() throws it away. Both may come from any thread; close() also closes the source and
    waits for the worker.
    """

    def __init__(
        self,
        source: Source,
        pace: Pace | None = None,
        *,
        on_read: Callable[[Frame, int, int], None] | None = None,
        on_wait: Callable[[Frame, float], None] | None = None,
        on_lost: Callable[[Frame], None] | None = None,
    ) -> None:
        self.source = source
        self.pace: Pace = pace or ("realtime" if source.live else "fast")
        self._read = 0
        self.latest_s: float | None = None
        self._on_read = None if source.live else on_read  # a live source's time is the camera's
        newest = self.pace == "realtime"
        self._frames: BoundedQueue[Frame] = BoundedQueue(
            1 if newest else _QUEUE, newest=newest, on_lost=on_lost, on_wait=on_wait
        )
        self._worker = threading.Thread(target=self._run, name=f"meshcast-reader-{source.name}", daemon=True)
        self._starting = threading.Lock()
        self._ended = False

    @property
    def captured(self) -> int:
        return self._read - self._frames.unused

    @property
    def dropped(self) -> int:
        return self._frames.dropped

    def __iter__(self) -> Iterator[Frame]:
        with self._starting:
            if self._worker.ident is None and not self._ended:
                self._worker.start()
        return iter(self._frames)

    def stop(self) -> None:
        """Read no more, from any thread; what was read before still comes out."""
        with self._starting:
            self._ended = True
        self._frames.finish()
        self.source.close()

    def close(self, timeout_s: float | None = None) -> None:
        """Stop reading, from any thread and as often as one likes; returns when the worker has ended, or after
        `timeout_s`."""
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

    def _run(self) -> None:
        paced = self.pace == "realtime" and not self.source.live
        begin_s: float | None = None
        error: BaseException | None = None
        begin_ns = time.monotonic_ns()
        try:
            for frame in self.source:
                if self._on_read is not None:
                    self._on_read(frame, begin_ns, time.monotonic_ns())
                if paced:
                    if begin_s is None:
                        begin_s = time.monotonic() - frame.t_s
                    self._frames.pause(begin_s + frame.t_s - time.monotonic())
                    frame = replace(frame, t_capture_ns=time.monotonic_ns())
                self._read += 1
                self.latest_s = time.monotonic()
                if not self._frames.put(frame) or self._ended:
                    break
                begin_ns = time.monotonic_ns()
        except BaseException as raised:  # whatever it is, the consumer has to know
            error = raised
        finally:
            self._frames.finish(error)
