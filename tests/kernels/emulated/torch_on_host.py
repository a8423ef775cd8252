"""A pytest plugin: torch's CUDA tensors as the emulation sees them, host memory that says it is on a device."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch

import edge_kernels._native

CUDA = 2  # DLPack's device type
DEVICE_AT = {b"dltensor": 8, b"dltensor_versioned": 40}  # where the structure in a capsule says its device

_name = ctypes.pythonapi.PyCapsule_GetName
_name.restype, _name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


class OnDevice(torch.Tensor):
    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any:
        capsule = self.as_subclass(torch.Tensor).__dlpack__()
        name = _name(capsule)
        ctypes.c_int32.from_address(_pointer(capsule, name) + DEVICE_AT[name]).value = CUDA
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return CUDA, 0

    def cpu(self) -> torch.Tensor:
        return self.as_subclass(torch.Tensor).clone()


class Graph:
    """One graph at a time, which is all that the tests need."""

    def replay(self) -> None:
        library.emulated_replay()


@contextmanager
def capture(graph: Graph) -> Iterator[None]:
    library.emulated_begin_capture()
    try:
        yield
    finally:
        library.emulated_end_capture()


library = ctypes.CDLL(edge_kernels._native.__file__)


def pytest_configure() -> None:
    stream = SimpleNamespace(cuda_stream=0, synchronize=lambda: None)
    torch.cuda.is_available = lambda: True
    torch.cuda.current_stream = lambda: stream
    torch.cuda.synchronize = lambda: None
    torch.cuda.get_device_properties = lambda device: SimpleNamespace(multi_processor_count=4)
    torch.cuda.CUDAGraph = Graph
    torch.cuda.graph = capture
    torch.Tensor.cuda = lambda self: self.clone().as_subclass(OnDevice)
