"""LegOdometry: a planted foot tells how the root moves."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.config import LegOdometryConfig
from edge.stages.leg_odometry import LegOdometry
from edge.stages.smooth_rigs import SmoothRigs
from edge.types import F32, PosedRigs
from engines.body.rig_points import Chain
from meshcast.protocol.rotations import rotmat
from tests.support.open_rig import BODY, JOINTS, open_model, posed_rigs, standing

MODEL = open_model()
CHAIN = Chain(MODEL.parents)
LEFT = BODY.joint_names.index("left_ankle")
SWAY = 0.4  # rad/s, of the body about its left ankle
FPS = 30
BOTH, LEFT_ONLY, NEITHER = ([[value, other]] for value, other in ((0.9, 0.9), (0.9, 0.0), (0.1, 0.1)))


def leaning(angle: float) -> PosedRigs:
    """A person who leans towards the camera about the left ankle, which stays where it is."""
    rotations = standing()
    rotations[0, 0] = rotmat(np.array([angle, 0, 0])) @ rotations[0, 0]
    posed = posed_rigs(rotations, np.zeros((1, 3)))
    ankle = ankle_of(posed)
    return posed_rigs(rotations, np.array([[0.1, 0.9, 4.0]]) - ankle)


def ankle_of(posed: PosedRigs) -> F32:
    rest = MODEL.rig.rest_joints[None] + np.tensordot(posed.shape, MODEL.rig.joint_shape_dirs, (1, 2))
    positions = CHAIN.positions(CHAIN.orientations(posed.rotations), CHAIN.bones(rest))
    return positions[:, LEFT] + posed.translation


def contacts(values: list[list[float]]) -> F32:
    return np.array(values, np.float32)


def test_leg_odometry_planted_foot_gives_the_speed_of_the_root() -> None:
    odometry, first, second = LegOdometry(MODEL), leaning(0.0), leaning(SWAY / FPS)
    assert np.isnan(odometry(0.0, first, contacts(LEFT_ONLY))).all()
    velocity = odometry(1 / FPS, second, contacts(LEFT_ONLY))
    true = (second.translation - first.translation) * FPS
    assert abs(true[0, 2]) > 0.2
    np.testing.assert_allclose(velocity, true, atol=1e-3)


@pytest.mark.parametrize("known", [contacts(NEITHER), contacts([[np.nan, np.nan]]), None])
def test_leg_odometry_without_a_planted_foot_is_unknown(known: F32 | None) -> None:
    odometry = LegOdometry(MODEL)
    odometry(0.0, leaning(0.0), known)
    assert np.isnan(odometry(1 / FPS, leaning(0.1), known)).all()


def test_leg_odometry_hidden_ankles_do_not_count() -> None:
    odometry, hidden = LegOdometry(MODEL), np.zeros((1, JOINTS), np.float32)
    odometry(0.0, leaning(0.0), contacts(BOTH), hidden)
    assert np.isnan(odometry(1 / FPS, leaning(0.1), contacts(BOTH), hidden)).all()


def test_leg_odometry_new_person_and_reset_start_again() -> None:
    odometry = LegOdometry(MODEL)
    odometry(0.0, leaning(0.0), contacts(BOTH))
    other = posed_rigs(standing(), np.array([[0.0, 0.0, 3.0]]), ids=[7])
    assert np.isnan(odometry(1 / FPS, other, contacts(BOTH))).all()
    odometry.reset()
    assert np.isnan(odometry(2 / FPS, other, contacts(BOTH))).all()


def test_leg_odometry_switched_off_is_unknown() -> None:
    odometry = LegOdometry(MODEL, LegOdometryConfig(enabled=False))
    odometry(0.0, leaning(0.0), contacts(BOTH))
    assert np.isnan(odometry(1 / FPS, leaning(0.1), contacts(BOTH))).all()


def depth_errors(odometry: LegOdometry | None, rng: np.random.Generator) -> F32:
    """Errors of the filtered depth (T,) m of a person who leans forward, and whose observed depth wanders."""
    smooth, errors, wander = SmoothRigs(odometry=odometry), [], 0.0
    for frame in range(2 * FPS):
        true = leaning(SWAY * frame / FPS)
        wander += 0.2 * (rng.normal(0, 0.03) - wander)
        seen = posed_rigs(true.rotations, true.translation * (1 + wander / true.translation[0, 2]))
        out = smooth(frame / FPS, seen, contacts(LEFT_ONLY))
        errors.append(out.translation[0, 2] - true.translation[0, 2])
    return np.array(errors[FPS:])


def test_smooth_rigs_depth_follows_the_odometry_without_the_lag_of_a_filter() -> None:
    alone, helped = (
        np.sqrt((depth_errors(each, np.random.default_rng(5)) ** 2).mean()) for each in (None, LegOdometry(MODEL))
    )
    assert helped < 0.6 * alone
