"""Whether an image has changed, outside of the tracked people, since the detector ran: else it would find the same."""

from __future__ import annotations

import math

import cv2
import numpy as np

from edge.stages.tracker_config import QuietConfig
from edge.types import F32, Array, Pixels, Planes


class QuietScene:
    """Compares images with the one of the last detector pass, as means over blocks of pixels."""

    def __init__(self, config: QuietConfig) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Forget the last pass."""
        self._seen_s = -math.inf
        self._reference: Array | None = None
        self._boxes = np.empty((0, 4), np.float32)
        self._latest: tuple[Pixels, Array] | None = None

    def passed(self, image: Pixels, t_s: float, boxes: F32) -> None:
        """The detector ran on an image (H, W, 3); boxes (N, 4) xyxy px: of the people who were tracked in it."""
        compared = self._config.people_s if len(boxes) else self._config.empty_s
        self._seen_s, self._boxes = t_s, boxes
        self._reference = self._blocks(image) if compared else None
        self._latest = None

    def holds(self, image: Pixels, t_s: float, boxes: F32) -> bool:
        """Whether the detector may be left out, for people in sight at boxes (N, 4) xyxy px."""
        config, reference = self._config, self._reference
        longest_s = config.people_s if len(boxes) else config.empty_s
        if reference is None or not 0 <= t_s - self._seen_s < longest_s:
            return False
        blocks = self._blocks(image)
        if blocks.shape != reference.shape:
            return False
        changed = np.abs(blocks - reference) > config.changed
        scale = blocks.shape[1] / image.shape[1]
        for left, top, right, bottom in _widened(np.concatenate([boxes, self._boxes]), config.margin) * scale:
            changed[max(0, int(top)) : max(0, math.ceil(bottom)), max(0, int(left)) : max(0, math.ceil(right))] = False
        return int(np.count_nonzero(changed)) < config.min_changed

    def _blocks(self, image: Pixels) -> Array:
        """Gray means of blocks, about `columns` of them in a row; computed once for an image."""
        if self._latest is None or self._latest[0] is not image:
            height, width = image.shape[:2]
            columns = min(self._config.columns, width)
            rows = max(1, round(height * columns / width))
            # A few rows of pixels in each block are enough for its mean; reading all of them takes longer.
            some = (image.luma if isinstance(image, Planes) else image)[:: max(1, height // rows // 2)]
            small = cv2.resize(some, (columns, rows), interpolation=cv2.INTER_AREA)
            gray = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
            self._latest = image, gray.astype(np.int16)
        return self._latest[1]


def _widened(boxes: F32, margin: float) -> Array:
    """Boxes with a margin in their longer sides."""
    by = margin * (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0, keepdims=True)
    return np.concatenate([boxes[:, :2] - by, boxes[:, 2:] + by], axis=1)
