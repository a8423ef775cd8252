"""Durations of stages, waits in queues and ages of frames, measured at a cost low enough to be always on."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import numpy as np

from edge.types import Frame

AGES = ("latency", "worked", "waited")
"""Names of a frame's age, in this order: the age itself, the part in which a stage worked on it, and the rest."""

BOUNDS_MS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 33.0, 50.0, 75.0, 100.0, 200.0, 500.0, 1000.0, 5000.0)
"""Upper bounds of the histogram buckets; one more bucket counts everything above."""

MAX_FRAMES_IN_FLIGHT = 256  # frames whose work is remembered until they arrive


@dataclass(frozen=True, slots=True)
class StageStats:
    """Statistics of one name in milliseconds. count, mean_ms and max_ms cover all samples, percentiles the latest."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """All samples of one name: the count in each bucket of BOUNDS_MS and in the last one, and their sum."""

    counts: tuple[int, ...]
    total_ms: float


class Listener(Protocol):
    """Receives every measured block on the thread that ran it. Methods must not block and must not raise.

    Work that was measured elsewhere has an end() without a begin().
    """

    def begin(self, stage: str) -> None: ...

    def end(self, stage: str, frame_index: int | None, start_ns: int, end_ns: int) -> None:
        """start_ns and end_ns are readings of time.monotonic_ns; frame_index is None for work on no frame."""
        ...

    def lost(self, where: str, frame_index: int) -> None:
        """The frame was dropped in the pipeline."""
        ...


class Numbered(Protocol):
    """A frame, with or without its image."""

    @property
    def index(self) -> int: ...


class Tee:
    """Several listeners as one."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = tuple(listeners)

    def begin(self, stage: str) -> None:
        for listener in self._listeners:
            listener.begin(stage)

    def end(self, stage: str, frame_index: int | None, start_ns: int, end_ns: int) -> None:
        for listener in self._listeners:
            listener.end(stage, frame_index, start_ns, end_ns)

    def lost(self, where: str, frame_index: int) -> None:
        for listener in self._listeners:
            listener.lost(where, frame_index)


class _Samples:
    """The latest samples of one name in a ring of fixed size, and running totals of all samples."""

    __slots__ = ("buckets", "count", "max_ms", "position", "ring", "total_ms")

    def __init__(self, capacity: int) -> None:
        self.ring = array("d", bytes(8 * capacity))
        self.position = 0  # samples written to the ring so far
        self.buckets = [0] * (len(BOUNDS_MS) + 1)
        self.count = 0
        self.total_ms = 0.0
        self.max_ms = 0.0

    def add(self, ms: float) -> None:
        self.write(ms)
        self.buckets[bisect_left(BOUNDS_MS, ms)] += 1
        self.count += 1
        self.total_ms += ms
        self.max_ms = max(self.max_ms, ms)

    def write(self, ms: float) -> None:
        self.ring[self.position % len(self.ring)] = ms
        self.position += 1

    def merge(self, other: _Samples) -> None:
        for ms in other.latest():
            self.write(ms)
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]
        self.count += other.count
        self.total_ms += other.total_ms
        self.max_ms = max(self.max_ms, other.max_ms)

    def latest(self) -> array[float]:
        return self.ring[: min(self.position, len(self.ring))]

    def stats(self) -> StageStats:
        p50, p95, p99 = np.percentile(np.array(self.latest()), [50, 95, 99]).tolist()
        return StageStats(self.count, self.total_ms / self.count, p50, p95, p99, self.max_ms)


class Durations:
    """Durations in milliseconds by name, in the order in which the names first occurred.

    Memory is bounded: percentiles cover the latest `capacity` samples of a name. Different threads may add to
    different names; one name is added to by one thread at a time.
    """

    def __init__(self, capacity: int = 8192) -> None:
        self._capacity = capacity
        self._samples: dict[str, _Samples] = {}

    def add(self, name: str, ms: float) -> None:
        """Add a duration in milliseconds."""
        self.reserve(name).add(ms)

    def reserve(self, name: str) -> _Samples:
        """Give the name its place in the order before its first duration is known."""
        samples = self._samples.get(name)
        if samples is None:
            samples = self._samples.setdefault(name, _Samples(self._capacity))
        return samples

    def merge(self, other: Durations) -> None:
        """Add all durations of `other`."""
        for name, samples in list(other._samples.items()):
            self.reserve(name).merge(samples)

    def clear(self) -> None:
        """Forget all durations."""
        self._samples.clear()

    def stats(self) -> dict[str, StageStats]:
        """Statistics of every name with at least one duration."""
        return {name: samples.stats() for name, samples in list(self._samples.items()) if samples.count}

    def histograms(self) -> dict[str, Histogram]:
        """All durations since the start, by name."""
        return {name: Histogram(tuple(s.buckets), s.total_ms) for name, s in list(self._samples.items())}


