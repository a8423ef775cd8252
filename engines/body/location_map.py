"""Location maps: a mesh as an image of its texture space, and back (Zeng et al., DecoMR, CVPR 2020, section 3.1).

Texel (row, column) of a map of h x w texels lies at texture coordinates (column / (w - 1), row / (h - 1)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engines.body.mesh_graph import Sparse
from engines.errors import ModelError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Ints = NDArray[np.integer[Any]]

INSIDE = 1e-10  # a texel is inside of a triangle when all of its barycentric coordinates are greater


@dataclass(frozen=True, slots=True, eq=False)
class LocationMap:
    """The mapping between V vertices and a map of h x w texels; created by `build`.

    vertex_index (h, w, 3), vertex_weights (h, w, 3): the vertices of a texel and their weights, which sum
    to 1, or to 0 outside of the mesh; vertex_of (T,): the vertex of each UV vertex; raster (h w, V) and
    sampler (V, h w): the maps as sparse matrices.
    """

    size: tuple[int, int]
    vertex_index: I32
    vertex_weights: F32
    vertex_of: I32
    raster: Sparse
    sampler: Sparse

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Texels (h, w) that hold a point of the mesh."""
        filled: NDArray[np.bool_] = self.vertex_weights.max(-1) > 0
        return filled

    def to_map(self, vertices: F32) -> F32:
        """Vertices (N, V, 3) to location maps (N, h, w, 3) in the same unit, 0 outside of the mesh."""
        maps = np.empty((len(vertices), self.raster.shape[0], 3), np.float32)
        for texels, mesh in zip(maps, vertices, strict=True):
            texels[:] = self.raster @ mesh
        return maps.reshape(len(vertices), *self.size, 3)

    def to_mesh(self, maps: F32) -> F32:
        """Location maps (N, h, w, 3) to vertices (N, V, 3) in the same unit.

        Bilinear between texels, 0 outside of the map, the mean over a vertex's copies at the seams.
        """
        vertices = np.empty((len(maps), self.sampler.shape[0], 3), np.float32)
        for mesh, texels in zip(vertices, maps, strict=True):
            mesh[:] = self.sampler @ texels.reshape(-1, 3)
        return vertices


def build(coordinates: F32, faces: Ints, uv_faces: Ints, vertex_count: int, size: tuple[int, int]) -> LocationMap:
    """The location map of a mesh.

    coordinates (T, 2): UV vertices in [0, 1], u along columns, v along rows, downwards; faces and uv_faces (F, 3): the
    triangles between `vertex_count` vertices and, in the same order, between UV vertices; size: rows and columns of the
    map. Raises ModelError when they do not match.
    """
    _check(coordinates, faces, uv_faces, vertex_count, size)
    vertex_of = _vertex_of(faces, uv_faces, len(coordinates), vertex_count)
    height, width = size
    points = coordinates.astype(np.float64) * (width - 1, height - 1)
    taps, tap_weights = _taps(points, size)
    used = vertex_of >= 0
    taps, tap_weights = taps[used], tap_weights[used]
    index, weights = _rasterize(points, faces, uv_faces, size)
    _fill_holes(index, weights, taps, tap_weights, vertex_of[used])

    texels = height * width
    corners = np.arange(0, 3 * texels + 1, 3)
    raster = sparse.csr_array((weights.astype(np.float32).ravel(), index.ravel(), corners), (texels, vertex_count))
    copies = np.bincount(vertex_of[used], minlength=vertex_count)
    rows = np.repeat(vertex_of[used], 4)
    sampler = sparse.coo_array((tap_weights.ravel() / copies[rows], (rows, taps.ravel())), (vertex_count, texels))
    return LocationMap(
        size,
        index.reshape(height, width, 3).astype(np.int32),
        weights.reshape(height, width, 3).astype(np.float32),
        vertex_of.astype(np.int32),
        raster,
        sampler.tocsr().astype(np.float32),
    )


