"""Errors of 3D poses and meshes, in the unit of their input. Leading axes are a batch; one value a pose comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float: TypeAlias = NDArray[np.floating]
F64: TypeAlias = NDArray[np.float64]


def distances(predicted: Float, truth: Float) -> F64:
    """Euclidean distances (..., J) of points (..., J, 3)."""
    difference = np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)
    return np.asarray(np.linalg.norm(difference, axis=-1))


def root_relative(joints: Float, root: Sequence[int]) -> F64:
    """Joints (..., J, 3) relative to the mean of the joints `root`."""
    points = np.asarray(joints, np.float64)
    return np.asarray(points - points[..., list(root), :].mean(axis=-2, keepdims=True))


def procrustes(source: Float, target: Float) -> F64:
    """Source points (..., J, 3) moved, turned and scaled onto the target points: the least-squares similarity.

    A mirrored source stays mirrored (Umeyama, 1991): the rotation is proper. A source without extent becomes the
    target's mean.
    """
    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    mean_a, mean_b = a.mean(axis=-2, keepdims=True), b.mean(axis=-2, keepdims=True)
    a, b = a - mean_a, b - mean_b
    u, s, vt = np.linalg.svd(np.swapaxes(a, -1, -2) @ b)
    proper = np.ones_like(s)
    proper[..., -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * proper[..., None, :]) @ vt
    variance = (a**2).sum(axis=(-1, -2))
    scale = np.divide((s * proper).sum(axis=-1), variance, out=np.zeros_like(variance), where=variance > 0)
    return np.asarray(scale[..., None, None] * (a @ rotation) + mean_b)


def mpjpe(predicted: Float, truth: Float, root: Sequence[int] = ()) -> F64:
    """Mean per-joint position error (...) of joints (..., J, 3), after both roots are brought together if given."""
    if root:
        predicted, truth = root_relative(predicted, root), root_relative(truth, root)
    return np.asarray(distances(predicted, truth).mean(axis=-1))


def pa_mpjpe(predicted: Float, truth: Float) -> F64:
    """MPJPE (...) of joints (..., J, 3) after Procrustes alignment: the pose without size and direction."""
    return mpjpe(procrustes(predicted, truth), truth)


def vertex_error(predicted: Float, truth: Float, predicted_root: Float | None = None, root: Float | None = None) -> F64:
    """Mean per-vertex error (...) of meshes (..., V, 3), each relative to its root (..., 3) where both are given."""
    if predicted_root is not None and root is not None:
        predicted, truth = predicted - predicted_root[..., None, :], truth - root[..., None, :]
    return np.asarray(distances(predicted, truth).mean(axis=-1))
