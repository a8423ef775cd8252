"""An SMPL-format body: rest shape, skeleton and linear blend skinning (Loper et al., SMPL, 2015, eq. 2 to 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.npz import read_npz

F32 = NDArray[np.float32]
ZOO = Path(__file__).parent / "zoo"


@dataclass(frozen=True, slots=True)
class Body:
    """V vertices, J = 24 joints in SMPL's order, B shape directions; metres, Y up, facing +Z, T-pose.

    v_template (V, 3), shape_dirs (V, 3, B), weights (V, J), joint_regressor (J, V), parents (J,) int32 (-1 at the
    root), faces (F, 3) int32 outward; coco_regressor (17, V) and feet_regressor (6, V) give surface keypoints from
    posed vertices; mirror (V,) int32 is the index of the mirrored vertex.
    """

    name: str
    v_template: F32
    shape_dirs: F32
    weights: F32
    joint_regressor: F32
    parents: NDArray[np.int32]
    faces: NDArray[np.int32]
    coco_regressor: F32
    feet_regressor: F32
    mirror: NDArray[np.int32]
    joint_names: tuple[str, ...]
    coco_names: tuple[str, ...]
    feet_names: tuple[str, ...]

    def rest(self, shape: F32) -> tuple[F32, F32]:
        """Rest vertices (N, V, 3) and joints (N, J, 3) for shapes (N, B)."""
        vertices = self.v_template + np.einsum("vcb,nb->nvc", self.shape_dirs, shape, optimize=True)
        return vertices, np.einsum("jv,nvc->njc", self.joint_regressor, vertices, optimize=True)

    def skin(self, rotations: F32, shape: F32) -> tuple[F32, F32]:
        """Posed vertices (N, V, 3) and joints (N, J, 3) for rotations (N, J, 3, 3) and shapes (N, B).

        The root stays at its rest position; add the translation afterwards.
        """
        vertices, joints = self.rest(shape)
        rotation, posed = kinematic_chain(rotations, joints, self.parents)
        offset = posed - np.einsum("njab,njb->nja", rotation, joints)
        blend = np.einsum(
            "vj,njx->nvx",
            self.weights,
            np.concatenate([rotation.reshape(*joints.shape[:2], 9), offset], -1),
            optimize=True,
        )
        skinned = np.einsum("nvab,nvb->nva", blend[..., :9].reshape(*vertices.shape, 3), vertices) + blend[..., 9:]
        return skinned.astype(np.float32), posed.astype(np.float32)


def kinematic_chain(rotations: F32, joints: F32, parents: NDArray[np.int32]) -> tuple[F32, F32]:
    """World rotations (N, J, 3, 3) and positions (N, J, 3) from local rotations and rest joints (N, J, 3)."""
    rotation = np.empty_like(rotations)
    position = np.empty_like(joints)
    rotation[:, 0], position[:, 0] = rotations[:, 0], joints[:, 0]
    for child in range(1, len(parents)):
        parent = parents[child]
        rotation[:, child] = rotation[:, parent] @ rotations[:, child]
        bone = (joints[:, child] - joints[:, parent])[..., None]
        position[:, child] = position[:, parent] + (rotation[:, parent] @ bone)[..., 0]
    return rotation, position


def rotmat(rotvec: NDArray[np.floating]) -> F32:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., 3) in radians (Rodrigues' formula)."""
    v = np.asarray(rotvec, np.float64)
    angle = np.linalg.norm(v, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(v, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*v.shape, 3)
    small = angle < 1e-8
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1.0, np.sin(safe) / safe)
    b = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    matrices: F32 = (np.eye(3) + a * cross + b * (cross @ cross)).astype(np.float32)
    return matrices


def load_body(path: str | Path) -> Body:
    """Read a body from `.npz` (the layout of zoo/open_smpl_body.npz). Raises ModelError when it is not one."""
    z = read_npz(path, "a body file")
    try:
        return Body(
            name=Path(path).stem,
            v_template=z["v_template"].astype(np.float32),
            shape_dirs=z["shapedirs"].astype(np.float32),
            weights=z["weights"].astype(np.float32),
            joint_regressor=z["J_regressor"].astype(np.float32),
            parents=z["kintree_table"][0].astype(np.int32),
            faces=z["f"].astype(np.int32),
            coco_regressor=z["coco17_regressor"].astype(np.float32),
            feet_regressor=z["feet6_regressor"].astype(np.float32),
            mirror=z["mirror"].astype(np.int32),
            joint_names=tuple(str(n) for n in z["joint_names"]),
            coco_names=tuple(str(n) for n in z["coco17_names"]),
            feet_names=tuple(str(n) for n in z["feet6_names"]),
        )
    except KeyError as missing:
        raise ModelError(f"{path}: not a body file: {missing.args[0]} is missing") from None


@cache
def open_body() -> Body:
    """The open body that the default mesh model draws: 6890 vertices, 13776 faces, 24 joints, 10 shape directions."""
    return load_body(ZOO / "open_smpl_body.npz")
