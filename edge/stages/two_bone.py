"""Closed-form inverse kinematics of a leg: hip, knee and ankle reach a point without stretching a bone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

STRAIGHT = 1e-4  # share of the leg's length by which it stays shorter than straight
PARALLEL = 1e-6  # sine of the knee's angle below which the leg has no plane of its own


@dataclass(frozen=True, slots=True)
class Legs:
    """M legs in the camera's frame.

    hip, knee and ankle: (M, 3) m; hinge: (M, 3) unit vectors, the axes of the knees, about which a positive angle bends
    them.
    """

    hip: F64
    knee: F64
    ankle: F64
    hinge: F64


def reach(legs: Legs, target: F64) -> tuple[F64, F64, F64]:
    """Turns that bring the ankles to target (M, 3), as far as the legs reach.

    The knee bends in the leg's plane, about the hinge where the leg is straight; then the leg turns about the hip by
    the least angle.

    Returns:
        Global rotations (M, 3, 3) by which the thigh and the shank are turned, and the ankles (M, 3) that result.
    """
    thigh, shank = legs.knee - legs.hip, legs.ankle - legs.knee
    upper, lower = np.linalg.norm(thigh, axis=-1), np.linalg.norm(shank, axis=-1)
    wanted = target - legs.hip
    distance = np.linalg.norm(wanted, axis=-1)
    length = np.clip(distance, np.abs(upper - lower) + STRAIGHT, (upper + lower) * (1 - STRAIGHT))
    normal = np.cross(thigh, shank)
    sine = np.linalg.norm(normal, axis=-1)
    flat = sine < PARALLEL * upper * lower
    axis = np.where(flat[:, None], legs.hinge, normal / np.maximum(sine, 1e-12)[:, None])
    now = np.arctan2(sine, (thigh * shank).sum(-1))
    cosine = (length**2 - upper**2 - lower**2) / np.maximum(2 * upper * lower, 1e-12)
    bend = about(axis, np.arccos(np.clip(cosine, -1, 1)) - np.where(flat, 0, now))
    reached = thigh + (bend @ shank[..., None])[..., 0]
    swing = least_turn(reached, wanted)
    return swing, swing @ bend, legs.hip + (swing @ reached[..., None])[..., 0]


def about(axis: F64, angle: F64) -> F64:
    """Rotations (M, 3, 3) by angles (M,) about unit vectors (M, 3)."""
    x, y, z = axis.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    rotations: F64 = np.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)
    return rotations


def least_turn(origin: F64, target: F64) -> F64:
    """Rotations (M, 3, 3) by the least angle that turn vectors (M, 3) into the directions of others; the identity where
    one of the two has no length or they are opposite."""
    normal = np.cross(origin, target)
    sine, cosine = np.linalg.norm(normal, axis=-1), (origin * target).sum(-1)
    axis = normal / np.maximum(sine, 1e-12)[:, None]
    return about(axis, np.where(sine > 1e-12, np.arctan2(sine, cosine), 0))
