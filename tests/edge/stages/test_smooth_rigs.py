"""SmoothRigs: less jitter, little lag, people kept apart, prediction."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.config import RigSmoothingConfig
from edge.stages.small_rotations import small_rotmat, small_rotvec
from edge.stages.smooth_rigs import SmoothRigs
from edge.types import F32
from meshcast.protocol.rotations import rotmat, rotvec
from tests.support.open_rig import BODY, JOINTS, posed_rigs, standing

AT = np.array([[0.2, 0.1, 3.0]])
ELBOW = BODY.joint_names.index("left_elbow")


def bent(angle: float, joint: int = ELBOW) -> F32:
    rotations = standing()
    rotations[0, joint] = rotmat(np.array([0, angle, 0]))
    return rotations


def noisy(rng: np.random.Generator, spread: float) -> F32:
    return (standing() @ rotmat(rng.normal(0, spread, (1, JOINTS, 3)))).astype(np.float32)


def angles(a: F32, b: F32) -> F32:
    """Degrees between rotations."""
    return np.degrees(np.linalg.norm(rotvec(np.swapaxes(a, -1, -2) @ b), axis=-1))


@pytest.mark.parametrize(("fps", "share"), [(30, 0.6), (60, 0.35)])
def test_smooth_rigs_reduces_jitter_at_rest(fps: int, share: float) -> None:
    rng, smooth = np.random.default_rng(1), SmoothRigs()
    raw, calm, roots = [], [], []
    for frame in range(3 * fps):
        given = posed_rigs(noisy(rng, 0.1), AT + rng.normal(0, [0.005, 0.005, 0.04]))
        out = smooth(frame / fps, given)
        raw.append(given.rotations[0])
        calm.append(out.rotations[0])
        roots.append(out.translation[0])
    raw_steps, steps = angles(np.array(raw[1:]), np.array(raw[:-1])), angles(np.array(calm[1:]), np.array(calm[:-1]))
    assert steps[fps:].mean() < share * raw_steps[fps:].mean()
    assert np.std(np.array(roots[fps:])[:, 2]) < 0.3 * 0.04


@pytest.mark.parametrize("fps", [30, 60])
def test_smooth_rigs_steady_rotation_has_no_lag(fps: int) -> None:
    smooth = SmoothRigs()
    for frame in range(2 * fps):
        out = smooth(frame / fps, posed_rigs(bent(1.5 * frame / fps), AT))
    assert angles(out.rotations[0, ELBOW], bent(1.5 * frame / fps)[0, ELBOW]) < 2


@pytest.mark.parametrize("fps", [30, 60])
def test_smooth_rigs_waving_lags_less_than_a_thirtieth_of_a_second(fps: int) -> None:
    smooth, late = SmoothRigs(), []
    for frame in range(4 * fps):
        t_s = frame / fps
        out = smooth(t_s, posed_rigs(bent(1.0 * np.sin(2 * np.pi * t_s)), AT))
        late.append(angles(out.rotations[0, ELBOW], bent(np.sin(2 * np.pi * t_s))[0, ELBOW]))
    assert max(late[fps:]) < 360 / 30  # degrees in 1/30 s at the highest speed, 2 pi rad / s


def test_smooth_rigs_walk_has_little_lag() -> None:
    smooth = SmoothRigs()
    for frame in range(90):
        where = np.array([[-1.5 + 1.4 * frame / 30, 0.0, 4.0]])  # walking pace
        out = smooth(frame / 30, posed_rigs(standing(), where))
    assert np.linalg.norm(out.translation - where) < 0.05


def test_smooth_rigs_walk_towards_the_camera_is_followed() -> None:
    smooth, far = SmoothRigs(), []
    for frame in range(150):
        z = 6 - 1.4 * max(0.0, frame / 30 - 1)
        out = smooth(frame / 30, posed_rigs(standing(), np.array([[0, 0, z]])))
        far.append(abs(out.translation[0, 2] - z))
    assert max(far) < 0.35
    assert far[-1] < 0.15


def test_smooth_rigs_unsure_rotations_follow_more_slowly() -> None:
    sure, unsure = SmoothRigs(), SmoothRigs()
    for frame in range(8):
        angle = 0.3 if frame > 3 else 0.0
        quick = sure(frame / 30, posed_rigs(bent(angle), AT, confidence=0.9)).rotations
        slow = unsure(frame / 30, posed_rigs(bent(angle), AT, confidence=0.2)).rotations
    assert angles(quick[0, ELBOW], bent(0.3)[0, ELBOW]) < 0.5 * angles(slow[0, ELBOW], bent(0.3)[0, ELBOW])


def test_smooth_rigs_predicts_along_the_motion() -> None:
    now, ahead = SmoothRigs(), SmoothRigs(predict_s=0.1)
    for frame in range(60):
        given = posed_rigs(bent(frame / 30), AT + np.array([0.5 * frame / 30, 0, 0]))
        present, future = now(frame / 30, given), ahead(frame / 30, given)
    turned = angles(future.rotations[0, ELBOW], present.rotations[0, ELBOW])
    assert np.degrees(0.05) < turned < np.degrees(0.1)
    assert 0.025 < (future.translation - present.translation)[0, 0] < 0.05


def test_smooth_rigs_output_is_proper(rng: np.random.Generator) -> None:
    smooth = SmoothRigs()
    for frame in range(40):
        out = smooth(frame / 30, posed_rigs(noisy(rng, 1.0), AT)).rotations
        exact = out.astype(np.float64)
        np.testing.assert_allclose(exact @ np.swapaxes(exact, -1, -2), np.tile(np.eye(3), (1, JOINTS, 1, 1)), atol=1e-5)


def test_smooth_rigs_new_id_long_gap_and_reset_start_again() -> None:
    smooth, far = SmoothRigs(), np.array([[1.0, 0, 5]])
    smooth(0.0, posed_rigs(standing(), AT, [1]))
    for t_s, identity in ((0.03, 2), (5.0, 1)):
        out = smooth(t_s, posed_rigs(bent(1.0), far, [identity]))
        np.testing.assert_allclose(out.translation, far, atol=1e-6)
        np.testing.assert_array_equal(out.rotations, bent(1.0))
    smooth.reset()
    np.testing.assert_allclose(smooth(5.01, posed_rigs(standing(), AT, [1])).translation, AT, atol=1e-6)


def test_smooth_rigs_half_turn_in_a_frame_is_taken_over() -> None:
    smooth = SmoothRigs()
    smooth(0.0, posed_rigs(bent(0.0), AT))
    np.testing.assert_allclose(
        smooth(0.03, posed_rigs(bent(3.1), AT)).rotations[0, ELBOW], bent(3.1)[0, ELBOW], atol=1e-6
    )


def test_smooth_rigs_without_people_gives_no_rows() -> None:
    assert len(SmoothRigs(RigSmoothingConfig())(0.0, posed_rigs(standing(0), np.empty((0, 3)))).ids) == 0


def test_small_rotations_are_inverse_to_each_other(rng: np.random.Generator) -> None:
    vectors = np.concatenate([rng.normal(0, 0.8, (50, 3)).clip(-1.4, 1.4), np.zeros((1, 3)), np.full((1, 3), 1e-12)])
    rotations = small_rotmat(vectors)
    np.testing.assert_allclose(rotations, rotmat(vectors), atol=1e-6)
    np.testing.assert_allclose(small_rotvec(rotations), vectors, atol=1e-9)
