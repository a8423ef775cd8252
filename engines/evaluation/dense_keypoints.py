"""DKD, the dense keypoints distance of DCT (Rong et al., ICCV 2019, section 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.dense_correspondence import SurfaceIndex, body_surface_index

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
CROP_PX = 224.0  # side of the crop that the distance is in px of
MOST = 400
LEAST = 3  # points that a camera is fitted to


class DenseKeypoints:
    """Dense keypoints of images, and their distance from a mesh."""

    def __init__(self, body: Body) -> None:
        self._surface: SurfaceIndex | None = None if body.uv is None else body_surface_index(body)

    def of_maps(self, parts: NDArray[np.uint8], uv: F32) -> F32 | None:
        """Up to MOST pixels of an IUV map as dense keypoints (D, 8): x px, y px, three vertices and their weights."""
        if self._surface is None:
            return None
        rows, columns = np.nonzero(parts)
        step = max(1, -(-len(rows) // MOST))
        rows, columns = rows[::step], columns[::step]
        found = self._surface(parts[rows, columns], uv[rows, columns])
        return np.column_stack([columns, rows, found.vertices, found.weights]).astype(np.float32)[found.found]


def dense_distance(vertices: F32, dense: F32, size: int) -> float:
    """The mean distance, in px of a crop of CROP_PX, of dense keypoints (D, 8) from where a mesh has them.

    The mesh (V, 3) in camera axes is projected with the weak-perspective camera that fits the keypoints best, because
    results of different methods have different cameras. NaN for fewer than three keypoints.
    """
    if len(dense) < LEAST:
        return float("nan")
    corners = vertices[dense[:, 2:5].astype(np.int64), :2].astype(np.float64)
    made: F64 = (corners * dense[:, 5:, None]).sum(1)
    true = dense[:, :2].astype(np.float64)
    a, b = made - made.mean(0), true - true.mean(0)
    scale = float((a * b).sum() / max(float((a * a).sum()), 1e-12))
    return float(np.linalg.norm(scale * a - b, axis=1).mean() * CROP_PX / size)
