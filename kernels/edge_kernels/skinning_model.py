"""A body of blend shapes and linear blend skinning, packed once and posed often."""

from __future__ import annotations

import threading
from typing import Any, Literal, NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from edge_kernels._backend import skinning
from edge_kernels.reference.skinning import BLOCK, workspace_floats

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U16 = NDArray[np.uint16]
Vertices = TypeVar("Vertices", NDArray[np.float32], NDArray[np.float16])
INT16_MAX = 32767


class SkinningConstants(NamedTuple):
    """The constants of the operator `skinning` in its order; skinning.hpp says what they hold."""

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


class Skinning:
    """An SMPL-format body (Loper et al., SMPL, 2015): V vertices, J joints, B shape directions, meters.

    v_template (V, 3), shape_dirs (V, 3, B), pose_dirs (V, 3, 9 (J - 1)) or None, weights (V, J), joint_regressor
    (J, V), parents (J,), each before its joint; the root's is not looked at. With storage "int16" the pose blend
    shapes are held as 16-bit fixed point, scaled for each coordinate of each vertex: half the memory traffic, and an
    error of at most 1 / 65534 of the coordinate's largest element times the sum of |R - I|. Calls may come from
    several threads. Raises ValueError for shapes or parents that do not fit.
    """

    __slots__ = ("_scratch", "constants", "vertices")

    def __init__(
        self,
        v_template: F32,
        shape_dirs: F32,
        pose_dirs: F32 | None,
        weights: F32,
        joint_regressor: F32,
        parents: NDArray[np.integer[Any]],
        *,
        storage: Literal["float32", "int16"] = "float32",
    ) -> None:
        vertices = _checked_vertices(v_template, shape_dirs, pose_dirs, weights, joint_regressor, parents)
        if storage not in ("float32", "int16"):
            raise ValueError(f"storage must be float32 or int16, not {storage}")
        if pose_dirs is None:
            pose_dirs = np.zeros((vertices, 3, 0), np.float32)
        packed = _blocks(np.asarray(pose_dirs, np.float32))
        scale = np.ones((len(packed), 3, BLOCK), np.float32)
        stored: F32 | NDArray[np.int16] = packed
        if storage == "int16":
            largest = np.maximum(packed.max(1, initial=0), -packed.min(1, initial=0))
            moves = largest > np.finfo(np.float32).tiny * INT16_MAX  # else the scale would be no normal number
            scale = np.ascontiguousarray(np.where(moves, largest / INT16_MAX, 1), np.float32)
            stored = np.ascontiguousarray(np.rint(packed / scale[:, None]), np.int16)
        self.constants = SkinningConstants(
            _blocks(np.asarray(v_template, np.float32)[..., None])[:, 0],
            _blocks(np.asarray(shape_dirs, np.float32)),
            stored,
            scale,
            *_block_sparse(np.asarray(weights, np.float32)),
            np.ascontiguousarray(_regressed(joint_regressor, v_template), np.float32),
            np.ascontiguousarray(_regressed(joint_regressor, shape_dirs), np.float32),
            np.ascontiguousarray(parents, np.int32),
        )
        self.vertices = vertices
        self._scratch = _Scratch()

    @overload
    def __call__(
        self, rotations: F32, shape: F32, translation: F32 | None = None, out: None = None
    ) -> tuple[F32, F32]: ...
    @overload
    def __call__(
        self, rotations: F32, shape: F32, translation: F32 | None = None, *, out: tuple[Vertices, F32]
    ) -> tuple[Vertices, F32]: ...
    @overload
    def __call__(
        self, rotations: F32, shape: F32, translation: F32 | None, out: tuple[Vertices, F32]
    ) -> tuple[Vertices, F32]: ...
    def __call__(
        self, rotations: F32, shape: F32, translation: F32 | None = None, out: tuple[NDArray[Any], F32] | None = None
    ) -> tuple[NDArray[Any], F32]:
        """Posed vertices (N, V, 3) and joints (N, J, 3), float32, translation added.

        rotations (N, J, 3, 3), local; shape (N, B); translation (N, 3), float32. With `out` the results are written
        there and nothing is allocated; its vertices may be float16. Raises TypeError for another dtype, ValueError for
        another shape.
        """
        if out is None:
            people = len(rotations)
            out = np.empty((people, self.vertices, 3), np.float32), self._joints(people)
        self._run(rotations, shape, translation, *out, None)
        return out

    def quantized(
        self,
        rotations: F32,
        shape: F32,
        translation: F32 | None = None,
        out: tuple[U16, F32, F32] | None = None,
    ) -> tuple[U16, F32, F32]:
        """Levels (N, V, 3) uint16, bounds (N, 2, 3) and joints (N, J, 3) float32: vertex = low + step * level.

        bounds[:, 0] is the lowest coordinate of each person's vertices and bounds[:, 1] the step, so that the highest
        is at level 65535: the numbers that the wire format sends. For vertices that are not finite the bounds are
        not-a-number and the levels 0. Arguments and errors as above.
        """
        if out is None:
            people = len(rotations)
            levels = np.empty((people, self.vertices, 3), np.uint16)
            out = levels, np.empty((people, 2, 3), np.float32), self._joints(people)
        levels, bounds, joints = out
        self._run(rotations, shape, translation, levels, joints, bounds)
        return out

    def _joints(self, people: int) -> F32:
        return np.empty((people, len(self.constants.parents), 3), np.float32)

    def _run(
        self,
        rotations: F32,
        shape: F32,
        translation: F32 | None,
        vertices: NDArray[Any],
        joints: F32,
        bounds: F32 | None,
    ) -> None:
        constants = self.constants
        joint_count, _, shapes = constants.joint_dirs.shape
        if rotations.shape[1:] != (joint_count, 3, 3):
            raise ValueError(f"rotations must have the shape (N, {joint_count}, 3, 3), not {rotations.shape}")
        if shape.shape[1:] != (shapes,):
            raise ValueError(f"shape must have the shape (N, {shapes}), not {shape.shape}")
        if vertices.shape[1:] != (self.vertices, 3):
            raise ValueError(f"vertices must have the shape (N, {self.vertices}, 3), not {vertices.shape}")
        columns = workspace_floats(
            len(constants.template), joint_count, constants.pose_dirs.shape[1], bounds is not None
        )
        skinning(
            *constants,
            np.ascontiguousarray(rotations),
            np.ascontiguousarray(shape),
            None if translation is None else np.ascontiguousarray(translation),
            self._scratch.of(len(rotations), columns),
            vertices,
            joints,
            bounds,
        )


