"""Refinement of IUV maps by keypoints: a wrong region goes, a right one and others of the part stay."""

from __future__ import annotations

import numpy as np
import pytest

from engines.joint_sets import COCO17
from engines.training.iuv_refinement import ALLOWED, refine
from engines.training.sample import COCO, HIDDEN, POINTS, SEEN

LEFT_ANKLE, RIGHT_ANKLE = COCO17.joint_names.index("left_ankle"), COCO17.joint_names.index("right_ankle")
LEFT_FOOT, RIGHT_FOOT = 8, 9  # 1 + the ankles of SMPL


def scene(part: int, flag: float = SEEN, keypoint: int = LEFT_ANKLE) -> tuple[np.ndarray, np.ndarray]:
    """Two regions of a part, the first of them around the keypoint at (4, 4), joined by a diagonal."""
    parts = np.zeros((12, 20), np.uint8)
    parts[3:6, 3:6] = part
    parts[6, 6] = part  # touches the region diagonally
    parts[2:9, 12:15] = part
    points = np.zeros((len(POINTS), 3), np.float32)
    points[COCO][keypoint] = 4, 4, flag
    return parts, points


def test_wrong_region_around_a_keypoint_becomes_background() -> None:
    parts, points = scene(RIGHT_FOOT)
    kept = refine(parts, points)
    assert not kept[3:6, 3:6].any()
    assert not kept[6, 6]
    assert kept[2:9, 12:15].all()


@pytest.mark.parametrize(("part", "flag"), [(LEFT_FOOT, SEEN), (RIGHT_FOOT, HIDDEN), (0, SEEN)])
def test_right_hidden_and_empty_regions_stay(part: int, flag: float) -> None:
    assert refine(*scene(part, flag)).all()


def test_keypoint_outside_of_the_map_does_nothing() -> None:
    parts, points = scene(RIGHT_FOOT)
    points[COCO][LEFT_ANKLE, :2] = 400, -3
    assert refine(parts, points).all()
    points[COCO][LEFT_ANKLE, :2] = np.nan
    assert refine(parts, points).all()


def test_the_most_frequent_part_decides() -> None:
    parts, points = scene(LEFT_FOOT)
    parts[3, 3:5] = RIGHT_FOOT
    assert refine(parts, points).all()


def test_every_keypoint_of_a_rendered_person_lies_on_an_allowed_part() -> None:
    from tests.support.rendered import rendered_people

    kept = [
        refine(s.parts, s.points_2d) | (s.parts == 0) for s in (rendered_people(occluded=0.0)[i] for i in range(12))
    ]
    assert np.mean([each.mean() for each in kept]) > 0.99
    assert set(ALLOWED) == set(range(17))
