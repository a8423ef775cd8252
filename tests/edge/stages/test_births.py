"""Which detections become candidates, and which candidates are people."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.births import Births, covered, inside
from edge.stages.config import BirthConfig, MotionConfig, TrackerConfig
from edge.stages.observation import Observations
from edge.stages.track import TrackTable
from edge.types import F32, Detections, Pose2D
from tests.edge.stages.test_tracker import BODY

BOX = np.array([100, 100, 180, 300], np.float32)
NO_BOXES = np.empty((0, 4), np.float32)
SIZE = (1280, 720)


def detections(*pairs: tuple[F32, float]) -> Detections:
    boxes = np.array([box for box, _ in pairs], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array([score for _, score in pairs], np.float32))


def body(box: F32) -> F32:
    return (box[:2] + BODY * (box[2:] - box[:2])).astype(np.float32)


def observed(keypoints: F32, score: float) -> Observations:
    """What a pose with these keypoints (N, 17, 2) shows."""
    ids = -1 - np.arange(len(keypoints), dtype=np.int32)
    pose = Pose2D(ids, keypoints, np.full(keypoints.shape[:2], score, np.float32))
    return Observations.of(pose, np.full((len(ids), 6), np.nan, np.float32), SIZE, MotionConfig())


NO_ONE = observed(np.empty((0, 17, 2), np.float32), 0.0)


def people(births: Births, found: Detections, score: float, tracked: Observations = NO_ONE) -> list[int]:
    keypoints = np.stack([body(box) for box in found.boxes])
    return births.people(found, observed(keypoints, score), tracked, 0.0).tolist()


def test_candidates_three_boxes_of_one_person_give_best_one() -> None:
    births = Births(TrackerConfig())
    upper = BOX - np.array([0, 0, 0, 90], np.float32)
    found = births.candidates(detections((BOX + 8, 0.5), (BOX, 0.8), (upper, 0.6)), NO_BOXES, 0.0)
    np.testing.assert_array_equal(found.boxes, BOX[None])


def test_candidates_box_of_tracked_person_is_none() -> None:
    births = Births(TrackerConfig())
    beside = BOX + np.array([70, 0, 70, 0], np.float32)
    found = births.candidates(detections((BOX + 10, 0.9), (beside, 0.6)), BOX[None], 0.0)
    np.testing.assert_array_equal(found.boxes, beside[None])


def test_candidates_of_low_score_are_bounded() -> None:
    births = Births(TrackerConfig(births=BirthConfig(max_low_score=2)))
    pairs = [(BOX + np.tile([100 * k, 0], 2), 0.44 - 0.02 * k) for k in range(5)]
    found = births.candidates(detections(*pairs, (BOX - 90, 0.7), (BOX + 300, 0.2)), NO_BOXES, 0.0)
    np.testing.assert_allclose(found.scores, [0.7, 0.44, 0.42])


def test_candidates_rejected_place_waits_for_next_try() -> None:
    births = Births(TrackerConfig())
    low = detections((BOX, 0.4))
    assert people(births, low, 0.1) == []
    assert not len(births.candidates(low, NO_BOXES, 0.2).scores)
    assert len(births.candidates(low, NO_BOXES, 2.0).scores)


@pytest.mark.parametrize(("detection", "keypoints", "real"), [(0.4, 0.6, True), (0.4, 0.3, False), (0.8, 0.3, True)])
def test_people_low_detection_score_needs_sure_keypoints(detection: float, keypoints: float, real: bool) -> None:
    assert people(Births(TrackerConfig()), detections((BOX, detection)), keypoints) == ([0] if real else [])


def test_people_keypoints_beside_the_box_are_no_person() -> None:
    found = detections((BOX, 0.9))
    keypoints = body(BOX + 150)[None]
    assert not len(Births(TrackerConfig()).people(found, observed(keypoints, 0.7), NO_ONE, 0.0))


def test_people_candidate_with_tracked_keypoints_never_wins() -> None:
    tracked = observed(body(BOX)[None], 0.3)
    found = detections((BOX + 2, 0.95), (BOX + np.tile([200, 0], 2), 0.9))
    assert people(Births(TrackerConfig()), found, 0.9, tracked) == [1]


def test_people_two_candidates_on_one_person_give_first() -> None:
    assert people(Births(TrackerConfig()), detections((BOX, 0.9), (BOX + 3, 0.8)), 0.7) == [0]


def test_overlap_shares_of_nested_boxes() -> None:
    large, small = np.array([[0, 0, 10, 10]], np.float32), np.array([[0, 0, 5, 10], [20, 0, 30, 10]], np.float32)
    np.testing.assert_allclose(covered(large, small), [[0.5, 0]])
    np.testing.assert_allclose(inside(large, small), [[1, 0]])


def behind(x: float, score: float = 0.7) -> Observations:
    """A person x px beside the one in BOX."""
    return observed(body(BOX + np.array([x, 0, x, 0], np.float32))[None], score)


@pytest.mark.parametrize(
    ("x", "score", "possible", "real"),
    [(60, 0.7, True, True), (60, 0.3, True, False), (60, 0.15, False, False), (3, 0.7, True, False)],
    ids=["beside", "unsure", "no keypoints", "the same limbs"],
)
def test_hidden_people_have_sure_keypoints_beside_the_front(x: float, score: float, possible: bool, real: bool) -> None:
    births = Births(TrackerConfig())
    assert births.may_be_hidden(behind(x, score), behind(0)).tolist() == [possible]
    assert births.are_hidden(behind(x, score), behind(0)).tolist() == [real]


def test_fronts_are_new_people_then_the_one_whose_turn_it_is() -> None:
    births, motion = Births(TrackerConfig()), MotionConfig()
    boxes = np.stack([BOX, BOX + np.float32(300)])
    tracks = TrackTable.of(Detections(boxes, np.ones(2, np.float32)), np.arange(2, dtype=np.int32), 0.0, 17)
    tracks.see_people(np.arange(2), observed(np.stack([body(box) for box in boxes]), 0.7), 0.0, motion)
    assert births.fronts(tracks, due=False).tolist() == [0, 1]
    tracks.hits[:] = 50
    tracks.searched_s[:] = [2.0, 1.0]
    assert births.fronts(tracks, due=False).tolist() == []
    assert births.fronts(tracks, due=True).tolist() == [1]
    tracks.lost[1] = True
    assert births.fronts(tracks, due=True).tolist() == [0]
    off = TrackerConfig(births=BirthConfig(search_hidden=False))
    assert Births(off).fronts(tracks, due=True).tolist() == []
