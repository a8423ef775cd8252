"""Fixed-point numbers of the messages: floats as levels of 16 bits, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meshcast.protocol.body import F32, Array

VERTEX_LEVELS = 65535  # steps between the lower and the upper bound of a person's vertices, per axis
WEIGHT_LEVELS = 65535  # steps of a skinning weight from 0 to 1
DIRECTION_LEVELS = 32767  # steps of a shape direction, to either side
BLOCK = 32  # vertices in an inner loop


def quantize(vertices: F32) -> tuple[F32, F32, NDArray[np.uint16]]:
    """Vertices (N, V, 3) as low (N, 3), step (N, 3) float32 and levels (N, V, 3) uint16: vertex = low + step * level.

    The error is at most half a step, 0.02 mm per axis for a body of 2 m.
    """
    N, V = vertices.shape[:2]
    if N * V == 0:
        zero = np.zeros((N, 3), np.float32)
        return zero, zero, np.zeros((N, V, 3), "<u2")
    rows, padded = _blocks(N, V)
    padded[:, :V], padded[:, V:] = vertices, vertices[:, :1]
    with np.errstate(over="ignore", invalid="ignore"):  # the caller checks that low and step are finite
        low = rows.min(1).reshape(N, BLOCK, 3).min(1)
        step = (rows.max(1).reshape(N, BLOCK, 3).max(1) - low) / np.float32(VERTEX_LEVELS)
        flat = step < np.finfo(np.float32).tiny  # its quotient would overflow
        rows -= _tile(low)
        rows *= _tile(np.where(flat, 0, 1 / np.where(flat, 1, step)))
        rows += 0.5
        levels = padded.astype("<u2")
    return low, np.where(flat, np.float32(0), step), np.ascontiguousarray(levels[:, :V])


def dequantize(low: F32, step: F32, levels: NDArray[np.uint16]) -> F32:
    """Vertices (N, V, 3) from bounds and steps (N, 3) and levels (N, V, 3): low + step * level."""
    N, V = levels.shape[:2]
    rows, padded = _blocks(N, V)
    padded[:, :V], padded[:, V:] = levels, 0
    rows *= _tile(step)
    rows += _tile(low)
    return np.ascontiguousarray(padded[:, :V])


def weight_levels(weights: F32) -> Array:
    """Weights (V, 4) as uint16 levels that sum to WEIGHT_LEVELS in each row; the largest takes the rounding error."""
    levels = np.rint(weights * WEIGHT_LEVELS).astype(np.int64)
    rows = np.arange(len(levels))
    levels[rows, levels.argmax(1)] += WEIGHT_LEVELS - levels.sum(1)
    return levels.astype(np.uint16)


def direction_levels(directions: F32) -> tuple[F32, Array]:
    """Steps (B,) float32 and levels (V, 3, B) int16 of shape directions, which are steps * levels."""
    steps = (np.abs(directions).max((0, 1), initial=0) / DIRECTION_LEVELS).astype(np.float32)
    levels = np.rint(directions / np.where(steps > 0, steps, 1)).astype(np.int16)
    return steps, levels


def _blocks(N: int, V: int) -> tuple[F32, F32]:
    """Memory for vertices up to the next whole block, seen as (N, blocks, BLOCK * 3) and as (N, blocks * BLOCK, 3).

    numpy is several times slower when its inner loop runs over an axis of 3.
    """
    count = -(-V // BLOCK)
    rows = np.empty((N, count, BLOCK * 3), np.float32)
    return rows, rows.reshape(N, count * BLOCK, 3)


def _tile(bounds: F32) -> F32:
    """(N, 3) as (N, 1, BLOCK * 3), for the rows of `_blocks`."""
    return np.tile(bounds, BLOCK)[:, None]
