"""Arrays in a CUDA device's memory and in page-locked memory of the host, without torch."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engines.errors import ModelError
from engines.inference.cuda import driver as cuda


class Memory:
    """A pool of device memory: the memory of an array that is no longer referenced is reused for the next one.

    Work that still reads it is safe as long as the user of the next array waits for the streams on which the former was
    used, as an engine's `enqueue` does for its caller's.
    """

    def __init__(self) -> None:
        self._free: dict[int, list[int]] = {}

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> DeviceArray:
        """An uninitialized array."""
        size = _bytes(shape, dtype)
        free = self._free.setdefault(size, [])
        return DeviceArray(shape, dtype, free.pop() if free else None, free)

    def joined(self, parts: list[DeviceArray], stream: cuda.Stream) -> DeviceArray:
        """Enqueues the concatenation of several arrays along the first axis."""
        whole = self.take((sum(len(part) for part in parts), *parts[0].shape[1:]), parts[0].dtype)
        address = whole.pointer
        for part in parts:
            cuda.copy(address, part.pointer, part.nbytes, stream)
            address += part.nbytes
        return whole


class DeviceArray:
    """A contiguous array in device memory; other libraries read it without a copy by `__cuda_array_interface__`
    (version 3).

    pointer: memory to use, None for new memory; free: list for its address when it is deleted, None to free the memory.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: DTypeLike, pointer: int | None = None, free: list[int] | None = None
    ) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._free = free
        if pointer is None:
            made = ctypes.c_uint64()
            cuda.call("cuMemAlloc_v2", ctypes.byref(made), _bytes(shape, dtype))
            pointer = made.value
        self.pointer = self._whole = pointer

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def first(self, rows: int) -> DeviceArray:
        """This array, shortened to its first rows."""
        self.shape = (rows, *self.shape[1:])
        return self

    def __del__(self) -> None:
        if not hasattr(self, "_whole"):
            return
        if self._free is not None:
            self._free.append(self._whole)
        elif (library := cuda.driver()) is not None:
            library.cuMemFree_v2(self._whole)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return _interface(self.shape, self.dtype, self.pointer)


class DeviceView:
    """A view of rows of another owner's contiguous float32 array in device memory."""

    def __init__(self, owner: Any, shape: tuple[int, ...], pointer: int) -> None:
        self._owner, self.shape, self.pointer = owner, shape, pointer

    @classmethod
    def of(cls, array: Any, source: str) -> DeviceView:
        """A view of an array with `__cuda_array_interface__`. Raises ModelError, naming source, for other arrays."""
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
    """Page-locked host memory, for asynchronous copies; `array` is a NumPy view of it."""

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        size = _bytes(shape, dtype)
        pointer = ctypes.c_void_p()
        cuda.call("cuMemHostAlloc", ctypes.byref(pointer), size, 0)
        self.pointer = pointer.value or 0
        memory: Any = (ctypes.c_char * size).from_address(self.pointer)
        self.array: NDArray[Any] = np.frombuffer(memory, dtype, math.prod(shape)).reshape(shape)

    def __del__(self) -> None:
        library = cuda.driver()
        if library is not None and hasattr(self, "pointer"):
            library.cuMemFreeHost(self.pointer)
