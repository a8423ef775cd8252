"""Appearance of people: the colors of trunk and thighs, which tell apart people who cross."""

from __future__ import annotations

import numpy as np

import edge_kernels
from edge.stages.config import AppearanceConfig
from edge.types import F32, Pixels

SHOULDERS_HIPS = (5, 6, 11, 12)
THIGHS = ((11, 13), (12, 14))
_JOINTS = [*SHOULDERS_HIPS, *(joint for thigh in THIGHS for joint in thigh)]


def appearance_of(image: Pixels, keypoints: F32, scores: F32, config: AppearanceConfig) -> F32:
    """Appearances (N, 6) of people with COCO keypoints (N, 17 or more, 2) px and scores: the median CIE Lab color of
    the trunk and of the thighs, with weighted lightness; NaN for parts that are not visible."""
    count = len(keypoints)
    result = np.full((count, 6), np.nan, np.float32)
    if not count or keypoints.shape[1] < 17:
        return result
    keypoints, scores = keypoints[:, :17], scores[:, :17]
    colors = np.empty((count, 6), np.float32)
    points = np.matmul(_WEIGHTS, keypoints)
    columns = np.clip(points[..., 0], 0, image.shape[1] - 1).astype(np.intp)
    rows = np.clip(points[..., 1], 0, image.shape[0] - 1).astype(np.intp)
    edge_kernels.median_colors(image[rows, columns], _TRUNK, colors)
    colors[:, ::3] *= config.lightness_weight
    visible = scores[:, _JOINTS] > config.min_keypoint_score
    result[:, :3] = np.where(visible[:, :4].all(axis=1, keepdims=True), colors[:, :3], np.nan)
    result[:, 3:] = np.where(visible[:, 4:].all(axis=1, keepdims=True), colors[:, 3:], np.nan)
    return result


def _sample_weights() -> tuple[F32, int]:
    """Weights (S, 17) of sample points, which interpolate keypoints: first those of the trunk, and their number."""
    rows = []
    left_top, right_top, left_low, right_low = SHOULDERS_HIPS
    for across in np.linspace(0.15, 0.85, 5):
        for down in np.linspace(0.1, 0.9, 6):
            row = np.zeros(17, np.float32)
            row[left_top], row[right_top] = (1 - across) * (1 - down), across * (1 - down)
            row[left_low], row[right_low] = (1 - across) * down, across * down
            rows.append(row)
    trunk = len(rows)
    for hip, knee in THIGHS:
        for along in np.linspace(0.2, 1.0, 7):
            row = np.zeros(17, np.float32)
            row[hip], row[knee] = 1 - along, along
            rows.append(row)
    return np.stack(rows), trunk


_WEIGHTS, _TRUNK = _sample_weights()
