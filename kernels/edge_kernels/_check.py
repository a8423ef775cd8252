"""Argument checks of the NumPy reference, with the same errors as the native operators raise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def array(value: NDArray[Any], name: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> None:
    """TypeError for another dtype, ValueError for another shape (None is any length) or a strided array."""
    _kind(value, name, dtype, shape)
    if not value.flags.c_contiguous:
        raise ValueError(f"{name} must be C-contiguous")


def output(value: NDArray[Any], name: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> None:
    """The same, and TypeError for an array that cannot be written."""
    array(value, name, dtype, shape)
    if not value.flags.writeable:
        raise TypeError(f"{name} is read-only")


def host(device: int) -> None:
    """TypeError for a layer on a CUDA device: NumPy computes on the host only."""
    if device >= 0:
        raise TypeError("the NumPy reference has no CUDA kernels: install meshcast with MESHCAST_CUDA=ON")


def kernel(name: str, bf16: bool) -> None:
    """ValueError for a kernel that does not exist, or not for this layer; NumPy computes all of them alike."""
    if name not in ("vector", "amx", "amx_emulated"):
        raise ValueError(f"kernel must be vector, amx or amx_emulated, not {name}")
    if name != "vector" and not bf16:
        raise ValueError(f"kernel: {name} is for bfloat16 on the CPU")


def image(value: NDArray[Any], name: str, shape: tuple[int | None, ...]) -> None:
    """The same for uint8 images, whose rows may be any distance apart; ValueError for one without pixels."""
    _kind(value, name, np.uint8, shape)
    if not value.size:
        raise ValueError(f"{name} has no pixels")
    if not value[:1].flags.c_contiguous:
        raise ValueError(f"{name} must have its pixels side by side in a row")


def _kind(value: NDArray[Any], name: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> None:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, not {type(value).__name__}")
    if value.dtype != dtype:
        raise TypeError(f"{name} must be {np.dtype(dtype)}, not {value.dtype}")
    if value.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, value.shape, strict=True)):
        wanted = ", ".join("*" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} must have the shape ({wanted}), not {value.shape}")
