"""Delays of views are used where they predict corners that the fit has not seen, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.rig.calibrate import calibrate_rig
from tests.calibration.rig.test_calibrate import board_views
from tests.support.rigs import ring, simulate, without_poses


@pytest.mark.parametrize("jitter_s", [0.0, 0.03])
def test_delays_are_used_where_images_are_not_simultaneous(jitter_s: float) -> None:
    cameras = ring(2)
    scene = simulate(cameras, frames=24, two_sided=True, jitter_s=jitter_s)
    found = calibrate_rig(without_poses(cameras), board_views(scene))
    assert found.delays is not None
    assert found.delays.real == bool(np.any(found.solution.bundle.delays_s)) == (jitter_s > 0)
    if jitter_s:
        assert found.delays.delayed_px < found.delays.simultaneous_px / 2


def test_delays_of_photographs_are_not_tried() -> None:
    cameras = ring(2)
    seen = board_views(simulate(cameras, frames=24, two_sided=True))
    found = calibrate_rig(without_poses(cameras), replace(seen, velocities={}))
    assert found.delays is None
    assert not np.any(found.solution.bundle.delays_s)
