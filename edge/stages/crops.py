"""Crops of people for a network: one batch, normalised as its card says."""

from __future__ import annotations

import cv2
import numpy as np

from edge.stages.detect import halve, halvings, picture_size
from edge.types import F32, U8
from engines.cards import Card
from engines.errors import ModelError


class Cropper:
    """(picture, boxes) -> crops (N, 3, h, w) float32, ready for a network, in a buffer that the next call uses again.

    A crop has the network's aspect, the box's centre, and `margin` times the box's size: with square=True that of its
    longer side. size is (h, w). Raises ModelError when the card leaves height or width free.
    """

    def __init__(self, card: Card, *, square: bool = False) -> None:
        if not all(isinstance(side, int) for side in card.input.shape[2:]):
            raise ModelError(f"{card.name}: height and width in the card's input.shape must be numbers")
        height, width = picture_size(card)
        self._input = card.input
        self._margin = card.decode.margin
        self._square = square
        self.size = (height, width)
        self._sides = np.array([width, height], np.float32)
        self._crops = np.empty((0, height, width, 3), np.uint8)
        self._batch = np.empty((0, 3, height, width), np.float32)

    def __call__(self, image: U8, boxes: F32) -> tuple[F32, F32]:
        """Crops of the boxes (N, 4) xyxy px, and the regions (N, 4) xyxy px of the picture that they show."""
        count = len(boxes)
        if count > len(self._crops):
            self._crops = np.empty((count, *self._crops.shape[1:]), np.uint8)
            self._batch = np.empty((count, *self._batch.shape[1:]), np.float32)
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
        if self._square:
            sides[:] = sides.max(axis=1, keepdims=True)
        scales = np.min(self._sides / (self._margin * sides), axis=1)
        for out, centre, scale in zip(self._crops, centres, scales, strict=False):
            crop(image, centre, float(scale), out, self._input.pad)
        self._normalise(count)
        half = self._sides / (2 * scales[:, None])
        return self._batch[:count], np.concatenate([centres - half, centres + half], 1).astype(np.float32)

    def _normalise(self, count: int) -> None:
        pixels, batch = self._crops[:count].transpose(0, 3, 1, 2), self._batch[:count]
        np.copyto(batch, pixels if self._input.colour == "bgr" else pixels[:, ::-1])
        if any(self._input.mean):
            batch -= np.array(self._input.mean, np.float32)[:, None, None]
        if any(std != 1 for std in self._input.std):
            batch /= np.array(self._input.std, np.float32)[:, None, None]


def crop(image: U8, centre: F32, scale: float, out: U8, pad: int = 0) -> None:
    """Write the part of image around centre (2,), px, magnified by scale, into out (h, w, 3); pad outside the image.

    A pixel p of the image lands on (p - centre) * scale + size / 2. What shrinks a lot is halved first.
    """
    size = np.array(out.shape[1::-1])
    times = halvings(scale)
    block = 2**times
    origin = np.zeros(2)
    if times:
        reach = size / (2 * scale) + block
        low = np.clip(np.floor(centre - reach), 0, image.shape[1::-1]).astype(int)
        high = np.clip(np.ceil(centre + reach), 0, image.shape[1::-1]).astype(int)
        if (high - low < block).any():
            out[:] = pad
            return
        image = halve(image[low[1] : high[1], low[0] : high[0]], times)
        origin = low + (block - 1) / 2  # the first block's centre
    shift = size / 2 - scale * (centre - origin)
    move = np.array([[scale * block, 0, shift[0]], [0, scale * block, shift[1]]])
    cv2.warpAffine(image, move, (int(size[0]), int(size[1])), dst=out, borderValue=(pad, pad, pad))
