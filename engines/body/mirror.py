"""The left-right map of a body: which vertex, joint and surface point is the mirror image of which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from engines.body.body import Body
from engines.body.dense_correspondence import SurfaceIndex, body_surface_index
from engines.body.face_parts import face_parts
from engines.joint_sets import SMPL24

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
TOLERANCE_M = 0.02  # largest distance of a vertex from the mirror image of its counterpart


def mirrored_joints() -> I64:
    """The counterpart (24,) of each joint of SMPL's skeleton; those of the middle are their own."""
    return mirrored_names(SMPL24.joint_names)


def mirrored_names(names: tuple[str, ...]) -> I64:
    """The index (N,) of each name's counterpart, with left_ for right_ and the reverse."""
    other = {"left_": "right_", "right_": "left_"}
    swapped = []
    for name in names:
        side = next((side for side in other if side in name), None)
        swapped.append(names.index(name if side is None else name.replace(side, other[side])))
    return np.array(swapped)


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceMirror:
    """Mirrors part and texture coordinates of a surface; see `mirror_of`."""

    surface: SurfaceIndex
    keys: I64  # of the faces, sorted
    face: I64  # the face of each key
    uv: F32  # (F, 3, 2) texture coordinates of the mirrored face at the counterparts of each face's corners
    part: U8  # (F,) 1 + joint of the mirrored face
    vertices: int

    def __call__(self, part: U8, uv: F32) -> tuple[U8, F32]:
        """Parts (P,) and texture coordinates (P, 2) of the counterparts; 0 where a coordinate is of no triangle."""
        found = self.surface(part, uv)
        place = np.searchsorted(self.keys, face_keys(found.vertices, self.vertices))
        face = self.face[place.clip(0, len(self.keys) - 1)]
        # The weights belong to the order of `found.vertices`, which is that of the face.
        mixed = np.einsum("pk,pkc->pc", found.weights, self.uv[face])
        parts = np.where(found.found, self.part[face], 0).astype(np.uint8)
        return parts, np.where(found.found[:, None], mixed, 0).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class BodyMirror:
    """Counterparts of a body's vertices (V,), and of its surface where the body has texture coordinates."""

    vertices: I64
    surface: SurfaceMirror | None


def mirror_of(body: Body) -> BodyMirror | None:
    """The left-right map of a body whose template and triangles are symmetric about x = 0, else None."""
    template = body.v_template
    distance, vertices = cKDTree(template).query(template * np.array([-1, 1, 1], np.float32))
    vertices = np.asarray(vertices, np.int64)
    count = len(template)
    if distance.max() > TOLERANCE_M or not np.array_equal(vertices[vertices], np.arange(count)):
        return None
    faces = body.faces.astype(np.int64)
    keys = face_keys(faces, count)
    order = np.argsort(keys)
    mirrored = vertices[faces]
    place = np.searchsorted(keys[order], face_keys(mirrored, count)).clip(0, len(keys) - 1)
    other = order[place]
    if not np.array_equal(np.sort(faces[other], 1), np.sort(mirrored, 1)):
        return None
    if body.uv is None:
        return BodyMirror(vertices, None)
    corner = (faces[other][:, None, :] == mirrored[:, :, None]).argmax(2)  # of the other face, for each corner
    uv = body.uv.coordinates[body.uv.faces.astype(np.int64)][other[:, None], corner]
    part = (face_parts(body)[other] + 1).astype(np.uint8)
    surface = SurfaceMirror(body_surface_index(body), keys[order], order, uv.astype(np.float32), part, count)
    return BodyMirror(vertices, surface)


def face_keys(faces: I64, vertices: int) -> I64:
    """A number (F,) for each triangle (F, 3), whatever the order of its corners."""
    a, b, c = np.sort(faces, 1).T
    return np.asarray((a * vertices + b) * vertices + c, np.int64)
