"""The motion of the camera from two images."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.stages.camera_motion import CameraMotion
from edge.stages.config import CameraMotionConfig
from edge.stages.track import TrackTable
from edge.types import F32, U8, Detections

NO_BOXES = np.empty((0, 4), np.float32)
CHANGED, STILL = np.full((16, 16, 3), 40), np.zeros((16, 16, 3))


def texture() -> U8:
    noise = np.random.default_rng(3).integers(0, 255, (60, 100, 3)).astype(np.uint8)
    return cv2.resize(noise, (800, 480), interpolation=cv2.INTER_CUBIC)


def moved(image: U8, motion: F32) -> U8:
    return cv2.warpAffine(image, motion, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize(("shift", "scale"), [((14, -6), 1.0), ((-25, 3), 1.0), ((5, 4), 1.03)])
def test_camera_motion_of_moved_image_is_found(shift: tuple[int, int], scale: float) -> None:
    image, true = texture(), np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    camera = CameraMotion(CameraMotionConfig())
    camera(image, CHANGED, NO_BOXES)
    found = camera(moved(image, true), CHANGED, NO_BOXES)
    assert found is not None
    corners = np.array([[0, 0, 1], [800, 0, 1], [0, 480, 1], [400, 240, 1]], np.float32)
    np.testing.assert_allclose(corners @ found.T, corners @ true.T, atol=2.5)


def test_camera_motion_of_large_person_is_none_of_the_camera() -> None:
    image = texture()
    second = image.copy()
    second[100:400, 220:540] = image[100:400, 200:520]
    camera = CameraMotion(CameraMotionConfig())
    camera(image, CHANGED, NO_BOXES)
    found = camera(second, CHANGED, np.array([[190, 90, 550, 410]], np.float32))
    assert found is not None
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 1, 0]], atol=0.3)


def test_camera_motion_of_still_image_is_not_computed() -> None:
    camera = CameraMotion(CameraMotionConfig())
    assert camera(texture(), STILL, NO_BOXES) is None
    assert camera(texture(), STILL, NO_BOXES) is None


def test_track_table_moves_with_the_camera() -> None:
    tracks = TrackTable.of(
        Detections(np.array([[100, 100, 140, 200]], np.float32), np.ones(1, np.float32)), np.zeros(1, np.int32), 0.0, 17
    )
    tracks.keypoints[:] = 120
    tracks.drifts[:] = (4, 0)
    tracks.move_with_camera(np.array([[1.1, 0, 30], [0, 1.1, -10]], np.float32))
    np.testing.assert_allclose(tracks.boxes, [[140, 100, 184, 210]], rtol=1e-5)
    np.testing.assert_allclose(tracks.keypoints[0, 0] + tracks.drifts[0], [1.1 * 124 + 30, 1.1 * 120 - 10], rtol=1e-5)
