"""Dense correspondence: which triangle of a mesh has a texture coordinate, and where in it.

Rong et al., DCT, ICCV 2019, eq. 3: [v1, v2, v3], [b1, b2, b3] = phi(I, U, V).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.face_parts import face_parts
from engines.errors import ModelError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Ints = NDArray[np.integer[Any]]

CELLS = 128  # of the grid that finds triangles, along u and v
BATCH = 4096  # points that are looked up at once
NEAR = 0.5  # how far outside of a triangle, in its own size, a coordinate may be; beyond, it is of no triangle


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePoints:
    """Points on a mesh: vertices (P, 3) int64, weights (P, 3) float32 that are not negative and sum to 1.

    found (P,) bool: False for coordinates that no triangle has.
    """

    vertices: I64
    weights: F32
    found: NDArray[np.bool_]


class SurfaceIndex:
    """phi(I, U, V) of a textured mesh.

    Args:
        coordinates: (T, 2) texture coordinates in 0..1.
        uv_faces: (F, 3) indices of coordinates.
        faces: (F, 3) indices of vertices, in the same order.
        part: (F,) the part I of each face. Parts may lie over each other in texture space, as DensePose's do.
    """

    def __init__(self, coordinates: F32, uv_faces: Ints, faces: Ints, part: Ints) -> None:
        self._faces = faces.astype(np.int64)
        self._corners: F64 = coordinates.astype(np.float64)[uv_faces]
        self._part = part.astype(np.int64)
        low = np.floor(self._corners.min(1) * CELLS - 0.01).astype(np.int64).clip(0, CELLS - 1)
        high = np.floor(self._corners.max(1) * CELLS + 0.01).astype(np.int64).clip(0, CELLS - 1)
        extent = high - low + 1
        count = extent.prod(1)
        face = np.repeat(np.arange(len(faces)), count)
        step = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
        cell = (low[face, 1] + step // extent[face, 0]) * CELLS + low[face, 0] + step % extent[face, 0]
        order = np.argsort(cell, kind="stable")
        self._face_of_entry = face[order]
        self._first = np.searchsorted(cell[order], np.arange(CELLS * CELLS + 1))

    def __call__(self, part: Ints, uv: NDArray[np.floating[Any]]) -> SurfacePoints:
        """The surface points of parts I (P,) and texture coordinates U, V (P, 2).

        A coordinate between triangles, as rounded ones at a seam are, is moved into the nearest one of its part.
        """
        face = np.full(len(uv), -1, np.int64)
        weights = np.zeros((len(uv), 3))
        for first in range(0, len(uv), BATCH):
            rows = slice(first, first + BATCH)
            face[rows], weights[rows] = self._nearest(part[rows].astype(np.int64), uv[rows].astype(np.float64))
        weights = weights.clip(0)
        weights /= np.maximum(weights.sum(1, keepdims=True), 1e-12)
        found = face >= 0
        return SurfacePoints(self._faces[np.where(found, face, 0)], weights.astype(np.float32), found)

    def _nearest(self, part: I64, uv: F64) -> tuple[I64, F64]:
        """The face (P,) that contains each coordinate or is nearest to it, -1 for none, and its weights (P, 3)."""
        finite = np.asarray(np.isfinite(uv).all(1))
        column, row = (np.where(finite, uv[:, k], 0) * CELLS for k in (0, 1))
        cell = row.astype(np.int64).clip(0, CELLS - 1) * CELLS + column.astype(np.int64).clip(0, CELLS - 1)
        count = self._first[cell + 1] - self._first[cell]
        point = np.repeat(np.arange(len(uv)), count)
        step = np.arange(len(point)) - np.repeat(np.cumsum(count) - count, count)
        face = self._face_of_entry[self._first[cell[point]] + step]
        weights = _barycentric(self._corners[face], uv[point])
        score = np.where((self._part[face] == part[point]) & finite[point], weights.min(1), -np.inf)
        chosen, chosen_weights = np.full(len(uv), -1, np.int64), np.zeros((len(uv), 3))
        order = np.lexsort((-score, point))
        order = order[score[order] > -NEAR]
        _, first = np.unique(point[order], return_index=True)
        best = order[first]
        chosen[point[best]], chosen_weights[point[best]] = face[best], weights[best]
        return chosen, chosen_weights


def body_surface_index(body: Body) -> SurfaceIndex:
    """phi of a body with texture coordinates; I is 1 + the joint that moves the surface, as in the part maps of
    rendered people. Raises ModelError for a body without them."""
    if body.uv is None:
        raise ModelError(f"{body.name}: has no texture coordinates (vt, ft); import a body with them")
    return SurfaceIndex(body.uv.coordinates, body.uv.faces, body.faces, face_parts(body).astype(np.int64) + 1)


def _barycentric(corners: F64, points: F64) -> F64:
    a, b, c = (corners[:, k] - points for k in range(3))
    areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], 1)
    total = areas.sum(1, keepdims=True)
    weights: F64 = np.divide(areas, total, out=np.full_like(areas, -np.inf), where=total != 0)
    return weights


def _cross(a: F64, b: F64) -> F64:
    product: F64 = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product