class _Scratch(threading.local):
    """A workspace a thread, kept between calls."""

    def __init__(self) -> None:
        self._floats = np.empty(0, np.float32)

    def of(self, people: int, columns: int) -> F32:
        if self._floats.size < people * columns:
            self._floats = np.empty(people * columns, np.float32)
        return self._floats[: people * columns].reshape(people, columns)


def _checked_vertices(
    v_template: F32,
    shape_dirs: F32,
    pose_dirs: F32 | None,
    weights: F32,
    joint_regressor: F32,
    parents: NDArray[np.integer[Any]],
) -> int:
    """V, or ValueError for arrays that do not fit each other."""
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
    return vertices


def _regressed(joint_regressor: F32, of_vertices: F32) -> NDArray[np.float64]:
    """The joints' share of what is known for vertices (V, ...): (J, ...). Once, so in float64."""
    return np.tensordot(joint_regressor.astype(np.float64), of_vertices.astype(np.float64), 1)


def _blocks(dirs: F32) -> F32:
    """Directions (V, 3, D) as blocks of vertices (C, D, 3, BLOCK), padded with zeros."""
    vertices, _, directions = dirs.shape
    blocks = -(-vertices // BLOCK)
    padded = np.zeros((blocks * BLOCK, 3, directions), np.float32)
    padded[:vertices] = dirs
    return np.ascontiguousarray(padded.reshape(blocks, BLOCK, 3, directions).transpose(0, 3, 2, 1))


def _block_sparse(weights: F32) -> tuple[I32, I32, F32]:
    """Starts (C + 1,), bones (E,) and weights (E, BLOCK) of the joints that each block of vertices knows."""
    blocks = _blocks(weights[:, None].repeat(3, 1))[:, :, 0]
    block, bones = np.nonzero(blocks.any(2))
    starts = np.searchsorted(block, np.arange(len(blocks) + 1))
    return starts.astype(np.int32), bones.astype(np.int32), np.ascontiguousarray(blocks[block, bones])
