"""The points of 2D keypoints on a posed body as moments: linear in the joints' transforms, without the surface."""

from __future__ import annotations

import numpy as np

from engines.body.body import Body
from engines.body.rig_points import RigPoints
from engines.heads.landmarks import surface_points
from meshcast.protocol.body import F32


class PointMoments:
    """Moments of named points: p = sum over j of G_j (first[j] - zeroth[j] rest_j) + zeroth[j] p_j.

    G_j and p_j are the world rotations and places of the joints, rest_j the resting joints. A point is that of the
    body's surface, or the joint of that name.

    Attributes:
        known: (K,) bool, the names that the body has a point for; the moments of the others are zero.
        zeroth: (K, J) float32, sums of the points' skinning weights.
    """

    def __init__(self, body: Body, names: tuple[str, ...]) -> None:
        self._on_skin, regressor = surface_points(body, names)
        self._skin = RigPoints(body, regressor)
        joints = {name: j for j, name in enumerate(body.joint_names)}
        inside = [(k, joints[name]) for k, name in enumerate(names) if name in joints and not self._on_skin[k]]
        self._inside = np.array(inside, int).reshape(-1, 2)
        self.known = self._on_skin.copy()
        self.known[self._inside[:, 0]] = True
        self.zeroth = np.zeros((len(names), len(body.parents)), np.float32)
        self.zeroth[self._on_skin] = self._skin.mass
        self.zeroth[self._inside[:, 0], self._inside[:, 1]] = 1

    def first(self, shape: F32, rest_joints: F32) -> F32:
        """First moments (N, K, J, 3) in meters of bodies with shapes (N, B) and resting joints (N, J, 3)."""
        first = np.zeros((len(shape), *self.zeroth.shape, 3), np.float32)
        first[:, self._on_skin] = self._skin.moments(shape)
        k, j = self._inside.T
        first[:, k, j] = rest_joints[:, j]
        return first

    def points(self, first: F32, rest_joints: F32, orientations: F32, positions: F32) -> F32:
        """The points (N, K, 3) of posed bodies, in the frame of their positions; 0 for those that are not known.

        Args:
            first: (N, K, J, 3), as first() returns them.
            rest_joints: (N, J, 3) m.
            orientations: (N, J, 3, 3), world rotations of the joints.
            positions: (N, J, 3) m, places of the joints.
        """
        arms = first - self.zeroth[..., None] * rest_joints[:, None]
        turned = arms.transpose(0, 2, 1, 3) @ orientations.swapaxes(-1, -2)  # (N, J, K, 3)
        points: F32 = turned.sum(1) + self.zeroth @ positions
        return points
