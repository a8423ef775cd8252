"""The CUDA driver by its C interface, as much of it as an engine needs that brings no memory of its own.

Only the driver's own library is used (libcuda, there wherever a GPU works), so that a board needs no further package,
and asking for devices costs milliseconds and no torch. Functions and their arguments: CUDA Driver API, cuda.h.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engines.errors import ModelError

_INT, _UINT, _SIZE, _HANDLE, _POINTER = ctypes.c_int, ctypes.c_uint, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_uint64
_INT_P, _HANDLE_P, _POINTER_P = ctypes.POINTER(_INT), ctypes.POINTER(_HANDLE), ctypes.POINTER(_POINTER)
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "cuInit": (_UINT,),
    "cuDeviceGetCount": (_INT_P,),
    "cuDeviceGet": (_INT_P, _INT),
    "cuDeviceGetName": (ctypes.c_char_p, _INT, _INT),
    "cuDeviceGetAttribute": (_INT_P, _INT, _INT),
    "cuDevicePrimaryCtxRetain": (_HANDLE_P, _INT),
    "cuCtxSetCurrent": (_HANDLE,),
    "cuStreamCreate": (_HANDLE_P, _UINT),
    "cuStreamSynchronize": (_HANDLE,),
    "cuStreamWaitEvent": (_HANDLE, _HANDLE, _UINT),
    "cuEventCreate": (_HANDLE_P, _UINT),
    "cuEventRecord": (_HANDLE, _HANDLE),
    "cuMemAlloc_v2": (_POINTER_P, _SIZE),
    "cuMemFree_v2": (_POINTER,),
    "cuMemHostAlloc": (_HANDLE_P, _SIZE, _UINT),
    "cuMemFreeHost": (_HANDLE,),
    "cuMemcpyAsync": (_POINTER, _POINTER, _SIZE, _HANDLE),
}
_CAPABILITY = (75, 76)  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: does not wait for the default stream
_NO_TIMING = 2  # CU_EVENT_DISABLE_TIMING


@cache
def driver() -> ctypes.CDLL | None:
    """The driver's library, ready to be called, or None where there is none or it cannot start."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
        for name, arguments in _FUNCTIONS.items():
            getattr(library, name).argtypes = arguments
            getattr(library, name).restype = ctypes.c_int
    except (OSError, AttributeError):
        return None
    return library if library.cuInit(0) == 0 else None


def device_count() -> int:
    """How many CUDA devices this process sees; CUDA_VISIBLE_DEVICES counts."""
    if driver() is None:
        return 0
    count = _INT()
    _call("cuDeviceGetCount", ctypes.byref(count))
    return count.value


@dataclass(frozen=True, slots=True)
class Gpu:
    """A CUDA device: index, the name its maker gave it and its compute capability, such as (8, 6)."""

    index: int
    name: str
    capability: tuple[int, int]


@cache
def gpu(index: int) -> Gpu:
    """What is known of a device. Raises ModelError when there is no such device."""
    handle, name, values = _INT(), ctypes.create_string_buffer(256), (_INT(), _INT())
    _call("cuDeviceGet", ctypes.byref(handle), index)
    _call("cuDeviceGetName", name, len(name), handle)
    for value, attribute in zip(values, _CAPABILITY, strict=True):
        _call("cuDeviceGetAttribute", ctypes.byref(value), attribute, handle)
    return Gpu(index, name.value.decode(), (values[0].value, values[1].value))


@cache
def _context(index: int) -> int:
    """The device's primary context, which the CUDA runtime and torch use as well; it lives as long as the process."""
    handle, context = _INT(), _HANDLE()
    _call("cuDeviceGet", ctypes.byref(handle), index)
    _call("cuDevicePrimaryCtxRetain", ctypes.byref(context), handle)
    return context.value or 0


def use(index: int) -> None:
    """Make a device the one that this thread's further calls are for."""
    _call("cuCtxSetCurrent", _context(index))


class Stream:
    """A stream of work on the current device, and an event to wait by; `handle` is a cudaStream_t as a number."""

    def __init__(self) -> None:
        stream, event = _HANDLE(), _HANDLE()
        _call("cuStreamCreate", ctypes.byref(stream), _NON_BLOCKING)
        _call("cuEventCreate", ctypes.byref(event), _NO_TIMING)
        self.handle = stream.value or 0
        self._event = event.value or 0

    def wait_for(self, other: int) -> None:
        """Let what follows on this stream wait for what is on the other one now; the host does not wait."""
        self._order(other, self.handle)

    def let_wait(self, other: int) -> None:
        """Let what follows on the other stream wait for what is on this one now."""
        self._order(self.handle, other)

    def synchronize(self) -> None:
        """Wait on the host until everything on this stream is done."""
        _call("cuStreamSynchronize", self.handle)

    def _order(self, before: int, after: int) -> None:
        _call("cuEventRecord", self._event, before)
        _call("cuStreamWaitEvent", after, self._event, 0)


class Memory:
    """Device memory that is used again: an array that nobody holds any more leaves its place to the next one.

    Work that still reads it is safe as long as whoever takes the next array waits for the streams that it was used on,
    as an engine's `enqueue` does for its caller's.
    """

    def __init__(self) -> None:
        self._free: dict[int, list[int]] = {}

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> DeviceArray:
        """An array whose contents are what was there."""
        size = _bytes(shape, dtype)
        free = self._free.setdefault(size, [])
        return DeviceArray(shape, dtype, free.pop() if free else None, free)

    def joined(self, parts: list[DeviceArray], stream: Stream) -> DeviceArray:
        """The rows of several arrays in one, when the stream comes to it."""
        whole = self.take((sum(len(part) for part in parts), *parts[0].shape[1:]), parts[0].dtype)
        place = whole.pointer
        for part in parts:
            copy(place, part.pointer, part.nbytes, stream)
            place += part.nbytes
        return whole


