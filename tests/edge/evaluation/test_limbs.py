"""Limb lengths of made-up people."""

import math

import numpy as np
import pytest

from edge.evaluation.limbs import (
    LIMBS,
    SEGMENTS,
    compare_lengths,
    limb_index,
    limb_lengths,
    median_lengths,
    statures,
    trunk_length,
)


@pytest.fixture
def standing():
    """Limb joints (12, 3) of a person with known lengths: arms 0.3 and 0.25 m, legs 0.4 and 0.45 m, trunk 0.5 m."""
    joints = np.zeros((12, 3))
    for side, x in enumerate((-0.15, 0.15)):
        for part, y in enumerate((0.0, 0.3, 0.55, 0.5, 0.9, 1.35)):
            joints[2 * part + side] = (x, y, 4.0)
    return joints


def test_limb_lengths_known_person(standing):
    assert [name for name, _, _ in SEGMENTS][::2] == ["left_upper_arm", "left_forearm", "left_thigh", "left_shin"]
    np.testing.assert_allclose(limb_lengths(standing), [0.3, 0.3, 0.25, 0.25, 0.4, 0.4, 0.45, 0.45])
    assert trunk_length(standing) == pytest.approx(0.5)


def test_limb_lengths_turned_person_same(standing):
    turn = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    np.testing.assert_allclose(limb_lengths(standing @ turn + 3), limb_lengths(standing))


def test_limb_index_finds_names_in_any_order():
    names = ("head_top", *reversed(LIMBS))
    assert [names[place] for place in limb_index(names)] == list(LIMBS)
    assert limb_index(LIMBS[1:]) is None


def test_compare_lengths_scaled_person_has_its_scale(standing):
    limbs = compare_lengths(np.stack([0.9 * standing] * 5), limb_lengths(standing))
    assert limbs.bias_pct == pytest.approx(-10)
    assert limbs.mean_error_pct == pytest.approx(10)
    assert limbs.worst_spread_pct == pytest.approx(0, abs=1e-9)


def test_compare_lengths_one_changing_limb(standing):
    joints = np.stack([standing] * 4)
    joints[::2, LIMBS.index("left_wrist"), 1] += 0.05  # 0.25 and 0.3 m in turn
    limbs = compare_lengths(joints, limb_lengths(standing))
    assert limbs.errors_pct["left_forearm"] == pytest.approx(10)  # the median is 0.275 m
    assert limbs.worst_error_pct == pytest.approx(10)
    assert limbs.spread_pct["left_forearm"] == pytest.approx(100 * 0.025 / 0.275)
    assert limbs.worst_spread_pct == limbs.spread_pct["left_forearm"]
    assert limbs.mean_spread_pct == pytest.approx(limbs.worst_spread_pct / 8)


def test_compare_lengths_unknown_frames_are_ignored(standing):
    joints = np.stack([standing] * 6)
    joints[::2] = np.nan
    joints[:, LIMBS.index("right_ankle")] = np.nan
    limbs = compare_lengths(joints, 2 * limb_lengths(standing))
    assert limbs.mean_error_pct == pytest.approx(50)
    assert math.isnan(limbs.errors_pct["right_shin"])
    np.testing.assert_allclose(median_lengths(joints)[:7], limb_lengths(standing)[:7])
    assert math.isnan(median_lengths(joints)[7])


def test_compare_lengths_without_frames_is_nan(standing):
    limbs = compare_lengths(np.empty((0, 12, 3)), limb_lengths(standing))
    assert math.isnan(limbs.worst_error_pct)
    assert math.isnan(limbs.mean_spread_pct)


def test_statures_scale_with_the_person(standing):
    np.testing.assert_allclose(statures(np.stack([standing, 1.1 * standing]), standing, 1.7), [1.7, 1.87])
