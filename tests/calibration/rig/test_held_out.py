"""Delays of cameras: estimated where they are real, and not applied where they explain noise."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.rig.calibrate import calibrate_rig
from calibration.rig.held_out import delays_help
from calibration.rig.report import rig_table
from calibration.rig.solve import solve
from calibration.rig.world_frame import from_first_camera
from calibration.rig_file import Rig
from tests.calibration.rig.test_calibrate import IDENTITY, board_views
from tests.support.rigs import pose_errors, ring, simulate, without_poses


@pytest.mark.parametrize("delay_s", [-0.11, 0.06])
def test_constant_delay_of_a_camera_is_found_and_does_not_spoil_the_poses(delay_s: float) -> None:
    cameras = ring(3)
    scene = simulate(cameras, frames=40, two_sided=True, delays_s={"c1": delay_s})
    found = calibrate_rig(without_poses(cameras), board_views(scene))
    common, _ = found.solution.bundle.split_delays(found.solution.seen)
    assert common[1] - common[0] == pytest.approx(delay_s, abs=0.012)
    assert common[2] - common[0] == pytest.approx(0, abs=0.012)
    rotation, position = pose_errors(cameras, found.solution.names, found.solution.bundle.poses)
    assert rotation.max() < 0.15
    assert position.max() < 0.008
    frame = from_first_camera(None)
    posed = Rig({name: cameras[name] for name in found.solution.names})
    side = "later" if delay_s > 0 else "earlier"
    assert f"{side} than c0" in rig_table(found, posed, frame.text)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_synchronized_cameras_are_calibrated_without_delays(seed: int) -> None:
    cameras = ring(2)
    scene = simulate(cameras, frames=40, two_sided=True, seed=seed, noise_px=0.6)
    seen = board_views(scene)
    assert seen.delay_std_s > 0
    found = calibrate_rig(without_poses(cameras), seen)
    np.testing.assert_array_equal(found.solution.bundle.delays_s, 0)


def test_few_frames_give_no_delays() -> None:
    cameras = ring(2)
    scene = simulate(cameras, frames=40, two_sided=True, delays_s={"c1": 0.1})
    seen = board_views(scene)
    shared = [frame for frame, entry in seen.views.items() if len(entry) == 2][:5]
    few = {frame: seen.views[frame] for frame in shared}
    solution, _, _ = solve(without_poses(cameras), few, IDENTITY, (), seen.velocities, seen.delay_std_s)
    assert not delays_help(solution.bundle, solution.seen, seen.delay_std_s)
