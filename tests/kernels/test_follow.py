"""Boxes that follow keypoints: reference, CPU and CUDA give the same crops, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edge_kernels
from edge_kernels import reference

Run = Callable[..., None]
MOTION = (0.2, 5.0, 0.06, 0.09, 0.06, 0.08, 0.35, 3.0)
CROPS = (192.0, 256.0, 1.25, 1.0, 2.0, 0.01, 0.0, 0.0, 720.0, 700.0, 2.0, 0.4)
SWAPPED = (*CROPS[:7], 1.0, *CROPS[8:])


def on_cuda(motion: Any, crops: Any, *arrays: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    there = [torch.from_numpy(array).cuda() for array in arrays]
    stream = torch.cuda.current_stream()
    edge_kernels.follow(motion, crops, *there, stream.cuda_stream)
    stream.synchronize()
    for array, made in zip(arrays[-2:], there[-2:], strict=True):
        array[:] = made.cpu().numpy()


PATHS = [
    pytest.param(edge_kernels.follow, id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
]


def people(count: int, keypoints: int, seed: int = 0) -> list[np.ndarray]:
    """Inputs of the operator: some keypoints are hidden, some tracks are new, some boxes are at the lower edge."""
    rng = np.random.default_rng(seed)
    found = rng.random((count, keypoints, 3), np.float32)
    centers, scales = rng.uniform(100, 700, (count, 2)), rng.uniform(0.4, 2, count)
    box = np.concatenate([centers + rng.normal(size=(count, 2)), rng.uniform(50, 400, (count, 2))], 1)
    motion = np.concatenate([rng.normal(0, 50, (count, 2)), rng.choice([0, 0.033], (count, 1))], 1)
    points = np.empty((count, keypoints, 6))
    points[..., :2] = centers[:, None] + rng.normal(0, 60, (count, keypoints, 2))
    points[..., 2] = rng.choice([0, 0.5], (count, keypoints)) * (np.arange(count) > 0)[:, None]
    points[..., 3:5] = rng.normal(0, 60, (count, keypoints, 2))
    points[..., 5] = rng.random((count, keypoints)) < rng.choice([0, 0.5, 1], (count, 1))
    tracks = np.concatenate([box, motion, points.reshape(count, keypoints * 6)], 1)
    times = np.stack([rng.uniform(0.02, 0.2, count), rng.uniform(0.1, 0.4, count)], 1)
    return [*(x.astype(np.float32) for x in (found, centers, scales, tracks)), times]


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize("crops", [CROPS, SWAPPED], ids=["x-y", "y-x"])
@pytest.mark.parametrize(("count", "keypoints"), [(40, 17), (3, 64), (2, 1), (0, 17)])
def test_follow_equals_the_reference_bit_for_bit(run: Run, crops: Any, count: int, keypoints: int) -> None:
    given = people(count, keypoints)
    expected, made = ((np.zeros((count, 2), np.float32), np.zeros(count, np.float32)) for _ in range(2))
    reference.follow(MOTION, crops, *given, *expected)
    run(MOTION, crops, *given, *made)
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("run", [pytest.param(reference.follow, id="reference"), PATHS[0]])
def test_follow_wrong_arrays_raise(run: Run) -> None:
    good = [*people(2, 17), np.zeros((2, 2), np.float32), np.zeros(2, np.float32)]
    for index in range(len(good)):
        with pytest.raises(ValueError, match="shape"):
            run(MOTION, CROPS, *(x[..., None].copy() if i == index else x for i, x in enumerate(good)))
        with pytest.raises(TypeError):
            run(MOTION, CROPS, *(x.astype(np.int32) if i == index else x for i, x in enumerate(good)))
