"""The shape of a person, from the lengths of limbs between triangulated keypoints."""

from __future__ import annotations

import numpy as np

from edge.room.config import ShapeConfig
from edge.room.rig_points import RigKeypoints
from edge.room.views import F64
from edge.types import F32

# Ends of segments whose length a pose does not change, and how much worse than others they are known.
SEGMENTS = (
    *(
        (f"{side}_{start}", f"{side}_{end}", 1.0)
        for side in ("left", "right")
        for start, end in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
    ),
    ("left_hip", "right_hip", 2.0),
    ("left_shoulder", "right_shoulder", 2.0),
    ("left_shoulder", "left_hip", 2.0),
    ("right_shoulder", "right_hip", 2.0),
)
MAX_INTERVAL_S = 0.5  # time between two used frames beyond which more does not count


class LimbLengths:
    """Evidence of shapes: normal equations of the lengths of segments."""

    def __init__(self, keypoints: RigKeypoints, names: tuple[str, ...], config: ShapeConfig) -> None:
        self._keypoints = keypoints
        index = {name: k for k, name in enumerate(names) if keypoints.known[k]}
        segments = [(index[a], index[b], factor) for a, b, factor in SEGMENTS if a in index and b in index]
        self._start, self._end = (np.array([s[i] for s in segments], int) for i in (0, 1))
        self._floor = config.length_sigma_m * np.array([factor for *_, factor in segments])

    def equations(self, rotations: F32, shape: F32, points: F64, covariance: F64) -> F64:
        """Normal equations (B, B + 1) of one person's shape, matrix and right side.

        Args:
            rotations: (P, 3, 3), the pose.
            shape: (B,), about which the lengths are linear.
            points: (K, 3) m, triangulated keypoints; NaN where they are not.
            covariance: (K, 3, 3) m^2.
        """
        posed, dirs = self._keypoints.by_shape(rotations, shape)
        start, end = self._start, self._end
        bone = posed[end] - posed[start]
        length = np.sqrt((bone * bone).sum(-1))
        along = bone / np.maximum(length, 1e-6)[:, None]
        slope = np.einsum("sc,scb->sb", along, dirs[end] - dirs[start])
        found = points[end] - points[start]
        measured = np.sqrt((found * found).sum(-1))
        way = found / np.maximum(measured, 1e-6)[:, None]
        variance = np.einsum("sa,sab,sb->s", way, covariance[start] + covariance[end], way) + self._floor**2
        weight = np.where(np.isfinite(measured), 1 / variance, 0)
        side = np.nan_to_num(measured) - length + slope @ shape.astype(np.float64)
        equations: F64 = np.einsum("sb,sc,s->bc", slope, np.concatenate([slope, side[:, None]], 1), weight)
        return equations


class RoomShape:
    """The shape of one person: that of the views at first, moved by the evidence until that covers settle_s."""

    def __init__(self, shape: F32, config: ShapeConfig) -> None:
        self.shape = shape.astype(np.float32)
        self._config = config
        self._sum: F64 = np.zeros((len(shape), len(shape) + 1))
        self._samples = 0
        self._observed_s = 0.0
        self._sampled_s = self._moved_s = -np.inf
        self._estimate = self.shape.astype(np.float64)

    def follow(self, shape: F32) -> None:
        """The views' shape (B,), which counts until there is evidence."""
        if not self._samples:
            self._estimate = shape.astype(np.float64)

    def wants(self, t_s: float) -> bool:
        """Whether a frame at this time would be used."""
        return self._observed_s < self._config.settle_s and t_s - self._sampled_s >= self._config.interval_s

    def observe(self, t_s: float, equations: F64, prior: F32) -> None:
        """Add the evidence of a frame. prior: (B,), the shape of the views."""
        if not np.isfinite(equations).all():
            return
        config = self._config
        if np.isfinite(self._sampled_s):
            self._observed_s += min(t_s - self._sampled_s, MAX_INTERVAL_S)
        self._sampled_s = t_s
        self._sum += equations
        self._samples += 1
        independent = 1 + self._observed_s / config.correlation_s
        mean = self._sum * (independent / self._samples)
        stiffness = np.eye(len(mean)) / config.prior_sigma**2
        side = mean[:, -1] + stiffness @ prior.astype(np.float64)
        solved = np.linalg.solve(mean[:, :-1] + stiffness, side)
        self._estimate = solved.clip(-config.max_shape, config.max_shape)

    def move(self, t_s: float) -> None:
        """Bring the shape closer to the estimate: at once at first, then slowly."""
        elapsed_s = t_s - self._moved_s
        share = 1.0 if not np.isfinite(elapsed_s) else -np.expm1(-max(elapsed_s, 0) / self._config.move_s)
        self._moved_s = t_s
        self.shape = (self.shape + share * (self._estimate - self.shape)).astype(np.float32)
