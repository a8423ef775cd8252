"""Boxes around keypoints, and the similarity of people."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.config import MotionConfig
from edge.stages.keypoint_geometry import keypoints_boxes, limb_distances, mean_scores, similarity
from tests.support.standing_person import BODY


def test_keypoints_boxes_need_enough_keypoints() -> None:
    box = np.array([100, 50, 180, 250], np.float32)
    keypoints = np.repeat((box[:2] + BODY * (box[2:] - box[:2]))[None], 2, axis=0).astype(np.float32)
    scores = np.full((2, 17), 0.7, np.float32)
    scores[1, 4:] = 0.1
    boxes, found = keypoints_boxes(keypoints, scores, MotionConfig())
    assert found.tolist() == [True, False]
    np.testing.assert_allclose(boxes[0], box, atol=12)


def test_similarity_of_known_keypoints() -> None:
    keypoints = np.stack([BODY * 200, BODY * 200 + 1, BODY * 200 + 60, BODY * 200]).astype(np.float32)
    scores = np.full((4, 17), 0.7, np.float32)
    scores[3, 2:] = 0.0
    result = similarity(keypoints, scores, np.full(4, 200 * 80, np.float32), 0.2)
    np.testing.assert_allclose(result, result.T)
    assert result[0, 0] == pytest.approx(1)
    assert result[0, 1] > 0.9
    assert result[0, 2] < 0.1
    assert result[0, 3] == 0  # two common keypoints say nothing


def test_mean_scores_count_keypoints_inside_the_image() -> None:
    keypoints = np.zeros((3, 17, 2), np.float32) + 50
    keypoints[0, 4:] = -10  # cut by the left edge
    keypoints[1, 2:] = (50, 400)  # hardly in the image
    scores = np.full((3, 17), 0.1, np.float32)
    scores[0, :4] = 0.8
    np.testing.assert_allclose(mean_scores(keypoints, scores, (640, 360)), [0.8, 0, 0.1], rtol=1e-5)


def test_limb_distances_from_standing_person() -> None:
    keypoints = (BODY * 200).astype(np.float32)
    on, aside = keypoints[[5, 13]], keypoints[[15]] + (0, 40)
    scores = np.full(17, 0.7, np.float32)
    np.testing.assert_allclose(limb_distances(on, keypoints, scores, 0.2), 0, atol=1e-3)
    np.testing.assert_allclose(limb_distances(aside, keypoints, scores, 0.2), 40, rtol=0.2)
    assert np.isinf(limb_distances(on, keypoints, scores * 0, 0.2)).all()
