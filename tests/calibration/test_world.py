"""Cameras in the world: the floor, and poses from camera files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera, CameraError
from calibration.world import WorldPose

CAMERA = "width = 640\nheight = 480\nK = [[500, 0, 320], [0, 500, 240], [0, 0, 1]]\n"


def load(folder: Path, pose: str) -> Camera:
    path = folder / "camera.toml"
    path.write_text(CAMERA + pose)
    return Camera.load(path)


@pytest.mark.parametrize("tilt", [-20.0, 0.0, 35.0, 90.0])
@pytest.mark.parametrize("roll", [-30.0, 0.0, 90.0])
def test_floor_of_a_height_and_tilt_gives_heights_above_it(tilt: float, roll: float) -> None:
    pose = WorldPose.of_height(1.8, tilt, roll)
    world = np.random.default_rng(0).uniform(-3, 3, (20, 3))
    heights = pose.floor.heights(world @ pose.rotation.T + pose.translation)
    np.testing.assert_allclose(heights, world[:, 2], atol=1e-12)
    np.testing.assert_allclose(pose.position, [0, 0, 1.8], atol=1e-12)
    np.testing.assert_allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(pose.rotation) == pytest.approx(1)


def test_world_pose_looks_down_by_the_tilt() -> None:
    up = WorldPose.of_height(1.8, 30.0).floor.up
    np.testing.assert_allclose(up, [0, -np.cos(np.pi / 6), -0.5], atol=1e-12)


def test_floor_depths_are_where_rays_meet_a_height() -> None:
    floor = WorldPose.of_height(2.0, 20.0, 5.0).floor
    rays = np.array([[0.0, 0.3], [0.2, 0.1], [0.0, -0.9]])
    depths = floor.depths(rays, 0.1)
    points = np.concatenate([rays, np.ones((3, 1))], 1) * depths[:, None]
    np.testing.assert_allclose(floor.heights(points[:2]), 0.1, atol=1e-12)
    assert np.isnan(depths[2])  # this ray points above the horizon


def test_camera_load_without_a_pose_has_no_floor(tmp_path: Path) -> None:
    assert load(tmp_path, "").floor is None


def test_camera_load_reads_height_and_tilt(tmp_path: Path) -> None:
    floor = load(tmp_path, "camera_height = 1.6\ntilt = 10\n").floor
    assert floor is not None
    assert floor.height_m == pytest.approx(1.6)
    np.testing.assert_allclose(floor.up, [0, -np.cos(np.radians(10)), -np.sin(np.radians(10))], atol=1e-12)


def test_camera_load_reads_rotation_and_translation(tmp_path: Path) -> None:
    pose = WorldPose.of_height(1.2, 15.0, -3.0)
    text = f"rotation = {pose.rotation.tolist()}\ntranslation = {pose.translation.tolist()}\n"
    floor = load(tmp_path, text).floor
    assert floor is not None
    assert floor.height_m == pytest.approx(1.2)
    np.testing.assert_allclose(floor.up, pose.floor.up)


def test_camera_at_another_size_keeps_the_pose(tmp_path: Path) -> None:
    assert load(tmp_path, "camera_height = 1.6\n").at((320, 240)).floor is not None


@pytest.mark.parametrize(
    ("pose", "problem"),
    [
        ("tilt = 10\n", "tilt and roll need camera_height"),
        ("camera_height = 1\ntranslation = [0, 0, 0]\n", "both camera_height and rotation"),
        ("translation = [0, 0, 0]\n", "'rotation' is missing"),
        ("rotation = [[1, 0, 0], [0, 1, 0], [0, 0, -1]]\ntranslation = [0, 0, 0]\n", "must be a 3 x 3 rotation"),
        ("rotation = [[2, 0, 0], [0, 2, 0], [0, 0, 2]]\ntranslation = [0, 0, 0]\n", "must be a 3 x 3 rotation"),
        ("rotation = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]\ntranslation = [0, nan, 0]\n", "three numbers"),
        ("camera_height = nan\n", "must be finite"),
        ("camera_height = 1\ntilt = 91\n", "tilt within 90"),
        ("camera_height = 'high'\n", "could not convert"),
    ],
)
def test_camera_load_with_a_wrong_pose_says_what_is_wrong(tmp_path: Path, pose: str, problem: str) -> None:
    with pytest.raises(CameraError, match=problem):
        load(tmp_path, pose)
