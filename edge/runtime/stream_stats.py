"""How a stream performs, in numbers for viewers: of the time since they were read last."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from edge.timing import Histogram, Timings


class StreamStats:
    """Values of the stats message (docs/wire.md) of one stream; one thread reads them."""

    def __init__(self, timings: Timings, frames: Callable[[], int], drops: Callable[[], Mapping[str, int]]) -> None:
        """
        Args:
            timings: of the stream.
            frames: number of results so far.
            drops: number of frames dropped so far, by where.
        """
        self._timings, self._frames, self._drops = timings, frames, drops
        self._read_s = time.monotonic()
        self._seen = 0
        self._stages: dict[str, Histogram] = {}
        self._ages: dict[str, Histogram] = {}

    def __call__(self) -> dict[str, Any]:
        """The values since the last call, and the totals."""
        now_s, frames = time.monotonic(), self._frames()
        stages, ages = self._timings.stages.histograms(), self._timings.ages.histograms()
        seconds, count = max(now_s - self._read_s, 1e-6), frames - self._seen
        values: dict[str, Any] = {
            "frames": frames,
            "fps": round(count / seconds, 2),
            "dropped": dict(self._drops()),
            "stages_ms": {
                name: round(spent_ms / max(count, 1), 3)
                for name, now in stages.items()
                if (spent_ms := now.total_ms - _total(self._stages, name)) > 0
            },
        }
        if (mean := _mean(self._ages, ages, "latency")) is not None:
            values["latency_ms"] = round(mean, 2)
        if (mean := _mean(self._ages, ages, "waited")) is not None:
            values["waited_ms"] = round(max(0.0, mean), 2)
        self._read_s, self._seen, self._stages, self._ages = now_s, frames, stages, ages
        return values


def _total(before: Mapping[str, Histogram], name: str) -> float:
    return before[name].total_ms if name in before else 0.0


def _mean(before: Mapping[str, Histogram], now: Mapping[str, Histogram], name: str) -> float | None:
    """Mean of the samples that were added between two readings, None without any."""
    if name not in now:
        return None
    count = sum(now[name].counts) - (sum(before[name].counts) if name in before else 0)
    return (now[name].total_ms - _total(before, name)) / count if count > 0 else None
