"""One stream, its steps side by side: while one frame becomes bodies, the next is followed and another one read."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import TypeVar

from calibration.camera import Camera
from edge.bounded_queue import BoundedQueue
from edge.pipeline import Pipeline
from edge.runtime.frame_errors import FrameErrors
from edge.sources import Pace, Reader, Source
from edge.types import Bodies, Frame, TrackedFrame
from engines.inference.process_exit import close_at_exit

A = TypeVar("A", bound="Frame | TrackedFrame")
B = TypeVar("B")

WAITING = 2  # results of a step that wait for the next one, so that a slow frame does not stop the step before


@dataclass(frozen=True, slots=True)
class FrameResult:
    """A frame that is through: its bodies, and the camera that they are seen by."""

    frame: Frame
    camera: Camera
    bodies: Bodies


class AsyncPipeline:
    """Iterates over the results of a source, which are those of `Pipeline.process` on the frames that came through.

    Three threads hand over through small mailboxes: the reader's, one that follows people (detector, tracker and pose
    model, which need the frame before) and one that embodies them (mesh, placement, smoothing); the consumer is the
    fourth. At pace "fast" everyone waits for the slowest and nothing is lost; at "realtime" what is newer replaces what
    waits, and `drops` counts it where it waited. limit: end after so many results.

    A frame that a step raises on is left out, counted in `drops` and said in `problems`; errors that will not get
    better (see FrameErrors) are raised to the consumer after the results before them. stop() ends reading and lets what
    is on its way arrive; close() throws it away. Both may come from any thread. What is not closed is closed when the
    interpreter ends.
    """

    def __init__(
        self, source: Source, pipeline: Pipeline, pace: Pace | None = None, *, limit: int | None = None
    ) -> None:
        self.pipeline = pipeline
        self._failed = 0
        timings = pipeline.timings
        self.reader = Reader(
            source,
            pace,
            on_read=timings.read,
            on_wait=lambda frame, ms: timings.queues.add("pose", ms),
            on_lost=lambda frame: timings.lost("before pose", frame),
        )
        self._limit = limit
        newest = self.reader.pace == "realtime"
        self._seen: BoundedQueue[TrackedFrame] = BoundedQueue(
            1 if newest else WAITING,
            newest=newest,
            on_lost=lambda seen: timings.lost("before mesh", seen.frame),
            on_wait=lambda seen, ms: timings.queues.add("mesh", ms),
        )
        self._results: BoundedQueue[FrameResult] = BoundedQueue(
            1 if newest else WAITING,
            newest=newest,
            on_lost=lambda result: timings.lost("before output", result.frame),
            on_wait=lambda result, ms: timings.queues.add("output", ms),
        )
        # Where nothing is lost no more frames are begun than are wanted.
        frames = self.reader if newest or limit is None else _First(self.reader, limit)
        self._errors = {step: FrameErrors() for step in ("follow", "embody")}
        self._workers = (
            self._worker("follow", frames, pipeline.track_people, self._seen, self.reader.close),
            self._worker("embody", self._seen, self._recover_meshes, self._results, self._seen.close),
        )
        self._starting = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        close_at_exit(self)

    @property
    def captured(self) -> int:
        """Frames that were taken from the source: those that came through, those of `drops` and those on their way."""
        return self.reader.captured

    @property
    def drops(self) -> dict[str, int]:
        """Frames that did not come through, by where they were left: waiting for a step, because a step raised, or in
        the midst of it all when the run ended."""
        return {
            "before pose": self.reader.dropped,
            "before mesh": self._seen.dropped,
            "before output": self._results.dropped,
            "failed": sum(errors.count for errors in self._errors.values()),
            "unfinished": self._failed + self._seen.unused + self._results.unused,
        }

    @property
    def problems(self) -> list[str]:
        """What to say of the frames that were left out because of an error, a line for each step."""
        return [problem for errors in self._errors.values() if (problem := errors.problem) is not None]

    def __iter__(self) -> Iterator[FrameResult]:
        with self._starting:
            if not self._closed:
                for worker in self._workers:
                    if worker.ident is None:
                        worker.start()
        return islice(self._results, self._limit)

    def stop(self) -> None:
        """Read no more; what was read before still comes through."""
        self.reader.stop()

    def close(self, timeout_s: float | None = None) -> None:
        """End everything and wait until it has ended, for at most `timeout_s`; as often as one likes.

        In a process forked from the one that made it there is nothing to end.
        """
        if os.getpid() != self._process:
            return
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._starting:
            self._closed = True
        self.reader.close(timeout_s)
        self._seen.close()
        self._results.close()
        for worker in self._workers:
            if worker.ident is not None and worker is not threading.current_thread():
                worker.join(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> AsyncPipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _recover_meshes(self, seen: TrackedFrame) -> FrameResult:
        return FrameResult(seen.frame, seen.camera, self.pipeline.recover_meshes(seen))

    def _worker(
        self,
        name: str,
        inbox: Iterable[A],
        step: Callable[[A], B],
        outbox: BoundedQueue[B],
        close_inbox: Callable[[], None],
    ) -> threading.Thread:
        """A thread that does one step for everything that comes, and tells both sides when it ends."""

        def work() -> None:
            error: BaseException | None = None
            errors, timings = self._errors[name], self.pipeline.timings
            try:
                for item in inbox:
                    try:
                        done = step(item)
                    except Exception as raised:
                        frame = item if isinstance(item, Frame) else item.frame
                        timings.lost("failed", frame)
                        errors.failed(frame, raised)
                        continue
                    except BaseException:
                        self._failed += 1
                        raise
                    errors.passed()
                    if not outbox.put(done):
                        break
                errors.finish()
            except BaseException as raised:  # whatever it is, the consumer has to know
                error = raised
            outbox.finish(error)
            close_inbox()

        return threading.Thread(target=work, name=f"meshcast-{name}-{self.reader.source.name}", daemon=True)


class _First:
    """The first so many items of something that begins when it is iterated over."""

    def __init__(self, items: Iterable[Frame], count: int) -> None:
        self._items = items
        self._count = count

    def __iter__(self) -> Iterator[Frame]:
        return islice(self._items, self._count)
