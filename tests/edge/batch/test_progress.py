"""Counts and remaining time of a batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.batch.progress import BatchProgress, duration
from edge.batch.video import Video


def test_progress_estimates_remaining_time_by_size() -> None:
    now_s = [0.0]
    videos = [Video(Path(name), name, size, 0) for name, size in (("a", 100), ("b", 300))]
    progress = BatchProgress(videos, skipped=2, clock=lambda: now_s[0])
    assert progress.line() == "2 of 4 videos, 0.0 fps, time left unknown, 0 failed"
    now_s[0] = 10.0
    progress.advanced("b", 50, 150)
    assert progress.line() == "2 of 4 videos, 5.0 fps, 30 s left, 0 failed"
    progress.finished("a", 30)
    assert progress.remaining_s == pytest.approx(10.0)
    progress.attempt_ended("b")
    assert progress.fps == pytest.approx(3.0)
    progress.gave_up("b")
    assert progress.line() == "3 of 4 videos, 3.0 fps, 0 s left, 1 failed"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.6, "1 min 00 s"), (725, "12 min 05 s"), (12000, "3 h 20 min")]
)
def test_duration_has_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
