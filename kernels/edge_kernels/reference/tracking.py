"""The tracker's operators in NumPy: the reference of the native ones, and their replacement where these were not built.

See tracking.hpp for the contracts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

_APART = 1.5  # distance of people, in square roots of their areas, who are not compared
_AREA_OF_BOX = 0.53


def masked_median(values: F32, used: U8, out: F32) -> None:
    """Medians out (N, D) of values (N, K, D) over the used (N, K) of each row; 0 where there are none."""
    _check.array(values, "values", np.float32, (None, None, None))
    _check.array(used, "used", np.uint8, values.shape[:2])
    _check.output(out, "out", np.float32, (values.shape[0], values.shape[2]))
    if values.shape[1] == 0:
        out[:] = 0
        return
    ordered = np.sort(np.where(used[:, :, None], values, np.inf), axis=1)
    counts = np.count_nonzero(used, axis=1)
    rows = np.arange(len(values))
    low, high = (
        ordered[rows, np.maximum(counts - 1, 0) // 2],
        ordered[rows, np.minimum(counts // 2, values.shape[1] - 1)],
    )
    out[:] = np.where(counts[:, None] == 0, 0, (low + high) / 2)


def keypoint_similarity(keypoints: F32, scores: F32, areas: F32, sigmas: F32, min_score: float, out: F32) -> None:
    """Object keypoint similarity out (N, N) of people with keypoints (N, K, 2), scores (N, K) and box areas (N,)."""
    _check.array(keypoints, "keypoints", np.float32, (None, None, 2))
    people, count = keypoints.shape[:2]
    _check.array(scores, "scores", np.float32, (people, count))
    _check.array(areas, "areas", np.float32, (people,))
    _check.array(sigmas, "sigmas", np.float32, (count,))
    _check.output(out, "out", np.float32, (people, people))
    visible = scores > np.float32(min_score)
    middles = (keypoints * visible[..., None]).sum(axis=1) / np.maximum(visible.sum(axis=1), 1)[:, None]
    apart = middles[:, None] - middles[None]
    roots = np.sqrt(areas)
    near_by = np.hypot(apart[..., 0], apart[..., 1]) < _APART * np.maximum(roots[:, None], roots[None])
    both = visible[:, None] & visible[None]
    squared = np.square(keypoints[:, None] - keypoints[None]).sum(axis=3)
    spread = 2 * _AREA_OF_BOX * roots[:, None] * roots[None]
    near = np.exp(-squared / np.maximum(spread[..., None] * np.square(2 * sigmas), 1e-6))
    shared = np.count_nonzero(both, axis=2)
    out[:] = np.where(near_by & (shared >= 3), (near * both).sum(axis=2) / np.maximum(shared, 1), 0.0)


def box_overlaps(a: F32, b: F32, out: F32, of_first: bool = False) -> None:
    """Intersections out (N, M) of boxes a (N, 4) and b (M, 4), as shares of the union or of the boxes of a."""
    _check.array(a, "a", np.float32, (None, 4))
    _check.array(b, "b", np.float32, (None, 4))
    _check.output(out, "out", np.float32, (len(a), len(b)))
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    common = _areas(sides)
    area = _areas(a[:, 2:] - a[:, :2])[:, None]
    out[:] = common / np.maximum(area if of_first else area + _areas(b[:, 2:] - b[:, :2]) - common, np.float32(1e-9))


def _areas(sides: F32) -> F32:
    positive = np.maximum(sides, np.float32(0))
    areas: F32 = positive[..., 0] * positive[..., 1]
    return areas


def median_colors(colors: U8, first: int, out: F32) -> None:
    """Median CIE Lab colors out (N, 6) of pixels (N, S, 3) BGR: of the first ones, and of the others."""
    _check.array(colors, "colors", np.uint8, (None, None, 3))
    _check.output(out, "out", np.float32, (len(colors), 6))
    if not 0 <= first <= colors.shape[1]:
        raise ValueError("first must be 0 to the number of samples")
    samples = lab_colors(colors)
    for group, part in enumerate((samples[:, :first], samples[:, first:])):
        middle = np.sort(part, axis=1)[:, part.shape[1] // 2] if part.shape[1] else 0
        out[:, 3 * group : 3 * group + 3] = middle


def lab_colors(colors: NDArray[Any]) -> F32:
    """CIE Lab colors (..., 3), scaled to 0..255 as OpenCV does, of sRGB colors (..., 3) uint8 BGR.

    OpenCV's own conversion wakes its threads, which costs more than the few colors of a frame.
    """
    ratios = np.cbrt(_LINEAR[colors] @ _TO_XYZ)
    x, y, z = ratios[..., 0], ratios[..., 1], ratios[..., 2]
    return np.stack([2.55 * (116 * y - 16), 500 * (x - y) + 128, 200 * (y - z) + 128], axis=-1).astype(np.float32)


# sRGB (IEC 61966-2-1) to linear light, and BGR to XYZ relative to the white point D65
_CODES = np.arange(256) / 255
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)
_TO_XYZ = np.array(
    [
        [0.1805 / 0.9505, 0.0722, 0.9505 / 1.089],
        [0.3576 / 0.9505, 0.7152, 0.1192 / 1.089],
        [0.4124 / 0.9505, 0.2126, 0.0193 / 1.089],
    ],
    np.float32,
)
