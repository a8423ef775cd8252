"""Chooses the compiled operators where they exist, else the NumPy reference, and says so once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

_log = logging.getLogger("meshcast.kernels")

if TYPE_CHECKING:  # the classes of both have the same signatures
    from edge_kernels.reference import GraphConv, Linear, Plan

try:
    import edge_kernels._native as _native
except ImportError as error:
    from edge_kernels import reference
    from edge_kernels.reference import (
        crop,
        ell_matmul,
        fit_rotations,
        heatmap,
        letterbox,
        nms,
        rasterize,
        shape_evidence,
        skinning,
    )

    if not TYPE_CHECKING:
        GraphConv, Linear, Plan = reference.GraphConv, reference.Linear, reference.Plan
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

    def set_threads(count: int) -> None:
        """Threads of the native operators; the reference uses NumPy's."""

else:
    if not TYPE_CHECKING:
        GraphConv, Linear, Plan = _native.GraphConv, _native.Linear, _native.Plan
    crop = _native.crop
    ell_matmul = _native.ell_matmul
    fit_rotations = _native.fit_rotations
    heatmap = _native.heatmap
    letterbox = _native.letterbox
    nms = _native.nms
    rasterize = _native.rasterize
    shape_evidence = _native.shape_evidence
    cuda_device_count = _native.cuda_device_count
    set_threads = _native.set_threads
    skinning = _native.skinning
    NATIVE = True
    CUDA = _native.CUDA

__all__ = [
    "CUDA",
    "NATIVE",
    "GraphConv",
    "Linear",
    "Plan",
    "crop",
    "cuda_device_count",
    "ell_matmul",
    "fit_rotations",
    "heatmap",
    "letterbox",
    "nms",
    "rasterize",
    "set_threads",
    "shape_evidence",
    "skinning",
]
