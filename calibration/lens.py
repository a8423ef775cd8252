"""Lens distortion of normalized image positions (x/z, y/z): Brown-Conrady and OpenCV's fisheye model, both ways."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
LensModel = Literal["pinhole", "fisheye"]
MODELS: tuple[LensModel, ...] = ("pinhole", "fisheye")
NEWTON_STEPS = 20
FIXED_POINT_STEPS = 12
CONVERGED, DIVERGED = 1e-8, 10.0  # largest change of a position in a step
WIDEST_RAD = math.radians(85)  # from the optical axis; a position x/z has no meaning at 90 degrees


def distort(points: F64, coefficients: F64, model: LensModel) -> F64:
    """Distorted positions (..., 2) of undistorted ones.

    Args:
        points: (..., 2), x/z and y/z.
        coefficients: k1, k2, p1, p2, k3 of Brown-Conrady, or k1 to k4 of the fisheye model.
        model: of the lens.
    """
    u, v = points[..., 0], points[..., 1]
    r2 = u * u + v * v
    if model == "fisheye":
        r = np.sqrt(r2)
        theta = np.arctan(r)
        scale = np.where(r > 1e-9, _fisheye(theta, coefficients) / np.maximum(r, 1e-9), 1.0)
        return np.stack([u * scale, v * scale], -1)
    k1, k2, p1, p2, k3 = coefficients[:5]
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        [
            u * radial + 2 * p1 * u * v + p2 * (r2 + 2 * u * u),
            v * radial + p1 * (r2 + 2 * v * v) + 2 * p2 * u * v,
        ],
        -1,
    )


def undistort(points: F64, coefficients: F64, model: LensModel) -> F64:
    """The inverse of `distort`, by Newton's method on the radius; outside the range in which the model rises it gives
    positions at the edge of that range.

    Args:
        points: (..., 2), distorted positions.
        coefficients: as in `distort`.
        model: of the lens.
    """
    if not coefficients.any() and model == "pinhole":
        return points
    if model == "fisheye":
        return _undistort_fisheye(points, coefficients)
    k1, k2, p1, p2, k3 = coefficients[:5]
    limit = widest_radius(coefficients, model)
    near = _fixed_point(points, coefficients)
    if near is not None and np.square(near).sum(-1).max(initial=0.0) < limit * limit:
        return near
    x, y = points[..., 0], points[..., 1]
    u, v = x, y
    for _ in range(NEWTON_STEPS):
        r2 = u * u + v * v
        du, dv = 2 * p1 * u * v + p2 * (r2 + 2 * u * u), p1 * (r2 + 2 * v * v) + 2 * p2 * u * v
        wanted = np.hypot(x - du, y - dv)
        r = np.minimum(np.sqrt(r2), limit)
        for _ in range(2):
            s = r * r
            value = r * (1 + s * (k1 + s * (k2 + s * k3))) - wanted
            slope = 1 + s * (3 * k1 + s * (5 * k2 + s * 7 * k3))
            r = np.clip(r - value / np.maximum(slope, 0.05), 0, limit)
        scale = r / np.maximum(wanted, 1e-12)
        u, v = (x - du) * scale, (y - dv) * scale
    return np.stack([u, v], -1)


def _fixed_point(points: F64, coefficients: F64) -> F64 | None:
    """Undistorted positions by fixed-point iteration, at a fraction of the cost; None where it does not converge, far
    from the axis of a lens that distorts much."""
    k1, k2, p1, p2, k3 = coefficients[:5].tolist()
    x, y = points[..., 0], points[..., 1]
    u, v = x, y
    for _ in range(FIXED_POINT_STEPS):
        uu, uv, vv = u * u, u * v, v * v
        r2 = uu + vv
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        next_u = (x - 2 * p1 * uv - p2 * (r2 + 2 * uu)) / radial
        next_v = (y - p1 * (r2 + 2 * vv) - 2 * p2 * uv) / radial
        moved = max(np.abs(next_u - u).max(initial=0.0), np.abs(next_v - v).max(initial=0.0))
        u, v = next_u, next_v
        if moved < CONVERGED:
            return np.stack([u, v], -1)
        if not moved < DIVERGED:  # also for NaN
            return None
    return None


def widest_radius(coefficients: F64, model: LensModel) -> float:
    """The largest distance hypot(x/z, y/z) from the optical axis up to which a lens model can be inverted.

    Beyond it the model folds far points back into the image, or they are more than WIDEST_RAD off the axis.
    """
    return _widest_radius(tuple(coefficients.tolist()), model)


@lru_cache(maxsize=64)
def _widest_radius(coefficients: tuple[float, ...], model: LensModel) -> float:
    if model == "pinhole":
        k1, k2, _, _, k3 = coefficients[:5]
        return min([math.tan(WIDEST_RAD), *(0.999 * radius for radius in _positive_roots([7 * k3, 5 * k2, 3 * k1, 1]))])
    k1, k2, k3, k4 = coefficients[:4]
    turning = _positive_roots([9 * k4, 7 * k3, 5 * k2, 3 * k1, 1])
    return math.tan(min([WIDEST_RAD, *(0.999 * angle for angle in turning)]))


def _positive_roots(polynomial: list[float]) -> list[float]:
    """The square roots of the positive real roots of a polynomial."""
    return [math.sqrt(root.real) for root in np.roots(polynomial) if abs(root.imag) < 1e-9 and root.real > 0]


def _fisheye(theta: F64, coefficients: F64) -> F64:
    k1, k2, k3, k4 = coefficients[:4]
    s = theta * theta
    distorted: F64 = theta * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4))))
    return distorted


def _undistort_fisheye(points: F64, coefficients: F64) -> F64:
    k1, k2, k3, k4 = coefficients[:4]
    wanted = np.hypot(points[..., 0], points[..., 1])
    theta = np.minimum(wanted, WIDEST_RAD)
    for _ in range(NEWTON_STEPS):
        s = theta * theta
        slope = 1 + s * (3 * k1 + s * (5 * k2 + s * (7 * k3 + s * 9 * k4)))
        theta = np.clip(theta - (_fisheye(theta, coefficients) - wanted) / np.maximum(slope, 0.05), 0, WIDEST_RAD)
    scale = np.where(wanted > 1e-9, np.tan(theta) / np.maximum(wanted, 1e-9), 1.0)
    return np.asarray(points * scale[..., None])
