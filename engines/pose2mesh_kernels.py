"""The published Pose2Mesh on the native kernels, without torch: weights packed once, fake vertices left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from edge_kernels import GraphConv, Linear
from edge_kernels.bfloat16 import from_bf16, to_bf16
from engines.errors import ModelError
from engines.graph import (
    Hierarchy,
    Sparse,
    coarsen,
    joint_adjacency,
    laplacian,
    mesh_adjacency,
    rescaled_laplacian,
)
from engines.joint_sets import JointSet
from engines.pose2mesh_shape import BATCH_NORM_EPS, MM_PER_M, ORDER, plan_for

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Weights = Mapping[str, F32]

TOGETHER = 4  # people that one pass serves: more would not share the lifter's weights


class Pose2MeshKernels:
    """A Session: standardised keypoints (N, J, 2) float32 to vertices (N, V, 3) in metres, relative to the root.

    weights: the published state_dict; faces (F, 3) over vertex_count vertices: the mesh that they were trained for.
    bf16: store features and weights of both networks in bfloat16, with float32 sums. Equal to
    engines.networks.pose2mesh.Pose2Mesh. Raises ModelError for weights of another mesh or joint set.
    """

    backend = "kernels"
    device = "cpu"

    def __init__(
        self,
        weights: Weights,
        joints: JointSet,
        faces: NDArray[np.integer[Any]],
        vertex_count: int,
        *,
        bf16: bool = False,
    ) -> None:
        self.precision = "bf16" if bf16 else "fp32"
        self.lifter = Lifter(_under("pose_lifter.", weights), bf16)
        self.mesh_net = MeshNet(_under("pose2mesh.", weights), joints, faces, vertex_count, bf16)

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        (pose2d,) = inputs
        vertices = np.empty((len(pose2d), self.mesh_net.vertex_count, 3), np.float32)
        for first in range(0, len(pose2d), TOGETHER):
            seen = np.ascontiguousarray(pose2d[first : first + TOGETHER], np.float32)
            pose3d = self.lifter(seen.reshape(len(seen), -1)).reshape(*seen.shape[:2], 3)
            joints = np.concatenate([seen, pose3d / np.float32(MM_PER_M)], -1)
            self.mesh_net(joints, vertices[first : first + TOGETHER])
        return (vertices,)


class Lifter:
    """PoseNet: keypoints (N, 2 J) to a root-relative 3D pose (N, 3 J) in millimetres; batch norms are folded."""

    def __init__(self, weights: Weights, bf16: bool) -> None:
        stages = sorted({key.split(".")[1] for key in weights if key.startswith("linear_stages.")})
        self._first = Linear(weights["w1.weight"], weights["w1.bias"], None, None, False, bf16)
        self._stages = [_stage(_under(f"linear_stages.{stage}.", weights), bf16) for stage in stages]
        self._last = Linear(weights["w2.weight"], weights["w2.bias"], None, None, False, bf16)
        self._width, self._outputs = len(weights["w1.bias"]), len(weights["w2.bias"])

    def __call__(self, pose2d: F32) -> F32:
        count = len(pose2d)
        x, y = np.empty((2, count, self._width), np.float32)
        out = np.empty((count, self._outputs), np.float32)
        self._first(pose2d, None, x)
        for into, back in self._stages:
            into(x, None, y)
            back(y, x, x)
        self._last(x, None, out)
        return out


def _stage(weights: Weights, bf16: bool) -> tuple[Linear, Linear]:
    """The two layers of a pre-activation residual stage: the first batch norm goes in front of its layer, the second
    into it."""
    scale, shift = _batch_norm("batch_norm1.", weights)
    after, offset = _batch_norm("batch_norm2.", weights)
    weight, bias = weights["w1.weight"] * after[:, None], weights["w1.bias"] * after + offset
    into = Linear(np.ascontiguousarray(weight), bias, scale, shift, True, bf16)
    return into, Linear(weights["w2.weight"], weights["w2.bias"], None, None, False, bf16)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A graph convolution: what it computes, the shape (rows, channels) of its result, whether it ends a block."""

    conv: GraphConv
    rows: int
    channels: int
    skips: bool
    block: int


