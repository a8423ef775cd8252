"""An SMPL-format body: blend shapes, skeleton and linear blend skinning (Loper et al., SMPL, 2015, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.checked_arrays import CheckedArrays
from engines.errors import ModelError
from engines.files.npz import read_npz
from engines.joint_sets import COCO17
from meshcast.protocol.body import F32, I32, Lod, UvMap

ZOO = Path(__file__).parents[1] / "zoo"
FAMILIES = {16: "mano", 24: "smpl", 52: "smplh", 55: "smplx"}  # by the number of joints
WEIGHT_SUM_ERROR = 1e-3
REQUIRED = ("v_template", "shapedirs", "weights", "J_regressor", "kintree_table", "f")
SURFACE = ("coco17_regressor", "feet6_regressor", "mirror", "coco17_names", "feet6_names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """V vertices, J joints, B shape directions; meters, Y up, facing +Z, T-pose (hands: the palm's own axes).

    v_template (V, 3), shape_dirs (V, 3, B), of which the last `expressions` are of the face, weights (V, J) with rows
    that sum to 1, joint_regressor (J, V), parents (J,) int32 (-1 at the root, else before the joint), faces (F, 3)
    int32 outward; pose_dirs (V, 3, 9 (J - 1)): pose blend shapes, None where the body has none; lod: the
    coarser mesh of its file, else None (see engines.body.lod.lod_of).
    """

    name: str
    v_template: F32
    shape_dirs: F32
    weights: F32
    joint_regressor: F32
    parents: I32
    faces: I32
    joint_names: tuple[str, ...]
    pose_dirs: F32 | None = None
    expressions: int = 0
    uv: UvMap | None = None
    lod: Lod | None = None

    @property
    def family(self) -> str:
        """The family of body models with as many joints: "smpl", "smplh", "smplx" or "mano"; else "other"."""
        return FAMILIES.get(len(self.parents), "other")

    def rest(self, shape: F32) -> tuple[F32, F32]:
        """Rest vertices (N, V, 3) and joints (N, J, 3) for shapes (N, B)."""
        vertices = self.v_template + np.einsum("vcb,nb->nvc", self.shape_dirs, shape, optimize=True)
        return vertices, np.einsum("jv,nvc->njc", self.joint_regressor, vertices, optimize=True)

    def skin(self, rotations: F32, shape: F32) -> tuple[F32, F32]:
        """Posed vertices (N, V, 3) and joints (N, J, 3) for local rotations (N, J, 3, 3) and shapes (N, B).

        Eq. 2 to 4, with the pose blend shapes of eq. 8 and 9 where there are any. The identity is the rest pose, of
        hands too: add the mean of a hand's pose where one is meant. The root stays at its rest position; add the
        translation afterwards. This is the definition; engines.body.skinning.Skinner computes the same many times
        faster.
        """
        vertices, joints = self.rest(shape)
        rotation, posed = kinematic_chain(rotations, joints, self.parents)
        if self.pose_dirs is not None:
            # Pose blend shapes move the surface only, not the joints.
            vertices = vertices + pose_offsets(self.pose_dirs, rotations)
        offset = posed - np.einsum("njab,njb->nja", rotation, joints)
        blend = self.weights @ np.concatenate([rotation.reshape(*joints.shape[:2], 9), offset], -1)
        skinned = np.einsum("nvab,nvb->nva", blend[..., :9].reshape(*vertices.shape, 3), vertices) + blend[..., 9:]
        return skinned.astype(np.float32), posed.astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceBody(Body):
    """A body with landmarks on its skin.

    coco_regressor (17, V) and feet_regressor (6, V) give them from posed vertices; mirror (V,) int32 is the index of
    the mirrored vertex.
    """

    coco_regressor: F32
    feet_regressor: F32
    mirror: I32
    coco_names: tuple[str, ...]
    feet_names: tuple[str, ...]


def pose_offsets(pose_dirs: F32, rotations: F32) -> F32:
    """Pose blend shapes (N, V, 3): pose_dirs times the row-major R - I of joints 1 to J - 1 (SMPL eq. 8 and 9)."""
    vertices, _, features = pose_dirs.shape
    feature = (rotations[:, 1:] - np.eye(3, dtype=np.float32)).reshape(len(rotations), features)
    offsets: F32 = (feature @ pose_dirs.reshape(-1, features).T).reshape(-1, vertices, 3)
    return offsets


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


def load_body(path: str | Path) -> Body:
    """Read a body in the layout of zoo/open_smpl_body.npz, which engines.importing.body_file writes; the file's stem
    names it.

    A SurfaceBody where the file has landmarks. Raises ModelError, naming the array that does not fit.
    """
    return body_from_arrays(path, read_npz(path, "a body file"))


def load_surface_body(path: str | Path) -> SurfaceBody:
    """Like load_body, but raises ModelError when the file has no landmarks."""
    body = load_body(path)
    if not isinstance(body, SurfaceBody):
        raise ModelError(f"{path}: a body without landmarks, as {SURFACE[0]} is missing; use a body with them")
    return body


@cache
def open_body() -> SurfaceBody:
    """The bundled body of the default mesh model: 6890 vertices, 13776 faces, 24 joints, 10 shape directions."""
    return load_surface_body(ZOO / "open_smpl_body.npz")


def body_from_arrays(path: str | Path, arrays: Mapping[str, NDArray[Any]]) -> Body:
    """A body from the arrays of an SMPL-format file, under its names, plus `joint_names`; all are checked.

    Optional are posedirs, vt with ft, lod_vertices with lod_faces, expressions and, together, the landmarks. Raises
    ModelError, which names the array that does not fit and says what was expected.
    """
    wanted = (*REQUIRED, "joint_names", *(SURFACE if SURFACE[0] in arrays else ()))
    if missing := [key for key in wanted if key not in arrays]:
        raise ModelError(f"{path}: not a body file: {missing[0]} is missing")
    read = CheckedArrays(path, arrays)
    v_template = read.floats("v_template", "V", 3)
    vertices = len(v_template)
    parents = _parents(read)
    joints = len(parents)
    weights = read.floats("weights", vertices, joints)
    worst = float(np.abs(weights.sum(1) - 1).max())
    if worst > WEIGHT_SUM_ERROR:
        raise ModelError(f"{path}: weights: a row is off by {worst:.3g}; expected rows that sum to 1")
    fields: dict[str, Any] = {
        "name": Path(path).stem,
        "v_template": v_template,
        "shape_dirs": read.floats("shapedirs", vertices, 3, "B"),
        "weights": weights,
        "joint_regressor": read.floats("J_regressor", joints, vertices),
        "parents": parents,
        "faces": read.indices("f", vertices, "F", 3),
        "joint_names": read.names("joint_names", joints),
    }
    if "posedirs" in arrays:
        fields["pose_dirs"] = read.floats("posedirs", vertices, 3, 9 * (joints - 1))
    if "expressions" in arrays:
        fields["expressions"] = int(read.indices("expressions", fields["shape_dirs"].shape[2] + 1))
    if "vt" in arrays and "ft" in arrays:
        coordinates = read.floats("vt", "T", 2)
        fields["uv"] = UvMap(coordinates, read.indices("ft", len(coordinates), len(fields["faces"]), 3))
    if "lod_vertices" in arrays and "lod_faces" in arrays:
        fields["lod"] = _lod(read, vertices)
    if SURFACE[0] not in arrays:
        return Body(**fields)
    return SurfaceBody(
        **fields,
        coco_regressor=read.floats("coco17_regressor", len(COCO17), vertices),
        feet_regressor=read.floats("feet6_regressor", 6, vertices),
        mirror=read.indices("mirror", vertices, vertices),
        coco_names=read.names("coco17_names", len(COCO17)),
        feet_names=read.names("feet6_names", 6),
    )


def _lod(read: CheckedArrays, vertices: int) -> Lod:
    """The coarser mesh on some of the body's vertices."""
    kept = read.indices("lod_vertices", vertices, "L")
    if (np.diff(kept) <= 0).any():
        raise ModelError(f"{read.path}: lod_vertices is not rising; expected every vertex once, in order")
    return Lod(kept, read.indices("lod_faces", len(kept), "G", 3))


def _parents(read: CheckedArrays) -> I32:
    """Parents (J,) from the kinematic tree (2, J): parents and joints. The root's parent is any number in files."""
    table = read.integers("kintree_table", 2, "J")
    joints = np.arange(table.shape[1])
    if (table[1] != joints).any() or (table[0, 1:] < 0).any() or (table[0, 1:] >= joints[1:]).any():
        raise ModelError(f"{read.path}: kintree_table is no tree of joints 0 to J - 1 with parents before children")
    parents: I32 = table[0].astype(np.int32)
    parents[0] = -1
    return parents
