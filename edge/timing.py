"""How long each stage takes: a clock that is cheap enough to stay on."""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass
from types import TracebackType

import numpy as np


@dataclass(frozen=True, slots=True)
class StageStats:
    """Milliseconds of one stage; count, mean_ms and max_ms cover the whole run, percentiles the latest samples."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class _Samples:
    """The latest samples of one stage in a ring of fixed size, and running totals of all."""

    __slots__ = ("count", "max_ms", "ring", "total_ms")

    def __init__(self, capacity: int) -> None:
        self.ring = array("d", bytes(8 * capacity))
        self.count = 0
        self.total_ms = 0.0
        self.max_ms = 0.0

    def add(self, ms: float) -> None:
        self.ring[self.count % len(self.ring)] = ms
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

    __slots__ = ("_samples", "_start_ns")

    def __init__(self, samples: _Samples) -> None:
        self._samples = samples
        self._start_ns = 0

    def __enter__(self) -> None:
        self._start_ns = time.perf_counter_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._samples.add((time.perf_counter_ns() - self._start_ns) * 1e-6)


class Timings:
    """Times of named stages: `with timings.measure("detect"): ...`.

    Memory is bounded: percentiles are taken over the latest `capacity` samples of a stage. One stage may be measured
    by one thread at a time; different stages by different threads.
    """

    def __init__(self, capacity: int = 8192) -> None:
        self._capacity = capacity
        self._stages: dict[str, _Samples] = {}

    def measure(self, stage: str) -> _Measure:
        """A context that adds its own duration to `stage`."""
        return _Measure(self._of(stage))

    def add(self, stage: str, ms: float) -> None:
        """Add a duration that was measured elsewhere, in milliseconds."""
        self._of(stage).add(ms)

    def stats(self) -> dict[str, StageStats]:
        """Statistics of every stage measured so far, in the order of their first measurement."""
        return {stage: samples.stats() for stage, samples in list(self._stages.items()) if samples.count}

    def _of(self, stage: str) -> _Samples:
        samples = self._stages.get(stage)
        if samples is None:
            samples = self._stages.setdefault(stage, _Samples(self._capacity))
        return samples
