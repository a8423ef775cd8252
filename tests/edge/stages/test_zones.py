"""Zones in which people are ignored."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.camera import Camera
from edge.stages.zones import MOST_CORNERS, IgnoredZones, Zone
from edge.types import Detections, Frame, Pose2D, TrackedFrame, Tracks

LEFT = Zone(((0, 0), (0.3, 0), (0.3, 1), (0, 1)))
SIZE = (200, 100)


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_zone_contains_points_by_the_even_odd_rule() -> None:
    arrow = Zone(((0, 0), (1, 0), (0.5, 0.4), (1, 1), (0, 1)))  # with a notch on the right
    points = np.array([[0.1, 0.5], [0.9, 0.5], [0.55, 0.2], [0.55, 0.9], [0.8, 0.4]])
    assert arrow.contains(points).tolist() == [True, False, True, True, False]


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (1, 1)),
        ((0, 0), (0.5, 0.5), (1, 1)),
        ((0, 0), (1.2, 0), (1, 1)),
        ((0, 0), (float("nan"), 0), (1, 1)),
        tuple((0.5, index / 100) for index in range(MOST_CORNERS + 1)),
    ],
)
def test_zone_that_is_no_polygon_raises(corners: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="zone"):
        Zone(corners)


@pytest.mark.parametrize(
    ("box", "ignored"),
    [
        ((10, 20, 40, 80), True),
        ((70, 20, 100, 80), False),
        ((-30, 20, 40, 90), True),  # partly outside of the image: its visible part is in the zone
        ((-100, 20, 250, 90), False),
        ((10, 20, 40, 300), True),  # cut by the lower edge
        ((40, 20, 81, 80), False),  # middle at 60.5 + 0.5 px of 200
    ],
)
def test_ignored_zones_decide_by_feet_and_middle(box: tuple[float, ...], ignored: bool) -> None:
    assert IgnoredZones([LEFT]).ignored(boxes(box), SIZE).tolist() == [ignored]  # type: ignore[arg-type]


def test_ignored_zones_feet_alone_are_enough() -> None:
    lower = Zone(((0, 0.7), (1, 0.7), (1, 1), (0, 1)))
    assert IgnoredZones([lower]).ignored(boxes((10, 0, 40, 75), (10, 0, 40, 60)), SIZE).tolist() == [True, False]


def test_ignored_zones_leave_out_detections_and_people() -> None:
    zones = IgnoredZones([LEFT])
    both = boxes((10, 20, 40, 80), (100, 20, 130, 80))
    found = zones.detections(Detections(both, np.array([0.9, 0.8], np.float32)), SIZE)
    assert found.scores.tolist() == [np.float32(0.8)]
    ids, pose_ids = np.array([3, 5], np.int32), np.array([5, 3], np.int32)
    pose = Pose2D(pose_ids, np.arange(4, dtype=np.float32).reshape(2, 1, 2), np.ones((2, 1), np.float32))
    frame = Frame("cam", 0, 0, 0.0, np.zeros((100, 200, 3), np.uint8))
    tracked = TrackedFrame(frame, Camera.from_fov(SIZE, 60), Tracks(ids, both, np.ones(2, np.float32)), pose)
    kept = zones.people(tracked)
    assert (kept.tracks.ids.tolist(), kept.pose.ids.tolist()) == ([5], [5])
    assert kept.pose.keypoints.tolist() == [[[0.0, 1.0]]]
    assert kept.boxes().tolist() == both[1:].tolist()
    assert IgnoredZones().people(tracked) is tracked
