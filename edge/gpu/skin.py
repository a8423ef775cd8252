"""The surface of posed bodies on the device: small arrays in, vertices and joints out."""

from __future__ import annotations

from typing import Any

import numpy as np

import edge_kernels
from edge.types import F32
from edge_kernels import SkinningModel
from edge_kernels.reference.skinning import workspace_floats
from engines.body.body import Body
from engines.device.base import Device, DeviceArray, HostArray, Shape, Stream


class GpuSkinner:
    """Poses a body as engines.body.skinning.Skinner does, with its constants on the device.

    One caller at a time. The host waits once a call.
    """

    def __init__(self, device: Device, stream: Stream, body: Body) -> None:
        self._device, self._stream = device, stream
        model = SkinningModel.pack(
            body.v_template, body.shape_dirs, body.pose_dirs, body.weights, body.joint_regressor, body.parents
        )
        joints, vertices = len(model.parents), len(body.v_template)
        columns = workspace_floats(len(model.template), joints, model.pose_dirs.shape[1], False)
        self._given: tuple[Shape, ...] = ((joints, 3, 3), (model.joint_dirs.shape[2],), (3,))
        self._made: tuple[Shape, ...] = ((vertices, 3), (joints, 3))
        self._workspace_row: Shape = (columns,)
        self._model = _uploaded(device, stream, model)
        self._done = device.event("bodies landed")
        self._host_in: list[HostArray] = []
        self._host_out: list[HostArray] = []
        self._in: list[DeviceArray] = []
        self._out: list[DeviceArray] = []  # the workspace last
        self._capacity = 0

    def __call__(self, rotations: F32, shape: F32, translation: F32) -> tuple[F32, F32]:
        """Posed vertices (N, V, 3) and joints (N, J, 3) m; see Skinner."""
        count, stream = len(rotations), self._stream
        if not count:
            empty = [np.empty((0, *row), np.float32) for row in self._made]
            return empty[0], empty[1]
        if not self._done.done():
            self._done.wait()  # of a call that failed
        self._reserve(count)
        given, made = [a.rows(count) for a in self._in], [a.rows(count) for a in self._out]
        for values, host, target in zip((rotations, shape, translation), self._host_in, given, strict=True):
            host.rows(count).write()[:] = values
            stream.copy(target, host.rows(count))

        def work(handle: int, turns: Any, shapes: Any, moves: Any, *arrays: Any) -> None:
            *model, vertices, joints, workspace = arrays
            edge_kernels.skinning(
                SkinningModel(*model), turns, shapes, moves, workspace, vertices, joints, stream=handle
            )

        try:
            stream.launch("skinning", work, [*given, *self._model], made)
            landing = [a.rows(count) for a in self._host_out]
            for target_host, source in zip(landing, made, strict=False):
                stream.copy(target_host, source)
        finally:
            stream.record(self._done)
        self._done.wait()
        vertices, joints = (np.array(array.read()) for array in landing)
        return vertices, joints

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        if not self._done.done():
            self._done.wait()
        self._free()
        for array in self._model:
            array.close()

    def _reserve(self, count: int) -> None:
        if count <= self._capacity:
            return
        self._free()
        size = 1 << (count - 1).bit_length()
        for rows, host, there in ((self._given, self._host_in, self._in), (self._made, self._host_out, self._out)):
            host += [self._device.host_array((size, *row), np.float32) for row in rows]
            there += [self._device.array((size, *row), np.float32) for row in rows]
        self._out.append(self._device.array((size, *self._workspace_row), np.float32))
        self._capacity = size

    def _free(self) -> None:
        for arrays in (self._host_in, self._host_out, self._in, self._out):
            for array in arrays:
                array.close()
            arrays.clear()
        self._capacity = 0


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
