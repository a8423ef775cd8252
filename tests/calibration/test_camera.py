"""Cameras: from files and fields of view, rays and projections against OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.camera import Camera, CameraError

GOOD = """
width = 1088
height = 1920
fx = 1681.2
fy = 1681.1
cx = 533.0
cy = 948.1
distortion = [-0.046, 0.14, 0.0006, 0.0007]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "camera.toml"
    path.write_text(text)
    return path


def test_camera_load_and_project_match_opencv(tmp_path: Path) -> None:
    camera = Camera.load(write(tmp_path, GOOD))
    points = np.random.default_rng(0).uniform([-1, -1.5, 2], [1, 1.5, 6], (50, 3))
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), camera.K, camera.distortion)
    np.testing.assert_allclose(camera.project(points), expected[:, 0], atol=1e-3)


def test_camera_rays_invert_projection(tmp_path: Path) -> None:
    camera = Camera.load(write(tmp_path, GOOD))
    points = np.random.default_rng(1).uniform([-1, -1.5, 2.5], [1, 1.5, 6], (50, 3))
    np.testing.assert_allclose(camera.rays(camera.project(points)), points[:, :2] / points[:, 2:], atol=2e-5)


def test_camera_from_fov_is_horizontal() -> None:
    camera = Camera.from_fov((641, 480), 90.0)
    left, right = camera.rays(np.float32([[-0.5, 240], [640.5, 240]]))
    assert left[0] == pytest.approx(-1, abs=1e-6)
    assert right[0] == pytest.approx(1, abs=1e-6)


def test_camera_at_same_aspect_keeps_rays() -> None:
    camera = Camera.from_fov((1920, 1080), 70.0)
    half = camera.at((960, 540))
    # The corner of the image, half a pixel outside the first pixel's center, is the same ray at any size.
    np.testing.assert_allclose(half.rays(np.float32([-0.5, -0.5])), camera.rays(np.float32([-0.5, -0.5])), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("width = 10\nheight = 10\n", "'fx' is missing"),
        ("not toml at all [", "not a TOML file"),
        (GOOD.replace("1681.2", "-5"), "fx, fy > 0"),
        (GOOD.replace("0.0006, 0.0007", "0.1"), "not 3"),
        (GOOD.replace("1681.2", "nan"), "K must be"),
        (GOOD.replace("1681.2", '"wide"'), "wide"),
    ],
)
def test_camera_load_bad_file_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(CameraError, match=says) as caught:
        Camera.load(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_camera_missing_file_size_or_angle_raises(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="cannot be read"):
        Camera.load(tmp_path / "none.toml")
    with pytest.raises(CameraError, match="1088 x 1920"):
        Camera.load(write(tmp_path, GOOD)).at((1920, 1080))
    with pytest.raises(CameraError, match="180"):
        Camera.from_fov((640, 480), 180.0)


@pytest.mark.parametrize("line", ["width = inf", "width = nan", "fx = [1, [2]]", "K = " + "[" * 3000], ids=range(4))
def test_camera_load_odd_values_raise(tmp_path: Path, line: str) -> None:
    name = line.split(" ", 1)[0]
    kept = [each for each in GOOD.splitlines() if not each.startswith(name)]
    with pytest.raises(CameraError, match=r"^[^\n]*camera\.toml: [^\n]*$"):
        Camera.load(write(tmp_path, "\n".join([*kept, line])))
