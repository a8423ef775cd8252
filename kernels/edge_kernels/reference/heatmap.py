"""heatmap in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

MAX_BLUR = 255  # taps
REACH = 2  # px around a peak that "dark" looks at
FLOOR = 1e-10  # below what a logarithm makes of a heatmap
ROUNDED = {  # 1/256
    1: (256,),
    3: (64, 128, 64),
    5: (16, 64, 96, 64, 16),
    7: (8, 28, 56, 72, 56, 28, 8),
    9: (4, 13, 30, 51, 60, 51, 30, 13, 4),
}


def heatmap(maps: F32, keypoints: F32, scores: F32, refine: str = "none", blur: int = 11, stream: int = 0) -> None:
    """The peaks of maps (N, K, h, w): keypoints (N, K, 2) and scores (N, K); see heatmap.hpp for the contract."""
    _check.array(maps, "maps", np.float32, (None, None, None, None))
    _check.output(keypoints, "keypoints", np.float32, (*maps.shape[:2], 2))
    _check.output(scores, "scores", np.float32, maps.shape[:2])
    height, width = maps.shape[2:]
    if not height or not width:
        raise ValueError("maps has no pixels")
    if not 1 <= blur <= MAX_BLUR or blur % 2 == 0:
        raise ValueError("blur must be odd and in 1..255")
    if refine not in ("none", "quarter", "dark"):
        raise ValueError("refine must be none, quarter or dark")
    flat = maps.reshape(scores.size, height, width)
    values = flat.reshape(scores.size, height * width)
    peaks = values.argmax(axis=1)
    best = np.take_along_axis(values, peaks[:, None], axis=1)[:, 0]
    y, x = np.divmod(np.where(best > 0, peaks, 0), width)
    found = np.stack([x, y], axis=1).astype(np.float32)
    if refine == "quarter":
        found += _quarter(flat, x, y)
    elif refine == "dark":
        found += _dark(flat, x, y, best, gaussian(blur))
    keypoints[:] = (found / np.array([width, height], np.float32)).reshape(keypoints.shape)
    scores[:] = best.reshape(scores.shape)


def gaussian(blur: int) -> F64:
    """OpenCV's weights (blur,): rounded ones up to nine taps, else the standard deviation follows the size."""
    if blur in ROUNDED:
        return np.array(ROUNDED[blur], np.float64) / 256
    sigma = 0.3 * ((blur - 1) * 0.5 - 1) + 0.8
    weights = np.exp(-((np.arange(blur) - blur // 2) ** 2) / (2 * sigma**2))
    normalized: F64 = weights / weights.sum()
    return normalized


def _quarter(maps: F32, x: I64, y: I64) -> F32:
    """Offsets (M, 2) of the peaks (M,) of maps (M, h, w); zero in the first two rows and columns and in the last."""
    height, width = maps.shape[1:]
    rows = np.flatnonzero((x > 1) & (x < width - 1) & (y > 1) & (y < height - 1))
    x, y = x[rows], y[rows]
    offsets = np.zeros((len(maps), 2), np.float32)
    offsets[rows, 0] = 0.25 * _towards(maps[rows, y, x - 1], maps[rows, y, x + 1])
    offsets[rows, 1] = 0.25 * _towards(maps[rows, y - 1, x], maps[rows, y + 1, x])
    return offsets


def _towards(before: F32, after: F32) -> F32:
    return (after > before).astype(np.float32) - (after < before).astype(np.float32)


def _dark(maps: F32, x: I64, y: I64, scores: F32, weights: F64) -> F32:
    """Offsets (M, 2): the step to the maximum of a parabola through the logarithm of the smoothed maps (M, h, w)."""
    height, width = maps.shape[1:]
    inside = (x >= REACH) & (x < width - REACH) & (y >= REACH) & (y < height - REACH)
    offsets = np.zeros((len(maps), 2), np.float32)
    for row in np.flatnonzero(inside):
        with np.errstate(invalid="ignore", over="ignore"):
            smooth = _smooth(maps[row], weights)
            smooth *= scores[row] / max(float(smooth.max()), FLOOR)
            around = smooth[y[row] - REACH : y[row] + REACH + 1, x[row] - REACH : x[row] + REACH + 1]
            offsets[row] = _newton(np.log(np.maximum(around, FLOOR)))
    return offsets


def _smooth(heatmap: F32, weights: F64) -> F64:
    """One map (h, w), blurred; outside of it there is 0."""
    smooth = heatmap.astype(np.float64)
    for _ in range(2):
        padded = np.pad(smooth, ((len(weights) // 2,) * 2, (0, 0)))
        smooth = np.einsum("ijk,k->ji", np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=0), weights)
    return smooth


def _newton(near: F64) -> F64:
    """-H^-1 g (Zhang et al., 2020, eq. 6) of values (5, 5) around their maximum, x first.

    A step that leaves the values that it was made from refines nothing: such a map has no peak, its keypoint stays.
    """
    gradient = np.array([near[2, 3] - near[2, 1], near[3, 2] - near[1, 2]]) / 2
    xx = (near[2, 4] - 2 * near[2, 2] + near[2, 0]) / 4
    yy = (near[4, 2] - 2 * near[2, 2] + near[0, 2]) / 4
    xy = (near[3, 3] - near[1, 3] - near[3, 1] + near[1, 1]) / 4
    determinant = xx * yy - xy * xy
    if determinant == 0:
        return np.zeros(2)
    step: F64 = -np.array([[yy, -xy], [-xy, xx]]) @ gradient / determinant
    return step if np.abs(step).max() <= REACH else np.zeros(2)
