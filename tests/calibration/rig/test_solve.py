"""Poses of simulated rigs, from boards that pairs of cameras see."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.boards import Chessboard
from calibration.intrinsics import CalibrationError
from calibration.rig.board_poses import moved, symmetries
from calibration.rig.solve import solve
from tests.support.rigs import corners, pose_errors, ring, simulate, without_poses

IDENTITY = (np.eye(4),)


@pytest.mark.parametrize("count", [4, 8])
def test_ring_whose_neighbors_share_views_is_solved_in_spite_of_outliers(count: int) -> None:
    scene = simulate(ring(count), frames=60, outliers=0.03)
    assert max(len(seen) for seen in scene.views.values()) < count  # no board is seen by all
    solution, groups, _ = solve(without_poses(scene.cameras), scene.views, IDENTITY)
    assert len(groups) == 1
    rotation, position = pose_errors(scene.cameras, solution.names, solution.bundle.poses)
    assert rotation.max() < 0.15
    assert position.max() < 0.008
    assert solution.rms_px() == pytest.approx(0.3 * np.sqrt(2), rel=0.08)  # outliers are not among the corners


def test_chessboard_counted_from_any_end_and_from_behind_is_solved() -> None:
    board = Chessboard(5, 8, 0.06)
    turns = symmetries(board)
    assert len(turns) == 4

    def relabel(rng: np.random.Generator, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return moved(turns[rng.integers(len(turns))], points)

    scene = simulate(ring(4), frames=50, board=corners(5, 8), relabel=relabel, two_sided=True)
    solution, _, _ = solve(without_poses(scene.cameras), scene.views, turns)
    rotation, position = pose_errors(scene.cameras, solution.names, solution.bundle.poses)
    assert len(solution.names) == 4
    assert rotation.max() < 0.05
    assert position.max() < 0.004


def test_cameras_of_different_sizes_and_lenses_are_solved() -> None:
    cameras = ring(3, sizes=((1920, 1080), (640, 480), (1280, 720)))
    scene = simulate(cameras, frames=40, two_sided=True)
    solution, _, _ = solve(without_poses(scene.cameras), scene.views, IDENTITY)
    rotation, position = pose_errors(cameras, solution.names, solution.bundle.poses)
    assert rotation.max() < 0.1
    assert position.max() < 0.006


def test_camera_without_common_views_is_a_group_of_its_own() -> None:
    scene = simulate(ring(4), frames=60, two_sided=True)
    views = {
        frame: {name: view for name, view in seen.items() if (name == "c2") is (frame % 3 == 0)}
        for frame, seen in scene.views.items()
    }
    solution, groups, _ = solve(without_poses(scene.cameras), views, IDENTITY)
    assert sorted(solution.names) == ["c0", "c1", "c3"]
    assert groups[1:] == [["c2"]]


def test_cameras_that_never_share_a_frame_are_an_error() -> None:
    scene = simulate(ring(2), frames=40, two_sided=True)
    views = {
        frame: {name: view for name, view in seen.items() if (name == "c0") is (frame % 2 == 0)}
        for frame, seen in scene.views.items()
    }
    with pytest.raises(CalibrationError, match="no two cameras see the board in the same frame"):
        solve(without_poses(scene.cameras), views, IDENTITY)


def test_recordings_that_are_out_of_step_contradict_each_other() -> None:
    scene = simulate(ring(2), frames=60, two_sided=True)
    views = {
        frame: {
            **({"c0": scene.views[frame]["c0"]} if "c0" in scene.views[frame] else {}),
            **({"c1": scene.views[frame + 20]["c1"]} if "c1" in scene.views.get(frame + 20, {}) else {}),
        }
        for frame in range(0, 40, 3)
        if frame in scene.views
    }
    with pytest.raises(CalibrationError, match="contradict each other; check that the recordings start at the same"):
        solve(without_poses(scene.cameras), views, IDENTITY)


def test_wrong_view_is_named_and_left_out() -> None:
    scene = simulate(ring(4), frames=40, two_sided=True)
    frame = next(frame for frame, seen in scene.views.items() if len(seen) > 2 and "c1" in seen)
    scene.views[frame]["c1"].corners[:] += 60
    solution, _, _ = solve(without_poses(scene.cameras), scene.views, IDENTITY)
    assert [(view.camera, view.frame, view.name) for view in solution.dropped] == [("c1", frame, f"frame {frame}")]
