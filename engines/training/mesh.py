"""Stage two of training: lifted points to coarse vertices, with the lifter frozen; and the files that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engines.body import Body
from engines.coarse_mesh import CoarseMesh, fit_upsampling
from engines.networks.pose2mesh_open import CoarseMeshNet, Lifter
from engines.training.lifter import EVALUATION_SIZE
from engines.training.loop import Metrics, train
from engines.training.synthetic import SyntheticPeople
from meshcast.rotations import rotmat

EDGE_WEIGHT = 5.0
RIDGE_SAMPLES = 4000
UPSAMPLING_SAMPLES = 240


def mesh_inputs(
    lifter: Lifter, people: SyntheticPeople, count: int, points: int, true_share: float
) -> tuple[Tensor, Tensor]:
    """Lifted points (count, P, 3) and true coarse vertices (count, C, 3).

    The first `true_share` of the rows are the true points instead, slightly displaced: from those the network learns
    what a body looks like, from the others what the lifter's doubts look like.
    """
    samples = people.batch(count)
    truth = torch.from_numpy(samples.points)
    with torch.no_grad():
        lifted = lifter(torch.from_numpy(samples.features))
    exact = int(count * true_share)
    lifted[:exact] = truth[:exact, :points] + 0.004 * torch.randn(exact, points, 3)
    return lifted, truth[:, points:]


def initialise_linear(net: CoarseMeshNet, points: Tensor, coarse: Tensor, ridge: float = 1e-3) -> None:
    """Set the linear part of `net` to the ridge regression of coarse vertices on points."""
    x = torch.cat([points.flatten(1), torch.ones(len(points), 1)], 1).double()
    y = coarse.flatten(1).double()
    gram = x.T @ x + ridge * len(x) * 1e-2 * torch.eye(x.shape[1], dtype=torch.float64)
    weight = torch.linalg.solve(gram, x.T @ y).T.float()
    with torch.no_grad():
        net.skip.weight.copy_(weight[:, :-1])
        net.skip.bias.copy_(weight[:, -1])


def train_mesh(
    lifter: Lifter,
    coarse: CoarseMesh,
    train_people: SyntheticPeople,
    test_people: SyntheticPeople,
    out: Path,
    *,
    minutes: float,
    batch: int = 256,
    resume: bool = False,
    progress: Callable[[str], None],
) -> tuple[CoarseMeshNet, Metrics]:
    """Train the mesh network; the people's `extra` points must end with the coarse vertices.

    Loss: L1 of vertices plus L1 of the lengths of coarse edges (the paper's coordinate and edge losses).
    """
    points = lifter.points
    net = CoarseMeshNet(points, [torch.from_numpy(lap) for lap in coarse.laplacians], torch.from_numpy(coarse.real))
    lifter.eval().requires_grad_(False)
    initialise_linear(net, *mesh_inputs(lifter, train_people, RIDGE_SAMPLES, points, 0.5))
    lifted, lifted_truth = mesh_inputs(lifter, test_people, EVALUATION_SIZE // 2, points, 0.0)
    exact, exact_truth = mesh_inputs(lifter, test_people, EVALUATION_SIZE // 2, points, 1.0)
    start, end = torch.from_numpy(coarse.edges).T

    def lengths(vertices: Tensor) -> Tensor:
        length: Tensor = torch.linalg.vector_norm(vertices[:, start] - vertices[:, end], dim=-1)
        return length

    def loss(step: int) -> Tensor:
        inputs, truth = mesh_inputs(lifter, train_people, batch, points, 0.5)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = net(inputs)
        predicted = predicted.float()
        error: Tensor = (predicted - truth).abs().mean() * 10
        return error + EDGE_WEIGHT * (lengths(predicted) - lengths(truth)).abs().mean()

    def evaluate() -> Metrics:
        metrics: Metrics = {}
        for name, given, truth in (("lifted", lifted, lifted_truth), ("exact", exact, exact_truth)):
            predicted = net(given)
            metrics[f"{name}_vertex_mm"] = (predicted - truth).norm(dim=-1).mean().item() * 1e3
            metrics[f"{name}_edge_mm"] = (lengths(predicted) - lengths(truth)).abs().mean().item() * 1e3
        return metrics

    return net, train(net, loss, evaluate, out, "mesh", minutes=minutes, resume=resume, progress=progress)


def body_upsampling(body: Body, coarse: CoarseMesh, people: SyntheticPeople) -> tuple[np.ndarray, np.ndarray]:
    """Indices and values (V, K) of the fixed upsampling, fitted to random poses and shapes of `people`."""
    rotations = rotmat(people.poses_at_random(UPSAMPLING_SAMPLES))
    shape = people.rng.normal(0, 1, (UPSAMPLING_SAMPLES, body.shape_dirs.shape[-1])).clip(-2.5, 2.5)
    fine, _ = body.skin(rotations, shape.astype(np.float32))
    return fit_upsampling(coarse.regressor @ fine, fine)
