"""Chooses the compiled operators where they exist, else the NumPy reference, and says so once."""

from __future__ import annotations

import logging

_log = logging.getLogger("meshcast.kernels")

try:
    import edge_kernels._native as _native
except ImportError as error:
    from edge_kernels.reference import ell_matmul, rasterize

    NATIVE = False
    CUDA = False
    _log.warning(
        "the native operators cannot be loaded (%s): the slower NumPy reference is used; "
        "install a C++ compiler and Python's headers (g++, python3-dev) and reinstall meshcast",
        error,
    )

    def cuda_device_count() -> int:
        """How many CUDA devices this process can use; 0 without CUDA."""
        return 0

else:
    ell_matmul = _native.ell_matmul
    rasterize = _native.rasterize
    cuda_device_count = _native.cuda_device_count
    NATIVE = True
    CUDA = _native.CUDA

__all__ = ["CUDA", "NATIVE", "cuda_device_count", "ell_matmul", "rasterize"]
