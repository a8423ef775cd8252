"""One tracked person: position, motion, keypoints and appearance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edge.stages.config import MotionConfig
from edge.types import F32, Array

# COCO's per-keypoint standard deviations (keypoint evaluation, object keypoint similarity)
_HALF = [0.079, 0.072, 0.062, 0.107, 0.087, 0.089]  # shoulders to ankles, left and right alike
SIGMAS = np.array([0.026, 0.025, 0.025, 0.035, 0.035, *np.repeat(_HALF, 2)], np.float32)


@dataclass(slots=True)
class Track:
    """A track. Times are stream seconds, positions px, velocity px/s; size is (width, height) of the box.

    seen_s: time of the last accepted keypoints; drift: movement of the predicted position since; appearance: see
    appearance.py; low_score_frames: frames since then without accepted keypoints; missed_detections: detector passes
    since the last one that confirmed it; lost: it waits for a detection, the pose stage does not process it.
    """

    id: int
    center: F32
    size: F32
    score: float
    t_s: float
    seen_s: float
    config: MotionConfig = field(default_factory=MotionConfig)
    velocity: F32 = field(default_factory=lambda: np.zeros(2, np.float32))
    keypoints: F32 | None = None
    keypoint_scores: F32 | None = None
    drift: F32 = field(default_factory=lambda: np.zeros(2, np.float32))
    appearance: F32 = field(default_factory=lambda: np.full(6, np.nan, np.float32))
    confirmed: bool = False
    lost: bool = False
    low_score_frames: int = 0
    missed_detections: int = 0

    @property
    def box(self) -> F32:
        half = self.size / 2
        return np.concatenate([self.center - half, self.center + half])

    @property
    def length(self) -> float:
        """The longer side of the box, px."""
        return float(self.size.max())

    def move_to(self, t_s: float) -> None:
        """Predict the position at t_s with the current velocity, which decays."""
        dt = t_s - self.t_s
        if dt <= 0:
            return
        left = np.float32(np.exp(-dt / self.config.coast_time_s))
        step = self.velocity * np.float32(self.config.coast_time_s) * (1 - left)
        self.center = self.center + step
        self.drift = self.drift + step
        if self.lost:
            self.velocity = self.velocity * left
        self.t_s = t_s

    def see_box(self, box: F32, score: float, gain: float) -> None:
        """Move towards a detection, by gain 0..1."""
        self.center = self.center + gain * (centers(box) - self.center)
        self.size = self.size + gain * (box[2:] - box[:2] - self.size)
        self.score = score

    def motion_error(self, keypoints: F32, scores: F32) -> float:
        """Median distance of keypoints (K, 2) from their predicted positions, in box lengths."""
        common = self._common(scores)
        if self.keypoints is None or not common.any():
            return 0.0
        off = keypoints[common] - self.keypoints[common] - self.drift
        return float(np.median(np.hypot(off[:, 0], off[:, 1]))) / self.length

    def update_appearance(self, appearance: F32) -> None:
        """Move towards the appearance (6,) of this frame."""
        kept = self.appearance + self.config.appearance_gain * (appearance - self.appearance)
        self.appearance = np.where(
            np.isfinite(kept), kept, np.where(np.isfinite(appearance), appearance, self.appearance)
        ).astype(np.float32)

    def see_keypoints(self, keypoints: F32, scores: F32) -> None:
        """Update box, velocity and state with the keypoints (K, 2) and scores (K,) of this frame."""
        dt = self.t_s - self.seen_s
        common = self._common(scores)
        if self.keypoints is not None and dt > 0 and common.any():
            measured = np.median(keypoints[common] - self.keypoints[common], axis=0) / dt
            gain = 1 - np.exp(-dt / self.config.velocity_time_s)
            self.velocity = (self.velocity + gain * (measured - self.velocity)).astype(np.float32)
        box = keypoints_box(keypoints, scores, self.config)
        if box is not None:
            self.center = centers(box)
            self.size = self.size + self.config.size_gain * (box[2:] - box[:2] - self.size)
        self.keypoints, self.keypoint_scores = keypoints, scores
        self.score = float(scores.mean())
        self.seen_s = self.t_s
        self.drift = np.zeros(2, np.float32)
        self.lost, self.confirmed, self.low_score_frames = False, True, 0

    def _common(self, scores: F32) -> Array:
        """Which keypoints (K,) are visible now and were visible at the last update."""
        if self.keypoint_scores is None:
            return np.zeros(len(scores), bool)
        least = self.config.min_keypoint_score
        return (scores > least) & (self.keypoint_scores > least)


def centers(boxes: F32) -> F32:
    """Centers (..., 2) of boxes (..., 4) xyxy."""
    return ((boxes[..., :2] + boxes[..., 2:]) / 2).astype(np.float32)


def keypoints_box(keypoints: F32, scores: F32, config: MotionConfig) -> F32 | None:
    """The box (4,) xyxy that the detector would give these keypoints (K, 2), or None when too few are visible."""
    visible = keypoints[scores > config.min_keypoint_score]
    if len(visible) < config.min_keypoints:
        return None
    low, high = visible.min(axis=0), visible.max(axis=0)
    left, top, right, bottom = np.array(config.box_margins, np.float32) * max((high - low).max(), 1.0)
    return np.array([low[0] - left, low[1] - top, high[0] + right, high[1] + bottom], np.float32)


def similarity(keypoints: F32, scores: F32, areas: F32, min_score: float) -> F32:
    """Object keypoint similarity (N, N) in 0..1 of people with keypoints (N, K, 2), scores (N, K) and box areas (N,).

    COCO's measure with about half the box as the person's area, over the keypoints that both people have with a score
    above min_score; 0 when there are fewer than three.
    """
    count = keypoints.shape[1]
    sigmas = SIGMAS if count == len(SIGMAS) else np.full(count, SIGMAS.mean(), np.float32)
    both = (scores[:, None] > min_score) & (scores[None] > min_score)
    squared = np.square(keypoints[:, None] - keypoints[None]).sum(axis=-1)
    area = 0.53 * np.sqrt(areas[:, None] * areas[None])[..., None]
    near = np.exp(-squared / np.maximum(2 * area * np.square(2 * sigmas), 1e-6))
    shared = both.sum(axis=-1)
    result: Array = np.where(shared >= 3, (near * both).sum(axis=-1) / np.maximum(shared, 1), 0.0)
    return result.astype(np.float32)
