"""Pose2Mesh for the open body: a small lifter, then Chebyshev graph convolutions on coarse levels of the mesh.

The plan is the paper's (Choi et al., Pose2Mesh, ECCV 2020): lift 2D to 3D with a residual MLP, then regress the mesh
coarse to fine on the levels of a graph-coarsened template. Two things differ, so that it trains and runs on a CPU: the
lifter reads the virtual view of engines.pose2mesh.virtual_camera, and the finest levels are a fixed sparse upsampling
fitted to the body instead of learned convolutions.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn


class ResidualStage(nn.Module):
    """Pre-activation residual stage of two linear layers, as in the paper's PoseNet, without dropout."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.batch_norm1 = nn.BatchNorm1d(width)
        self.w1 = nn.Linear(width, width)
        self.batch_norm2 = nn.BatchNorm1d(width)
        self.w2 = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.w1(torch.relu(self.batch_norm1(x)))
        out: Tensor = x + self.w2(torch.relu(self.batch_norm2(y)))
        return out


class Lifter(nn.Module):
    """Features (B, F) of engines.pose2mesh.virtual_camera to points (B, P, 3) in meters, relative to the root, in the
    virtual camera."""

    def __init__(self, features: int, points: int, width: int = 1024, stages: int = 2) -> None:
        super().__init__()
        self.points = points
        self.w1 = nn.Linear(features, width)
        self.linear_stages = nn.ModuleList(ResidualStage(width) for _ in range(stages))
        self.w2 = nn.Linear(width, points * 3)

    def forward(self, features: Tensor) -> Tensor:
        x = self.w1(features)
        for stage in self.linear_stages:
            x = stage(x)
        points: Tensor = self.w2(x)
        return points.view(-1, self.points, 3)


class SymmetricProduct(torch.autograd.Function):
    """L Y for a constant, symmetric, sparse L (S, S) and Y (S, D): the gradient is the same product once more."""

    @staticmethod
    def forward(ctx: Any, laplacian: Tensor, y: Tensor) -> Tensor:
        ctx.laplacian = laplacian
        product: Tensor = torch.sparse.mm(laplacian, y)
        return product

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, torch.sparse.mm(ctx.laplacian, gradients[0].contiguous())


symmetric_product: Callable[[Tensor, Tensor], Tensor] = SymmetricProduct.apply


class ChebyshevConv(nn.Module):
    """Chebyshev graph convolution of order 3 over a dense rescaled Laplacian (S, S): (S, B, F) -> (S, B, F').

    T0(L) X W0 + T1(L) X W1 + T2(L) X W2 with T2 = 2 L^2 - I, evaluated from the right (Clenshaw), so that the Laplacian
    is applied to F' features, of which there are never more than F.
    """

    laplacian: Tensor

    def __init__(self, laplacian: Tensor, features_in: int, features_out: int) -> None:
        super().__init__()
        self.register_buffer("laplacian", laplacian, persistent=False)
        self.shape = (len(laplacian), -1, features_out)
        self.sparse = laplacian.to_sparse_csr()
        self.linear = nn.Linear(features_in, 3 * features_out)

    def forward(self, x: Tensor) -> Tensor:
        y0, y1, y2 = self.linear(x).chunk(3, dim=-1)
        out: Tensor = y0 - y2 + self._spread(y1 + 2 * self._spread(y2))
        return out

    def _spread(self, y: Tensor) -> Tensor:
        """L y with the vertices in front, so that people and features are columns of one matrix product.

        Sparse in training, where the batch is large; dense in inference, where one small product beats a gather.
        """
        if self.training:
            with torch.autocast(y.device.type, enabled=False):  # sparse products know no bfloat16
                product: Tensor = symmetric_product(self.sparse, y.flatten(1).float())
        else:
            product = torch.matmul(self.laplacian, y.flatten(1))
        return product.view(self.shape)


class CoarseMeshNet(nn.Module):
    """Lifted points (B, P, 3) to coarse vertices (B, C, 3), meters, root-relative: linear part plus graph residual.

    Coarse to fine as in the paper's MeshNet: a linear layer places features on the coarsest level, each level runs two
    convolutions with a residual, and every vertex hands its features to its two children.
    """

    real: Tensor

    def __init__(
        self, points: int, laplacians: list[Tensor], real: Tensor, features: tuple[int, ...] = (64, 64, 32)
    ) -> None:
        super().__init__()
        self.register_buffer("real", real, persistent=False)
        self.coarsest, self.coarse = len(laplacians[0]), len(real)
        self.features = features[0]
        self.skip = nn.Linear(3 * points, 3 * self.coarse)
        self.fc = nn.Linear(3 * points, features[0] * self.coarsest)
        self.entry = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(features))
        self.first = nn.ModuleList(ChebyshevConv(lap, f, f) for lap, f in zip(laplacians, features, strict=True))
        self.second = nn.ModuleList(ChebyshevConv(lap, f, f) for lap, f in zip(laplacians, features, strict=True))
        self.last = ChebyshevConv(laplacians[-1], features[-1], 3)
        nn.init.zeros_(self.last.linear.weight)  # training starts at the linear part
        nn.init.zeros_(self.last.linear.bias)

    def forward(self, points: Tensor) -> Tensor:
        flat = points.flatten(1)
        x = self.fc(flat).view(-1, self.coarsest, self.features).transpose(0, 1)
        for level, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            if level:
                x = self.entry[level - 1](x).repeat_interleave(2, dim=0)
            x = x + second(torch.relu(first(torch.relu(x))))
        residual = self.last(torch.relu(x)).index_select(0, self.real).transpose(0, 1)
        skip: Tensor = self.skip(flat)
        vertices: Tensor = skip.view(-1, self.coarse, 3) + residual
        return vertices


class OpenPose2Mesh(nn.Module):
    """The network that runs: features (B, F) to points (B, P, 3) and coarse vertices (B, C, 3), virtual camera, meters.

    The lifter sees each person and its mirror image in one batch and the two answers are averaged: the weights of a
    small batch cost the same memory traffic once or twice.
    """

    feature_index: Tensor
    feature_sign: Tensor
    point_index: Tensor
    point_sign: Tensor

    def __init__(self, lifter: Lifter, mesh: CoarseMeshNet, keypoint_partner: Tensor, point_partner: Tensor) -> None:
        super().__init__()
        self.lifter, self.mesh = lifter, mesh
        k = len(keypoint_partner)
        xy = torch.stack([2 * keypoint_partner, 2 * keypoint_partner + 1], -1).flatten()
        self.register_buffer("feature_index", torch.cat([xy, 2 * k + keypoint_partner, torch.arange(3 * k, 3 * k + 3)]))
        flip = torch.tensor([-1.0, 1.0])
        self.register_buffer("feature_sign", torch.cat([flip.repeat(k), torch.ones(k), torch.tensor([-1.0, 1.0, 1.0])]))
        self.register_buffer("point_index", point_partner)
        self.register_buffer("point_sign", torch.tensor([-1.0, 1.0, 1.0]))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        mirrored = features.index_select(1, self.feature_index) * self.feature_sign
        both = self.lifter(torch.cat([features, mirrored]))
        straight, other = both.chunk(2)
        points = 0.5 * (straight + other.index_select(1, self.point_index) * self.point_sign)
        return points, self.mesh(points)
