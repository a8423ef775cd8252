"""Detection on tiles of large images."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from edge.stages.config import DetectionConfig
from edge.stages.tiles import TiledDetect, tiles
from edge.types import Detections, Frame

PEOPLE = ((300, 200), (415, 300), (900, 500), (20, 20))  # centers; the second one is at the edge of a tile


def detect(frame: Frame) -> Detections:
    """Finds bright squares of 24 px, unless the image is larger than 500 px: there they are too small."""
    if frame.image.shape[1] > 500:
        return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))
    mask = frame.image[..., 0] > 0
    boxes = []
    while mask.any():
        y = np.argwhere(mask)[0][0]
        x0 = np.flatnonzero(mask[y])[0]
        width = int(np.argmin(np.append(mask[y, x0:], False)))
        height = int(np.argmin(np.append(mask[y:, x0], False)))
        boxes.append([x0, y, x0 + width, y + height])
        mask[y : y + height, x0 : x0 + width] = False
    found = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(found, np.full(len(found), 0.6, np.float32))


def test_tiled_detect_finds_each_small_person_once() -> None:
    image = np.zeros((540, 960, 3), np.uint8)
    for x, y in PEOPLE:
        image[y - 12 : y + 12, x - 12 : x + 12] = 255
    frame = Frame("test", 0, 0, 0.0, image)
    assert not len(detect(frame).boxes)
    found = TiledDetect(detect, (416, 416), DetectionConfig())(frame)
    expected = sorted([x - 12, y - 12, x + 12, y + 12] for x, y in PEOPLE)
    assert sorted(found.boxes.tolist()) == expected


@pytest.mark.parametrize("size", [(417, 416), (576, 768), (1080, 1920), (4320, 7680), (100, 3000)])
def test_tiles_cover_image_with_overlap_and_are_bounded(size: tuple[int, int]) -> None:
    config = DetectionConfig(max_tiles=12, tile_overlap_px=96)
    made = tiles(size, (416, 416), config)
    assert 1 < len(made) <= 12
    for axis, length in ((0, size[1]), (1, size[0])):
        spans = sorted({(tile[axis], tile[axis + 2]) for tile in made})
        assert (spans[0][0], spans[-1][1]) == (0, length)
        assert all(after[0] + 90 <= before[1] for before, after in pairwise(spans))


def test_tiles_of_small_image_are_none() -> None:
    assert tiles((416, 300), (416, 416), DetectionConfig()) == []
