"""The layers of the published Pose2Mesh as native operators: graphs of real vertices, batch norms folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from edge_kernels import CsrMatrix, GraphConv, Linear, SkipRows
from engines.body.mesh_graph import (
    Hierarchy,
    Sparse,
    coarsen,
    joint_adjacency,
    laplacian,
    mesh_adjacency,
    rescaled_laplacian,
)
from engines.errors import ModelError
from engines.joint_sets import JointSet
from engines.pose2mesh.arithmetic import Arithmetic
from engines.pose2mesh.config import BATCH_NORM_EPS, MM_PER_M, ORDER, channels_for

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Weights = Mapping[str, F32]


class LifterLayers:
    """PoseNet: keypoints (N, 2 J) to a root-relative 3D pose (N, 3 J) in meters.

    A stage is two layers of a pre-activation residual block: its first batch norm goes in front of its first layer, the
    second into it.
    """

    def __init__(self, weights: Weights, arithmetic: Arithmetic, device: int) -> None:
        names = sorted({key.split(".")[1] for key in weights if key.startswith("linear_stages.")})
        self.first = Linear(weights["w1.weight"], weights["w1.bias"], None, None, False, *_options(arithmetic, device))
        self.stages = [_stage(under(f"linear_stages.{name}.", weights), arithmetic, device) for name in names]
        meters = np.float32(MM_PER_M)
        weight, bias = weights["w2.weight"] / meters, weights["w2.bias"] / meters
        self.last = Linear(weight, bias, None, None, False, *_options(arithmetic, device))
        self.width, self.outputs = len(weights["w1.bias"]), len(weights["w2.bias"])


def _stage(weights: Weights, arithmetic: Arithmetic, device: int) -> tuple[Linear, Linear]:
    scale, shift = _batch_norm("batch_norm1.", weights)
    after, offset = _batch_norm("batch_norm2.", weights)
    weight, bias = weights["w1.weight"] * after[:, None], weights["w1.bias"] * after + offset
    into = Linear(np.ascontiguousarray(weight), bias, scale, shift, True, *_options(arithmetic, device))
    return into, Linear(weights["w2.weight"], weights["w2.bias"], None, None, False, *_options(arithmetic, device))


@dataclass(frozen=True, slots=True)
class GraphLayer:
    """A graph convolution: what it computes, the shape (rows, channels) of its result, whether it adds its block's
    input."""

    conv: GraphConv
    rows: int
    channels: int
    skips: bool
    block: int


class MeshLayers:
    """The graph network on the real vertices of every level only.

    Padding vertices are skipped: they have no edges and no real children, so no real vertex depends on one. Upsampling
    is no separate step: the first convolution of a block reads the features of its vertices' parents.
    `joints_to_coarse` maps the features of all joints to `coarse` (vertices, channels); `output_permutation` is the
    vertex of the mesh that each row of the finest level holds.
    """

    def __init__(
        self,
        weights: Weights,
        joints: JointSet,
        faces: NDArray[np.integer[Any]],
        vertex_count: int,
        arithmetic: Arithmetic,
        device: int,
    ) -> None:
        blocks = channels_for(joints)
        hierarchy = coarsen(mesh_adjacency(faces, vertex_count), levels=len(blocks) - 1)
        coarsest = len(blocks) - 3
        self.convs = list(_layers(weights, joints, hierarchy, arithmetic, device))
        self.output_permutation: I32 = hierarchy.permutations[0][_real(hierarchy, 0)].astype(np.int32)
        width = blocks[1][0]
        shape = (hierarchy.sizes[coarsest], width, len(joints) * blocks[0][-1])
        if weights["fc.weight"].shape != (shape[0] * shape[1], shape[2]):
            raise ModelError(
                f"fc.weight: has the shape {weights['fc.weight'].shape} instead of "
                f"{(shape[0] * shape[1], shape[2])}; use weights of this mesh and joint set"
            )
        real = _real(hierarchy, coarsest)
        self.coarse = (len(real), width)
        weight = np.ascontiguousarray(weights["fc.weight"].reshape(shape)[real].reshape(-1, shape[2]))
        bias = np.ascontiguousarray(weights["fc.bias"].reshape(shape[:2])[real].ravel())
        self.joints_to_coarse = Linear(weight, bias, None, None, False, *_options(arithmetic, device))


def _layers(
    weights: Weights, joints: JointSet, hierarchy: Hierarchy, arithmetic: Arithmetic, device: int
) -> Iterator[GraphLayer]:
    """The convolutions of all blocks with their graphs, batch norms folded."""
    blocks = channels_for(joints)
    last, index = len(blocks) - 1, 0
    for block, channels in enumerate(blocks):
        level = max(last - 1 - block, 0)
        parents: I32 | None = None
        if block == 0:
            graph = laplacian(joint_adjacency(joints.edges, joints.pairs, len(joints)))
        else:
            real = _real(hierarchy, level)
            graph = sparse.csr_array(rescaled_laplacian(hierarchy.adjacencies[level])[real][:, real])
            if 1 < block < last:
                parents = _parents(hierarchy, level)
        rows = graph.shape[0]
        own = np.arange(rows, dtype=np.int32)
        above = own if parents is None else parents
        sources = rows if parents is None else len(_real(hierarchy, level + 1))
        steps = list(pairwise(channels))
        for step, (_, channels_out) in enumerate(steps):
            skips = 0 < block < last and step == len(steps) - 1
            weight, bias, relu = _folded(weights, index)
            conv = GraphConv(
                above if step == 0 else own,
                *_hops(graph, parents if step == 0 else None),
                weight,
                bias,
                sources if step == 0 else rows,
                SkipRows(above, sources, channels[0]) if skips else None,
                relu,
                arithmetic.bf16,
                device,
                arithmetic.kernel,
            )
            yield GraphLayer(conv, rows, channels_out, skips, block)
            index += 1


def _hops(graph: Sparse, parents: I32 | None) -> tuple[CsrMatrix, CsrMatrix]:
    """L and 2 L L - I; with parents, the columns are those of the coarser graph."""
    two_hops = sparse.csr_array(2 * graph @ graph - sparse.eye_array(graph.shape[0]))
    return _csr(graph, parents), _csr(two_hops, parents)


def _csr(matrix: Sparse, parents: I32 | None) -> CsrMatrix:
    columns = matrix.indices if parents is None else parents[matrix.indices]
    width = matrix.shape[1] if parents is None else int(parents.max()) + 1
    # Children of one parent have the same features, so their entries add up. The matrix itself is not modified.
    rows = sparse.csr_array((matrix.data.copy(), columns.copy(), matrix.indptr.copy()), shape=(matrix.shape[0], width))
    rows.sum_duplicates()
    return CsrMatrix(rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(np.float32))


def _folded(weights: Weights, index: int) -> tuple[F32, F32, bool]:
    """Weight (3 C, C'), order by order, and bias (C') with the batch norm in them; whether a ReLU follows."""
    weight, bias = weights[f"cl.{index}.weight"], weights[f"cl.{index}.bias"]
    relu = f"bn.{index}.weight" in weights
    if relu:
        scale, shift = _batch_norm(f"bn.{index}.", weights)
        weight, bias = weight * scale[:, None], bias * scale + shift
    by_order = weight.reshape(len(bias), -1, ORDER).transpose(2, 1, 0).reshape(-1, len(bias))
    return np.ascontiguousarray(by_order, np.float32), np.ascontiguousarray(bias, np.float32), relu


def _options(arithmetic: Arithmetic, device: int) -> tuple[bool, int, str]:
    """The last arguments of a layer."""
    return arithmetic.bf16, device, arithmetic.kernel


def _batch_norm(prefix: str, weights: Weights) -> tuple[F32, F32]:
    """A batch norm in evaluation mode as scale and shift (C)."""
    mean, var, gain, bias = (weights[prefix + name] for name in ("running_mean", "running_var", "weight", "bias"))
    scale = (gain / np.sqrt(var + BATCH_NORM_EPS)).astype(np.float32)
    return scale, (bias - mean * scale).astype(np.float32)


def _real(hierarchy: Hierarchy, level: int) -> NDArray[np.int64]:
    """Padded positions of the real vertices of a level."""
    return np.flatnonzero(hierarchy.permutations[level] < hierarchy.sizes_unpadded[level])


def _parents(hierarchy: Hierarchy, level: int) -> I32:
    """For each real vertex of a level the row of its parent among the real vertices of the next."""
    row = np.zeros(hierarchy.sizes[level + 1], np.int32)
    above = _real(hierarchy, level + 1)
    row[above] = np.arange(len(above))
    return row[_real(hierarchy, level) // 2]


def under(prefix: str, weights: Weights) -> dict[str, F32]:
    """The weights whose names begin with a prefix, without it."""
    return {key[len(prefix) :]: value for key, value in weights.items() if key.startswith(prefix)}
