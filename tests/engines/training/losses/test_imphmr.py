"""The losses of ImpHMR: views are rotations about the vertical axis, and each term is a plain mean."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.training.losses.imphmr import (
    ImphmrWeights,
    consistency_loss,
    imagination_loss,
    turn,
    turned_points,
    turned_rotations,
)
from meshcast.protocol.rotations import rotmat

RNG = np.random.default_rng(0)


def test_turn_by_a_quarter_sees_the_person_from_the_right() -> None:
    """What was behind the person is then on the right of the image, and what was on the right is nearer."""
    points = torch.tensor([[[0.0, 0.2, 1.0], [1.0, 0.2, 0.0]]])
    turned = turned_points(points, torch.tensor([np.pi / 2]).float())
    torch.testing.assert_close(turned[0], torch.tensor([[1.0, 0.2, 0.0], [0.0, 0.2, -1.0]]), atol=1e-6, rtol=0)


def test_turns_add_up_and_rotations_turn_at_the_root() -> None:
    a, b = torch.tensor([0.4]), torch.tensor([1.1])
    torch.testing.assert_close(turn(a) @ turn(b), turn(a + b))
    rotations = torch.from_numpy(rotmat(RNG.normal(0, 1, (1, 24, 3))))
    turned = turned_rotations(rotations, a)
    torch.testing.assert_close(turned[:, 1:], rotations[:, 1:])
    torch.testing.assert_close(turned[:, 0], turn(a) @ rotations[:, 0])


def test_imagination_loss_equals_numpy_and_vanishes_for_the_turned_truth() -> None:
    n = 3
    joints, true_joints = RNG.normal(size=(2, n, 5, 3))
    rotations, true_rotations = rotmat(RNG.normal(0, 1, (2, n, 24, 3))).astype(np.float64)
    shape, true_shape = RNG.normal(size=(2, n, 10))
    silhouette, true_silhouette = RNG.random((2, n, 4, 4))
    angle = RNG.uniform(-np.pi, np.pi, n)
    has = [np.array([1.0, 0, 1]), np.array([1.0, 1, 0]), np.array([0.0, 1, 0]), np.array([1.0, 1, 1])]
    weights = ImphmrWeights(joints_3d=2, pose=3, shape=5, silhouette=7)
    matrices = np.array([[[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]] for a in angle])
    turned = true_joints @ matrices.transpose(0, 2, 1)
    posed = true_rotations.copy()
    posed[:, 0] = matrices @ posed[:, 0]
    expected = (
        2 * ((joints - turned) ** 2)[[0, 2]].mean()
        + 3 * ((rotations - posed) ** 2)[[0, 1]].mean()
        + 5 * ((shape - true_shape) ** 2)[1].mean()
        + 7 * ((silhouette - true_silhouette) ** 2).mean()
    )

    def tensors(*arrays: np.ndarray) -> tuple:
        return tuple(torch.from_numpy(np.asarray(each, np.float64)) for each in arrays)

    truth = tensors(true_joints, true_rotations, true_shape, true_silhouette)
    made = imagination_loss(
        *tensors(joints, rotations, shape, silhouette), truth, tensors(*has), *tensors(angle), weights
    )
    assert made.item() == pytest.approx(expected)
    exact = imagination_loss(
        *tensors(turned, posed, true_shape, true_silhouette), truth, tensors(*has), *tensors(angle), weights
    )
    assert exact.item() == pytest.approx(0, abs=1e-15)


def test_consistency_loss_equals_numpy_and_vanishes_for_one_person_from_two_views() -> None:
    rotations = torch.from_numpy(rotmat(RNG.normal(0, 1, (2, 24, 3))).astype(np.float64))
    shape = torch.from_numpy(RNG.normal(size=(2, 10)))
    first, second = torch.tensor([0.3, -2.0]).double(), torch.tensor([1.0, 0.4]).double()
    views = [(turned_rotations(rotations, angle), shape) for angle in (first, second)]
    assert consistency_loss(*views, second - first, ImphmrWeights()).item() == pytest.approx(0, abs=1e-12)
    other = (views[1][0], shape + 0.5)
    assert consistency_loss(views[0], other, second - first, ImphmrWeights()).item() == pytest.approx(0.06 * 0.25)
    given = views[0][0].clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda r: consistency_loss((r, shape), other, second - first, ImphmrWeights()), given
    )
