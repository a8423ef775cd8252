"""Tracks of different cameras are grouped to people, consistently over all views."""

from __future__ import annotations

import numpy as np

from edge.room.config import MatchConfig
from edge.room.matching import APART, cluster, costs_of_bodies, costs_of_views
from edge.room.views import Sight, ViewPeople, sight
from tests.support.rooms import Room, around

CONFIG = MatchConfig()


def sights_of(room: Room, t_s: float = 0.0) -> tuple[list[Sight], list[dict[int, int]]]:
    """What all cameras see, and the true person of each row."""
    sights, owners = [], []
    for c, camera in enumerate(room.cameras):
        view = room.view(c, t_s)
        assert view is not None
        found = sight(camera, view)
        sights.append(found)
        owners.append(dict(enumerate(view.ids.tolist())))  # the first tracks have the people's numbers
    return sights, owners


def test_cluster_groups_every_person_of_four_views() -> None:
    sights, owners = sights_of(Room(around(4), 4, seed=4))
    groups = cluster(sights, [np.arange(len(s)) for s in sights], CONFIG)
    assert sorted(sorted({owners[c][row] for c, row in group.items()}) for group in groups) == [[0], [1], [2], [3]]


def test_cluster_never_puts_two_tracks_of_a_camera_together() -> None:
    sights, _ = sights_of(Room(around(2), 1))
    first = sights[0]
    twice = ViewPeople(*(None if a is None else np.concatenate([a, a]) for a in _arrays(first.people)))  # type: ignore[arg-type]
    doubled = sight(around(2)[0], twice)
    groups = cluster([doubled, sights[1]], [np.arange(2), np.arange(1)], CONFIG)
    assert sorted(map(len, groups)) == [1, 2]


def _arrays(people: ViewPeople) -> list[np.ndarray | None]:
    return [getattr(people, name) for name in ViewPeople.__dataclass_fields__]


def test_costs_of_views_tell_people_apart() -> None:
    sights, owners = sights_of(Room(around(3), 3, seed=4))
    costs = costs_of_views(sights[0], sights[1], CONFIG)
    for row, owner in owners[0].items():
        same = [costs[row, other] for other, person in owners[1].items() if person == owner]
        different = [costs[row, other] for other, person in owners[1].items() if person != owner]
        assert max(same) < CONFIG.limit < min(different)


def test_costs_of_bodies_person_behind_another_is_told_by_depth() -> None:
    room = Room(around(2), 1, noise=0.0)
    points, roots, _ = room.truth(0.0)
    (seen, _), _ = sights_of(room)
    spread = np.array([0.06])
    behind = seen.center + (points - seen.center) * 1.6
    there = seen.center + (roots - seen.center) * 1.6
    near = costs_of_bodies(points, roots.astype(np.float64), spread, seen, CONFIG)[0, 0]
    assert near < 1
    assert costs_of_bodies(behind, there, spread, seen, CONFIG)[0, 0] > near + 2


def test_costs_too_few_keypoints_are_apart() -> None:
    room = Room(around(2), 1)
    points, roots, _ = room.truth(0.0)
    (one, two), _ = sights_of(room)
    one.scores[:, 3:] = 0
    assert costs_of_bodies(points, roots.astype(np.float64), np.array([0.1]), one, CONFIG)[0, 0] == APART
    assert costs_of_views(one, two, CONFIG)[0, 0] == APART
