"""Rotations over time: signs that do not jump, other frame rates, and Euler angles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.types import F32

F64 = NDArray[np.float64]


def steady(quaternions: F32) -> F64:
    """Unit quaternions (T, P, 4), x y z w, over time: of the two that mean the same rotation, the one nearer to the one
    before, so that what lies between two of them is the short way."""
    q = quaternions.astype(np.float64)
    turned = (q[1:] * q[:-1]).sum(-1) < 0
    signs = np.concatenate([np.ones((1, q.shape[1])), np.where(turned, -1.0, 1.0)]).cumprod(0)
    signed: F64 = q * signs[..., None]
    return signed


def at_times(times: F64, wanted: F64, values: F64) -> F64:
    """Values (T, ...) given at rising times, linearly at other times between the first and the last."""
    before, share = _between(times, wanted)
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return values[before] + share * (values[np.minimum(before + 1, len(times) - 1)] - values[before])


def slerp(times: F64, wanted: F64, q: F64) -> F64:
    """Quaternions (T, P, 4) of `steady` at other times: at constant speed along the shortest way (Shoemake, 1985).

    Returns (T', P, 4), of unit length.
    """
    before, share = _between(times, wanted)
    a, b = q[before], q[np.minimum(before + 1, len(times) - 1)]
    angle = np.arccos(np.clip((a * b).sum(-1, keepdims=True), -1, 1))
    sine = np.sin(angle)
    near = sine < 1e-6
    safe = np.where(near, 1.0, sine)
    u = share[:, None, None]
    from_a = np.where(near, 1 - u, np.sin((1 - u) * angle) / safe)
    from_b = np.where(near, u, np.sin(u * angle) / safe)
    mixed = from_a * a + from_b * b
    unit: F64 = mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)
    return unit


def euler_zxy(q: F64) -> F64:
    """Angles (T, P, 3) in degrees about z, x and y, of unit quaternions: R = Rz Rx Ry. They go on beyond 180 degrees
    rather than jump; where x is 90 degrees, y is 0."""
    x, y, z, w = np.moveaxis(q, -1, 0)
    # The entries of the matrix that this takes: those of its second column, its last row and its first column.
    r01, r11, r21 = 2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)
    r20, r22 = 2 * (x * z - w * y), 1 - 2 * (x * x + y * y)
    r00, r10 = 1 - 2 * (y * y + z * z), 2 * (x * y + w * z)
    cosine = np.hypot(r01, r11)
    locked = cosine < 1e-6
    about_z = np.where(locked, np.arctan2(r10, r00), np.arctan2(-r01, r11))
    about_y = np.where(locked, 0.0, np.arctan2(-r20, r22))
    angles = np.stack([about_z, np.arctan2(r21, cosine), about_y], -1)
    degrees: F64 = np.degrees(np.unwrap(angles, axis=0))
    return degrees


def _between(times: F64, wanted: F64) -> tuple[NDArray[np.intp], F64]:
    """The index of the time before each wanted one, and the share of the way to the next."""
    before = np.clip(np.searchsorted(times, wanted, "right") - 1, 0, max(0, len(times) - 2))
    after = np.minimum(before + 1, len(times) - 1)
    length = times[after] - times[before]
    share = np.clip((wanted - times[before]) / np.where(length > 0, length, 1.0), 0, 1)
    return before, share
