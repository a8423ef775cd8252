"""The constants of the bodies of a stream: surface, skeleton, skinning, texture coordinates and the coarser mesh."""

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
    """What linear blend skinning needs, with P joints and B shape directions (Loper et al., SMPL, 2015, eq. 2 to 6).

    rest_joints (P, 3) float32; joints (V, 4) uint8 and weights (V, 4) float32: the joints that move a vertex and their
    shares, which sum to 1 (unused ones are joint 0 with weight 0); shape_dirs (V, 3, B) and joint_shape_dirs (P, 3, B)
    float32: how a unit of shape moves the resting vertices and joints.
    """

    rest_joints: F32
    joints: U8
    weights: F32
    shape_dirs: F32
    joint_shape_dirs: F32


@dataclass(frozen=True, slots=True)
class UvMap:
    """Texture coordinates (T, 2) float32 in 0..1, v up, and the faces (F, 3) int32 between them, in the order of the
    body's faces."""

    coordinates: F32
    faces: I32


@dataclass(frozen=True, slots=True)
class Lod:
    """A coarser mesh on some of the body's own vertices: their indices (L,) int32, rising, and the faces (G, 3) int32,
    outward like the body's, between positions in that list."""

    vertices: I32
    faces: I32


@dataclass(frozen=True, slots=True)
class BodyModel:
    """The constants of the bodies that a mesh head makes; equal for every frame.

    name: body-model id, for example "open_smpl_body"; faces (F, 3) int32, counter-clockwise seen from outside;
    rest_vertices (V, 3) float32; parents (P,) int32 with -1 at the root, of the first P joints, each before its
    children; joint_names J strings, keypoint_names K strings. rig, uv and lod are None where the body has none.
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