def _check(coordinates: F32, faces: Ints, uv_faces: Ints, vertex_count: int, size: tuple[int, int]) -> None:
    if coordinates.ndim != 2 or coordinates.shape[1] != 2:
        raise ModelError(f"UV vertices are an array (T, 2), not {coordinates.shape}")
    if not ((coordinates >= 0) & (coordinates <= 1)).all():
        raise ModelError("UV vertices: not all within 0 and 1; move the texture into one tile")
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.shape != uv_faces.shape or not len(faces):
        raise ModelError(f"faces {faces.shape} and UV faces {uv_faces.shape} are not both (F, 3)")
    for name, triangles, count in (("faces", faces, vertex_count), ("UV faces", uv_faces, len(coordinates))):
        if triangles.min() < 0 or triangles.max() >= count:
            raise ModelError(f"{name} name vertices {triangles.min()} to {triangles.max()}, there are {count}")
    if min(size) < 2:
        raise ModelError(f"a location map has at least 2 x 2 texels, not {size[0]} x {size[1]}")


def _vertex_of(faces: Ints, uv_faces: Ints, uv_count: int, vertex_count: int) -> I64:
    """The vertex (T,) of each UV vertex, -1 for one that no face has."""
    vertex_of = np.full(uv_count, -1, np.int64)
    vertex_of[uv_faces] = faces
    if (vertex_of[uv_faces] != faces).any():
        raise ModelError("UV vertices: one belongs to several vertices; the texture must not overlap")
    missing = np.setdiff1d(np.arange(vertex_count), vertex_of)
    if len(missing):
        raise ModelError(f"{len(missing)} of {vertex_count} vertices are on no face, the first is {missing[0]}")
    return vertex_of


def _taps(points: F64, size: tuple[int, int]) -> tuple[I64, F64]:
    """The four texels (T, 4) around points (T, 2) in texels, as row w + column, and their bilinear weights (T, 4)."""
    height, width = size
    low = np.minimum(np.floor(points).astype(np.int64), (width - 2, height - 2))
    right, down = (points - low).T
    corner = low[:, 1] * width + low[:, 0]
    taps = np.stack([corner, corner + 1, corner + width, corner + width + 1], 1)
    tap_weights = np.stack([(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down], 1)
    return taps, tap_weights


def _rasterize(points: F64, faces: Ints, uv_faces: Ints, size: tuple[int, int]) -> tuple[I64, F64]:
    """Vertices (h w, 3) and barycentric weights (h w, 3) of the first face around each texel, 0 where there is none."""
    height, width = size
    triangles = points[uv_faces]
    low = np.ceil(triangles.min(1)).astype(np.int64)
    extent = np.maximum(np.floor(triangles.max(1)).astype(np.int64) - low + 1, 0)
    count = extent.prod(1)
    # One entry for every texel in the bounding box of every face, face by face.
    face = np.repeat(np.arange(len(faces)), count)
    step = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
    texel = low[face] + np.stack([step % extent[face, 0], step // extent[face, 0]], 1)

    a, b, c = (triangles[face, corner] - texel for corner in range(3))
    areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], 1)
    total = areas.sum(1, keepdims=True)
    barycentric = np.divide(areas, total, out=np.zeros_like(areas), where=total != 0)
    inside = (barycentric > INSIDE).all(1)

    cell, first = np.unique(texel[inside, 1] * width + texel[inside, 0], return_index=True)
    index, weights = np.zeros((height * width, 3), np.int64), np.zeros((height * width, 3))
    index[cell], weights[cell] = faces[face[inside][first]], barycentric[inside][first]
    return index, weights


def _cross(a: F64, b: F64) -> F64:
    product: F64 = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product


def _fill_holes(index: I64, weights: F64, taps: I64, tap_weights: F64, vertex_of: I64) -> None:
    """Assigns each empty texel, in place, the vertex with the greatest bilinear weight."""
    order = np.argsort(-tap_weights, axis=None, kind="stable")
    empty = weights.max(1) == 0
    order = order[(tap_weights.ravel()[order] > 0) & empty[taps.ravel()[order]]]
    cell, first = np.unique(taps.ravel()[order], return_index=True)
    index[cell, 0], weights[cell, 0] = vertex_of[order[first] // 4], 1
