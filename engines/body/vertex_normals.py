"""Unit normals at the vertices of a mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


class VertexNormals:
    """Normals of one mesh; terms that depend on the faces (F, 3) alone are computed once."""

    def __init__(self, faces: I32, vertex_count: int) -> None:
        self._faces = faces
        corner = (faces.ravel(), np.repeat(np.arange(len(faces)), 3))
        self._incidence = sparse.csr_array((np.ones(faces.size, np.float32), corner), shape=(vertex_count, len(faces)))

    def __call__(self, vertices: F32) -> F32:
        """Outward unit normals (V, 3) of vertices (V, 3): of the adjoining faces, weighted by area."""
        a, b, c = (vertices[self._faces[:, i]] for i in range(3))
        u, v = b - a, c - a
        normals = np.empty_like(u)
        normals[:, 0] = u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1]
        normals[:, 1] = u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2]
        normals[:, 2] = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
        summed = self._incidence @ normals
        length = np.sqrt(np.einsum("vc,vc->v", summed, summed))
        return np.asarray(summed / np.maximum(length, 1e-12)[:, None], np.float32)
