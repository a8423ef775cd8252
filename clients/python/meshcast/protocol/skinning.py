"""Linear blend skinning of "params" packets (Loper et al., SMPL, 2015, eq. 2 to 6)."""

from __future__ import annotations

import numpy as np

from meshcast.errors import WireError
from meshcast.protocol.body import F32, BodyModel
from meshcast.protocol.packets import People
from meshcast.protocol.rotations import rotmat


def skin(body: BodyModel, people: People) -> tuple[F32, F32]:
    """Compute the surface of the people of a "params" packet.

    Args:
        body: The body of the ModelPacket with the same model_id.
        people: N people with rotations and shape.

    Returns:
        Vertices (N, V, 3) and skeleton joints (N, P, 3), float32, in the axes and unit of the packet.

    Raises:
        WireError: The body has no rig, or other counts of joints or shape directions.
    """
    rig = body.rig
    N, P = people.rotvecs.shape[:2]
    if rig is None:
        raise WireError(f"body model {body.name} has no rig: subscribe to mesh/ for its vertices")
    if len(body.parents) != P or rig.shape_dirs.shape[2] != people.shape.shape[1]:
        raise WireError(f"body model {body.name} does not fit: {len(body.parents)} joints, {P} rotations")
    vertices = body.rest_vertices + np.einsum("vcb,nb->nvc", rig.shape_dirs, people.shape, optimize=True)
    joints = rig.rest_joints + np.einsum("jcb,nb->njc", rig.joint_shape_dirs, people.shape, optimize=True)
    rotation, position = pose_skeleton(rotmat(people.rotvecs), joints, body.parents.tolist(), people.translation)
    offset = position - np.einsum("njab,njb->nja", rotation, joints)
    bones = np.concatenate([rotation, offset[..., None]], -1).reshape(N, P, 12)
    blend = np.zeros((N, len(body.rest_vertices), 12), np.float32)
    for joint, weight in zip(rig.joints.T, rig.weights.T, strict=True):
        blend += bones[:, joint] * weight[:, None]
    affine = blend.reshape(*blend.shape[:2], 3, 4)
    skinned = np.einsum("nvab,nvb->nva", affine[..., :3], vertices) + affine[..., 3]
    return skinned.astype(np.float32), position


def pose_skeleton(rotations: F32, joints: F32, parents: list[int], translation: F32) -> tuple[F32, F32]:
    """World rotations (N, P, 3, 3) and positions (N, P, 3) from local rotations and rest joints; the root is at
    `translation` (N, 3)."""
    rotation, position = np.empty_like(rotations), np.empty_like(joints)
    for child, parent in enumerate(parents):
        if parent < 0:
            rotation[:, child], position[:, child] = rotations[:, child], translation
            continue
        rotation[:, child] = rotation[:, parent] @ rotations[:, child]
        bone = (joints[:, child] - joints[:, parent])[..., None]
        position[:, child] = position[:, parent] + (rotation[:, parent] @ bone)[..., 0]
    return rotation, position