class _Measure:
    """Adds the time between enter and exit to one stage, also when the block raises."""

    __slots__ = ("_frame_index", "_stage", "_start_ns", "_timings")

    def __init__(self, timings: Timings, stage: str, frame_index: int | None) -> None:
        self._timings = timings
        self._stage = stage
        self._frame_index = frame_index
        self._start_ns = 0

    def __enter__(self) -> None:
        if self._timings.listener is not None:
            self._timings.listener.begin(self._stage)
        self._start_ns = time.monotonic_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timings.record(self._stage, self._start_ns, time.monotonic_ns(), self._frame_index)


class Timings:
    """Times of one stream or of the engines: `with timings.measure("detect", frame): ...`.

    A frame is worked on by one thread at a time.

    Attributes:
        stages: durations of work, by the stage's name.
        queues: durations of waits, by the name of the step that the frames wait for.
        ages: ages of the frames that arrived, by the names of AGES.
    """

    def __init__(self, listener: Listener | None = None, *, capacity: int = 8192) -> None:
        """
        Args:
            listener: receives every measured block.
            capacity: samples of each name that percentiles cover.
        """
        self.listener = listener
        self.stages = Durations(capacity)
        self.queues = Durations(capacity)
        self.ages = Durations(capacity)
        self._worked_ms: dict[int, float] = {}  # by index, of the frames in flight

    def measure(self, stage: str, frame: Frame | None = None) -> _Measure:
        """A context manager that adds its own duration to `stage`, and to the work on `frame`."""
        self.stages.reserve(stage)  # a stage that contains others comes before them
        return _Measure(self, stage, None if frame is None else frame.index)

    def record(self, stage: str, start_ns: int, end_ns: int, frame_index: int | None = None) -> None:
        """Add work done from start_ns to end_ns (time.monotonic_ns), on a frame where there is one."""
        ms = (end_ns - start_ns) * 1e-6
        self.stages.add(stage, ms)
        if frame_index is not None:
            self._worked_ms[frame_index] = self._worked_ms.get(frame_index, 0.0) + ms
            if len(self._worked_ms) > MAX_FRAMES_IN_FLIGHT:
                # A caller that uses the pipeline directly may never report arrivals.
                self._worked_ms.pop(next(iter(self._worked_ms)), None)
        if self.listener is not None:
            self.listener.end(stage, frame_index, start_ns, end_ns)

    def read(self, frame: Numbered, start_ns: int, end_ns: int) -> None:
        """Add the time that reading the frame took, as stage "decode"; the frame's age begins after it."""
        self.stages.add("decode", (end_ns - start_ns) * 1e-6)
        if self.listener is not None:
            self.listener.end("decode", frame.index, start_ns, end_ns)

    def arrived(self, frame: Frame) -> float:
        """Add the age of a frame that left the pipeline to `ages`.

        Returns:
            The age in milliseconds. It is the sum of "worked", the stages that worked on the frame, and "waited".
        """
        age_ms = (time.monotonic_ns() - frame.t_capture_ns) * 1e-6
        worked_ms = self._worked_ms.pop(frame.index, 0.0)
        for name, ms in zip(AGES, (age_ms, worked_ms, age_ms - worked_ms), strict=True):
            self.ages.add(name, ms)
        return age_ms

    def lost(self, where: str, frame: Numbered) -> None:
        """The frame was dropped in the pipeline."""
        self._worked_ms.pop(frame.index, None)
        if self.listener is not None:
            self.listener.lost(where, frame.index)

    def clear(self) -> None:
        """Forget everything measured so far."""
        for durations in (self.stages, self.queues, self.ages):
            durations.clear()
        self._worked_ms.clear()
