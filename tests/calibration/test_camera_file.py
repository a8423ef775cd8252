"""Camera files of this project and of others."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.camera import Camera, CameraError
from calibration.camera_file import camera_toml

K = np.array([[500.0, 0, 320.5], [0, 501, 240.5], [0, 0, 1]])
DISTORTION = [0.1, -0.2, 0.001, 0.002, 0.05]
ROS = f"""image_width: 640
image_height: 480
camera_name: head_camera
camera_matrix:
  rows: 3
  cols: 3
  data: {K.ravel().tolist()}
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: {DISTORTION}
"""
POSE2SIM = f"""[cam_a]
name = "cam_a"
size = [ 640.0, 480.0]
matrix = {K.tolist()}
distortions = {DISTORTION[:4]}
rotation = [ 0.3, -0.1, 0.2]
translation = [ 0.1, 0.2, 3.0]
fisheye = false

[cam_b]
name = "cam_b"
size = [ 1280.0, 720.0]
matrix = {K.tolist()}
distortions = {DISTORTION[:4]}
rotation = [ 0.0, 0.0, 0.0]
translation = [ 0.0, 0.0, 2.0]
fisheye = true

[metadata]
adjusted = false
error = 0.0
"""


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_camera_load_reads_opencv_yaml(tmp_path: Path) -> None:
    storage = cv2.FileStorage(str(tmp_path / "a.yml"), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("camera_matrix", K)
    storage.write("distortion_coefficients", np.array([DISTORTION]))
    storage.release()
    camera = Camera.load(tmp_path / "a.yml")
    assert camera.size == (640, 480)
    np.testing.assert_allclose(camera.K, K)
    np.testing.assert_allclose(camera.distortion, DISTORTION)


def test_camera_load_reads_ros_camera_info(tmp_path: Path) -> None:
    camera = Camera.load(write(tmp_path, "a.yaml", ROS))
    np.testing.assert_allclose(camera.K, K)
    np.testing.assert_allclose(camera.distortion, DISTORTION)
    assert camera.model == "pinhole"


def test_camera_load_reads_ros_fisheye(tmp_path: Path) -> None:
    text = ROS.replace("plumb_bob", "equidistant").replace("cols: 5", "cols: 4").replace(", 0.05]", "]")
    assert Camera.load(write(tmp_path, "a.yaml", text)).model == "fisheye"


def test_camera_load_reads_one_camera_of_pose2sim(tmp_path: Path) -> None:
    path = write(tmp_path, "calib.toml", POSE2SIM)
    camera = Camera.load(f"{path}#cam_a")
    np.testing.assert_allclose(camera.K, K)
    assert camera.world is not None
    np.testing.assert_allclose(camera.world.rotation, cv2.Rodrigues(np.array([0.3, -0.1, 0.2]))[0], atol=1e-12)
    other = Camera.load(f"{path}#cam_b")
    assert (other.size, other.model) == ((1280, 720), "fisheye")


def test_camera_load_reads_one_camera_of_caliscope(tmp_path: Path) -> None:
    text = f"""[cameras.0]
cam_id = 0
rotation_count = 0
size = [640, 480]
matrix = {K.tolist()}
distortions = {DISTORTION}
translation = [0.1, -0.2, 0.6]
rotation = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
"""
    camera = Camera.load(write(tmp_path, "a.toml", text))
    assert camera.world is not None
    assert camera.world.floor.up.tolist() == [0, -1, 0]
    np.testing.assert_allclose(camera.distortion, DISTORTION)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.toml", POSE2SIM, r"has several cameras \(cam_a, cam_b\); choose one as a.toml#NAME"),
        ("a.toml", "widht = 640\n", r"unknown key 'widht' \(did you mean width\?\)"),
        ("a.toml", 'width = 4\nheight = 4\nfx = 1\nfy = 1\ncx = 1\ncy = 1\nmodel = "fish"\n', "unknown model 'fish'"),
        (
            "a.toml",
            'width = 4\nheight = 4\nfx = 1\nfy = 1\ncx = 1\ncy = 1\nmodel = "fisheye"\ndistortion = [1, 2, 3, 4, 5]\n',
            r"distortion needs 0 or 4 numbers \(k1 to k4\), not 5",
        ),
        ("a.yaml", "{{{", "neither OpenCV's nor ROS's camera file"),
        ("a.yaml", "a: 1\n", "it needs camera_matrix"),
        ("a.yaml", "", "camera"),
        ("a.toml", POSE2SIM.replace("640.0, 480.0", "'x'"), "."),
    ],
)
def test_camera_load_of_a_wrong_file_says_what_is_wrong(tmp_path: Path, name: str, text: str, problem: str) -> None:
    with pytest.raises(CameraError, match=problem) as error:
        Camera.load(write(tmp_path, name, text))
    assert "\n" not in str(error.value)


def test_camera_load_of_an_unknown_camera_lists_those_that_there_are(tmp_path: Path) -> None:
    path = write(tmp_path, "calib.toml", POSE2SIM)
    with pytest.raises(CameraError, match="no camera 'cam_c'; it has cam_a, cam_b"):
        Camera.load(f"{path}#cam_c")


def test_camera_toml_written_is_read_back(tmp_path: Path) -> None:
    table = {
        "width": 640,
        "height": 480,
        "fx": 500.25,
        "fy": 1e3,
        "cx": 320.0,
        "cy": 240.0,
        "distortion": [0.1, -1e-7, 0.0, 0.0],
        "model": "fisheye",
        "rotation": np.eye(3).tolist(),
        "translation": [0.0, 1.0, 2.5],
        "calibration": {"rms_px": 0.12, "views": 7},
    }
    camera = Camera.load(write(tmp_path, "a.toml", camera_toml(table, ("A comment.",))))
    assert camera.K[0, 0] == 500.25
    assert camera.model == "fisheye"
    np.testing.assert_allclose(camera.distortion, [0.1, -1e-7, 0, 0, 0])
    assert camera.world is not None
    assert camera.world.translation.tolist() == [0, 1, 2.5]
