"""Numbers of a stream for viewers: of the time since they were read last."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edge.runtime.stream_stats import StreamStats
from edge.timing import Timings
from edge.types import Frame


def arrive(timings: Timings, index: int, age_ms: float) -> None:
    now_ns = time.monotonic_ns()
    frame = Frame("cam0", index, now_ns - int(age_ms * 1e6), index / 30, np.zeros((2, 2, 3), np.uint8))
    timings.record("pose", now_ns - 4_000_000, now_ns, index)
    timings.arrived(frame)


def test_stream_stats_are_of_the_time_since_the_last_reading() -> None:
    timings, counts = Timings(), [0]
    stats = StreamStats(timings, lambda: counts[0], lambda: {"track_people": 2})
    for index in range(4):
        arrive(timings, index, 30)
    counts[0] = 4
    first = stats()
    assert first["frames"] == 4
    assert first["dropped"] == {"track_people": 2}
    assert first["stages_ms"]["pose"] == pytest.approx(4.0, abs=0.01)
    assert first["latency_ms"] == pytest.approx(30, abs=15)
    arrive(timings, 4, 500)
    counts[0] = 5
    second = stats()
    assert second["latency_ms"] == pytest.approx(500, abs=50)
    assert second["waited_ms"] > 400


def test_stream_stats_without_new_frames_have_no_latency() -> None:
    stats = StreamStats(Timings(), lambda: 0, dict)
    stats()
    values = stats()
    assert values["fps"] == 0
    assert "latency_ms" not in values
    assert values["stages_ms"] == {}
