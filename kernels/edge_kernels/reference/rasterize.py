"""rasterize in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]

NEAR_M = float(np.float32(0.05))
CANDIDATES = 1 << 20  # pixels of one batch of faces, which bounds the memory


def rasterize(
    faces: I32, points: F32, colors: F32, image: U8, depth: F32, alpha: float = 1.0, cull: bool = True
) -> None:
    """Draw triangles with a z-buffer and Gouraud colors over an image; see rasterize.hpp for the contract."""
    _check.array(faces, "faces", np.int32, (None, 3))
    _check.array(points, "points", np.float32, (None, 3))
    _check.array(colors, "colors", np.float32, (len(points), 3))
    _check.output(image, "image", np.uint8, (None, None, 3))
    _check.output(depth, "depth", np.float32, image.shape[:2])
    if not 0.0 <= alpha <= 1.0:
        raise ValueError("alpha must be between 0 and 1")
    if faces.size and not (faces.min() >= 0 and faces.max() < len(points)):
        raise ValueError("faces points at vertices that do not exist")

    kept = faces[_drawable(points.astype(np.float64)[faces], cull)]
    corners = points.astype(np.float64)[kept]
    visible = np.full(depth.shape, -1, np.int64)
    for batch in _batches(*_boxes(corners, depth.shape)):
        _resolve(corners, *batch, depth, visible)

    y, x = np.nonzero(visible >= 0)
    face = visible[y, x]
    _, weights, scale, _ = _cover(corners[face], x, y)
    over = np.zeros((len(face), 3))
    for corner in range(3):
        over += weights[:, corner, None] * colors.astype(np.float64)[kept[face, corner]]
    over *= scale[:, None]
    over = np.where(over > 0, np.minimum(over, 255.0), 0.0)
    under = image[y, x]
    image[y, x] = np.floor(under + alpha * (over - under) + 0.5).astype(np.uint8)


def _drawable(corners: F64, cull: bool) -> NDArray[np.bool_]:
    good = np.asarray(np.isfinite(corners).all((1, 2)) & (corners[..., 2] > NEAR_M).all(1))
    area = _area(np.where(good[:, None, None], corners, 0.0))
    return good & (area < 0 if cull else area != 0)


def _area(corners: F64) -> F64:
    """Twice the signed area on the image; positive where the corners turn clockwise as seen (y down)."""
    a, b, c = np.moveaxis(corners[..., :2], 1, 0)
    result: F64 = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return result


def _boxes(corners: F64, size: tuple[int, ...]) -> tuple[I64, I64]:
    """First pixel (F, 2) x, y of every face and how many columns and rows (F, 2) follow, inside the image."""
    limit = np.array([size[1], size[0]], np.float64)
    low = np.clip(np.ceil(corners[..., :2].min(1)), 0, limit)
    high = np.clip(np.floor(corners[..., :2].max(1)) + 1, 0, limit)
    return low.astype(np.int64), np.maximum(high - low, 0).astype(np.int64)


def _batches(first: I64, count: I64) -> list[tuple[I64, I64, I64]]:
    """Candidates (face, x, y) in the order of the faces, about CANDIDATES at a time."""
    pixels = count.prod(1)
    batches = []
    for group in np.split(np.arange(len(pixels)), np.flatnonzero(np.diff(pixels.cumsum() // CANDIDATES)) + 1):
        face = np.repeat(group, pixels[group])
        start = np.repeat(pixels[group].cumsum() - pixels[group], pixels[group])
        row, column = np.divmod(np.arange(len(face)) - start, np.maximum(count[face, 0], 1))
        batches.append((face, first[face, 0] + column, first[face, 1] + row))
    return batches


def _resolve(corners: F64, face: I64, x: I64, y: I64, depth: F32, visible: I64) -> None:
    """Write the nearest of these candidates, and of equally near ones the first, where it is nearer than `depth`."""
    inside, _, _, z = _cover(corners[face], x, y)
    face, x, y, z = face[inside], x[inside], y[inside], z[inside].astype(np.float32)
    pixel = y * depth.shape[1] + x
    order = np.lexsort((face, z, pixel))
    best = order[np.unique(pixel[order], return_index=True)[1]]
    best = best[z[best] < depth[y[best], x[best]]]
    depth[y[best], x[best]] = z[best]
    visible[y[best], x[best]] = face[best]


def _cover(corners: F64, x: I64, y: I64) -> tuple[NDArray[np.bool_], F64, F64, F64]:
    """Of M pixels in their faces (M, 3, 3): inside or not, perspective-correct weights (M, 3) up to a scale, that
    scale, and the depth."""
    sign = np.where(_area(corners) > 0, 1.0, -1.0)
    edges = np.stack([_edge(corners[:, (i + 1) % 3], corners[:, (i + 2) % 3], sign, x, y) for i in range(3)], 1)
    weights = edges * (1.0 / corners[..., 2])
    total = weights.sum(1)
    inside = (edges >= 0).all(1) & (total > 0)
    scale = 1.0 / np.where(inside, total, 1.0)
    return inside, weights, scale, edges.sum(1) * scale


def _edge(a: F64, b: F64, sign: F64, x: I64, y: I64) -> F64:
    """Signed distance times length of pixels from the edge a to b, measured from the end that comes first in (y, x)."""
    forward = (a[:, 1] < b[:, 1]) | ((a[:, 1] == b[:, 1]) & (a[:, 0] < b[:, 0]))
    origin = np.where(forward[:, None], a, b)
    dx, dy = sign * (b[:, 0] - a[:, 0]), sign * (b[:, 1] - a[:, 1])
    result: F64 = dx * (y - origin[:, 1]) - dy * (x - origin[:, 0])
    return result
