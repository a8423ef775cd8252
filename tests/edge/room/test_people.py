"""Ids of people in a room: held, handed over, given back, and never mixed up by the order of rows."""

from __future__ import annotations

import numpy as np
import pytest

from edge.room.fusion import RoomFusion
from edge.room.people import RoomPeople
from edge.room.views import RoomCamera
from tests.support.room_scores import RoomScore, walk_through
from tests.support.rooms import Room, around, body_and_model, look_at, room_camera


def fusion_of(cameras: list[RoomCamera]) -> RoomFusion:
    body, model = body_and_model()
    return RoomFusion(body, model, cameras)


def walked(room: Room, seconds: float, skip_s: float = 0.5) -> RoomScore:
    return walk_through(room, fusion_of(list(room.cameras)), seconds, skip_s, fps=15)


@pytest.mark.parametrize(("cameras", "people", "seed"), [(4, 3, 2), (5, 5, 3)])
def test_people_keep_their_ids_in_a_full_room(cameras: int, people: int, seed: int) -> None:
    score = walked(Room(around(cameras), people, seed=seed), 3.5)
    assert (score.switches, len(score.ids)) == (0, people)
    assert score.ghosts + score.missed <= 0.01 * score.people
    assert np.mean(score.errors_mm) < 45


def test_people_keep_their_ids_while_cameras_drop_out_and_return() -> None:
    score = walked(Room(around(4), 2, seed=6, gaps=[(0, 0.8, 1.8), (1, 1.2, 2.4), (2, 1.5, 2.2)]), 3)
    assert (score.switches, len(score.ids)) == (0, 2)


def test_people_who_are_lost_by_all_cameras_get_their_ids_back() -> None:
    score = walked(Room(around(3), 1, seed=2, gaps=[(c, 1.0, 2.5) for c in range(3)]), 3.5)
    assert (score.switches, len(score.ids)) == (0, 1)


def test_person_walks_from_one_camera_to_another_with_one_id() -> None:
    left = room_camera("left", look_at((-1.5, -4, 2), (-1.6, 0, 0.9), 1400))
    right = room_camera("right", look_at((1.5, -4, 2), (1.6, 0, 0.9), 1400))
    room = Room([left, right], 1)
    room.walkers[0].path = np.array([[-2.0, 0], [2.0, 0], [-2.0, 0]])
    room.walkers[0].speed = 1.0
    room.walkers[0].phase = 0.0
    fusion = fusion_of([left, right])
    ids, seen = set(), set()
    for t_s, views in room.moments(3.5, 15):
        moment = fusion(t_s, views)
        ids |= set(moment.bodies.ids.tolist())
        seen |= {tuple(row) for row in moment.bodies.views.tolist()} if moment.bodies.views is not None else set()
    assert ids == {0}
    assert {(1, 0), (0, 1)} <= seen


def test_track_of_one_camera_alone_waits_where_another_should_see_it() -> None:
    room = Room(around(3), 1)
    people = RoomPeople(room.cameras)
    from edge.room.views import sight

    view = room.view(0, 0.0)
    other = room.view(1, 0.0)
    assert view is not None
    assert other is not None
    empty = type(other)(*(None if a is None else a[:0] for a in (getattr(other, n) for n in other.__slots__)))
    sights = [sight(room.cameras[0], view), sight(room.cameras[1], empty), None]
    assert people.assign(0.0, sights) == []
    assert people.assign(0.1, sights) == []
    assert len(people.assign(0.3, sights)) == 1
    alone = RoomPeople(room.cameras)
    assert len(alone.assign(0.0, [sights[0], None, None])) == 1


def test_number_of_people_is_bounded() -> None:
    from edge.room.config import MatchConfig
    from edge.room.views import sight

    room = Room(around(2), 5, seed=3)
    people = RoomPeople(room.cameras, MatchConfig(max_people=2))
    seen = people.assign(0.0, [sight(c, v) for c in room.cameras[:1] if (v := room.view(0, 0.0)) is not None] + [None])
    assert len(seen) == 2
    assert len(people.known) == 2
