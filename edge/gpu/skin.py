"""The surface of posed bodies on the device: small arrays in, vertices or the levels of a message, and joints, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import edge_kernels
from edge.types import F32, I32, Array, SurfaceLevels
from edge_kernels import SkinningModel
from edge_kernels.reference.skinning import workspace_floats
from engines.body.body import Body
from engines.device.base import Device, Spec, Stream
from engines.device.constants import uploaded
from engines.device.graphs import StepGraphs
from engines.device.mirror import Mirror
from engines.device.packed import Packed

FLOAT, LEVEL = np.dtype(np.float32), np.dtype(np.uint16)


class GpuSkinner:
    """Poses a body as engines.body.skinning.Skinner does, with its constants on the device.

    One caller at a time. The host waits once a call.
    """

    def __init__(self, device: Device, stream: Stream, body: Body, chosen: I32 | None = None) -> None:
        """chosen: the vertices that are posed; None: all."""
        self._stream = stream
        model = SkinningModel.pack(
            body.v_template,
            body.shape_dirs,
            body.pose_dirs,
            body.weights,
            body.joint_regressor,
            body.parents,
            chosen=chosen,
        )
        joints, poses = len(model.parents), model.pose_dirs.shape[1]
        vertices = len(body.v_template) if chosen is None else len(chosen)
        given = [Spec(row, FLOAT) for row in ((joints, 3, 3), (model.joint_dirs.shape[2],), (3,))]
        self._model = uploaded(device, stream, model, "body")
        self._done = device.event("bodies landed")
        self._given = Mirror(device, given)
        skeleton = Spec((joints, 3), FLOAT)

        def surface(name: str, *made: Spec) -> _Surface:
            columns = workspace_floats(len(model.template), joints, poses, made[0].dtype == LEVEL)
            return _Surface(device, stream, name, made, columns)

        self._floats = surface("skinning", Spec((vertices, 3), FLOAT), skeleton)
        self._levels = surface("skinning to levels", Spec((vertices, 3), LEVEL), skeleton, Spec((2, 3), FLOAT))

    def __call__(self, rotations: F32, shape: F32, translation: F32) -> tuple[F32, F32]:
        """Posed vertices (N, V, 3) and joints (N, J, 3) m; see Skinner."""
        vertices, joints = self._skin(self._floats, (rotations, shape, translation))
        return vertices, joints

    def levels(self, rotations: F32, shape: F32, translation: F32) -> tuple[SurfaceLevels, F32]:
        """The same, with the vertices as a message holds them; see edge_kernels.Skinning.quantized."""
        levels, joints, bounds = self._skin(self._levels, (rotations, shape, translation))
        return SurfaceLevels(bounds[:, 0].copy(), bounds[:, 1].copy(), levels), joints

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        if not self._done.done():
            self._done.wait()
        for surface in (self._floats, self._levels):
            surface.close()
        self._given.close()
        for array in self._model:
            array.close()

    def _skin(self, surface: _Surface, values: tuple[F32, F32, F32]) -> tuple[Array, ...]:
        count, stream, given = len(values[0]), self._stream, self._given
        if not count:
            return surface.empty
        if not self._done.done():
            self._done.wait()  # of a call that failed
        if given.capacity < count or surface.made.capacity < count:
            for each in (self._floats, self._levels):
                each.graphs.clear()
        for memory in (given, surface.made, surface.workspace):
            memory.reserve(count)
        for rows, staged in zip(values, given.here(count), strict=True):
            staged.write()[:] = rows

        def work(handle: int, turns: Any, shapes: Any, moves: Any, *arrays: Any) -> None:
            model, made = arrays[: len(self._model)], arrays[len(self._model) :]
            vertices, joints, bounds, workspace = made[0], made[1], made[2] if len(made) > 3 else None, made[-1]
            edge_kernels.skinning(
                SkinningModel(*model), turns, shapes, moves, workspace, vertices, joints, bounds, handle
            )

        def step() -> None:
            given.up(stream, count)
            made = (*surface.made.there(count), *surface.workspace.parts(count))
            stream.launch(surface.name, work, [*given.there(count), *self._model], made)
            surface.made.down(stream, count)

        try:
            surface.graphs.run(count, step)
        finally:
            stream.record(self._done)
        self._done.wait()
        return tuple(np.array(array.read()) for array in surface.made.here(count))


class _Surface:
    """One kind of result: its memory and its graphs."""

    def __init__(self, device: Device, stream: Stream, name: str, made: Sequence[Spec], columns: int) -> None:
        self.name = name
        self.made = Mirror(device, made)
        self.workspace = Packed(device.array, [Spec((columns,), FLOAT)])
        self.graphs = StepGraphs(stream, name)
        self.empty: tuple[Array, ...] = tuple(np.empty((0, *spec.row), spec.dtype) for spec in made)

    def close(self) -> None:
        self.graphs.clear()
        self.made.close()
        self.workspace.close()
