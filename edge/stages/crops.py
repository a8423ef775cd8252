"""Crops of people for a network: one batch, normalized as the card of the network specifies."""

from __future__ import annotations

from typing import Any

import numpy as np

import edge_kernels
from edge.stages.config import CutConfig
from edge.stages.detect import input_size
from edge.types import F32, Pixels, Planes
from engines.cards.card import Card
from engines.errors import ModelError


def complete_boxes(boxes: F32, height: int, config: CutConfig) -> F32:
    """The boxes (N, 4) xyxy px of people, longer where the lower edge of an image of this height, px, cuts them."""
    visible = np.minimum(boxes[:, 3], height) - boxes[:, 1]
    cut = (boxes[:, 3] >= (1 - config.border) * height) & (visible < config.max_aspect * (boxes[:, 2] - boxes[:, 0]))
    whole: F32 = boxes.copy()
    whole[cut, 3] = (np.minimum(boxes[:, 3], height) + config.extension * visible)[cut]
    return whole


class Cropper:
    """(image, boxes) -> crops (N, 3, h, w) float32, ready for a network, in a buffer that the next call overwrites.

    A crop has the network's aspect and the box's center, and holds `margin` times the box. size is (h, w). Raises
    ModelError when the card leaves height or width free.
    """

    def __init__(self, card: Card) -> None:
        if not all(isinstance(side, int) for side in card.input.shape[2:]):
            raise ModelError(f"{card.name}: height and width in the card's input.shape must be numbers")
        height, width = input_size(card)
        self._input = card.input
        self.margin = card.decode.margin
        self.size = (height, width)
        self._sides = np.array([width, height], np.float32)
        self._batch = np.empty((0, 3, height, width), np.float32)

    def __call__(self, image: Pixels, boxes: F32) -> tuple[F32, F32]:
        """Crops of the boxes (N, 4) xyxy px, and the regions (N, 4) xyxy px of the image that they show."""
        if len(boxes) > len(self._batch):
            self._batch = np.empty((len(boxes), *self._batch.shape[1:]), np.float32)
        centers, scales, regions = self.regions(boxes)
        batch = self._batch[: len(boxes)]
        self.write(image, centers, scales, batch)
        return batch, regions

    def regions(self, boxes: F32) -> tuple[F32, F32, F32]:
        """Centers (N, 2) px and scales (N,) of the crops of boxes (N, 4) xyxy px, and the regions (N, 4) xyxy px."""
        centers = (boxes[:, :2] + boxes[:, 2:]) / np.float32(2)
        sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
        scales = np.min(self._sides / (self.margin * sides), axis=1)
        half = self._sides / (2 * scales[:, None])
        return centers, scales, np.concatenate([centers - half, centers + half], 1).astype(np.float32)

    def write(self, image: Any, centers: Any, scales: Any, batch: Any, stream: int = 0) -> None:
        """Write the crops to batch (N, 3, h, w); all arrays are on the host or, with a stream, on a device."""
        given, planar = self._input, None
        if isinstance(image, Planes):
            image, planar = image.luma, image.planar
        edge_kernels.crop(
            given.mean,
            given.std,
            image,
            centers,
            scales,
            batch,
            pad=given.pad,
            swap=given.color == "rgb",
            stream=stream,
            planar=planar,
        )
