"""Root translation: the position at which a body of known size projects to its 2D keypoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.camera import Camera
from edge.stages.body_shape import SizedPeople
from edge.stages.config import LocalizationConfig
from edge.types import F32, Attention, Bodies, TrackedFrame
from engines.heads.base import RootMesh


class RootLocalizer:
    """Translation from 2D-3D correspondences and K: closed form, weighted by score, robust.

    A point X + t on the ray (u, v, 1) satisfies (X + t)_x = u (X + t)_z and (X + t)_y = v (X + t)_z: two
    equations linear in t for each keypoint. The weighted normal equations are 3 x 3; outliers are re-weighted
    (Geman-McClure) a few times. Heads with a weak-perspective camera of their crop give the translation themselves.
    """

    def __init__(self, config: LocalizationConfig | None = None) -> None:
        self._config = config or LocalizationConfig()

    def __call__(
        self, tracked: TrackedFrame, mesh: RootMesh, regions: F32 | None, sized: SizedPeople | None = None
    ) -> Bodies:
        """Bodies in the camera's frame.

        Args:
            tracked: the frame.
            mesh: of the people of `tracked.pose`, row for row.
            regions: of the crops, or None.
            sized: shapes of the same people, with which the meshes are scaled and placed; None: as the head made them.
        """
        pose, keep = tracked.pose, mesh.usable
        keypoints = np.concatenate([pose.keypoints, pose.scores[..., None]], -1)[keep]
        regions = None if regions is None else regions[keep]
        if mesh.cameras is not None and mesh.root is not None and regions is not None:
            translation = weak_perspective_translation(mesh.cameras[keep], regions, tracked.camera) + mesh.root[keep]
        elif sized is not None:
            mesh = _scaled(mesh, sized)
            translation = place_sized(sized, self._config)[keep]
        else:
            rays = tracked.camera.rays(pose.keypoints)[keep]
            translation = solve_translation(mesh.landmarks[keep], rays, keypoints[..., 2], self._config)
        attention = None
        if mesh.attention is not None and regions is not None:
            attention = Attention(mesh.attention[keep], regions)
        shift = translation[:, None]
        return Bodies(
            ids=pose.ids[keep],
            scores=pose.scores[keep].mean(1),
            keypoints=keypoints,
            joints=mesh.joints[keep] + shift,
            vertices=mesh.vertices[keep] + shift,
            translation=translation,
            rotations=None if mesh.rotations is None else mesh.rotations[keep],
            shape=None if mesh.shape is None else mesh.shape[keep],
            attention=attention,
            contacts=None if mesh.contacts is None else mesh.contacts[keep],
        )


def place_sized(sized: SizedPeople, config: LocalizationConfig) -> F32:
    """Roots (N, 3) in meters of people whose shapes are known, from their keypoints and, if it is known, the floor.

    The lower foot stands on the floor unless the keypoints say that it is raised: a Kalman update whose standard
    deviation grows with the height of the foot above the floor.
    """
    found, shape = sized.placements, sized.shape.astype(np.float64)
    root = found.root + np.einsum("ncb,nb->nc", found.root_dirs, shape)
    heights = found.heights + np.einsum("nfb,nb->nf", found.height_dirs, shape)
    on_floor = np.flatnonzero(np.isfinite(heights).any(1)) if config.floor else np.empty(0, int)
    if len(on_floor):
        foot = np.nanargmin(heights[on_floor], axis=1)
        height, up = heights[on_floor, foot], found.height_root[on_floor, foot]
        dirs = found.root_dirs[on_floor]
        cov = found.root_cov[on_floor] + dirs @ sized.shape_cov[on_floor] @ dirs.transpose(0, 2, 1)
        toward = (cov @ up[..., None])[..., 0]
        known = np.einsum("nc,nc->n", up, toward)
        variance = found.height_var[on_floor, foot] + config.planted_sigma_m**2
        above = np.zeros_like(height)
        for _ in range(config.floor_rounds):
            raised = (1 + (np.maximum(above, 0) / config.raised_foot_m) ** 2) ** 2
            share = known / (known + variance * raised)
            above = height * (1 - share)
        root[on_floor] -= toward * (height * share / np.maximum(known, 1e-12))[:, None]
    root[:, 2] = np.maximum(root[:, 2], config.min_depth_m)
    placed: F32 = root.astype(np.float32)
    return placed


def _scaled(mesh: RootMesh, sized: SizedPeople) -> RootMesh:
    """The meshes at the sizes of the people, with their shapes."""
    factors = sized.factors.astype(np.float32)[:, None, None]
    return replace(
        mesh,
        landmarks=mesh.landmarks * factors,
        joints=mesh.joints * factors,
        vertices=mesh.vertices * factors,
        shape=sized.shape,
    )


def weak_perspective_translation(cameras: F32, boxes: F32, camera: Camera) -> F32:
    """Translations (N, 3) in meters that show a mesh where weak-perspective cameras (N, 3) = (s, tx, ty) show it.

    A square crop around box (N, 4) xyxy px, of side h, shows the point X at s (X_xy + t) in -1..1 (Kanazawa et al.,
    HMR, 2018, section 3). At depth z a meter spans 1 / z of x/z and s h / 2 pixels of the crop; the ray through the
    crop's center adds (u z, v z). With d for the extent of the crop in x/z, z = 2 / (s d).
    """
    low, high = boxes[:, :2], boxes[:, 2:]
    middle, half = (low + high) / 2, (high - low).max(axis=1) / 2
    # Around the crop's center, because a distorted lens has another magnification there than on its axis.
    around = np.array([[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]], np.float32)
    rays = camera.rays(middle[:, None] + around * half[:, None, None])
    extent = np.sqrt((rays[:, 2, 0] - rays[:, 1, 0]) * (rays[:, 4, 1] - rays[:, 3, 1]))[:, None]
    depth = 2 / (cameras[:, :1] * extent)
    return np.concatenate([cameras[:, 1:] + rays[:, 0] * depth, depth], 1).astype(np.float32)


def solve_translation(points: F32, rays: F32, scores: F32, config: LocalizationConfig | None = None) -> F32:
    """Translations (N, 3) in meters that move `points` (N, K, 3) onto `rays` (N, K, 2), weighted by scores (N, K).

    Points that are NaN have no weight.
    """
    config = config or LocalizationConfig()
    known = np.asarray(np.isfinite(points).all(axis=-1))
    points = np.where(known[..., None], points, 0)
    u, v = rays[..., 0].astype(np.float64), rays[..., 1].astype(np.float64)
    x, y, z = np.moveaxis(points.astype(np.float64), -1, 0)
    right_u, right_v = u * z - x, v * z - y
    observed = (
        known * np.where(scores >= config.min_keypoint_score, np.maximum(scores, 1e-3), 1e-6).astype(np.float64) ** 2
    )
    weight = observed
    translation = np.zeros((len(points), 3))
    for _ in range(config.iterations):
        s, su, sv = weight.sum(1), (weight * u).sum(1), (weight * v).sum(1)
        suv = (weight * (u * u + v * v)).sum(1)
        zero = np.zeros_like(s)
        normal = np.stack([s, zero, -su, zero, s, -sv, -su, -sv, suv], -1).reshape(-1, 3, 3)
        b = np.stack(
            [(weight * right_u).sum(1), (weight * right_v).sum(1), -(weight * (u * right_u + v * right_v)).sum(1)], -1
        )
        # Slight damping keeps people whose rays all coincide solvable.
        translation = np.linalg.solve(normal + 1e-9 * np.eye(3), b[..., None])[..., 0]
        translation[:, 2] = np.maximum(translation[:, 2], config.min_depth_m)
        tx, ty, tz = translation.T[:, :, None]
        residual = (tx - u * tz - right_u) ** 2 + (ty - v * tz - right_v) ** 2
        weight = observed / (1 + residual / config.outlier_m**2) ** 2
    return translation.astype(np.float32)
