"""The shape of one person: Bayesian least squares over the person's first seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.stages.body_config import BodyShapeConfig
from edge.stages.body_skeleton import F64, BodySkeleton
from edge.stages.placement import Placements


@dataclass(frozen=True, slots=True)
class _FootHeight:
    """Height of the lower ankle above that of a foot on the floor: height_m + dirs @ shape, with its variance in m^2.

    A person who is estimated too tall stands too far away, with the feet below the floor.
    """

    dirs: F64
    height_m: float
    variance: float


class ShapeEstimate:
    """Shape and covariance of one person; both are constant once the evidence covers `BodyShapeConfig.settle_s`.

    The errors of neighboring frames are alike, and part of them never changes. The mean of the frames' equations
    therefore counts as few independent ones: one at first, more with the observed time, up to a limit.

    Attributes:
        t_s: time of the last observation, s.
        shape: (B,) float64.
        cov: (B, B) float64.
        settled: whether the shape is final, unless the feet are seen on a known floor for the first time.
    """

    def __init__(self, skeleton: BodySkeleton, config: BodyShapeConfig, identity: int) -> None:
        self._skeleton, self._config = skeleton, config
        shapes = len(skeleton.neutral)
        self.t_s = 0.0
        self.shape: F64 = skeleton.neutral.copy()
        self.cov: F64 = np.zeros((shapes, shapes))
        self.settled = False
        self._fixed = config.shapes.of(identity) if config.shapes is not None else None
        if self._fixed is not None:
            given = np.asarray(self._fixed, np.float64)[:shapes]
            self.shape = np.pad(given, (0, shapes - len(given)))
            self.settled = True
        self._proportions: F64 = np.zeros((shapes, shapes + 1))
        self._samples = 0
        self._feet: deque[_FootHeight] = deque(maxlen=config.max_foot_samples)
        self._proportions_s = self._floor_s = 0.0  # for how long each kind of evidence was observed
        self._sampled_s = self._moved_s = -np.inf
        self._estimate = self.shape

    def observe(self, t_s: float, placements: Placements, row: int) -> None:
        """Add the evidence of a frame, in which the person is row `row`, and move the shape towards the estimate."""
        if self._fixed is not None:
            return
        config = self._config
        first = not np.isfinite(self._sampled_s)
        if first or t_s - self._sampled_s >= config.interval_s:
            elapsed_s = 0.0 if first else min(t_s - self._sampled_s, config.max_interval_s)
            self._sampled_s = t_s
            if self._add(placements, row, elapsed_s):
                self._estimate, self.cov = self._solve()
        self._move(t_s)

    def _add(self, placements: Placements, row: int, elapsed_s: float) -> bool:
        """Whether this frame had evidence that is still wanted."""
        added = False
        if self._proportions_s < self._config.settle_s:
            equations = placements.proportions[row]
            if np.isfinite(equations).all():
                self._proportions += equations
                self._samples += 1
                self._proportions_s += elapsed_s
                added = True
        if self._floor_s < self._config.settle_s:
            foot = self._lower_foot(placements, row)
            if foot is not None:
                self._floor_s += elapsed_s if self._feet else 0.0
                self._feet.append(foot)
                added = True
        return added

    def _lower_foot(self, placements: Placements, row: int) -> _FootHeight | None:
        heights = placements.heights[row] + placements.height_dirs[row] @ self._estimate
        if not np.isfinite(heights).any():
            return None
        foot = int(np.nanargmin(heights))
        up = placements.height_root[row, foot]
        variance = placements.height_var[row, foot] + up @ placements.root_cov[row] @ up + self._config.sole_sigma_m**2
        return _FootHeight(placements.height_dirs[row, foot], float(placements.heights[row, foot]), float(variance))

    def _solve(self) -> tuple[F64, F64]:
        """The most probable shape (B,) and its covariance (B, B)."""
        config, skeleton = self._config, self._skeleton
        shapes = len(skeleton.neutral)
        tall = skeleton.stature_dirs / np.linalg.norm(skeleton.stature_dirs)
        matrix, side = np.eye(shapes), skeleton.neutral.copy()
        if self._samples and config.proportions:
            count = _independent(self._proportions_s, config) / self._samples
            found, of = self._proportions[:, :shapes] * count, self._proportions[:, shapes] * count
            # Without what the proportions say of the stature, which is little and biased.
            taller = found @ tall
            scale = max(float(tall @ taller), 1e-12)
            matrix += found - np.outer(taller, taller) / scale
            side += of - taller * (tall @ of) / scale
        if config.height_m is not None:
            weight = 1 / config.height_sigma_m**2
            matrix += weight * np.outer(skeleton.stature_dirs, skeleton.stature_dirs)
            side += weight * skeleton.stature_dirs * (config.height_m - skeleton.stature_m)
        if self._feet and config.floor:
            matrix, side = self._with_feet(matrix, side)
        cov = np.asarray(np.linalg.inv(matrix), np.float64)
        shape: F64 = cov @ side
        low, high = skeleton.neutral - config.max_shape, skeleton.neutral + config.max_shape
        return shape.clip(low, high), cov

    def _with_feet(self, matrix: F64, side: F64) -> tuple[F64, F64]:
        """The equations with those of the feet's heights, re-weighted: feet are raised at times, and never below."""
        config = self._config
        dirs = np.array([foot.dirs for foot in self._feet])
        heights = np.array([foot.height_m for foot in self._feet])
        variance = np.array([foot.variance for foot in self._feet])
        count = _independent(self._floor_s, config)
        weight: F64 = np.ones(len(dirs))
        all_matrix, all_side = matrix, side
        for _ in range(config.foot_rounds):
            share = weight / variance * (count / weight.sum())
            all_matrix = matrix + np.asarray((dirs.T * share) @ dirs)
            all_side = np.asarray(side - dirs.T @ (share * heights))
            above = heights + dirs @ np.linalg.solve(all_matrix, all_side)
            scale = np.where(above > 0, config.raised_foot_m, config.sunk_foot_m)
            weight = 1 / (1 + (above / scale) ** 2) ** 2
        return all_matrix, all_side

    def _move(self, t_s: float) -> None:
        """Bring the shape closer to the estimate: at once at first, then slowly, then not anymore."""
        config, away = self._config, self._estimate - self.shape
        # The end is reached, and not only approached: a shape that is nearly constant still moves every vertex.
        if not np.isfinite(self._moved_s) or np.abs(away).max() < config.move_end:
            self.shape = self._estimate
        else:
            self.shape = self.shape + away * -np.expm1(-max(t_s - self._moved_s, 0) / config.move_time_s)
        self._moved_s = t_s
        self.settled = self._proportions_s >= config.settle_s and self.shape is self._estimate


def _independent(observed_s: float, config: BodyShapeConfig) -> float:
    """For how many independent frames the frames of a time count."""
    return min(1 + observed_s / config.correlation_s, config.max_independent)
