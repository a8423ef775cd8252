"""Frames of several cameras at common times: interpolation, rates, cameras that stop, and a bounded buffer."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from edge.room.alignment import AlignedViews, Alignment, AlignmentConfig, Sample, between
from edge.room.views import ViewPeople

EYE = np.tile(np.eye(3, dtype=np.float32), (1, 2, 1, 1))


def people(x: float, identity: int = 7) -> ViewPeople:
    keypoints = np.full((1, 3, 3), x, np.float32)
    keypoints[..., 2] = 0.8
    return ViewPeople(
        np.array([identity], np.int32), keypoints, EYE, np.zeros((1, 2), np.float32), np.full((1, 3), x, np.float32)
    )


def sample(t_s: float, index: int = 0, identity: int = 7) -> Sample:
    return Sample(t_s, index, round(t_s * 1e9), people(100 * t_s, identity))


def filled(lanes: list[list[float]], *, live: bool = False, end: bool = True, **settings: float) -> list[AlignedViews]:
    alignment = Alignment([f"c{i}" for i in range(len(lanes))], live=live, config=AlignmentConfig(**settings))  # type: ignore[arg-type]
    for camera, times in enumerate(lanes):
        for index, t_s in enumerate(times):
            alignment.put(camera, sample(t_s, index))
        if end:
            alignment.finish(camera)
    return list(alignment)


def seen(moment: AlignedViews, camera: int) -> float | None:
    view = moment.views[camera]
    return None if view is None else float(view.keypoints[0, 0, 0])


def test_alignment_equal_times_pass_as_they_are() -> None:
    times = [0.0, 0.1, 0.2]
    moments = filled([times, times])
    assert [(m.t_s, m.index) for m in moments] == [(0.0, 0), (0.1, 1), (0.2, 2)]
    assert [seen(m, 1) for m in moments] == pytest.approx([0, 10, 20])


def test_alignment_other_times_are_interpolated() -> None:
    moments = filled([[0.0, 0.1, 0.2], [0.05, 0.15, 0.25]])
    assert [seen(m, 1) for m in moments[1:3]] == pytest.approx([10, 20])
    assert seen(moments[0], 1) is None


def test_alignment_follows_a_much_faster_camera() -> None:
    slow, fast = [i / 10 for i in range(20)], [i / 30 for i in range(60)]
    moments = filled([slow, fast])
    late = [m for m in moments if m.t_s > 1.2]
    assert np.diff([m.t_s for m in late])[:-1] == pytest.approx(1 / 30)
    assert [seen(m, 0) for m in late if m.t_s < 1.9] == pytest.approx(
        [100 * m.t_s for m in late if m.t_s < 1.9], abs=1e-3
    )
    assert all(np.diff([m.index for m in moments]) > 0)


def test_alignment_gap_of_a_camera_is_not_interpolated() -> None:
    moments = filled([[0.1 * i for i in range(10)], [0.0, 0.1, 0.7, 0.8, 0.9]])
    assert [seen(m, 1) is None for m in moments] == [False, False, *[True] * 5, False, False, False]


def test_alignment_goes_on_when_a_camera_has_ended() -> None:
    moments = filled([[0.0, 0.1], [0.0, 0.1, 0.2, 0.3]])
    assert [m.t_s for m in moments] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert [seen(m, 0) is None for m in moments] == [False, False, True, True]


def test_alignment_live_camera_that_is_silent_is_reported_and_left_out() -> None:
    now = [0.0]
    lines: list[str] = []
    alignment = Alignment(["a", "b"], live=True, clock=lambda: now[0], report=lines.append)
    alignment.put(0, sample(0.0))
    alignment.put(1, sample(0.0))
    moments = iter(alignment)
    assert seen(next(moments), 1) == 0
    now[0] = 3.0
    alignment.put(0, sample(3.0, 1))
    assert seen(next(moments), 1) is None
    assert lines == ["b: no frame arrived in the last 2 s; the room goes on with the others"]
    assert alignment.silent == ["b"]
    alignment.put(1, sample(3.1, 1))
    alignment.put(0, sample(3.1, 2))
    assert seen(next(moments), 1) == pytest.approx(310)
    assert alignment.silent == []
    alignment.close()
    assert list(moments) == []


def test_alignment_live_buffer_is_bounded() -> None:
    alignment = Alignment(["a", "b"], live=True, config=AlignmentConfig(capacity=5))
    for index in range(50):
        assert alignment.put(1, sample(index / 10, index))
    assert alignment.dropped == 45


def test_alignment_of_files_blocks_a_camera_that_is_ahead() -> None:
    alignment = Alignment(["a", "b"], live=False, config=AlignmentConfig(capacity=3))
    done: list[int] = []

    def feed(camera: int, count: int) -> None:
        for index in range(count):
            alignment.put(camera, sample(index / 10, index))
        alignment.finish(camera)
        done.append(camera)

    ahead = threading.Thread(target=feed, args=(1, 20), daemon=True)
    ahead.start()
    behind = threading.Thread(target=feed, args=(0, 20), daemon=True)
    behind.start()
    moments = list(alignment)
    ahead.join(5)
    behind.join(5)
    assert len(moments) == 20
    assert sorted(done) == [0, 1]
    assert alignment.dropped == 0


def test_alignment_shift_moves_a_camera_in_time() -> None:
    alignment = Alignment(["a", "b"], live=False)
    alignment.shift(1, 0.05)
    for index in range(5):
        alignment.put(0, sample(index / 10, index))
        alignment.put(1, sample(index / 10 + 0.05, index))
    for camera in (0, 1):
        alignment.finish(camera)
    assert [seen(m, 1) for m in alignment][1] == pytest.approx(15)


def test_alignment_times_that_do_not_increase_are_dropped() -> None:
    alignment = Alignment(["a"], live=True)
    for t_s in (0.0, 0.2, 0.1, 0.3):
        alignment.put(0, sample(t_s))
    alignment.finish(0)
    assert [m.t_s for m in alignment] == [0.0, 0.2, 0.3]
    assert alignment.dropped == 1


def test_between_keeps_people_of_both_frames_only() -> None:
    found = between(sample(0.0, identity=1), sample(0.2, identity=1), 0.05)
    assert found.keypoints[0, 0].tolist() == pytest.approx([5, 5, 0.8])
    assert found.translation[0].tolist() == pytest.approx([5, 5, 5])
    assert len(between(sample(0.0, identity=1), sample(0.2, identity=2), 0.1)) == 0
