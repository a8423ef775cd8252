"""What the pose stage found in a frame, as the tracker compares it with its tracks."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from edge.stages.keypoint_geometry import centers, keypoints_boxes, mean_scores, similarity
from edge.stages.tracker_config import MotionConfig
from edge.types import F32, I32, Array, Pose2D


@dataclass(frozen=True, slots=True)
class Observations:
    """N bodies, row for row.

    ids (N,): of the tracks whose crops show them, below 0 for candidates; keypoints (N, K, 2) px with scores (N, K);
    means (N,): mean scores inside the image; boxes (N, 4) xyxy px around the keypoints; boxed (N,): the rows that have
    enough keypoints for a box, the other boxes are undefined; appearances (N, 6), see appearance.py.
    """

    ids: I32
    keypoints: F32
    scores: F32
    means: F32
    boxes: F32
    boxed: Array
    appearances: F32

    @staticmethod
    def of(pose: Pose2D, appearances: F32, image_size: tuple[int, int], config: MotionConfig) -> Observations:
        """What a pose shows; image_size: width and height, px."""
        means = mean_scores(pose.keypoints, pose.scores, image_size)
        boxes, boxed = keypoints_boxes(pose.keypoints, pose.scores, config)
        return Observations(pose.ids, pose.keypoints, pose.scores, means, boxes, boxed, appearances)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: Array | slice) -> Observations:
        return Observations(*(getattr(self, name)[rows] for name in _NAMES))

    def __add__(self, other: Observations) -> Observations:
        return Observations(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in _NAMES))

    @property
    def centers(self) -> F32:
        """Centers (N, 2) of the boxes, px."""
        return centers(self.boxes)

    @property
    def lengths(self) -> F32:
        """The longer sides (N,) of the boxes, px."""
        sizes = self.boxes[:, 2:] - self.boxes[:, :2]
        longer: F32 = np.maximum(np.maximum(sizes[:, 0], sizes[:, 1]), np.float32(1.0))
        return longer

    @property
    def areas(self) -> F32:
        """Areas (N,) of the boxes, px^2."""
        sizes = self.boxes[:, 2:] - self.boxes[:, :2]
        areas: F32 = sizes[:, 0] * sizes[:, 1]
        return areas

    def similarity(self, min_score: float) -> F32:
        """Object keypoint similarity (N, N) of the bodies, over keypoints with a score above min_score."""
        return similarity(self.keypoints, self.scores, self.areas, min_score)


_NAMES = tuple(entry.name for entry in fields(Observations))
