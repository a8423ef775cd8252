"""Synthetic 2D poses with 3D truth: random bodies, poses and cameras, and the errors of a 2D keypoint detector.

Every supervised point is linear in the posed vertices, and linear blend skinning is linear in the joints' transforms,
so a point needs no mesh: p = sum_j (R_j m_j + w_j t_j), where m_j and w_j are the point's first and zeroth moments
of the rest vertices under joint j's skinning weights. That makes tens of thousands of samples a second on one core.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.body.body import Body, SurfaceBody, kinematic_chain
from engines.pose2mesh.virtual_camera import virtual_camera_of
from meshcast.protocol.rotations import rotmat

F32 = NDArray[np.float32]
Rng = np.random.Generator

ARMS = (13, 14, 16, 17, 18, 19, 20, 21, 22, 23)  # left and right alternating
LEGS = (1, 2, 4, 5, 7, 8, 10, 11)
SPINE = (3, 6, 9)
MIRROR_JOINTS = np.array([0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22])
COCO_PARTNER = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
COCO_GROUPS = {"face": range(5), "arms": range(7, 11), "legs": range(13, 17), "lower": range(11, 17)}
# Systematic offsets between detectors and this body, m (one standard deviation, fixed to the body).
KEYPOINT_BIAS_M = np.array([0.012] * 5 + [0.020] * 2 + [0.014] * 4 + [0.035] * 2 + [0.016] * 4, np.float32)


@dataclass(frozen=True, slots=True)
class Samples:
    """features (N, 54) of engines.pose2mesh.virtual_camera, points (N, P, 3) in meters relative to the root in the
    virtual camera."""

    features: F32
    points: F32


class PointSkinner:
    """Skins points that are linear in the posed vertices, given as a regressor (P, V), from joint transforms."""

    def __init__(self, body: Body, regressor: F32) -> None:
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
    """Draws batches of people seen by random cameras, from `poses` (M, 24, 3) rotation vectors in a Y-up world."""

    def __init__(self, body: SurfaceBody, poses: F32, weights: NDArray[np.floating], extra: F32, seed: int = 0) -> None:
        """`weights` (M,): how often each pose is drawn; `extra` (E, V): more points to supervise after the joints."""
        self.body, self.poses = body, poses.astype(np.float32)
        self.cumulative = np.cumsum(weights / weights.sum())
        self.rng = np.random.default_rng(seed)
        self.skinner = PointSkinner(body, np.concatenate([body.coco_regressor, extra]))
        self.rest_joints = body.joint_regressor @ body.v_template
        self.rest_joint_dirs = np.einsum("jv,vcb->jcb", body.joint_regressor, body.shape_dirs)

    def batch(self, count: int, noise: bool = True) -> Samples:
        """`count` samples; `noise=False` gives perfect, fully visible keypoints (for measuring the lifter alone)."""
        rng = self.rng
        rotvec = self.poses_at_random(count)
        shape = rng.normal(0, 1, (count, self.body.shape_dirs.shape[-1])).clip(-2.5, 2.5).astype(np.float32)
        joints = self.rest_joints + np.einsum("jcb,nb->njc", self.rest_joint_dirs, shape)
        local = rotmat(rotvec)
        local[:, 0] = _camera_rotations(rng, count) @ local[:, 0]
        rotation, posed = kinematic_chain(local, joints.astype(np.float32), self.body.parents)
        offset = posed - np.einsum("njab,njb->nja", rotation, joints)
        skinned = self.skinner(rotation, offset.astype(np.float32), shape)
        coco, extra = skinned[:, :17], skinned[:, 17:]
        root = posed[:, :1]
        translation = _places(rng, count)
        seen = coco - root + translation[:, None]
        if noise:
            anchored = rng.normal(0, 1, coco.shape).astype(np.float32) * KEYPOINT_BIAS_M[:, None]
            seen = seen + anchored * rng.uniform(0.3, 1.5, (count, 1, 1)).astype(np.float32)
        rays = (seen[..., :2] / np.maximum(seen[..., 2:], 0.2)).astype(np.float32)
        scores = np.full(rays.shape[:2], 0.85, np.float32)
        if noise:
            rays, scores = detector_noise(rng, rays)
            # Focal lengths given by users are seldom exact: all rays are scaled slightly.
            wrong = rng.random(count) < 0.4
            rays *= np.where(wrong, np.exp(rng.normal(0, 0.12, count)), 1).astype(np.float32)[:, None, None]
        view = virtual_camera_of(rays, scores)
        points = np.concatenate([posed, coco, extra], 1) - root
        return Samples(view.features, (points @ view.T_camera_view).astype(np.float32))

    def _draw(self, count: int) -> F32:
        rows = np.searchsorted(self.cumulative, self.rng.random(count))
        drawn: F32 = self.poses[rows.clip(0, len(self.poses) - 1)]
        return drawn

    def poses_at_random(self, count: int) -> F32:
        """Rotation vectors (count, 24, 3): drawn, limbs mixed, mirrored, jittered, leaning, with a new yaw."""
        rng = self.rng
        pose: F32 = self._draw(count).copy()
        for limbs, share in ((ARMS, 0.25), (ARMS[::2], 0.15), (LEGS, 0.15), (LEGS[::2], 0.15)):
            part = np.ix_(np.flatnonzero(rng.random(count) < share), np.array(limbs))
            pose[part] = self._draw(count)[part]
        mirror = rng.random(count) < 0.5
        pose[mirror] = pose[mirror][:, MIRROR_JOINTS] * np.array([1, -1, -1], np.float32)
        spread = rng.choice([0.03, 0.1, 0.22], (count, 1, 1), p=[0.5, 0.35, 0.15])
        pose[:, 1:] += (rng.normal(0, 1, pose[:, 1:].shape) * spread).astype(np.float32)
        bend = rng.normal(0, 0.12, (count, 1, 3)) * (rng.random((count, 1, 1)) < 0.4)
        pose[:, SPINE] += bend.astype(np.float32)
        lean = rng.normal(0, 1, (count, 3)) * np.where(rng.random((count, 1)) < 0.5, 0.22, 0.03) * [1, 0, 1]
        yaw = rng.uniform(-np.pi, np.pi, (count, 1)) * [0, 1, 0]
        pose[:, 0] = _rotvec(np.matmul(rotmat(yaw), np.matmul(rotmat(lean), rotmat(pose[:, 0]))))
        return pose


def _rotvec(rotations: F32) -> F32:
    vectors: F32 = Rotation.from_matrix(rotations).as_rotvec().astype(np.float32)
    return vectors


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


def detector_noise(rng: Rng, rays: F32) -> tuple[F32, F32]:
    """Simulates a 2D detector on true keypoints `rays` (N, 17, 2): displaced points and scores (N, 17).

    Jitter grows as the score falls; some points are far off, some belong to the other side, some are not seen: at
    random, by limb, behind an object, or beyond the image's edge.
    """
    n, k, _ = rays.shape
    size = 2 * np.sqrt(rays.var(1).sum(-1))[:, None, None]  # as in engines.pose2mesh.virtual_camera
    level = rng.uniform(0.25, 1.4, (n, 1))
    doubtful = rng.random((n, k)) < rng.choice([0.0, 0.06, 0.2], (n, 1))
    scores = np.where(doubtful, rng.uniform(0.1, 0.5, (n, k)), rng.normal(0.72, 0.13, (n, k))).clip(0.02, 0.98)
    sigma = np.where(doubtful, rng.uniform(0.03, 0.12, (n, k)), 0.018) * level
    far = rng.random((n, k)) < np.where(doubtful, 0.15, 0.006)
    sigma = np.where(far, 0.3, sigma)
    out = rays + rng.normal(0, 1, rays.shape) * sigma[..., None] * size
    for joints, share in (
        ((5, 6, 7, 8, 9, 10), 0.012),
        ((11, 12, 13, 14, 15, 16), 0.02),
        ((13, 14, 15, 16), 0.015),
        ((15, 16), 0.015),
        ((9, 10), 0.01),
    ):
        swap = np.flatnonzero(rng.random(n) < share)
        group = np.array(joints)
        out[np.ix_(swap, group)] = out[np.ix_(swap, COCO_PARTNER[group])]
    unseen = rng.random((n, k)) < rng.choice([0.0, 0.02, 0.08], (n, 1))
    unseen[:, :5] |= rng.random((n, 5)) < rng.choice([0.0, 0.0, 0.4], (n, 1))
    for group_name, share in (("face", 0.14), ("legs", 0.04), ("lower", 0.03), ("arms", 0.015)):
        columns = np.array(COCO_GROUPS[group_name])
        unseen[:, columns] |= rng.random((n, 1)) < share
    center = rays.mean(1, keepdims=True)
    for share, axis, sign in ((0.04, 1, 1), (0.015, 0, 1), (0.015, 0, -1), (0.01, 1, -1)):
        edge = rng.uniform(-0.1, 0.6, (n, 1)) * size[..., 0]  # an edge of the image cuts the person
        beyond = sign * (rays - center)[..., axis] > edge
        unseen |= beyond & (rng.random((n, 1)) < share)
    hidden = np.abs(rays - center - rng.normal(0, 0.5, (n, 1, 2)) * size) < rng.uniform(0.05, 0.45, (n, 1, 2)) * size
    unseen |= hidden.all(-1) & (rng.random((n, 1)) < 0.05)
    scores = np.where(unseen, rng.uniform(0.0, 0.12, (n, k)), scores)
    return out.astype(np.float32), scores.astype(np.float32)
