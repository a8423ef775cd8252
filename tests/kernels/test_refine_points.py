"""Refining a pose on points in space: reference, CPU and CUDA agree, and what nothing determines stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

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


def in_space(scene: Scene, truth: np.ndarray, root: np.ndarray, precision: np.ndarray) -> Scene:
    """The scene with the true places of its keypoints instead of rays."""
    places = points(scene, truth, root).astype(np.float32)
    packed = np.broadcast_to(precision, (*places.shape[:2], 6)).astype(np.float32)
    return replace(scene, rays=places, precision=np.ascontiguousarray(packed))


def refined(run: Run, scene: Scene, steps: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations, translations and energies."""
    people, joints = scene.prior.shape[:2]
    numbers = workspace_numbers(joints, len(scene.zeroth), len(scene.limit_joints))
    out = [np.full(shape, np.nan, np.float32) for shape in ((people, joints, 3, 3), (people, 3), (people, 2))]
    workspace = np.full((people, numbers), np.nan)
    run(*scene.arrays(), workspace, *out, robust=ROBUST, limit_stiffness=LIMIT_STIFFNESS, steps=steps)
    return out[0], out[1], out[2]


@pytest.mark.parametrize("run", PATHS[1:])
@pytest.mark.parametrize(("people", "joints", "keypoints", "limits"), [(3, 24, 17, 3), (1, 1, 1, 0), (2, 24, 23, 40)])
def test_refine_points_every_path_gives_the_same_pose(
    run: Run, rng: np.random.Generator, people: int, joints: int, keypoints: int, limits: int
) -> None:
    scene, truth, root = a_scene(rng, people, joints, keypoints, limits=limits, off=0.3, stiffness=20)
    scene = in_space(scene, truth, root, np.array([40, 5, -3, 30, 4, 20]))
    scene.precision[rng.random(scene.precision.shape[:2]) < 0.2] = 0
    for ours, theirs in zip(refined(run, scene, 3), refined(reference.refine_pose, scene, 3), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=3e-6)


@pytest.mark.parametrize("run", PATHS)
def test_refine_points_perfect_points_recover_the_pose_behind_the_origin_too(
    run: Run, rng: np.random.Generator
) -> None:
    scene, truth, root = a_scene(rng, 2, 12, 60, stiffness=1e-4)
    behind = np.array([0, 0, 8], np.float32)
    scene, root = replace(scene, root=scene.root - behind), root - behind
    assert (root[:, 2] < 0).all()
    scene = in_space(scene, truth, root, np.array([500, 0, 0, 500, 0, 500]))
    rotations, translation, energy = refined(run, scene)
    np.testing.assert_allclose(rotations, truth, atol=5e-3)
    np.testing.assert_allclose(translation, root, atol=5e-3)
    assert (energy[:, 1] < 1e-3 * energy[:, 0]).all()


@pytest.mark.parametrize("run", CPU)
def test_refine_points_unknown_direction_keeps_the_root(run: Run, rng: np.random.Generator) -> None:
    scene, truth, root = a_scene(rng, 1, 1, 6, stiffness=1.0)
    scene = in_space(replace(scene, prior=truth.copy()), truth, root, np.array([100, 0, 0, 100, 0, 0]))
    scene.rays[..., 2] += 3.0  # along z the points are wrong, and have no weight
    _, translation, _ = refined(run, scene)
    np.testing.assert_allclose(translation[0, :2], root[0, :2], atol=5e-3)
    assert translation[0, 2] == pytest.approx(scene.root[0, 2], abs=0.02)


@pytest.mark.parametrize("run", CPU)
def test_refine_points_wrong_precision_raises(run: Run, rng: np.random.Generator) -> None:
    scene, truth, root = a_scene(rng, 1, 3, 6)
    scene = in_space(scene, truth, root, np.ones(6))
    with pytest.raises((ValueError, TypeError), match="precision"):
        refined(run, replace(scene, precision=np.ascontiguousarray(scene.precision[..., :3])))
