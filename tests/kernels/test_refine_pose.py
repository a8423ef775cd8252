"""Refining a pose on keypoints: reference, CPU and CUDA agree, poses come back, and no evidence changes nothing."""

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
from edge_kernels.reference.refine_pose import workspace_numbers
from tests.support.rig_scenes import Scene, a_scene, points

Run = Callable[..., None]
ROBUST, LIMIT_STIFFNESS = 3.0, 400.0


def on_cuda(*arguments: Any, robust: float, limit_stiffness: float, steps: int) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    arrays = [torch.from_numpy(array).cuda() for array in arguments]
    stream = torch.cuda.current_stream()
    edge_kernels.refine_pose(*arrays, robust, limit_stiffness, steps, stream.cuda_stream)
    stream.synchronize()
    for array, result in zip(arguments[-3:], arrays[-3:], strict=True):
        array[:] = result.cpu().numpy()


CPU = [pytest.param(reference.refine_pose, id="reference"), pytest.param(edge_kernels.refine_pose, id="cpu")]
PATHS = [*CPU, pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu)]


def energies(scene: Scene, rotations: np.ndarray, root: np.ndarray) -> np.ndarray:
    """The definition, in float64: (N,)."""
    seen = points(scene, rotations, root.astype(np.float64))
    flat = seen[..., :2] / seen[..., 2:] - scene.rays
    a, b, c = np.moveaxis(scene.precision.astype(np.float64), -1, 0)
    square = (a * flat[..., 0] + b * flat[..., 1]) ** 2 + (c * flat[..., 1]) ** 2
    total = (square / (1 + square / ROBUST**2)).sum(1)
    for n, local in enumerate(rotations.astype(np.float64)):
        away = Rotation.from_matrix(local @ np.swapaxes(scene.prior[n].astype(np.float64), 1, 2)).as_quat()[:, :3]
        total[n] += (scene.stiffness[n] * 4 * away**2).sum()
        way, ray = root[n] - scene.root[n], scene.root[n] / np.linalg.norm(scene.root[n])
        along = float(way @ ray)
        total[n] += scene.root_stiffness[n, 1] * along**2 + scene.root_stiffness[n, 0] * (way @ way - along**2)
        for joint, axis, (low, high) in zip(scene.limit_joints, scene.limit_axes, scene.limit_ranges, strict=True):
            angle = turn_about(local[joint], axis)
            total[n] += LIMIT_STIFFNESS * (angle - np.clip(angle, low, high)) ** 2
    return total


