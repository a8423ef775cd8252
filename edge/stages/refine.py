"""Refinement: rotations and root of posed rigs, moved towards the 2D keypoints as far as prior and joints allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.camera import Camera
from edge.stages.config import RefinementConfig
from edge.types import F32, Bodies, BodyModel, PosedRigs, TrackedFrame
from edge_kernels import refine_pose
from edge_kernels.reference.refine_pose import MAX_JOINTS, MAX_KEYPOINTS, workspace_numbers
from engines.body.body import Body
from engines.body.joint_limits import joint_limits
from engines.heads.base import RootMesh
from engines.heads.point_moments import PointMoments

FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
MIN_BONE_M = 0.05  # shorter bones say nothing about a rotation


class PoseRefiner:
    """(TrackedFrame, RootMesh, Bodies, PosedRigs) -> PosedRigs that are nearer to the keypoints.

    Damped Gauss-Newton steps on the rotations of all joints and the root: keypoints of the posed body onto the viewing
    rays of the 2D keypoints, against a prior, the pose that is given. What keypoints do not determine stays as it is,
    and so does the depth.
    """

    def __init__(self, body: Body, model: BodyModel, config: RefinementConfig | None = None) -> None:
        """Raises ValueError for a body that `can_refine` excludes."""
        if not can_refine(body, model):
            raise ValueError(f"the body {body.name} cannot be refined: it has no rig or too many joints")
        self._config = config or RefinementConfig()
        names = model.keypoint_names
        self._moments = PointMoments(body, names)
        self._limits = joint_limits(body)
        self._parents = np.ascontiguousarray(model.parents, np.int32)
        assert model.rig is not None  # can_refine
        self._rest, self._dirs = model.rig.rest_joints, model.rig.joint_shape_dirs
        self._sigma = np.array([self._keypoint_sigma(name) for name in names], np.float32)
        self._turn = turn_sigmas(self._config, body.joint_names)
        self._workspace = np.empty((0, self._workspace_numbers()))

    def __call__(self, tracked: TrackedFrame, mesh: RootMesh, bodies: Bodies, posed: PosedRigs) -> PosedRigs:
        """The refined rigs, row for row.

        Args:
            tracked: the frame: its camera and boxes.
            mesh: what the bodies were made of; its standard deviations count, where the mesh head predicts them.
            bodies: ids and keypoints of the people.
            posed: the prior.

        Returns:
            Rigs with other rotations and translations. People with numbers that are not finite keep their prior.
        """
        if not len(bodies):
            return posed
        sigma = None if mesh.sigma is None else mesh.sigma[mesh.usable]
        rays = tracked.camera.rays(bodies.keypoints[..., :2])
        across, along = self._config.root_across_m**-2, self._config.root_along_m**-2
        root = np.tile(np.array([across, along], np.float32), (len(bodies), 1))
        rest = self._rest_joints(posed.shape)
        return self._refine(posed, rays, self._precision(tracked, bodies), self._turns(rest, sigma), root)

    def towards_points(
        self, posed: PosedRigs, points: F32, precision: F32, turn_rad: F32, root_sigma_m: F32
    ) -> PosedRigs:
        """The rigs refined towards places of their keypoints in space, row for row.

        Args:
            posed: the prior, in the frame of the points.
            points: (N, K, 3) m.
            precision: (N, K, 6) 1 / m, triangular roots of their information, as `edge_kernels.refine_pose` takes them.
            turn_rad: (N, P), standard deviations of the joints' rotations.
            root_sigma_m: (N,), standard deviations of the root in all directions.
        """
        if not len(points):
            return posed
        used = np.ascontiguousarray(np.where(self._moments.known[:, None], precision, 0), np.float32)
        root = np.repeat(root_sigma_m[:, None] ** -2, 2, axis=1)
        return self._refine(posed, np.ascontiguousarray(points, np.float32), used, turn_rad, root)

    def _refine(self, posed: PosedRigs, observed: F32, precision: F32, turn: F32, root: F32) -> PosedRigs:
        """turn: (N, P) rad. root: stiffness (N, 2) 1 / m^2."""
        config, shape, people = self._config, posed.shape, len(posed.ids)
        rotations, translation = (np.ascontiguousarray(a, np.float32) for a in (posed.rotations, posed.translation))
        rest = self._rest_joints(shape)
        if len(self._workspace) < people:
            self._workspace = np.empty((people, self._workspace_numbers()))
        refined, moved = np.empty_like(rotations), np.empty_like(translation)
        refine_pose(
            self._parents,
            self._moments.zeroth,
            self._limits.joints,
            self._limits.axes,
            self._limits.ranges,
            self._moments.first(shape, rest),
            rest,
            rotations,
            translation,
            np.repeat((turn**-2)[..., None], 3, axis=-1).astype(np.float32),
            root.astype(np.float32),
            observed,
            precision,
            self._workspace[:people],
            refined,
            moved,
            np.empty((people, 2), np.float32),
            robust=config.outlier,
            limit_stiffness=config.limit_rad**-2,
            steps=config.steps,
        )
        return replace(posed, rotations=refined, translation=moved)

    def _precision(self, tracked: TrackedFrame, bodies: Bodies) -> F32:
        """Inverse standard deviations (N, K, 3) of the keypoints on their rays, as the operator takes them."""
        scores, config = bodies.keypoints[..., 2], self._config
        row = {identity: index for index, identity in enumerate(tracked.tracks.ids.tolist())}
        boxes = tracked.tracks.boxes[[row[identity] for identity in bodies.ids.tolist()]].reshape(-1, 4)
        size = _size_on_rays(boxes, tracked.camera)
        used = self._moments.known & (scores >= config.min_keypoint_score) & (size > 0)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = np.where(used, np.sqrt(scores) / (self._sigma * size[:, None]), 0)
        return np.stack([inverse, np.zeros_like(inverse), inverse], -1).astype(np.float32)

    def _rest_joints(self, shape: F32) -> F32:
        """Resting joints (N, P, 3) of shapes (N, B)."""
        rest: F32 = (self._rest + np.tensordot(shape, self._dirs[..., : shape.shape[1]], (1, 2))).astype(np.float32)
        return rest

    def _turns(self, rest: F32, sigma: F32 | None) -> F32:
        """Standard deviations (N, P) of the joints' rotations, rad.

        With standard deviations of the joints, the deviation of a rotation is that of the bones it moves, within a
        range about the default.
        """
        turn = np.tile(self._turn, (len(rest), 1))
        if sigma is not None and self._config.sigma_range > 1:
            parents = self._parents[1:]
            bones = np.linalg.norm(rest[:, 1:] - rest[:, parents], axis=-1)
            angle = np.hypot(sigma[:, 1 : len(self._parents)], sigma[:, parents]) / np.maximum(bones, MIN_BONE_M)
            own = self._turn[parents]
            ranged = angle.clip(own / self._config.sigma_range, own * self._config.sigma_range)
            turn[:, parents] = np.where(np.isfinite(angle), ranged, own)  # of a parent's children the last one counts
        return turn

    def _workspace_numbers(self) -> int:
        return workspace_numbers(len(self._parents), len(self._moments.zeroth), len(self._limits.joints))

    def _keypoint_sigma(self, name: str) -> float:
        """Standard deviation of a keypoint with score 1, as a share of the box."""
        if name in FACE:
            return self._config.face_sigma
        return self._config.shoulder_sigma if name.endswith("_shoulder") else self._config.keypoint_sigma


def turn_sigmas(config: RefinementConfig, joint_names: tuple[str, ...]) -> F32:
    """Standard deviations (P,) of the joints' rotations in radians, by their names."""
    groups = {"pelvis": config.root_rad, "spine": config.trunk_rad, "collar": config.trunk_rad}
    groups |= {"shoulder": config.shoulder_rad, "elbow": config.elbow_rad}
    groups |= {"hip": config.hip_rad, "knee": config.knee_rad}

    def of(name: str) -> float:
        if name in ("neck", "head"):
            return config.head_rad
        return next((value for part, value in groups.items() if part in name), config.end_rad)

    return np.array([of(name) for name in joint_names], np.float32)


def _size_on_rays(boxes: F32, camera: Camera) -> F32:
    """The longer sides of boxes (N, 4) px in units of x / z, (N,), by the scale at their centers."""
    center, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(1)
    quarter = np.maximum(side, 0)[:, None, None] / 4
    ends = center[:, None] + quarter * np.array([[-1, 0], [1, 0], [0, -1], [0, 1]], np.float32)
    rays = camera.rays(ends)
    across, down = rays[:, 1] - rays[:, 0], rays[:, 3] - rays[:, 2]
    size: F32 = np.linalg.norm(across, axis=-1) + np.linalg.norm(down, axis=-1)  # each is half of the side
    return size


def can_refine(body: Body, model: BodyModel) -> bool:
    """Whether the body has a rig of a size that can be refined, and points for some of the keypoints."""
    if model.rig is None or len(body.parents) > MAX_JOINTS or len(model.keypoint_names) > MAX_KEYPOINTS:
        return False
    return bool(PointMoments(body, model.keypoint_names).known.any())
