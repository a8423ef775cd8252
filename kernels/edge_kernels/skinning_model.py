"""The constants of the operator `skinning`: a body of blend shapes, packed in blocks of vertices."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

BLOCK = 32  # vertices of a block: a warp of a GPU, two of the widest vectors of a CPU
INT16_MAX = 32767


class SkinningModel(NamedTuple):
    """A body as the operator `skinning` reads it: C blocks of 32 vertices, the last one padded with zeros.

    Attributes:
        template: (C, 3, 32) float32, vertices of the rest pose, m.
        shape_dirs: (C, B, 3, 32) float32, shape blend shapes, m.
        pose_dirs: (C, P, 3, 32) float32 or int16, pose blend shapes; P = 9 (J - 1), or 0 for a body without.
        pose_scale: (C, 3, 32) float32, m for a unit of pose_dirs.
        starts: (C + 1,) int32: block c is moved by the joints bones[starts[c]] to bones[starts[c + 1] - 1].
        bones: (E,) int32, joints.
        weights: (E, 32) float32, skinning weights of the vertices of a block for one joint.
        joint_template: (J, 3) float32, joints of the rest pose, m.
        joint_dirs: (J, 3, B) float32, what shape adds to the joints, m.
        parents: (J,) int32, each before its joint; the root's is ignored.
    """

    template: F32
    shape_dirs: F32
    pose_dirs: F32 | NDArray[np.int16]
    pose_scale: F32
    starts: I32
    bones: I32
    weights: F32
    joint_template: F32
    joint_dirs: F32
    parents: I32

    @classmethod
    def pack(
        cls,
        v_template: F32,
        shape_dirs: F32,
        pose_dirs: F32 | None,
        weights: F32,
        joint_regressor: F32,
        parents: NDArray[np.integer[Any]],
        *,
        storage: Literal["float32", "int16"] = "float32",
        chosen: NDArray[np.integer[Any]] | None = None,
    ) -> SkinningModel:
        """Packs the arrays of an SMPL-format body; arguments and errors as those of `Skinning`."""
        _check_body(v_template, shape_dirs, pose_dirs, weights, joint_regressor, parents)
        if storage not in ("float32", "int16"):
            raise ValueError(f"storage must be float32 or int16, not {storage}")
        joint_template, joint_dirs = (_regressed(joint_regressor, each) for each in (v_template, shape_dirs))
        if chosen is not None:
            v_template, shape_dirs, weights = v_template[chosen], shape_dirs[chosen], weights[chosen]
            pose_dirs = None if pose_dirs is None else pose_dirs[chosen]
        if pose_dirs is None:
            pose_dirs = np.zeros((len(v_template), 3, 0), np.float32)
        stored, scale = _stored(_blocks(np.asarray(pose_dirs, np.float32)), storage)
        return cls(
            _blocks(np.asarray(v_template, np.float32)[..., None])[:, 0],
            _blocks(np.asarray(shape_dirs, np.float32)),
            stored,
            scale,
            *_block_sparse(np.asarray(weights, np.float32)),
            np.ascontiguousarray(joint_template, np.float32),
            np.ascontiguousarray(joint_dirs, np.float32),
            np.ascontiguousarray(parents, np.int32),
        )


def _stored(packed: F32, storage: str) -> tuple[F32 | NDArray[np.int16], F32]:
    """Pose blend shapes (C, P, 3, BLOCK) in the type of the storage, and their scale (C, 3, BLOCK)."""
    if storage == "float32":
        return packed, np.ones((len(packed), 3, BLOCK), np.float32)
    largest = np.maximum(packed.max(1, initial=0), -packed.min(1, initial=0))
    moves = largest > np.finfo(np.float32).tiny * INT16_MAX  # else the scale would be no normal number
    scale = np.ascontiguousarray(np.where(moves, largest / INT16_MAX, 1), np.float32)
    return np.ascontiguousarray(np.rint(packed / scale[:, None]), np.int16), scale


def _check_body(
    v_template: F32,
    shape_dirs: F32,
    pose_dirs: F32 | None,
    weights: F32,
    joint_regressor: F32,
    parents: NDArray[np.integer[Any]],
) -> None:
    """ValueError for arrays that do not fit each other."""
    vertices, joints = len(v_template), len(parents)
    if vertices == 0 or joints == 0:
        raise ValueError(f"a body needs vertices and joints, not {vertices} and {joints}")
    wanted: list[tuple[str, NDArray[Any], tuple[int, ...]]] = [
        ("v_template", v_template, (vertices, 3)),
        ("shape_dirs", shape_dirs, (vertices, 3, shape_dirs.shape[-1] if shape_dirs.ndim else 0)),
        ("weights", weights, (vertices, joints)),
        ("joint_regressor", joint_regressor, (joints, vertices)),
        ("parents", parents, (joints,)),
    ]
    if pose_dirs is not None:
        wanted.append(("pose_dirs", pose_dirs, (vertices, 3, 9 * (joints - 1))))
    for name, array, shape in wanted:
        if array.shape != shape:
            raise ValueError(f"{name} must have the shape {shape}, not {array.shape}")
    if (parents[1:] < 0).any() or (parents[1:] >= np.arange(1, joints)).any():
        raise ValueError(f"parents must come before their joints: {parents.tolist()}")


def _regressed(joint_regressor: F32, of_vertices: F32) -> NDArray[np.float64]:
    """Joint values (J, ...) regressed from those of the vertices (V, ...); in float64, as it happens once."""
    used = np.flatnonzero(joint_regressor.any(0))
    return np.tensordot(joint_regressor[:, used].astype(np.float64), of_vertices[used].astype(np.float64), 1)


def _blocks(dirs: F32) -> F32:
    """Directions (V, 3, D) as blocks of vertices (C, D, 3, BLOCK), padded with zeros."""
    vertices, _, directions = dirs.shape
    blocks = -(-vertices // BLOCK)
    padded = np.zeros((blocks * BLOCK, 3, directions), np.float32)
    padded[:vertices] = dirs
    return np.ascontiguousarray(padded.reshape(blocks, BLOCK, 3, directions).transpose(0, 3, 2, 1))


def _block_sparse(weights: F32) -> tuple[I32, I32, F32]:
    """Starts (C + 1,), bones (E,) and weights (E, BLOCK) of the joints that move each block of vertices."""
    blocks = _blocks(weights[:, None].repeat(3, 1))[:, :, 0]
    block, bones = np.nonzero(blocks.any(2))
    starts = np.searchsorted(block, np.arange(len(blocks) + 1))
    return starts.astype(np.int32), bones.astype(np.int32), np.ascontiguousarray(blocks[block, bones])
