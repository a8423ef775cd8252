"""How long each stage takes and how old frames get: a clock that is cheap enough to stay on."""

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

QUEUE = "queue "  # how the stages begin in which a frame only waits
AGES = ("latency", "worked", "waited")  # stages that are no work: a frame's age, and what it is made of
BOUNDS_MS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 33.0, 50.0, 75.0, 100.0, 200.0, 500.0, 1000.0, 5000.0)
"""Upper bounds of the histograms' buckets; one more bucket holds what is above."""

ON_THEIR_WAY = 256  # frames whose work is remembered until they arrive


@dataclass(frozen=True, slots=True)
class StageStats:
    """Milliseconds of one stage; count, mean_ms and max_ms cover the whole run, percentiles the latest samples."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """All samples of one stage: how many fell into each bucket of BOUNDS_MS and the last one, and their sum."""

    counts: tuple[int, ...]
    total_ms: float


class Listener(Protocol):
    """Hears of every measured block, on the thread that ran it. It must not wait and must not raise.

    What was measured elsewhere has an end without a beginning.
    """

    def begin(self, stage: str) -> None: ...

    def end(self, stage: str, frame_index: int | None, start_ns: int, end_ns: int) -> None:
        """start_ns and end_ns are of time.monotonic_ns; frame_index is None where no frame is worked on."""
        ...

    def lost(self, where: str, frame_index: int) -> None:
        """The frame was dropped on its way."""
        ...


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
    """The latest samples of one stage in a ring of fixed size, and running totals of all."""

    __slots__ = ("buckets", "count", "max_ms", "ring", "total_ms")

    def __init__(self, capacity: int) -> None:
        self.ring = array("d", bytes(8 * capacity))
        self.buckets = [0] * (len(BOUNDS_MS) + 1)
        self.count = 0
        self.total_ms = 0.0
        self.max_ms = 0.0

    def add(self, ms: float) -> None:
        self.ring[self.count % len(self.ring)] = ms
        self.buckets[bisect_left(BOUNDS_MS, ms)] += 1
        self.count += 1
        self.total_ms += ms
        if ms > self.max_ms:
            self.max_ms = ms

    def stats(self) -> StageStats:
        latest = np.array(self.ring[: min(self.count, len(self.ring))])
        p50, p95, p99 = np.percentile(latest, [50, 95, 99]).tolist()
        return StageStats(self.count, self.total_ms / self.count, p50, p95, p99, self.max_ms)


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
    """Times of named stages: `with timings.measure("detect", frame): ...`.

    Memory is bounded: percentiles are taken over the latest `capacity` samples of a stage. One stage may be measured
    by one thread at a time; different stages by different threads. A frame is worked on by one thread at a time.
    """

    def __init__(self, capacity: int = 8192) -> None:
        self.listener: Listener | None = None
        self._capacity = capacity
        self._stages: dict[str, _Samples] = {}
        self._worked_ms: dict[int, float] = {}  # of the frames on their way

    def measure(self, stage: str, frame: Frame | None = None) -> _Measure:
        """A context that adds its own duration to `stage`, and to the work on `frame`."""
        self._of(stage)  # stages stand in the order of their first beginning
        return _Measure(self, stage, None if frame is None else frame.index)

    def add(self, stage: str, ms: float) -> None:
        """Add a duration that was measured elsewhere, in milliseconds."""
        self._of(stage).add(ms)

    def record(self, stage: str, start_ns: int, end_ns: int, frame_index: int | None = None) -> None:
        """Add work that was done from start_ns to end_ns (time.monotonic_ns), on a frame where there is one."""
        ms = (end_ns - start_ns) * 1e-6
        self.add(stage, ms)
        if frame_index is not None:
            self._worked_ms[frame_index] = self._worked_ms.get(frame_index, 0.0) + ms
            if len(self._worked_ms) > ON_THEIR_WAY:
                # Whoever calls the pipeline itself need not say that a frame has arrived.
                self._worked_ms.pop(next(iter(self._worked_ms)), None)
        if self.listener is not None:
            self.listener.end(stage, frame_index, start_ns, end_ns)

    def read(self, frame: Frame, start_ns: int, end_ns: int) -> None:
        """The frame was read from its source from start_ns to end_ns; that is "decode", and before its age begins."""
        self.add("decode", (end_ns - start_ns) * 1e-6)
        if self.listener is not None:
            self.listener.end("decode", frame.index, start_ns, end_ns)

    def arrived(self, frame: Frame) -> float:
        """The frame is through: its age in milliseconds, kept as "latency", and what that is made of: "worked", the sum
        of the stages that worked on it, and "waited", the rest."""
        age_ms = (time.monotonic_ns() - frame.t_capture_ns) * 1e-6
        worked_ms = self._worked_ms.pop(frame.index, 0.0)
        self.add("latency", age_ms)
        self.add("worked", worked_ms)
        self.add("waited", age_ms - worked_ms)
        return age_ms

    def lost(self, where: str, frame: Frame) -> None:
        """The frame was dropped on its way."""
        self._worked_ms.pop(frame.index, None)
        if self.listener is not None:
            self.listener.lost(where, frame.index)

    def stats(self) -> dict[str, StageStats]:
        """Statistics of every stage measured so far, in the order of their first measurement."""
        return {stage: samples.stats() for stage, samples in list(self._stages.items()) if samples.count}

    def histograms(self) -> dict[str, Histogram]:
        """Everything ever measured, by stage."""
        return {stage: Histogram(tuple(s.buckets), s.total_ms) for stage, s in list(self._stages.items())}

    def _of(self, stage: str) -> _Samples:
        samples = self._stages.get(stage)
        if samples is None:
            samples = self._stages.setdefault(stage, _Samples(self._capacity))
        return samples
