"""Detection of small people: the detector runs on overlapping tiles of a large image and on the whole one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edge.stages.config import DetectionConfig
from edge.stages.detect import suppress
from edge.types import F32, Array, Detections, Frame


class TiledDetect:
    """Frame -> Detections like `detect`, also of people who are too small in the whole image.

    Tiles are as large as the detector's input, so that a pixel stays a pixel, or larger where that would be more than
    max_tiles. A box that ends at an inner edge of its tile is dropped: the person is whole in the next tile or in the
    image. An image that is not larger than a tile gets no tiles.
    """

    def __init__(self, detect: Callable[[Frame], Detections], tile_size: tuple[int, int], config: DetectionConfig):
        """
        Args:
            detect: the detector.
            tile_size: height and width of the detector's input, px.
            config: its settings.
        """
        self._detect = detect
        self._tile = tile_size
        self._config = config

    def __call__(self, frame: Frame) -> Detections:
        found = [self._detect(frame)]
        height, width = frame.pixels.shape[:2]
        for left, top, right, bottom in tiles((height, width), self._tile, self._config):
            image = np.ascontiguousarray(frame.image[top:bottom, left:right])
            tile = self._detect(replace(frame, image=image))
            whole = _whole(tile.boxes, (left, top, right, bottom), (height, width), self._config.tile_margin_px)
            offset = np.array([left, top, left, top], np.float32)
            found.append(Detections(tile.boxes[whole] + offset, tile.scores[whole]))
        if len(found) == 1:
            return found[0]
        boxes = np.concatenate([part.boxes for part in found])
        scores = np.concatenate([part.scores for part in found])
        order = np.argsort(-scores, kind="stable")
        boxes, scores = boxes[order], scores[order]
        kept = suppress(boxes, scores, self._config.nms_iou)
        return Detections(boxes[kept], scores[kept])


def tiles(size: tuple[int, int], tile: tuple[int, int], config: DetectionConfig) -> list[tuple[int, int, int, int]]:
    """Tiles (left, top, right, bottom) px that cover an image of (height, width), at least tile_overlap_px over each
    other, at most max_tiles; none when the image is not larger than a tile of (height, width)."""
    if size[0] <= tile[0] and size[1] <= tile[1]:
        return []
    scale = 1.0
    while True:
        sides = [min(length, round(scale * side)) for length, side in zip(size, tile, strict=True)]
        starts = [_starts(length, side, config.tile_overlap_px) for length, side in zip(size, sides, strict=True)]
        if len(starts[0]) * len(starts[1]) <= config.max_tiles:
            return [(left, top, left + sides[1], top + sides[0]) for top in starts[0] for left in starts[1]]
        scale *= 1.1


def _starts(length: int, side: int, overlap: int) -> list[int]:
    """Where evenly spaced tiles of a side begin along an axis."""
    step = max(1, side - min(overlap, side // 2))
    count = 1 + -(-(length - side) // step)
    return np.linspace(0, length - side, count).round().astype(int).tolist() if count > 1 else [0]


def _whole(boxes: F32, tile: tuple[int, int, int, int], size: tuple[int, int], margin: float) -> Array:
    """Which boxes (N, 4), in a tile's pixels, do not end at one of its edges inside the image."""
    left, top, right, bottom = tile
    height, width = size
    low = np.array([margin if left > 0 else -np.inf, margin if top > 0 else -np.inf])
    ends = (right - left - margin if right < width else np.inf, bottom - top - margin if bottom < height else np.inf)
    inside: Array = np.all((boxes[:, :2] >= low) & (boxes[:, 2:] <= np.array(ends)), axis=1)
    return inside
