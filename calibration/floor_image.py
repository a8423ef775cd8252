"""An image with the floor of a camera drawn into a frame: a grid of squares of one meter."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera

REACH_M, STEP_M = 30, 0.25  # of the grid, and between the points of its lines
NEAREST_M = 0.3  # depth in front of the camera from which lines are drawn
COLOR = (80, 220, 80)


def floor_image(image: NDArray[np.uint8], camera: Camera) -> NDArray[np.uint8]:
    """A copy of an image (H, W, 3) BGR with the floor of the camera, which has a pose in the world.

    Raises:
        ValueError: the camera has no pose.
    """
    if camera.world is None:
        raise ValueError("a camera without a pose has no floor")
    canvas: NDArray[np.uint8] = np.array(image, np.uint8, order="C")
    world = camera.world
    below = np.round(world.position[:2])
    along = np.arange(-REACH_M, REACH_M + STEP_M, STEP_M)
    thickness = max(1, round(max(camera.size) / 900))
    for offset in range(-REACH_M, REACH_M + 1):
        for axis in (0, 1):
            points = np.zeros((len(along), 3))
            points[:, axis], points[:, 1 - axis] = along + below[axis], offset + below[1 - axis]
            seen = points @ world.rotation.T + world.translation
            inside = (seen[:, 2] > NEAREST_M) & (np.abs(seen[:, :2]) < 2 * seen[:, 2:]).all(1)
            pixels = camera.project(np.where(inside[:, None], seen, [0.0, 0.0, 1.0])).astype(np.float64)
            pixels = np.clip(np.round(pixels * 16), -(2**28), 2**28).astype(int)
            for start in np.flatnonzero(inside[:-1] & inside[1:]):
                a, b = (tuple(pixels[at].tolist()) for at in (start, start + 1))
                cv2.line(canvas, a, b, COLOR, thickness, cv2.LINE_AA, shift=4)
    return canvas