class MeshNet:
    """The graph network: joints (N, J, 5) to vertices (N, V, 3), on the real vertices of every level only.

    A fake vertex has no edges and no real children, so nothing real depends on one. Upsampling is no step of its own:
    the first convolution of a block reads the features of its vertices' parents.
    """

    def __init__(
        self, weights: Weights, joints: JointSet, faces: NDArray[np.integer[Any]], vertex_count: int, bf16: bool
    ) -> None:
        plan = plan_for(joints)
        hierarchy = coarsen(mesh_adjacency(faces, vertex_count), levels=len(plan) - 1)
        coarsest = len(plan) - 3
        self.vertex_count = vertex_count
        self._bf16 = bf16
        self._layers = list(_layers(weights, joints, hierarchy, bf16))
        self._vertex = hierarchy.permutations[0][_real(hierarchy, 0)]
        width = plan[1][0]
        shape = (hierarchy.sizes[coarsest], width, len(joints) * plan[0][-1])
        if weights["fc.weight"].shape != (shape[0] * shape[1], shape[2]):
            raise ModelError(
                f"the weights are for another mesh or joint set: fc.weight is {weights['fc.weight'].shape}, "
                f"{(shape[0] * shape[1], shape[2])} is needed"
            )
        real = _real(hierarchy, coarsest)
        self._coarse = (len(real), width)
        weight = np.ascontiguousarray(weights["fc.weight"].reshape(shape)[real].reshape(-1, shape[2]))
        bias = np.ascontiguousarray(weights["fc.bias"].reshape(shape[:2])[real].ravel())
        self._fc = Linear(weight, bias, None, None, False, bf16)
        self._size = max(len(joints) * 8, *(layer.rows * layer.channels for layer in self._layers))
        self._buffers: dict[int, list[NDArray[Any]]] = {}

    def __call__(self, joints: F32, out: F32) -> None:
        """joints (N, J, 5): standardised keypoints and the lifted pose in metres; out (N, V, 3) float32 metres."""
        people = len(joints)
        buffers = self._memory(people)
        x = skip = self._store(np.ascontiguousarray(joints.transpose(1, 0, 2)))
        at = kept = block = 0  # the buffers that hold x and the block's input, which its last convolution adds
        for layer in self._layers:
            if layer.block != block:
                if block == 0:
                    x = self._spread(x, people)
                skip, kept, block = x, at, layer.block
            at = next(free for free in range(len(buffers)) if free not in (at, kept))
            y = buffers[at][: layer.rows * people * layer.channels].reshape(layer.rows, people, layer.channels)
            layer.conv(x, skip if layer.skips else None, y)
            x = y
        out[:, self._vertex] = self._load(x).transpose(1, 0, 2)

    def _spread(self, x: NDArray[Any], people: int) -> NDArray[Any]:
        """Features of the joints (J, N, C) to features of the coarsest level (V', N, C'): a linear layer."""
        flat = np.ascontiguousarray(self._load(x).transpose(1, 0, 2)).reshape(people, -1)
        coarse = np.empty((people, self._coarse[0] * self._coarse[1]), np.float32)
        self._fc(flat, None, coarse)
        return self._store(np.ascontiguousarray(coarse.reshape(people, *self._coarse).transpose(1, 0, 2)))

    def _memory(self, people: int) -> list[NDArray[Any]]:
        """Three buffers, kept from call to call: one for a block's input, two for what follows from it."""
        if people not in self._buffers:
            dtype = np.uint16 if self._bf16 else np.float32
            self._buffers[people] = [np.empty(self._size * people, dtype) for _ in range(3)]
        return self._buffers[people]

    def _store(self, values: F32) -> NDArray[Any]:
        return to_bf16(values) if self._bf16 else values

    def _load(self, values: NDArray[Any]) -> F32:
        return from_bf16(values) if self._bf16 else values


def _layers(weights: Weights, joints: JointSet, hierarchy: Hierarchy, bf16: bool) -> list[_Layer]:
    """The convolutions of all blocks with their graphs, batch norms folded."""
    plan = plan_for(joints)
    last = len(plan) - 1
    layers: list[_Layer] = []
    for block, channels in enumerate(plan):
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
            weight, bias, relu = _folded(weights, len(layers))
            conv = GraphConv(
                above if step == 0 else own,
                *_hops(graph, parents if step == 0 else None),
                weight,
                bias,
                sources if step == 0 else rows,
                above if skips else None,
                sources if skips else 0,
                channels[0] if skips else 0,
                relu,
                bf16,
            )
            layers.append(_Layer(conv, rows, channels_out, skips, block))
    return layers


def _hops(graph: Sparse, parents: I32 | None) -> tuple[I32, I32, F32, I32, I32, F32]:
    """Row starts, columns and values of L, then of 2 L L - I; with parents, columns are those of the coarser graph."""
    two = sparse.csr_array(2 * graph @ graph - sparse.eye_array(graph.shape[0]))
    return *_rows(graph, parents), *_rows(two, parents)


def _rows(matrix: Sparse, parents: I32 | None) -> tuple[I32, I32, F32]:
    columns = matrix.indices if parents is None else parents[matrix.indices]
    width = matrix.shape[1] if parents is None else int(parents.max()) + 1
    # Children of one parent show the same features: their shares add up. The matrix itself stays as it is.
    rows = sparse.csr_array((matrix.data.copy(), columns.copy(), matrix.indptr.copy()), shape=(matrix.shape[0], width))
    rows.sum_duplicates()
    return rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(np.float32)


def _folded(weights: Weights, index: int) -> tuple[F32, F32, bool]:
    """Weight (3 C, C'), order by order, and bias (C') with the batch norm in them; whether a ReLU follows."""
    weight, bias = weights[f"cl.{index}.weight"], weights[f"cl.{index}.bias"]
    relu = f"bn.{index}.weight" in weights
    if relu:
        scale, shift = _batch_norm(f"bn.{index}.", weights)
        weight, bias = weight * scale[:, None], bias * scale + shift
    by_order = weight.reshape(len(bias), -1, ORDER).transpose(2, 1, 0).reshape(-1, len(bias))
    return np.ascontiguousarray(by_order, np.float32), np.ascontiguousarray(bias, np.float32), relu


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


def _under(prefix: str, weights: Weights) -> dict[str, F32]:
    return {key[len(prefix) :]: value for key, value in weights.items() if key.startswith(prefix)}
