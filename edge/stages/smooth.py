"""Temporal filter of bodies, per person: little jitter at rest, little lag in motion (one-euro filter)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.stages.config import OneEuroConfig, SmoothingConfig
from edge.types import F32, Array, Bodies


class OneEuro:
    """A low-pass filter of points (P, D) whose cut-off frequency rises with the speed of each point.

    The speed is itself filtered at 1 Hz (the paper's d_cutoff).
    """

    def __init__(self, config: OneEuroConfig) -> None:
        self.min_cutoff_hz, self.beta = config.min_cutoff_hz, config.beta
        self.value: Array | None = None
        self.speed: Array | None = None

    def __call__(self, points: Array, dt_s: float) -> Array:
        if self.value is None or self.speed is None:
            self.value, self.speed = points, np.zeros_like(points)
            return points
        step = points - self.value
        self.speed = self.speed + _alpha(1.0, dt_s) * (step / dt_s - self.speed)
        pace = np.sqrt(np.einsum("...d,...d->...", self.speed, self.speed))[..., None]
        self.value = self.value + _alpha(self.min_cutoff_hz + self.beta * pace, dt_s) * step
        return self.value


def _alpha(cutoff_hz: Array | float, dt_s: float) -> Array | float:
    r = 2 * np.pi * cutoff_hz * dt_s
    return r / (r + 1)


class _Person:
    """Filters of one person."""

    def __init__(self, config: SmoothingConfig) -> None:
        self.t_s = 0.0
        self.bearing = OneEuro(config.bearing)
        self.depth = OneEuro(config.depth)
        self.shape = OneEuro(config.shape)

    def step(self, translation: F32, points: F32, dt_s: float) -> tuple[Array, Array]:
        x, y, z = translation
        bearing = self.bearing(np.array([[x / z, y / z]]), dt_s)[0]
        depth = np.exp(self.depth(np.log([[z]]), dt_s)[0, 0])
        return np.array([bearing[0] * depth, bearing[1] * depth, depth]), self.shape(points, dt_s)


class Smooth:
    """Filters joints, vertices and translation of each id, in the stream's own time."""

    def __init__(self, config: SmoothingConfig | None = None) -> None:
        self._config = config or SmoothingConfig()
        self._people: dict[int, _Person] = {}

    def __call__(self, t_s: float, bodies: Bodies) -> Bodies:
        self._people = {i: p for i, p in self._people.items() if t_s - p.t_s <= self._config.forget_s}
        if not len(bodies):
            return bodies
        count = bodies.joints.shape[1]
        points = np.concatenate([bodies.joints, bodies.vertices], 1)
        translation = bodies.translation.copy()
        for row, (identity, root) in enumerate(zip(bodies.ids.tolist(), bodies.translation, strict=True)):
            person = self._people.setdefault(identity, _Person(self._config))
            dt_s = max(t_s - person.t_s, 1e-3)
            person.t_s = t_s
            translation[row], filtered = person.step(root, points[row] - root, dt_s)
            points[row] = filtered + translation[row]
        return replace(bodies, joints=points[:, :count], vertices=points[:, count:], translation=translation)

    def reset(self) -> None:
        self._people.clear()
