"""Appearance of people: the colors of trunk and thighs, which tell apart people who cross."""

from __future__ import annotations

import numpy as np

from edge.stages.config import AppearanceConfig
from edge.types import F32, U8, Pixels

SHOULDERS_HIPS = (5, 6, 11, 12)
THIGHS = ((11, 13), (12, 14))


def appearance_of(image: Pixels, keypoints: F32, scores: F32, config: AppearanceConfig) -> F32:
    """Appearances (N, 6) of people with COCO keypoints (N, 17 or more, 2) px and scores: the median CIE Lab color of
    the trunk and of the thighs, with weighted lightness; NaN for parts that are not visible."""
    count = len(keypoints)
    result = np.full((count, 6), np.nan, np.float32)
    if not count or keypoints.shape[1] < 17:
        return result
    keypoints, scores = keypoints[:, :17], scores[:, :17]
    points = _WEIGHTS @ keypoints
    columns = np.clip(points[..., 0], 0, image.shape[1] - 1).astype(np.intp)
    rows = np.clip(points[..., 1], 0, image.shape[0] - 1).astype(np.intp)
    samples = lab_colors(image[rows, columns])
    samples[..., 0] *= config.lightness_weight
    trunk = scores[:, SHOULDERS_HIPS].min(axis=1) > config.min_keypoint_score
    thighs = scores[:, sorted({joint for thigh in THIGHS for joint in thigh})].min(axis=1) > config.min_keypoint_score
    result[trunk, :3] = _median(samples[trunk, :_TRUNK])
    result[thighs, 3:] = _median(samples[thighs, _TRUNK:])
    return result


def lab_colors(colors: U8) -> F32:
    """CIE Lab colors (..., 3), scaled to 0..255 as OpenCV does, of sRGB colors (..., 3) uint8 BGR.

    OpenCV's own conversion wakes its threads, which costs more than the few colors of a frame.
    """
    ratios = np.cbrt(_LINEAR[colors] @ _TO_XYZ)
    x, y, z = ratios[..., 0], ratios[..., 1], ratios[..., 2]
    return np.stack([2.55 * (116 * y - 16), 500 * (x - y) + 128, 200 * (y - z) + 128], axis=-1).astype(np.float32)


def _median(samples: F32) -> F32:
    """The (upper) median over the samples (N, S, 3); np.median costs several times as much on so few."""
    middle: F32 = np.sort(samples, axis=1)[:, samples.shape[1] // 2]
    return middle


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
# sRGB (IEC 61966-2-1) to linear light, and BGR to XYZ relative to the white point D65
_CODES = np.arange(256) / 255
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)
_TO_XYZ = np.array(
    [
        [0.1805 / 0.9505, 0.0722, 0.9505 / 1.089],
        [0.3576 / 0.9505, 0.7152, 0.1192 / 1.089],
        [0.4124 / 0.9505, 0.2126, 0.0193 / 1.089],
    ],
    np.float32,
)
