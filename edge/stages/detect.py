"""Detection of people: letterbox, detector network, decoding and non-maximum suppression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import edge_kernels
from edge.stages.box_decoders import BOX_FAMILIES, check_boxes
from edge.stages.config import DetectionConfig
from edge.types import F32, Array, Detections, Frame, Pixels, Planes
from engines.cards.card import Card, Input
from engines.errors import ModelError
from engines.files.suggestions import did_you_mean
from engines.inference.session import Session


class Detect:
    """Frame -> Detections of people with a score above the threshold, best first.

    A box may extend a little beyond the image: the network extrapolates people at its edge.
    Raises ModelError when the card is for another task, its family has no decoder, or the network's outputs are not
    those of its family.
    """

    def __init__(self, session: Session, card: Card, config: DetectionConfig | None = None) -> None:
        config = config or DetectionConfig()
        if card.task != "detector" or card.family not in BOX_FAMILIES:
            known = f"{', '.join(BOX_FAMILIES)}{did_you_mean(card.family, BOX_FAMILIES)}"
            raise ModelError(f"{card.name}: not a detector of a known family ({known})")
        self._session = session
        self._family = BOX_FAMILIES[card.family]
        self._person = card.decode.person
        self._fit = card.decode.fit
        self._score = card.decode.score if config.score is None else config.score
        self._nms_iou = config.nms_iou
        self._input = card.input
        self._size = input_size(card)
        self._tensor = np.zeros((1, 3, *self._size), np.float32)
        # Compile the engine now rather than at the first frame.
        check_boxes(card, self._session(self._tensor), self._size)

    def __call__(self, frame: Frame) -> Detections:
        scale, offset, outputs = self._infer(frame)
        with np.errstate(invalid="ignore", over="ignore"):
            boxes, scores = self._family.decode(outputs, self._size, self._person, self._score)
            boxes = (boxes - np.tile(offset, 2)) / np.tile(scale, 2)
            whole = np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        boxes, scores = boxes[whole].astype(np.float32), scores[whole].astype(np.float32)
        if not self._family.distinct:
            kept = suppress(boxes, scores, self._nms_iou)
            boxes, scores = boxes[kept], scores[kept]
        return Detections(boxes, scores)

    def _infer(self, frame: Frame) -> tuple[Array, Array, tuple[Array, ...]]:
        """Scale and offset of the letterbox, and the network's outputs."""
        scale, offset = letterbox(frame.pixels, self._fit, self._input, self._tensor)
        return scale, offset, self._session(self._tensor)


def input_size(card: Card) -> tuple[int, int]:
    """Height and width of the images that a model takes; a free axis is the card's input.size.

    Raises ModelError when the card's input is not color images (N, 3, H, W).
    """
    shape = card.input.shape
    if len(shape) != 4 or shape[1] != 3 or not card.input.color:
        raise ModelError(
            f"{card.name}: its input must be images: input.shape [N, 3, H, W], color, mean, std and size in the card"
        )
    height, width = (side if isinstance(side, int) else card.input.size for side in shape[2:])
    return height, width


@dataclass(frozen=True, slots=True)
class Fitting:
    """Where an image lies in the input of a network.

    Attributes:
        scale, offset: (2,) each, x first: a pixel p goes to p * scale + offset.
        window: x, y, width and height of the image in the input, px.
        block: see `averaged_block`.
    """

    scale: Array
    offset: Array
    window: tuple[int, int, int, int]
    block: int

    @staticmethod
    def of(image: tuple[int, int], fit: str, size: tuple[int, int]) -> Fitting:
        """How an image (height, width) fits into an input (height, width): in the "corner" at the top left or in the
        "center", with its aspect ratio and padding, or by "stretch" without."""
        image_size, whole = np.array(image[::-1]), np.array(size[::-1])
        scale = whole / image_size
        if fit != "stretch":
            scale[:] = scale.min()
        inner = np.maximum(np.rint(image_size * scale), 1).astype(int)
        offset = (whole - inner) // 2 if fit == "center" else np.zeros(2, int)
        window = (int(offset[0]), int(offset[1]), int(inner[0]), int(inner[1]))
        return Fitting(scale, offset, window, averaged_block(float(scale.max()), min(image)))


def letterbox(image: Pixels, fit: str, given: Input, out: F32) -> tuple[Array, Array]:
    """Write the normalized image to out (1, 3, H, W), see Fitting; returns its scale and offset."""
    fitting = Fitting.of(image.shape[:2], fit, out.shape[2:])
    write_letterbox(image, fitting, given, out)
    return fitting.scale, fitting.offset


def write_letterbox(image: Any, fitting: Fitting, given: Input, out: Any, stream: int = 0) -> None:
    """The same with arrays on a device, on a stream of it."""
    planar = None
    if isinstance(image, Planes):
        image, planar = image.luma, image.planar
    edge_kernels.letterbox(
        given.mean,
        given.std,
        image,
        out,
        fitting.window,
        block=fitting.block,
        pad=given.pad,
        swap=given.color == "rgb",
        stream=stream,
        planar=planar,
    )


def averaged_block(scale: float, shortest: int) -> int:
    """The side of square blocks, a power of two, over which an image is averaged before bilinear sampling.

    The remaining scale is 0.25 to 0.5: averaging until 0.5 to 1 remains blurs the image, and the detector misses people
    (measured). Bilinear sampling alone skips pixels at small scales. No side gets less than a block.
    """
    block = 1
    while scale * block <= 0.25 and 2 * block <= shortest:
        block *= 2
    return block


def suppress(boxes: F32, scores: F32, iou: float) -> Array:
    """Greedy non-maximum suppression: indices of the remaining boxes (N, 4), best score first."""
    kept = np.empty(len(boxes), np.int32)
    edge_kernels.nms(boxes, scores, kept, iou)
    return kept[kept >= 0]


def overlaps(a: F32, b: F32) -> F32:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4), xyxy; 0 where both are empty."""
    ratio = np.empty((len(a), len(b)), np.float32)
    edge_kernels.box_overlaps(np.ascontiguousarray(a, np.float32), np.ascontiguousarray(b, np.float32), ratio)
    return ratio
