"""Models on the streams of a device: enqueued behind other work, with the caller's memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.device.base import Device, DeviceArray, HostArray, Shape, Spec, Stream


@runtime_checkable
class EnqueuingSession(Protocol):
    """A session that runs on a stream with the caller's memory."""

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """See engines.inference.session.Session."""
        ...

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        """Enqueue the model on the stream, a cudaStream_t as an integer: it reads the inputs and fills the outputs,
        contiguous float32 arrays on the device with `__cuda_array_interface__` and DLPack."""
        ...


class StreamEngine:
    """A model that the streams of several pipelines share. Its runs follow each other in the order of `launch`, because
    an engine has one workspace."""

    def __init__(self, device: Device, name: str, session: EnqueuingSession, inputs: Sequence[Spec]) -> None:
        """
        Args:
            device: where the session runs.
            name: of its stage, for times and errors.
            session: the model.
            inputs: rows of its inputs.
        """
        self.name = name
        self.inputs = tuple(inputs)
        self._session = session
        made = session(*(np.zeros((1, *spec.row), spec.dtype) for spec in inputs))
        self.outputs = tuple(Spec.of(output) for output in made)
        self._workspace = device.array((1,), np.uint8)  # stands for the session's own memory in the order of runs
        self._free = device.event(f"{name} free")
        self._one = threading.Lock()

    def launch(self, stream: Stream, inputs: Sequence[DeviceArray], outputs: Sequence[DeviceArray]) -> None:
        """Enqueue the model for the rows of the inputs, which are those of the outputs."""
        count = len(inputs)

        def work(handle: int, *arrays: Any) -> None:
            self._session.into(arrays[:count], arrays[count:-1], handle)

        with self._one:
            stream.wait(self._free)
            stream.launch(self.name, work, inputs, (*outputs, self._workspace))
            stream.record(self._free)

    def close(self) -> None:
        """Free its memory, after waiting for the work that uses it."""
        if not self._free.done():
            self._free.wait()
        self._workspace.close()


class Buffers:
    """Inputs and outputs of a model for a growing number of rows, each on the device and page-locked on the host."""

    def __init__(self, device: Device, engine: StreamEngine, *, host_inputs: bool) -> None:
        """host_inputs: whether inputs come from the host."""
        self._device, self._engine, self._host_inputs = device, engine, host_inputs
        self.capacity = 0
        self.inputs: list[DeviceArray] = []
        self.outputs: list[DeviceArray] = []
        self.host_inputs: list[HostArray] = []
        self.host_outputs: list[HostArray] = []

    def reserve(self, rows: int) -> None:
        """Make room for `rows` rows, when nothing in flight uses the memory. Raises OutOfMemoryError, and keeps what it
        had."""
        if rows <= self.capacity:
            return
        size = max(1, 1 << (rows - 1).bit_length())
        given, made = self._engine.inputs, self._engine.outputs
        arrays: list[DeviceArray | HostArray] = []
        try:
            for specs, make in (
                (given, self._device.array),
                (made, self._device.array),
                (given if self._host_inputs else (), self._device.host_array),
                (made, self._device.host_array),
            ):
                arrays += [make(_shape(size, spec), spec.dtype) for spec in specs]
        except BaseException:
            for array in arrays:
                array.close()
            raise
        self.close()
        parts: Any = iter(arrays)
        self.inputs = [next(parts) for _ in given]
        self.outputs = [next(parts) for _ in made]
        self.host_inputs = [next(parts) for _ in given] if self._host_inputs else []
        self.host_outputs = list(parts)
        self.capacity = size

    def close(self) -> None:
        """Free the memory, when nothing in flight uses it."""
        for array in (*self.inputs, *self.outputs, *self.host_inputs, *self.host_outputs):
            array.close()
        self.inputs, self.outputs, self.host_inputs, self.host_outputs = [], [], [], []
        self.capacity = 0


class StreamedSession:
    """A Session whose arrays are on the host: one stream copies, runs the model and copies back, and the host waits for
    that stream alone.

    For small inputs and outputs, and one caller at a time. `backend`, `device` and `precision` are those of the model.
    """

    def __init__(self, device: Device, engine: StreamEngine, stream: Stream, like: Any) -> None:
        """like: the session, whose backend, device and precision this has."""
        self.backend, self.device, self.precision = like.backend, like.device, like.precision
        self._engine, self._stream = engine, stream
        self._buffers = Buffers(device, engine, host_inputs=True)
        self._done = device.event(f"{engine.name} done")

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        rows, buffers, stream = len(inputs[0]), self._buffers, self._stream
        if not self._done.done():
            self._done.wait()  # of a call that failed
        buffers.reserve(rows)
        made = [array.rows(rows) for array in buffers.outputs]
        landing = [array.rows(rows) for array in buffers.host_outputs]
        try:
            for x, staging, target in zip(inputs, buffers.host_inputs, buffers.inputs, strict=True):
                staging.rows(rows).write()[:] = x
                stream.copy(target.rows(rows), staging.rows(rows))
            self._engine.launch(stream, [array.rows(rows) for array in buffers.inputs], made)
            for staging, source in zip(landing, made, strict=True):
                stream.copy(staging, source)
        finally:
            stream.record(self._done)
        self._done.wait()
        return tuple(np.array(array.read()) for array in landing)

    def close(self) -> None:
        """Free its memory, after waiting for the work that uses it."""
        if not self._done.done():
            self._done.wait()
        self._buffers.close()


def _shape(rows: int, spec: Spec) -> Shape:
    return (rows, *spec.row)
