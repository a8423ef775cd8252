"""Minimal ctypes bindings of the CUDA driver API.

Only libcuda is used, which is installed with every driver, so that a board needs no further package and listing the
devices takes milliseconds without torch. Functions and their arguments: CUDA Driver API, cuda.h.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any

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
    """The initialized driver library, or None where it is missing or cannot be initialized."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
        for name, arguments in _FUNCTIONS.items():
            getattr(library, name).argtypes = arguments
            getattr(library, name).restype = ctypes.c_int
    except (OSError, AttributeError):
        return None
    return library if library.cuInit(0) == 0 else None


def device_count() -> int:
    """The number of CUDA devices visible to this process, see CUDA_VISIBLE_DEVICES."""
    if driver() is None:
        return 0
    count = _INT()
    call("cuDeviceGetCount", ctypes.byref(count))
    return count.value


@dataclass(frozen=True, slots=True)
class Gpu:
    """A CUDA device: index, product name and compute capability, such as (8, 6)."""

    index: int
    name: str
    capability: tuple[int, int]


@cache
def gpu(index: int) -> Gpu:
    """The properties of a device. Raises ModelError when there is no such device."""
    handle, name, values = _INT(), ctypes.create_string_buffer(256), (_INT(), _INT())
    call("cuDeviceGet", ctypes.byref(handle), index)
    call("cuDeviceGetName", name, len(name), handle)
    for value, attribute in zip(values, _CAPABILITY, strict=True):
        call("cuDeviceGetAttribute", ctypes.byref(value), attribute, handle)
    return Gpu(index, name.value.decode(), (values[0].value, values[1].value))


@cache
def _context(index: int) -> int:
    """The device's primary context, which the CUDA runtime and torch use as well; it lives as long as the process."""
    handle, context = _INT(), _HANDLE()
    call("cuDeviceGet", ctypes.byref(handle), index)
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), handle)
    return context.value or 0


def use(index: int) -> None:
    """Makes a device the current one of this thread."""
    call("cuCtxSetCurrent", _context(index))


class Stream:
    """A stream on the current device, and an event for synchronization; `handle` is a cudaStream_t as an integer."""

    def __init__(self) -> None:
        stream, event = _HANDLE(), _HANDLE()
        call("cuStreamCreate", ctypes.byref(stream), _NON_BLOCKING)
        call("cuEventCreate", ctypes.byref(event), _NO_TIMING)
        self.handle = stream.value or 0
        self._event = event.value or 0

    def wait_for(self, other: int) -> None:
        """Makes later work on this stream wait for the work that is on the other one now; the host does not wait."""
        self._order(other, self.handle)

    def make_wait(self, other: int) -> None:
        """Makes later work on the other stream wait for the work that is on this one now."""
        self._order(self.handle, other)

    def synchronize(self) -> None:
        """Waits on the host until all work on this stream is done."""
        call("cuStreamSynchronize", self.handle)

    def _order(self, before: int, after: int) -> None:
        call("cuEventRecord", self._event, before)
        call("cuStreamWaitEvent", after, self._event, 0)


def copy(target: int, source: int, size: int, stream: Stream) -> None:
    """Enqueues a copy of `size` bytes between addresses of the host or the device."""
    call("cuMemcpyAsync", target, source, size, stream.handle)


def copy_on(target: int, source: int, size: int, stream: int) -> None:
    """The same on a stream of another library, a cudaStream_t as an integer."""
    call("cuMemcpyAsync", target, source, size, stream)


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


def call(name: str, *arguments: Any) -> None:
    """Calls a function of the driver. Raises CudaError, and ModelError where there is no driver."""
    library = driver()
    if library is None:
        raise ModelError("CUDA: no device, as no NVIDIA driver (libcuda.so.1) was found; use --device cpu")
    code = getattr(library, name)(*arguments)
    if code != 0:
        raise CudaError(f"{name}: {_ERRORS.get(code, f'CUDA error {code}')}")
