"""Temporal filter of posed rigs, per person: rotations, bearing and depth of the root, in the stream's own time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.stages.config import RigSmoothingConfig, TrackingFilterConfig
from edge.stages.leg_odometry import LegOdometry
from edge.stages.small_rotations import small_rotmat, small_rotvec
from edge.types import F32, PosedRigs

F64 = NDArray[np.float64]

MAX_STEP_RAD = 2.5  # change of a rotation beyond which it starts again: the shortest way is no motion then


class TrackingFilter:
    """Gains of a second-order filter that follows constant speeds without lag (a fading-memory g-h filter).

    The cut-off frequency rises when the measurements stay on one side of the prediction: noise does not.
    """

    def __init__(self, config: TrackingFilterConfig) -> None:
        self._config = config

    def gains(self, residual: F64, error: F64, trust: F64 | float, dt_s: float, age_s: float) -> tuple[F64, F64, F64]:
        """Gains (..., 1) of value and speed, and the next mean residual (..., D).

        Args:
            residual: (..., D) mean of the previous residuals.
            error: (..., D) the measurement minus the prediction.
            trust: (..., 1), factor of the cut-off frequency.
            dt_s: time since the previous frame, s.
            age_s: time since the first frame, s: a young filter averages what it has, instead of staying where the
                first measurement happened to be.
        """
        config = self._config
        mean = residual + (1 - np.exp(-2 * np.pi * config.residual_hz * dt_s)) * (error - residual)
        persistent = np.sqrt((mean * mean).sum(-1, keepdims=True))
        cutoff_hz = config.cutoff_hz + config.gain_hz * np.maximum(0, persistent - config.threshold)
        cutoff_hz = np.maximum(cutoff_hz * trust, config.start / (2 * np.pi * age_s))
        fading = np.exp(-2 * np.pi * np.minimum(cutoff_hz, config.max_cutoff_hz) * dt_s)
        return 1 - fading**2, (1 - fading) ** 2 / dt_s, mean

    def kept_speed(self, dt_s: float) -> float:
        """The share of a speed that is left after dt_s."""
        return float(np.exp(-dt_s / self._config.speed_s))

    def travel_s(self, ahead_s: float) -> float:
        """The time for which a speed that decays like the filter's acts within ahead_s."""
        return self._config.speed_s * (1 - self.kept_speed(ahead_s))


class _Values:
    """State of vectors (N, D): value, speed and mean residual."""

    def __init__(self, value: F64) -> None:
        self.value, self.speed, self.residual = value, np.zeros_like(value), np.zeros_like(value)

    def step(self, tracking: TrackingFilter, measured: F64, dt_s: float, age_s: float) -> None:
        error, speed_gain = self._move(tracking, measured, dt_s, age_s)
        self.speed = tracking.kept_speed(dt_s) * (self.speed + speed_gain * error)

    def follow(
        self, tracking: TrackingFilter, measured: F64, speed: F64, share: float, dt_s: float, age_s: float
    ) -> None:
        """A step with a speed that is known from elsewhere, towards which the filter's moves by a share."""
        self.speed = self.speed + (speed - self.speed) * share
        self._move(tracking, measured, dt_s, age_s)

    def _move(self, tracking: TrackingFilter, measured: F64, dt_s: float, age_s: float) -> tuple[F64, F64]:
        """Error of the prediction, by whose share the value is corrected, and the gain of the speed."""
        expected = self.value + self.speed * dt_s
        error = measured - expected
        gain, speed_gain, self.residual = tracking.gains(self.residual, error, 1.0, dt_s, age_s)
        self.value = expected + gain * error
        return error, speed_gain

    def after(self, travel_s: float) -> F64:
        ahead: F64 = self.value + self.speed * travel_s
        return ahead


class _Rotations:
    """State of rotations (P, 3, 3); speeds are rotation vectors in the axes of the rotated joint."""

    def __init__(self, value: F64) -> None:
        self.value = value
        self.speed = np.zeros(value.shape[:-1])
        self.residual = np.zeros(value.shape[:-1])

    def step(self, tracking: TrackingFilter, measured: F64, trust: F64, dt_s: float, age_s: float) -> None:
        expected = self.value @ small_rotmat(self.speed * dt_s)
        error = small_rotvec(expected.swapaxes(-1, -2) @ measured)
        gain, speed_gain, self.residual = tracking.gains(self.residual, error, trust, dt_s, age_s)
        self.value = expected @ small_rotmat(gain * error)
        self.speed = tracking.kept_speed(dt_s) * (self.speed + speed_gain * error)
        far = np.linalg.norm(error, axis=-1) > MAX_STEP_RAD
        if far.any():
            self.value[far], self.speed[far], self.residual[far] = measured[far], 0, 0

    def after(self, travel_s: float) -> F64:
        ahead: F64 = self.value @ small_rotmat(self.speed * travel_s)
        return ahead


class _Person:
    """Filters of one person."""

    def __init__(self, t_s: float, rotations: F64, root: F64) -> None:
        self.t_s, self.age_s = t_s, 0.0
        self.rotations = _Rotations(rotations)
        self.bearing, self.depth = _Values(root[:2]), _Values(root[2:])


