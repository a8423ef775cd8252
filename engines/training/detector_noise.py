"""The errors of a 2D keypoint detector over time: displaced, doubtful, exchanged and unseen keypoints.

Measured on recorded clips against 3D truth: errors have a constant part per person and joint, a part that drifts
(autocorrelation 0.7 after 17 ms, 0.5 after 80 ms, 0.25 after 170 ms) and a white part of about a fifth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rng = np.random.Generator

COCO_PARTNER = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
COCO_GROUPS = {"face": range(5), "arms": range(7, 11), "legs": range(13, 17), "lower": range(11, 17)}
WHITE, DRIFTING, CONSTANT = 0.2, 0.55, 0.25  # parts of the mean square error
DRIFT_S = 0.12  # time constant of the drifting part
SIDES_EXCHANGED = (  # keypoints, and how often they are on the other side
    ((5, 6, 7, 8, 9, 10), 0.012),
    ((11, 12, 13, 14, 15, 16), 0.02),
    ((13, 14, 15, 16), 0.015),
    ((15, 16), 0.015),
    ((9, 10), 0.01),
)
GROUPS_UNSEEN = (("face", 0.14), ("legs", 0.04), ("lower", 0.05), ("arms", 0.015))
EDGES = ((0.05, 1, 1), (0.015, 0, 1), (0.015, 0, -1), (0.01, 1, -1))  # share, axis and side of an image edge


class Clock:
    """Random processes at the times of N sequences of T frames; elapsed_s (N, T) is the time since the frame before."""

    def __init__(self, rng: Rng, elapsed_s: F64) -> None:
        self.rng, self.elapsed_s = rng, elapsed_s

    def episodes(self, share: NDArray[np.floating], mean_s: float) -> NDArray[np.bool_]:
        """Events (N, T, ...) that hold for a share (N, ...) of the time, for `mean_s` seconds on average."""
        rng = self.rng
        on = np.empty((len(share), self.elapsed_s.shape[1], *share.shape[1:]), bool)
        on[:, 0] = rng.random(share.shape) < share
        for frame in range(1, on.shape[1]):
            stays = np.exp(-self.elapsed_s[:, frame] / mean_s).reshape(-1, *[1] * (share.ndim - 1))
            renewed = rng.random(share.shape) > stays
            on[:, frame] = np.where(renewed, rng.random(share.shape) < share, on[:, frame - 1])
        return on

    def drift(self, shape: tuple[int, ...], constant_s: float) -> F64:
        """Ornstein-Uhlenbeck processes (N, T, ...) of unit variance."""
        rng, (count, frames) = self.rng, self.elapsed_s.shape
        value = np.empty((count, frames, *shape))
        value[:, 0] = rng.normal(0, 1, (count, *shape))
        for frame in range(1, frames):
            kept = np.exp(-self.elapsed_s[:, frame] / constant_s).reshape(-1, *[1] * len(shape))
            value[:, frame] = kept * value[:, frame - 1] + np.sqrt(1 - kept**2) * rng.normal(0, 1, (count, *shape))
        return value


def detector_noise(rng: Rng, rays: F32, elapsed_s: F64, level: float = 1.0) -> tuple[F32, F32]:
    """Simulates a 2D detector on true keypoints: displaced rays (N, T, 17, 2) and scores (N, T, 17).

    Errors grow as scores fall; some points are far off, some belong to the other side, some are not seen: at random, by
    limb, behind an object, or beyond the image's edge.

    Args:
        rng: source of random numbers.
        rays: (N, T, 17, 2), COCO keypoints of N sequences of T frames.
        elapsed_s: (N, T), time since the frame before, s.
        level: factor of the displacements.
    """
    count, frames, k, _ = rays.shape
    clock = Clock(rng, elapsed_s)
    size = 2 * np.sqrt(rays.var(2).sum(-1))[:, :, None, None]  # as in engines.pose2mesh.virtual_camera
    doubtful = clock.episodes(np.broadcast_to(rng.choice([0.0, 0.06, 0.2], (count, 1)), (count, k)), 0.3)
    good = 0.72 + 0.09 * (rng.normal(0, 1, (count, 1, k)) + clock.drift((k,), 0.15))
    bad = 0.3 + 0.12 * clock.drift((k,), 0.15)
    scores = np.where(doubtful, bad.clip(0.1, 0.5), good).clip(0.02, 0.98)

    sigma = (
        np.where(doubtful, rng.uniform(0.03, 0.12, (count, 1, k)), 0.018)
        * level
        * rng.uniform(0.25, 1.4, (count, 1, 1))
    )
    far = clock.episodes(np.where(rng.random((count, k)) < 0.1, 0.06, 0.006), 0.08)
    far |= doubtful & clock.episodes(np.full((count, k), 0.15), 0.08)
    sigma = np.where(far, 0.3, sigma)
    error = np.sqrt(WHITE) * rng.normal(0, 1, rays.shape) + np.sqrt(DRIFTING) * clock.drift((k, 2), DRIFT_S)
    error += np.sqrt(CONSTANT) * rng.normal(0, 1, (count, 1, k, 2))
    out = rays + error * sigma[..., None] * size
    for joints, share in SIDES_EXCHANGED:
        rows, columns = (index[:, None] for index in np.nonzero(clock.episodes(np.full(count, share), 0.15)))
        group = np.array(joints)[None]
        out[rows, columns, group] = out[rows, columns, COCO_PARTNER[group]]
    scores = np.where(_unseen(clock, rays, size), rng.uniform(0.0, 0.12, (count, frames, k)), scores)
    return out.astype(np.float32), scores.astype(np.float32)


def _unseen(clock: Clock, rays: F32, size: F32) -> NDArray[np.bool_]:
    """Which keypoints (N, T, 17) are not seen."""
    rng, (count, _, k, _) = clock.rng, rays.shape
    unseen = clock.episodes(np.broadcast_to(rng.choice([0.0, 0.02, 0.08], (count, 1)), (count, k)), 0.3)
    face = np.broadcast_to(rng.choice([0.0, 0.0, 0.4], (count, 1)), (count, 5))
    unseen[:, :, :5] |= clock.episodes(face, 0.3)
    for name, share in GROUPS_UNSEEN:
        columns = np.array(COCO_GROUPS[name])
        unseen[:, :, columns] |= clock.episodes(np.full(count, share), 1.0)[..., None]
    center = rays.mean(2, keepdims=True)
    for share, axis, sign in EDGES:
        edge = rng.uniform(-0.1, 0.6, (count, 1, 1)) * size[:, :1, :, 0] + sign * center[:, :1, :, axis]
        unseen |= (sign * rays[..., axis] > edge) & (rng.random((count, 1, 1)) < share)
    corner = rng.normal(0, 0.5, (count, 1, 1, 2)) * size
    hidden = np.abs(rays - center - corner) < rng.uniform(0.05, 0.45, (count, 1, 1, 2)) * size
    unseen |= hidden.all(-1) & (rng.random((count, 1, 1)) < 0.05)
    return unseen
