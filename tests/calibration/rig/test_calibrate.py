"""Calibrations of rigs: images that are not quite simultaneous, cameras that are moved, and uncertainty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from calibration.camera import Camera
from calibration.rig.calibrate import BoardViews, RigCalibration, calibrate_rig
from calibration.rig.report import findings, rig_table
from calibration.rig.timeline import BoardTrack, by_frame
from calibration.rig.world_frame import from_first_camera
from calibration.rig_file import Rig
from calibration.world import WorldPose
from tests.support.rigs import Scene, corners, pose_errors, ring, simulate, without_poses

IDENTITY = (np.eye(4),)


def board_views(scene: Scene) -> BoardViews:
    """The views of a scene with the velocities of their corners."""
    tracks = {
        name: BoardTrack(
            {frame: seen[name] for frame, seen in scene.views.items() if name in seen},
            scene.times_s,
            1 / 6,
            len(scene.times_s),
            len(corners()),
        )
        for name in scene.cameras
    }
    return by_frame(tracks, IDENTITY)


def turned(camera: Camera, degrees: float, shift_m: float) -> WorldPose:
    """The pose of a camera after a push."""
    assert camera.world is not None
    rotation = Rotation.from_euler("y", degrees, degrees=True).as_matrix() @ camera.world.rotation
    return WorldPose(rotation, -rotation @ (camera.world.position + np.array([shift_m, 0, 0])))


def bumped(count: int, degrees: float, shift_m: float) -> tuple[RigCalibration, dict[str, Camera], int]:
    """A rig whose camera c1 is moved in the middle, its true cameras after that, and the frame."""
    cameras = ring(count)
    base = simulate(cameras, frames=48, two_sided=True)
    shared = [frame for frame, seen in base.views.items() if "c1" in seen and len(seen) > 1]
    middle = shared[len(shared) // 2]
    after = turned(cameras["c1"], degrees, shift_m)

    def pose_of(frame: int, name: str) -> WorldPose:
        world = cameras[name].world
        assert world is not None
        return after if name == "c1" and frame >= middle else world

    scene = simulate(cameras, frames=48, two_sided=True, pose_of=pose_of)
    found = calibrate_rig(without_poses(cameras), board_views(scene))
    return found, {**cameras, "c1": replace(cameras["c1"], world=after)}, middle


def test_bumped_camera_is_named_and_has_its_pose_after_the_bump() -> None:
    degrees, shift_m = 8.0, 0.1
    found, cameras, middle = bumped(3, degrees, shift_m)
    (move,) = found.moved
    assert move.cameras == ("c1",)
    assert abs(move.frame - middle) <= 8  # c1 shares no view in between
    assert move.rotation_deg == pytest.approx(degrees, abs=0.1)
    assert move.distance_m == pytest.approx(shift_m, abs=0.01)
    rotation, position = pose_errors(cameras, found.solution.names, found.solution.bundle.poses)
    assert rotation.max() < 0.1
    assert position.max() < 0.008
    assert any("camera c1 was moved at frame" in line for line in findings(found))


def test_bump_of_one_of_two_cameras_names_both() -> None:
    found, _, _ = bumped(2, 0.5, 0.0)
    (move,) = found.moved
    assert set(move.cameras) == {"c0", "c1"}
    assert any("one of " in line for line in findings(found))


def test_images_that_are_not_simultaneous_do_not_spoil_the_poses() -> None:
    cameras = ring(3)
    scene = simulate(cameras, frames=40, two_sided=True, jitter_s=0.03)
    seen = board_views(scene)
    assert seen.delay_std_s == pytest.approx(1 / 12)
    with_delays = calibrate_rig(without_poses(cameras), seen)
    without = calibrate_rig(without_poses(cameras), replace(seen, delay_std_s=0.0))
    errors = [
        pose_errors(cameras, found.solution.names, found.solution.bundle.poses)[1].max()
        for found in (with_delays, without)
    ]
    assert errors[0] < 0.004
    assert errors[0] < errors[1] / 2
    assert with_delays.solution.rms_px() < 0.5 < without.solution.rms_px()
    assert not with_delays.moved


def test_uncertainty_covers_the_errors_and_grows_with_fewer_frames() -> None:
    cameras = ring(3)
    scene = simulate(cameras, frames=60, two_sided=True)
    found = calibrate_rig(without_poses(cameras), board_views(scene))
    rotation, position = pose_errors(cameras, found.solution.names, found.solution.bundle.poses)
    spread = list(found.uncertainty.values())
    assert rotation.max() < 3 * max(entry.rotation_deg for entry in spread)
    assert position.max() < 3 * max(entry.position_m for entry in spread)
    assert max(entry.position_m for entry in spread) < 0.02
    few = replace(scene, views={frame: seen for frame, seen in scene.views.items() if frame % 6 == 0})
    fewer = calibrate_rig(without_poses(cameras), board_views(few))
    assert max(entry.rotation_deg for entry in fewer.uncertainty.values()) > max(entry.rotation_deg for entry in spread)


def test_table_has_every_camera_and_pair() -> None:
    cameras = ring(3)
    found = calibrate_rig(without_poses(cameras), board_views(simulate(cameras, frames=30, two_sided=True)))
    frame = from_first_camera(None)
    posed = {
        name: replace(cameras[name], world=frame.pose(pose))
        for name, pose in zip(found.solution.names, found.solution.bundle.poses, strict=True)
    }
    table = rig_table(found, Rig(posed), frame.text)
    for text in ("camera c0", "camera c1", "camera c2", "pair c0, c1", "pair c1, c2", "px rms", "m apart"):
        assert text in table
