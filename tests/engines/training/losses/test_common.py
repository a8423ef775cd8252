"""What the losses of all methods share, and the gradient of every loss by finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor

from engines.training.losses import dct, decomr, imphmr, pare, pose2mesh
from engines.training.losses.common import keypoint_loss_2d

RNG = np.random.default_rng(0)
WEIGHT = torch.tensor([1.0, 0.0, 1.0]).double()
FACES = torch.tensor([[0, 1, 2], [2, 1, 3], [0, 3, 4]])


def numbers(*shape: int, low: float = -1.0, high: float = 1.0) -> Tensor:
    return torch.from_numpy(RNG.uniform(low, high, shape))


def test_keypoint_loss_2d_equals_numpy() -> None:
    predicted, truth, weight = RNG.normal(size=(3, 5, 2)), RNG.normal(size=(3, 5, 2)), RNG.integers(0, 2, (3, 5))
    expected = np.mean([(predicted[n, p] - truth[n, p]) ** 2 for n in range(3) for p in range(5) if weight[n, p]])
    made = keypoint_loss_2d(*(torch.from_numpy(each) for each in (predicted, truth, weight)))
    assert made.item() == pytest.approx(expected, rel=1e-12)


POINTS, TRUE_POINTS = numbers(3, 5, 3), numbers(3, 5, 3)
FLAT, TRUE_FLAT = numbers(3, 5, 2), numbers(3, 5, 2)
ROTATIONS, TRUE_ROTATIONS = numbers(3, 24, 3, 3), numbers(3, 24, 3, 3)
SHAPE, TRUE_SHAPE = numbers(3, 10), numbers(3, 10)
SEEN = torch.from_numpy(RNG.integers(0, 2, (3, 5)).astype(np.float64))
MAP, TRUE_MAP = numbers(3, 4, 4, 3), numbers(3, 4, 4, 3)
IMAGE, SILHOUETTE = (
    numbers(3, 4, 4, low=0.1, high=0.9),
    torch.from_numpy(RNG.integers(0, 2, (3, 4, 4)).astype(np.float64)),
)
ANGLE = numbers(3)
CORNERS = torch.full((3, 5, 3), 1 / 3, dtype=torch.float64)  # barycentric weights
TRUTH = (TRUE_POINTS, TRUE_ROTATIONS, TRUE_SHAPE, SILHOUETTE)
HAS = (WEIGHT, WEIGHT, WEIGHT, WEIGHT)
TURNS = imphmr.ImphmrWeights()
# The loss of its first tensors, which are predictions.
LOSSES: dict[str, tuple[Callable[..., Tensor], tuple[Tensor, ...]]] = {
    "keypoints": (lambda p: keypoint_loss_2d(p, TRUE_FLAT, SEEN), (FLAT,)),
    "pare joints": (lambda p: pare.joint_loss_3d(p, TRUE_POINTS, SEEN), (POINTS,)),
    "pare camera": (pare.camera_loss, (numbers(3, 3),)),
    "dct joints": (lambda p: dct.joint_loss_3d(p, TRUE_POINTS, SEEN), (POINTS,)),
    "dct smpl": (lambda r, s: dct.smpl_loss(r, s, TRUE_ROTATIONS, TRUE_SHAPE, WEIGHT), (ROTATIONS, SHAPE)),
    "dct sparse": (lambda p: dct.sparse_loss(p, TRUE_FLAT, SEEN), (FLAT,)),
    "dct dense": (
        lambda p: dct.weighted_dense_loss(
            dct.dense_loss(dct.dense_keypoints(p, CORNERS), TRUE_FLAT, SEEN), SEEN, WEIGHT > 0, dct.DctWeights()
        ),
        (numbers(3, 15, 2),),
    ),
    "decomr mask": (lambda p: decomr.mask_loss(p, SILHOUETTE, WEIGHT), (IMAGE,)),
    "decomr uv": (
        lambda p: decomr.uv_loss(p, TRUE_MAP[..., :2].movedim(-1, 1), SILHOUETTE, WEIGHT),
        (numbers(3, 2, 4, 4),),
    ),
    "decomr map": (lambda p: decomr.map_loss(p, TRUE_MAP, IMAGE[0], WEIGHT), (MAP,)),
    "decomr smooth": (decomr.smoothness_loss, (MAP,)),
    "imphmr squared": (lambda p: imphmr.squared(p, TRUE_SHAPE, WEIGHT), (SHAPE,)),
    "imphmr imagination": (
        lambda j, r, s, m: imphmr.imagination_loss(j, r, s, m, TRUTH, HAS, ANGLE, TURNS),
        (POINTS, ROTATIONS, SHAPE, IMAGE),
    ),
    "pose2mesh points": (lambda p: pose2mesh.point_loss(p, TRUE_POINTS, WEIGHT), (POINTS,)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_loss_has_the_gradient_of_finite_differences(name: str) -> None:
    loss, given = LOSSES[name]
    # A random direction in place of every input: one difference for each tensor.
    assert torch.autograd.gradcheck(loss, tuple(each.clone().requires_grad_() for each in given), fast_mode=True)
