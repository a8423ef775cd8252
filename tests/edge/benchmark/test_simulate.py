"""Simulated schedules whose results are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.benchmark.board import Board, StageTime
from edge.benchmark.simulate import READ, SLOTS, simulate


def board(host: dict[str, float], gpu: dict[str, float] | None = None, **run: Any) -> Board:
    known: dict[str, Any] = {
        "cores": 8,
        "cameras": 1,
        "people": 1,
        "fps": 0.0,
        "detect_every": 8,
        "frames": 200,
        "boxes_follow_on_device": False,
    }
    return Board(
        name="board",
        times="given",
        host={stage: StageTime(ms) for stage, ms in host.items()},
        gpu={stage: StageTime(ms) for stage, ms in (gpu or {}).items()},
        **(known | run),
    )


HOST = {"decode": 2.0, "track": 1.0, "pose": 5.0, "mesh": 9.0, "output": 1.0}


def test_processor_at_full_speed_is_as_fast_as_its_slowest_step() -> None:
    found = simulate(board(HOST))
    assert found.fps == pytest.approx(1000 / 9, rel=0.01)
    assert found.busy["cores"] == pytest.approx(18 / 9 / 8, rel=0.02)


def test_processor_with_one_core_does_one_thing_at_a_time() -> None:
    assert simulate(board(HOST, cores=1)).fps == pytest.approx(1000 / 18, rel=0.01)


def test_stages_in_python_take_turns() -> None:
    given = board(HOST)
    in_python = {stage: replace(time, python=1.0) for stage, time in given.host.items()}
    found = simulate(replace(given, host=in_python))
    assert found.fps == pytest.approx(1000 / 18, rel=0.01)
    assert found.busy["interpreter"] == pytest.approx(1, rel=0.02)


def test_live_camera_has_the_latency_of_its_stages() -> None:
    found = simulate(board(HOST | {"detect": 4.0}, fps=30))
    assert found.fps == pytest.approx(30, rel=0.01)
    assert found.latency_ms(0.5) == pytest.approx(18)
    assert found.latency_ms(0.99) == pytest.approx(22)
    assert found.dropped == 0


def test_live_camera_that_is_too_fast_drops_frames_and_stays_new() -> None:
    found = simulate(board(HOST, fps=300))
    assert found.fps == pytest.approx(1000 / 9, rel=0.02)
    assert found.dropped > 50
    assert found.latency_ms(0.99) < 4 * 9 + 18
    # No frame is tracked whose mesh is then left out.
    assert found.busy["cores"] == pytest.approx((300 * 2 + 1000 / 9 * (6 + 9 + 1)) / 1000 / 8, rel=0.03)


GPU = {"copy_in": 1.0, "letterbox": 1.0, "detector": 3.0, "crops": 1.0, "pose": 4.0, "mesh": 2.0, "skinning": 1.0}


def test_gpu_of_one_live_camera_adds_its_stages() -> None:
    found = simulate(
        board({"track": 1.0, "mesh": 2.0, "output": 1.0}, GPU | {"copy_out": 0.5}, fps=20, detect_every=10)
    )
    assert found.latency_ms(0.5) == pytest.approx(1 + 5 + 1 + 2 + 2 + 1.5 + 1)
    assert found.latency_ms(0.99) == pytest.approx(1 + 4 + 5 + 1 + 2 + 2 + 1.5 + 1)
    assert found.waits_ms["host for keypoints"] == pytest.approx(5 + 1 * 0.9, rel=0.05)


def test_gpu_of_many_cameras_is_busy_all_the_time() -> None:
    found = simulate(board({"track": 1.0}, GPU, cameras=4, detect_every=1))
    assert found.busy["GPU"] == pytest.approx(1, rel=0.02)
    assert found.fps == pytest.approx(1000 / 12, rel=0.02)


@pytest.mark.parametrize(("follows", "expected_ms"), [(False, 8.0), (True, 5.0)])
def test_boxes_that_follow_on_the_device_take_the_tracker_out_of_the_chain(follows: bool, expected_ms: float) -> None:
    given = board({"track": 3.0}, {"pose": 5.0}, detect_every=1000, boxes_follow_on_device=follows)
    assert simulate(given).fps == pytest.approx(1000 / expected_ms, rel=0.02)


def test_slots_limit_the_uploads_ahead() -> None:
    found = simulate(board({"track": 10.0}, {"copy_in": 1.0}, frames=50))
    assert found.fps == pytest.approx(100, rel=0.02)
    assert found.latency_ms(0.99) <= (READ + SLOTS + 2) * 10  # read, uploaded, being tracked, and at the reader


def test_people_make_stages_longer() -> None:
    given = board({}, {"pose": 1.0})
    crowd = replace(given, people=10, gpu={"pose": StageTime(1.0, 0.9)})
    assert simulate(crowd).fps == pytest.approx(simulate(given).fps / 10, rel=0.02)
