"""nms in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


def nms(boxes: F32, scores: F32, kept: I32, iou: float, stream: int = 0) -> None:
    """Greedy non-maximum suppression: the rows that stay, best first, then -1; see nms.hpp for the contract."""
    _check.array(boxes, "boxes", np.float32, (None, 4))
    _check.array(scores, "scores", np.float32, (len(boxes),))
    _check.output(kept, "kept", np.int32, (len(boxes),))
    order = np.argsort(-scores, kind="stable")
    kept[:] = -1
    count = 0
    while len(order):
        kept[count] = order[0]
        order = order[1:][_overlaps(boxes[order[0]], boxes[order[1:]]) <= np.float32(iou)]
        count += 1


def _overlaps(box: F32, others: F32) -> F32:
    """Intersection over union (N,) of a box (4,) with others (N, 4); 0 where both are empty."""
    common = _areas(np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:]))
    union = _areas(box[None, :2], box[None, 2:]) + _areas(others[:, :2], others[:, 2:]) - common
    overlaps: F32 = common / np.maximum(union, np.float32(1e-9))
    return overlaps


def _areas(low: F32, high: F32) -> F32:
    sides = np.maximum(high - low, np.float32(0))
    areas: F32 = sides[:, 0] * sides[:, 1]
    return areas
