"""Points of a posed body that need no mesh: linear blend skinning makes them linear in the joints' transforms."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from engines.body.body import Body, SurfaceBody
from meshcast.protocol.body import F32


class PointMoments:
    """Moments of named points: p = sum over j of G_j (first[j] - zeroth[j] rest_j) + zeroth[j] p_j.

    G_j and p_j are the world rotations and places of the joints, rest_j the resting joints; pose blend shapes are left
    out. A point is a weighted mean of the vertices by one of the body's surface regressors, or the joint of that name.

    Attributes:
        known: (K,) bool, the names that the body has a point for; the moments of the others are zero.
        zeroth: (K, J) float32, sums of the points' skinning weights.
    """

    def __init__(self, body: Body, names: tuple[str, ...]) -> None:
        vertices, _, shapes = body.shape_dirs.shape
        joints = {name: j for j, name in enumerate(body.joint_names)}
        surface = _surface(body)
        self.known = np.array([name in surface or name in joints for name in names], bool)
        count, joint_count = len(names), len(body.parents)
        self.zeroth = np.zeros((count, joint_count), np.float32)
        first = np.zeros((count, joint_count, 3), np.float32)
        dirs = np.zeros((count, joint_count, 3, shapes), np.float32)
        flat_dirs = body.shape_dirs.reshape(vertices, -1)
        for k, name in enumerate(names):
            if name in surface:
                rows = np.flatnonzero(surface[name])
                shares = surface[name][rows, None] * body.weights[rows]  # (R, J)
                self.zeroth[k] = shares.sum(0)
                first[k] = shares.T @ body.v_template[rows]
                dirs[k] = (shares.T @ flat_dirs[rows]).reshape(joint_count, 3, shapes)
            elif name in joints:
                j = joints[name]
                regressor = sparse.csr_array(body.joint_regressor[j : j + 1])
                self.zeroth[k, j] = 1
                first[k, j] = (regressor @ body.v_template)[0]
                dirs[k, j] = (regressor @ flat_dirs).reshape(3, shapes)
        self._first, self._dirs = first, dirs.reshape(-1, shapes).T.copy()

    def first(self, shape: F32) -> F32:
        """First moments (N, K, J, 3) in meters of bodies with shapes (N, B); B may be less than the body's."""
        moved = (shape @ self._dirs[: shape.shape[1]]).reshape(len(shape), *self._first.shape)
        return np.ascontiguousarray(self._first + moved, np.float32)


def _surface(body: Body) -> dict[str, F32]:
    """The body's surface regressors by name; those of the face and limbs have precedence over the feet's."""
    if not isinstance(body, SurfaceBody):
        return {}
    feet = dict(zip(body.feet_names, body.feet_regressor, strict=True))
    return feet | dict(zip(body.coco_names, body.coco_regressor, strict=True))
