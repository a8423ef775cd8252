"""A body that is packed once and posed often."""

from __future__ import annotations

import threading
import warnings
from typing import Any, Literal, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from edge_kernels._backend import skinning
from edge_kernels.reference.skinning import workspace_floats
from edge_kernels.skinning_model import SkinningModel

F32 = NDArray[np.float32]
U16 = NDArray[np.uint16]
Vertices = TypeVar("Vertices", NDArray[np.float32], NDArray[np.float16])


class Skinning:
    """Poses an SMPL-format body (Loper et al., SMPL, 2015) with V vertices, J joints and B shape directions.

    Calls may come from several threads.

    Args:
        v_template: (V, 3) float32, vertices of the rest pose, m.
        shape_dirs: (V, 3, B) float32, m.
        pose_dirs: (V, 3, 9 (J - 1)) float32, m, or None for a body without pose blend shapes.
        weights: (V, J) float32, skinning weights.
        joint_regressor: (J, V) float32.
        parents: (J,), each before its joint; the root's is ignored.
        chosen: (C,), indices of the vertices that are posed; None: all, C = V.
        storage: "int16" stores the pose blend shapes as 16-bit fixed point, scaled for each coordinate of each vertex:
            half the memory traffic, and an error of at most 1 / 65534 of the coordinate's largest element times the sum
            of |R - I|.

    Raises:
        ValueError: Shapes or parents do not fit each other.
    """

    __slots__ = ("_scratch", "model", "vertices")

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
        chosen: NDArray[np.integer[Any]] | None = None,
    ) -> None:
        self.model = SkinningModel.pack(
            v_template, shape_dirs, pose_dirs, weights, joint_regressor, parents, storage=storage, chosen=chosen
        )
        self.vertices = len(v_template) if chosen is None else len(chosen)
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
        """Poses N people.

        Args:
            rotations: (N, J, 3, 3) float32, local.
            shape: (N, B) float32.
            translation: (N, 3) float32, m, added to vertices and joints.
            out: Vertices (N, V, 3) float32 or float16 and joints (N, J, 3) float32 to write to; a call then
                allocates no arrays.

        Returns:
            Posed vertices (N, V, 3) and joints (N, J, 3), m.

        Raises:
            TypeError: An array has another dtype.
            ValueError: An array has another shape.
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
        """Poses N people and quantizes the vertices as the wire format does; arguments and errors as those of a call.

        Returns:
            Levels (N, V, 3) uint16, bounds (N, 2, 3) and joints (N, J, 3) float32. A vertex is low + step * level:
            bounds[:, 0] is the lowest coordinate of each person's vertices and bounds[:, 1] the step, so that the
            highest is at level 65535. For vertices that are not finite the bounds are NaN and the levels 0.
        """
        if out is None:
            people = len(rotations)
            levels = np.empty((people, self.vertices, 3), np.uint16)
            out = levels, np.empty((people, 2, 3), np.float32), self._joints(people)
        levels, bounds, joints = out
        self._run(rotations, shape, translation, levels, joints, bounds)
        return out

    @property
    def constants(self) -> SkinningModel:
        """Deprecated name of `model`."""
        warnings.warn("Skinning.constants is deprecated; use Skinning.model", DeprecationWarning, stacklevel=2)
        return self.model

    def _joints(self, people: int) -> F32:
        return np.empty((people, len(self.model.parents), 3), np.float32)

    def _run(
        self,
        rotations: F32,
        shape: F32,
        translation: F32 | None,
        vertices: NDArray[Any],
        joints: F32,
        bounds: F32 | None,
    ) -> None:
        model = self.model
        joint_count, _, shapes = model.joint_dirs.shape
        if rotations.shape[1:] != (joint_count, 3, 3):
            raise ValueError(f"rotations must have the shape (N, {joint_count}, 3, 3), not {rotations.shape}")
        if shape.shape[1:] != (shapes,):
            raise ValueError(f"shape must have the shape (N, {shapes}), not {shape.shape}")
        if vertices.shape[1:] != (self.vertices, 3):
            raise ValueError(f"vertices must have the shape (N, {self.vertices}, 3), not {vertices.shape}")
        columns = workspace_floats(len(model.template), joint_count, model.pose_dirs.shape[1], bounds is not None)
        skinning(
            model,
            np.ascontiguousarray(rotations),
            np.ascontiguousarray(shape),
            None if translation is None else np.ascontiguousarray(translation),
            self._scratch.of(len(rotations), columns),
            vertices,
            joints,
            bounds,
        )


class _Scratch(threading.local):
    """One workspace for each thread, kept between calls."""

    def __init__(self) -> None:
        self._floats = np.empty(0, np.float32)

    def of(self, people: int, columns: int) -> F32:
        if self._floats.size < people * columns:
            self._floats = np.empty(people * columns, np.float32)
        return self._floats[: people * columns].reshape(people, columns)
