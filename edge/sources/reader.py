"""A source read on a thread of its own, so that decoding overlaps with what is done with the frames."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Literal

from edge.sources.source import Source
from edge.types import Frame

Pace = Literal["fast", "realtime"]

_QUEUE = 4


class Reader:
    """Iterates over the frames of a source; the source is read by a worker thread from the first iteration on.

    pace "fast": a queue of 4, nothing is lost, the source waits for the consumer. The default of files.
    pace "realtime": the newest frame wins, and `dropped` counts those that it replaced unseen; frames of a source
    that is not live come out at their presentation time, stamped as captured then. The default of live sources.

    What the source raises is raised to the consumer, after the frames before it. close() may come from any thread;
    it ends the iteration, closes the source and waits for the worker.
    """

    def __init__(self, source: Source, pace: Pace | None = None) -> None:
        self.source = source
        self.pace: Pace = pace or ("realtime" if source.live else "fast")
        self.dropped = 0
        self._waiting: deque[Frame] = deque()
        self._condition = threading.Condition()
        self._error: BaseException | None = None
        self._done = False
        self._closed = False
        self._worker = threading.Thread(target=self._run, name=f"meshcast-reader-{source.name}", daemon=True)

    def __iter__(self) -> Iterator[Frame]:
        with self._condition:
            if self._worker.ident is None and not self._closed:
                self._worker.start()
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._done or self._closed)
                if self._closed:
                    return
                if not self._waiting:
                    break
                frame = self._waiting.popleft()
                self._condition.notify_all()
            yield frame
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def close(self) -> None:
        """Stop reading, from any thread and as often as one likes; returns when the worker has ended."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify_all()
        self.source.close()
        if self._worker.ident is not None and self._worker is not threading.current_thread():
            self._worker.join()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        hand_over = self._queue if self.pace == "fast" else self._replace
        paced = self.pace == "realtime" and not self.source.live
        begin_s: float | None = None
        try:
            for frame in self.source:
                if paced:
                    if begin_s is None:
                        begin_s = time.monotonic() - frame.t_s
                    self._wait_until(begin_s + frame.t_s)
                    frame = replace(frame, t_capture_ns=time.monotonic_ns())
                if not hand_over(frame):
                    break
        except BaseException as error:  # whatever it is, the consumer has to know
            self._error = error
        finally:
            with self._condition:
                self._done = True
                self._condition.notify_all()

    def _queue(self, frame: Frame) -> bool:
        with self._condition:
            self._condition.wait_for(lambda: len(self._waiting) < _QUEUE or self._closed)
            self._waiting.append(frame)
            self._condition.notify_all()
            return not self._closed

    def _replace(self, frame: Frame) -> bool:
        with self._condition:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._waiting.append(frame)
            self._condition.notify_all()
            return not self._closed

    def _wait_until(self, due_s: float) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._closed, max(0.0, due_s - time.monotonic()))