def turn_about(rotation: np.ndarray, axis: np.ndarray) -> float:
    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    angle = 2 * np.arctan2(np.array([x, y, z]) @ axis, w)
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def refined(
    run: Run, scene: Scene, steps: int = 30, robust: float = ROBUST
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations, translations and energies."""
    people, joints = scene.prior.shape[:2]
    numbers = workspace_numbers(joints, len(scene.zeroth), len(scene.limit_joints))
    out = [np.full(shape, np.nan, np.float32) for shape in ((people, joints, 3, 3), (people, 3), (people, 2))]
    workspace = np.full((people, numbers), np.nan)
    run(*scene.arrays(), workspace, *out, robust=robust, limit_stiffness=LIMIT_STIFFNESS, steps=steps)
    return out[0], out[1], out[2]


def degrees_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    trace = np.einsum("...ab,...ab->...", a.astype(np.float64), b.astype(np.float64))
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def assert_proper(rotations: np.ndarray) -> None:
    exact = rotations.astype(np.float64)
    np.testing.assert_allclose(exact @ np.swapaxes(exact, -1, -2), np.broadcast_to(np.eye(3), exact.shape), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(exact), 1, atol=1e-5)


@pytest.mark.parametrize("run", PATHS[1:])
@pytest.mark.parametrize(
    ("people", "joints", "keypoints", "limits"),
    [(0, 24, 17, 3), (1, 1, 1, 0), (2, 2, 0, 1), (1, 24, 17, 12), (3, 24, 23, 0), (1, 64, 64, 40)],
)
def test_refine_pose_every_path_gives_the_same_pose(
    run: Run, rng: np.random.Generator, people: int, joints: int, keypoints: int, limits: int
) -> None:
    scene, _, _ = a_scene(rng, people, joints, keypoints, limits=limits, off=0.3, stiffness=20, sigma=0.01)
    full = rng.normal(0, 1, scene.precision.shape) * [30, 10, 30] + [100, 0, 100]
    full[rng.random(full.shape[:2]) < 0.2] = 0
    scene = replace(
        scene,
        precision=full.astype(np.float32),
        stiffness=rng.uniform(1, 50, scene.stiffness.shape).astype(np.float32),
        root_stiffness=rng.uniform(10, 1000, scene.root_stiffness.shape).astype(np.float32),
    )
    expected = refined(reference.refine_pose, scene, 3)
    got = refined(run, scene, 3)
    for ours, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)
    assert_proper(got[0])


@pytest.mark.parametrize("run", PATHS)
def test_refine_pose_energy_is_that_of_the_definition(run: Run, rng: np.random.Generator) -> None:
    scene, _, _ = a_scene(rng, 2, 9, 20, limits=8, off=0.3, stiffness=20, sigma=0.01)
    shear = scene.precision + np.array([0, 25, 0], np.float32)
    scene = replace(scene, precision=shear, stiffness=rng.uniform(1, 50, scene.stiffness.shape).astype(np.float32))
    rotations, translation, energy = refined(run, scene, 3)
    np.testing.assert_allclose(energy[:, 0], energies(scene, scene.prior, scene.root), rtol=1e-4)
    np.testing.assert_allclose(energy[:, 1], energies(scene, rotations, translation), rtol=1e-4)
    assert (energy[:, 1] < 0.8 * energy[:, 0]).all()


@pytest.mark.parametrize("run", CPU)
def test_refine_pose_many_steps_end_at_a_minimum(run: Run, rng: np.random.Generator) -> None:
    scene, _, _ = a_scene(rng, 1, 6, 12, limits=4, off=0.3, stiffness=20, sigma=0.02)
    rotations, translation, _ = refined(run, scene, 200)
    least = energies(scene, rotations, translation)[0]
    small = 2e-3
    for joint in range(6):
        for axis in np.eye(3):
            for sign in (small, -small):
                beside = rotations.astype(np.float64)
                beside[0, joint] = Rotation.from_rotvec(sign * axis).as_matrix() @ beside[0, joint]
                assert energies(scene, beside, translation)[0] > least
    for axis in np.eye(3):
        for sign in (small, -small):
            assert energies(scene, rotations, translation + sign * axis)[0] > least


@pytest.mark.parametrize("run", PATHS)
def test_refine_pose_weak_prior_and_perfect_keypoints_recover_the_pose(run: Run, rng: np.random.Generator) -> None:
    scene, truth, root = a_scene(rng, 2, 12, 60, stiffness=1e-4)
    rotations, translation, energy = refined(run, scene)
    assert_proper(rotations)
    assert degrees_apart(rotations, truth).max() < 0.3
    np.testing.assert_allclose(translation, root, atol=0.01)
    assert (energy[:, 1] < 1e-3 * energy[:, 0]).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), joints=st.integers(1, 14), off=st.floats(0, 0.12))
def test_refine_pose_of_any_rig_recovers_the_pose(seed: int, joints: int, off: float) -> None:
    scene, _, _ = a_scene(np.random.default_rng(seed), 1, joints, min(64, 5 * joints), off=off, stiffness=1e-5)
    rotations, translation, energy = refined(edge_kernels.refine_pose, scene, 40, robust=1e3)
    seen = points(scene, rotations, translation.astype(np.float64))
    assert np.abs(seen[..., :2] / seen[..., 2:] - scene.rays).max() < 1e-3
    assert energy[0, 1] <= energy[0, 0]


@pytest.mark.parametrize("run", CPU)
def test_refine_pose_stiffness_pulls_towards_the_prior(run: Run, rng: np.random.Generator) -> None:
    scene, _, _ = a_scene(rng, 1, 12, 48)
    apart = []
    for stiffness in (1e-3, 1e4, 1e9):
        stiff = replace(scene, stiffness=np.full_like(scene.stiffness, stiffness))
        apart.append(degrees_apart(refined(run, stiff)[0], scene.prior).mean())
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 0.05


@pytest.mark.parametrize("run", CPU)
def test_refine_pose_stiff_depth_is_kept_while_the_root_moves_across(run: Run, rng: np.random.Generator) -> None:
    scene, _, _ = a_scene(rng, 1, 12, 48, off=0.02)
    wider = ((scene.rays - scene.rays.mean(1)) * 1.15 + scene.rays.mean(1) + 0.02).astype(np.float32)  # 15 % nearer
    held = replace(scene, rays=wider, root_stiffness=np.array([[1.0, 1e8]], np.float32))
    free = replace(held, root_stiffness=np.array([[1.0, 1.0]], np.float32))
    ray = scene.root[0] / np.linalg.norm(scene.root[0])
    moved = [refined(run, s)[1][0] - scene.root[0] for s in (held, free)]
    assert abs(moved[0] @ ray) < 0.01
    assert abs(moved[1] @ ray) > 0.2
    assert np.linalg.norm(moved[0]) > 0.04


@pytest.mark.parametrize("run", CPU)
@pytest.mark.parametrize("angle", [-1.2, 0.4, 1.2])
def test_refine_pose_limit_holds_the_turn_about_its_axis(run: Run, angle: float) -> None:
    rng = np.random.default_rng(5)
    scene, _, _ = a_scene(rng, 1, 4, 0, stiffness=1e-3)
    axis = np.array([0.0, 0.6, 0.8])
    swing = Rotation.from_rotvec([0.5, 0, 0])  # across the axis
    prior = scene.prior.copy()
    prior[0, 2] = (swing * Rotation.from_rotvec(angle * axis)).as_matrix()
    scene = replace(
        scene,
        prior=prior,
        limit_joints=np.array([2], np.int32),
        limit_axes=axis[None].astype(np.float32),
        limit_ranges=np.array([[-0.3, 0.7]], np.float32),
    )
    rotations, translation, _ = refined(run, scene)
    turn = turn_about(rotations[0, 2], axis)
    assert -0.301 < turn < 0.701
    assert turn == pytest.approx(np.clip(angle, -0.3, 0.7), abs=0.15)
    if angle == 0.4:
        np.testing.assert_array_equal(rotations, scene.prior)
    else:
        np.testing.assert_allclose(rotations[0, [0, 1, 3]], scene.prior[0, [0, 1, 3]], atol=1e-6)
    np.testing.assert_allclose(translation, scene.root, atol=1e-6)


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize("case", ["zero precision", "rays", "precision", "behind", "no steps"])
def test_refine_pose_without_usable_keypoints_keeps_the_prior(run: Run, rng: np.random.Generator, case: str) -> None:
    scene, _, _ = a_scene(rng, 2, 8, 16)
    change: dict[str, Any] = {
        "zero precision": {"precision": np.zeros_like(scene.precision), "rays": np.full_like(scene.rays, np.nan)},
        "rays": {"rays": np.full_like(scene.rays, np.inf)},
        "precision": {"precision": np.full_like(scene.precision, np.nan)},
        "behind": {"root": scene.root - np.array([0, 0, 30], np.float32)},
        "no steps": {},
    }[case]
    scene = replace(scene, **change)
    rotations, translation, energy = refined(run, scene, 0 if case == "no steps" else 3)
    np.testing.assert_array_equal(rotations, scene.prior)
    np.testing.assert_array_equal(translation, scene.root)
    if case != "no steps":
        np.testing.assert_allclose(energy, 0, atol=1e-6)


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize("name", ["prior", "root", "rest_joints", "stiffness", "root_stiffness"])
def test_refine_pose_nonfinite_person_keeps_the_prior_and_others_are_refined(
    run: Run, rng: np.random.Generator, name: str
) -> None:
    scene, truth, _ = a_scene(rng, 3, 8, 40)
    array = getattr(scene, name).copy()
    array[1].flat[1] = np.nan
    scene = replace(scene, **{name: array})
    rotations, translation, energy = refined(run, scene)
    np.testing.assert_array_equal(rotations[1], scene.prior[1])
    np.testing.assert_array_equal(translation[1], scene.root[1])
    assert np.isnan(energy[1]).all()
    assert degrees_apart(rotations[[0, 2]], truth[[0, 2]]).max() < 0.5


@pytest.mark.parametrize("run", CPU)
def test_refine_pose_keypoint_without_a_point_does_not_affect_the_others(run: Run, rng: np.random.Generator) -> None:
    scene, truth, _ = a_scene(rng, 1, 8, 40)
    first, rays = scene.first.copy(), scene.rays.copy()
    first[0, 5] = np.nan  # the body has no such point
    rays[0, 6] = np.nan
    rays[0, 7] += 0.5  # an outlier
    rotations, _, _ = refined(run, replace(scene, first=first, rays=rays))
    assert degrees_apart(rotations, truth).max() < 0.5


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), joints=st.integers(1, 9), power=st.integers(-15, 15), steps=st.integers(0, 5))
def test_refine_pose_of_any_numbers_is_proper_and_never_worse(seed: int, joints: int, power: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    scene, _, _ = a_scene(rng, 1, joints, 10, limits=3, off=1.0)

    def wild(array: np.ndarray, share: float = 0.3) -> np.ndarray:
        at_random = rng.random(array.shape) < share
        return np.where(at_random, rng.normal(0, 10.0**power, array.shape), array).astype(np.float32)

    scene = replace(
        scene,
        rays=wild(scene.rays),
        precision=wild(scene.precision),
        first=wild(scene.first),
        stiffness=np.abs(wild(scene.stiffness)),
        root_stiffness=np.abs(wild(scene.root_stiffness)),
        root=wild(scene.root),
    )
    rotations, translation, energy = refined(edge_kernels.refine_pose, scene, steps)
    assert_proper(rotations)
    assert np.isfinite(translation).all()
    assert energy[0, 1] <= energy[0, 0] or not np.isfinite(energy).all()


def good() -> dict[str, Any]:
    scene, _, _ = a_scene(np.random.default_rng(0), 1, 3, 4, limits=2)
    names = list(Scene.__dataclass_fields__)
    return {
        **dict(zip(names, scene.arrays(), strict=True)),
        "workspace": np.zeros((1, workspace_numbers(3, 4, 2))),
        "rotations": np.zeros((1, 3, 3, 3), np.float32),
        "translation": np.zeros((1, 3), np.float32),
        "energy": np.zeros((1, 2), np.float32),
        "robust": 3.0,
        "limit_stiffness": 1.0,
        "steps": 3,
    }


F32 = np.float32
WRONG: list[tuple[str, Any, type[Exception], str]] = [
    ("parents", np.array([-1, 0, 2], np.int32), ValueError, "parents must come before their joints"),
    ("parents", np.array([-1, 0, -1], np.int32), ValueError, "parents must come before their joints"),
    ("parents", np.zeros(0, np.int32), ValueError, "a body must have 1 to 64 joints"),
    ("parents", np.arange(-1, 64, dtype=np.int32), ValueError, "a body must have 1 to 64 joints"),
    ("zeroth", np.zeros((4, 2), F32), ValueError, r"zeroth must have the shape \(\*, 3\), not \(4, 2\)"),
    ("zeroth", np.zeros((65, 3), F32), ValueError, "zeroth must have at most 64 keypoints, not 65"),
    ("limit_joints", np.array([0, 3], np.int32), ValueError, "limit_joints points at joints that do not exist"),
    ("limit_joints", np.array([0, -1], np.int32), ValueError, "limit_joints points at joints that do not exist"),
    ("limit_axes", np.zeros((1, 3), F32), ValueError, r"limit_axes must have the shape \(2, 3\), not \(1, 3\)"),
    ("limit_ranges", np.zeros((2, 2)), TypeError, "limit_ranges must be float32, not float64"),
    ("first", np.zeros((1, 4, 3), F32), ValueError, r"first must have the shape \(1, 4, 3, 3\)"),
    ("rest_joints", np.zeros((1, 3, 6), F32)[..., ::2], ValueError, "rest_joints must be C-contiguous"),
    ("prior", np.zeros((1, 2, 3, 3), F32), ValueError, r"prior must have the shape \(\*, 3, 3, 3\)"),
    ("root", np.zeros((2, 3), F32), ValueError, r"root must have the shape \(1, 3\), not \(2, 3\)"),
    ("stiffness", np.zeros((1, 3), F32), ValueError, r"stiffness must have the shape \(1, 3, 3\)"),
    ("root_stiffness", np.zeros(2, F32), ValueError, r"root_stiffness must have the shape \(1, 2\)"),
    ("rays", np.zeros((1, 4, 2)), TypeError, "rays must be float32, not float64"),
    ("precision", np.zeros((1, 4), F32), ValueError, r"precision must have the shape \(1, 4, 3\)"),
    ("workspace", np.zeros((1, 50)), ValueError, r"workspace must have at least \d+ columns, not 50"),
    ("workspace", np.zeros((1, 5000), F32), TypeError, "workspace must be float64, not float32"),
    ("rotations", np.zeros((1, 3, 3, 3)), TypeError, "rotations must be float32, not float64"),
    ("translation", np.zeros((1, 4), F32), ValueError, r"translation must have the shape \(1, 3\), not \(1, 4\)"),
    ("energy", np.zeros((1,), F32), ValueError, r"energy must have the shape \(1, 2\)"),
    ("robust", 0.0, ValueError, "robust must be positive"),
    ("limit_stiffness", float("nan"), ValueError, "limit_stiffness must not be negative"),
]


@pytest.mark.parametrize("run", CPU)
@pytest.mark.parametrize(("name", "value", "error", "message"), WRONG)
def test_refine_pose_invalid_argument_is_named_in_the_error(
    run: Run, name: str, value: Any, error: type[Exception], message: str
) -> None:
    run(**good())
    with pytest.raises(error, match=message):
        run(**(good() | {name: value}))


@pytest.mark.parametrize("run", CPU)
def test_refine_pose_largest_workspace_number_is_needed(run: Run) -> None:
    arguments = good()
    exact = arguments["workspace"].shape[1]
    with pytest.raises(ValueError, match=f"at least {exact} columns, not {exact - 1}"):
        run(**(arguments | {"workspace": np.zeros((1, exact - 1))}))
