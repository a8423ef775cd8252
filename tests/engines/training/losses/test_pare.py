"""The losses of PARE against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.training.losses.pare import PareWeights, camera_loss, joint_loss_3d, part_loss, smpl_loss

RNG = np.random.default_rng(0)


def test_pare_weights_are_those_of_the_paper() -> None:
    weights = PareWeights()
    assert (weights.joints_3d, weights.joints_2d, weights.smpl, weights.parts) == (300, 300, 60, 60)
    assert weights.parts_until == pytest.approx(125 / 200)


def test_pare_joint_loss_equals_numpy() -> None:
    predicted, truth, weight = RNG.normal(size=(3, 5, 3)), RNG.normal(size=(3, 5, 3)), RNG.integers(0, 2, (3, 5))
    made = joint_loss_3d(*(torch.from_numpy(each) for each in (predicted, truth, weight)))
    errors = [(predicted[n, p] - truth[n, p]) ** 2 for n in range(3) for p in range(5) if weight[n, p]]
    assert made.item() == pytest.approx(np.mean(errors), rel=1e-9)


def test_pare_smpl_loss_equals_numpy_and_has_its_gradient() -> None:
    a, b = RNG.normal(size=(2, 3, 24, 3, 3))
    s, t = RNG.normal(size=(2, 3, 10))
    weight = np.array([1.0, 0, 1])
    given = [torch.from_numpy(each) for each in (a, s, b, t, weight)]
    keep = [0, 2]
    expected = ((a - b)[keep] ** 2).mean() + 0.001 * ((s - t)[keep] ** 2).mean()
    assert smpl_loss(*given).item() == pytest.approx(expected, rel=1e-9)
    assert torch.autograd.gradcheck(
        lambda r, q: smpl_loss(r, q, *given[2:]), (given[0].requires_grad_(), given[1].requires_grad_())
    )


def test_pare_part_loss_equals_numpy_at_the_centers_of_its_pixels() -> None:
    logits = RNG.normal(size=(2, 25, 4, 4))
    parts = RNG.integers(0, 25, (2, 12, 12))
    weight = np.array([0.0, 1])
    errors = []
    for row in range(4):
        for column in range(4):
            at = logits[1, :, row, column]
            errors.append(np.log(np.exp(at).sum()) - at[parts[1, 3 * row + 1, 3 * column + 1]])
    given = [torch.from_numpy(each) for each in (logits, parts, weight)]
    assert part_loss(*given).item() == pytest.approx(np.mean(errors), rel=1e-9)
    assert torch.autograd.gradcheck(lambda made: part_loss(made, *given[1:]), given[0].requires_grad_())


def test_pare_camera_loss_equals_numpy() -> None:
    camera = RNG.normal(size=(4, 3))
    assert camera_loss(torch.from_numpy(camera)).item() == pytest.approx((np.exp(-10 * camera[:, 0]) ** 2).mean())
