"""Motion of one person's limb joints over a clip: noise, planted feet and delay, beside those of the truth.

Arrays are (T, 12, 3) in meters in the camera's frame, one row a frame, NaN where unknown. Values per frame depend on
the frame rate: compare them at the same one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from edge.evaluation.limbs import ANKLES, HIPS, finite_mean

F64 = NDArray[np.float64]
TREND_S = 0.5  # window of the moving average that is the root's trend
SMOOTHING_S = 0.17  # window of the local quadratic that removes the noise of a triangulated truth
MIN_SMOOTHED = 4  # known frames in it
PLANTED_WINDOW_S = 0.1  # over which the truth's ankle moves slower than
PLANTED_M_S = 0.15
LAGS_S = (-0.1, 0.25)  # shifts that are tried
LAG_STEP_S = 0.001
MM_PER_M = 1000.0


@dataclass(frozen=True, slots=True)
class Motion:
    """Metrics of motion; NaN where a clip has too few consecutive frames.

    second_difference_mm: mean of |p[t+1] - 2 p[t] + p[t-1]| over limb joints and frames; root_depth_residual_mm: root
    mean square of the mid-hip's depth minus its centered moving average over TREND_S; planted_ankle_mm_s and
    planted_ankle_mean_mm_s: median and mean speed, from frame to frame, of ankles that are planted by the truth.
    """

    second_difference_mm: float
    root_depth_residual_mm: float
    planted_ankle_mm_s: float
    planted_ankle_mean_mm_s: float


def measure_motion(joints: NDArray[np.floating], planted: NDArray[np.bool_], interval_s: float) -> Motion:
    """The motion of limb joints (T, 12, 3); planted (T, 2): frames in which the left and right ankle stand still."""
    points = np.asarray(joints, np.float64)
    speed = np.linalg.norm(np.diff(points[:, ANKLES], axis=0), axis=-1) / interval_s
    slow = speed[planted[:-1] & planted[1:] & np.isfinite(speed)]
    return Motion(
        second_difference_mm=MM_PER_M * finite_mean(np.linalg.norm(second_difference(points), axis=-1)),
        root_depth_residual_mm=MM_PER_M * _residual(points[:, HIPS, 2].mean(axis=-1), interval_s),
        planted_ankle_mm_s=MM_PER_M * float(np.median(slow)) if slow.size else float("nan"),
        planted_ankle_mean_mm_s=MM_PER_M * finite_mean(slow),
    )


def second_difference(points: NDArray[np.floating]) -> F64:
    """p[t+1] - 2 p[t] + p[t-1] of points (T, ...): (T - 2, ...), empty for fewer than three frames."""
    return np.diff(np.asarray(points, np.float64), n=2, axis=0)


def smooth_truth(truth: NDArray[np.floating], interval_s: float) -> F64:
    """Limb joints (T, J, 3) without the noise of their triangulation, which is larger than the motion between frames.

    Each joint is fitted by a quadratic of time in a window of SMOOTHING_S around each frame; unknown joints stay NaN.
    """
    points = np.asarray(truth, np.float64)
    smooth = np.full_like(points, np.nan)
    half = max(1, round(SMOOTHING_S / 2 / interval_s))
    for t in range(len(points)):
        window = np.arange(max(0, t - half), min(len(points), t + half + 1))
        basis = np.vander((window - t) / half, 3)
        for joint in range(points.shape[1]):
            known: NDArray[np.bool_] = np.asarray(np.isfinite(points[window, joint]).all(axis=-1))
            if known[window == t].all() and known.sum() >= MIN_SMOOTHED:
                smooth[t, joint] = np.linalg.lstsq(basis[known], points[window[known], joint], rcond=None)[0][-1]
    return smooth


def planted_ankles(truth: NDArray[np.floating], interval_s: float) -> NDArray[np.bool_]:
    """Whether the left and right ankle (T, 2) of limb joints (T, 12, 3) stand still around a frame."""
    ankles = np.asarray(truth, np.float64)[:, ANKLES]
    half = max(1, round(PLANTED_WINDOW_S / 2 / interval_s))
    planted = np.zeros(ankles.shape[:2], bool)
    if len(ankles) > 2 * half:
        moved = np.linalg.norm(ankles[2 * half :] - ankles[: -2 * half], axis=-1)
        planted[half:-half] = moved < PLANTED_M_S * 2 * half * interval_s  # NaN is not planted
    return planted


def delay_s(predicted: NDArray[np.floating], truth: NDArray[np.floating], interval_s: float) -> float:
    """The time by which `predicted` is behind `truth`, both (T, 12, 3), in seconds; NaN for a clip that is too short.

    It is the shift of the truth, interpolated between frames, with the least mean square difference of the joints
    after each joint's mean difference is removed.
    """
    p, q = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    after, before = (int(np.ceil(abs(lag) / interval_s)) + 1 for lag in LAGS_S)
    inner = np.arange(before, len(p) - after)
    if not inner.size:
        return float("nan")
    lags = np.arange(LAGS_S[0], LAGS_S[1] + LAG_STEP_S / 2, LAG_STEP_S)
    # All shifts are compared on the same frames: those whose truth is known over the whole range of shifts.
    known, whole = (np.asarray(np.isfinite(points).all(axis=-1)) for points in (p, q))
    known = known[inner]
    known &= np.stack([whole[inner + step] for step in range(-before, after + 1)]).all(axis=0)
    if not known.sum(axis=0).max(initial=0) >= 3:
        return float("nan")
    weight = known[..., None] / np.maximum(known.sum(axis=0), 1)[:, None]
    inside = np.where(known[..., None], p[inner], 0)
    costs = []
    for lag in lags:
        at = inner - lag / interval_s
        low = np.floor(at).astype(int)
        share = (at - low)[:, None, None]
        difference = np.where(known[..., None], inside - ((1 - share) * q[low] + share * q[low + 1]), 0)
        mean = (weight * difference).sum(axis=0)
        costs.append(float((weight * (difference - mean) ** 2).sum()))
    return float(lags[int(np.argmin(costs))])


def rotation_second_difference_deg(rotations: NDArray[np.floating]) -> float:
    """Mean angle, in degrees, between consecutive turns of rotations (T, P, 3, 3), NaN where unknown: their jitter.

    A joint's turn from one frame to the next is a rotation vector; its change is the second difference.
    """
    matrices = np.asarray(rotations, np.float64)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(matrices).all(axis=(1, 2, 3)))
    frames = np.flatnonzero(known[:-2] & known[1:-1] & known[2:]) if len(matrices) >= 3 else np.array([], int)
    if not frames.size:
        return float("nan")

    def turn(first: NDArray[np.int64]) -> F64:
        a, b = (matrices[first + step].reshape(-1, 3, 3) for step in (0, 1))
        return np.asarray(Rotation.from_matrix(a.transpose(0, 2, 1) @ b).as_rotvec())

    return float(np.degrees(np.linalg.norm(turn(frames + 1) - turn(frames), axis=-1)).mean())


def _residual(values: F64, interval_s: float) -> float:
    """Root mean square of values (T,) minus their centered moving average over TREND_S, where that is whole."""
    half = max(1, round(TREND_S / 2 / interval_s))
    if len(values) <= 2 * half:
        return float("nan")
    trend = np.convolve(values, np.full(2 * half + 1, 1 / (2 * half + 1)), mode="valid")
    return float(np.sqrt(finite_mean((values[half:-half] - trend) ** 2)))
