"""Means over what is annotated."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-9


def mean_where(values: Tensor, weight: Tensor) -> Tensor:
    """The mean of values (N, ...) weighted by (N,) or any leading axes of the values; 0 where nothing has weight."""
    weight = weight.to(values.dtype)
    while weight.dim() < values.dim():
        weight = weight.unsqueeze(-1)
    weight = weight.expand_as(values)
    return (values * weight).sum() / weight.sum().clamp(min=LEAST)


def keypoint_loss_2d(predicted: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """The mean squared error of keypoints (N, P, 2) in [-1, 1] with weights (N, P)."""
    return mean_where((predicted - truth) ** 2, weight)


def centered(points: Tensor, root: tuple[int, ...]) -> Tensor:
    """Points (N, P, 3) relative to the mean of the points `root`."""
    return points - points[:, list(root)].mean(1, keepdim=True)


def safe_norm(difference: Tensor) -> Tensor:
    """Lengths (...) of vectors (..., C), with a finite gradient at 0."""
    return torch.sqrt((difference**2).sum(-1) + 1e-16)
