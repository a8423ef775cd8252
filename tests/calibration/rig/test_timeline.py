"""Recordings that begin at different times and have different frame rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.rig.calibrate import calibrate_rig
from calibration.rig.timeline import MOST_USED, BoardTrack, by_frame, by_time, motion_offsets
from tests.support.rigs import corners, pose_errors, ring, simulate, without_poses

WHOLE = len(corners())


def test_recordings_of_different_rates_and_beginnings_are_brought_together() -> None:
    cameras = ring(2)
    every = simulate(cameras, frames=600, rate=60.0, two_sided=True, noise_px=0.2, wobble_m=0.04)
    tracks = {}
    for name, step, first in (("c0", 2, 0), ("c1", 3, 72)):  # 30 and 20 frames per second; c1 begins 1.2 s later
        frames = list(range(first, 600, step))
        tracks[name] = BoardTrack(
            {
                index: every.views[frame][name]
                for index, frame in enumerate(frames)
                if name in every.views.get(frame, {})
            },
            {index: index * step / 60 for index in range(len(frames))},
            step / 60,
            len(frames),
            WHOLE,
        )
    seen = by_time(tracks, (np.eye(4),), {"c0": 0.0, "c1": -1.2})
    assert len(seen.views) <= MOST_USED
    found = calibrate_rig(without_poses(cameras), seen)
    rotation, position = pose_errors(cameras, found.solution.names, found.solution.bundle.poses)
    assert rotation.max() < 0.1
    assert position.max() < 0.008


def test_board_that_hardly_moves_determines_no_offset() -> None:
    scene = simulate(ring(2), frames=100, rate=15.0, two_sided=True)
    still = {name: next(seen[name] for seen in scene.views.values() if name in seen) for name in ("c0", "c1")}
    tracks = {
        name: BoardTrack(
            dict.fromkeys(range(100), view), {frame: frame / 15 for frame in range(100)}, 1 / 15, 100, WHOLE
        )
        for name, view in still.items()
    }
    assert set(motion_offsets(tracks, ordered=True, largest_s=5)) == {"c0"}


def test_velocity_of_a_chessboard_counted_from_its_other_end_is_right() -> None:
    scene = simulate(ring(2), frames=20, two_sided=True, noise_px=0.0)
    views = {frame: seen["c0"] for frame, seen in scene.views.items() if "c0" in seen}
    track = BoardTrack(views, scene.times_s, 1 / 6, 20, WHOLE)
    frame = next(frame for frame in views if frame - 1 in views and frame + 1 in views)
    right = by_frame({"c0": track}, (np.eye(4),)).velocities[frame, "c0"]
    other = views[frame + 1]
    turned = {**views, frame + 1: replace(other, corners=other.corners[::-1].copy())}
    found = by_frame({"c0": replace(track, views=turned)}, (np.eye(4),)).velocities[frame, "c0"]
    np.testing.assert_allclose(found, right, atol=1e-6)
    assert np.abs(right).max() > 1
