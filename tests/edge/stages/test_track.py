"""Boxes and predictions of the table of tracks."""

from __future__ import annotations

import numpy as np

from edge.stages.config import MotionConfig
from edge.stages.observation import Observations
from edge.stages.track import TrackTable
from edge.types import Detections, Pose2D
from tests.support.standing_person import BODY

BOX = np.array([300, 100, 380, 300], np.float32)
SIZE = (1280, 720)
MOTION = MotionConfig()
ROW = np.array([0])
LEGS = slice(11, 17)


def observed(x: float, hidden: bool = False) -> Observations:
    """A person moved by x px, whose legs may be hidden."""
    keypoints = (BOX[:2] + BODY * (BOX[2:] - BOX[:2]) + (x, 0))[None].astype(np.float32)
    scores = np.full((1, 17), 0.7, np.float32)
    if hidden:
        scores[:, LEGS] = 0.1
    pose = Pose2D(np.zeros(1, np.int32), keypoints, scores)
    return Observations.of(pose, np.full((1, 6), np.nan, np.float32), SIZE, MOTION)


def walking(frames: int, hidden_from: int) -> TrackTable:
    tracks = TrackTable.of(Detections(BOX[None], np.ones(1, np.float32)), np.zeros(1, np.int32), 0.0, 17)
    for frame in range(frames):
        tracks.predict(0.04, MOTION)
        tracks.see_people(ROW, observed(2.0 * frame, frame >= hidden_from), 0.04 * frame, MOTION)
    return tracks


def test_track_hidden_legs_keep_the_box() -> None:
    whole, cut = walking(30, 30), walking(30, 20)
    np.testing.assert_allclose(cut.boxes, whole.boxes, atol=3)


def test_track_long_hidden_legs_shorten_the_box() -> None:
    tracks = walking(120, 20)
    assert tracks.boxes[0, 3] < 260


def test_track_detection_at_lost_person_moves_crop_but_not_prediction() -> None:
    tracks = walking(10, 10)
    tracks.lost[:] = True
    before = tracks.center_distances(np.zeros((1, 2), np.float32))
    tracks.see_boxes(ROW, tracks.boxes + 40, np.ones(1, np.float32), 1.0)
    np.testing.assert_allclose(tracks.boxes[0, :2], tracks.centers[0] - tracks.sizes[0] / 2)
    np.testing.assert_allclose(tracks.placed[0], [40, 40], atol=1e-3)
    np.testing.assert_allclose(tracks.center_distances(np.zeros((1, 2), np.float32)), before, rtol=1e-5)
    seen = observed(18.0)
    assert tracks.motion_errors(ROW, seen, ROW, 0.2)[0] < 0.02


def test_track_motion_errors_without_common_keypoints_are_of_centers() -> None:
    tracks = walking(3, 3)
    tracks.keypoint_scores[:] = 0
    error = tracks.motion_errors(ROW, observed(104.0), ROW, 0.2)[0]
    np.testing.assert_allclose(error, 100 / tracks.lengths[0], rtol=0.05)
