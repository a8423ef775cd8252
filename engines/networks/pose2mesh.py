"""The network of Pose2Mesh (Choi, Moon, Lee, ECCV 2020): a 2D-to-3D pose lifter, then a graph network to the mesh.

Module names follow the published files, so that `load_state_dict(file["model_state_dict"], strict=True)` works. Those
files hold no graphs: the Laplacians are made from the faces and are buffers outside the state_dict.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from engines.body.mesh_graph import Sparse, coarsen, joint_adjacency, laplacian, mesh_adjacency, rescaled_laplacian
from engines.joint_sets import JointSet
from engines.pose2mesh.config import LIFTER_WIDTH, MM_PER_M, ORDER, Channels, channels_for


class Pose2MeshOutput(NamedTuple):
    """Root-relative 3D in camera axes (x right, y down, z away).

    pose3d (B, J, 3) millimeters; mesh_padded (B, V_padded, 3) meters, fake vertices included; mesh (B, V, 3) meters.
    """

    pose3d: Tensor
    mesh_padded: Tensor
    mesh: Tensor


class ResidualStage(nn.Module):
    """Two linear layers behind batch norm, ReLU and dropout, added to their input (B, C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.batch_norm1 = nn.BatchNorm1d(width)
        self.w1 = nn.Linear(width, width)
        self.batch_norm2 = nn.BatchNorm1d(width)
        self.w2 = nn.Linear(width, width)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.w1(self.dropout(F.relu(self.batch_norm1(x))))
        y = self.w2(self.dropout(F.relu(self.batch_norm2(y))))
        return x + y


class PoseNet(nn.Module):
    """The lifter: standardized keypoints (B, 2 J), x and y of one joint side by side, to root-relative mm (B, 3 J)."""

    def __init__(self, joints: int, width: int = LIFTER_WIDTH) -> None:
        super().__init__()
        self.w1 = nn.Linear(2 * joints, width)
        self.batch_norm1 = nn.BatchNorm1d(width)  # stored in the published files, never used
        self.linear_stages = nn.ModuleList(ResidualStage(width) for _ in range(2))
        self.w2 = nn.Linear(width, 3 * joints)

    def forward(self, pose2d: Tensor) -> Tensor:
        y: Tensor = self.w1(pose2d)
        for stage in self.linear_stages:
            y = stage(y)
        lifted: Tensor = self.w2(y)
        return lifted


class GraphProduct(nn.Module):
    """A constant sparse matrix (V, V) times features (V, C).

    gather=False multiplies sparsely, the fast way in torch. gather=True lists up to D neighbors of every vertex and
    sums over them: many times slower, but ONNX can express it.
    """

    def __init__(self, matrix: Sparse, gather: bool) -> None:
        super().__init__()
        self.gather = gather
        size = matrix.shape[0]
        if gather:
            neighbors, weights = padded_rows(matrix)
            self.register_buffer("neighbors", torch.from_numpy(neighbors), persistent=False)
            self.register_buffer("weights", torch.from_numpy(weights), persistent=False)
        else:
            entries = matrix.tocoo()
            index = torch.from_numpy(np.stack([entries.row, entries.col]).astype(np.int64))
            value = torch.from_numpy(entries.data.astype(np.float32))
            sparse = torch.sparse_coo_tensor(index, value, (size, size), check_invariants=True, device="cpu").coalesce()
            self.register_buffer("matrix", sparse, persistent=False)

    neighbors: Tensor
    weights: Tensor
    matrix: Tensor

    def forward(self, x: Tensor) -> Tensor:
        if self.gather:
            near = x.index_select(0, self.neighbors.flatten()).reshape(*self.neighbors.shape, -1)
            return torch.einsum("vd,vdc->vc", self.weights, near)
        with torch.autocast(x.device.type, enabled=False):  # sparse products know no half precision
            product: Tensor = torch.sparse.mm(self.matrix, x.float())
            return product


def padded_rows(matrix: Sparse) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Column indices and values (V, D) of a matrix (V, V), D the longest row; the rest points at itself times 0."""
    rows = matrix.tocsr()
    length = np.diff(rows.indptr)
    filled = np.arange(length.max()) < length[:, None]
    neighbors = np.repeat(np.arange(len(length))[:, None], filled.shape[1], axis=1)
    weights = np.zeros(filled.shape, np.float32)
    neighbors[filled], weights[filled] = rows.indices, rows.data
    return neighbors, weights


class ChebyshevConv(nn.Module):
    """Graph convolution by Chebyshev polynomials up to order K - 1 (Defferrard et al., 2016, eq. 4 and 5)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        linear = nn.Linear(channels_in * ORDER, channels_out)
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, x: Tensor, graph: GraphProduct) -> Tensor:
        """Features (V, B, C) to (V, B, C'); vertices come first so that the product is one matrix product."""
        x0 = x.flatten(1)
        x1 = graph(x0)
        x2 = 2 * graph(x1) - x0
        # Columns of the weight go by channel first, then by order.
        stacked = torch.stack([x0, x1, x2], -1).reshape(*x.shape[:2], -1)
        return F.linear(stacked, self.weight, self.bias)


