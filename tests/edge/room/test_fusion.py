"""The fusion of a room: errors below those of one camera, smooth handover, shapes, and no people at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.world import WorldPose
from edge.room.config import RoomConfig
from edge.room.fusion import RoomFusion
from edge.room.views import RoomCamera, ViewPeople
from tests.support.room_scores import walk_through
from tests.support.rooms import Room, around, body_and_model, room_camera, turned


def fusion_of(cameras: list[RoomCamera], config: RoomConfig | None = None) -> RoomFusion:
    body, model = body_and_model()
    return RoomFusion(body, model, cameras, config)


def test_fusion_two_cameras_place_people_better_than_one() -> None:
    cameras = around(4)
    both = walk_through(Room(cameras[:2], 1, seed=1), fusion_of(cameras[:2]), 3, fps=15)
    gone = Room(cameras[:2], 1, seed=1, gaps=[(1, 0, 99)])
    alone = walk_through(gone, fusion_of(cameras[:2]), 3, fps=15)
    assert np.mean(both.roots_mm) < 0.5 * np.mean(alone.roots_mm)
    assert np.mean(both.errors_mm) < 50


def test_fusion_camera_that_is_off_by_two_degrees_harms_little() -> None:
    cameras = around(4)
    wrong = [cameras[0], turned(cameras[1], 2), *cameras[2:]]
    score = walk_through(Room(cameras, 2, seed=6), fusion_of(wrong), 2.5, fps=15)
    assert score.switches == 0
    assert np.mean(score.roots_mm) < 90


def test_fusion_losing_a_view_does_not_make_people_jump() -> None:
    cameras = around(2)
    room = Room(cameras, 1, seed=1, gaps=[(1, 2.0, 9.0)])
    fusion, places = fusion_of(cameras), []
    for t_s, views in room.moments(4, 30):
        bodies = fusion(t_s, views).bodies
        assert len(bodies) == 1
        places.append(bodies.translation[0])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert steps[58:75].max() < 0.08


def test_fusion_learns_the_size_of_a_person() -> None:
    cameras = around(4)
    room = Room(cameras, 1, seed=9)
    room.walkers[0].shape[:] = 0
    room.walkers[0].shape[0] = 2.5
    fusion = fusion_of(cameras)
    moments = [fusion(t_s, views) for t_s, views in room.moments(5, 15)]
    shape = moments[-1].bodies.shape
    assert shape is not None
    tall, first = (room.rig.stature(s) for s in (room.walkers[0].shape, np.zeros(room.rig.shapes, np.float32)))
    assert abs(room.rig.stature(shape[0]) - tall) < 0.4 * abs(first - tall)
    before = moments[-2].bodies.shape
    assert before is not None
    np.testing.assert_allclose(shape, before, atol=0.02)


def test_fusion_of_given_sizes_keeps_them() -> None:
    cameras = around(3)
    room, fusion = Room(cameras, 1, seed=9), fusion_of(cameras, RoomConfig.of(sized=True))
    for t_s, views in room.moments(1, 15):
        shape = fusion(t_s, views).bodies.shape
    assert shape is not None
    assert not shape.any()


def test_fusion_of_poses_with_few_digits_does_not_fail() -> None:
    rounded = [room_camera(c.name, replace(c.camera, world=_rounded(c.pose))) for c in around(2)]
    room, fusion = Room(around(2), 1, gaps=[(1, 0.5, 9)]), fusion_of(rounded)
    for t_s, views in room.moments(1, 15):
        bodies = fusion(t_s, views).bodies
        assert len(bodies) == 1
        assert np.isfinite(bodies.vertices).all()


def _rounded(pose: WorldPose) -> WorldPose:
    return WorldPose(np.round(pose.rotation, 3), np.round(pose.translation, 3))


def test_fusion_without_people_and_without_cameras_gives_an_empty_moment() -> None:
    cameras = around(2)
    room, fusion = Room(cameras, 1), fusion_of(cameras)
    view = room.view(0, 0.0)
    assert view is not None
    empty = ViewPeople(*(None if a is None else a[:0] for a in (getattr(view, n) for n in ViewPeople.__slots__)))  # type: ignore[arg-type]
    for views in ([empty, None], [None, None], [empty, empty]):
        bodies = fusion(1.0, views).bodies
        assert len(bodies) == 0
        assert bodies.views is not None
        assert bodies.views.shape == (0, 2)
        assert bodies.vertices.shape[1:] == (6890, 3)


def test_fusion_bodies_stand_on_the_floor_and_say_who_saw_them() -> None:
    cameras = around(3)
    room, fusion = Room(cameras, 2, seed=2), fusion_of(cameras)
    for t_s, views in room.moments(1, 15):
        moment = fusion(t_s, views)
    lowest = moment.bodies.vertices[..., 2].min(1)
    assert (abs(lowest) < 0.08).all()
    expected = [[row >= 0 for row in person.rows] for person in moment.people]
    assert moment.bodies.views is not None
    assert moment.bodies.views.tolist() == [[int(seen) for seen in row] for row in expected]


@pytest.mark.parametrize("field", ["rotations", "shape", "translation", "keypoints", "visibility"])
def test_fusion_of_a_view_with_no_numbers_goes_on_with_the_others(field: str) -> None:
    cameras = around(3)
    body, model = body_and_model()
    room, fusion = Room(cameras, 2), RoomFusion(body, model, cameras)
    for index, (t_s, views) in enumerate(room.moments(1.0, 10.0)):
        if index == 4:
            assert views[1] is not None
            views[1] = replace(views[1], **{field: np.full_like(getattr(views[1], field), np.nan)})
        bodies = fusion(t_s, views).bodies
        assert len(bodies) == 2
        assert np.isfinite(bodies.vertices).all()
        assert bodies.visibility is not None
        assert np.isfinite(bodies.visibility).all()