class DeviceArray:
    """A contiguous array in device memory; others read it in place by `__cuda_array_interface__` (version 3).

    pointer: memory to use, None for new memory; free: where its address goes in the end, None to give it back to CUDA.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: DTypeLike, pointer: int | None = None, free: list[int] | None = None
    ) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._free = free
        if pointer is None:
            made = _POINTER()
            _call("cuMemAlloc_v2", ctypes.byref(made), _bytes(shape, dtype))
            pointer = made.value
        self.pointer = self._whole = pointer

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def first(self, rows: int) -> DeviceArray:
        """This array, cut down to its first rows."""
        self.shape = (rows, *self.shape[1:])
        return self

    def __del__(self) -> None:
        if not hasattr(self, "_whole"):
            return
        if self._free is not None:
            self._free.append(self._whole)
        elif (library := driver()) is not None:
            library.cuMemFree_v2(self._whole)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return _interface(self.shape, self.dtype, self.pointer)


class DeviceView:
    """Rows of somebody else's contiguous float32 array in device memory."""

    def __init__(self, owner: Any, shape: tuple[int, ...], pointer: int) -> None:
        self._owner, self.shape, self.pointer = owner, shape, pointer

    @classmethod
    def of(cls, array: Any, source: str) -> DeviceView:
        """The whole of anything with `__cuda_array_interface__`. Raises ModelError, naming source, for other arrays."""
        known = getattr(array, "__cuda_array_interface__", None)
        if known is None:
            raise ModelError(f"{source}: an input of {type(array).__name__} is not an array on a CUDA device")
        if known["typestr"] != "<f4" or not _contiguous(known):
            raise ModelError(f"{source}: an input on the device is not contiguous float32 ({known['typestr']})")
        return cls(array, tuple(known["shape"]), known["data"][0])

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * 4

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> DeviceView:
        start, stop, _ = rows.indices(len(self))
        row = math.prod(self.shape[1:]) * 4
        return DeviceView(self._owner, (max(stop - start, 0), *self.shape[1:]), self.pointer + start * row)


def _bytes(shape: tuple[int, ...], dtype: DTypeLike) -> int:
    return max(math.prod(shape) * np.dtype(dtype).itemsize, 1)


def _interface(shape: tuple[int, ...], dtype: np.dtype[Any], pointer: int) -> dict[str, Any]:
    return {"shape": shape, "typestr": dtype.str, "data": (pointer, False), "strides": None, "version": 3}


def _contiguous(known: dict[str, Any]) -> bool:
    strides, step = known.get("strides"), 4
    if strides is None:
        return True
    for size, stride in zip(reversed(known["shape"]), reversed(strides), strict=True):
        if size != 1 and stride != step:
            return False
        step *= size
    return True


class PinnedArray:
    """Page-locked memory of the host, which the device copies from and to by itself; `array` is it in NumPy."""

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        size = _bytes(shape, dtype)
        pointer = _HANDLE()
        _call("cuMemHostAlloc", ctypes.byref(pointer), size, 0)
        self.pointer = pointer.value or 0
        memory = (ctypes.c_char * size).from_address(self.pointer)
        self.array: NDArray[Any] = np.frombuffer(memory, dtype, math.prod(shape)).reshape(shape)

    def __del__(self) -> None:
        library = driver()
        if library is not None and hasattr(self, "pointer"):
            library.cuMemFreeHost(self.pointer)


def copy(target: int, source: int, size: int, stream: Stream) -> None:
    """Copy `size` bytes between addresses, of the host or the device, when the stream comes to it."""
    _call("cuMemcpyAsync", target, source, size, stream.handle)


class CudaError(Exception):
    """A call of the driver failed; the message holds its name and CUDA's name for the error."""


_ERRORS = {
    2: "CUDA_ERROR_OUT_OF_MEMORY",
    46: "CUDA_ERROR_DEVICE_UNAVAILABLE",
    100: "CUDA_ERROR_NO_DEVICE",
    101: "CUDA_ERROR_INVALID_DEVICE",
    214: "CUDA_ERROR_ECC_UNCORRECTABLE",
    700: "CUDA_ERROR_ILLEGAL_ADDRESS",
    702: "CUDA_ERROR_LAUNCH_TIMEOUT",
    709: "CUDA_ERROR_CONTEXT_IS_DESTROYED",
    710: "CUDA_ERROR_ASSERT",
    714: "CUDA_ERROR_HARDWARE_STACK_ERROR",
    715: "CUDA_ERROR_ILLEGAL_INSTRUCTION",
    716: "CUDA_ERROR_MISALIGNED_ADDRESS",
    719: "CUDA_ERROR_LAUNCH_FAILED",
}


def _call(name: str, *arguments: Any) -> None:
    library = driver()
    if library is None:
        raise ModelError("there is no CUDA device here: no NVIDIA driver (libcuda.so.1) was found")
    code = getattr(library, name)(*arguments)
    if code != 0:
        raise CudaError(f"{name}: {_ERRORS.get(code, f'CUDA error {code}')}")
