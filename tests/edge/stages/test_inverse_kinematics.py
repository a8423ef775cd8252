"""Fit: poses and shapes of the open body come back from vertices, steady, each person's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.stages.config import InverseKinematicsConfig
from edge.stages.inverse_kinematics import RigFitter
from edge.types import Bodies, BodyModel
from engines.body.body import open_body
from engines.errors import ModelError
from meshcast.protocol.body import Lod, Rig
from meshcast.protocol.rotations import rotmat

DEFAULTS = InverseKinematicsConfig()
BODY = open_body()
JOINTS = len(BODY.parents)
AT = np.array([[0.3, -0.2, 3.0]], np.float32)


def rig_of_open_body() -> Rig:
    joints = np.argsort(-BODY.weights, 1, kind="stable")[:, :4]
    weights = np.take_along_axis(BODY.weights, joints, 1)
    return Rig(
        rest_joints=BODY.joint_regressor @ BODY.v_template,
        joints=np.where(weights > 0, joints, 0).astype(np.uint8),
        weights=weights / weights.sum(1, keepdims=True),
        shape_dirs=BODY.shape_dirs,
        joint_shape_dirs=np.einsum("jv,vcb->jcb", BODY.joint_regressor, BODY.shape_dirs),
    )


MODEL = BodyModel(
    name=BODY.name,
    faces=BODY.faces,
    rest_vertices=BODY.v_template,
    parents=BODY.parents,
    joint_names=BODY.joint_names,
    keypoint_names=(),
    rig=rig_of_open_body(),
)


def bodies_of(
    rotations: np.ndarray,
    shape: np.ndarray | None = None,
    ids: list[int] | None = None,
    noise: np.ndarray | None = None,
) -> Bodies:
    """What a mesh head would make of these poses, with the root joint at AT."""
    people = len(rotations)
    shape = np.zeros((people, 10), np.float32) if shape is None else shape
    vertices, joints = BODY.skin(rotations, shape)
    move = AT[:, None] - joints[:, :1]
    return Bodies(
        ids=np.arange(people, dtype=np.int32) if ids is None else np.int32(ids),
        scores=np.ones(people, np.float32),
        keypoints=np.zeros((people, 17, 3), np.float32),
        joints=joints + move,
        vertices=(vertices + move + (0 if noise is None else noise)).astype(np.float32),
        translation=np.repeat(AT, people, 0),
    )


def poses(rng: np.random.Generator, people: int, spread: float) -> np.ndarray:
    return rotmat(rng.normal(0, spread, (people, JOINTS, 3)))


def degrees_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    trace = np.einsum("...ab,...ab->...", a.astype(np.float64), b.astype(np.float64))
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def rms_mm(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(1e3 * np.sqrt(((a - b) ** 2).sum(-1).mean(-1)))


def jitter(rotations: list[np.ndarray]) -> float:
    """Mean angle in degrees between a frame's rotations and the next one's."""
    return float(np.mean([degrees_apart(a, b) for a, b in zip(rotations[1:], rotations, strict=False)]))


def assert_proper(rotations: np.ndarray) -> None:
    exact = rotations.astype(np.float64)
    np.testing.assert_allclose(exact @ np.swapaxes(exact, -1, -2), np.broadcast_to(np.eye(3), exact.shape), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(exact), 1, atol=1e-5)


@pytest.mark.parametrize("spread", [0.1, 0.4, 0.8, 1.2])
def test_rig_fitter_recovers_pose(rng: np.random.Generator, spread: float) -> None:
    truth = poses(rng, 3, spread)
    bodies = replace(bodies_of(truth), shape=np.zeros((3, 10), np.float32))
    vertices_alone = InverseKinematicsConfig(start_stiffness_m2=1e-9)
    posed = RigFitter(MODEL, vertices_alone)(0.0, bodies)
    assert_proper(posed.rotations)
    again = bodies_of(posed.rotations).vertices
    assert rms_mm(again, bodies.vertices).max() < 0.1
    assert posed.error_mm.max() < 0.1
    assert degrees_apart(posed.rotations, truth).max() < 0.5


def test_rig_fitter_rest_prior_biases_less_than_a_millimeter(rng: np.random.Generator) -> None:
    truth = poses(rng, 4, 0.8)
    posed = RigFitter(MODEL)(0.0, replace(bodies_of(truth), shape=np.zeros((4, 10), np.float32)))
    assert posed.error_mm.max() < 1
    assert np.median(degrees_apart(posed.rotations, truth)) < 1


def test_rig_fitter_recovers_shape_and_pose(rng: np.random.Generator) -> None:
    truth, shape = poses(rng, 3, 0.4), rng.normal(0, 1, (3, 10)).astype(np.float32)
    bodies, fit = bodies_of(truth, shape), RigFitter(MODEL)
    first = fit(0.0, bodies)
    assert first.error_mm.max() < 3
    for frame in range(1, 5):
        posed = fit(frame / 30, bodies)
    assert posed.error_mm.max() < 1
    assert rms_mm(BODY.rest(posed.shape)[0], BODY.rest(shape)[0]).max() < 1
    assert rms_mm(bodies_of(posed.rotations, posed.shape).vertices, bodies.vertices).max() < 1


def test_rig_fitter_shape_is_constant_after_learning(rng: np.random.Generator) -> None:
    fit, truth, shape = RigFitter(MODEL), poses(rng, 1, 0.3), rng.normal(0, 1, (1, 10)).astype(np.float32)
    for frame in range(DEFAULTS.learn_frames + 2):
        posed = fit(frame / 30, bodies_of(truth, shape, noise=rng.normal(0, 0.01, BODY.v_template.shape)))
    later = fit(DEFAULTS.learn_frames / 30 + 0.1, bodies_of(truth, -shape))
    np.testing.assert_array_equal(later.shape, posed.shape)
    assert rms_mm(BODY.rest(posed.shape)[0], BODY.rest(shape)[0]).max() < 2


def test_rig_fitter_uses_shape_of_head(rng: np.random.Generator) -> None:
    truth, shape = poses(rng, 2, 0.4), rng.normal(0, 1, (2, 10)).astype(np.float32)
    bodies = bodies_of(truth, shape)
    posed = RigFitter(MODEL)(0.0, replace(bodies, shape=shape))
    np.testing.assert_array_equal(posed.shape, shape)
    assert posed.error_mm.max() < 0.5
    other = RigFitter(MODEL)(0.0, replace(bodies, shape=shape[:, :4]))  # of another body
    assert other.shape.shape == (2, 10)
    assert other.error_mm.max() < 3


def test_rig_fitter_head_rotations_resolve_ambiguity(rng: np.random.Generator) -> None:
    rig = rig_of_open_body()
    nothing = {name: getattr(rig, name) * 0 for name in ("rest_joints", "shape_dirs", "joint_shape_dirs")}
    point = replace(MODEL, rest_vertices=MODEL.rest_vertices * 0, rig=replace(rig, **nothing))
    truth = poses(rng, 1, 0.3)
    bodies = replace(bodies_of(truth), rotations=truth)
    assert degrees_apart(RigFitter(point)(0.0, bodies).rotations, truth).max() < 0.1
    other = replace(bodies, rotations=truth[:, :16])  # of another skeleton
    assert degrees_apart(RigFitter(point)(0.0, other).rotations, np.eye(3)).max() < 0.1


def test_rig_fitter_ignores_vertex_noise(rng: np.random.Generator) -> None:
    truth = poses(rng, 2, 0.4)
    exact = bodies_of(truth).vertices
    noise = rng.normal(0, 0.02, exact.shape)
    posed = RigFitter(MODEL)(0.0, bodies_of(truth, noise=noise))
    looked_at = noise[:, :: len(BODY.v_template) // DEFAULTS.max_vertices]
    assert (posed.error_mm < 1.01 * rms_mm(looked_at, np.zeros_like(looked_at))).all()
    assert rms_mm(bodies_of(posed.rotations, posed.shape).vertices, exact).max() < 6


def test_rig_fitter_previous_frame_reduces_jitter(rng: np.random.Generator) -> None:
    remembering, forgetful, truth = RigFitter(MODEL), RigFitter(MODEL), poses(rng, 1, 0.4)
    with_memory, without = [], []
    for frame in range(30):
        bodies = bodies_of(truth, noise=rng.normal(0, 0.02, BODY.v_template.shape))
        forgetful.reset()
        with_memory.append(remembering(frame / 30, bodies).rotations[0])
        without.append(forgetful(frame / 30, bodies).rotations[0])
    assert jitter(with_memory[10:]) < 0.5 * jitter(without[10:])
    assert np.median(degrees_apart(with_memory[-1], truth[0])) < 3


def test_rig_fitter_fast_arms_have_little_lag(rng: np.random.Generator) -> None:
    fit, base = RigFitter(MODEL), rng.normal(0, 0.2, (JOINTS, 3))
    elbows = [BODY.joint_names.index(name) for name in ("left_elbow", "right_elbow")]
    late, error_mm = [], []
    for frame in range(60):
        rotvec = base.copy()
        rotvec[elbows, 1] += np.sin(2 * np.pi * frame / 30)  # once a second, 57 degrees to each side
        truth = rotmat(rotvec)[None]
        posed = fit(frame / 30, bodies_of(truth))
        late.append(degrees_apart(posed.rotations, truth)[0, elbows])
        error_mm.append(posed.error_mm)
    assert np.max(late) < 4  # 11 ms at 360 degrees a second
    assert np.max(error_mm) < 2


def test_rig_fitter_people_are_independent(rng: np.random.Generator) -> None:
    truth, shape = poses(rng, 2, 0.4), rng.normal(0, 1, (2, 10)).astype(np.float32)
    together, alone = RigFitter(MODEL), [RigFitter(MODEL), RigFitter(MODEL)]
    for frame in range(6):
        order = [0, 1] if frame % 2 else [1, 0]
        noise = rng.normal(0, 0.02, (2, *BODY.v_template.shape))
        both = together(frame / 30, bodies_of(truth[order], shape[order], [7 + i for i in order], noise[order]))
        for person in range(2):
            own = bodies_of(truth[[person]], shape[[person]], [3], noise[[person]])
            single = alone[person](frame / 30, own)
            row = order.index(person)
            np.testing.assert_allclose(both.rotations[row], single.rotations[0], atol=1e-5)
            np.testing.assert_allclose(both.shape[row], single.shape[0], atol=1e-4)
            np.testing.assert_allclose(both.error_mm[row], single.error_mm[0], rtol=1e-4)


def test_rig_fitter_identical_people_keep_own_state(rng: np.random.Generator) -> None:
    fit, truth = RigFitter(MODEL), poses(rng, 1, 0.3)
    twins = np.repeat(truth, 2, 0)
    for frame in range(4):
        noise = np.repeat(rng.normal(0, 0.02, (1, *BODY.v_template.shape)), 2, 0)
        posed = fit(frame / 30, bodies_of(twins, noise=noise))
        np.testing.assert_array_equal(posed.rotations[0], posed.rotations[1])


@pytest.mark.parametrize("how", ["a second later", "a new id", "after reset"])
def test_rig_fitter_expired_person_starts_again(rng: np.random.Generator, how: str) -> None:
    fit, before, after = RigFitter(MODEL), poses(rng, 1, 0.6), poses(rng, 1, 0.6)
    noise = rng.normal(0, 0.02, BODY.v_template.shape)
    fresh = RigFitter(MODEL)(9.0, bodies_of(after, noise=noise))
    for frame in range(3):
        fit(frame / 30, bodies_of(before, ids=[4]))
    remembered = fit(0.1, bodies_of(after, ids=[4], noise=noise))
    assert not np.array_equal(remembered.rotations, fresh.rotations)
    if how == "after reset":
        fit.reset()
    t_s, identity = {"a second later": (1.2, 4), "a new id": (0.2, 5), "after reset": (0.2, 4)}[how]
    np.testing.assert_array_equal(fit(t_s, bodies_of(after, ids=[identity], noise=noise)).rotations, fresh.rotations)


def test_inverse_kinematics_without_people_gives_no_rows() -> None:
    empty = bodies_of(np.empty((0, JOINTS, 3, 3), np.float32))
    for bodies in (empty, replace(empty, shape=np.empty((0, 10), np.float32))):
        posed = RigFitter(MODEL)(0.0, bodies)
        assert posed.rotations.shape == (0, JOINTS, 3, 3)
        assert posed.shape.shape == (0, 10)
        assert posed.error_mm.shape == (0,)


@pytest.mark.parametrize("spoil", ["mirrored", "point", "line", "huge"])
def test_rig_fitter_degenerate_bodies_give_proper_rotations(rng: np.random.Generator, spoil: str) -> None:
    bodies, fit = bodies_of(poses(rng, 2, 0.4)), RigFitter(MODEL)
    about = bodies.vertices - AT
    spoilt = {"mirrored": about * [-1, 1, 1], "point": about * 0, "line": about * [0, 1, 0], "huge": about * 1e20}
    for frame in range(3):
        posed = fit(frame / 30, replace(bodies, vertices=(spoilt[spoil] + AT).astype(np.float32)))
        assert_proper(posed.rotations)
        assert np.isfinite(posed.shape).all()
        assert np.isfinite(posed.error_mm).all()


def test_rig_fitter_nan_vertices_repeat_previous_rotations(rng: np.random.Generator) -> None:
    truth, fit = poses(rng, 2, 0.4), RigFitter(MODEL)
    bodies = bodies_of(truth)
    before = fit(0.0, bodies)
    vertices = bodies.vertices.copy()
    vertices[1, :] = np.nan
    posed = fit(0.03, replace(bodies, vertices=vertices))
    assert np.isnan(posed.error_mm).tolist() == [False, True]
    np.testing.assert_allclose(posed.rotations[1], before.rotations[1], atol=1e-6)
    np.testing.assert_allclose(fit(0.07, bodies).error_mm, before.error_mm, atol=2)
    first = RigFitter(MODEL)(0.0, replace(bodies, vertices=vertices))
    assert_proper(first.rotations)
    assert np.isfinite(first.shape).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0, 2))
def test_rig_fitter_reproduces_any_pose(seed: int, spread: float) -> None:
    truth = poses(np.random.default_rng(seed), 1, spread)
    posed = RigFitter(MODEL)(0.0, replace(bodies_of(truth), shape=np.zeros((1, 10), np.float32)))
    assert_proper(posed.rotations)
    assert posed.error_mm[0] < 2


def test_rig_fitter_coarse_mesh_gives_small_error(rng: np.random.Generator) -> None:
    chosen = np.sort(rng.choice(len(BODY.v_template), 1200, replace=False)).astype(np.int32)
    coarse = replace(MODEL, lod=Lod(chosen, np.empty((0, 3), np.int32)))
    truth = poses(rng, 1, 0.4)
    bodies = bodies_of(truth)
    elsewhere = np.setdiff1d(np.arange(len(BODY.v_template)), chosen)
    bodies.vertices[:, elsewhere] = 99  # never looked at
    assert RigFitter(coarse)(0.0, bodies).error_mm[0] < 0.6


def test_rig_fitter_unsupported_body_raises() -> None:
    with pytest.raises(ModelError, match="has no rig: choose one with skinning weights"):
        RigFitter(replace(MODEL, rig=None))
    with pytest.raises(ModelError, match="has 65 joints; rotations of 64 fit"):
        RigFitter(replace(MODEL, parents=np.arange(-1, 64, dtype=np.int32)))
