"""Geometry of 2D keypoints that the tracker uses: boxes around them and similarity of poses."""

from __future__ import annotations

import numpy as np

from edge.stages.tracker_config import MotionConfig
from edge.types import F32, Array

# COCO's per-keypoint standard deviations (keypoint evaluation, object keypoint similarity)
_HALF = [0.079, 0.072, 0.062, 0.107, 0.087, 0.089]  # shoulders to ankles, left and right alike
SIGMAS = np.array([0.026, 0.025, 0.025, 0.035, 0.035, *np.repeat(_HALF, 2)], np.float32)


def centers(boxes: F32) -> F32:
    """Centers (..., 2) of boxes (..., 4) xyxy."""
    return ((boxes[..., :2] + boxes[..., 2:]) / 2).astype(np.float32)


def keypoints_boxes(keypoints: F32, scores: F32, config: MotionConfig) -> tuple[F32, Array]:
    """The boxes (N, 4) xyxy that the detector would give keypoints (N, K, 2), and the rows (N,) bool that have one: the
    others have too few visible keypoints, and undefined boxes."""
    visible = scores > config.min_keypoint_score
    enough = visible.sum(axis=1) >= config.min_keypoints
    low = np.where(visible[..., None], keypoints, np.inf).min(axis=1, initial=np.inf)
    high = np.where(visible[..., None], keypoints, -np.inf).max(axis=1, initial=-np.inf)
    low, high = np.where(enough[:, None], low, 0), np.where(enough[:, None], high, 0)
    left, top, right, bottom = config.box_margins
    length = np.maximum((high - low).max(axis=1, initial=1.0), 1.0)[:, None]
    boxes = np.concatenate([low - length * (left, top), high + length * (right, bottom)], axis=1)
    return boxes.astype(np.float32), enough


def similarity(keypoints: F32, scores: F32, areas: F32, min_score: float) -> F32:
    """Object keypoint similarity (N, N) in 0..1 of people with keypoints (N, K, 2), scores (N, K) and box areas (N,).

    COCO's measure with about half the box as the person's area, over the keypoints that both people have with a score
    above min_score; 0 when there are fewer than three.
    """
    count = keypoints.shape[1]
    sigmas = SIGMAS if count == len(SIGMAS) else np.full(count, SIGMAS.mean(), np.float32)
    visible = scores > min_score
    both = visible[:, None] & visible[None]
    squared = np.square(keypoints[:, None] - keypoints[None]).sum(axis=-1)
    area = 0.53 * np.sqrt(areas[:, None] * areas[None])[..., None]
    near = np.exp(-squared / np.maximum(2 * area * np.square(2 * sigmas), 1e-6))
    shared = both.sum(axis=-1)
    result: Array = np.where(shared >= 3, (near * both).sum(axis=-1) / np.maximum(shared, 1), 0.0)
    return result.astype(np.float32)


def median_shift(off: F32, used: Array) -> F32:
    """Medians (N, ...) of off (N, K, ...) over the used (N, K) keypoints; 0 where there are none."""
    trailing = (slice(None), slice(None)) + (None,) * (off.ndim - 2)
    ordered = np.sort(np.where(used[trailing], off, np.inf), axis=1)
    counts = used.sum(axis=1)
    rows = np.arange(len(off))
    low, high = ordered[rows, np.maximum(counts - 1, 0) // 2], ordered[rows, counts // 2]
    none = (counts == 0).reshape(-1, *(1,) * (off.ndim - 2))
    middle: F32 = np.where(none, 0, (low + high) / 2).astype(np.float32)
    return middle
