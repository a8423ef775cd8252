"""Attention maps of a mesh head drawn over the image, each body part in its own color."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

from edge.types import F32, U8, Attention

STRENGTH = 0.75  # of the color where the attention is full
GOLDEN_ANGLE = 0.381966  # of the color circle: neighboring parts differ most


def part_colors(count: int) -> F32:
    """Colors (P, 3) BGR 0..255 of P parts."""
    hues = [(part * GOLDEN_ANGLE) % 1.0 for part in range(count)]
    return np.array([colorsys.hsv_to_rgb(hue, 0.75, 1.0)[::-1] for hue in hues], np.float32) * 255


def paint_attention(image: U8, attention: Attention) -> None:
    """Blend the maps into `image` (H, W, 3) uint8 BGR in place, each over its box; what is outside is left out."""
    height, width = image.shape[:2]
    for maps, box in zip(attention.maps, attention.boxes, strict=True):
        left, top, right, bottom = (int(side) for side in np.round(box))
        inside = (max(left, 0), max(top, 0), min(right, width), min(bottom, height))
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            continue
        total = maps.sum(axis=0)
        colors = np.einsum("phw,pc->hwc", maps, part_colors(len(maps))) / np.maximum(total, 1e-6)[..., None]
        layer = np.concatenate([colors, (np.minimum(total, 1) * STRENGTH)[..., None]], -1).astype(np.float32)
        # Only the visible part of the box is magnified, regardless of its size.
        x = ((np.arange(inside[0], inside[2]) - box[0]) * maps.shape[2] / (box[2] - box[0]) - 0.5).astype(np.float32)
        y = ((np.arange(inside[1], inside[3]) - box[1]) * maps.shape[1] / (box[3] - box[1]) - 0.5).astype(np.float32)
        columns, rows = np.meshgrid(x, y)
        shown: F32 = np.asarray(
            cv2.remap(layer, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
        )
        region = image[inside[1] : inside[3], inside[0] : inside[2]]
        region[:] = np.clip(region + shown[..., 3:] * (shown[..., :3] - region), 0, 255).astype(np.uint8)
