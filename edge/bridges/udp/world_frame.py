"""Transform from the camera frame to a level world frame with the floor at height 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from meshcast.protocol.axes import Axes, Matrix


@dataclass(frozen=True, slots=True)
class WorldFrame:
    """Pose of the camera, and origin of the world frame.

    pitch_deg: downward tilt of the camera. height_m: its height above the floor. origin_m: None places the origin on
    the floor below the camera, with the camera's heading as forward axis; a number places it on the floor that many
    meters in front of the camera and rotates the world by 180 degrees, so that a person there who faces the camera
    faces forward. With the defaults the world frame is the camera frame.
    """

    pitch_deg: float = 0.0
    height_m: float = 0.0
    origin_m: float | None = None

    def from_camera(self, axes: Axes) -> tuple[Matrix, Matrix]:
        """Return rotation (3, 3) and shift (3,) in these axes and their unit: world = rotation @ camera + shift."""
        sine, cosine = math.sin(math.radians(self.pitch_deg)), math.cos(math.radians(self.pitch_deg))
        level = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
        origin = np.array([0, self.height_m, self.origin_m or 0.0])
        turn = np.diag([1.0, 1.0, 1.0] if self.origin_m is None else [-1.0, 1.0, -1.0])
        rotation: Matrix = axes.camera @ turn @ level @ axes.camera.T
        shift: Matrix = -axes.camera @ turn @ origin / axes.unit_m
        return rotation, shift
