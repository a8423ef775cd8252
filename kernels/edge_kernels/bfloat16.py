"""bfloat16 in NumPy, which has no such type: the upper halves of float32 numbers, as uint16."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U16 = NDArray[np.uint16]


def to_bf16(values: F32) -> U16:
    """float32 of any shape, rounded to the nearest, ties to even; what is not a number stays one."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    quiet = (bits >> np.uint32(16)) | np.uint32(0x40)
    halves: U16 = np.where((bits & np.uint32(0x7FFFFFFF)) > np.uint32(0x7F800000), quiet, rounded).astype(np.uint16)
    return halves


def from_bf16(halves: U16) -> F32:
    """The float32 numbers that bfloat16 halves stand for, exactly."""
    values: F32 = (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values
