"""Hides the other people in the crop of a person: a single-person network draws the nearer of two bodies in its crop.

The limbs of a neighbor, where the tracker expects them in this frame, are painted over as thick capsules; the limbs of
the person itself stay visible.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.stages.config import PoseConfig
from edge.types import F32, U8, Array, Tracks
from engines.cards.card import Card
from engines.joint_sets import COCO17

HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
TORSO = ("left_shoulder", "right_shoulder", "right_hip", "left_hip")
LIMBS = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
)
SHIFT = 4  # fractional bits of the coordinates that OpenCV draws
FAR = 2.0  # crop sides beyond the crop at which nothing is drawn


class NeighborMask:
    """Paints over the neighbors in a batch of crops, as the network's input is normalized."""

    def __init__(self, card: Card, config: PoseConfig | None = None) -> None:
        """card: of the pose network that receives the crops and whose keypoints the tracks hold."""
        self._config = config or PoseConfig()
        given = card.input
        fill = (np.full(3, self._config.neighbor_fill) - np.array(given.mean)) / np.array(given.std)
        self._fill = fill.astype(np.float32)[:, None, None]
        self.fill: tuple[float, float, float] = tuple(fill.astype(np.float32).tolist())
        index = {name: i for i, name in enumerate(card.keypoints)}
        self._limbs = [(index[a], index[b]) for a, b in LIMBS if a in index and b in index]
        self._torso = [index[name] for name in TORSO if name in index]
        self._head = [index[name] for name in HEAD if name in index]
        self._count = len(card.keypoints)
        self.usable = set(COCO17.joint_names) <= set(index)

    def __call__(self, batch: F32, regions: F32, tracks: Tracks) -> None:
        """Change `batch` (N, 3, h, w) in place; regions (N, 4) xyxy px of the image that the crops show."""
        self.paint(batch, dict(self.masks(regions, tracks, batch.shape[2:])))

    def paint(self, batch: F32, masks: dict[int, NDArray[np.bool_]]) -> None:
        """Paint over what the masks (h, w) of some rows of the batch show."""
        for row, mask in masks.items():
            np.copyto(batch[row], self._fill, where=mask)

    def masks(self, regions: F32, tracks: Tracks, size: tuple[int, ...]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """The crops that show neighbors, by row, and what of them, (h, w) = size, is painted over."""
        keypoints = tracks.keypoints
        if keypoints is None or len(keypoints) < 2 or keypoints.shape[1] != self._count or not self.usable:
            return
        for row, others in enumerate(neighbors(tracks.boxes, self._config.most_neighbors)):
            if not len(others):
                continue
            mask = np.zeros(size, np.uint8)
            for other in others:
                self._draw(mask, keypoints[other], _length(tracks.boxes[other]), regions[row], 1, 1.0)
            self._draw(mask, keypoints[row], _length(tracks.boxes[row]), regions[row], 0, self._config.own_width)
            yield row, mask.astype(bool)

    def _draw(self, mask: U8, keypoints: F32, length: float, region: F32, value: int, width: float) -> None:
        """Draw the body with keypoints (K, 3) px and score, of this length, px, with limbs `width` times as thick."""
        config = self._config
        scale = mask.shape[1] / max(float(region[2] - region[0]), 1e-6)
        points = (keypoints[:, :2] - region[:2]) * scale
        near = np.abs(points / mask.shape[1] - 0.5).max(axis=1) < FAR
        known = (keypoints[:, 2] >= config.min_keypoint_score) & near
        thick = scale * length * width
        for a, b in self._limbs:
            if known[a] and known[b]:
                _line(mask, points[[a, b]], thick * config.limb_width, value)
        torso = [i for i in self._torso if known[i]]
        if len(torso) > 1:
            outline = _fixed(points[torso])
            cv2.fillPoly(mask, [outline], value, shift=SHIFT)
            _line(mask, points[[*torso, torso[0]]], thick * config.torso_width, value)
        head = [i for i in self._head if known[i]]
        if head:
            center = _fixed(points[head].mean(axis=0))
            radius = max(1, int(thick * config.head_width / 2 * (1 << SHIFT)))
            cv2.circle(mask, (int(center[0]), int(center[1])), radius, value, -1, shift=SHIFT)


def neighbors(boxes: F32, most: int) -> list[Array]:
    """For each of the boxes (N, 4) xyxy the indices of those that overlap it, the largest overlap first, `most` at
    most."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    np.fill_diagonal(common, 0)
    order = np.argsort(-common, axis=1, kind="stable")[:, :most]
    return [row[common[index, row] > 0] for index, row in enumerate(order)]


def _length(box: F32) -> float:
    return float(max(box[2] - box[0], box[3] - box[1]))


def _fixed(points: F32) -> Array:
    return np.rint(points * (1 << SHIFT)).astype(np.int32)


def _line(mask: U8, points: F32, width: float, value: int) -> None:
    cv2.polylines(mask, [_fixed(points)], False, value, max(1, round(width)), cv2.LINE_8, SHIFT)
