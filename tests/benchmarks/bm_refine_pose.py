"""Times the refinement of posed rigs on keypoints: python tests/benchmarks/bm_refine_pose.py"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from metric import Metric, show
from scipy.spatial.transform import Rotation

import edge_kernels
from edge_kernels import reference
from edge_kernels.reference.refine_pose import workspace_numbers

SIZES = ((24, 17), (24, 23), (55, 23))  # joints and keypoints: SMPL and SMPL-X, COCO's keypoints without and with feet
PEOPLE, STEPS, LIMITS = 8, 3, 16
ROUNDS = 200


def measure() -> list[Metric]:
    """CPU time of one thread for a person; the reference is NumPy."""
    edge_kernels.set_threads(1)
    metrics = [operator(*size) for size in SIZES]
    edge_kernels.set_threads(0)
    return metrics


def operator(joints: int, keypoints: int) -> Metric:
    """People whose keypoints are those of another pose."""
    rng = np.random.default_rng(0)
    f32 = np.float32
    parents = np.array([-1, *(int(rng.integers(max(0, k - 3), k)) for k in range(1, joints))], np.int32)
    rest = rng.normal(0, 0.3, (PEOPLE, joints, 3)).astype(f32)
    owner = np.arange(keypoints) % joints
    zeroth = np.zeros((keypoints, joints), f32)
    zeroth[np.arange(keypoints), owner] = 0.7
    zeroth[np.arange(keypoints), np.maximum(parents[owner], 0)] += 0.3
    first = np.ascontiguousarray(zeroth[..., None] * rest[:, owner][:, :, None], f32)
    limited = rng.integers(0, joints, LIMITS).astype(np.int32)
    axes, ranges = np.tile(f32([1, 0, 0]), (LIMITS, 1)), np.tile(f32([-0.5, 0.5]), (LIMITS, 1))
    turned = Rotation.from_rotvec(rng.normal(0, 0.3, (PEOPLE * joints, 3))).as_matrix()
    prior = turned.reshape(PEOPLE, joints, 3, 3).astype(f32)
    root = np.tile(f32([0, 0, 4]), (PEOPLE, 1))
    inputs = (
        *(parents, zeroth, limited, axes, ranges, first, rest, prior, root),
        np.full((PEOPLE, joints, 3), 25, f32),
        np.tile(f32([400, 2500]), (PEOPLE, 1)),
        rng.normal(0, 0.1, (PEOPLE, keypoints, 2)).astype(f32),
        np.tile(f32([100, 0, 100]), (PEOPLE, keypoints, 1)),
        np.empty((PEOPLE, workspace_numbers(joints, keypoints, LIMITS))),
        np.empty_like(prior),
        np.empty_like(root),
        np.empty((PEOPLE, 2), f32),
    )
    native = cpu_ms(lambda: edge_kernels.refine_pose(*inputs, 3.0, 400.0, STEPS), ROUNDS)
    numpy = cpu_ms(lambda: reference.refine_pose(*inputs, 3.0, 400.0, STEPS), 2)
    name = f"refine_pose, {joints} joints, {keypoints} keypoints, {STEPS} steps, a person"
    return Metric(name, native / PEOPLE, "ms", numpy / PEOPLE)


def cpu_ms(call: Callable[[], object], rounds: int) -> float:
    """CPU milliseconds of a call, after one that is not counted."""
    call()
    begin = time.process_time()
    for _ in range(rounds):
        call()
    return (time.process_time() - begin) / rounds * 1e3


if __name__ == "__main__":
    show(measure())
