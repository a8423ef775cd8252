"""DLPack capsules of memory at an address, for operators that take arrays of any library."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

CPU, CUDA = 1, 2  # DLPack's device types
_CODES = {"i": 0, "u": 1, "f": 2}
_NAME = b"dltensor"


class _Device(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32), ("index", ctypes.c_int32)]


class _Type(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("axes", ctypes.c_int32),
        ("type", _Type),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("offset", ctypes.c_uint64),
    ]


class _Managed(ctypes.Structure):
    pass


_DELETER = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Managed))
_Managed._fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _DELETER)]

_DESTRUCTOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, _DESTRUCTOR]
_valid = ctypes.pythonapi.PyCapsule_IsValid
_valid.restype, _valid.argtypes = ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]

_alive: dict[int, tuple[Any, ...]] = {}  # by address, until the consumer of the capsule is done with it


def _delete(managed: Any) -> None:
    _alive.pop(ctypes.addressof(managed.contents), None)


def _destroy(capsule: int) -> None:
    if _valid(capsule, _NAME):  # its consumer renames a capsule that it has taken over
        _alive.pop(_pointer(capsule, _NAME), None)


_DELETE, _DESTROY = _DELETER(_delete), _DESTRUCTOR(_destroy)


def capsule(owner: Any, pointer: int, shape: tuple[int, ...], dtype: np.dtype[Any], device: tuple[int, int]) -> Any:
    """A DLPack capsule of a C-contiguous array that `owner` keeps alive. device: DLPack's type and the index."""
    sizes = (ctypes.c_int64 * len(shape))(*shape)
    steps = (ctypes.c_int64 * len(shape))(*(math.prod(shape[axis + 1 :]) for axis in range(len(shape))))
    kind = _Type(_CODES[dtype.kind], 8 * dtype.itemsize, 1)
    tensor = _Tensor(pointer, _Device(*device), len(shape), kind, sizes, steps, 0)
    managed = _Managed(tensor, None, _DELETE)
    address = ctypes.addressof(managed)
    _alive[address] = (managed, sizes, steps, owner)
    return _new(address, _NAME, _DESTROY)
