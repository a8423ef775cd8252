"""CUDA devices, streams, events and memory through NVIDIA's cuda-core, which imports without a driver."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

import edge_kernels
from engines.backend_errors import classify_error
from engines.device import base, dlpack
from engines.device.base import Shape, Work, byte_count
from engines.errors import ModelError

URGENT = -1  # priority of a stream, which every GPU has
_thread = threading.local()  # `device`: the current one of each thread


class CudaDevice:
    """A base.Device on the GPU with this index. Raises ModelError without cuda-core, a driver or such a device."""

    def __init__(self, index: int) -> None:
        try:
            import cuda.core as core
        except ImportError as error:
            raise ModelError(
                f"cuda:{index}: needs the package cuda-core ({error}); pip install 'meshcast[cuda]'"
            ) from None
        self.name = f"cuda:{index}"
        self.kernels = edge_kernels.CUDA
        self._core: Any = core
        with self.errors("open it"):
            self._device: Any = core.Device(index)
            self.use()
            # A board whose GPU and processor share one memory; its addresses are the same for both.
            self.unified = bool(self._device.properties.integrated)
            self._pinned: Any = core.LegacyPinnedMemoryResource()

    def stream(self, name: str, *, urgent: bool = False) -> base.Stream:
        with self.errors("make a stream"):
            self.use()
            # Lower numbers are more urgent; 0 is the default.
            options = self._core.StreamOptions(priority=URGENT if urgent else 0)
            return CudaStream(self, name, self._device.create_stream(options=options))

    def event(self, name: str, *, timed: bool = False) -> base.Event:
        with self.errors("make an event"):
            self.use()
            # The waiting thread sleeps: on a small board the other cores and the memory have better things to do.
            options = self._core.EventOptions(blocking_sync=True, timing_enabled=timed)
            return CudaEvent(self, name, self._device.create_event(options))

    def array(self, shape: Shape, dtype: DTypeLike) -> base.DeviceArray:
        with self.errors(f"allocate {byte_count(shape, dtype)} bytes"):
            self.use()
            stream = self._device.default_stream
            buffer = self._device.allocate(max(1, byte_count(shape, dtype)), stream=stream)
            stream.sync()  # the memory is of the default stream until then; only allocations wait
            return CudaArray(self, buffer, int(buffer.handle), shape, np.dtype(dtype))

    def host_array(self, shape: Shape, dtype: DTypeLike) -> base.HostArray:
        with self.errors(f"allocate {byte_count(shape, dtype)} bytes of page-locked memory"):
            self.use()
            buffer = self._pinned.allocate(max(1, byte_count(shape, dtype)))
            return CudaHostArray(self, buffer, int(buffer.handle), shape, np.dtype(dtype))

    def wrap(self, array: Any) -> base.DeviceArray:
        return ForeignArray(array)

    def use(self) -> None:
        """Make this the current device of the calling thread."""
        if getattr(_thread, "device", None) is not self:
            self._device.set_current()
            _thread.device = self

    def view(self, pointer: int, size: int, owner: Any) -> Any:
        """A cuda-core buffer of a part of an array."""
        return self._core.Buffer.from_handle(pointer, size, owner=owner)

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Convert CUDA's exceptions to those of engines.errors, one line each."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise classify_error(error, "GPU pipeline", doing, self.name) from None


class _Addressed:
    """An array at an address that the device can use, for other libraries, by DLPack or `__cuda_array_interface__`."""

    device: CudaDevice
    buffer: Any
    pointer: int
    shape: Shape
    dtype: np.dtype[Any]

    def __dlpack__(self, **options: Any) -> Any:
        return dlpack.capsule(self.buffer, self.pointer, self.shape, self.dtype, self.__dlpack_device__())

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CUDA, int(self.device.name.removeprefix("cuda:"))

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.pointer, False),
            "strides": None,
            "version": 3,
        }


class CudaArray(_Addressed):
    """A base.DeviceArray."""

    def __init__(self, device: CudaDevice, buffer: Any, pointer: int, shape: Shape, dtype: np.dtype[Any]) -> None:
        self.device, self.buffer, self.pointer = device, buffer, pointer
        self.shape, self.dtype = shape, dtype
        self.nbytes = byte_count(shape, dtype)

    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> base.DeviceArray:
        return CudaArray(self.device, self.buffer, self.pointer + offset, shape, np.dtype(dtype))

    def close(self) -> None:
        with self.device.errors("free memory"):
            self.device.use()
            self.buffer.close()


class ForeignArray:
    """A base.DeviceArray of another library; operators take it by its own DLPack, with the distance of its rows."""

    def __init__(self, array: Any) -> None:
        self._array = self.buffer = array
        known = getattr(array, "__cuda_array_interface__", {"shape": (), "typestr": "|u1", "data": (0, True)})
        self.pointer = int(known["data"][0])
        self.shape, self.dtype = tuple(known["shape"]), np.dtype(known["typestr"])
        self.nbytes = byte_count(self.shape, self.dtype)

    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> base.DeviceArray:
        raise TypeError("an array of another library has no parts")

    def close(self) -> None:
        """Its library frees it."""

    def __dlpack__(self, **options: Any) -> Any:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        device: tuple[int, int] = self._array.__dlpack_device__()
        return device


class CudaHostArray(_Addressed):
    """A base.HostArray; on a unified device also a base.DeviceArray."""

    def __init__(self, device: CudaDevice, buffer: Any, pointer: int, shape: Shape, dtype: np.dtype[Any]) -> None:
        self.device, self.buffer, self.pointer = device, buffer, pointer
        self.shape, self.dtype = shape, dtype
        self.nbytes = byte_count(shape, dtype)

    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> base.HostArray:
        return CudaHostArray(self.device, self.buffer, self.pointer + offset, shape, np.dtype(dtype))

    def read(self) -> NDArray[Any]:
        view = self.write()
        view.flags.writeable = False
        return view

    def write(self) -> NDArray[Any]:
        memory: Any = (ctypes.c_char * max(1, self.nbytes)).from_address(self.pointer)
        memory.owner = self.buffer  # the view keeps the memory
        return np.frombuffer(memory, self.dtype, math.prod(self.shape)).reshape(self.shape)

    def close(self) -> None:
        with self.device.errors("free memory"):
            self.device.use()
            self.buffer.close()


class CudaEvent:
    """A base.Event."""

    def __init__(self, device: CudaDevice, name: str, event: Any) -> None:
        self.name, self.event = name, event
        self._device = device

    def wait(self) -> None:
        with self._device.errors(f"finish what is before {self.name}"):
            self._device.use()
            self.event.sync()

    def done(self) -> bool:
        with self._device.errors(f"finish what is before {self.name}"):
            self._device.use()
            return bool(self.event.is_done)

    def ms_since(self, other: base.Event) -> float:
        with self._device.errors("read its timers"):
            return float(self.event - cast(CudaEvent, other).event)


class CudaStream:
    """A base.Stream; `handle` is its cudaStream_t as an integer."""

    def __init__(self, device: CudaDevice, name: str, stream: Any) -> None:
        self.name = name
        self.handle = int(stream.handle)
        self._device, self._stream = device, stream

    def launch(
        self,
        name: str,
        work: Work,
        reads: Sequence[base.DeviceArray] = (),
        writes: Sequence[base.DeviceArray] = (),
        updates: Sequence[base.DeviceArray] = (),
    ) -> None:
        with self._device.errors(f"run {name}"):
            self._device.use()
            work(self.handle, *reads, *writes, *updates)

    def copy(self, target: base.DeviceArray | base.HostArray, source: base.DeviceArray | base.HostArray) -> None:
        to, of = cast(CudaArray, target), cast(CudaArray, source)
        if to.nbytes != of.nbytes:
            raise ValueError(f"a copy of {of.nbytes} bytes to {to.nbytes}")
        if not of.nbytes:
            return
        with self._device.errors(f"copy {of.nbytes} bytes"):
            self._device.use()
            view = self._device.view(to.pointer, to.nbytes, to.buffer)
            view.copy_from(self._device.view(of.pointer, of.nbytes, of.buffer), stream=self._stream)

    def record(self, event: base.Event) -> None:
        with self._device.errors("record an event"):
            self._device.use()
            self._stream.record(cast(CudaEvent, event).event)

    def wait(self, event: base.Event) -> None:
        with self._device.errors("order its streams"):
            self._device.use()
            self._stream.wait(cast(CudaEvent, event).event)

    def capture(self, name: str, enqueue: Callable[[], None]) -> base.Graph:
        with self._device.errors(f"capture {name} in a graph"):
            self._device.use()
            builder = self._stream.create_graph_builder()
            try:
                # Other threads may allocate meanwhile; what this one may not do in a capture is an error.
                builder.begin_building(mode="thread_local")
                enqueue()
                return CudaGraph(self._device, name, builder.end_building().complete())
            finally:
                builder.close()

    def replay(self, graph: base.Graph) -> None:
        given = cast(CudaGraph, graph)
        with self._device.errors(f"run {given.name}"):
            self._device.use()
            given.graph.launch(self._stream)


class CudaGraph:
    """A base.Graph."""

    def __init__(self, device: CudaDevice, name: str, graph: Any) -> None:
        self.name, self.graph = name, graph
        self._device = device

    def close(self) -> None:
        with self._device.errors("free a graph"):
            self._device.use()
            self.graph.close()
