"""The losses of PARE (Kocabas et al., ICCV 2021; weights of the supplement, section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engines.training.losses.common import mean_where

SHAPE_WEIGHT = 0.001  # of the shape relative to the rotations, as published


@dataclass(frozen=True, slots=True)
class PareWeights:
    """The weights of the paper.

    Attributes:
        joints_3d: lambda_3D. Default: 300.
        joints_2d: lambda_2D. Default: 300.
        smpl: lambda_SMPL, of rotations and, times `shape`, of the shape. Default: 60.
        parts: lambda_P, of the part segmentation. Default: 60.
        shape: Weight of the shape relative to the rotations, as published. Default: 0.001.
        camera: Weight of what keeps the camera's scale positive, as published. Default: 60.
        parts_until: Share of the training after which the part segmentation is not supervised; the paper stops at step
            125 000 of 200 000. Default: 0.625.
    """

    joints_3d: float = 300.0
    joints_2d: float = 300.0
    smpl: float = 60.0
    parts: float = 60.0
    shape: float = SHAPE_WEIGHT
    camera: float = 60.0
    parts_until: float = 0.625


def joint_loss_3d(predicted: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """L_3D: the mean squared error of joints (N, P, 3) m, both relative to the middle of the hips, weights (N, P)."""
    return mean_where((predicted - truth) ** 2, weight)


def smpl_loss(
    rotations: Tensor,
    shape: Tensor,
    true_rotations: Tensor,
    true_shape: Tensor,
    weight: Tensor,
    shape_weight: float = SHAPE_WEIGHT,
) -> Tensor:
    """L_SMPL: mean squared errors of rotation matrices (N, 24, 3, 3) and, times `shape_weight`, of shapes (N, 10)."""
    pose = mean_where((rotations - true_rotations) ** 2, weight)
    return pose + shape_weight * mean_where((shape - true_shape) ** 2, weight)


def part_loss(logits: Tensor, parts: Tensor, weight: Tensor) -> Tensor:
    """L_P: the cross entropy of part logits (N, 25, h, w) with the labels of parts (N, H, W), 0 to 24, at the pixels'
    centers: the paper's part maps have the size of the features."""
    labels = F.interpolate(parts[:, None].float(), size=logits.shape[2:], mode="nearest-exact")[:, 0].long()
    return mean_where(F.cross_entropy(logits, labels, reduction="none"), weight)


def camera_loss(camera: Tensor) -> Tensor:
    """The mean of exp(-10 s) squared over cameras (N, 3) = s, tx, ty: a scale that is not negative."""
    return torch.exp(-10 * camera[:, 0]).square().mean()
