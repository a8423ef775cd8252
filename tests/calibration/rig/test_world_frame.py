"""The floor of a rig, and its image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.intrinsics import CalibrationError
from calibration.rig.board_poses import inverse, moved
from calibration.rig.rig_image import rig_image
from calibration.rig.solve import Solution, solve
from calibration.rig.world_frame import WorldFrame, from_board, from_feet, from_first_camera, still_board
from calibration.rig_file import Rig
from calibration.world import WorldPose
from tests.support.rigs import Scene, corners, ring, simulate, without_poses

CENTER = corners().mean(axis=0)


def solved(floor_frames: int) -> tuple[Scene, Solution]:
    scene = simulate(ring(3), frames=40, two_sided=True, floor_frames=floor_frames)
    return scene, solve(without_poses(scene.cameras), scene.views, (np.eye(4),))[0]


def heights(scene: Scene, solution: Solution, frame: WorldFrame) -> tuple[list[float], list[float]]:
    """Heights and tilts of the cameras: found, and true."""
    found = [frame.pose(pose) for pose in solution.bundle.poses]
    true = [world for camera in scene.cameras.values() if (world := camera.world) is not None]
    return [p.position[2] - t.position[2] for p, t in zip(found, true, strict=True)], [
        p.floor.tilt_deg - t.floor.tilt_deg for p, t in zip(found, true, strict=True)
    ]


def test_still_board_at_the_end_is_the_floor() -> None:
    scene, solution = solved(8)
    frame = still_board(solution, CENTER, scene.times_s)
    assert frame is not None
    assert "at the end" in frame.text
    height, tilt = heights(scene, solution, frame)
    np.testing.assert_allclose(height, 0, atol=0.02)
    np.testing.assert_allclose(tilt, 0, atol=0.5)
    image = rig_image(
        Rig(
            {
                name: replace(scene.cameras[name], world=frame.pose(pose))
                for name, pose in zip(solution.names, solution.bundle.poses, strict=True)
            }
        ),
        moved(frame.transform @ solution.bundle.boards, CENTER[None])[:, 0],
        [("c0", "c1")],
    )
    assert image.shape[1] == 2 * image.shape[0]
    assert (image < 250).any(axis=2).mean() > 0.01


def test_moving_board_is_no_floor_and_a_frame_may_be_named() -> None:
    scene, solution = solved(0)
    assert still_board(solution, CENTER, scene.times_s) is None
    scene, solution = solved(1)
    height, _ = heights(scene, solution, from_board(solution, CENTER, "last"))
    np.testing.assert_allclose(height, 0, atol=0.03)
    with pytest.raises(CalibrationError, match="frame 999: the board is not seen by two cameras in it; the nearest"):
        from_board(solution, CENTER, 999)


def test_first_camera_gives_the_world_or_a_guess() -> None:
    pose = WorldPose.of_height(2.0, 15)
    known, guess = from_first_camera(pose), from_first_camera(None)
    assert not known.assumed
    np.testing.assert_allclose(known.pose(np.eye(4)).rotation, pose.rotation, atol=1e-12)
    assert guess.assumed
    assert guess.pose(np.eye(4)).position[2] == pytest.approx(1.5)


def test_feet_of_people_who_walk_are_the_floor() -> None:
    rng = np.random.default_rng(0)
    world = np.column_stack([rng.uniform(-1, 1, (200, 2)), rng.normal(0.08, 0.005, 200)])
    world[::4, 2] += rng.uniform(0.05, 0.3, 50)  # feet in the air
    bodies = world + np.array([0, 0, 0.8])
    camera = WorldPose.of_height(1.8, 20)
    to_camera = np.eye(4)
    to_camera[:3, :3], to_camera[:3, 3] = camera.rotation, camera.translation
    frame = from_feet(moved(to_camera, world), moved(to_camera, bodies), np.array([0, 0, 1.0]))
    assert frame is not None
    found = frame.pose(np.eye(4))
    assert found.floor.tilt_deg == pytest.approx(20, abs=0.5)
    assert found.position[2] == pytest.approx(1.8 - 0.08, abs=0.02)
    assert from_feet(world[:5], bodies[:5], np.array([0, 0, 1.0])) is None
    assert inverse(frame.transform).shape == (4, 4)
