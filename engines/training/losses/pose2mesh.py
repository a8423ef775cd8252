"""The losses of Pose2Mesh (Choi, Moon, Lee, ECCV 2020): L_pose of PoseNet, and L_mesh = lambda_v L_vertex + lambda_j
L_joint + lambda_n L_normal + lambda_e L_edge of MeshNet."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from engines.training.losses.common import mean_where, safe_norm

EDGES = ((0, 1), (0, 2), (1, 2))  # corners of a face


@dataclass(frozen=True, slots=True)
class Pose2MeshWeights:
    """The weights of the published training, for lengths in m.

    Attributes:
        vertex: lambda_v. Default: 1.
        joint: lambda_j, of joints regressed from the mesh; published as 1e-3 for mm. Default: 1.
        normal: lambda_n. Default: 0.1.
        edge: lambda_e, from `edge_from` on. Default: 20.
        pose: of the lifted pose; published as 1e-3 for mm. Default: 1.
        edge_from: Share of the training after which the edge loss starts; published as epoch 7 of 15. Default: 7/15.
    """

    vertex: float = 1.0
    joint: float = 1.0
    normal: float = 0.1
    edge: float = 20.0
    pose: float = 1.0
    edge_from: float = 7 / 15


def point_loss(predicted: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """L_pose, L_vertex and L_joint: the mean L1 distance of coordinates (N, P, 3), of samples or points by weight."""
    return mean_where((predicted - truth).abs(), weight)


def normal_loss(predicted: Tensor, truth: Tensor, faces: Tensor, weight: Tensor) -> Tensor:
    """L_normal: the mean |cosine| between the predicted edges and the true normal of each face.

    Vertices (N, V, 3), faces (F, 3), weight (N,).
    """
    corners, true = predicted[:, faces], truth[:, faces]
    normal = F.normalize(
        (true[:, :, 1] - true[:, :, 0]).cross(true[:, :, 2] - true[:, :, 0], dim=-1), dim=-1, eps=1e-12
    )
    total = predicted.new_zeros(())
    for a, b in EDGES:
        edge = F.normalize(corners[:, :, b] - corners[:, :, a], dim=-1, eps=1e-12)
        total = total + mean_where((edge * normal).sum(-1).abs(), weight)
    return total / len(EDGES)


def edge_loss(predicted: Tensor, truth: Tensor, faces: Tensor, weight: Tensor) -> Tensor:
    """L_edge: the mean absolute difference of the lengths of the edges of each face.

    Vertices (N, V, 3), faces (F, 3), weight (N,).
    """
    corners, true = predicted[:, faces], truth[:, faces]
    total = predicted.new_zeros(())
    for a, b in EDGES:
        length = safe_norm(corners[:, :, b] - corners[:, :, a])
        expected = safe_norm(true[:, :, b] - true[:, :, a])
        total = total + mean_where((length - expected).abs(), weight)
    return total / len(EDGES)
