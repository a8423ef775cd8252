"""Named points of a body: its joints, and the keypoints that are regressed from its surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engines.body.body import Body, SurfaceBody

F32 = NDArray[np.float32]


class Landmarks:
    """Points of a posed body by the names of 2D keypoints.

    The body's surface regressors have precedence, because a detector's "left_hip" is a point on the skin. Without one
    the joint of the same name is used; a name without either becomes NaN.
    """

    def __init__(self, body: Body, names: tuple[str, ...]) -> None:
        self._count = len(names)
        known = {}
        if isinstance(body, SurfaceBody):
            known = dict(zip(body.coco_names, body.coco_regressor, strict=True))
        joints = {name: index for index, name in enumerate(body.joint_names)}
        self._on_skin = [i for i, name in enumerate(names) if name in known]
        self._joint = [i for i, name in enumerate(names) if name not in known and name in joints]
        self._joint_index = [joints[names[i]] for i in self._joint]
        rows = (
            np.stack([known[names[i]] for i in self._on_skin]) if self._on_skin else np.zeros((0, len(body.v_template)))
        )
        self._regressor = sparse.csr_array(rows.astype(np.float32))

    @property
    def known(self) -> int:
        """The number of names that the body has a point for."""
        return len(self._on_skin) + len(self._joint)

    def __call__(self, vertices: F32, joints: F32) -> F32:
        """Points (N, K, 3) of vertices (N, V, 3) and joints (N, J, 3)."""
        points = np.full((len(vertices), self._count, 3), np.nan, np.float32)
        points[:, self._joint] = joints[:, self._joint_index]
        if self._on_skin:
            points[:, self._on_skin] = regress(self._regressor, vertices)
        return points


def surface_points(body: Body, names: tuple[str, ...]) -> tuple[NDArray[np.bool_], F32]:
    """Which of the names (K,) the body's surface has a point for, on the face, limbs and feet, and the regressor (R, V)
    of those."""
    known: dict[str, F32] = {}
    if isinstance(body, SurfaceBody):
        known = dict(zip(body.feet_names, body.feet_regressor, strict=True))
        known |= dict(zip(body.coco_names, body.coco_regressor, strict=True))
    found = np.array([name in known for name in names], bool)
    rows = [known[name] for name in names if name in known]
    return found, np.stack(rows) if rows else np.zeros((0, len(body.v_template)), np.float32)


def regress(regressor: sparse.csr_array, vertices: F32) -> F32:
    """Points (N, P, 3), each a weighted mean of vertices (N, V, 3) by a row of the sparse regressor (P, V)."""
    count, size, _ = vertices.shape
    columns = vertices.transpose(1, 0, 2).reshape(size, count * 3)
    points: F32 = np.asarray(regressor @ columns, np.float32)
    apart: F32 = points.reshape(len(points), count, 3).transpose(1, 0, 2)
    return apart
