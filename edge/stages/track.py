"""The tracked people: position, motion, keypoints and appearance, as a structure of arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from edge.stages.keypoint_geometry import centers, keypoints_boxes, median_shift
from edge.stages.tracker_config import MotionConfig
from edge.types import F32, I32, Array, Detections


@dataclass(slots=True)
class TrackTable:
    """N tracks, row for row. Positions are px, velocities px/s, times seconds of the stream.

    ids (N,) int32, below 0 for candidates; centers and sizes (N, 2) of the boxes; velocities (N, 2); drifts (N, 2):
    movement of the predicted position since the last accepted keypoints (N, K, 2) with keypoint_scores (N, K);
    appearances (N, 6): see appearance.py; scores (N,); seen_s (N,): time of the last accepted keypoints; hits (N,):
    number of frames with them; low_score_frames (N,): frames since then without; missed_detections (N,): detector
    passes since the last one that confirmed the track; lost (N,): the pose stage does not process the track.
    """

    ids: I32
    centers: F32
    sizes: F32
    velocities: F32
    drifts: F32
    keypoints: F32
    keypoint_scores: F32
    appearances: F32
    scores: F32
    seen_s: Array
    hits: Array
    low_score_frames: Array
    missed_detections: Array
    lost: Array

    @staticmethod
    def empty(keypoint_count: int = 17) -> TrackTable:
        """No tracks."""
        nothing = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))
        return TrackTable.of(nothing, np.empty(0, np.int32), 0.0, keypoint_count)

    @staticmethod
    def of(detections: Detections, ids: I32, t_s: float, keypoint_count: int) -> TrackTable:
        """Tracks at the boxes of detections, whose keypoints and appearances are not known yet."""
        boxes, count = detections.boxes, len(detections.boxes)
        return TrackTable(
            ids=ids.copy(),
            centers=centers(boxes),
            sizes=boxes[:, 2:] - boxes[:, :2],
            velocities=np.zeros((count, 2), np.float32),
            drifts=np.zeros((count, 2), np.float32),
            keypoints=np.zeros((count, keypoint_count, 2), np.float32),
            keypoint_scores=np.zeros((count, keypoint_count), np.float32),
            appearances=np.full((count, 6), np.nan, np.float32),
            scores=detections.scores.copy(),
            seen_s=np.full(count, t_s),
            hits=np.zeros(count, np.int64),
            low_score_frames=np.zeros(count, np.int64),
            missed_detections=np.zeros(count, np.int64),
            lost=np.zeros(count, bool),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: Array | slice) -> TrackTable:
        """The tracks of some rows, as copies for an index array."""
        return TrackTable(*(getattr(self, name)[rows] for name in _NAMES))

    def __add__(self, other: TrackTable) -> TrackTable:
        return TrackTable(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in _NAMES))

    @property
    def boxes(self) -> F32:
        """Boxes (N, 4) xyxy."""
        half = self.sizes / 2
        return np.concatenate([self.centers - half, self.centers + half], axis=1)

    @property
    def lengths(self) -> F32:
        """The longer sides (N,) of the boxes."""
        longer: F32 = self.sizes.max(axis=1, initial=1.0)
        return longer

    def predict(self, dt: float, config: MotionConfig) -> None:
        """Move to the positions that are expected dt seconds later. Velocities decay while a track is lost."""
        if dt <= 0 or not len(self):
            return
        left = np.float32(np.exp(-dt / config.coast_time_s))
        steps = self.velocities * (np.float32(config.coast_time_s) * (1 - left))
        self.centers += steps
        self.drifts += steps
        self.velocities[self.lost] *= left

    def move_with_camera(self, motion: F32) -> None:
        """Move all positions by the affine motion (2, 3) of the image."""
        turn, shift = motion[:, :2], motion[:, 2]
        moved = self.centers @ turn.T + shift
        # The predicted keypoints are keypoints + drifts: the keypoints move by the map, the drifts turn with it.
        self.keypoints = (self.keypoints @ turn.T + shift).astype(np.float32)
        self.drifts = (self.drifts @ turn.T).astype(np.float32)
        self.centers = moved.astype(np.float32)
        self.velocities = (self.velocities @ turn.T).astype(np.float32)
        self.sizes *= np.float32(np.sqrt(abs(np.linalg.det(turn))))

    def see_boxes(self, rows: Array, boxes: F32, scores: F32, gain: float) -> None:
        """Move the tracks of rows towards detections, by gain 0..1. The predicted keypoints of lost ones move along."""
        steps = np.float32(gain) * (centers(boxes) - self.centers[rows])
        self.centers[rows] += steps
        self.drifts[rows] += np.where(self.lost[rows, None], steps, 0)
        self.sizes[rows] += np.float32(gain) * (boxes[:, 2:] - boxes[:, :2] - self.sizes[rows])
        self.scores[rows] = scores
        self.missed_detections[rows] = 0

    def motion_errors(self, rows: Array, keypoints: F32, scores: F32, min_score: float) -> F32:
        """Median distances (N, M) of keypoints (N, K, 2) from the predicted ones of the M tracks of rows, in box
        lengths; 0 where no keypoint is visible in both."""
        predicted = self.keypoints[rows] + self.drifts[rows, None]
        used = (scores > min_score)[:, None] & (self.keypoint_scores[rows] > min_score)
        off = keypoints[:, None] - predicted
        distances = np.hypot(off[..., 0], off[..., 1])
        count = keypoints.shape[1]
        medians = median_shift(distances.reshape(-1, count), used.reshape(-1, count)).reshape(used.shape[:2])
        errors: F32 = medians / self.sizes[rows].max(axis=1, initial=1.0)
        return errors

    def see_keypoints(self, rows: Array, keypoints: F32, scores: F32, t_s: float, config: MotionConfig) -> None:
        """Update boxes, velocities and states of the tracks of rows with keypoints (M, K, 2) and scores (M, K)."""
        dt = np.maximum(t_s - self.seen_s[rows], 1e-6)
        used = (scores > config.min_keypoint_score) & (self.keypoint_scores[rows] > config.min_keypoint_score)
        moved = median_shift(keypoints - self.keypoints[rows], used) / dt[:, None]
        gains = np.where(used.any(axis=1), 1 - np.exp(-dt / config.velocity_time_s), 0)[:, None]
        self.velocities[rows] += gains * (moved - self.velocities[rows])
        boxes, found = keypoints_boxes(keypoints, scores, config)
        at, boxes = rows[found], boxes[found]
        self.centers[at] = centers(boxes)
        self.sizes[at] += np.float32(config.size_gain) * (boxes[:, 2:] - boxes[:, :2] - self.sizes[at])
        self.keypoints[rows], self.keypoint_scores[rows] = keypoints, scores
        self.scores[rows] = scores.mean(axis=1)
        self.seen_s[rows] = t_s
        self.hits[rows] += 1
        self.drifts[rows] = 0
        self.low_score_frames[rows] = 0
        self.lost[rows] = False

    def see_appearances(self, rows: Array, appearances: F32, gain: float, covered: Array) -> None:
        """Move towards appearances (M, 6) of this frame; those of covered (M,) people fill in unknown parts only."""
        old = self.appearances[rows]
        kept = old + np.where(covered, 0, gain)[:, None] * (appearances - old)
        kept = np.where(np.isfinite(kept), kept, np.where(np.isfinite(old), old, appearances))
        self.appearances[rows] = kept


_NAMES = tuple(entry.name for entry in fields(TrackTable))
