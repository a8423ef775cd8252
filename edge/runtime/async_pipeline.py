"""The steps of one stream in parallel: meshes of one frame, tracking in the next, reading of a third."""

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
from edge.types import Bodies, Frame, RigPose, TrackedFrame, Tracks
from engines.inference.process_exit import close_at_exit

A = TypeVar("A", bound="Frame | TrackedFrame")
B = TypeVar("B")

QUEUE_CAPACITY = 2  # results between two steps: a slow frame does not block the step before


@dataclass(frozen=True, slots=True)
class FrameResult:
    """A frame that left the pipeline, its camera and its bodies; rig_pose: the same bodies, if rotations are used.

    tracks: all people who are tracked in the frame, also those without a body.
    """

    frame: Frame
    camera: Camera
    bodies: Bodies
    rig_pose: RigPose | None = None
    tracks: Tracks | None = None


class AsyncPipeline:
    """Iterates over the results of a source, which are those of `Pipeline.process` on the frames that came through.

    Three threads pass frames on through bounded queues: the reader, one that tracks people (detector, tracker and pose
    model, which depend on the previous frame) and one that recovers meshes (mesh, root translation, smoothing, inverse
    kinematics); the consumer is the fourth. A pipeline on a GPU has one more, which uploads images ahead of tracking.
    At pace "fast" every thread waits for the slowest and no frame is lost; at "realtime" a newer frame replaces a
    waiting one, which `drops` counts by the queue.

    A frame on which a step raises is left out, counted in `drops` and reported in `problems`; persistent errors (see
    FrameErrors) are raised to the consumer after the results before them. stop() ends reading, and the frames in flight
    still arrive; close() discards them. Any thread may call both. What is not closed is closed when the interpreter
    exits.
    """

    def __init__(
        self,
        source: Source,
        pipeline: Pipeline,
        pace: Pace | None = None,
        *,
        limit: int | None = None,
        wants_rotations: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Args:
            source: gives the frames.
            pipeline: of this stream alone.
            pace: "fast" or "realtime"; None: as the source prescribes.
            limit: number of results after which the iteration ends.
            wants_rotations: called for each frame: whether its result has to hold a rig pose.
        """
        self.pipeline = pipeline
        self._wants_rotations = wants_rotations
        self._failed = 0
        timings = pipeline.timings
        self.reader = Reader(
            source,
            pace,
            on_read=timings.read,
            on_wait=lambda frame, ms: timings.queues.add("upload" if pipeline.uploads else "pose", ms),
            on_lost=lambda frame: timings.lost("before pose", frame),
        )
        self._limit = limit
        newest = self.reader.pace == "realtime"
        if newest:
            pipeline.track.adapt_to_load()
        self._uploaded: BoundedQueue[Frame] = BoundedQueue(
            1,
            newest=newest,
            on_lost=self._discard,
            on_wait=lambda frame, ms: timings.queues.add("pose", ms),
        )
        self._tracked: BoundedQueue[TrackedFrame] = BoundedQueue(
            1 if newest else QUEUE_CAPACITY,
            newest=newest,
            on_lost=lambda tracked: timings.lost("before mesh", tracked.frame),
            on_wait=lambda tracked, ms: timings.queues.add("mesh", ms),
        )
        self._results: BoundedQueue[FrameResult] = BoundedQueue(
            1 if newest else QUEUE_CAPACITY,
            newest=newest,
            on_lost=lambda result: timings.lost("before output", result.frame),
            on_wait=lambda result, ms: timings.queues.add("output", ms),
        )
        # At pace "fast" no frames beyond the limit are read.
        frames: Iterable[Frame] = self.reader if newest or limit is None else _First(self.reader, limit)
        steps = ("upload", "track_people", "recover_meshes")
        self._errors = {step: FrameErrors() for step in steps if pipeline.uploads or step != "upload"}
        self._workers: tuple[threading.Thread, ...] = ()
        close_frames: Callable[[], None] = self.reader.close
        if pipeline.uploads:
            self._workers += (self._worker("upload", frames, self._upload, self._uploaded, self.reader.close),)
            frames, close_frames = self._uploaded, self._uploaded.close
        self._workers += (
            self._worker(
                "track_people",
                self._when_wanted(frames) if newest else frames,
                pipeline.track_people,
                self._tracked,
                close_frames,
            ),
            self._worker("recover_meshes", self._tracked, self._recover_meshes, self._results, self._tracked.close),
        )
        self._starting = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        close_at_exit(self)

    @property
    def captured(self) -> int:
        """Frames taken from the source: those that arrived, those in `drops` and those in flight."""
        return self.reader.captured

    @property
    def drops(self) -> dict[str, int]:
        """Frames that did not arrive: dropped before a step, "failed" when a step raised, "unfinished" at the end."""
        return {
            "before pose": self.reader.dropped + self._uploaded.dropped,
            "before mesh": self._tracked.dropped,
            "before output": self._results.dropped,
            "failed": sum(errors.count for errors in self._errors.values()),
            "unfinished": self._failed + self._uploaded.unused + self._tracked.unused + self._results.unused,
        }

    @property
    def waiting(self) -> dict[str, int]:
        """Frames that wait now, by the step that they wait for."""
        uploads = {"upload": self.reader.waiting, "pose": self._uploaded.length}
        first = uploads if self.pipeline.uploads else {"pose": self.reader.waiting}
        return {**first, "mesh": self._tracked.length, "output": self._results.length}

    @property
    def problems(self) -> list[str]:
        """Messages about the frames left out because of an error, one line for each step."""
        return [problem for errors in self._errors.values() if (problem := errors.problem) is not None]

    def __iter__(self) -> Iterator[FrameResult]:
        with self._starting:
            if not self._closed:
                for worker in self._workers:
                    if worker.ident is None:
                        worker.start()
        return islice(self._results, self._limit)

    def stop(self) -> None:
        """End reading; frames read before still arrive."""
        self.reader.stop()

    def close(self, timeout_s: float | None = None) -> None:
        """End all threads and wait for them, for at most `timeout_s`. May be called repeatedly.

        In a process forked from the one that made it, this does nothing.
        """
        if os.getpid() != self._process:
            return
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._starting:
            self._closed = True
        self.reader.close(timeout_s)
        self._uploaded.close()
        self.pipeline.end()
        self._tracked.close()
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

    def _when_wanted(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames, each taken when the one before has gone on to its meshes: tracking a frame whose meshes will be
        dropped costs the time in which those of another could be recovered."""
        waiting = iter(frames)
        while True:
            self._tracked.wait_for_space()
            try:
                frame = next(waiting)
            except StopIteration:
                return
            yield frame

    def _upload(self, frame: Frame) -> Frame:
        self.pipeline.upload(frame)
        return frame

    def _discard(self, frame: Frame) -> None:
        self.pipeline.timings.lost("before pose", frame)
        self.pipeline.discard(frame)

    def _recover_meshes(self, tracked: TrackedFrame) -> FrameResult:
        bodies = self.pipeline.recover_meshes(tracked)
        rotations = self._wants_rotations() and bodies.surfaced
        rig_pose = self.pipeline.solve_rotations(tracked.frame, bodies) if rotations else None
        return FrameResult(tracked.frame, tracked.camera, bodies, rig_pose, tracked.tracks)

    def _worker(
        self,
        name: str,
        inbox: Iterable[A],
        step: Callable[[A], B],
        outbox: BoundedQueue[B],
        close_inbox: Callable[[], None],
    ) -> threading.Thread:
        """A thread that runs one step on every item, and ends both queues when it ends."""

        def work() -> None:
            error: BaseException | None = None
            errors, timings = self._errors[name], self.pipeline.timings
            try:
                for item in inbox:
                    try:
                        done = step(item)
                    except Exception as raised:
                        if self._closed and name == "upload":
                            self._failed += 1
                            break
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
            except BaseException as raised:  # passed on to the consumer
                error = raised
            outbox.finish(error)
            close_inbox()

        return threading.Thread(target=work, name=f"meshcast-{name}-{self.reader.source.name}", daemon=True)


class _First:
    """The first `count` items of an iterable that starts working when it is iterated."""

    def __init__(self, items: Iterable[Frame], count: int) -> None:
        self._items = items
        self._count = count

    def __iter__(self) -> Iterator[Frame]:
        return islice(self._items, self._count)
