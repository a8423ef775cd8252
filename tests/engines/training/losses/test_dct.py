"""The losses of DCT against NumPy, equation by equation."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.training.losses.dct import (
    DctWeights,
    dense_keypoints,
    dense_loss,
    joint_loss_3d,
    smpl_loss,
    sparse_loss,
    weighted_dense_loss,
)

RNG = np.random.default_rng(0)


def test_equation_1_joints() -> None:
    predicted, truth, weight = RNG.normal(size=(3, 5, 3)), RNG.normal(size=(3, 5, 3)), np.array([1, 0, 1])
    expected = np.linalg.norm(predicted - truth, axis=-1)[[0, 2]].mean()
    given = [torch.from_numpy(each) for each in (predicted, truth, weight)]
    assert joint_loss_3d(*given).item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(lambda p: joint_loss_3d(p, *given[1:]), given[0].requires_grad_())


def test_equation_1_parameters() -> None:
    a, b = RNG.normal(size=(2, 3, 24, 3, 3))
    s, t = RNG.normal(size=(2, 3, 10))
    expected = np.sqrt(((a - b) ** 2).sum((-1, -2)))[[0, 2]].mean() + np.linalg.norm(s - t, axis=1)[[0, 2]].mean()
    given = [torch.from_numpy(each) for each in (a, s, b, t, np.array([1.0, 0, 1]))]
    assert smpl_loss(*given).item() == pytest.approx(expected)


def test_equation_2_counts_visible_keypoints() -> None:
    predicted, truth = RNG.normal(size=(2, 3, 6, 2))
    visible = RNG.integers(0, 2, (3, 6))
    visible[1] = 0
    visible[0, 0] = 1
    each = [np.abs((predicted - truth)[n][visible[n] > 0]).sum(-1).mean() for n in range(3) if visible[n].any()]
    made = sparse_loss(*(torch.from_numpy(a) for a in (predicted, truth, visible)))
    assert made.item() == pytest.approx(np.mean(each))


def test_equation_4_dense_keypoints() -> None:
    projected = RNG.normal(size=(2, 9, 2))
    vertices = RNG.integers(0, 9, (2, 4, 3))
    weights = RNG.dirichlet((1, 1, 1), (2, 4))
    corners = np.stack([projected[n, vertices[n].ravel()] for n in range(2)])
    made = dense_keypoints(torch.from_numpy(corners), torch.from_numpy(weights))
    expected = np.array(
        [
            [sum(projected[n, vertices[n, d, j]] * weights[n, d, j] for j in range(3)) for d in range(4)]
            for n in range(2)
        ]
    )
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-12)
    truth, valid = RNG.normal(size=(2, 4, 2)), np.array([[1, 0, 1, 1], [0, 0, 0, 0]])
    each = dense_loss(made, torch.from_numpy(truth), torch.from_numpy(valid))
    expected_each = np.abs(expected - truth)[0][valid[0] > 0].sum(-1).mean()
    np.testing.assert_allclose(each.numpy(), [expected_each, 0], atol=1e-12)


@pytest.mark.parametrize(("has_3d", "scale"), [(True, 1.0), (False, 10.0)])
def test_equation_5_dense_keypoints_weigh_more_without_3d(has_3d: bool, scale: float) -> None:
    each, valid = torch.tensor([0.5, 0.0]), torch.tensor([[1, 1], [0, 0]])
    total = weighted_dense_loss(each, valid, torch.tensor([has_3d, False]), DctWeights())
    assert total.item() == pytest.approx(0.5 * scale)
