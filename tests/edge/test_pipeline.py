"""The cameras of a pipeline."""

from __future__ import annotations

import numpy as np
import pytest

from edge.pipeline import CameraConfig, FrameCameras
from edge.types import Frame


def test_frame_cameras_of_a_height_and_tilt_have_a_floor() -> None:
    cameras = FrameCameras(CameraConfig(fov_deg=70, camera_height_m=1.6, tilt_deg=30))
    camera = cameras(Frame("test", 0, 0, 0.0, np.zeros((48, 64, 3), np.uint8)))
    assert camera.fov_deg == pytest.approx(70)
    assert camera.floor is not None
    assert camera.floor.height_m == pytest.approx(1.6)
    np.testing.assert_allclose(camera.floor.up, [0, -np.cos(np.pi / 6), -0.5], atol=1e-12)


def test_frame_cameras_without_a_height_have_no_floor() -> None:
    assert FrameCameras(CameraConfig())(Frame("test", 0, 0, 0.0, np.zeros((48, 64, 3), np.uint8))).floor is None
