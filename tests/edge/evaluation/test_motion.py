"""Motion figures of movements whose values are known in closed form."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from edge.evaluation.limbs import ANKLES, HIPS
from edge.evaluation.motion import (
    delay_s,
    measure_motion,
    planted_ankles,
    rotation_second_difference_deg,
    smooth_truth,
)

INTERVAL_S = 1 / 60
FRAMES = 90


@pytest.fixture
def still():
    rng = np.random.default_rng(4)
    return np.tile(rng.uniform([-1, -1, 3], [1, 1, 5], (1, 12, 3)), (FRAMES, 1, 1))


@pytest.fixture
def moving(still):
    """A person whose joints swing with different phases and 0.8 Hz."""
    t = np.arange(FRAMES)[:, None, None] * INTERVAL_S
    phases = np.random.default_rng(5).uniform(0, 6, (1, 12, 3))
    return still + 0.2 * np.sin(2 * np.pi * 0.8 * t + phases)


def everywhere(joints):
    return np.ones((len(joints), 2), bool)


def test_measure_motion_still_person_is_zero(still):
    motion = measure_motion(still, everywhere(still), INTERVAL_S)
    assert motion.second_difference_mm == pytest.approx(0, abs=1e-6)
    assert motion.root_depth_residual_mm == pytest.approx(0, abs=1e-6)
    assert motion.planted_ankle_mm_s == pytest.approx(0, abs=1e-6)


def test_measure_motion_constant_speed_has_ankle_speed_only(still):
    joints = still + np.arange(FRAMES)[:, None, None] * INTERVAL_S * np.array([0.3, 0, 0.4])
    motion = measure_motion(joints, everywhere(joints), INTERVAL_S)
    assert motion.second_difference_mm == pytest.approx(0, abs=1e-6)
    assert motion.root_depth_residual_mm == pytest.approx(0, abs=1e-6)
    assert motion.planted_ankle_mm_s == pytest.approx(500)
    assert motion.planted_ankle_mean_mm_s == pytest.approx(500)


def test_measure_motion_trembling_depth_has_known_figures(still):
    joints = still.copy()
    joints[::2, :, 2] += 0.01  # alternates by 10 mm: +-5 mm around the trend, +-20 mm in the second difference
    motion = measure_motion(joints, everywhere(joints), INTERVAL_S)
    assert motion.second_difference_mm == pytest.approx(20)
    assert motion.root_depth_residual_mm == pytest.approx(5, rel=0.04)
    assert motion.planted_ankle_mm_s == pytest.approx(600)


def test_measure_motion_counts_planted_frames_only(still):
    joints = still.copy()
    joints[40:, ANKLES[0], 0] += np.arange(FRAMES - 40) * 0.02
    planted = np.zeros((FRAMES, 2), bool)
    planted[:41, 0] = True
    assert measure_motion(joints, planted, INTERVAL_S).planted_ankle_mean_mm_s == pytest.approx(0, abs=1e-6)
    assert math.isnan(measure_motion(joints, ~everywhere(joints), INTERVAL_S).planted_ankle_mm_s)


def test_measure_motion_unknown_first_frame_is_left_out(moving):
    gap = moving.copy()
    gap[0] = np.nan
    assert measure_motion(gap, everywhere(gap), INTERVAL_S) == measure_motion(
        moving[1:], everywhere(moving)[1:], INTERVAL_S
    )


@pytest.mark.parametrize("frames", [0, 1, 2, 5])
def test_measure_motion_short_clip_is_nan(still, frames):
    motion = measure_motion(still[:frames], everywhere(still[:frames]), INTERVAL_S)
    assert math.isnan(motion.root_depth_residual_mm)
    assert math.isnan(motion.second_difference_mm) == (frames < 3)
    assert math.isnan(delay_s(still[:frames], still[:frames], INTERVAL_S))
    assert not planted_ankles(still[:frames], INTERVAL_S)[:3].any()


def test_planted_ankles_slow_is_planted_fast_is_not(still):
    joints = still.copy()
    t = np.arange(FRAMES) * INTERVAL_S
    joints[:, ANKLES[0], 0] += 0.1 * t
    joints[:, ANKLES[1], 0] += 0.2 * t
    planted = planted_ankles(joints, INTERVAL_S)
    assert planted[3:-3, 0].all()
    assert not planted[:, 1].any()


def test_planted_ankles_unknown_is_not_planted(still):
    joints = still.copy()
    joints[30, ANKLES[0]] = np.nan
    assert not planted_ankles(joints, INTERVAL_S)[[27, 33], 0].any()


def test_smooth_truth_keeps_quadratics_and_gaps(still):
    t = np.arange(FRAMES)[:, None, None] * INTERVAL_S
    joints = still + 0.5 * t - 0.3 * t**2
    joints[[0, 40]] = np.nan
    smooth = smooth_truth(joints, INTERVAL_S)
    np.testing.assert_allclose(smooth, joints, atol=1e-9)
    assert np.isnan(smooth[[0, 40]]).all()


def test_smooth_truth_removes_noise(moving):
    noisy = moving + np.random.default_rng(8).normal(0, 0.004, moving.shape)
    smooth = smooth_truth(noisy, INTERVAL_S)
    assert np.abs(smooth - moving).mean() < 0.6 * np.abs(noisy - moving).mean()
    before, after = (measure_motion(each, everywhere(each), INTERVAL_S) for each in (noisy, smooth))
    assert after.second_difference_mm < 0.4 * before.second_difference_mm


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_delay_of_shifted_motion_is_the_shift(moving, frames):
    late = np.full_like(moving, np.nan)
    late[frames:] = moving[: FRAMES - frames]
    assert delay_s(late + np.array([0.1, -0.2, 0.5]), moving, INTERVAL_S) == pytest.approx(
        frames * INTERVAL_S, abs=1.5e-3
    )


def test_delay_with_gaps_of_truth_is_the_shift(moving):
    truth = moving.copy()
    truth[0] = np.nan
    truth[:, HIPS[0]] = np.nan
    assert delay_s(np.roll(moving, 2, axis=0), truth, INTERVAL_S) == pytest.approx(2 * INTERVAL_S, abs=1.5e-3)


def test_rotation_second_difference_constant_turn_is_zero():
    turns = Rotation.from_rotvec(np.arange(8)[:, None] * [0.0, 0.1, 0.0]).as_matrix()[:, None]
    assert rotation_second_difference_deg(turns) == pytest.approx(0, abs=1e-6)


def test_rotation_second_difference_trembling_has_known_angle():
    angles = np.radians(2.0) * (np.arange(8) % 2)
    trembling = Rotation.from_rotvec(angles[:, None] * [1.0, 0, 0]).as_matrix()[:, None]
    still = np.tile(np.eye(3), (8, 1, 1, 1))
    assert rotation_second_difference_deg(np.concatenate([trembling, still], 1)) == pytest.approx(2.0)
    trembling[3] = np.nan
    assert rotation_second_difference_deg(trembling) == pytest.approx(4.0)
    assert math.isnan(rotation_second_difference_deg(trembling[2:5]))
