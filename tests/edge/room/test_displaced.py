"""Cameras that were moved so far that nothing matches any more."""

from __future__ import annotations

import numpy as np
import pytest

from edge.room.displaced import DisplacedCameras, expects
from edge.room.fusion import RoomFusion, RoomMoment
from edge.room.watch import RoomWatch
from tests.support.rooms import Room, around, body_and_model, turned

SEEN_BY_ALL = np.ones((2, 3), bool)
RUNNING = np.ones(3, bool)
ROOTS = np.array([[0.3, 0, 0.9], [-0.3, 0, 0.9]])


def watched(cameras: int, degrees: float, seconds: float = 9.0) -> tuple[RoomWatch, list[RoomMoment]]:
    """A room whose second camera was turned."""
    true = around(cameras)
    used = [true[0], turned(true[1], degrees), *true[2:]]
    body, model = body_and_model()
    fusion, watch = RoomFusion(body, model, used), RoomWatch(used)
    moments = []
    for t_s, views in Room(true, 2).moments(seconds, 10.0):
        moments.append(fusion(t_s, views))
        watch.observe(moments[-1])
        fusion.distrust(watch.displaced)
    return watch, moments


@pytest.mark.parametrize("degrees", [4.0, 9.0])
def test_camera_that_was_bumped_is_named_and_adds_no_people(degrees: float) -> None:
    watch, moments = watched(4, degrees)
    assert [camera.moved for camera in watch.health()] == [False, True, False, False]
    assert watch.displaced == {1}
    assert watch.problems[0].startswith("cam1: ")
    before, after = ([len(moment.bodies) for moment in moments[at]] for at in (slice(10, 20), slice(-20, None)))
    assert np.mean(before) >= np.mean(after)
    assert np.mean(after) < 2.5


def test_one_of_two_cameras_that_was_bumped_is_left_out_and_both_are_named() -> None:
    watch, moments = watched(2, 9.0)
    assert watch.problems[0].startswith("cam0, cam1: their people do not coincide")
    assert watch.displaced == {1}
    assert np.mean([len(moment.bodies) for moment in moments[-20:]]) < 3


def test_people_whom_one_camera_alone_can_see_are_no_evidence() -> None:
    displaced = DisplacedCameras(around(3))
    hidden = np.array([[True, False, False], [False, False, False]])
    for t_s in np.arange(0, 30, 0.1):
        displaced.observe(t_s, ROOTS, hidden, RUNNING)
    assert not displaced.moved


def test_camera_that_is_put_back_is_trusted_again() -> None:
    displaced = DisplacedCameras(around(3))
    elsewhere = np.array([[True, True, False], [False, False, True]])
    for t_s in np.arange(0, 10, 0.1):
        displaced.observe(t_s, ROOTS, elsewhere, RUNNING)
    assert displaced.moved == {2}
    for t_s in np.arange(10, 40, 0.1):
        displaced.observe(t_s, ROOTS, SEEN_BY_ALL, RUNNING)
    assert not displaced.moved


def test_expects_people_inside_the_image_and_in_front() -> None:
    (camera,) = around(1)
    behind = 2 * camera.pose.position
    np.testing.assert_array_equal(expects(camera, np.stack([[0, 0, 0.9], behind, [0, 0, 30]])), [True, False, False])
