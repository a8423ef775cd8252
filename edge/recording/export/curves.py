"""Rotations over time: continuous signs, resampling and Euler angles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.types import F32

F64 = NDArray[np.float64]

STILL_S = 1 / 30  # frame time of a single frame
MAX_FRAMES = 1_000_000


def frame_times(times: F64) -> tuple[float, F64]:
    """Return the median frame time, and equally spaced times from the first frame to the last.

    Raises ValueError for a motion that is too long.
    """
    frame_s = float(np.median(np.diff(times))) if len(times) > 1 else STILL_S
    frames = round((times[-1] - times[0]) / frame_s) + 1
    if frames > MAX_FRAMES:
        raise ValueError(
            f"{times[-1] - times[0]:.0f} s at {frame_s * 1e3:.2f} ms per frame are too long; export a shorter recording"
        )
    return frame_s, np.minimum(times[0] + frame_s * np.arange(frames), times[-1])


def continuous(quaternions: F32) -> F64:
    """Choose the signs of unit quaternions (T, P, 4), x y z w, so that each is closest to the previous one and
    interpolation takes the short way."""
    q = quaternions.astype(np.float64)
    flipped = (q[1:] * q[:-1]).sum(-1) < 0
    signs = np.concatenate([np.ones((1, q.shape[1])), np.where(flipped, -1.0, 1.0)]).cumprod(0)
    signed: F64 = q * signs[..., None]
    return signed


def at_times(times: F64, wanted: F64, values: F64) -> F64:
    """Interpolate values (T, ...) at increasing times linearly at other times, clamped to the first and the last."""
    before, fraction = _between(times, wanted)
    fraction = fraction.reshape(-1, *[1] * (values.ndim - 1))
    return values[before] + fraction * (values[np.minimum(before + 1, len(times) - 1)] - values[before])


def slerp(times: F64, wanted: F64, q: F64) -> F64:
    """Interpolate quaternions (T, P, 4) of `continuous` at other times by slerp (Shoemake, 1985).

    Returns (T', P, 4), of unit length.
    """
    before, fraction = _between(times, wanted)
    a, b = q[before], q[np.minimum(before + 1, len(times) - 1)]
    angle = np.arccos(np.clip((a * b).sum(-1, keepdims=True), -1, 1))
    sine = np.sin(angle)
    near = sine < 1e-6
    safe = np.where(near, 1.0, sine)
    u = fraction[:, None, None]
    from_a = np.where(near, 1 - u, np.sin((1 - u) * angle) / safe)
    from_b = np.where(near, u, np.sin(u * angle) / safe)
    mixed = from_a * a + from_b * b
    unit: F64 = mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)
    return unit


def euler_zxy(q: F64) -> F64:
    """Convert unit quaternions to angles (T, P, 3) in degrees about z, x and y: R = Rz Rx Ry. Angles are continuous
    beyond 180 degrees; if x is 90 degrees (gimbal lock), y is 0."""
    x, y, z, w = np.moveaxis(q, -1, 0)
    # The required entries of the rotation matrix: second column, last row and first column.
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
    """Return the index of the time before each wanted one, and the fraction of the step to the next."""
    before = np.clip(np.searchsorted(times, wanted, "right") - 1, 0, max(0, len(times) - 2))
    after = np.minimum(before + 1, len(times) - 1)
    length = times[after] - times[before]
    fraction = np.clip((wanted - times[before]) / np.where(length > 0, length, 1.0), 0, 1)
    return before, fraction