class MeshNet(nn.Module):
    """Joints (B, J, 5) to padded vertices (B, V_padded, 3) in meters, coarse to fine.

    laplacians: the operands of the Chebyshev polynomials, mesh levels from the finest to the coarsest that is used,
    then the joint graph; one fewer than there are blocks.
    """

    def __init__(
        self,
        laplacians: Sequence[Sparse],
        channels_of_blocks: Channels,
        gather: bool = False,
        *,
        coarse_to_fine: bool = True,
    ) -> None:
        """coarse_to_fine: without it, the coarsest features are repeated for the vertices of the finest level at once,
        and all blocks convolve there: the direct approach that the paper compares with. The weights are the same."""
        super().__init__()
        self._coarse_to_fine = coarse_to_fine
        self.channels_of_blocks = channels_of_blocks
        self.graphs = nn.ModuleList(GraphProduct(matrix, gather) for matrix in laplacians)
        widths = [pair for block in channels_of_blocks for pair in pairwise(block)]
        self.cl = nn.ModuleList(ChebyshevConv(*pair) for pair in widths)
        self.bn = nn.ModuleList(nn.BatchNorm1d(width) for _, width in widths[:-1])
        self.coarsest: int = laplacians[-2].shape[0]
        self.fc = nn.Linear(
            laplacians[-1].shape[0] * channels_of_blocks[0][-1], self.coarsest * channels_of_blocks[1][0]
        )

    def forward(self, joints: Tensor) -> Tensor:
        last = len(self.channels_of_blocks) - 1
        conv = 0
        x = joints.transpose(0, 1)
        for block, channels in enumerate(self.channels_of_blocks):
            # The last two blocks share the finest graph; graphs[-1] is the joint graph.
            level = max(last - 1 - block, 0) if self._coarse_to_fine else 0
            graph = self.graphs[level if block else -1]
            y = x
            for _ in channels[1:]:
                y = self.cl[conv](y, graph)
                if conv < len(self.bn):
                    y = F.relu(self.bn[conv](y.flatten(0, 1)).reshape(y.shape))
                conv += 1
            if block == 0:
                coarse: Tensor = self.fc(y.transpose(0, 1).flatten(1))
                x = coarse.reshape(-1, self.coarsest, self.channels_of_blocks[1][0]).transpose(0, 1)
                if not self._coarse_to_fine:
                    x = x.repeat_interleave(2 ** (len(self.graphs) - 2), dim=0)
            elif block == last:
                x = y
            else:
                x = y + F.interpolate(x, size=channels[-1], mode="linear", align_corners=False)
                if self._coarse_to_fine and block < last - 1:
                    x = x.repeat_interleave(2, dim=0)
        return x.transpose(0, 1)


class Pose2Mesh(nn.Module):
    """The whole network: standardized keypoints (B, J, 2) to a 3D pose and a mesh."""

    def __init__(
        self,
        joints: int,
        laplacians: Sequence[Sparse],
        order: NDArray[np.int64],
        channels_of_blocks: Channels,
        gather: bool,
        width: int = LIFTER_WIDTH,
        *,
        coarse_to_fine: bool = True,
    ) -> None:
        """order (V,): the padded position of each vertex of the mesh."""
        super().__init__()
        self.pose_lifter = PoseNet(joints, width)
        self.pose2mesh = MeshNet(laplacians, channels_of_blocks, gather, coarse_to_fine=coarse_to_fine)
        self.register_buffer("order", torch.from_numpy(order), persistent=False)

    order: Tensor

    def forward(self, pose2d: Tensor) -> Pose2MeshOutput:
        pose3d = self.pose_lifter(pose2d.flatten(1)).reshape(*pose2d.shape[:2], 3)
        mesh_padded = self.pose2mesh(torch.cat([pose2d, pose3d.detach() / MM_PER_M], -1))
        return Pose2MeshOutput(pose3d, mesh_padded, mesh_padded.index_select(1, self.order))


def build(
    joint_set: JointSet,
    faces: NDArray[np.integer[Any]],
    vertex_count: int,
    gather: bool = False,
    *,
    width: int = LIFTER_WIDTH,
    divide: int = 1,
    coarse_to_fine: bool = True,
) -> Pose2Mesh:
    """The network for a joint set and a mesh of triangles (F, 3), with fresh weights: the hand's channels for MANO21,
    else the body's; width: hidden units of the lifter; divide: divisor of the channels of the graph network;
    coarse_to_fine: see MeshNet. Raises ModelError when the faces do not fit the vertices.
    """
    published = channels_for(joint_set)
    channels_of_blocks = tuple(tuple(max(c // divide, 1) if c > 5 else c for c in block) for block in published)
    hierarchy = coarsen(mesh_adjacency(faces, vertex_count), levels=len(channels_of_blocks) - 1)
    # The two coarsest levels are made, because they decide the order of the vertices, but not used.
    laplacians = [rescaled_laplacian(adjacency) for adjacency in hierarchy.adjacencies[:-2]]
    laplacians.append(laplacian(joint_adjacency(joint_set.edges, joint_set.pairs, len(joint_set))))
    order = hierarchy.perm_reverse[:vertex_count]
    return Pose2Mesh(
        len(joint_set), laplacians, order, channels_of_blocks, gather, width, coarse_to_fine=coarse_to_fine
    )
