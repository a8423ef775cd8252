"""Intrinsics from views of a board: with an honest uncertainty, without bad views, refused where undetermined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.boards import View
from calibration.coverage_image import coverage_image
from calibration.intrinsics import MOST_VIEWS, CalibrationError, board_pose, calibrate
from calibration.world import WorldPose
from tests.support.board_views import SIZE, camera, grid, views


@pytest.mark.slow
def test_calibrate_finds_the_camera_within_two_standard_deviations() -> None:
    truth, within = camera(), 0
    for seed in range(6):
        result = calibrate(views(truth, seed=seed), SIZE)
        deviation = np.array(result.focal_std_px)
        error = np.abs(np.diag(result.camera.K)[:2] - np.diag(truth.K)[:2])
        within += int((error < 2 * deviation).all())
        assert (error < 0.01 * 520).all()
        assert (deviation < 0.01 * 520).all()
        assert result.rms_px == pytest.approx(0.14, abs=0.04)
        assert not result.left_out
    assert within >= 5


@pytest.mark.slow
def test_calibrate_fisheye_finds_the_camera() -> None:
    truth = camera("fisheye")
    result = calibrate(views(truth, 15, noise_px=0.05), SIZE, "fisheye")
    assert result.camera.model == "fisheye"
    np.testing.assert_allclose(np.diag(result.camera.K)[:2], 240, rtol=0.01)
    points = np.array([[0.2, 0.1, 1.0], [-0.25, 0.05, 1.0]])  # within what the views cover
    np.testing.assert_allclose(result.camera.project(points), truth.project(points), atol=1.5)


@pytest.mark.parametrize("wrong", [1, 3])
def test_calibrate_leaves_views_out_that_contradict_the_others(wrong: int) -> None:
    good = views(camera(), 9)
    shifted = [
        replace(view, name=f"bad {i}", corners=np.roll(view.corners, 7, axis=0)) for i, view in enumerate(good[:wrong])
    ]
    # The grid is off by one row, as when a corner finder confuses rows: a plane's image still, at places.
    result = calibrate([*shifted, *good[wrong:]], SIZE)
    assert {left.name for left in result.left_out} == {view.name for view in shifted}
    np.testing.assert_allclose(np.diag(result.camera.K)[:2], [520, 515], rtol=0.01)


@pytest.mark.slow
def test_calibrate_of_parallel_views_is_refused() -> None:
    with pytest.raises(CalibrationError, match=r"focal length is not determined|contradict"):
        calibrate(views(camera(), 8, noise_px=0.3, tilt=0.005), SIZE)


@pytest.mark.parametrize("count", [0, 2])
def test_calibrate_of_too_few_views_is_refused(count: int) -> None:
    with pytest.raises(CalibrationError, match=f"{count} usable views of the board; at least 3"):
        calibrate(views(camera(), count), SIZE)


def test_calibrate_of_random_corners_is_refused() -> None:
    rng = np.random.default_rng(0)
    noise = [View(str(i), grid(7, 5, 0.04), rng.uniform(0, 480, (35, 2)).astype(np.float32)) for i in range(6)]
    with pytest.raises(CalibrationError):
        calibrate(noise, SIZE)


@pytest.mark.slow
def test_calibrate_uses_a_bounded_number_of_views() -> None:
    result = calibrate(views(camera(), 70), SIZE)
    assert len(result.views) <= MOST_VIEWS


def test_board_pose_is_that_of_the_camera_above_the_floor() -> None:
    pose = WorldPose.of_height(0.9, 50.0)
    points = grid(7, 5, 0.04) + np.array([0.05, 0.75, 0], np.float32)
    seen = camera()
    corners = seen.project(points @ pose.rotation.T + pose.translation)
    # Corner finders may number the board so that its z points into the floor.
    for order in (slice(None), slice(None, None, -1)):
        flipped = points[order] * ([1, 1, 1] if order == slice(None) else [1, -1, -1])
        found = board_pose(View("floor", flipped.astype(np.float32), corners[order].astype(np.float32)), seen)
        assert found.floor.height_m == pytest.approx(0.9, abs=0.01)
        assert found.floor.tilt_deg == pytest.approx(50, abs=0.5)


def test_coverage_image_shows_every_corner() -> None:
    result = calibrate(views(camera(), 8), SIZE)
    image = coverage_image(result)
    assert image.shape == (900, 1200, 3)
    for view in result.views:
        x, y = (view.corners[0] * 1200 / 640).astype(int)
        assert image[y - 3 : y + 4, x - 3 : x + 4].max() > 150
