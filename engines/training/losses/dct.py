"""The losses of DCT (Rong et al., Delving Deep Into Hybrid Annotations, ICCV 2019, eq. 1 to 5). Sums over images are
means over the images that have the annotation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engines.training.losses.common import mean_where, safe_norm


@dataclass(frozen=True, slots=True)
class DctWeights:
    """lambda_1 to lambda_3 of eq. 5. The paper leaves them to its supplement; these are of the published training.

    Attributes:
        three: lambda_1, of L_3D. Default: 10.
        sparse: lambda_2, of L_2D. Default: 10.
        dense: lambda_3, of L_dense for images with 3D annotations. Default: 1.
        dense_alone: lambda_3 for images without. Default: 10.
    """

    three: float = 10.0
    sparse: float = 10.0
    dense: float = 1.0
    dense_alone: float = 10.0


def joint_loss_3d(predicted: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """L_3D_joints of eq. 1: the mean distance of joints (N, P, 3), weights (N, P) or (N,)."""
    return mean_where(safe_norm(predicted - truth), weight)


def smpl_loss(rotations: Tensor, shape: Tensor, true_rotations: Tensor, true_shape: Tensor, weight: Tensor) -> Tensor:
    """L_SMPL of eq. 1: the mean Frobenius distance of rotation matrices R(theta) (N, 24, 3, 3), plus the mean distance
    of shapes beta (N, 10), images weighted by (N,)."""
    pose = safe_norm((rotations - true_rotations).flatten(2))
    return mean_where(pose, weight) + mean_where(safe_norm(shape - true_shape), weight)


def sparse_loss(predicted: Tensor, truth: Tensor, visible: Tensor) -> Tensor:
    """L_2D of eq. 2: the mean L1 distance of keypoints (N, P, 2) in [-1, 1] times the visibility mu (N, P).

    The weights of an image are scaled up by the number of keypoints over that of the visible ones.
    """
    return _sparse_or_dense(predicted, truth, visible)


def dense_keypoints(corners: Tensor, weights: Tensor) -> Tensor:
    """The predicted dense keypoints of eq. 4: X_i = sum_j P_i[v_ij] b_ij.

    Projected corners (N, 3 D, 2) of the triangles of phi, those of a keypoint one after another, and their barycentric
    weights (N, D, 3); returns (N, D, 2).
    """
    return (corners.reshape(*weights.shape, 2) * weights[..., None]).sum(2)


def dense_loss(predicted: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """L_dense of eq. 4, for each image (N,): the mean L1 distance of dense keypoints (N, D, 2) in [-1, 1] where valid
    (N, D); 0 for an image without any."""
    error = (predicted - truth).abs().sum(-1)
    valid = valid.to(error.dtype)
    return (error * valid).sum(1) / valid.sum(1).clamp(min=1)


def weighted_dense_loss(each: Tensor, valid: Tensor, has_3d: Tensor, weights: DctWeights) -> Tensor:
    """lambda_3 L_dense of eq. 5: the mean over the images with dense keypoints, lambda_3 by whether they have 3D.

    each (N,) of dense_loss, valid (N, D), has_3d (N,) bool.
    """
    scale = torch.where(has_3d, weights.dense, weights.dense_alone).to(each.dtype)
    return mean_where(each * scale, valid.any(1))


def _sparse_or_dense(predicted: Tensor, truth: Tensor, visible: Tensor) -> Tensor:
    visible = visible.to(predicted.dtype)
    count = visible.sum(1)
    each = ((predicted - truth).abs().sum(-1) * visible).sum(1) / count.clamp(min=1)
    return mean_where(each, count > 0)
