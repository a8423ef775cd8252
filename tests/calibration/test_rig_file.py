"""Rig files: the cameras of one room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.rig_file import MOST_CAMERAS, PoseUncertainty, Rig, RigError, read_rig, rig_toml, write_rig
from calibration.world import WorldPose

CAMERA = """width = 640
height = 480
fx = 500.0
fy = 501.0
cx = 320.5
cy = 240.5
"""
POSE = "rotation = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]\ntranslation = [0.0, 1.5, 3.0]\n"
OTHER_POSE = "rotation = [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]\ntranslation = [0.0, 1.5, 3.0]\n"
TWO = f"[cameras.left]\n{CAMERA}{POSE}[cameras.right]\n{CAMERA}{OTHER_POSE}"
POSE2SIM_CAMERA = """size = [640.0, 480.0]
matrix = [[500.0, 0.0, 320.0], [0.0, 500.0, 240.0], [0.0, 0.0, 1.0]]
distortions = [0.1, -0.2, 0.0, 0.0]
fisheye = false
translation = [0.1, 0.2, 3.0]
"""


def camera(yaw_deg: float, *, fisheye: bool = False, skew: float = 0.0) -> Camera:
    """A camera 3 m from the origin."""
    yaw = np.radians(yaw_deg)
    turn = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    K = np.array([[500.0, skew, 320.5], [0, 501, 240.5], [0, 0, 1]])
    distortion = np.array([0.1, -0.05, 0.01, 0.002, 0 if fisheye else 0.03])
    raised = WorldPose.of_height(1.5, 10, 3)
    pose = WorldPose(raised.rotation @ turn, raised.translation + np.array([0, 0, 3.0]))
    return Camera((640, 480), K, distortion, world=pose, model="fisheye" if fisheye else "pinhole")


def write(folder: Path, text: str, name: str = "rig.toml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_rig_written_and_read_is_the_same(tmp_path: Path) -> None:
    cameras = {"b": camera(0), "a.1": camera(120, fisheye=True), "7": camera(240, skew=0.5)}
    rig = Rig(cameras, {"b": PoseUncertainty(0.05, 0.002)}, {"world": 'board "A"', "rms_px": 0.25, "views": 12})
    write_rig(tmp_path / "rig.toml", rig, ("Written by a test.",))
    found = read_rig(tmp_path / "rig.toml")
    assert found.names == ("b", "a.1", "7")
    assert found.uncertainty == rig.uncertainty
    assert found.calibration == rig.calibration
    for name, expected in cameras.items():
        seen = found.cameras[name]
        assert seen.size == expected.size
        assert seen.model == expected.model
        np.testing.assert_allclose(seen.K, expected.K, rtol=1e-8)
        np.testing.assert_allclose(seen.distortion, expected.distortion, rtol=1e-8)
        np.testing.assert_allclose(found.poses[name].rotation, rig.poses[name].rotation, atol=1e-8)
        np.testing.assert_allclose(found.poses[name].translation, rig.poses[name].translation, atol=1e-8)


def test_rig_written_by_hand_is_read(tmp_path: Path) -> None:
    rig = read_rig(write(tmp_path, TWO))
    assert rig.names == ("left", "right")
    np.testing.assert_allclose(rig.poses["left"].position, [0, -3, 1.5])
    assert rig.uncertainty == {}


def test_camera_load_chooses_a_camera_of_a_rig(tmp_path: Path) -> None:
    path = write(
        tmp_path, TWO.replace("[cameras.right]", "rotation_std_deg = 1\nposition_std_m = 0.1\n[cameras.right]")
    )
    chosen = Camera.load(f"{path}#left").world
    assert chosen is not None
    np.testing.assert_allclose(chosen.position, [0, -3, 1.5])


def test_rig_of_pose2sim_is_read(tmp_path: Path) -> None:
    text = f'[a]\nname = "cam_a"\n{POSE2SIM_CAMERA}rotation = [0.1, 0.2, 0.3]\n'
    text += f'[b]\nname = "cam_b"\n{POSE2SIM_CAMERA}rotation = [0.1, 1.2, 0.3]\n[metadata]\nadjusted = false\n'
    assert read_rig(write(tmp_path, text)).names == ("cam_a", "cam_b")


def test_rig_of_caliscope_leaves_ignored_cameras_out(tmp_path: Path) -> None:
    text = f"[cameras.0]\nignore = false\n{POSE2SIM_CAMERA}rotation = [0.1, 0.2, 0.3]\n"
    text += f"[cameras.1]\nignore = false\n{POSE2SIM_CAMERA}rotation = [0.1, 1.2, 0.3]\n"
    text += f"[cameras.2]\nignore = true\n{POSE2SIM_CAMERA}"
    assert read_rig(write(tmp_path, text)).names == ("0", "1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no camera; a rig has 2 to 64 cameras"),
        ("[cameras]\n", "no camera; a rig has 2 to 64 cameras"),
        (TWO.split("[cameras.right]")[0], "1 camera; a rig has 2 to 64 cameras"),
        (TWO.replace(OTHER_POSE, ""), "camera right has no pose; it needs rotation (3 x 3) and translation (m)"),
        (TWO.replace("translation = [0.0, 1.5, 3.0]\n", "", 1), "camera left: 'translation' is missing"),
        (TWO.replace("fx", "f_x", 1), "camera left: unknown key 'f_x' (did you mean fx?)"),
        (TWO.replace("[cameras.left]", "[camera.left]"), "unknown key 'camera' (did you mean cameras?)"),
        (TWO.replace("cameras.left", "cameras.'a b'"), "the camera's name 'a b'"),
        (TWO.replace("cameras.left", "cameras.'..'"), "the camera's name '..'"),
        (TWO.replace("cameras.right", "cameras.left"), "not a rig file (Cannot declare"),
        (TWO.replace("width = 640", "width = 0", 1), "camera left: width and height must be whole numbers from 1"),
        (TWO.replace("width = 640", "width = 640.5", 1), "camera left: width and height must be whole numbers from 1"),
        (TWO.replace("width = 640", "width = 1e9", 1), "camera left: width and height must be whole numbers from 1"),
        (TWO.replace("width = 640", "width = nan", 1), "camera left: width and height must be whole numbers from 1"),
        (TWO.replace("[[1, 0, 0]", "[[1, 0.1, 0]", 1), "camera left: rotation must be a 3 x 3 rotation matrix"),
        (TWO.replace(OTHER_POSE, POSE), "cameras left and right have the same pose"),
        (TWO.replace("[cameras.right]", "rotation_std_deg = 0.1\n[cameras.right]"), "must be two numbers"),
        (CAMERA + POSE, "describes one camera; a rig has a table [cameras.NAME]"),
        ("cameras = 3", "cameras and calibration must be tables"),
        ("cameras = {left = 3, right = 4}", "cameras.left must be a table"),
        (
            f'[a]\nname = "x"\n{POSE2SIM_CAMERA}rotation = [0.1, 0.2, 0.3]\n[b]\nname = "x"\n{POSE2SIM_CAMERA}',
            "two cameras have the name 'x'",
        ),
    ],
)
def test_wrong_rig_file_is_one_line_that_names_the_file_once(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(RigError) as caught:
        read_rig(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).count(str(path)) == 1
    assert "\n" not in str(caught.value)


def test_rig_file_with_too_many_cameras_is_refused(tmp_path: Path) -> None:
    text = "".join(f"[cameras.c{index}]\n{CAMERA}{POSE}" for index in range(MOST_CAMERAS + 1))
    with pytest.raises(RigError, match=f"{MOST_CAMERAS + 1} cameras; a rig has 2 to {MOST_CAMERAS}"):
        read_rig(write(tmp_path, text))


def test_missing_rig_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RigError, match="nothing"):
        read_rig(tmp_path / "nothing.toml")


def test_rig_refuses_cameras_without_pose_and_unknown_uncertainties() -> None:
    with pytest.raises(RigError, match="camera b has no pose"):
        Rig({"a": camera(0), "b": replace(camera(1), world=None)})
    with pytest.raises(RigError, match="not in the rig: c"):
        Rig({"a": camera(0), "b": camera(1)}, {"c": PoseUncertainty(1, 1)})


def test_rig_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    rig = Rig({"a": camera(0), "b": camera(1)})
    write_rig(tmp_path / "rig.toml", rig)
    before = (tmp_path / "rig.toml").read_text()
    with pytest.raises(OSError, match="No such file"):
        write_rig(tmp_path / "missing" / "rig.toml", rig)
    assert before == rig_toml(rig)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["rig.toml"]
