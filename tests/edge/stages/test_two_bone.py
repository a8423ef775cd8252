"""Two-bone inverse kinematics: ankles reach their targets, bones keep their lengths."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.two_bone import STRAIGHT, Legs, least_turn, reach

UPPER, LOWER = 0.42, 0.40


def legs(rng: np.random.Generator, count: int) -> Legs:
    """Random bent legs."""

    def unit() -> np.ndarray:
        vectors = rng.normal(0, 1, (count, 3))
        return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)

    hip = rng.normal(0, 1, (count, 3))
    knee = hip + UPPER * unit()
    return Legs(hip, knee, knee + LOWER * unit(), unit())


def apply(made: tuple[np.ndarray, np.ndarray, np.ndarray], given: Legs) -> tuple[np.ndarray, np.ndarray]:
    """Knees and ankles after the turns."""
    thigh, shank, _ = made
    knee = given.hip + (thigh @ (given.knee - given.hip)[..., None])[..., 0]
    return knee, knee + (shank @ (given.ankle - given.knee)[..., None])[..., 0]


def test_reach_ankles_are_at_targets(rng: np.random.Generator) -> None:
    given = legs(rng, 50)
    direction = rng.normal(0, 1, (50, 3))
    target = given.hip + rng.uniform(0.1, 0.8, (50, 1)) * direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    made = reach(given, target)
    knee, ankle = apply(made, given)
    np.testing.assert_allclose(ankle, target, atol=1e-9)
    np.testing.assert_allclose(made[2], target, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(knee - given.hip, axis=-1), UPPER)
    np.testing.assert_allclose(np.linalg.norm(ankle - knee, axis=-1), LOWER)


def test_reach_own_ankle_turns_nothing(rng: np.random.Generator) -> None:
    given = legs(rng, 5)
    for turn in reach(given, given.ankle)[:2]:
        np.testing.assert_allclose(turn, np.tile(np.eye(3), (5, 1, 1)), atol=1e-6)


def test_reach_out_of_reach_stays_behind_without_stretch() -> None:
    given = Legs(
        np.zeros((1, 3)), np.array([[0, -UPPER, 0]]), np.array([[0, -UPPER - LOWER, 0.0]]), np.array([[1.0, 0, 0]])
    )
    target = np.array([[0.3, -2.0, 0]])
    _, ankle = apply(reach(given, target), given)
    assert np.linalg.norm(ankle) == pytest.approx((UPPER + LOWER) * (1 - STRAIGHT))
    np.testing.assert_allclose(np.cross(ankle, target), 0, atol=1e-9)


def test_reach_straight_leg_bends_about_its_hinge() -> None:
    given = Legs(
        np.zeros((1, 3)), np.array([[0, -UPPER, 0]]), np.array([[0, -UPPER - LOWER, 0.0]]), np.array([[1.0, 0, 0]])
    )
    target = np.array([[0, -0.7, 0.0]])
    knee, ankle = apply(reach(given, target), given)
    np.testing.assert_allclose(ankle, target, atol=1e-9)
    assert knee[0, 2] > 0.1  # forward, where the body faces +z
    assert knee[0, 0] == pytest.approx(0)


def test_least_turn_without_direction_is_identity() -> None:
    for pair in (([0, 0, 0], [1, 0, 0]), ([1, 0, 0], [0, 0, 0])):
        np.testing.assert_array_equal(least_turn(*(np.array([v], float) for v in pair))[0], np.eye(3))
