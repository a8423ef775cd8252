"""Images of samples with their annotations drawn, for people to check."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.joint_sets import COCO17
from engines.training.sample import COCO, PARTS, SEEN, UNKNOWN, Sample

U8 = NDArray[np.uint8]
PANELS = ("image", "points", "parts", "uv", "occluded")
SEEN_COLOR, HIDDEN_COLOR = (80, 255, 80), (255, 90, 60)  # RGB
PART_COLORS = np.array(
    [(0, 0, 0), *(colorsys.hsv_to_rgb(0.618 * part % 1, 0.75, 1.0) for part in range(PARTS))], np.float32
)


def sheet(samples: Sequence[Sample], side: int = 160) -> U8:
    """A contact sheet, RGB: a row for each sample with its image, keypoints, parts, IUV map and occluders, each `side`
    px wide."""
    rows = [np.concatenate([cv2.resize(panel, (side, side)) for panel in panels(sample)], 1) for sample in samples]
    return np.ascontiguousarray(np.concatenate(rows), np.uint8)


def panels(sample: Sample) -> list[U8]:
    """The images (H, W, 3) RGB of PANELS; a missing annotation leaves the dimmed image."""
    dim = (sample.image * 0.35).astype(np.uint8)
    return [sample.image, draw_points(sample), _parts(sample, dim), _uv(sample, dim), _occluded(sample, dim)]


def draw_points(sample: Sample) -> U8:
    """The image with COCO's keypoints and their skeleton: green where seen, red where hidden."""
    image: U8 = sample.image.copy()
    if sample.points_2d is None:
        return image
    points = sample.points_2d[COCO]
    width = max(1, len(image) // 150)

    def spot(k: int) -> tuple[int, int]:
        return round(float(points[k, 0])), round(float(points[k, 1]))

    near = (points[:, 2] != UNKNOWN) & (np.abs(points[:, :2]) < 1e4).all(1)
    for a, b in COCO17.edges:
        if near[a] and near[b]:
            cv2.line(image, spot(a), spot(b), (255, 255, 255), width, cv2.LINE_AA)
    for k in np.flatnonzero(near).tolist():
        color = SEEN_COLOR if points[k, 2] == SEEN else HIDDEN_COLOR
        cv2.circle(image, spot(k), 2 * width, color, -1, cv2.LINE_AA)
    return image


def _parts(sample: Sample, dim: U8) -> U8:
    if sample.parts is None:
        return dim
    colors = (255 * PART_COLORS).astype(np.uint8)[sample.parts]
    return np.where(sample.parts[..., None] > 0, colors, dim).astype(np.uint8)


def _uv(sample: Sample, dim: U8) -> U8:
    if sample.uv is None or sample.parts is None:
        return dim
    iuv = np.dstack([sample.parts * (255 / PARTS), 255 * sample.uv]).astype(np.uint8)
    return np.where(sample.parts[..., None] > 0, iuv, dim).astype(np.uint8)


def _occluded(sample: Sample, dim: U8) -> U8:
    if sample.occluded is None or sample.silhouette is None:
        return dim
    colors = np.where(sample.silhouette[..., None], (90, 200, 255), dim)
    return np.where(sample.occluded[..., None], (255, 170, 40), colors).astype(np.uint8)
