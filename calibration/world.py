"""The pose of a camera in the world, and the floor: z points up in the world and the floor is at z = 0, in meters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor in a camera's frame: the point X lies `up . X + height_m` meters above it.

    Attributes:
        up: (3,) unit vector against gravity.
        height_m: height of the camera above the floor, m.
    """

    up: F64
    height_m: float

    @property
    def tilt_deg(self) -> float:
        """How far the camera looks down, degrees."""
        return math.degrees(math.asin(float(np.clip(-self.up[2], -1, 1))))

    def heights(self, points: NDArray[np.floating]) -> F64:
        """Heights (...) in meters above the floor of points (..., 3) in the camera's frame."""
        heights: F64 = np.asarray(points, np.float64) @ self.up + self.height_m
        return heights

    def depths(self, rays: NDArray[np.floating], height_m: NDArray[np.floating] | float = 0.0) -> F64:
        """Depths z (...) at which rays (..., 2) = (x/z, y/z) reach a height above the floor; NaN where they do not."""
        rays = np.asarray(rays, np.float64)
        slope = rays @ self.up[:2] + self.up[2]
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (np.asarray(height_m, np.float64) - self.height_m) / slope
        return np.where(np.isfinite(depth) & (depth > 0), depth, np.nan)


@dataclass(frozen=True, slots=True)
class WorldPose:
    """World to camera, X_camera = rotation @ X_world + translation.

    Attributes:
        rotation: (3, 3) float64, proper.
        translation: (3,) float64, m.
    """

    rotation: F64
    translation: F64

    @staticmethod
    def of_height(height_m: float, tilt_deg: float = 0.0, roll_deg: float = 0.0) -> WorldPose:
        """A camera above the world's origin that looks along the world's y axis.

        Args:
            height_m: height above the floor, m.
            tilt_deg: how far the camera looks down, degrees; negative looks up.
            roll_deg: clockwise turn of the camera about its optical axis, degrees.
        """
        tilt, roll = math.radians(tilt_deg), math.radians(roll_deg)
        # Rows are the camera's axes in the world: right, down and forward.
        right = np.array([1.0, 0.0, 0.0])
        forward = np.array([0.0, math.cos(tilt), -math.sin(tilt)])
        down = np.cross(forward, right)
        turned_right = math.cos(roll) * right + math.sin(roll) * down
        turned_down = math.cos(roll) * down - math.sin(roll) * right
        rotation = np.stack([turned_right, turned_down, forward])
        return WorldPose(rotation, -rotation @ np.array([0.0, 0.0, height_m]))

    @property
    def floor(self) -> Floor:
        """The floor in the camera's frame."""
        up = self.rotation[:, 2]
        return Floor(up, float(-up @ self.translation))

    @property
    def position(self) -> F64:
        """The camera's position (3,) in the world, m."""
        position: F64 = -self.rotation.T @ self.translation
        return position


# Axes in which clients get the people of a room: those of a camera at the world's origin, on the floor, that looks
# along the world's y axis. The world point (x, y, z) is (x, -z, y) there.
ROOM_POSE = WorldPose(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]), np.zeros(3))
