"""Rotation vectors and matrices of many small rotations, in few array operations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def small_rotvec(rotations: F64) -> F64:
    """Rotation vectors (..., 3) of rotations (..., 3, 3) by less than pi; near pi the axis is not exact."""
    vectors = np.empty(rotations.shape[:-1])
    for axis, (row, column) in enumerate(((2, 1), (0, 2), (1, 0))):
        np.subtract(rotations[..., row, column], rotations[..., column, row], out=vectors[..., axis])
    sine = np.sqrt(np.einsum("...i,...i", vectors, vectors))  # twice the sine
    angle = np.arctan2(sine, np.einsum("...ii", rotations) - 1)
    vectors *= np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 0.5)[..., None]
    return vectors


def small_rotmat(vectors: F64) -> F64:
    """Rotations (..., 3, 3) of rotation vectors (..., 3), by Rodrigues' formula."""
    angle = np.sqrt(np.einsum("...i,...i", vectors, vectors))
    half = np.sinc(angle / (2 * np.pi))
    along = 0.5 * half * half  # (1 - cos angle) / angle^2
    rotations: F64 = (along[..., None] * vectors)[..., None] * vectors[..., None, :]
    np.einsum("...ii->...i", rotations)[...] += np.cos(angle)[..., None]
    across = np.sinc(angle / np.pi)[..., None] * vectors
    for axis, (row, column) in enumerate(((2, 1), (0, 2), (1, 0))):
        rotations[..., row, column] += across[..., axis]
        rotations[..., column, row] -= across[..., axis]
    return rotations
