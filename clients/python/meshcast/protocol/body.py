"""The body model of a stream: surface, skeleton, skinning, texture coordinates and the coarser mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

F32: TypeAlias = NDArray[np.float32]
I32: TypeAlias = NDArray[np.int32]
U8: TypeAlias = NDArray[np.uint8]
Array: TypeAlias = NDArray[Any]

INFLUENCES = 4  # joints that move a vertex


@dataclass(frozen=True, slots=True)
class Rig:
    """Constants of linear blend skinning, with P joints and B shape directions (Loper et al., SMPL, 2015, eq. 2 to 6).

    Attributes:
        rest_joints: (P, 3) float32, joints of the rest pose.
        joints: (V, 4) uint8, the joints that influence a vertex; unused ones are joint 0 with weight 0.
        weights: (V, 4) float32, their weights, which sum to 1.
        shape_dirs: (V, 3, B) float32, displacement of the rest vertices per unit of shape.
        joint_shape_dirs: (P, 3, B) float32, displacement of the rest joints per unit of shape.
    """

    rest_joints: F32
    joints: U8
    weights: F32
    shape_dirs: F32
    joint_shape_dirs: F32


@dataclass(frozen=True, slots=True)
class UvMap:
    """Texture coordinates.

    Attributes:
        coordinates: (T, 2) float32 in 0..1, v up.
        faces: (F, 3) int32 indices of coordinates, in the order of the body's faces.
    """

    coordinates: F32
    faces: I32


@dataclass(frozen=True, slots=True)
class Lod:
    """A coarser mesh on a subset of the body's vertices.

    Attributes:
        vertices: (L,) int32, ascending indices of the body's vertices.
        faces: (G, 3) int32, positions in `vertices`, counter-clockwise seen from outside.
    """

    vertices: I32
    faces: I32


@dataclass(frozen=True, slots=True)
class BodyModel:
    """The constants of the bodies of a mesh head; equal for every frame.

    Attributes:
        name: Identifier of the body model, for example "open_smpl_body".
        faces: (F, 3) int32 vertex indices, counter-clockwise seen from outside.
        rest_vertices: (V, 3) float32, the rest pose.
        parents: (P,) int32, parents of the first P joints, -1 at the root; a parent comes before its children.
        joint_names: J names.
        keypoint_names: K names.
        rig: Constants of linear blend skinning, None when the body has none.
        uv: Texture coordinates, None when the body has none.
        lod: The coarser mesh, None when the body has none.
    """

    name: str
    faces: I32
    rest_vertices: F32
    parents: I32
    joint_names: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    rig: Rig | None = None
    uv: UvMap | None = None
    lod: Lod | None = None
