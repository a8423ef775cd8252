"""Walking along an ellipse: pose and position of a body as smooth functions of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.types import F32
from engines.body.body import kinematic_chain
from engines.body.skinning import Skinner
from meshcast.protocol.rotations import rotmat

# Joint angles of level walking in degrees over one cycle from heel strike to heel strike of the same leg: constant,
# cosine terms, sine terms. Fitted to typical gait curves from textbooks; flexion is positive.
HIP = (12.5, (20.3, -2.6), (-4.3, -1.4))
KNEE = (23.2, (-2.8, -14.2, -0.4), (-19.4, 6.4, 3.4))
ANKLE = (-0.2, (-0.4, 0.6, -2.7, 2.1), (6.3, -7.8, 1.6, -1.2))
ARM_DOWN = np.radians(74.0)  # from the T-pose to beside the body
ARM_OUT = np.radians(5.0)
# From body axes (Y up, facing +Z) to camera axes (y down, z forward): a body without yaw faces the camera.
CAMERA_BODY = np.diag([1.0, -1.0, -1.0]).astype(np.float32)


class WalkPath:
    """An ellipse on the floor, traversed at constant speed from the right of the camera to the back.

    center_m: x, z of the center in camera axes; axes_m: half width and half depth.
    """

    def __init__(self, center_m: tuple[float, float], axes_m: tuple[float, float]) -> None:
        self._center = center_m
        self._axes = axes_m
        self._angles = np.linspace(0, 2 * np.pi, 721)
        points = np.stack([axes_m[0] * np.cos(self._angles), axes_m[1] * np.sin(self._angles)], 1)
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        self._lengths = np.concatenate([[0.0], steps.cumsum()])
        self.length_m = float(self._lengths[-1])

    def at(self, distance_m: float) -> tuple[float, float, float]:
        """Return x, z in meters after `distance_m` along the path, and the yaw in radians of a body facing forward."""
        angle = np.interp(distance_m % self.length_m, self._lengths, self._angles)
        (x, z), (a, b) = self._center, self._axes
        yaw = np.arctan2(-a * np.sin(angle), b * np.cos(angle))
        return float(x + a * np.cos(angle)), float(z - b * np.sin(angle)), float(yaw)


@dataclass(frozen=True, slots=True)
class Walker:
    """One person: shape (B,), gait period in s, y of the floor in m, and start position along the path in m."""

    skin: Skinner
    shape: F32
    period_s: float
    floor_m: float
    path: WalkPath
    start_m: float

    def pose(self, t_s: float, speed_m_s: float) -> tuple[F32, F32, F32]:
        """Return vertices (V, 3), joints (24, 3) in meters and rotations (24, 3, 3) in camera axes; the body stands on
        the floor."""
        x, z, yaw = self.path.at(self.start_m + t_s * speed_m_s)
        rotations = gait(t_s / self.period_s + self.start_m)
        rotations[0] = CAMERA_BODY @ rotmat(np.array([0, yaw, 0])) @ rotations[0]
        vertices, joints = self.skin(rotations[None], self.shape[None])
        root, lowest = joints[0, 0], vertices[0, :, 1].max()
        offset = np.array([x - root[0], self.floor_m - lowest, z - root[2]], np.float32)
        return vertices[0] + offset, joints[0] + offset, rotations

    def speed(self) -> float:
        """Speed in m/s at which the standing foot does not slide, on average."""
        phases = np.linspace(0, 1, 33)
        body = self.skin.body
        _, rest = body.rest(self.shape[None])
        rotations = np.stack([gait(p) for p in phases])
        _, joints = kinematic_chain(rotations, np.repeat(rest, len(phases), 0), body.parents)
        feet = joints[:, [body.joint_names.index(f"{side}_ankle") for side in ("left", "right")]] - joints[:, :1]
        standing = feet[:-1, :, 1].argmin(1)
        backward = -np.diff(feet[..., 2], axis=0)[np.arange(len(standing)), standing]
        return float(backward.sum() / self.period_s)


def gait(phase: float) -> F32:
    """Local joint rotations (24, 3, 3) of a body walking along +Z; integer phases are heel strikes of the left foot.

    Rotations about X: positive bends a leg back at the knee, negative lifts a thigh, an arm or toes to the front.
    """
    turn = 2 * np.pi * phase
    rotvec = np.zeros((24, 3))
    for side, (hip, knee, ankle) in enumerate(((1, 4, 7), (2, 5, 8))):
        at = turn + np.pi * side
        rotvec[hip, 0] = -_series(HIP, at)
        rotvec[knee, 0] = _series(KNEE, at)
        rotvec[ankle, 0] = -_series(ANKLE, at)
    twist = np.radians(5.0) * np.cos(turn)
    rotvec[0, 1] = -twist  # the pelvis turns with the leg that is in front, the chest and the head turn back
    rotvec[[3, 6, 9], 1] = 0.6 * twist
    rotvec[12, 1] = -0.8 * twist
    rotvec[0, 2] = np.radians(2.5) * np.sin(turn)  # and sinks on the side of the leg that swings
    rotvec[3, 2] = -rotvec[0, 2]
    rotvec[3, 0] = np.radians(3.0)
    rotations = rotmat(rotvec)
    for left, shoulder, elbow in ((1, 16, 18), (-1, 17, 19)):
        forward = np.radians(4.0) - left * np.radians(24.0) * np.cos(turn)
        down = rotmat(np.array([0, 0, -left * (ARM_DOWN - ARM_OUT)]))
        rotations[shoulder] = rotmat(np.array([-forward, 0, 0])) @ down
        rotations[elbow] = rotmat(np.array([0, -left * (np.radians(22.0) + 0.4 * forward), 0]))
    return rotations


def _series(terms: tuple[float, tuple[float, ...], tuple[float, ...]], at: float) -> float:
    constant, cosines, sines = terms
    degrees = constant + sum(c * np.cos(k * at) for k, c in enumerate(cosines, 1))
    return float(np.radians(degrees + sum(s * np.sin(k * at) for k, s in enumerate(sines, 1))))
