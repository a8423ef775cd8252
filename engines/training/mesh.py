"""Stage two of training: lifted points to coarse vertices, with the lifter frozen; and the upsampling."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor

from engines.body.body import Body
from engines.networks.pose2mesh_open import CoarseMeshNet, Lifter
from engines.pose2mesh.coarse_mesh import CoarseMesh, fit_upsampling
from engines.training.checkpoint import State
from engines.training.config import TrainConfig
from engines.training.loop import Metrics, Reports, Stage, train
from engines.training.synthetic_people import SyntheticPeople


def mesh_inputs(
    lifter: Lifter, people: SyntheticPeople, count: int, points: int, true_share: float
) -> tuple[Tensor, Tensor]:
    """Lifted points (count, P, 3) and true coarse vertices (count, C, 3).

    The first `true_share` of the samples are true points with small noise instead: these teach the network the shape of
    a body, the others the errors of the lifter.
    """
    samples = people.batch(count)
    truth = torch.from_numpy(samples.points)[:, 0]
    with torch.no_grad():
        lifted = lifter.sequences(torch.from_numpy(samples.features), torch.from_numpy(samples.elapsed_s)).points[:, 0]
    exact = int(count * true_share)
    lifted[:exact] = truth[:exact, :points] + 0.004 * torch.randn(exact, points, 3)
    return lifted, truth[:, points:]


def initialize_linear(net: CoarseMeshNet, points: Tensor, coarse: Tensor, ridge: float = 1e-3) -> None:
    """Sets the linear part of `net` to the ridge regression of coarse vertices on points."""
    x = torch.cat([points.flatten(1), torch.ones(len(points), 1)], 1).double()
    y = coarse.flatten(1).double()
    gram = x.T @ x + ridge * len(x) * 1e-2 * torch.eye(x.shape[1], dtype=torch.float64)
    weight = torch.linalg.solve(gram, x.T @ y).T.float()
    with torch.no_grad():
        net.skip.weight.copy_(weight[:, :-1])
        net.skip.bias.copy_(weight[:, -1])


def mesh_network(points: int, coarse: CoarseMesh) -> CoarseMeshNet:
    """An untrained mesh network for lifted points (N, points, 3) on the coarse levels of a body."""
    laplacians = [torch.from_numpy(laplacian) for laplacian in coarse.laplacians]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        return CoarseMeshNet(points, laplacians, torch.from_numpy(coarse.real))


def train_mesh(
    lifter: Lifter,
    coarse: CoarseMesh,
    train_people: SyntheticPeople,
    test_people: SyntheticPeople,
    config: TrainConfig,
    reports: Reports,
    extra: State,
) -> tuple[CoarseMeshNet, Metrics]:
    """Trains the mesh network; the people's `extra` points must end with the coarse vertices.

    Loss: L1 of vertices plus L1 of the lengths of coarse edges (the paper's coordinate and edge losses). extra is
    stored in the checkpoint beside the networks, so that it holds a complete model.
    """
    points, batch = lifter.points, max(config.batch // 4, 2)
    net = mesh_network(points, coarse)
    lifter.eval().requires_grad_(False)
    initialize_linear(net, *mesh_inputs(lifter, train_people, config.ridge_samples, points, 0.5))
    lifted, lifted_truth = mesh_inputs(lifter, test_people, config.evaluation_samples // 2, points, 0.0)
    exact, exact_truth = mesh_inputs(lifter, test_people, config.evaluation_samples // 2, points, 1.0)
    start, end = torch.from_numpy(coarse.edges).T

    def lengths(vertices: Tensor) -> Tensor:
        length: Tensor = torch.linalg.vector_norm(vertices[:, start] - vertices[:, end], dim=-1)
        return length

    def loss(step: int) -> dict[str, Tensor]:
        inputs, truth = mesh_inputs(lifter, train_people, batch, points, 0.5)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = net(inputs)
        predicted = predicted.float()
        error: Tensor = (predicted - truth).abs().mean() * 10
        return {"vertices": error, "edges": config.edge_weight * (lengths(predicted) - lengths(truth)).abs().mean()}

    def evaluate() -> Metrics:
        metrics: Metrics = {}
        for name, given, truth in (("lifted", lifted, lifted_truth), ("exact", exact, exact_truth)):
            predicted = net(given)
            metrics[f"{name}_vertex_mm"] = (predicted - truth).norm(dim=-1).mean().item() * 1e3
            metrics[f"{name}_edge_mm"] = (lengths(predicted) - lengths(truth)).abs().mean().item() * 1e3
        return metrics

    settings: dict[str, int | str] = {"points": points, "coarse": len(coarse.real)}
    extra = {"lifter": lifter.state_dict(), **extra}
    stage = Stage("mesh", config.mesh_minutes, net, loss, evaluate, settings, extra)
    return net, train(stage, config.loop(), reports)


def body_upsampling(
    body: Body, coarse: CoarseMesh, people: SyntheticPeople, samples: int = 240
) -> tuple[np.ndarray, np.ndarray]:
    """Indices and values (V, K) of the fixed upsampling, fitted to random poses and shapes of `people`."""
    fine, _ = body.skin(people.motion.single_poses(samples), people.shapes(samples))
    return fit_upsampling(coarse.regressor @ fine, fine)
