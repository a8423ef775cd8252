"""From the camera's frame to a level world with the floor at height 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from meshcast.protocol.axes import Axes, Matrix


@dataclass(frozen=True, slots=True)
class WorldFrame:
    """How the camera stands, and where the world begins.

    pitch_deg: how far the camera looks down. height_m: how high it is above the floor. origin_m: None puts the origin
    on the floor under the camera, with the world's forward axis where the camera looks; a number puts it on the floor
    so many meters in front of the camera and turns the world round, so that whoever stands there and looks into the
    camera looks forward. Without any of them the world is the camera's own frame.
    """

    pitch_deg: float = 0.0
    height_m: float = 0.0
    origin_m: float | None = None

    def from_camera(self, axes: Axes) -> tuple[Matrix, Matrix]:
        """Rotation (3, 3) and shift (3,): world = rotation @ camera + shift, both in these axes and their unit."""
        sine, cosine = math.sin(math.radians(self.pitch_deg)), math.cos(math.radians(self.pitch_deg))
        level = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
        origin = np.array([0, self.height_m, self.origin_m or 0.0])
        turn = np.diag([1.0, 1.0, 1.0] if self.origin_m is None else [-1.0, 1.0, -1.0])
        rotation: Matrix = axes.camera @ turn @ level @ axes.camera.T
        shift: Matrix = -axes.camera @ turn @ origin / axes.unit_m
        return rotation, shift
