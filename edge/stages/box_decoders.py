"""Decoders of detector outputs: NanoDet, YOLOX, YOLO, NMS-free YOLO, MMDeploy's exports and DETR.

Every decoder gets the outputs for one image, the input's (H, W), the index of the person class and a score; it gives
boxes (M, 4) xyxy in input pixels and scores (M,), best first, of the people with a score above that one. Rows are
chosen by their scores before anything else is computed. NaN is not above anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.types import F32, Array
from engines.cards.card import Card
from engines.errors import ModelError

Outputs = tuple[Array, ...]
Size = tuple[int, int]
MAX_CANDIDATES = 300
STRIDES = (8, 16, 32)
OTHER_STRIDES = ((4, 8, 16, 32), (8, 16, 32, 64))
OFFSETS_END = 16.0  # px that decoded centers of an all-anchor output exceed and offsets from the cells do not


@dataclass(frozen=True, slots=True)
class BoxFamily:
    """A kind of output: what it is in words, whether the outputs for an input (H, W) and a person class are that, the
    decoder, and whether the network itself leaves one box a person, so that nothing needs to be suppressed."""

    gives: str
    fits: Callable[[Outputs, Size, int], bool]
    decode: Callable[[Outputs, Size, int, float], tuple[F32, F32]]
    distinct: bool = False


def check_boxes(card: Card, outputs: Outputs, size: Size) -> None:
    """Raises ModelError unless the outputs for one image of (H, W) have the shapes of the card's family."""
    family, person = BOX_FAMILIES[card.family], card.decode.person
    if not family.fits(outputs, size, person):
        got = ", ".join(str(output.shape) for output in outputs) or "nothing"
        raise ModelError(
            f"{card.name}: a {card.family} model gives {family.gives}, among the C classes person {person}, "
            f"for an input of {size[0]} x {size[1]}; this one gives {got}"
        )


