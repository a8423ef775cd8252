"""The published Pose2Mesh on the native kernels, without torch: one execution plan on a CPU or a CUDA device."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels import ExecutionPlan
from engines.joint_sets import JointSet
from engines.pose2mesh.arithmetic import Arithmetic
from engines.pose2mesh.config import channels_for
from engines.pose2mesh.native_layers import LifterLayers, MeshLayers, Weights, under

MAX_BATCH = 4  # people in one pass: the lifter reads its weights once for a batch of this size on a CPU
X, OUT, OWN = 0, 1, 2  # buffers of a plan: input, output, and the first one of its own


class Pose2MeshKernels:
    """A Session: standardized keypoints (N, J, 2) float32 to vertices (N, V, 3) in meters, relative to the root.

    weights: the published state_dict; faces (F, 3) over vertex_count vertices: the mesh that they were trained for.
    bf16: store features and weights of both networks in bfloat16, with float32 sums; lifter and mesh_net say it for one
    of them. device: "cpu", or "cuda:N" in a build with CUDA; together: people in one pass at most. Equal to
    engines.networks.pose2mesh.Pose2Mesh.
    Raises ModelError for weights of another mesh or joint set, TypeError for a device without kernels.

    Called with NumPy arrays it serves any number of people. `plan(pose2d, vertices, stream)` is one pass: it allocates
    nothing, and on a CUDA device takes arrays that lie there too, when it only enqueues: a CUDA graph can capture it.
    """

    backend = "kernels"

    def __init__(
        self,
        weights: Weights,
        joints: JointSet,
        faces: NDArray[np.integer[Any]],
        vertex_count: int,
        *,
        bf16: bool = False,
        lifter: Arithmetic | None = None,
        mesh_net: Arithmetic | None = None,
        device: str = "cpu",
        together: int = MAX_BATCH,
    ) -> None:
        lifter, mesh_net = lifter or Arithmetic(bf16), mesh_net or Arithmetic(bf16)
        self.device, self.precision = device, "bf16" if lifter.bf16 or mesh_net.bf16 else "fp32"
        self.vertex_count, self.together = vertex_count, together
        self._bf16, self._joints = mesh_net.bf16, len(joints)
        self._features = channels_for(joints)[0][0]
        self._device = -1 if device == "cpu" else int(device.removeprefix("cuda:"))
        self._lifter = LifterLayers(under("pose_lifter.", weights), lifter, self._device)
        self._mesh = MeshLayers(under("pose2mesh.", weights), joints, faces, vertex_count, mesh_net, self._device)

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        (pose2d,) = inputs
        pose2d = np.ascontiguousarray(pose2d, np.float32)
        vertices = np.empty((len(pose2d), self.vertex_count, 3), np.float32)
        for first in range(0, len(pose2d), self.together):
            some = slice(first, first + self.together)
            self.plan(pose2d[some], vertices[some])
        return (vertices,)

    @cached_property
    def plan(self) -> ExecutionPlan:
        """Keypoints (N, J, 2) to vertices (N, V, 3), at most `together` rows."""
        joints = self._joints
        pose, *wide = range(OWN, OWN + 3)
        plan = self._plan_with_scratch(2 * joints, 3 * self.vertex_count, [self._pose_buffer(), *self._wide_buffers()])
        plan.copy(X, pose, 2 * joints, None, (2, self._features, 0))
        self._add_lifter(plan, X, wide, pose, (3, self._features, 2))
        self._add_mesh(plan, pose, wide[-1] + 1)
        return plan

    @cached_property
    def lifter(self) -> ExecutionPlan:
        """Keypoints (N, J, 2) to the root-relative 3D pose (N, J, 3) in meters alone, at most `together` rows."""
        buffers = self._wide_buffers()
        plan = ExecutionPlan(2 * self._joints, 3 * self._joints, buffers, self.together, self._device)
        self._add_lifter(plan, X, [OWN, OWN + 1], OUT, None)
        return plan

    @cached_property
    def mesh_net(self) -> ExecutionPlan:
        """Keypoints beside the lifted pose (N, J, 5) to vertices (N, V, 3) alone, at most `together` rows."""
        numbers = self._features * self._joints
        plan = self._plan_with_scratch(numbers, 3 * self.vertex_count, [self._pose_buffer()])
        plan.copy(X, OWN, numbers, None, (self._features, self._features, 0))
        self._add_mesh(plan, OWN, OWN + 1)
        return plan

    def _plan_with_scratch(self, inputs: int, outputs: int, buffers: list[tuple[int, bool]]) -> ExecutionPlan:
        """A plan with three more buffers: one for a block's input, two for its layers."""
        size = max(layer.rows * layer.channels for layer in self._mesh.convs)
        return ExecutionPlan(inputs, outputs, [*buffers, *[(size, self._bf16)] * 3], self.together, self._device)

    def _pose_buffer(self) -> tuple[int, bool]:
        return self._features * self._joints, self._bf16

    def _wide_buffers(self) -> list[tuple[int, bool]]:
        return [(self._lifter.width, False)] * 2

    def _add_lifter(
        self, plan: ExecutionPlan, x: int, wide: list[int], out: int, out_as: tuple[int, int, int] | None
    ) -> None:
        kept, inner = wide
        plan.linear(self._lifter.first, x, None, kept)
        for into, back in self._lifter.stages:
            plan.linear(into, kept, None, inner)
            plan.linear(back, inner, kept, kept)
        plan.linear(self._lifter.last, kept, None, out, None, out_as)

    def _add_mesh(self, plan: ExecutionPlan, pose: int, first: int) -> None:
        """The graph network behind the pose's features, over the three buffers from `first` on."""
        mesh, coarse = self._mesh, self._mesh.coarse[1]
        x, skip, before = pose, pose, mesh.convs[0]
        for layer in mesh.convs:
            if layer.block != before.block:
                if before.block == 0:
                    y = _free(first, x)
                    plan.linear(
                        mesh.joints_to_coarse, x, None, y, (before.channels, before.channels, 0), (coarse, coarse, 0)
                    )
                    x = y
                skip = x
            y = OUT if layer is mesh.convs[-1] else _free(first, x, skip)
            plan.graph_conv(
                layer.conv, x, skip if layer.skips else None, y, mesh.output_permutation if y == OUT else None
            )
            x, before = y, layer


def _free(first: int, *taken: int) -> int:
    """One of the three buffers from `first` on that is not in use."""
    return next(buffer for buffer in range(first, first + 3) if buffer not in taken)
