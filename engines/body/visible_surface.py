"""Which point of a mesh each pixel of an image sees, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_kernels import rasterize

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
MOST_FACES = (1 << 24) - 1  # a face's number is drawn as a color of three bytes


@dataclass(frozen=True, slots=True, eq=False)
class VisibleSurface:
    """The P pixels of an image that a mesh covers.

    Attributes:
        row, column: (P,) int64.
        face: (P,) int64, the face that is seen.
        weights: (P, 3) float32, perspective-correct weights of its corners at the center of the pixel; they sum to 1.
        depth_m: (H, W) float32, infinite outside.
    """

    row: I64
    column: I64
    face: I64
    weights: F32
    depth_m: F32

    @property
    def covered(self) -> NDArray[np.bool_]:
        """The silhouette (H, W)."""
        return np.isfinite(self.depth_m)

    def mix(self, corners: NDArray[np.floating], faces: I32) -> F32:
        """Values (P, C) at the pixels of values (N, C) at what the faces (F, 3) name, a mesh's vertices or UV's."""
        at = corners[faces[self.face]]
        mixed: F32 = np.einsum("pk,pkc->pc", self.weights, at).astype(np.float32)
        return mixed

    def paint(self, values: NDArray[np.generic], background: float = 0) -> NDArray[np.generic]:
        """An image (H, W, ...) of values (P, ...) at the pixels."""
        image = np.full((*self.depth_m.shape, *values.shape[1:]), background, values.dtype)
        image[self.row, self.column] = values
        return image


class SurfaceFinder:
    """Finds the visible surface of one mesh with faces (F, 3), outward, in images of `size` (width, height) px.

    Every face is drawn in a color of its own by the z-buffered rasterizer, which decides what is seen; the weights are
    computed in float64 for the pixels that are covered.
    """

    def __init__(self, faces: I32, size: tuple[int, int]) -> None:
        if len(faces) > MOST_FACES:
            raise ValueError(f"a mesh of {len(faces)} faces; at most {MOST_FACES} can be told apart")
        self._faces = faces
        self._size = size
        number = np.repeat(np.arange(1, len(faces) + 1), 3)
        self._colors = np.stack([number & 255, number >> 8 & 255, number >> 16], 1).astype(np.float32)
        self._single = np.arange(3 * len(faces), dtype=np.int32).reshape(-1, 3)

    def __call__(self, points: F32) -> VisibleSurface:
        """The surface of points (V, 3): x px, y px (pixel centers at integers), z m; faces behind the camera are not
        drawn."""
        width, height = self._size
        image = np.zeros((height, width, 3), np.uint8)
        depth = np.full((height, width), np.inf, np.float32)
        rasterize(self._single, points[self._faces].reshape(-1, 3), self._colors, image, depth)
        packed = image.astype(np.int64)
        number = packed[..., 0] | packed[..., 1] << 8 | packed[..., 2] << 16
        row, column = np.nonzero(number)
        face = number[row, column] - 1
        return VisibleSurface(row, column, face, _weights(points[self._faces[face]], row, column), depth)


def _weights(corners: F32, row: I64, column: I64) -> F32:
    """Weights (P, 3) of corners (P, 3, 3), x px, y px, z m, at pixels."""
    a, b, c = np.moveaxis(corners.astype(np.float64), 1, 0)
    pixel = np.stack([column, row], 1).astype(np.float64)
    areas = np.stack([_area(b, c, pixel), _area(c, a, pixel), _area(a, b, pixel)], 1)
    over_depth = areas / np.stack([a[:, 2], b[:, 2], c[:, 2]], 1)
    weights: F32 = (over_depth / over_depth.sum(1, keepdims=True)).astype(np.float32)
    return weights


def _area(a: F64, b: F64, pixel: F64) -> F64:
    area: F64 = (b[:, 0] - a[:, 0]) * (pixel[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (pixel[:, 0] - a[:, 0])
    return area