def decode_nanodet(outputs: Outputs, size: Size, person: int, score: float) -> tuple[F32, F32]:
    """Class scores (1, A, C) and distance bins (1, A, 4 * B) of A cells.

    The distance of each side from the cell's center is the expectation over its B bins times the stride (Li et al.,
    Generalized Focal Loss, 2020, eq. 6).
    """
    scores, bins = outputs[0][0, :, person], outputs[1][0]
    rows = _best(scores, score)
    centers, strides = _cells(size)
    logits = bins[rows].reshape(len(rows), 4, bins.shape[1] // 4).astype(np.float32)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    steps = np.arange(logits.shape[2], dtype=np.float32)
    distances = (weights @ steps) / weights.sum(axis=2) * strides[rows, None]
    return np.concatenate([centers[rows] - distances[:, :2], centers[rows] + distances[:, 2:]], axis=1), scores[rows]


def decode_yolox(outputs: Outputs, size: Size, person: int, score: float) -> tuple[F32, F32]:
    """The last output, (1, A, 5 + C): center, width and height in input pixels, objectness, classes.

    The score is objectness times class (Ge et al., 2021).
    """
    table = outputs[-1][0]
    scores = table[:, 4] * table[:, 5 + person]
    rows = _best(scores, score)
    return _corners(table[rows, :4]), scores[rows]


def decode_yolo(outputs: Outputs, size: Size, person: int, score: float) -> tuple[F32, F32]:
    """(1, 4 + C, A) or (1, A, 4 + C): center, width and height in input pixels, classes (YOLOv8 and later)."""
    table = outputs[0][0]
    if _cells_axis(table.shape, size) == 1:
        table = table.T
    scores = table[:, 4 + person]
    rows = _best(scores, score)
    return _corners(table[rows, :4]), scores[rows]


def decode_yolo_nms(outputs: Outputs, size: Size, person: int, score: float) -> tuple[F32, F32]:
    """(1, M, 6): xyxy in input pixels, score, class."""
    table = outputs[0][0]
    rows = _best(np.where(table[:, 5] == person, table[:, 4], 0), score)
    return table[rows, :4], table[rows, 4]


def decode_mmdet(outputs: Outputs, size: Size, person: int, score: float) -> tuple[F32, F32]:
    """Boxes (1, M, 5), xyxy in input pixels and score, and classes (1, M), as MMDeploy exports RTMDet and others."""
    table, classes = outputs[0][0], outputs[1][0]
    rows = _best(np.where(classes == person, table[:, 4], 0), score)
    return table[rows, :4], table[rows, 4]


def decode_detr(outputs: Outputs, size: Size, person: int, score: float) -> tuple[F32, F32]:
    """Class logits (1, Q, C) and boxes (1, Q, 4), center, width and height in 0..1 of the input (RT-DETR, D-FINE).

    The score is the sigmoid of the logit: these are trained without a class for "nothing".
    """
    logits, boxes = outputs[0][0], outputs[1][0]
    scores = 0.5 + 0.5 * np.tanh(logits[:, person] / 2)  # the sigmoid, without overflow
    rows = _best(scores, score)
    height, width = size
    return _corners(boxes[rows]) * np.array([width, height, width, height], np.float32), scores[rows]


def _best(scores: F32, score: float) -> Array:
    """Indices of the scores (A,) above the bound, best first, MAX_CANDIDATES at most."""
    rows = np.flatnonzero(scores > score)
    return rows[np.argsort(-scores[rows], kind="stable")[:MAX_CANDIDATES]]


def _corners(boxes: F32) -> F32:
    """xyxy (M, 4) of center, width and height."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _cells(size: Size) -> tuple[F32, F32]:
    """Centers (A, 2) and strides (A,) of all cells of an input of (H, W), stride by stride, row by row."""
    centers, strides = [], []
    for stride in STRIDES:
        rows, columns = (side // stride for side in size)
        y, x = np.divmod(np.arange(rows * columns, dtype=np.float32), columns)
        centers.append(np.stack([x, y], axis=1) * stride + (stride - 1) / 2)
        strides.append(np.full(rows * columns, stride, np.float32))
    return np.concatenate(centers).astype(np.float32), np.concatenate(strides)


def _count(size: Size, strides: tuple[int, ...] = STRIDES) -> int:
    return sum((size[0] // stride) * (size[1] // stride) for stride in strides)


def _cells_axis(shape: tuple[int, ...], size: Size) -> int | None:
    """Which axis of a table is the cells; None when no axis can be, or when both can."""
    counts = {_count(size, strides) for strides in (STRIDES, *OTHER_STRIDES)}
    axes = [axis for axis, length in enumerate(shape) if length in counts]
    return axes[0] if len(axes) == 1 else None


def _shapes(outputs: Outputs, *ranks: int) -> bool:
    """Whether there are outputs of these ranks, each for one image."""
    return [output.ndim for output in outputs] == list(ranks) and all(output.shape[0] == 1 for output in outputs)


def _fits_nanodet(outputs: Outputs, size: Size, person: int) -> bool:
    if not _shapes(outputs, 3, 3):
        return False
    (_, cells, classes), (_, rows, bins) = outputs[0].shape, outputs[1].shape
    return bool(cells == rows == _count(size) and classes > person and bins % 4 == 0)


def _fits_yolox(outputs: Outputs, size: Size, person: int) -> bool:
    if not outputs or not _shapes(outputs[-1:], 3):
        return False
    table = outputs[-1][0]
    # A model exported without its decoding has the same shape; it would put all people into the corner.
    offsets = len(table) > 0 and bool(0 < table[:, :2].max() < OFFSETS_END)
    return _cells_axis(table.shape, size) == 0 and table.shape[1] > 5 + person and not offsets


def _fits_yolo(outputs: Outputs, size: Size, person: int) -> bool:
    if not _shapes(outputs, 3):
        return False
    cells = _cells_axis(outputs[0].shape[1:], size)
    return cells is not None and outputs[0].shape[2 - cells] > 4 + person


def _fits_yolo_nms(outputs: Outputs, size: Size, person: int) -> bool:
    return _shapes(outputs, 3) and int(outputs[0].shape[2]) == 6


def _fits_mmdet(outputs: Outputs, size: Size, person: int) -> bool:
    return _shapes(outputs, 3, 2) and tuple(outputs[0].shape) == (*outputs[1].shape, 5)


def _fits_detr(outputs: Outputs, size: Size, person: int) -> bool:
    if not _shapes(outputs, 3, 3):
        return False
    (_, queries, classes), (_, rows, sides) = outputs[0].shape, outputs[1].shape
    return bool(queries == rows and classes > person and sides == 4)


BOX_FAMILIES = {
    "nanodet": BoxFamily("class scores (1, A, C) and bins (1, A, 4 * B) of A cells", _fits_nanodet, decode_nanodet),
    "yolox": BoxFamily("(1, A, 5 + C) of A cells, boxes decoded to pixels", _fits_yolox, decode_yolox),
    "yolo": BoxFamily("one output (1, 4 + C, A) or (1, A, 4 + C) of A cells", _fits_yolo, decode_yolo),
    "yolo_nms": BoxFamily("one output (1, M, 6)", _fits_yolo_nms, decode_yolo_nms, distinct=True),
    "mmdet": BoxFamily("boxes (1, M, 5) and classes (1, M)", _fits_mmdet, decode_mmdet, distinct=True),
    "detr": BoxFamily("class logits (1, Q, C) and boxes (1, Q, 4)", _fits_detr, decode_detr, distinct=True),
}
