"""The metrics of the mesh papers for arrays of people: one value for each person, in mm, and means with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.evaluation.metrics import distances, pa_mpjpe, procrustes

F64 = NDArray[np.float64]
Float = NDArray[np.floating]

# Human3.6M's 14 joints of SPIN, PARE and Pose2Mesh, of the 17 of engines.joint_sets.HUMAN36; errors are relative to 0.
H36M_14 = (6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10)
MM = 1000.0
RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Score:
    """A mean with its bootstrap confidence interval, and the number of values."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.1f} [{self.low:.1f}, {self.high:.1f}]"


def joint_error(predicted: Float, truth: Float) -> F64:
    """MPJPE (N,) in mm of Human3.6M's points (N, 17, 3) in m over 14 joints, both relative to the pelvis."""
    a, b = (points - points[:, :1] for points in (predicted, truth))
    return np.asarray(distances(a[:, H36M_14], b[:, H36M_14]).mean(-1) * MM)


def aligned_joint_error(predicted: Float, truth: Float) -> F64:
    """PA-MPJPE (N,) in mm of the same 14 joints."""
    return pa_mpjpe(predicted[:, H36M_14], truth[:, H36M_14]) * MM


def vertex_error(predicted: Float, truth: Float) -> F64:
    """PVE (N,) in mm of vertices (N, V, 3) in m, each relative to its root."""
    return np.concatenate([distances(a[None], b[None]).mean(-1) for a, b in zip(predicted, truth, strict=True)]) * MM


def aligned_vertex_error(predicted: Float, truth: Float) -> F64:
    """PA-PVE (N,) in mm: of vertices (N, V, 3) after the similarity that aligns them best."""
    return np.array([distances(procrustes(a, b), b).mean() for a, b in zip(predicted, truth, strict=True)]) * MM


def f_score(predicted: Float, truth: Float, threshold_m: float) -> F64:
    """FreiHAND's F (N,) of vertices (N, V, 3) as point sets.

    The harmonic mean of the shares of predicted points near a true one, and of true points near a predicted one.
    """
    from scipy.spatial import cKDTree

    scores = []
    for a, b in zip(predicted, truth, strict=True):
        precision = float((cKDTree(b).query(a)[0] < threshold_m).mean())
        recall = float((cKDTree(a).query(b)[0] < threshold_m).mean())
        scores.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return np.array(scores)


def pck(error_mm: Float, threshold_mm: float) -> F64:
    """The share (N,) of joints (N, J) whose error in mm is at most the threshold."""
    return np.asarray((error_mm <= threshold_mm).mean(-1), np.float64)


def auc(error_mm: Float, threshold_mm: float = 150.0, steps: int = 31) -> F64:
    """The mean (N,) of PCK over thresholds from 0 to `threshold_mm`, as MPI-INF-3DHP has them (0, 5, .. 150)."""
    return np.asarray(np.mean([pck(error_mm, each) for each in np.linspace(0, threshold_mm, steps)], axis=0))


def acceleration_error(predicted: Float, truth: Float) -> F64:
    """The mean error (T - 2,) in mm per frame squared of the second differences of joints (T, J, 3) in m."""
    a, b = (np.diff(points.astype(np.float64), n=2, axis=0) for points in (predicted, truth))
    return np.asarray(np.linalg.norm(a - b, axis=-1).mean(-1) * MM)


def part_iou(predicted: NDArray[np.integer], truth: NDArray[np.integer], parts: int = 24) -> F64:
    """The mean intersection over union (N,) of part maps (N, H, W) over the parts 1 to `parts` that either has."""
    scores = []
    for a, b in zip(predicted, truth, strict=True):
        pairs = np.bincount((a.ravel() * (parts + 1) + b.ravel()).astype(np.int64), minlength=(parts + 1) ** 2)
        table = pairs.reshape(parts + 1, parts + 1)[1:, :]
        every = pairs.reshape(parts + 1, parts + 1)
        both = np.diag(every)[1:]
        union = table.sum(1) + every[:, 1:].sum(0) - both
        scores.append(float((both[union > 0] / union[union > 0]).mean()) if (union > 0).any() else np.nan)
    return np.array(scores)


def bootstrap(values: Float, seed: int = 0, statistic: Callable[[F64], float] = np.mean) -> Score:
    """The mean of values (N,) with the 95 % percentile interval of its bootstrap; values that are not finite are left
    out."""
    kept = np.asarray(values, np.float64)
    kept = kept[np.isfinite(kept)]
    if not len(kept):
        return Score(np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(seed)
    means = [statistic(kept[rng.integers(len(kept), size=len(kept))]) for _ in range(RESAMPLES)]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(means, [tail, 100 - tail])
    return Score(float(statistic(kept)), float(low), float(high), len(kept))


def summarize(values: Mapping[str, Float], seed: int = 0) -> dict[str, Score]:
    """The score of each metric by name."""
    return {name: bootstrap(each, seed) for name, each in values.items()}
