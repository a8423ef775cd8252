"""Motion of the camera between two frames, from the background: where people are expected moves with it."""

from __future__ import annotations

import cv2
import numpy as np

from edge.stages.tracker_config import CameraMotionConfig
from edge.types import F32, U8, Array, Pixels


class CameraMotion:
    """Affine motion (2, 3) from frame to frame, None while the camera stands still or the motion is not clear."""

    def __init__(self, config: CameraMotionConfig) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Forget the previous frame."""
        self._previous: U8 | None = None

    def __call__(self, image: Pixels, changed: Array, people: F32) -> F32 | None:
        """The motion from the previous image (H, W, 3) to this one.

        Args:
            image: of this frame.
            changed: absolute differences of the two thumbnails, any shape.
            people: boxes (N, 4) xyxy px in the previous image, which are not background.
        """
        config = self._config
        moves = np.mean(changed > config.changed) >= config.min_changed
        if not config.enabled or (not moves and self._previous is None):
            return None
        scale = max(1, round(image.shape[1] / config.width))
        # Every scale-th pixel of the green channel: cheap, and the flow is between two images with the same aliasing.
        small = np.ascontiguousarray(image[::scale, ::scale][..., 1])
        previous, self._previous = self._previous, small if moves else None
        if previous is None or previous.shape != small.shape:
            return None
        points = _background(previous.shape, people / scale, config.grid)
        if len(points) < config.min_points:
            return None
        moved, found, _ = cv2.calcOpticalFlowPyrLK(
            previous,
            small,
            points,
            np.empty_like(points),
            winSize=(config.window, config.window),
            maxLevel=config.levels,
        )
        tracked = found[:, 0] == 1
        if tracked.sum() < config.min_points:
            return None
        affine, inliers = cv2.estimateAffinePartial2D(
            points[tracked], moved[tracked], ransacReprojThreshold=config.tolerance_px, maxIters=100
        )
        if affine is None or inliers.mean() < config.min_inliers:
            return None
        affine[:, 2] *= scale
        motion: F32 = affine.astype(np.float32)
        return motion


def _background(shape: tuple[int, ...], people: F32, grid: int) -> F32:
    """A grid of points (N, 1, 2) of an image (H, W) outside of the boxes (M, 4)."""
    height, width = shape[:2]
    x, y = np.meshgrid(*((np.arange(grid) + 0.5) * side / grid for side in (width, height)))
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    inside = np.all((points[:, None] > people[None, :, :2]) & (points[:, None] < people[None, :, 2:]), axis=2)
    background: F32 = points[~np.any(inside, axis=1)][:, None]
    return background
