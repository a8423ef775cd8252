"""Pose2Mesh for the open body: a small lifter, then Chebyshev graph convolutions on coarse levels of the mesh.

The plan is the paper's (Choi et al., Pose2Mesh, ECCV 2020): lift 2D to 3D with a residual MLP, then regress the mesh
coarse to fine on the levels of a graph-coarsened template. Two things differ, so that it trains and runs on a CPU: the
lifter reads the virtual view of engines.pose2mesh.virtual_camera, and the finest levels are a fixed sparse upsampling
fitted to the body instead of learned convolutions.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

FEET = 2  # left and right
SIGMA_OF_SCALE = 3**0.5 * 2**0.5  # three coordinates, each of a Laplace distribution: its deviation is sqrt(2) b
USUAL_RATE_HZ = 30.0


class Lifted(NamedTuple):
    """What the lifter says of B people: points (B, P, 3) m, the logarithm of the Laplace scale of each point's error
    (B, P), and the logits (B, 2) of the left and the right foot standing still."""

    points: Tensor
    log_scale: Tensor
    contact: Tensor


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
    """Features of one frame and a state to 3D points, and the state for the next frame.

    A trunk of residual stages reads each frame as the paper's PoseNet does. A gated recurrent unit (Cho et al., 2014)
    carries what earlier frames showed, with the time between the frames as an input, so that any frame rate is fine; a
    last residual stage reads both. A state of zeros is that of a person who was never seen before.

    Points (B, P, 3) are relative to the root, in the virtual camera, for a person of the size of the mean body.
    """

    def __init__(
        self, features: int, points: int, width: int = 1024, stages: int = 2, state: int = 512, embedding: int = 256
    ) -> None:
        super().__init__()
        self.features, self.points, self.state = features, points, state
        self.w1 = nn.Linear(features, width)
        self.linear_stages = nn.ModuleList(ResidualStage(width) for _ in range(stages))
        self.embedding = nn.Linear(width, embedding)
        self.cell = nn.GRUCell(embedding + 1, state)
        self.memory = nn.Linear(state, width)
        self.last_stage = ResidualStage(width)
        self.w2 = nn.Linear(width, points * 3)
        self.log_scale = nn.Linear(width, points)
        self.contact = nn.Linear(width, FEET)
        # Training starts at a lifter of single frames.
        for layer in (self.memory, self.last_stage.w2, self.log_scale):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.log_scale.bias, -3.0)

    def forward(self, features: Tensor, elapsed_s: Tensor, state: Tensor) -> tuple[Lifted, Tensor]:
        """The points of a frame of features (B, F), `elapsed_s` (B,) after the one of `state` (B, S)."""
        x = self._trunk(features)
        state = self.cell(self._embed(x, elapsed_s), state)
        return self._read(x, state), state

    def sequences(self, features: Tensor, elapsed_s: Tensor) -> Lifted:
        """The points (B, T, P, 3) of sequences of T frames, features (B, T, F), elapsed_s (B, T)."""
        batch, frames, _ = features.shape
        x = self._trunk(features.flatten(0, 1))
        embedded = self._embed(x, elapsed_s.flatten()).view(batch, frames, -1)
        state, states = x.new_zeros(batch, self.state), []
        for frame in range(frames):
            state = self.cell(embedded[:, frame], state)
            states.append(state)
        lifted = self._read(x, torch.stack(states, 1).flatten(0, 1))
        return Lifted(*(part.view(batch, frames, *part.shape[1:]) for part in lifted))

    def _trunk(self, features: Tensor) -> Tensor:
        x: Tensor = self.w1(features)
        for stage in self.linear_stages:
            x = stage(x)
        return x

    def _embed(self, x: Tensor, elapsed_s: Tensor) -> Tensor:
        return torch.cat([torch.tanh(self.embedding(x)), torch.log1p(elapsed_s * USUAL_RATE_HZ)[:, None]], -1)

    def _read(self, x: Tensor, state: Tensor) -> Lifted:
        y = self.last_stage(x + self.memory(state))
        return Lifted(self.w2(y).view(-1, self.points, 3), self.log_scale(y), self.contact(y))


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
    """The network that runs: features and states of people to points, coarse vertices and new states.

    Its input (B, F + 1 + 2 S) holds the features, the time since the person's last frame in seconds, and two states:
    the lifter sees each person and its mirror image in one batch and the two answers are averaged, because the weights
    of a small batch cost the same memory traffic once or twice. Outputs: points (B, P, 3) and coarse vertices (B, C, 3)
    in meters in the virtual camera, sigma (B, P), the standard deviation of a point's position in meters, contacts
    (B, 2), probabilities, and the states (B, 2 S).
    """

    feature_index: Tensor
    feature_sign: Tensor
    point_index: Tensor
    point_sign: Tensor
    foot_index: Tensor

    def __init__(self, lifter: Lifter, mesh: CoarseMeshNet, keypoint_partner: Tensor, point_partner: Tensor) -> None:
        super().__init__()
        self.lifter, self.mesh = lifter, mesh
        k = len(keypoint_partner)
        xy = torch.stack([2 * keypoint_partner, 2 * keypoint_partner + 1], -1).flatten()
        # After the keypoints: direction (x, y), angular size and the up vector (x, y, z).
        view = torch.arange(3 * k, lifter.features)
        self.register_buffer("feature_index", torch.cat([xy, 2 * k + keypoint_partner, view]))
        flip = torch.tensor([-1.0, 1.0])
        view_sign = torch.tensor([-1.0, 1.0, 1.0, -1.0, 1.0, 1.0])
        self.register_buffer("feature_sign", torch.cat([flip.repeat(k), torch.ones(k), view_sign]))
        self.register_buffer("point_index", point_partner)
        self.register_buffer("point_sign", torch.tensor([-1.0, 1.0, 1.0]))
        self.register_buffer("foot_index", torch.tensor([1, 0]))

    @property
    def inputs(self) -> int:
        """The number of columns of the input."""
        return self.lifter.features + 1 + 2 * self.lifter.state

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        count, size = self.lifter.features, self.lifter.state
        features, elapsed_s = inputs[:, :count], inputs[:, count]
        mirrored = features.index_select(1, self.feature_index) * self.feature_sign
        states = inputs[:, count + 1 :].view(-1, 2, size).transpose(0, 1).reshape(-1, size)
        lifted, states = self.lifter(torch.cat([features, mirrored]), torch.cat([elapsed_s, elapsed_s]), states)
        points = lifted.points.view(2, -1, self.lifter.points, 3)
        points = 0.5 * (points[0] + points[1].index_select(1, self.point_index) * self.point_sign)
        scale = lifted.log_scale.view(2, -1, self.lifter.points)
        sigma = SIGMA_OF_SCALE * torch.exp(0.5 * (scale[0] + scale[1].index_select(1, self.point_index)))
        contact = lifted.contact.view(2, -1, FEET)
        contacts = torch.sigmoid(0.5 * (contact[0] + contact[1].index_select(1, self.foot_index)))
        kept = states.view(2, -1, size).transpose(0, 1).reshape(-1, 2 * size)
        return points, self.mesh(points), sigma, contacts, kept
