"""Images without the distortion of their lens, for programs that know pinhole cameras only."""

from __future__ import annotations

import cv2
import numpy as np

from calibration.camera import Camera
from edge.types import U8


class Undistortion:
    """Maps images of one camera to the pinhole camera with the same intrinsic matrix."""

    def __init__(self, camera: Camera) -> None:
        """camera: of the images."""
        self._maps: tuple[np.ndarray, np.ndarray] | None = None
        if not camera.distortion.any() and camera.model == "pinhole":
            return
        K = np.asarray(camera.K, np.float64)
        identity = np.eye(3)
        if camera.model == "pinhole":
            x, y = cv2.initUndistortRectifyMap(K, camera.distortion, identity, K, camera.size, cv2.CV_16SC2)
        else:
            x, y = cv2.fisheye.initUndistortRectifyMap(K, camera.distortion[:4], identity, K, camera.size, cv2.CV_16SC2)
        self._maps = np.asarray(x), np.asarray(y)

    def __call__(self, image: U8) -> U8:
        """The image (H, W, 3) without distortion; black where the lens sees nothing."""
        if self._maps is None:
            return image
        return np.asarray(cv2.remap(image, *self._maps, cv2.INTER_LINEAR), np.uint8)
