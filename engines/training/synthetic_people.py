"""Synthetic sequences of 2D poses with 3D truth: random bodies, motions and cameras, seen by a noisy detector.

Every supervised point is linear in the posed vertices, and linear blend skinning is linear in the joints' transforms,
so a point needs no mesh: p = sum_j (R_j m_j + w_j t_j), where m_j and w_j are the point's first and zeroth moments
of the rest vertices under joint j's skinning weights. That makes tens of thousands of samples a second on one core.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.body.body import SurfaceBody, kinematic_chain
from engines.pose2mesh.virtual_camera import up_features, virtual_camera_of
from engines.training.detector_noise import detector_noise
from engines.training.motion_mix import MotionMix
from engines.training.motion_source import MotionSource
from engines.training.poses.pose_set import PoseSet
from engines.training.root_path import stand_on_feet
from meshcast.protocol.rotations import rotmat

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rng = np.random.Generator

JOINTS, KEYPOINTS = 24, 17  # the points are the joints, COCO's keypoints, the feet's points and the extra ones
FEET = slice(JOINTS + KEYPOINTS, JOINTS + KEYPOINTS + 6)
# Systematic offsets between detectors and this body, m (one standard deviation, fixed to the body).
KEYPOINT_BIAS_M = np.array([0.012] * 5 + [0.020] * 2 + [0.014] * 4 + [0.035] * 2 + [0.016] * 4, np.float32)
SIZED_BY = (1, 2, 4, 5, 7, 8, 12, 16, 17, 18, 19, 20, 21)  # joints whose bones, added up, are the size of a body
LOWEST_DEPTH_M = 1.0  # of roots
UP_NOISE_RAD = 0.035  # of the camera's calibrated tilt


@dataclass(frozen=True, slots=True)
class Samples:
    """N sequences of T frames, features and targets of the lifter.

    features (N, T, F) of engines.pose2mesh.virtual_camera; elapsed_s (N, T), time since the frame before, 0 for the
    first one; points (N, T, P, 3) in meters relative to the root in the virtual camera, for a person of the size of the
    mean body; contacts (N, T, 2) bool: the left and the right foot stand still.
    """

    features: F32
    elapsed_s: F32
    points: F32
    contacts: NDArray[np.bool_]


class PointSkinner:
    """Skins points that are linear in the posed vertices, given as a regressor (P, V), from joint transforms."""

    def __init__(self, body: SurfaceBody, regressor: F32) -> None:
        moment = np.einsum("pv,vj->pjv", regressor, body.weights)  # (P, J, V)
        self.zeroth = moment.sum(-1).astype(np.float32)
        self.first = (moment @ body.v_template).astype(np.float32)  # (P, J, 3)
        flat = body.shape_dirs.reshape(len(body.v_template), -1)
        self.first_dirs = (
            (moment.reshape(-1, moment.shape[-1]) @ flat).reshape(*moment.shape[:2], 3, -1).astype(np.float32)
        )

    def __call__(self, rotation: F32, offset: F32, shape: F32) -> F32:
        """Points (N, P, 3) for world rotations (N, J, 3, 3), offsets t_j (N, J, 3) and shapes (N, B)."""
        p, j = self.zeroth.shape
        first = self.first.reshape(1, -1) + shape @ self.first_dirs.reshape(p * j * 3, -1).T
        moments = first.reshape(len(shape), p, j * 3)
        turned: F32 = moments @ rotation.transpose(0, 1, 3, 2).reshape(len(shape), j * 3, 3)
        points: F32 = turned + self.zeroth @ offset
        return points


class SyntheticPeople:
    """Draws batches of people who move before random cameras.

    Args:
        body: their body.
        poses: a set of poses, of which `keep` (M,) bool are used.
        extra: (E, V) regressor of more points to supervise after joints, keypoints and feet.
        mix: how motions are mixed and disturbed, and how much is known of the camera.
        seed: of all random numbers.
    """

    def __init__(
        self, body: SurfaceBody, poses: PoseSet, keep: NDArray[np.bool_], extra: F32, mix: MotionMix, seed: int = 0
    ) -> None:
        self.body, self.rng, self._mix = body, np.random.default_rng(seed), mix
        self.motion = MotionSource(poses, keep, mix, self.rng)
        self._skinner = PointSkinner(body, np.concatenate([body.coco_regressor, body.feet_regressor, extra]))
        self._rest_joints = body.joint_regressor @ body.v_template
        self._rest_joint_dirs = np.einsum("jv,vcb->jcb", body.joint_regressor, body.shape_dirs)
        self._mean_size = float(self._sizes(self._rest_joints[None])[0])

    def batch(self, count: int, frames: int = 1, noise: bool = True) -> Samples:
        """`count` sequences; `noise=False` gives perfect, fully visible keypoints (for measuring the lifter alone)."""
        rng = self.rng
        elapsed_s = self._frame_times(count, frames)
        shape = self.shapes(count)
        points, size = self._move(np.cumsum(elapsed_s, axis=1), shape)
        standing = stand_on_feet(points, points[:, :, FEET], elapsed_s)
        R_camera_world = _camera_rotations(rng, count)
        points = np.einsum("nab,ntkb->ntka", R_camera_world, points)
        root = _places(rng, count)[:, None] + np.einsum("nab,ntb->nta", R_camera_world, standing.path)
        root[..., 2] = np.maximum(root[..., 2], LOWEST_DEPTH_M)
        rays, scores = self._observe(points[:, :, JOINTS : JOINTS + KEYPOINTS] + root[:, :, None], elapsed_s, noise)

        view = virtual_camera_of(rays.reshape(-1, KEYPOINTS, 2), scores.reshape(-1, KEYPOINTS))
        up = np.where(rng.random((count, 1)) < self._mix.tilt_known, R_camera_world[:, :, 1], np.nan)
        if noise:
            up = up + rng.normal(0, UP_NOISE_RAD, up.shape)
        features = np.concatenate([view.features, up_features(np.repeat(up, frames, 0), view)], 1)
        # The target is a person of the mean body's size: a single view does not say how large a person is.
        sized = points / size[:, None, None, None]
        flat = sized.reshape(count * frames, -1, 3) @ view.T_camera_view
        return Samples(
            features.reshape(count, frames, -1),
            elapsed_s.astype(np.float32),
            flat.reshape(points.shape).astype(np.float32),
            standing.contacts,
        )

    def shapes(self, count: int) -> F32:
        """Shapes (count, B) of people at random."""
        shape = self.rng.normal(0, 1, (count, self.body.shape_dirs.shape[-1])).clip(-2.5, 2.5)
        return shape.astype(np.float32)

    def _frame_times(self, count: int, frames: int) -> F64:
        """Times (count, frames) since the frame before: 12 to 60 frames per second, with jitter and lost frames."""
        rng = self.rng
        usual = np.exp(rng.uniform(np.log(1 / 60), np.log(1 / 12), (count, 1)))
        elapsed_s = usual * np.exp(rng.normal(0, 0.1, (count, frames)))
        lost = rng.random((count, frames)) < 0.03
        elapsed_s = np.where(lost, elapsed_s * rng.integers(2, 5, (count, frames)), elapsed_s)
        elapsed_s[:, 0] = 0
        return elapsed_s

    def _move(self, time_s: F64, shape: F32) -> tuple[F32, F32]:
        """Points (N, T, P, 3) m relative to the root in a Y-up world at times (N, T), and the people's sizes (N,) in
        sizes of the mean body."""
        count, frames = time_s.shape
        joints = (self._rest_joints + np.einsum("jcb,nb->njc", self._rest_joint_dirs, shape)).astype(np.float32)
        size = (self._sizes(joints) / self._mean_size).astype(np.float32)
        rest = np.repeat(joints, frames, 0)
        local = self.motion(time_s).reshape(-1, JOINTS, 3, 3)
        rotation, posed = kinematic_chain(local, rest, self.body.parents)
        offset = posed - np.einsum("njab,njb->nja", rotation, rest)
        skinned = self._skinner(rotation, offset.astype(np.float32), np.repeat(shape, frames, 0))
        points = (np.concatenate([posed, skinned], 1) - posed[:, :1]).reshape(count, frames, -1, 3)
        return points, size

    def _sizes(self, joints: NDArray[np.floating]) -> F64:
        """Sums (N,) of the lengths of bones of joints (N, J, 3)."""
        child = np.array(SIZED_BY)
        bones = joints[:, child] - joints[:, self.body.parents[child]]
        sizes: F64 = np.linalg.norm(bones, axis=-1).sum(1)
        return sizes

    def _observe(self, keypoints: F32, elapsed_s: F64, noise: bool) -> tuple[F32, F32]:
        """Rays (N, T, 17, 2) and scores (N, T, 17) of keypoints (N, T, 17, 3) in the camera's frame."""
        rng, count = self.rng, len(keypoints)
        if noise:
            anchored = rng.normal(0, 1, (count, 1, KEYPOINTS, 3)) * KEYPOINT_BIAS_M[:, None]
            anchored *= rng.uniform(0.3, 1.5, (count, 1, 1, 1)) * self._mix.noise
            keypoints = keypoints + anchored.astype(np.float32)
        rays = (keypoints[..., :2] / np.maximum(keypoints[..., 2:], 0.2)).astype(np.float32)
        if not noise:
            return rays, np.full(rays.shape[:3], 0.85, np.float32)
        rays, scores = detector_noise(rng, rays, elapsed_s, self._mix.noise)
        # Focal lengths given by users are seldom exact: all rays are scaled slightly.
        wrong = rng.random(count) < 0.4
        scale = np.where(wrong, np.exp(rng.normal(0, 0.12, count)), 1).astype(np.float32)
        return rays * scale[:, None, None, None], scores


