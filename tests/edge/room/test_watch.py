"""The watch over a room's cameras: reprojection, a camera that was moved, and clocks that differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.room.fusion import RoomFusion, RoomMoment
from edge.room.views import RoomCamera
from edge.room.watch import RoomWatch, WatchConfig
from tests.support.rooms import Room, around, body_and_model, turned


def watched(room: Room, cameras: list[RoomCamera], seconds: float, **settings: float) -> tuple[RoomWatch, RoomMoment]:
    body, model = body_and_model()
    fusion = RoomFusion(body, model, cameras)
    watch = RoomWatch(cameras, WatchConfig(**settings))  # type: ignore[arg-type]
    for t_s, views in room.moments(seconds, 15):
        moment = fusion(t_s, views)
        watch.observe(moment)
    return watch, moment


def test_watch_cameras_in_place_have_small_errors_and_no_problem() -> None:
    cameras = around(4)
    watch, _ = watched(Room(cameras, 2, seed=6), cameras, 2.5, drift_evidence=16.0)
    health = watch.health()
    assert [camera.name for camera in health] == ["cam0", "cam1", "cam2", "cam3"]
    assert max(camera.reprojection_px for camera in health) < 15
    assert max(camera.drift_deg for camera in health) < 0.5
    assert max(camera.matched for camera in health) == 2
    assert watch.problems == []


def test_watch_names_the_camera_that_was_moved() -> None:
    cameras = around(4)
    wrong = [cameras[0], cameras[1], turned(cameras[2], 2.5), cameras[3]]
    watch, _ = watched(Room(cameras, 2, seed=6), wrong, 2.5, drift_evidence=16.0)
    assert len(watch.problems) == 1
    assert watch.problems[0].startswith("cam2: its view is off by about ")
    assert [camera.name for camera in watch.health() if camera.moved] == ["cam2"]
    assert np.argmax([camera.drift_deg for camera in watch.health()]) == 2


def test_watch_estimates_the_offset_of_a_clock() -> None:
    cameras = around(3)
    watch, last = watched(Room(cameras, 1, seed=5, offset_s=[0, 0.2, 0]), cameras, 8)
    assert watch.poll() == []  # one estimate is not enough
    assert watch.poll() == []  # not due again
    offsets = [camera.offset_s for camera in watch.health()]
    assert abs(offsets[1] - 0.2) < 0.05
    watch.observe(replace(last, t_s=last.t_s + 6))
    lines = watch.poll()
    assert len(lines) == 1
    assert lines[0].startswith("cam1: its clock is about ")
    assert abs(watch.corrections_s[1] - 0.2) < 0.05
    assert watch.corrections_s[0] == 0
    assert abs(watch.corrections_s[2]) < 0.03


def test_watch_without_people_knows_nothing() -> None:
    cameras = around(2)
    watch = RoomWatch(cameras)
    assert watch.poll() == []
    assert all(np.isnan(camera.reprojection_px) and np.isnan(camera.drift_deg) for camera in watch.health())