class SmoothRigs:
    """Filters rotations and root of each id. The shape is constant and passes.

    The position is filtered as bearing (x/z, y/z) and logarithm of the depth, which is by far the noisiest quantity:
    while a foot stands, its speed is that of the leg's odometry. Where the configuration has a filter of positions, the
    position is filtered as it is. A rotation whose keypoints have low scores follows more slowly.
    """

    def __init__(
        self, config: RigSmoothingConfig | None = None, *, odometry: LegOdometry | None = None, predict_s: float = 0.0
    ) -> None:
        """
        Args:
            config: settings.
            odometry: of the legs; None: depths are filtered alone.
            predict_s: time by which rotations and position are ahead of the frame, at the speeds of the filters.
        """
        self._config = config or RigSmoothingConfig()
        self._rotation = TrackingFilter(self._config.rotation)
        self._bearing = TrackingFilter(self._config.bearing)
        self._depth = TrackingFilter(self._config.depth)
        self._planted_depth = TrackingFilter(self._config.planted_depth)
        if self._config.position is not None:
            self._bearing = self._depth = TrackingFilter(self._config.position)
        self._odometry = odometry
        self._predict_s = predict_s
        self._people: dict[int, _Person] = {}

    def __call__(
        self, t_s: float, posed: PosedRigs, contacts: F32 | None = None, visibility: F32 | None = None
    ) -> PosedRigs:
        """The filtered rigs, row for row.

        Args:
            t_s: the stream's time, s.
            posed: N people.
            contacts: (N, 2), the probability that the left and right foot stand; NaN or None where not known.
            visibility: (N, J) in 0..1, of the model's joints.
        """
        config = self._config
        self._people = {i: p for i, p in self._people.items() if t_s - p.t_s <= config.forget_s}
        low, high = config.trust_range
        trust = (posed.confidence / config.full_confidence).clip(low, high).astype(np.float64)[..., None]
        rotations, roots = posed.rotations.astype(np.float64), self._roots(posed.translation)
        known: list[tuple[int, _Person, float]] = []  # row, person, time since the last frame
        filtered = posed.rotations.copy()
        for row, identity in enumerate(posed.ids.tolist()):
            person = self._people.get(identity)
            if person is None:
                self._people[identity] = _Person(t_s, rotations[row], roots[row])
                continue
            dt_s, person.t_s = max(t_s - person.t_s, config.min_interval_s), t_s
            person.age_s += dt_s
            person.rotations.step(self._rotation, rotations[row], trust[row], dt_s, person.age_s)
            person.bearing.step(self._bearing, roots[row, :2], dt_s, person.age_s)
            filtered[row] = person.rotations.value
            known.append((row, person, dt_s))
        walked = None
        if self._odometry is not None:
            walked = self._odometry(t_s, replace(posed, rotations=filtered), contacts, visibility)[:, 2]
        placed = posed.translation.copy()
        for row, person, dt_s in known:
            self._step_depth(person, roots[row, 2:], None if walked is None else float(walked[row]), dt_s)
            filtered[row], placed[row] = self._output(person)
        return replace(posed, rotations=filtered, translation=placed)

    def reset(self) -> None:
        """Forget all people."""
        self._people.clear()
        if self._odometry is not None:
            self._odometry.reset()

    def _step_depth(self, person: _Person, measured: F64, walked: float | None, dt_s: float) -> None:
        """Filter the logarithm of the depth; walked: speed along the optical axis by odometry, m/s, NaN if unknown."""
        if walked is None or not np.isfinite(walked):
            person.depth.step(self._depth, measured, dt_s, person.age_s)
            return
        share = -np.expm1(-dt_s / self._config.odometry.speed_s)
        speed = walked / np.exp(person.depth.value)
        person.depth.follow(self._planted_depth, measured, speed, share, dt_s, person.age_s)

    def _output(self, person: _Person) -> tuple[F64, F64]:
        """Rotations (P, 3, 3) and position (3,) of a person, ahead by predict_s."""
        ahead_s = self._predict_s
        if not ahead_s:
            rotations, bearing, log_depth = person.rotations.value, person.bearing.value, person.depth.value
        else:
            rotations = person.rotations.after(self._rotation.travel_s(ahead_s))
            bearing = person.bearing.after(self._bearing.travel_s(ahead_s))
            log_depth = person.depth.after(self._depth.travel_s(ahead_s))
        if self._config.position is not None:
            return rotations, np.append(bearing, log_depth)
        return rotations, np.append(bearing, 1) * np.exp(log_depth)

    def _roots(self, translation: F32) -> F64:
        """What is filtered (N, 3) of positions (N, 3)."""
        return _roots(translation) if self._config.position is None else translation.astype(np.float64)


def _roots(translation: F32) -> F64:
    """Bearing (x/z, y/z) and logarithm of the depth (N, 3) of positions (N, 3), which are in front of the camera."""
    x, y, z = translation.astype(np.float64).T
    return np.stack([x / z, y / z, np.log(z)], -1)
