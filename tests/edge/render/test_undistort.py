"""Images without distortion."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from edge.render.undistort import Undistortion

CAMERA = Camera.from_fov((160, 120), 70)


def test_undistortion_of_a_pinhole_camera_is_the_image() -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    assert Undistortion(CAMERA)(image) is image


@pytest.mark.parametrize(("model", "k1"), [("pinhole", -0.25), ("fisheye", 0.1)])
def test_undistortion_moves_points_to_their_pinhole_pixels(model: str, k1: float) -> None:
    camera = replace(CAMERA, distortion=np.array([k1, 0, 0, 0, 0.0]), model=model)  # type: ignore[arg-type]
    point = np.array([[0.42, 0.3, 1.0]])
    image = np.zeros((120, 160, 3), np.uint8)
    x, y = camera.project(point)[0]
    cv2.circle(image, (round(float(x)), round(float(y))), 2, (255, 255, 255), -1)
    found = Undistortion(camera)(image)[..., 0].astype(float)
    rows, columns = np.mgrid[:120, :160]
    expected = CAMERA.project(point)[0]
    assert np.hypot(*(expected - (x, y))) > 2
    assert (columns * found).sum() / found.sum() == pytest.approx(float(expected[0]), abs=1.0)
    assert (rows * found).sum() / found.sum() == pytest.approx(float(expected[1]), abs=1.0)
