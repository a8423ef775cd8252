"""The rig of a body, with which a client poses it: skeleton, skinning weights and shape directions."""

from __future__ import annotations

import numpy as np

from engines.body.body import Body
from engines.errors import ModelError
from meshcast.protocol.body import INFLUENCES, Rig


def rig_of(body: Body) -> Rig:
    """The rig of a body: of each vertex the 4 largest weights, normalized to the sum 1 (ties: the lower joint).

    Joints are regressed from the resting surface, so that rest_joints + joint_shape_dirs @ shape are those of
    Body.rest. A rig has no pose blend shapes. Raises ModelError for a vertex without a positive weight or
    more joints than a byte can count.
    """
    joints = len(body.parents)
    if joints > 256:
        raise ModelError(f"{body.name}: a rig has at most 256 joints, not {joints}")
    weights = np.maximum(body.weights, 0)
    order = np.argsort(-weights, axis=1, kind="stable")[:, :INFLUENCES]
    largest = np.take_along_axis(weights, order, 1).astype(np.float64)
    total = largest.sum(1, keepdims=True)
    if not (total > 0).all():
        raise ModelError(f"{body.name}: vertex {int(np.argmin(total))} has no positive weight; expected at least one")
    unused = INFLUENCES - order.shape[1]
    shares = np.pad((largest / total).astype(np.float32), ((0, 0), (0, unused)))
    influences = np.where(shares > 0, np.pad(order, ((0, 0), (0, unused))), 0)
    used = np.flatnonzero(body.joint_regressor.any(0))
    regressor, directions = body.joint_regressor[:, used].astype(np.float64), body.shape_dirs.shape[2]
    moved = regressor @ body.shape_dirs[used].reshape(len(used), 3 * directions)
    return Rig(
        rest_joints=(regressor @ body.v_template[used]).astype(np.float32),
        joints=influences.astype(np.uint8),
        weights=shares,
        shape_dirs=np.asarray(body.shape_dirs, np.float32),
        joint_shape_dirs=moved.reshape(joints, 3, directions).astype(np.float32),
    )
