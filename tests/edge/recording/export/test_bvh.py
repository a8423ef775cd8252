"""Exported BVH files, posed here by the rules of the format: joints are where the messages have them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edge.recording.export.animation import read_animations
from edge.recording.export.bvh import bvh
from edge.recording.export.curves import continuous, euler_zxy
from edge.recording.mcap_file import Recording
from meshcast.protocol.rotations import quaternion, rotmat
from tests.support.exports import MM, STEP_S, Bvh, P, record


@pytest.mark.parametrize("axes", ["opencv", "unreal"])
def test_bvh_joint_positions_match_messages(tmp_path: Path, axes: str) -> None:
    truth = record(tmp_path / "a.mcap", [[2]] * 30, axes=axes)
    (person,) = read_animations(Recording(tmp_path / "a.mcap"))
    file = Bvh(bvh(person))
    assert file.frame_s == pytest.approx(STEP_S)
    assert len(file.rows) == len(truth)
    for row, (_, _, _, joints) in enumerate(truth):
        found = file.positions(row)
        for index in range(P):
            assert np.abs(found[f"joint_{index}"] - joints[index]).max() < 0.2 * MM
    assert np.abs(np.diff(file.rows[:, 3:], axis=0)).max() < 90  # angles go on rather than jump by a turn


def test_bvh_uneven_frames_are_resampled_to_one_rate(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.3, 0.4, 1.0, 1.1]
    truth = record(tmp_path / "a.mcap", [[0]] * len(times), times=times)
    (person,) = read_animations(Recording(tmp_path / "a.mcap"))
    file = Bvh(bvh(person))
    assert file.frame_s == pytest.approx(0.1)
    assert len(file.rows) == 12
    for t_s, _, _, joints in truth:
        assert np.abs(file.positions(round(t_s / 0.1))["joint_4"] - joints[4]).max() < 0.5 * MM
    a, b = truth[4][3][0], truth[5][3][0]
    assert file.positions(7)["joint_0"] == pytest.approx(a + (b - a) / 2, abs=0.2 * MM)


def test_euler_angles_at_gimbal_lock_reproduce_the_rotation() -> None:
    for x in (90.0, -90.0, 89.9999):
        turns = [[0, 0, math.radians(30)], [math.radians(x), 0, 0], [0, math.radians(20), 0]]
        z, about_x, y = (rotmat(np.array(turn, np.float32)) for turn in turns)
        wanted = (z @ about_x @ y)[None, None].astype(np.float32)
        degrees = np.radians(euler_zxy(continuous(quaternion(wanted)))[0, 0])
        parts = [rotmat(np.eye(3, dtype=np.float32)[axis] * np.float32(degrees[k])) for k, axis in enumerate((2, 0, 1))]
        assert np.abs(parts[0] @ parts[1] @ parts[2] - wanted[0, 0]).max() < 2e-3
