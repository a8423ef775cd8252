"""Find people in a frame: letterbox, detector network, decoding and non-maximum suppression."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from edge.types import F32, U8, Array, Detections, Frame
from engines.cards import Card
from engines.errors import ModelError
from engines.session import Session

PERSON = 0  # COCO's first class
MAX_CANDIDATES = 300
NMS_IOU = 0.6
STRIDES = (8, 16, 32)


class Detect:
    """Frame -> Detections of people with a score above `score`, best first.

    A box may reach a little out of the picture: the network guesses how people go on beyond its edge.
    Raises ModelError when the card is for another task or its family has no decoder here.
    """

    def __init__(self, session: Session, card: Card, score: float = 0.30) -> None:
        if card.task != "detector" or card.family not in DECODERS:
            raise ModelError(f"{card.name}: not a detector of a known family ({', '.join(DECODERS)})")
        self._session = session
        self._decode = DECODERS[card.family]
        self._score = score
        self._input = card.input
        self._gain = 1.0 / np.array(card.input.std, np.float32)
        self._shift = -np.array(card.input.mean, np.float32) * self._gain
        side = card.input.size
        self._padded = np.empty((side, side, 3), np.uint8)
        self._tensor = np.zeros((1, 3, side, side), np.float32)
        self._session(self._tensor)  # the engine compiles now, not at the first frame

    def __call__(self, frame: Frame) -> Detections:
        scale = self._letterbox(frame.image)
        outputs = self._session(self._tensor)
        with np.errstate(invalid="ignore", over="ignore"):
            boxes, scores = self._decode(outputs, self._tensor.shape[2:], self._score)
            boxes = boxes / scale
            whole = np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        boxes, scores = boxes[whole].astype(np.float32), scores[whole].astype(np.float32)
        kept = suppress(boxes, scores, NMS_IOU)
        return Detections(boxes[kept], scores[kept])

    def _letterbox(self, image: U8) -> float:
        """Fill the input tensor with the picture at the top left, aspect kept; returns the picture's scale."""
        height, width = image.shape[:2]
        scale: float = self._input.size / max(height, width)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = halve(image, halvings(scale))
        self._padded[:] = self._input.pad
        cv2.resize(image, inner, dst=self._padded[: inner[1], : inner[0]], interpolation=cv2.INTER_LINEAR)
        channels = self._padded if self._input.colour == "bgr" else self._padded[..., ::-1]
        for channel, plane in enumerate(self._tensor[0]):
            np.multiply(channels[..., channel], self._gain[channel], out=plane)
            plane += self._shift[channel]
        return scale


def decode_nanodet(outputs: tuple[Array, ...], size: tuple[int, ...], score: float) -> tuple[F32, F32]:
    """Boxes (M, 4) xyxy in input pixels and scores (M,), best first, of the cells whose person score is above `score`.

    outputs: class scores (1, A, 80) and distance bins (1, A, 4 * B); size: (H, W) of the input. The distance of each
    side is the expectation over its B bins times the stride (Li et al., Generalized Focal Loss, 2020, eq. 6).
    """
    person, bins = outputs[0][0, :, PERSON], outputs[1][0]
    rows = np.flatnonzero(person > score)  # NaN is not above anything
    rows = rows[np.argsort(-person[rows], kind="stable")[:MAX_CANDIDATES]]
    centres, strides = _cells(size)
    logits = bins[rows].reshape(len(rows), 4, bins.shape[1] // 4).astype(np.float32)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    steps = np.arange(logits.shape[2], dtype=np.float32)
    distances = (weights @ steps) / weights.sum(axis=2) * strides[rows, None]
    return np.concatenate([centres[rows] - distances[:, :2], centres[rows] + distances[:, 2:]], axis=1), person[rows]


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


def _cells(size: tuple[int, ...]) -> tuple[F32, F32]:
    """Centres (A, 2) and strides (A,) of all cells of an input of (H, W), stride by stride, row by row."""
    centres, strides = [], []
    for stride in STRIDES:
        rows, columns = (side // stride for side in size)
        y, x = np.divmod(np.arange(rows * columns, dtype=np.float32), columns)
        centres.append(np.stack([x, y], axis=1) * stride + (stride - 1) / 2)
        strides.append(np.full(rows * columns, stride, np.float32))
    return np.concatenate(centres).astype(np.float32), np.concatenate(strides)


DECODERS: dict[str, Callable[[tuple[Array, ...], tuple[int, ...], float], tuple[F32, F32]]] = {
    "nanodet": decode_nanodet
}
