"""Fitting a rig to vertices: reference and native agree, poses come back, and whatever comes in rotations come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

import edge_kernels
from edge_kernels import reference
from edge_kernels.reference.fit_rotations import fit_workspace_numbers
from tests.support.figures import Figure, a_figure, no_prior, poses, skinned

Run = Callable[..., None]


def on_cuda(*arguments: Any) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    arrays = [torch.from_numpy(array).cuda() for array in arguments]
    people, joints = arguments[6].shape[:2]
    workspace = torch.full((people, fit_workspace_numbers(joints)), float("nan"), dtype=torch.float64).cuda()
    stream = torch.cuda.current_stream()
    edge_kernels.fit_rotations(*arrays, workspace, stream.cuda_stream)
    stream.synchronize()
    for target, source in zip(arguments[-2:], arrays[-2:], strict=True):
        target[:] = source.cpu().numpy()


FIT = [pytest.param(reference.fit_rotations, id="reference"), pytest.param(edge_kernels.fit_rotations, id="cpu")]
FIT_ANYWHERE = [*FIT, pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu)]
SHAPE_PATHS = [
    pytest.param(reference.shape_evidence, id="reference"),
    pytest.param(edge_kernels.shape_evidence, id="cpu"),
]
WEAK = 1e-8  # m^2 / rad^2: settles what is not determined and nothing else


def fit(
    run: Run, figure: Figure, vertices: np.ndarray, prior: np.ndarray | None = None, stiffness: float = WEAK
) -> tuple[np.ndarray, np.ndarray]:
    people, joint_count = len(vertices), len(figure.parents)
    rotations = np.full((people, joint_count, 3, 3), np.nan, np.float32)
    error = np.full(people, np.nan, np.float32)
    run(
        *figure.rig,
        np.tile(figure.rest, (people, 1, 1)),
        np.tile(figure.rest_joints, (people, 1, 1)),
        np.ascontiguousarray(vertices, np.float32),
        no_prior(people, joint_count) if prior is None else prior,
        np.full(people, stiffness, np.float32),
        rotations,
        error,
    )
    return rotations, error


def degrees_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    trace = np.einsum("...ab,...ab->...", a.astype(np.float64), b.astype(np.float64))
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def assert_proper(rotations: np.ndarray) -> None:
    exact = rotations.astype(np.float64)
    np.testing.assert_allclose(exact @ np.swapaxes(exact, -1, -2), np.broadcast_to(np.eye(3), exact.shape), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(exact), 1, atol=1e-5)


@pytest.mark.parametrize("joint_count", [1, 2, 16, 24, 52, 55, 64])
@pytest.mark.parametrize("people", [0, 1, 3])
def test_fit_rotations_native_equals_the_reference(rng: np.random.Generator, joint_count: int, people: int) -> None:
    figure = a_figure(rng, joint_count, 12)
    truth = poses(rng, people, joint_count, 0.4)
    vertices = skinned(figure, truth) + rng.normal(0, 0.005, (people, *figure.rest.shape))
    prior = poses(rng, people, joint_count, 0.2)
    for given_prior, stiffness in ((None, 1e-5), (prior, 1e-3)):
        expected = fit(reference.fit_rotations, figure, vertices, given_prior, stiffness)
        got = fit(edge_kernels.fit_rotations, figure, vertices, given_prior, stiffness)
        np.testing.assert_allclose(got[0], expected[0], atol=1e-4)
        np.testing.assert_allclose(got[1], expected[1], rtol=1e-4, atol=1e-7)


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("people", "joint_count", "around"), [(0, 24, 12), (1, 1, 3), (2, 5, 6), (1, 64, 4), (5, 24, 40)]
)
def test_fit_rotations_cuda_equals_the_cpu(
    rng: np.random.Generator, people: int, joint_count: int, around: int
) -> None:
    figure = a_figure(rng, joint_count, around)
    figure.joints[::3, 3] = figure.joints[::3, 0]  # a joint twice
    figure.weights[::3, 3] = figure.weights[::3, 0] / 3
    figure.weights[::3, 0] *= np.float32(2 / 3)
    vertices = skinned(figure, poses(rng, people, joint_count, 0.4))
    vertices += rng.normal(0, 0.005, (people, *figure.rest.shape))
    prior = poses(rng, people, joint_count, 0.2)
    for given_prior, stiffness in ((None, 1e-5), (prior, 1e-3), (prior, 1e6)):
        expected = fit(edge_kernels.fit_rotations, figure, vertices, given_prior, stiffness)
        got = fit(on_cuda, figure, vertices, given_prior, stiffness)
        np.testing.assert_allclose(got[0], expected[0], atol=1e-6)
        np.testing.assert_allclose(got[1], expected[1], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("run", FIT_ANYWHERE)
@pytest.mark.parametrize(("joint_count", "spread"), [(1, 0.0), (16, 1.2), (24, 0.3), (24, 1.0), (55, 0.6)])
def test_fit_rotations_recovers_a_pose(run: Run, rng: np.random.Generator, joint_count: int, spread: float) -> None:
    figure = a_figure(rng, joint_count)
    truth = poses(rng, 2, joint_count, spread)
    vertices = skinned(figure, truth)
    rotations, error = fit(run, figure, vertices)
    assert_proper(rotations)
    assert error.max() < 1e-4
    distance = np.sqrt(((skinned(figure, rotations) - vertices) ** 2).sum(-1).mean(-1))
    np.testing.assert_allclose(error, distance, atol=1e-6)
    assert degrees_apart(rotations, truth).max() < 0.5


@pytest.mark.parametrize("run", FIT_ANYWHERE)
def test_fit_rotations_does_not_fit_noise(run: Run, rng: np.random.Generator) -> None:
    figure = a_figure(rng, 24)
    truth = poses(rng, 4, 24, 0.5)
    exact = skinned(figure, truth)
    noisy = exact + rng.normal(0, 0.02, exact.shape)
    rotations, error = fit(run, figure, noisy)
    noise = np.sqrt(((noisy - exact) ** 2).sum(-1).mean(-1))
    assert (error <= noise).all()
    assert (np.sqrt(((skinned(figure, rotations) - exact) ** 2).sum(-1).mean(-1)) < 0.4 * noise).all()


@pytest.mark.parametrize("run", FIT_ANYWHERE)
def test_fit_rotations_undetermined_joints_follow_the_prior(run: Run, rng: np.random.Generator) -> None:
    figure = a_figure(rng, 24)
    rows = (figure.joints != 23).all(1)  # joint 23 moves nothing any more
    parts = {name: getattr(figure, name)[rows] for name in ("joints", "weights", "rest")}
    figure = replace(figure, **parts)
    truth, prior = poses(rng, 2, 24, 0.5), poses(rng, 2, 24, 0.5)
    rotations, error = fit(run, figure, skinned(figure, truth), prior)
    assert degrees_apart(rotations[:, 23], prior[:, 23]).max() < 0.1
    assert degrees_apart(rotations[:, :23], truth[:, :23]).max() < 0.5
    assert error.max() < 1e-4


@pytest.mark.parametrize("run", FIT_ANYWHERE)
def test_fit_rotations_stiffness_pulls_towards_the_prior(run: Run, rng: np.random.Generator) -> None:
    figure = a_figure(rng, 16)
    truth, prior = poses(rng, 1, 16, 0.3), poses(rng, 1, 16, 0.3)
    prior[:, 0] = truth[:, 0]
    vertices = skinned(figure, truth)
    fits = [fit(run, figure, vertices, prior, stiffness) for stiffness in (1e-7, 1e-3, 10.0)]
    apart = [degrees_apart(rotations, prior).mean() for rotations, _ in fits]
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 0.5
    assert fits[0][1] < fits[1][1] < fits[2][1]


@pytest.mark.parametrize("run", FIT_ANYWHERE)
@pytest.mark.parametrize("spoil", ["mirrored", "point", "line", "huge", "tiny", "far"])
def test_fit_rotations_impossible_bodies_give_proper_rotations(run: Run, rng: np.random.Generator, spoil: str) -> None:
    figure = a_figure(rng, 24, 15)
    vertices = skinned(figure, poses(rng, 2, 24, 0.5))
    spoilt = {
        "mirrored": vertices * [-1, 1, 1],
        "point": np.zeros_like(vertices),
        "line": vertices * [1, 0, 0],
        "huge": vertices * 1e30,
        "tiny": vertices * 1e-30,
        "far": vertices + 1e6,
    }[spoil]
    rotations, error = fit(run, figure, spoilt)
    assert_proper(rotations)
    assert np.isfinite(error).all()


@pytest.mark.parametrize("run", FIT_ANYWHERE)
def test_fit_rotations_body_without_extent_gives_proper_rotations(run: Run, rng: np.random.Generator) -> None:
    figure = a_figure(rng, 5, 9)
    flat = replace(figure, rest=figure.rest * 0, rest_joints=figure.rest_joints * 0)
    rotations, error = fit(run, flat, skinned(figure, poses(rng, 1, 5, 0.5)))
    assert_proper(rotations)
    assert np.isfinite(error).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), joint_count=st.integers(1, 12), power=st.integers(-20, 15))
def test_fit_rotations_of_any_numbers_are_proper(seed: int, joint_count: int, power: int) -> None:
    rng = np.random.default_rng(seed)
    figure = a_figure(rng, joint_count, 5)
    vertices = rng.normal(0, 10.0**power, (1, *figure.rest.shape))
    prior = rng.normal(0, 1, (1, joint_count, 3, 3)).astype(np.float32)
    rotations, error = fit(edge_kernels.fit_rotations, figure, vertices, prior, 1e-5)
    assert_proper(rotations)
    assert np.isfinite(error).all()


@pytest.mark.parametrize("run", FIT_ANYWHERE)
def test_fit_rotations_nonfinite_person_does_not_affect_the_others(run: Run, rng: np.random.Generator) -> None:
    figure = a_figure(rng, 8)
    truth = poses(rng, 4, 8, 0.3)
    vertices = skinned(figure, truth)
    vertices[1, 3, 0], vertices[2, 5, 1] = np.nan, np.inf
    prior = poses(rng, 4, 8, 0.3)
    prior[3, 2, 0, 0] = np.nan
    rotations, error = fit(run, figure, vertices, prior)
    np.testing.assert_array_equal(np.isnan(error), [False, True, True, True])
    np.testing.assert_allclose(rotations[1:3], prior[1:3], atol=1e-6)
    np.testing.assert_allclose(rotations[3], no_prior(1, 8)[0], atol=1e-6)
    assert degrees_apart(rotations[0], truth[0]).max() < 0.5


def evidence(run: Run, figure: Figure, vertices: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    people = len(vertices)
    shapes = figure.shape_dirs.shape[2]
    out = np.full((people, shapes, shapes + 1), np.nan)
    resting = (np.tile(points, (people, 1, 1)) for points in (figure.rest, figure.rest_joints))
    dirs = figure.shape_dirs, figure.joint_shape_dirs
    run(*figure.rig, *dirs, *resting, np.ascontiguousarray(vertices, np.float32), rotations, out)
    return out


def shaped(figure: Figure, shape: np.ndarray) -> Figure:
    return replace(
        figure,
        rest=(figure.rest + figure.shape_dirs @ shape).astype(np.float32),
        rest_joints=(figure.rest_joints + figure.joint_shape_dirs @ shape).astype(np.float32),
    )


def turned(figure: Figure, rotations: np.ndarray, joint: int, rotvec: np.ndarray) -> np.ndarray:
    """A pose (P, 3, 3) in which a joint is turned about axes of the vertices."""
    out = rotations.astype(np.float64)
    up, above = np.eye(3), figure.parents[joint]
    while above >= 0:
        up, above = out[above] @ up, figure.parents[above]
    out[joint] = up.T @ Rotation.from_rotvec(rotvec).as_matrix() @ up @ out[joint]
    return out


@pytest.mark.parametrize("run", SHAPE_PATHS)
@pytest.mark.parametrize("joint_count", [1, 7, 20])
def test_shape_evidence_equals_the_schur_complement(run: Run, rng: np.random.Generator, joint_count: int) -> None:
    figure = a_figure(rng, joint_count, 12)
    rotations = poses(rng, 1, joint_count, 0.6)
    now = skinned(figure, rotations)[0]
    vertices = now + rng.normal(0, 0.03, figure.rest.shape)
    columns = [skinned(shaped(figure, np.eye(2)[s]), rotations)[0] - now for s in range(2)]  # linear in the shape
    j = np.stack([*columns, vertices - now], -1).reshape(-1, 3)
    small = 1e-5
    axes = [(k, small * axis) for k in range(joint_count) for axis in np.eye(3)]
    both = [skinned(figure, np.stack([turned(figure, rotations[0], k, s * a) for s in (1, -1)])) for k, a in axes]
    w = np.stack([(ahead - behind).ravel() / (2 * small) for ahead, behind in both], -1)
    count = len(figure.rest)
    explained = j.T @ w @ np.linalg.solve(w.T @ w / count + 1e-6 * np.eye(len(axes)), w.T @ j) / count**2
    expected = (j.T @ j / count - explained)[:2]
    got = evidence(run, figure, vertices[None], rotations)[0]
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("joint_count", [1, 24, 64])
@pytest.mark.parametrize("shapes", [0, 1, 10, 13, 32])
def test_shape_evidence_native_equals_the_reference(rng: np.random.Generator, joint_count: int, shapes: int) -> None:
    figure = a_figure(rng, joint_count, 6)
    dirs = [rng.normal(0, 0.01, (len(a), 3, shapes)).astype(np.float32) for a in (figure.rest, figure.rest_joints)]
    figure = replace(figure, shape_dirs=dirs[0], joint_shape_dirs=dirs[1])
    rotations = poses(rng, 3, joint_count, 0.6)
    vertices = skinned(figure, rotations) + rng.normal(0, 0.03, (3, *figure.rest.shape))
    expected = evidence(reference.shape_evidence, figure, vertices, rotations)
    got = evidence(edge_kernels.shape_evidence, figure, vertices, rotations)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


def test_shape_evidence_recovers_the_shape_with_the_pose(rng: np.random.Generator) -> None:
    figure, truth = a_figure(rng, 24), poses(rng, 1, 24, 0.5)
    vertices = skinned(shaped(figure, np.array([1.0, -2.0])), truth)
    shape = np.zeros(2)
    for _ in range(4):
        now = shaped(figure, shape)
        rotations, error = fit(edge_kernels.fit_rotations, now, vertices)
        said = evidence(edge_kernels.shape_evidence, now, vertices, rotations)[0]
        shape = shape + np.linalg.solve(said[:, :2], said[:, 2])
    np.testing.assert_allclose(shape, [1, -2], atol=0.01)
    assert error.max() < 1e-3
    assert degrees_apart(rotations, truth).max() < 0.5


def good(rng: np.random.Generator) -> dict[str, Any]:
    figure = a_figure(rng, 3, 4)
    return {
        "joints": figure.joints,
        "weights": figure.weights,
        "parents": figure.parents,
        "rest": figure.rest[None],
        "rest_joints": figure.rest_joints[None],
        "vertices": figure.rest[None],
        "prior": no_prior(1, 3),
        "stiffness": np.ones(1, np.float32),
        "rotations": no_prior(1, 3),
        "error": np.zeros(1, np.float32),
    }


WRONG: list[tuple[str, Any, type[Exception], str]] = [
    ("joints", np.zeros((12, 4), np.int32), TypeError, "joints must be uint8, not int32"),
    ("joints", np.full((12, 4), 3, np.uint8), ValueError, "joints points at joints that do not exist"),
    ("weights", np.ones((11, 4), np.float32), ValueError, r"weights must have the shape \(12, 4\), not \(11, 4\)"),
    ("parents", np.array([-1, 0, 2], np.int32), ValueError, "parents must come before their joints"),
    ("parents", np.array([-1, 0, -1], np.int32), ValueError, "parents must come before their joints"),
    ("rest", np.zeros((1, 12, 3)), TypeError, "rest must be float32, not float64"),
    ("rest_joints", np.zeros((2, 3, 3), np.float32), ValueError, r"rest_joints must have the shape \(1, 3, 3\)"),
    ("vertices", np.zeros((1, 12, 6), np.float32)[..., ::2], ValueError, "vertices must be C-contiguous"),
    ("prior", no_prior(1, 4), ValueError, r"prior must have the shape \(1, 3, 3, 3\)"),
    ("stiffness", np.ones((1, 1), np.float32), ValueError, r"stiffness must have the shape \(1,?\)"),
    ("rotations", np.zeros((1, 3, 3, 3)), TypeError, "rotations must be float32, not float64"),
    ("error", np.zeros(2, np.float32), ValueError, r"error must have the shape \(1,?\)"),
]


@pytest.mark.parametrize("run", FIT)
@pytest.mark.parametrize(("name", "value", "error", "message"), WRONG)
def test_fit_rotations_invalid_argument_is_named_in_the_error(
    run: Run, rng: np.random.Generator, name: str, value: Any, error: type[Exception], message: str
) -> None:
    arguments = good(rng)
    run(**arguments)
    with pytest.raises(error, match=message):
        run(**{**arguments, name: value})


@pytest.mark.parametrize("run", FIT)
@pytest.mark.parametrize("joint_count", [0, 65])
def test_fit_rotations_without_or_with_too_many_joints_raises(run: Run, joint_count: int) -> None:
    figure = a_figure(np.random.default_rng(0), 1, 4)
    joints = np.zeros((joint_count, 3), np.float32)
    odd = replace(figure, parents=np.arange(-1, joint_count - 1, dtype=np.int32), rest_joints=joints)
    with pytest.raises(ValueError, match="a body must have 1 to 64 joints"):
        fit(run, odd, figure.rest[None])


@pytest.mark.parametrize("run", SHAPE_PATHS)
def test_shape_evidence_of_too_many_shapes_raises(run: Run, rng: np.random.Generator) -> None:
    figure = a_figure(rng, 2, 4)
    wide = replace(figure, shape_dirs=np.zeros((8, 3, 33), np.float32))
    with pytest.raises(ValueError, match="shape_dirs must have at most 32 directions, not 33"):
        evidence(run, wide, figure.rest[None], no_prior(1, 2))
