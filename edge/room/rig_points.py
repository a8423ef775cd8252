"""Keypoints of posed rigs, and how they depend on the shape: what views are compared with."""

from __future__ import annotations

import numpy as np

from edge.room.views import F64
from edge.types import F32, BodyModel
from engines.body.body import Body
from engines.body.rig_points import Chain
from engines.heads.point_moments import PointMoments


class RigKeypoints:
    """The keypoints of a body's rig, from rotations and shape.

    Attributes:
        known: (K,) bool, keypoints that the body has a point for.
        chain: the skeleton.
        shapes: number of shape directions.
    """

    def __init__(self, body: Body, model: BodyModel) -> None:
        """model: a body with a rig."""
        assert model.rig is not None
        self._rest, self._dirs = model.rig.rest_joints, model.rig.joint_shape_dirs
        self._moments = PointMoments(body, model.keypoint_names)
        self.known = self._moments.known
        self.chain = Chain(model.parents)
        self.shapes = self._dirs.shape[2]
        self._shape: F32 = np.empty((0, self.shapes), np.float32)
        self._of_shape: tuple[F32, F32] = (self._rest[:0], self._rest[:0])
        heights = model.rest_vertices[:, 1]
        top, bottom = heights.argmax(), heights.argmin()
        self._stature_m = float(heights[top] - heights[bottom])
        self._stature_dirs = model.rig.shape_dirs[top, 1] - model.rig.shape_dirs[bottom, 1]

    def __call__(self, rotations: F32, shape: F32, translation: F32) -> F32:
        """Keypoints (N, K, 3) m of rigs with local rotations (N, P, 3, 3), NaN where the body has none."""
        rest, first = self._resting(shape)
        orientations = self.chain.orientations(rotations)
        positions = self.chain.positions(orientations, self.chain.bones(rest))
        points = self._moments.points(first, rest, orientations, positions)
        points = points + translation[:, None]
        points[:, ~self.known] = np.nan
        return points

    def _resting(self, shape: F32) -> tuple[F32, F32]:
        """Resting joints (N, P, 3) and moments (N, K, P, 3) of shapes (N, B); those of the last ones are kept."""
        if not np.array_equal(shape, self._shape):
            rest = (self._rest + np.tensordot(shape, self._dirs, (1, 2))).astype(np.float32)
            self._shape, self._of_shape = shape.copy(), (rest, self._moments.first(shape, rest))
        return self._of_shape

    def by_shape(self, rotations: F32, shape: F32) -> tuple[F64, F64]:
        """Keypoints (K, 3) m relative to the root of one rig, and their derivative (K, 3, B), which is constant."""
        count = len(shape)
        shapes = np.concatenate([shape[None], shape + np.eye(count, dtype=np.float32)])
        many = np.repeat(rotations[None], count + 1, axis=0)
        points = self(many, shapes, np.zeros((count + 1, 3), np.float32)).astype(np.float64)
        return points[0], np.moveaxis(points[1:] - points[0], 0, -1)

    def stature(self, shape: F32) -> F64:
        """Statures (...) in meters of people with shapes (..., B), or fewer entries."""
        dirs = self._stature_dirs[: shape.shape[-1]]
        stature: F64 = self._stature_m + shape.astype(np.float64) @ dirs
        return stature
