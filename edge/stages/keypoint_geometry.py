"""Geometry of 2D keypoints that the tracker uses: boxes around them and similarity of poses."""

from __future__ import annotations

import math

import numpy as np

import edge_kernels
from edge.stages.tracker_config import MotionConfig
from edge.types import F32, Array

# COCO's per-keypoint standard deviations (keypoint evaluation, object keypoint similarity)
_HALF = [0.079, 0.072, 0.062, 0.107, 0.087, 0.089]  # shoulders to ankles, left and right alike
# Pairs of COCO keypoints: arms, legs, the trunk with its diagonals, and the head from both shoulders.
_ARMS_LEGS = ((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16))
LIMBS = np.array([*_ARMS_LEGS, (5, 6), (11, 12), (5, 11), (6, 12), (5, 12), (6, 11), (0, 5), (0, 6)])
SIGMAS = np.array([0.026, 0.025, 0.025, 0.035, 0.035, *np.repeat(_HALF, 2)], np.float32)


def centers(boxes: F32) -> F32:
    """Centers (..., 2) of boxes (..., 4) xyxy."""
    return ((boxes[..., :2] + boxes[..., 2:]) / 2).astype(np.float32)


def keypoints_boxes(keypoints: F32, scores: F32, config: MotionConfig) -> tuple[F32, Array]:
    """The boxes (N, 4) xyxy that the detector would give keypoints (N, K, 2), and the rows (N,) bool that have one: the
    others have too few visible keypoints, and undefined boxes."""
    visible = (scores > config.min_keypoint_score).T
    enough = np.count_nonzero(visible, axis=0) >= config.min_keypoints
    places = np.ascontiguousarray(keypoints.transpose(2, 1, 0))  # reductions over the first axes are fast
    low = np.where(visible, places, np.inf).min(axis=1, initial=np.inf)
    high = np.where(visible, places, -np.inf).max(axis=1, initial=-np.inf)
    low, high = np.where(enough, low, 0), np.where(enough, high, 0)
    left, top, right, bottom = config.box_margins
    length = np.maximum(np.maximum(high[0] - low[0], high[1] - low[1]), 1.0)
    sides = (low[0] - length * left, low[1] - length * top, high[0] + length * right, high[1] + length * bottom)
    return np.stack(sides, axis=1).astype(np.float32), enough


def mean_scores(keypoints: F32, scores: F32, image_size: tuple[int, int], least: int = 3) -> F32:
    """Mean scores (N,) of the keypoints (N, K, 2) inside the image of this width and height; 0 with fewer than `least`.

    The others cannot be seen: a person whom the edge of the image cuts is not less certain for them.
    """
    within = (keypoints >= 0) & (keypoints < image_size)
    inside = within[..., 0] & within[..., 1]
    count = np.count_nonzero(inside, axis=1)
    means: F32 = np.where(count >= least, (scores * inside).sum(axis=1) / np.maximum(count, 1), 0).astype(np.float32)
    return means


def similarity(keypoints: F32, scores: F32, areas: F32, min_score: float) -> F32:
    """Object keypoint similarity (N, N) in 0..1 of people with keypoints (N, K, 2), scores (N, K) and box areas (N,).

    COCO's measure with about half the box as the person's area, over the keypoints that both people have with a score
    above min_score; 0 when there are fewer than three, and for people who are far apart.
    """
    people, count = keypoints.shape[:2]
    result = np.empty((people, people), np.float32)
    sigmas = SIGMAS if count == len(SIGMAS) else np.full(count, SIGMAS.mean(), np.float32)
    keypoints, scores, areas = (np.ascontiguousarray(array, np.float32) for array in (keypoints, scores, areas))
    edge_kernels.keypoint_similarity(keypoints, scores, areas, sigmas, min_score, result)
    return result


def limb_distances(points: F32, keypoints: F32, scores: F32, min_score: float) -> F32:
    """Distances (P,) of points (P, 2) px from the nearest limb of a person with COCO keypoints (17 or more, 2) px and
    scores, px; infinite without limbs."""
    starts, ends = LIMBS[:, 0], LIMBS[:, 1]
    known = (scores[starts] > min_score) & (scores[ends] > min_score)
    start, along = keypoints[starts[known]], (keypoints[ends] - keypoints[starts])[known]
    off = points[:, None] - start
    squared = np.maximum(np.square(along).sum(axis=1), 1e-6)
    share = np.clip((off * along).sum(axis=2) / squared, 0, 1)
    distances: F32 = np.linalg.norm(off - share[..., None] * along, axis=2).min(axis=1, initial=np.inf)
    return distances


def median_shift(off: F32, used: Array) -> F32:
    """Medians (N, ...) of off (N, K, ...) over the used (N, K) keypoints; 0 where there are none."""
    depth = math.prod(off.shape[2:])
    medians = np.empty((len(off), depth), np.float32)
    values = np.ascontiguousarray(off, np.float32).reshape(*off.shape[:2], depth)
    edge_kernels.masked_median(values, np.ascontiguousarray(used).view(np.uint8), medians)
    return medians.reshape(len(off), *off.shape[2:])