def _camera_rotations(rng: Rng, count: int) -> F32:
    """World (Y up) to camera (y down): pitch of -15 to 40 degrees looking down, a roll that is mostly small."""
    pitch = np.where(rng.random(count) < 0.5, rng.normal(0.08, 0.12, count), rng.uniform(-0.26, 0.70, count))
    roll = np.where(rng.random(count) < 0.7, rng.normal(0, 0.05, count), rng.uniform(-0.35, 0.35, count))
    zero = np.zeros(count)
    flip = np.diag([1.0, -1.0, -1.0]).astype(np.float32)
    # Looking down by `pitch` turns the world about the camera's x axis the other way.
    turn, tilt = rotmat(np.stack([zero, zero, roll], -1)), rotmat(np.stack([pitch, zero, zero], -1))
    turned: F32 = np.matmul(turn, np.matmul(tilt, flip))
    return turned


def _places(rng: Rng, count: int) -> F32:
    """Root positions (count, 3) in meters in the camera's frame: 1.3 to 10 m away, within a wide image."""
    z = np.exp(rng.uniform(np.log(1.3), np.log(10.0), count))
    x = rng.uniform(-0.75, 0.75, count) * rng.random(count) ** 0.3
    y = rng.uniform(-0.6, 0.6, count) * rng.random(count) ** 0.3
    return np.stack([x * z, y * z, z], -1).astype(np.float32)
