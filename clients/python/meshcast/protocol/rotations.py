"""Rotation vectors and matrices, float32, with any leading shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meshcast.protocol.body import F32


def rotmat(rotvecs: NDArray[np.floating]) -> F32:
    """Matrices (..., 3, 3) of rotation vectors (..., 3) in radians (Rodrigues' formula)."""
    v = np.asarray(rotvecs, np.float64)
    angle = np.linalg.norm(v, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(v, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*v.shape, 3)
    small = angle < 1e-8
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1.0, np.sin(safe) / safe)
    b = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    matrices: F32 = (np.eye(3) + a * cross + b * (cross @ cross)).astype(np.float32)
    return matrices


def rotvec(matrices: NDArray[np.floating]) -> F32:
    """Rotation vectors (..., 3) in radians, at most pi long, of rotation matrices (..., 3, 3).

    By way of the quaternion with the largest component first, which is exact near every angle (Shepperd, 1978).
    """
    x, y, z, w = np.moveaxis(quaternion(matrices).astype(np.float64), -1, 0)
    sine = np.sqrt(x * x + y * y + z * z)
    angle = 2 * np.arctan2(sine, w)
    factor = np.where(sine < 1e-12, 2.0, angle / np.where(sine < 1e-12, 1.0, sine))
    vectors: F32 = (np.stack([x, y, z], -1) * factor[..., None]).astype(np.float32)
    return vectors


def quaternion(matrices: NDArray[np.floating]) -> F32:
    """Unit quaternions (..., 4) in the order x y z w, w >= 0, of rotation matrices (..., 3, 3)."""
    m = np.asarray(matrices, np.float64)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    yx, zx, zy = m[..., 1, 0], m[..., 2, 0], m[..., 2, 1]
    xy, xz, yz = m[..., 0, 1], m[..., 0, 2], m[..., 1, 2]
    # Row i is the quaternion times four times its i-th component.
    rows = np.stack(
        [
            np.stack([1 + xx - yy - zz, yx + xy, zx + xz, zy - yz], -1),
            np.stack([yx + xy, 1 - xx + yy - zz, zy + yz, xz - zx], -1),
            np.stack([zx + xz, zy + yz, 1 - xx - yy + zz, yx - xy], -1),
            np.stack([zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz], -1),
        ],
        -2,
    )
    best = np.diagonal(rows, axis1=-2, axis2=-1).argmax(-1)
    q = np.take_along_axis(rows, best[..., None, None], -2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    positive: F32 = np.where(q[..., 3:] < 0, -q, q).astype(np.float32)
    return positive
