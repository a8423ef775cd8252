"""The stream of a room: results of cameras in, moments out, failures left out, and its metrics."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from edge.errors import FrameError
from edge.room.alignment import Sample
from edge.room.fusion import RoomFusion
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.room_results import ROOM, RoomResults, feed
from edge.timing import Timings
from edge.types import Bodies, Frame
from tests.support.rooms import SIZE, Room, around, body_and_model


def results_of(room: Room, *, live: bool = False) -> RoomResults:
    body, model = body_and_model()
    return RoomResults(RoomFusion(body, model, room.cameras), Timings(), live=live, realtime=live)


def result(room: Room, camera: int, index: int, scale: int = 1) -> FrameResult:
    """What the pipeline of a camera gives for images that are `scale` times as large as the rig's."""
    view = room.view(camera, index / 30)
    assert view is not None
    keypoints = view.keypoints.copy()
    keypoints[..., :2] = (keypoints[..., :2] + 0.5) * scale - 0.5
    none = np.zeros((len(view), 0, 3), np.float32)
    bodies = Bodies(
        view.ids,
        view.keypoints[..., 2].mean(1),
        keypoints,
        none,
        none,
        view.translation,
        rotations=view.rotations,
        shape=view.shape,
        visibility=view.visibility,
    )
    frame = Frame(f"cam{camera}", index, index * 33_000_000, index / 30, np.zeros((1, 1, 3), np.uint8))
    sized = replace(room.cameras[camera].camera, size=(SIZE[0] * scale, SIZE[1] * scale))
    return FrameResult(frame, sized, bodies)


def fused(results: RoomResults, room: Room, frames: int, scale: int = 1) -> list[FrameResult]:
    for camera in range(len(room.cameras)):
        put = feed(results, camera)
        for index in range(frames):
            put(result(room, camera, index, scale))
        results.finish(camera)
    with results:
        return list(results)


@pytest.mark.parametrize("scale", [1, 2])
def test_room_results_are_those_of_the_world_at_any_image_size(scale: int) -> None:
    room = Room(around(3), 1)
    found = fused(results_of(room), room, 5, scale)
    assert [(r.frame.stream, r.frame.index) for r in found] == [(ROOM, i) for i in range(5)]
    _, roots, _ = room.truth(4 / 30)
    np.testing.assert_allclose(found[-1].bodies.translation, roots, atol=0.15)


def test_room_results_rig_pose_only_where_an_output_wants_it() -> None:
    room = Room(around(2), 1)
    results = results_of(room)
    assert all(r.rig_pose is None for r in fused(results, room, 2))
    room = Room(around(2), 1)
    results = results_of(room)
    results.wants_rotations = lambda: True
    posed = fused(results, room, 2)[-1].rig_pose
    assert posed is not None
    assert posed.error_mm.max() < 5


def test_room_results_failing_moments_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(around(2), 1)
    results = results_of(room)
    fuse, calls = RoomFusion.__call__, []

    def failing(self: RoomFusion, t_s: float, views: list[object]) -> object:
        calls.append(t_s)
        if len(calls) == 2:
            raise ZeroDivisionError("division by zero")
        return fuse(self, t_s, views)  # type: ignore[arg-type]

    monkeypatch.setattr(RoomFusion, "__call__", failing)
    assert [r.frame.index for r in fused(results, room, 4)] == [0, 2, 3]
    assert results.drops["failed"] == 1
    assert len(results.problems) == 1
    monkeypatch.setattr(RoomFusion, "__call__", lambda self, t_s, views: 1 / 0)
    with pytest.raises(FrameError, match="consecutive frames failed"):
        fused(results_of(Room(around(2), 1)), Room(around(2), 1), 12)


def test_room_metrics_name_every_camera() -> None:
    from edge.monitoring.prometheus_collector import RunCollector
    from edge.runtime.health import RunHealth

    room = Room(around(2), 1)
    results = results_of(room)
    fused(results, room, 20)
    collector = RunCollector(RunHealth())
    collector.watch([], None, None, results)
    found = {
        (metric.name, sample.labels["stream"]): sample.value
        for metric in collector.collect()
        if metric.name.startswith("meshcast_room_")
        for sample in metric.samples
    }
    collector.close()
    assert found["meshcast_room_people_matched", "cam0"] == 1
    assert 0 < found["meshcast_room_reprojection_pixels", "cam1"] < 30
    assert found["meshcast_room_camera_moved", "cam1"] == 0
    assert found["meshcast_room_camera_silent", "cam0"] == 0


def test_room_stats_have_the_poses_of_the_cameras() -> None:
    import json

    room = Room(around(2), 1)
    results = results_of(room)
    fused(results, room, 3)
    cameras = json.loads(json.dumps(results.stats()))["cameras"]
    assert [camera["name"] for camera in cameras] == ["cam0", "cam1"]
    np.testing.assert_allclose(cameras[1]["rotation"], room.cameras[1].pose.rotation)
    assert cameras[0]["matched"] == 1
    assert cameras[0]["moved"] is False


def test_room_results_correct_the_times_of_a_camera_with_another_clock() -> None:
    offset_s, fps, frames = 0.12, 15, 300  # long enough to see that what is corrected is not corrected again
    room = Room(around(3)[:2], 1, seed=5, offset_s=[0, offset_s])
    results = results_of(room)

    def play(camera: int) -> None:
        for index in range(frames):
            view = room.view(camera, index / fps - room.offset_s[camera])
            assert view is not None
            results.add(camera, Sample(index / fps, index, round(index / fps * 1e9), view))
        results.finish(camera)

    threads = [threading.Thread(target=play, args=(camera,)) for camera in range(2)]
    for thread in threads:
        thread.start()
    with results:
        count = sum(1 for _ in results)
    for thread in threads:
        thread.join()
    corrections = results.watch.corrections_s
    assert corrections[0] == 0
    assert abs(corrections[1] - offset_s) < 0.03
    assert count >= frames - 2 * round(offset_s * fps) - 2
    (line,) = results.reader.source.warnings
    assert line.startswith("cam1: its clock is about 1")
    assert "which is corrected" in line
