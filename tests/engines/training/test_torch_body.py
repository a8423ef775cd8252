"""The torch body equals `Body.skin`, and its gradients exist everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.body.body import open_body
from engines.training.body_points import BodyPoints
from engines.training.torch_body import TorchBody, rodrigues, to_unit, weak_projection
from meshcast.protocol.rotations import rotmat

BODY = open_body()


def pose(count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rotmat(rng.normal(0, 0.6, (count, 24, 3))), rng.normal(0, 1, (count, 10)).astype(np.float32)


@pytest.mark.parametrize("blend_shapes", [False, True])
def test_torch_body_skins_as_the_body_does(blend_shapes: bool) -> None:
    body = BODY
    if blend_shapes:
        body = replace(BODY, pose_dirs=np.random.default_rng(1).normal(0, 1e-3, (6890, 3, 207)).astype(np.float32))
    rotations, shape = pose()
    vertices, joints = TorchBody(body)(torch.from_numpy(rotations), torch.from_numpy(shape))
    expected_vertices, expected_joints = body.skin(rotations, shape)
    np.testing.assert_allclose(vertices.numpy(), expected_vertices, atol=3e-6)
    np.testing.assert_allclose(joints.numpy(), expected_joints, atol=3e-6)


def test_torch_body_points_are_those_of_samples() -> None:
    rotations, shape = pose(1)
    body = TorchBody(BODY)
    vertices, joints = body(torch.from_numpy(rotations), torch.from_numpy(shape))
    points = body.points(vertices, joints)[0].numpy()
    np.testing.assert_allclose(points, BodyPoints(BODY)(vertices[0].numpy(), joints[0].numpy()), atol=1e-6)


@pytest.mark.parametrize("blend_shapes", [False, True])
def test_torch_body_points_and_some_vertices_are_those_of_the_whole_mesh(blend_shapes: bool) -> None:
    rng = np.random.default_rng(2)
    pose_dirs = rng.normal(0, 1e-3, (6890, 3, 207)).astype(np.float32) if blend_shapes else None
    body = TorchBody(replace(BODY, pose_dirs=pose_dirs))
    rotations, shape = (torch.from_numpy(each) for each in pose())
    vertices, joints = body(rotations, shape)
    np.testing.assert_allclose(body.posed_points(rotations, shape), body.points(vertices, joints), atol=3e-6)
    which = torch.from_numpy(rng.integers(0, 6890, (3, 50)))
    expected = np.stack([vertices[n, which[n]].numpy() for n in range(3)])
    np.testing.assert_allclose(body.some_vertices(rotations, shape, which), expected, atol=3e-6)


def test_rodrigues_equals_rotmat_and_has_a_gradient_at_zero() -> None:
    vectors = np.random.default_rng(0).normal(0, 1.5, (20, 3)).astype(np.float32)
    vectors[0] = 0
    given = torch.from_numpy(vectors).requires_grad_()
    made = rodrigues(given)
    np.testing.assert_allclose(made.detach().numpy(), rotmat(vectors), atol=1e-5)
    made.square().mean().backward()
    assert torch.isfinite(given.grad).all()


def test_weak_projection_and_pixels_share_their_units() -> None:
    camera = torch.tensor([[0.5, 0.2, -0.1]])
    points = torch.tensor([[[1.0, 2.0, 9.0]]])
    torch.testing.assert_close(weak_projection(points, camera)[0, 0], torch.tensor([0.6, 0.95]))
    torch.testing.assert_close(to_unit(torch.tensor([-0.5, 99.5]), (100, 100)), torch.tensor([-1.0, 1.0]))
