"""The losses of ImpHMR (Cho et al., CVPR 2023): canonical view regression L_reg, arbitrary view imagination L_imag and
appearance consistency L_cons. Angles are those of a camera that moves around the person, about the vertical axis of the
image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engines.training.losses.common import mean_where


@dataclass(frozen=True, slots=True)
class ImphmrWeights:
    """The lambdas. The slides name them without values: these follow SPIN's, from which the paper's training derives.

    Attributes:
        joints_2d: lambda_2d. Default: 300.
        joints_3d: lambda_3d. Default: 300.
        pose: lambda_pose. Default: 60.
        shape: lambda_shape. Default: 0.06.
        silhouette: lambda_silh. Default: 10.
        imagined: Weight of L_imag as a whole. Default: 0.3.
        consistency: Weight of L_cons as a whole. Default: 0.1.
    """

    joints_2d: float = 300.0
    joints_3d: float = 300.0
    pose: float = 60.0
    shape: float = 0.06
    silhouette: float = 10.0
    imagined: float = 0.3
    consistency: float = 0.1


def turn(angle: Tensor) -> Tensor:
    """The rotation (N, 3, 3) that a person makes in the axes of a camera that has moved by angles (N,) in radians.

    Camera axes are x right, y down, z forward: for positive angles the camera has moved to its own right.
    """
    c, s = torch.cos(angle), torch.sin(angle)
    zero, one = torch.zeros_like(c), torch.ones_like(c)
    return torch.stack([c, zero, s, zero, one, zero, -s, zero, c], -1).reshape(-1, 3, 3)


def turned_points(points: Tensor, angle: Tensor) -> Tensor:
    """J^_(-phi): root-relative points (N, P, 3) as the camera at angles (N,) has them."""
    return points @ turn(angle).transpose(1, 2)


def turned_rotations(rotations: Tensor, angle: Tensor) -> Tensor:
    """theta^_(-phi): local rotations (N, 24, 3, 3) whose root is in the axes of the camera at angles (N,)."""
    return torch.cat([(turn(angle) @ rotations[:, 0])[:, None], rotations[:, 1:]], 1)


def squared(predicted: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """One term ||a - b|| of the losses: the mean squared difference, where weight (N,) or (N, P) says so."""
    return mean_where((predicted - truth) ** 2, weight)


def imagination_loss(
    joints: Tensor,
    rotations: Tensor,
    shape: Tensor,
    silhouette: Tensor,
    truth: tuple[Tensor, Tensor, Tensor, Tensor],
    has: tuple[Tensor, Tensor, Tensor, Tensor],
    angle: Tensor,
    weights: ImphmrWeights,
) -> Tensor:
    """L_imag: what is predicted from the camera at `angle` (N,) equals the truth turned by -angle.

    joints (N, P, 3), rotations (N, 24, 3, 3), shape (N, 10) and silhouette probabilities (N, h, w) are predicted at the
    angle; `truth` holds the same of the canonical view, only the silhouette is that at the angle; `has` weights them.
    """
    true_joints, true_rotations, true_shape, true_silhouette = truth
    return (
        weights.joints_3d * squared(joints, turned_points(true_joints, angle), has[0])
        + weights.pose * squared(rotations, turned_rotations(true_rotations, angle), has[1])
        + weights.shape * squared(shape, true_shape, has[2])
        + weights.silhouette * squared(silhouette, true_silhouette, has[3])
    )


def consistency_loss(
    first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor], between: Tensor, weights: ImphmrWeights
) -> Tensor:
    """L_cons: pose and shape from two views agree; `between` (N,) is the second angle less the first.

    first and second: rotations (N, 24, 3, 3), shapes (N, 10). theta'_phi1 is the first pose turned to the second
    view.
    """
    pose = (turned_rotations(first[0], between) - second[0]).square().mean()
    return weights.pose * pose + weights.shape * (first[1] - second[1]).square().mean()
