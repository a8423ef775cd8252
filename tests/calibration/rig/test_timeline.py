"""Recordings that begin at different times and have different frame rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.rig.calibrate import calibrate_rig
from calibration.rig.timeline import MOST_USED, BoardTrack, by_frame, by_time, motion_offsets
from tests.support.rigs import corners, pose_errors, ring, simulate, without_poses

WHOLE = len(corners())


def test_recordings_of_different_rates_and_beginnings_are_brought_together() -> None:
    cameras = ring(2)
    every = simulate(cameras, frames=960, rate=60.0, two_sided=True, noise_px=0.2, wobble_m=0.04)
    tracks = {}
    for name, step, first in (("c0", 2, 0), ("c1", 3, 72)):  # 30 and 20 frames per second; c1 begins 1.2 s later
        frames = list(range(first, 960, step))
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
    offsets = motion_offsets(tracks, ordered=True, largest_s=10)
    assert offsets["c1"].seconds == pytest.approx(-1.2, abs=0.02)
    seen = by_time(tracks, (np.eye(4),), {name: offset.seconds for name, offset in offsets.items()})
    assert len(seen.views) <= MOST_USED
    found = calibrate_rig(without_poses(cameras), seen)
    rotation, position = pose_errors(cameras, found.solution.names, found.solution.bundle.poses)
    assert rotation.max() < 0.1
    assert position.max() < 0.008


def test_centers_say_the_offset_of_boards_without_identities() -> None:
    scene = simulate(ring(2), frames=200, rate=15.0, two_sided=True, wobble_m=0.04)
    tracks = {
        name: BoardTrack(
            {frame - first: seen[name] for frame, seen in scene.views.items() if name in seen and frame >= first},
            {frame: frame / 15 for frame in range(200 - first)},
            1 / 15,
            200 - first,
            WHOLE,
        )
        for name, first in (("c0", 0), ("c1", 9))
    }
    assert motion_offsets(tracks, ordered=False, largest_s=5)["c1"].seconds == pytest.approx(-0.6, abs=0.05)


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
