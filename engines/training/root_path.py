"""Where a person moves whose feet stand on the ground: the path of the root, and which foot stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
STANDS_BELOW_M, STANDS_BELOW_M_S = 0.04, 0.2  # height above the ground and speed of a foot that stands
SITS_BELOW_M = 0.12  # a body that reaches this far below its feet does not stand on them


@dataclass(frozen=True, slots=True)
class Standing:
    """path (N, T, 3) float32: the movement of the root in meters since the first frame, in a Y-up world; contacts
    (N, T, 2) bool: the left and the right foot stand still on the ground."""

    path: F32
    contacts: NDArray[np.bool_]


def stand_on_feet(points: F32, feet: F32, elapsed_s: F64) -> Standing:
    """The path on which the lowest foot never slips, and the feet that stand.

    Args:
        points: (N, T, P, 3), points of N bodies in T frames relative to their roots, meters, Y up.
        feet: (N, T, 6, 3), three points of the left and three of the right foot.
        elapsed_s: (N, T), time since the frame before, s.
    """
    count, frames = elapsed_s.shape
    middle = feet.reshape(count, frames, 2, 3, 3).mean(3)
    heights = middle[..., 1]
    lowest = heights.min(axis=2)
    path = np.zeros((count, frames, 3), np.float32)
    steps = np.diff(middle, axis=1)
    standing = heights[:, :-1].argmin(axis=2)[..., None, None]
    path[:, 1:] = -np.cumsum(np.take_along_axis(steps, standing, axis=2)[:, :, 0], axis=1)
    path[..., 1] = lowest[:, :1] - lowest
    placed = middle + path[:, :, None]
    speeds = np.zeros((count, frames, 2))
    speeds[:, 1:] = np.linalg.norm(np.diff(placed, axis=1), axis=-1) / np.maximum(elapsed_s[:, 1:, None], 1e-6)
    if frames > 1:
        speeds[:, 0] = speeds[:, 1]
    low = placed[..., 1] - lowest[:, :1, None] < STANDS_BELOW_M
    upright = points[..., 1].min(axis=2) > lowest - SITS_BELOW_M
    return Standing(path, low & (speeds < STANDS_BELOW_M_S) & upright[..., None])
