"""The second opinion: which keypoints are corrected, on which frames, and how long a correction lasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.stages.config import SecondOpinionConfig
from edge.stages.second_opinion import SecondOpinion
from edge.types import Frame, Pose2D, Tracks

FIRST = ("nose", "left_wrist", "left_knee", "left_ankle")
SECOND = ("left_knee", "head_top", "left_wrist", "left_ankle")
CONFIG = SecondOpinionConfig(interval=4, agreement=0.05, weight=0.5, gain=0.5, decay_s=1.0, forget_s=1.0)
LENGTH = 200.0  # px, of every box
PLACES = np.array([[50, 20], [20, 90], [45, 150], [45, 190]], np.float32)


class Second:
    """A second model that sees each keypoint off by `offset` px from the first; keeps the ids that it was asked for."""

    def __init__(self, offset: tuple[float, float] = (4.0, 0.0), score: float = 0.9) -> None:
        self.offset = np.array(offset, np.float32)
        self.score = score
        self.asked: list[list[int]] = []

    def __call__(self, frame: Frame, tracks: Tracks) -> Pose2D:
        self.asked.append(tracks.ids.tolist())
        order = [FIRST.index(name) if name in FIRST else 0 for name in SECOND]
        places = PLACES[order] + self.offset + tracks.boxes[:, None, :2]
        return Pose2D(tracks.ids, places.astype(np.float32), np.full((len(tracks.ids), 4), self.score, np.float32))


def at(index: int, fps: float = 30.0) -> Frame:
    return Frame("test", index, 0, index / fps, np.zeros((4, 4, 3), np.uint8))


def people(*ids: int) -> tuple[Tracks, Pose2D]:
    corners = np.array([[100.0 * identity, 10.0] for identity in ids], np.float32).reshape(-1, 2)
    boxes = np.concatenate([corners, corners + np.array([80, LENGTH])], 1).astype(np.float32)
    known = np.array(ids, np.int32)
    scores = np.full((len(ids), len(FIRST)), 0.8, np.float32)
    return Tracks(known, boxes, scores.mean(axis=1)), Pose2D(known, PLACES + corners[:, None], scores)


def corrections(stage: SecondOpinion, index: int, *ids: int) -> NDArray[np.float32]:
    tracks, pose = people(*ids)
    return stage(at(index), tracks, pose).keypoints - pose.keypoints


def test_second_opinion_common_keypoints_become_the_mean() -> None:
    stage = SecondOpinion(Second((4, -2)), SECOND, FIRST, CONFIG)
    expected = np.array([[0, 0], [2, -1], [2, -1], [0, 0]])  # no nose in the second, and ankles are excluded
    np.testing.assert_allclose(corrections(stage, 0, 3)[0], expected, atol=1e-4)
    everything = SecondOpinion(Second((4, -2)), SECOND, FIRST, replace(CONFIG, excluded=()))
    np.testing.assert_allclose(corrections(everything, 0, 3)[0][3], [2, -1], atol=1e-4)


def test_second_opinion_scores_and_ids_stay() -> None:
    tracks, pose = people(5, 2)
    found = SecondOpinion(Second(), SECOND, FIRST, CONFIG)(at(0), tracks, pose)
    assert found.ids.tolist() == [5, 2]
    np.testing.assert_array_equal(found.scores, pose.scores)


@pytest.mark.parametrize(("offset", "score"), [((11.0, 0.0), 0.9), ((0.0, -300.0), 0.9), ((4.0, 0.0), 0.05)])
def test_second_opinion_that_disagrees_or_is_unsure_changes_nothing(offset: tuple[float, float], score: float) -> None:
    stage = SecondOpinion(Second(offset, score), SECOND, FIRST, CONFIG)
    assert not corrections(stage, 0, 1).any()


def test_second_opinion_correction_decays_between_runs_and_with_time() -> None:
    second = Second()
    stage = SecondOpinion(second, SECOND, FIRST, CONFIG)
    moved = [corrections(stage, index, 1)[0, 1, 0] for index in range(4)]
    np.testing.assert_allclose(moved, 2 * np.exp(-np.arange(4) / 30), rtol=1e-4)
    assert len(second.asked) == 1
    corrections(stage, 4, 1)
    assert len(second.asked) == 2


def test_second_opinion_new_difference_is_taken_over_by_gain() -> None:
    second = Second()
    stage = SecondOpinion(second, SECOND, FIRST, replace(CONFIG, decay_s=1e9))
    corrections(stage, 0, 1)
    second.offset = np.array([8, 0], np.float32)
    for index in range(1, 4):
        corrections(stage, index, 1)
    assert corrections(stage, 4, 1)[0, 1, 0] == pytest.approx(3.0, abs=1e-3)  # half of the way from 4 to 8, by 0.5


def test_second_opinion_that_stops_agreeing_takes_its_correction_back() -> None:
    second = Second()
    stage = SecondOpinion(second, SECOND, FIRST, CONFIG)
    corrections(stage, 0, 1)
    second.offset = np.array([50, 0], np.float32)
    for index in range(1, 4):
        corrections(stage, index, 1)
    assert not corrections(stage, 4, 1).any()


def test_second_opinion_corrections_scale_with_the_box() -> None:
    stage = SecondOpinion(Second(), SECOND, FIRST, replace(CONFIG, decay_s=1e9))
    corrections(stage, 0, 1)
    tracks, pose = people(1)
    larger = replace(tracks, boxes=tracks.boxes * [1, 1, 1, 2])
    ratio = (larger.boxes[0, 3] - larger.boxes[0, 1]) / LENGTH
    moved = stage(at(1), larger, pose).keypoints - pose.keypoints
    assert moved[0, 1, 0] == pytest.approx(2 * ratio, rel=1e-4)


def test_second_opinion_people_take_turns() -> None:
    second = Second()
    stage = SecondOpinion(second, SECOND, FIRST, CONFIG)
    for index in range(8):
        corrections(stage, index, 0, 1, 2)
    assert second.asked == [[0], [1], [2], [0], [1], [2]]
    crowd = tuple(range(10))
    second.asked.clear()
    for index in range(8, 20):
        corrections(stage, index, *crowd)
    assert max(map(len, second.asked)) == 3  # ten people in four frames
    assert {identity for asked in second.asked for identity in asked} == set(crowd)


def test_second_opinion_forgets_people_that_were_away_and_streams_that_start_again() -> None:
    second = Second()
    stage = SecondOpinion(second, SECOND, FIRST, CONFIG)
    corrections(stage, 0, 1)
    corrections(stage, 40, 2)  # person 1 was away for more than a second
    second.offset = np.array([50, 0], np.float32)
    assert not corrections(stage, 41, 1).any()
    assert not corrections(stage, 1, 2).any()  # an earlier time
    stage.reset()
    second.asked.clear()
    corrections(stage, 2, 2)
    assert second.asked == [[2]]


def test_second_opinion_person_that_the_second_model_dropped_stays_and_waits_for_the_next_run() -> None:
    second = Second()
    stage = SecondOpinion(lambda frame, tracks: _without_first(second(frame, tracks)), SECOND, FIRST, CONFIG)
    for index in range(4):
        assert not corrections(stage, index, 1).any()
    assert second.asked == [[1]]


def _without_first(pose: Pose2D) -> Pose2D:
    return Pose2D(pose.ids[1:], pose.keypoints[1:], pose.scores[1:])


def test_second_opinion_without_people_or_common_keypoints_runs_no_model() -> None:
    second = Second()
    tracks, pose = people()
    assert len(SecondOpinion(second, SECOND, FIRST, CONFIG)(at(0), tracks, pose).ids) == 0
    tracks, pose = people(1)
    found = SecondOpinion(second, ("head_top",), FIRST, CONFIG)(at(0), tracks, pose)
    np.testing.assert_array_equal(found.keypoints, pose.keypoints)
    assert not second.asked
