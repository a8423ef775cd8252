"""Which observed people go to which tracks."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.association import associate_people
from edge.stages.config import IdentityConfig
from edge.types import Array

CONFIG = IdentityConfig(min_evidence=1.0, min_margin=1.0)
FAR = -np.inf


def pairs(odds: list[list[float]], lost: list[bool], same: tuple[tuple[int, int], ...] = ()) -> list[tuple[int, int]]:
    alike: Array = np.eye(len(odds[0]), dtype=bool)
    for a, b in same:
        alike[a, b] = alike[b, a] = True
    rows, columns = associate_people(np.array(odds, np.float32), alike, np.array(lost), CONFIG)
    return sorted(zip(rows.tolist(), columns.tolist(), strict=True))


def test_associate_people_one_person_in_two_crops_goes_to_the_likelier_track() -> None:
    assert pairs([[3, 2], [8, 9]], [False, False], same=((0, 1),)) == [(1, 1)]


def test_associate_people_crop_of_hidden_person_shows_lost_neighbor() -> None:
    assert pairs([[2.0], [6.0]], [False, True]) == [(1, 0)]


@pytest.mark.parametrize(("odds", "found"), [(0.5, []), (1.5, [(0, 0)])])
def test_associate_people_lost_track_needs_evidence(odds: float, found: list[tuple[int, int]]) -> None:
    assert pairs([[odds]], [True]) == found
    assert pairs([[0.5]], [False]) == [(0, 0)]


def test_associate_people_two_lost_tracks_alike_give_none() -> None:
    assert pairs([[4.0], [3.5]], [True, True]) == []
    assert pairs([[4.0, FAR], [3.5, 5.0]], [True, True]) == [(0, 0), (1, 1)]


def test_associate_people_assigns_as_many_as_possible() -> None:
    assert pairs([[9.0, 5.0], [8.0, FAR]], [False, False]) == [(0, 1), (1, 0)]


def test_associate_people_without_observations_or_tracks_gives_none() -> None:
    for shape in ((0, 3), (3, 0), (0, 0)):
        rows, columns = associate_people(
            np.zeros(shape, np.float32), np.eye(shape[1], dtype=bool), np.zeros(shape[0], bool), CONFIG
        )
        assert len(rows) == len(columns) == 0
