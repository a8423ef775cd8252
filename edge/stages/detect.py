"""Find people in a frame: letterbox, detector network, decoding and non-maximum suppression."""

from __future__ import annotations

import math

import cv2
import numpy as np

from edge.stages.decode_boxes import BOX_FAMILIES, check_boxes
from edge.types import F32, U8, Array, Detections, Frame
from engines.cards import Card
from engines.errors import ModelError
from engines.session import Session

NMS_IOU = 0.6


class Detect:
    """Frame -> Detections of people with a score above `score` (None: the card's), best first.

    A box may reach a little out of the picture: the network guesses how people go on beyond its edge.
    Raises ModelError when the card is for another task, its family has no decoder here, or the network gives something
    else than its family does.
    """

    def __init__(self, session: Session, card: Card, score: float | None = None) -> None:
        if card.task != "detector" or card.family not in BOX_FAMILIES:
            raise ModelError(f"{card.name}: not a detector of a known family ({', '.join(BOX_FAMILIES)})")
        self._session = session
        self._family = BOX_FAMILIES[card.family]
        self._person = card.decode.person
        self._fit = card.decode.fit
        self._score = card.decode.score if score is None else score
        self._input = card.input
        self._size = picture_size(card)
        self._gain = 1.0 / np.array(card.input.std, np.float32)
        self._shift = -np.array(card.input.mean, np.float32) * self._gain
        self._padded = np.empty((*self._size, 3), np.uint8)
        self._tensor = np.zeros((1, 3, *self._size), np.float32)
        # The engine compiles now, not at the first frame.
        check_boxes(card, self._session(self._tensor), self._size)

    def __call__(self, frame: Frame) -> Detections:
        scale, offset = letterbox(frame.image, self._fit, self._input.pad, self._padded)
        self._normalise()
        outputs = self._session(self._tensor)
        with np.errstate(invalid="ignore", over="ignore"):
            boxes, scores = self._family.decode(outputs, self._size, self._person, self._score)
            boxes = (boxes - np.tile(offset, 2)) / np.tile(scale, 2)
            whole = np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        boxes, scores = boxes[whole].astype(np.float32), scores[whole].astype(np.float32)
        if not self._family.distinct:
            kept = suppress(boxes, scores, NMS_IOU)
            boxes, scores = boxes[kept], scores[kept]
        return Detections(boxes, scores)

    def _normalise(self) -> None:
        channels = self._padded if self._input.colour == "bgr" else self._padded[..., ::-1]
        for channel, plane in enumerate(self._tensor[0]):
            np.multiply(channels[..., channel], self._gain[channel], out=plane)
            plane += self._shift[channel]


def picture_size(card: Card) -> tuple[int, int]:
    """Height and width of the pictures that a model takes; a free axis is the card's input.size.

    Raises ModelError when the card's input is not colour pictures (N, 3, H, W).
    """
    shape = card.input.shape
    if len(shape) != 4 or shape[1] != 3 or not card.input.colour:
        raise ModelError(
            f"{card.name}: its input must be pictures: input.shape [N, 3, H, W], colour, mean, std and size in the card"
        )
    height, width = (side if isinstance(side, int) else card.input.size for side in shape[2:])
    return height, width


def letterbox(image: U8, fit: str, pad: int, out: U8) -> tuple[Array, Array]:
    """Resample image into out (H, W, 3): scale (2,) and offset (2,), x first, of image pixel * scale + offset.

    fit: "corner" (top left) and "centre" keep the aspect and fill the rest with pad; "stretch" does not.
    """
    picture, size = np.array(image.shape[1::-1]), np.array(out.shape[1::-1])
    scale = size / picture
    if fit != "stretch":
        scale[:] = scale.min()
    width, height = np.maximum(np.rint(picture * scale), 1).astype(int)
    x, y = (size - (width, height)) // 2 if fit == "centre" else (0, 0)
    out[:] = pad
    image = halve(image, halvings(float(scale.max())))
    inner = out[y : y + height, x : x + width]
    cv2.resize(image, (int(width), int(height)), dst=inner, interpolation=cv2.INTER_LINEAR)
    return scale, np.array([x, y])


def halvings(scale: float) -> int:
    """How many times to halve a picture before resampling it bilinearly by what is left of scale, 0.25 to 0.5.

    Halving on until 0.5 to 1 is left blurs: the detector then loses people, and keypoints get no better (measured).
    """
    return max(0, int(-math.log2(scale) - 1))


def halve(image: U8, times: int) -> U8:
    """The mean over blocks of 2 ** times pixels a side; odd rows and columns at the end are left out.

    Bilinear sampling alone skips pixels of a picture that shrinks a lot; halving first is ten times quicker than area
    sampling at an arbitrary ratio.
    """
    for _ in range(times):
        height, width = image.shape[0] // 2, image.shape[1] // 2
        if not height or not width:
            break
        whole = image[: 2 * height, : 2 * width]
        image = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return image


def suppress(boxes: F32, scores: F32, iou: float) -> Array:
    """Greedy non-maximum suppression: indices of the boxes (N, 4) that stay, best score first."""
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[overlaps(boxes[best : best + 1], boxes[order])[0] <= iou]
    return np.array(kept, np.intp)


def overlaps(a: F32, b: F32) -> F32:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4), xyxy; 0 where both are empty."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    area_a, area_b = (np.prod(np.clip(x[:, 2:] - x[:, :2], 0, None), axis=1) for x in (a, b))
    union = area_a[:, None] + area_b[None] - common
    ratio: F32 = (common / np.maximum(union, 1e-9)).astype(np.float32)
    return ratio
