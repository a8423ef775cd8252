"""The surface of posed bodies on the device: small arrays in, vertices and joints out."""

from __future__ import annotations

from typing import Any

import numpy as np

import edge_kernels
from edge.types import F32
from edge_kernels import SkinningModel
from edge_kernels.reference.skinning import workspace_floats
from engines.body.body import Body
from engines.device.base import Device, DeviceArray, Spec, Stream
from engines.device.packed import Packed


class GpuSkinner:
    """Poses a body as engines.body.skinning.Skinner does, with its constants on the device.

    One caller at a time. The host waits once a call.
    """

    def __init__(self, device: Device, stream: Stream, body: Body) -> None:
        self._stream = stream
        model = SkinningModel.pack(
            body.v_template, body.shape_dirs, body.pose_dirs, body.weights, body.joint_regressor, body.parents
        )
        joints, vertices = len(model.parents), len(body.v_template)
        columns = workspace_floats(len(model.template), joints, model.pose_dirs.shape[1], False)
        given, made, workspace = (
            [Spec(row, np.dtype(np.float32)) for row in rows]
            for rows in (
                ((joints, 3, 3), (model.joint_dirs.shape[2],), (3,)),
                ((vertices, 3), (joints, 3)),
                ((columns,),),
            )
        )
        self._model = _uploaded(device, stream, model)
        self._done = device.event("bodies landed")
        self._given, self._staged = Packed(device.array, given), Packed(device.host_array, given)
        self._made, self._landing = Packed(device.array, made), Packed(device.host_array, made)
        self._workspace = Packed(device.array, workspace)
        self._rows = [spec.row for spec in made]

    def __call__(self, rotations: F32, shape: F32, translation: F32) -> tuple[F32, F32]:
        """Posed vertices (N, V, 3) and joints (N, J, 3) m; see Skinner."""
        count, stream = len(rotations), self._stream
        if not count:
            empty = [np.empty((0, *row), np.float32) for row in self._rows]
            return empty[0], empty[1]
        if not self._done.done():
            self._done.wait()  # of a call that failed
        for packed in self._memory:
            packed.reserve(count)
        for values, staged in zip((rotations, shape, translation), self._staged.parts(count), strict=True):
            staged.write()[:] = values

        def work(handle: int, turns: Any, shapes: Any, moves: Any, *arrays: Any) -> None:
            *model, vertices, joints, workspace = arrays
            edge_kernels.skinning(
                SkinningModel(*model), turns, shapes, moves, workspace, vertices, joints, stream=handle
            )

        try:
            stream.copy(self._given.whole(count), self._staged.whole(count))
            made = (*self._made.parts(count), *self._workspace.parts(count))
            stream.launch("skinning", work, [*self._given.parts(count), *self._model], made)
            stream.copy(self._landing.whole(count), self._made.whole(count))
        finally:
            stream.record(self._done)
        self._done.wait()
        vertices, joints = (np.array(array.read()) for array in self._landing.parts(count))
        return vertices, joints

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        if not self._done.done():
            self._done.wait()
        for packed in self._memory:
            packed.close()
        for array in self._model:
            array.close()

    @property
    def _memory(self) -> tuple[Packed[Any], ...]:
        return self._given, self._staged, self._made, self._landing, self._workspace


def _uploaded(device: Device, stream: Stream, model: SkinningModel) -> list[DeviceArray]:
    """The constants on the device, once."""
    uploaded = device.event("body uploaded")
    there, staged = [], []
    for constant in model:
        array, staging = device.array(constant.shape, constant.dtype), device.host_array(constant.shape, constant.dtype)
        staging.write()[:] = constant
        stream.copy(array, staging)
        there.append(array)
        staged.append(staging)
    stream.record(uploaded)
    uploaded.wait()
    for staging in staged:
        staging.close()
    return there
