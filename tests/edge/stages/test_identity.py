"""Which observed people are which tracks."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.association import associate_people
from edge.stages.config import IdentityConfig
from edge.stages.identity import log_odds
from edge.stages.observation import Observations
from edge.stages.track import TrackTable
from edge.types import Detections

RED, BLUE, UNKNOWN = (60.0, 180.0, 150.0), (40.0, 140.0, 90.0), (np.nan,) * 3
SIZE = (1280, 720)


def table(*people: tuple[float, float, tuple[float, ...]], height: float = 150.0, seen_s: float = 0.0) -> TrackTable:
    """Tracks at (x, y) with a color of trunk and thighs."""
    half = np.array([0.2 * height, 0.5 * height])
    boxes = np.array([[x - half[0], y - half[1], x + half[0], y + half[1]] for x, y, _ in people], np.float32)
    found = TrackTable.of(Detections(boxes, np.ones(len(people), np.float32)), np.arange(len(people)), seen_s, 17)
    found.appearances[:] = [(*color, *color) for _, _, color in people]
    return found


def observed(found: TrackTable) -> Observations:
    """The same people, as the pose stage finds them."""
    count = len(found)
    unseen = np.zeros((count, 17), np.float32)
    ids = -1 - np.arange(count, dtype=np.int32)
    whole = np.ones(count, bool)
    return Observations(ids, found.keypoints, unseen, found.scores, found.boxes, whole, found.appearances)


def pairs(lost: TrackTable, found: TrackTable, t_s: float) -> list[tuple[int, int]]:
    lost.lost[:] = True
    config = IdentityConfig()
    odds = log_odds(lost, observed(found), t_s, SIZE, config, 0.2)
    rows, columns = associate_people(odds, np.eye(len(found), dtype=bool), lost.lost, config)
    return sorted(zip(rows.tolist(), columns.tolist(), strict=True))


@pytest.mark.parametrize("waited_s", [0.5, 3.0, 9.0])
def test_identity_same_colors_nearby_is_same_person(waited_s: float) -> None:
    assert pairs(table((600, 400, RED)), table((650, 400, RED)), waited_s) == [(0, 0)]


@pytest.mark.parametrize(
    ("x", "color", "height"),
    [(650, BLUE, 150), (1200, RED, 150), (20, RED, 150)],
    ids=["other colors", "too far", "enters at the edge"],
)
def test_identity_other_person_is_new(x: float, color: tuple[float, ...], height: float) -> None:
    assert pairs(table((600, 400, RED)), table((x, 400, color), height=height), 1.0) == []


def test_identity_two_alike_lost_people_is_new() -> None:
    assert pairs(table((590, 400, RED), (610, 400, RED)), table((600, 400, RED)), 3.0) == []


def test_identity_crossed_people_by_color() -> None:
    lost = table((580, 400, RED), (620, 400, BLUE))
    assert pairs(lost, table((580, 400, BLUE), (620, 400, RED)), 2.0) == [(0, 1), (1, 0)]


def test_identity_without_colors_by_place_soon() -> None:
    lost, found = table((600, 400, UNKNOWN)), table((610, 400, UNKNOWN))
    assert pairs(lost, found, 0.3) == [(0, 0)]
