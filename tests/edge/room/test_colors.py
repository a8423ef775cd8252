"""Colors of people across views."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.room.colors import COLORS, RoomColors, color_costs, followed
from edge.room.config import ColorConfig, RoomConfig
from edge.room.fusion import RoomFusion
from edge.room.people import RoomPeople, RoomPerson
from edge.room.views import sight
from tests.support.room_scores import walk_through
from tests.support.rooms import Room, around, body_and_model

CONFIG = ColorConfig()
RED, GREEN = np.array([60.0, 170, 150, 30, 128, 128]), np.array([60.0, 90, 150, 80, 128, 128])


def test_color_costs_tell_people_apart_and_ignore_unknown_parts() -> None:
    half = np.concatenate([RED[:3], np.full(3, np.nan)])
    costs = color_costs(np.stack([RED, half, np.full(COLORS, np.nan)]), np.stack([RED, GREEN]), 1.0, CONFIG)
    assert (costs[:2, 0] < 0).all()
    assert (costs[:2, 1] > 1).all()
    assert (costs[2] == 0).all()
    assert np.abs(costs).max() <= CONFIG.weight * CONFIG.most_different
    assert (color_costs(RED[None], GREEN[None], 0.0, CONFIG) == 0).all()


def test_followed_color_keeps_parts_that_a_view_does_not_know() -> None:
    half = np.concatenate([GREEN[:3], np.full(3, np.nan)])
    np.testing.assert_allclose(followed(RED, half, 0.5), np.concatenate([(RED + GREEN)[:3] / 2, RED[3:]]))
    np.testing.assert_allclose(followed(np.full(COLORS, np.nan), half, 0.5), half)


def test_casts_of_cameras_are_learned_from_people_in_common() -> None:
    cameras = around(2)
    room = Room(cameras, 2, clothes=True)
    body, model = body_and_model()
    fusion = RoomFusion(body, model, cameras)
    walk_through(room, fusion, 4.0, fps=10.0)
    views = [room.view(c, 4.1) for c in range(2)]
    moment = fusion(4.1, views)
    shown = fusion._people._seen_colors
    for person in moment.people:
        one, two = (shown[c].colors[row] for c, row in enumerate(person.rows))  # type: ignore[union-attr]
        raw = [views[c].colors[row] for c, row in enumerate(person.rows)]  # type: ignore[union-attr, index]
        cast = np.abs(raw[0] - raw[1]).mean()
        assert np.abs(one - two).mean() < 0.5 * cast
    assert all(colors is not None and colors.trust > 0.5 for colors in shown)


def test_tracks_that_are_gone_are_forgotten() -> None:
    room = Room(around(1), 1, clothes=True)
    colors = RoomColors(1, CONFIG)
    body, model = body_and_model()
    fusion = RoomFusion(body, model, room.cameras)
    sights = fusion(0.0, [room.view(0, 0.0)]).sights
    colors.see(0.0, sights)
    assert len(colors._tracks[0]) == 1
    colors.see(CONFIG.forget_s + 0.1, [None])
    assert not colors._tracks[0]


def test_lost_person_returns_by_color() -> None:
    (camera,) = cameras = around(1)
    view = Room(cameras, 1).view(0, 0.0)
    assert view is not None
    for worn, expected in ((RED, 7), (GREEN, 8)):
        seen = sight(camera, replace(view, colors=worn[None].astype(np.float32)))
        nowhere = np.full((1, 3), np.nan)
        people = RoomPeople(cameras, RoomConfig().match)
        people._colors._evidence_s[:] = CONFIG.settle_s
        people._people = {
            7: RoomPerson(7, {}, -1.0, nowhere, seen.roots[0], color=RED),
            8: RoomPerson(8, {}, -1.0, nowhere, seen.roots[0] + [0.3, 0, 0], color=GREEN),
        }
        assert [person.identity for person in people.assign(0.0, [seen])] == [expected]
