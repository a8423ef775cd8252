"""Procedural motions: joint angles over time for walking, sitting, reaching and other activities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Rng = np.random.Generator

LEFT, RIGHT = 0, 1


@dataclass(slots=True)
class Angles:
    """Joint angles in radians over T frames; (T,) for the trunk, (T, 2) for limbs, left then right.

    Bending forward, raising a limb forward or away from the body and bending a knee or an elbow are positive; the arms
    hang at zero. sink: how far the pelvis leans forward, yaw and roll of the whole person.
    """

    frames: int
    trunk: dict[str, F64] = field(default_factory=dict)
    limbs: dict[str, F64] = field(default_factory=dict)

    def add(self, name: str, value: F64 | float) -> None:
        self.trunk[name] = self.trunk.get(name, np.zeros(self.frames)) + value

    def add_limb(self, name: str, side: int, value: F64 | float) -> None:
        limb = self.limbs.setdefault(name, np.zeros((self.frames, 2)))
        limb[:, side] += value

    def both(self, name: str, value: F64 | float) -> None:
        for side in (LEFT, RIGHT):
            self.add_limb(name, side, value)


def gait(rng: Rng, phase: F64, angles: Angles) -> None:
    """Walking to running, by how far the legs swing."""
    swing, run = rng.uniform(0.3, 0.75), rng.uniform(0, 1)
    for side in (LEFT, RIGHT):
        p = phase + np.pi * side
        angles.add_limb("hip", side, swing * np.sin(p) + 0.15 * run)
        angles.add_limb("knee", side, 0.1 + (0.6 + 0.7 * run) * np.clip(np.sin(p + 2.0 - 0.6 * run), 0, None) ** 2)
        angles.add_limb("ankle", side, 0.2 * np.sin(p + 0.8) - 0.05)
        angles.add_limb("arm", side, -rng.uniform(0.3, 0.9) * swing * 1.6 * np.sin(p))
        angles.add_limb("elbow", side, 0.25 + 1.2 * run + 0.2 * np.sin(p + 0.4))
    angles.both("away", 0.12 + 0.1 * run)
    angles.add("bend", 0.05 + 0.15 * run)
    angles.add("twist", 0.15 * np.sin(phase))


def stand(rng: Rng, phase: F64, angles: Angles) -> None:
    """Standing with the weight on one leg, the arms somewhere."""
    side = int(rng.integers(2))
    angles.add_limb("knee", side, rng.uniform(0.1, 0.5) * (1 + 0.2 * np.sin(phase)))
    angles.add_limb("hip", side, rng.uniform(0.05, 0.35))
    angles.both("away", rng.uniform(0.05, 0.4))
    for arm in (LEFT, RIGHT):
        angles.add_limb("arm", arm, rng.uniform(-0.3, 0.6) + 0.1 * np.sin(phase))
        angles.add_limb("elbow", arm, rng.uniform(0.1, 1.9))
        angles.add_limb("arm_twist", arm, rng.uniform(-0.8, 0.8))
    angles.add("lean", 0.08 * np.sin(phase))


def gesture(rng: Rng, phase: F64, angles: Angles) -> None:
    """Waving, pointing and talking with the hands."""
    stand(rng, phase, angles)
    for side in (LEFT, RIGHT) if rng.random() < 0.5 else (int(rng.integers(2)),):
        angles.add_limb("away", side, rng.uniform(0.3, 2.2) + 0.3 * np.sin(phase + side))
        angles.add_limb("arm", side, rng.uniform(0.0, 1.4) + 0.3 * np.sin(2 * phase))
        angles.add_limb("elbow", side, 0.4 + 0.6 * np.sin(3 * phase + rng.uniform(0, 6)))


def squat(rng: Rng, phase: F64, angles: Angles) -> None:
    """Squats and picking things up."""
    depth = 0.5 - 0.5 * np.cos(phase)
    deep = rng.uniform(0.6, 2.2)
    angles.both("hip", deep * depth)
    angles.both("knee", deep * 1.05 * depth)
    angles.both("ankle", 0.3 * deep * depth)
    angles.both("spread", rng.uniform(0.0, 0.3))
    angles.add("bend", rng.uniform(0.0, 0.9) * depth)
    angles.both("arm", rng.uniform(0.0, 1.6) * depth)
    angles.both("away", rng.uniform(0.05, 0.3))
    angles.both("elbow", rng.uniform(0.1, 1.2))


def sit(rng: Rng, phase: F64, angles: Angles) -> None:
    """Sitting, the hands on the lap, a table or in the air."""
    for side in (LEFT, RIGHT):
        angles.add_limb("hip", side, rng.uniform(1.1, 1.7))
        angles.add_limb("knee", side, rng.uniform(0.7, 1.9))
        angles.add_limb("spread", side, rng.uniform(-0.05, 0.4))
        angles.add_limb("arm", side, rng.uniform(0.0, 1.1) + 0.15 * np.sin(phase + side))
        angles.add_limb("elbow", side, rng.uniform(0.3, 1.8) + 0.2 * np.sin(phase))
        angles.add_limb("away", side, rng.uniform(0.05, 0.6))
        angles.add_limb("arm_twist", side, rng.uniform(-0.5, 0.9))
    angles.add("bend", rng.uniform(-0.25, 0.5))
    angles.add("twist", 0.2 * np.sin(phase))


def jump(rng: Rng, phase: F64, angles: Angles) -> None:
    """Jumping jacks and jumps."""
    up = 0.5 - 0.5 * np.cos(phase)
    angles.both("away", 0.2 + rng.uniform(1.2, 2.6) * up)
    angles.both("spread", rng.uniform(0.1, 0.5) * up)
    angles.both("knee", rng.uniform(0.1, 0.9) * (1 - up) ** 2)
    angles.both("hip", rng.uniform(0.1, 0.7) * (1 - up) ** 2)
    angles.both("elbow", rng.uniform(0.05, 0.5))


def kick(rng: Rng, phase: F64, angles: Angles) -> None:
    """Kicks, lunges and standing on one leg."""
    side = int(rng.integers(2))
    out = np.clip(np.sin(phase), -0.4, None)
    angles.add_limb("hip", side, rng.uniform(0.5, 1.6) * out)
    angles.add_limb("spread", side, rng.uniform(0.0, 0.8) * out)
    angles.add_limb("knee", side, rng.uniform(0.0, 1.6) * (1 - out) * 0.6)
    angles.add_limb("knee", 1 - side, rng.uniform(0.05, 0.4))
    for arm in (LEFT, RIGHT):
        angles.add_limb("away", arm, rng.uniform(0.2, 1.4))
        angles.add_limb("elbow", arm, rng.uniform(0.2, 1.7))
        angles.add_limb("arm", arm, rng.uniform(-0.4, 1.0) * out)
    angles.add("bend", -0.2 * out)
    angles.add("twist", rng.uniform(-0.5, 0.5) * out)


def throw(rng: Rng, phase: F64, angles: Angles) -> None:
    """Punches and throws."""
    side, swing = int(rng.integers(2)), np.sin(phase)
    angles.add_limb("arm", side, 1.2 + 0.9 * swing)
    angles.add_limb("elbow", side, np.clip(1.2 - 1.1 * np.sin(phase + 0.7), 0.05, 2.3))
    angles.add_limb("away", side, rng.uniform(0.1, 1.0))
    angles.add_limb("arm", 1 - side, rng.uniform(0.0, 1.2))
    angles.add_limb("elbow", 1 - side, rng.uniform(0.4, 2.0))
    angles.add("twist", (0.5 if side == RIGHT else -0.5) * swing)
    angles.add_limb("hip", 1 - side, rng.uniform(0.2, 0.6))
    angles.add_limb("hip", side, -rng.uniform(0.0, 0.4))
    angles.both("knee", rng.uniform(0.1, 0.5))


def reach(rng: Rng, phase: F64, angles: Angles) -> None:
    """Reaching up, down and to the side with the whole body."""
    out = 0.5 - 0.5 * np.cos(phase)
    for side in (LEFT, RIGHT):
        angles.add_limb("arm", side, rng.uniform(-0.3, 2.8) * out)
        angles.add_limb("away", side, 0.1 + rng.uniform(0.0, 1.3) * out)
        angles.add_limb("elbow", side, rng.uniform(0.0, 0.8))
        angles.add_limb("knee", side, rng.uniform(0.0, 0.7) * out)
        angles.add_limb("hip", side, rng.uniform(-0.1, 0.6) * out)
    angles.add("bend", rng.uniform(-0.4, 1.1) * out)
    angles.add("lean", rng.uniform(-0.5, 0.5) * out)
    angles.add("twist", rng.uniform(-0.6, 0.6) * out)


Move = Callable[[Rng, F64, Angles], None]
# Each with its share of the clips, and the range of its speed in rounds a second.
MOVES: tuple[tuple[Move, float, tuple[float, float]], ...] = (
    (gait, 0.24, (0.7, 1.5)),
    (stand, 0.12, (0.1, 0.3)),
    (gesture, 0.16, (0.2, 0.6)),
    (squat, 0.10, (0.2, 0.5)),
    (sit, 0.12, (0.1, 0.4)),
    (jump, 0.06, (0.5, 1.1)),
    (kick, 0.07, (0.3, 0.8)),
    (throw, 0.06, (0.4, 1.0)),
    (reach, 0.07, (0.2, 0.5)),
)
