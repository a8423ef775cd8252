"""Cameras of a rig that see the same places."""

from __future__ import annotations

import pytest

from calibration.rig_file import RigError
from edge.room.coverage import check_common_view, common_places
from tests.support.rooms import around, look_at, room_camera


def test_common_places_of_cameras_around_a_room() -> None:
    assert (common_places(around(4)) > 50).all()
    assert check_common_view(around(4), "rig.toml") == []


def test_cameras_back_to_back_have_no_common_view() -> None:
    apart = [room_camera("a", look_at((0, 0, 2), (5, 0, 1))), room_camera("b", look_at((-1, 0, 2), (-6, 0, 1)))]
    with pytest.raises(RigError, match=r"^rig\.toml: no two cameras see the same place"):
        check_common_view(apart, "rig.toml")


def test_camera_that_sees_another_place_is_named() -> None:
    away = room_camera("away", look_at((30, 0, 2), (60, 0, 1)))
    assert check_common_view([*around(2), away], "rig.toml") == [
        "rig.toml: camera away sees no place that another camera sees"
    ]
