"""Runs a loaded TensorRT plan on a stream, from host memory through page-locked buffers or from device memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.inference.backends.tensorrt_build import PROFILES, failure, interface, logger
from engines.inference.cuda import driver as cuda
from engines.inference.cuda.driver import Stream
from engines.inference.cuda.memory import DeviceArray, DeviceView, Memory, PinnedArray

Shape = tuple[int, ...]
MAX_BOUND = 256  # contexts for memory of callers; the oldest ones are of pipelines that were closed


class LoadedPlan:
    """An engine with a context for each of its optimization profiles and buffers for each batch size.

    Raises OutOfMemoryError when a context does not fit. The CUDA device must be the current one at every call.
    """

    def __init__(self, backend: str, source: str, engine: Any, stream: Stream, memory: Memory) -> None:
        self._backend, self._source = backend, source
        self._engine, self._stream, self._memory = engine, stream, memory
        trt = interface(backend)
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        self._inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        self._outputs = [name for name in names if name not in self._inputs]
        self._dtypes = {name: np.dtype(trt.nptype(engine.get_tensor_dtype(name))) for name in names}
        self._contexts: dict[int, Any] = {}
        self._buffers: dict[int, _Buffers] = {}
        self._bound: dict[tuple[tuple[int, ...], int], Any] = {}  # contexts of `into`, by addresses and batch size
        self._scratch: DeviceArray | None = None  # the memory in which they compute

    def run(self, inputs: tuple[NDArray[Any], ...], size: int) -> list[NDArray[Any]]:
        """Runs up to `size` samples and waits for the device."""
        buffers, rows = self._buffers_for(size, inputs), len(inputs[0])
        for x, staging, target in zip(inputs, buffers.staging_in, buffers.inputs, strict=True):
            staging.array[:rows] = x
            cuda.copy(target.pointer, staging.pointer, staging.array[:rows].nbytes, self._stream)
        self._execute(buffers, buffers.outputs)
        for source, staging in zip(buffers.outputs, buffers.staging_out, strict=True):
            cuda.copy(staging.pointer, source.pointer, staging.array[:rows].nbytes, self._stream)
        self._stream.synchronize()
        return [staging.array[:rows].copy() for staging in buffers.staging_out]

    def enqueue(self, inputs: tuple[DeviceView, ...], size: int) -> list[DeviceArray]:
        """The same in device memory, without waiting for it."""
        buffers, rows = self._buffers_for(size, inputs), len(inputs[0])
        for x, target in zip(inputs, buffers.inputs, strict=True):
            cuda.copy(target.pointer, x.pointer, x.nbytes, self._stream)
        outputs = [self._memory.take(output.shape, output.dtype) for output in buffers.outputs]
        self._execute(buffers, outputs)
        return [output.first(rows) for output in outputs]

    def into(self, inputs: tuple[DeviceView, ...], outputs: tuple[DeviceView, ...], stream: int) -> bool:
        """Enqueue a batch of a size of the plan with the caller's memory, on its stream; False where the plan has
        arrays of another type."""
        if any(dtype != np.float32 for dtype in self._dtypes.values()):
            return False
        key = tuple(array.pointer for array in (*inputs, *outputs)), len(inputs[0])
        if key not in self._bound:
            if len(self._bound) >= MAX_BOUND:
                self._bound.pop(next(iter(self._bound)))
            self._bound[key] = self._bind(inputs, outputs, stream)
        context = self._bound[key]
        logger(self._backend).errors.clear()
        if not context.execute_async_v3(stream):
            raise failure(self._backend, self._source, f"run it for {inputs[0].shape}")
        return True

    def _bind(self, inputs: tuple[DeviceView, ...], outputs: tuple[DeviceView, ...], stream: int) -> Any:
        """A context for these arrays alone: a graph that captured a run of it is valid as long as it is not changed.
        All of them compute in the same memory, since the runs of an engine follow each other."""
        managed = getattr(interface(self._backend), "ExecutionContextAllocationStrategy", None)
        context = self._new_context(self._profile_for(len(inputs[0])), stream, managed and managed.USER_MANAGED)
        if managed is not None:
            size = max(1, int(self._engine.device_memory_size_v2))
            self._scratch = self._scratch or DeviceArray((size,), np.uint8)
            context.set_device_memory(self._scratch.pointer, size)
        for name, array in zip(self._inputs, inputs, strict=True):
            if not context.set_input_shape(name, array.shape):
                raise failure(self._backend, self._source, f"run it for {array.shape}")
            context.set_tensor_address(name, array.pointer)
        for name, array in zip(self._outputs, outputs, strict=True):
            context.set_tensor_address(name, array.pointer)
        return context

    def _execute(self, buffers: _Buffers, outputs: list[DeviceArray]) -> None:
        context = buffers.context
        for name, shape, array in zip(self._inputs, buffers.shapes, buffers.inputs, strict=True):
            context.set_input_shape(name, shape)
            context.set_tensor_address(name, array.pointer)
        for name, array in zip(self._outputs, outputs, strict=True):
            context.set_tensor_address(name, array.pointer)
        logger(self._backend).errors.clear()
        if not context.execute_async_v3(self._stream.handle):
            raise failure(self._backend, self._source, f"run it for {buffers.shapes[0]}")

    def _buffers_for(self, size: int, inputs: tuple[Any, ...]) -> _Buffers:
        if size not in self._buffers:
            shapes = [(size, *x.shape[1:]) for x in inputs]
            context = self._context_for(size)
            for name, shape in zip(self._inputs, shapes, strict=True):
                if not context.set_input_shape(name, shape):
                    raise failure(self._backend, self._source, f"run it for {shape}")
            outputs = [(tuple(context.get_tensor_shape(name)), self._dtypes[name]) for name in self._outputs]
            if any(side < 0 for shape, _ in outputs for side in shape):
                raise ModelError(
                    f"{self._source}: the size of an output depends on the image, which is not supported with "
                    f"{self._backend}; choose --backend onnxruntime"
                )
            self._buffers[size] = _Buffers(context, shapes, [self._dtypes[name] for name in self._inputs], outputs)
        return self._buffers[size]

    def _profile_for(self, size: int) -> int:
        """The optimization profile of a batch size."""
        profile = next(index for index, (_, _, most) in enumerate(PROFILES) if size <= most)
        return min(profile, int(self._engine.num_optimization_profiles) - 1)

    def _context_for(self, size: int) -> Any:
        profile = self._profile_for(size)
        if profile not in self._contexts:
            self._contexts[profile] = self._new_context(profile, self._stream.handle)
        return self._contexts[profile]

    def _new_context(self, profile: int, stream: int, strategy: Any = None) -> Any:
        logger(self._backend).errors.clear()
        create = self._engine.create_execution_context
        context = create() if strategy is None else create(strategy)
        if context is None:
            errors = logger(self._backend).errors or ["out of memory"]  # the usual reason
            raise MemoryError(errors[0])
        if profile > 0:
            context.set_optimization_profile_async(profile, stream)
        return context


class _Buffers:
    """The input and output buffers of one batch size."""

    def __init__(
        self, context: Any, shapes: list[Shape], dtypes: list[np.dtype[Any]], outputs: list[tuple[Shape, np.dtype[Any]]]
    ) -> None:
        self.context, self.shapes = context, shapes
        self.inputs = [DeviceArray(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
        self.outputs = [DeviceArray(shape, dtype) for shape, dtype in outputs]
        self.staging_in = [PinnedArray(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
        self.staging_out = [PinnedArray(shape, dtype) for shape, dtype in outputs]
