"""One followed person: where they are, how they move, and what their keypoints say about it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edge.types import F32, Array

SEEN = 0.20  # score from which a keypoint counts as seen
ENOUGH = 5  # keypoints that must be seen to measure a box
# left, top, right, bottom: detector boxes over the keypoints\' extent, of its longer side
MARGINS = (0.06, 0.09, 0.06, 0.08)
SIZE_GAIN = 0.35  # of a new size, a frame; the center follows at once
VELOCITY_TIME_S = 0.25  # time constant of the velocity
LOOK_GAIN = 0.1
COAST_TIME_S = 1.0  # time constant with which the last velocity loses its worth

# COCO's per-keypoint standard deviations (keypoint evaluation, object keypoint similarity)
_HALF = [0.079, 0.072, 0.062, 0.107, 0.087, 0.089]  # shoulders to ankles, left and right alike
SIGMAS = np.array([0.026, 0.025, 0.025, 0.035, 0.035, *np.repeat(_HALF, 2)], np.float32)


@dataclass(slots=True)
class Track:
    """A track. Times are stream seconds, places px, velocity px/s; size is (width, height) of the box.

    seen_s: when keypoints were last taken over; drift: how far the expected place went since; look: clothes (look.py);
    poor: frames since then without usable keypoints; unfound: detector passes since it last agreed; lost: not looked
    at, only waited for.
    """

    id: int
    center: F32
    size: F32
    score: float
    t_s: float
    seen_s: float
    velocity: F32 = field(default_factory=lambda: np.zeros(2, np.float32))
    keypoints: F32 | None = None
    keypoint_scores: F32 | None = None
    appearance_drift: F32 = field(default_factory=lambda: np.zeros(2, np.float32))
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
        """Go on with the present velocity until t_s, slowing down: the longer nobody looked, the less it is worth."""
        dt = t_s - self.t_s
        if dt <= 0:
            return
        left = np.float32(np.exp(-dt / COAST_TIME_S))
        step = self.velocity * np.float32(COAST_TIME_S) * (1 - left)
        self.center = self.center + step
        self.appearance_drift = self.appearance_drift + step
        if self.lost:
            self.velocity = self.velocity * left
        self.t_s = t_s

    def see_box(self, box: F32, score: float, gain: float) -> None:
        """Pull towards a detection, by gain 0..1."""
        self.center = self.center + gain * (centers(box) - self.center)
        self.size = self.size + gain * (box[2:] - box[:2] - self.size)
        self.score = score

    def motion_error(self, keypoints: F32, scores: F32) -> float:
        """How far keypoints (K, 2) are from where this person's were expected, in box lengths (the median keypoint)."""
        common = self._common(scores)
        if self.keypoints is None or not common.any():
            return 0.0
        off = keypoints[common] - self.keypoints[common] - self.appearance_drift
        return float(np.median(np.hypot(off[:, 0], off[:, 1]))) / self.length

    def update_appearance(self, appearance: F32) -> None:
        """Take over this frame's look (6,), slowly."""
        kept = self.appearance + LOOK_GAIN * (appearance - self.appearance)
        self.appearance = np.where(
            np.isfinite(kept), kept, np.where(np.isfinite(appearance), appearance, self.appearance)
        ).astype(np.float32)

    def see_keypoints(self, keypoints: F32, scores: F32) -> None:
        """Take over this frame's keypoints (K, 2) and scores (K,): box, velocity, state."""
        dt = self.t_s - self.seen_s
        common = self._common(scores)
        if self.keypoints is not None and dt > 0 and common.any():
            measured = np.median(keypoints[common] - self.keypoints[common], axis=0) / dt
            gain = 1 - np.exp(-dt / VELOCITY_TIME_S)
            self.velocity = (self.velocity + gain * (measured - self.velocity)).astype(np.float32)
        box = keypoints_box(keypoints, scores)
        if box is not None:
            self.center = centers(box)
            self.size = self.size + SIZE_GAIN * (box[2:] - box[:2] - self.size)
        self.keypoints, self.keypoint_scores = keypoints, scores
        self.score = float(scores.mean())
        self.seen_s = self.t_s
        self.appearance_drift = np.zeros(2, np.float32)
        self.lost, self.confirmed, self.low_score_frames = False, True, 0

    def _common(self, scores: F32) -> Array:
        """Which keypoints (K,) are seen now and were seen last."""
        if self.keypoint_scores is None:
            return np.zeros(len(scores), bool)
        return (scores > SEEN) & (self.keypoint_scores > SEEN)


def centers(boxes: F32) -> F32:
    """Centers (..., 2) of boxes (..., 4) xyxy."""
    return ((boxes[..., :2] + boxes[..., 2:]) / 2).astype(np.float32)


def keypoints_box(keypoints: F32, scores: F32) -> F32 | None:
    """The box (4,) xyxy that the detector would give these keypoints (K, 2), or None when too few are seen."""
    seen = keypoints[scores > SEEN]
    if len(seen) < ENOUGH:
        return None
    low, high = seen.min(axis=0), seen.max(axis=0)
    left, top, right, bottom = np.array(MARGINS, np.float32) * max((high - low).max(), 1.0)
    return np.array([low[0] - left, low[1] - top, high[0] + right, high[1] + bottom], np.float32)


def similarity(keypoints: F32, scores: F32, areas: F32) -> F32:
    """Object keypoint similarity (N, N) in 0..1 of people with keypoints (N, K, 2), scores (N, K) and box areas (N,).

    COCO's measure with about half the box as the person's area, over the keypoints that both people show; 0 when there
    are fewer than three.
    """
    count = keypoints.shape[1]
    sigmas = SIGMAS if count == len(SIGMAS) else np.full(count, SIGMAS.mean(), np.float32)
    both = (scores[:, None] > SEEN) & (scores[None] > SEEN)
    squared = np.square(keypoints[:, None] - keypoints[None]).sum(axis=-1)
    area = 0.53 * np.sqrt(areas[:, None] * areas[None])[..., None]
    near = np.exp(-squared / np.maximum(2 * area * np.square(2 * sigmas), 1e-6))
    shared = both.sum(axis=-1)
    result: Array = np.where(shared >= 3, (near * both).sum(axis=-1) / np.maximum(shared, 1), 0.0)
    return result.astype(np.float32)
