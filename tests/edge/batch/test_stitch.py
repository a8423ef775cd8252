"""The report of a video that was processed in parts."""

from __future__ import annotations

from typing import Any

from edge.batch.stitch import joined_report


def part(frames: int, wall_s: float, **rest: Any) -> dict[str, Any]:
    return {
        "source": "a.mp4",
        "exit_status": 0,
        "captured_frames": frames,
        "frames": frames,
        "frames_with_people": frames,
        "ids": [0, frames],
        "drops": {"failed": 0, "unfinished": 0},
        "dropped_people": 1,
        "wall_s": wall_s,
        "fps": frames / wall_s,
        "stages_ms": {"detect": {"p95": wall_s}},
        "problems": [],
        "source_warnings": ["pixels"],
        **rest,
    }


def test_joined_report_counts_the_video_and_lists_durations_by_part() -> None:
    counts = {"frames": 50, "frames_with_people": 40, "ids": [0, 1]}
    joined = joined_report([part(30, 2.0), part(25, 3.0, drops={"failed": 2, "unfinished": 0})], counts)
    assert joined == {
        "source": "a.mp4",
        "exit_status": 0,
        "captured_frames": 50,
        "frames": 50,
        "frames_with_people": 40,
        "ids": [0, 1],
        "drops": {"failed": 2, "unfinished": 0},
        "dropped_frames": 2,
        "dropped_people": 2,
        "wall_s": 5.0,
        "fps": 10.0,
        "problems": [],
        "source_warnings": ["pixels"],
        "parts": [
            {"frames": 30, "wall_s": 2.0, "stages_ms": {"detect": {"p95": 2.0}}},
            {"frames": 25, "wall_s": 3.0, "stages_ms": {"detect": {"p95": 3.0}}},
        ],
    }
