"""Sinks that work at certain hours."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from edge.errors import OutputError
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.schedule import Hours, Schedule
from edge.runtime.scheduled import ScheduledSink

DAY = datetime(2026, 11, 30)


class Sink:
    stage, rotations = "save", True

    def __init__(self, number: int) -> None:
        self.path: Path | None = Path(f"{number}.npz")
        self.frames: list[int] = []
        self.ends: list[str] = []

    def write(self, result: FrameResult) -> None:
        self.frames.append(cast(int, result))

    def close(self) -> bool:
        self.ends.append("closed")
        return bool(self.frames)

    def abort(self) -> None:
        self.ends.append("aborted")


class Bench:
    """A scheduled sink, its clock and the sinks that it opened."""

    def __init__(self, hour: int) -> None:
        self.hour = hour
        self.opened: list[Sink] = []
        self.schedule = Schedule(Hours.parse("08:00-10:00"))
        self.sink = ScheduledSink(
            self.schedule, self._open, what="a-{date}.npz", now=lambda: DAY.replace(hour=self.hour)
        )

    def write(self, hour: int, frame: int) -> None:
        self.hour = hour
        self.sink.write(cast(Any, frame))

    def _open(self) -> Sink:
        self.opened.append(Sink(len(self.opened)))
        return self.opened[-1]


def test_scheduled_sink_begins_a_file_with_each_window() -> None:
    bench = Bench(8)
    for frame, hour in enumerate([8, 9, 10, 11, 8, 9, 12]):
        bench.write(hour, frame)
    assert [sink.frames for sink in bench.opened] == [[0, 1], [4, 5]]
    assert [sink.ends for sink in bench.opened] == [["closed"], ["closed"]]
    assert bench.sink.close()
    assert bench.sink.path == Path("1.npz")
    assert (bench.sink.stage, bench.sink.rotations) == ("save", True)


def test_scheduled_sink_outside_its_hours_checks_the_file_and_says_when_it_starts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        bench = Bench(7)
    assert [sink.ends for sink in bench.opened] == [["aborted"]]
    assert "a-{date}.npz: nothing is written outside of 08:00-10:00 local time; now outside, starts Mon" in caplog.text
    bench.write(7, 0)
    assert not bench.sink.close()
    bench.write(8, 1)
    bench.sink.abort()
    assert bench.opened[1].ends == ["aborted"]


def test_scheduled_sink_takes_over_changed_hours() -> None:
    bench = Bench(12)
    bench.write(12, 0)
    bench.schedule.hours = None
    bench.write(12, 1)
    assert bench.opened[-1].frames == [1]


def test_scheduled_sink_that_cannot_be_opened_is_an_error_at_once() -> None:
    def fail() -> Sink:
        raise OutputError("full")

    with pytest.raises(OutputError, match="full"):
        ScheduledSink(Schedule(Hours.parse("08:00-10:00")), fail, what="a", now=lambda: DAY)
