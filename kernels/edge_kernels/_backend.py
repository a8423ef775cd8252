"""Chooses the compiled operators where they exist, else the NumPy reference with one warning."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

_log = logging.getLogger("meshcast.kernels")

if TYPE_CHECKING:  # the classes of both have the same signatures
    from edge_kernels.reference import ExecutionPlan, GraphConv, Linear

try:
    import edge_kernels._native as _native
except ImportError as error:
    from edge_kernels import reference
    from edge_kernels.reference import (
        box_overlaps,
        crop,
        ell_matmul,
        fit_rotations,
        follow,
        heatmap,
        keypoint_similarity,
        letterbox,
        masked_median,
        median_colors,
        nms,
        nv12_to_bgr,
        paint,
        rasterize,
        refine_pose,
        shape_evidence,
        skinning,
    )

    if not TYPE_CHECKING:
        GraphConv, Linear, ExecutionPlan = reference.GraphConv, reference.Linear, reference.ExecutionPlan
    NATIVE = False
    CUDA = False
    _log.warning(
        "native operators: cannot be loaded (%s), the slower NumPy reference is used; "
        "install a C++ compiler and Python's headers (g++, python3-dev) and reinstall meshcast",
        error,
    )

    def cuda_device_count() -> int:
        """The number of CUDA devices that this process can use; 0 without CUDA."""
        return 0

    def set_threads(count: int) -> None:
        """Sets the threads of the native operators; the reference uses NumPy's."""

    def kernel_threads() -> int:
        """Threads of the native operators; the reference uses NumPy's."""
        return 1

    def amx_refusal() -> str:
        """Why the kernel "amx" cannot be used; "" where it can."""
        return "the native operators are not built"

else:
    if not TYPE_CHECKING:
        GraphConv, Linear, ExecutionPlan = _native.GraphConv, _native.Linear, _native.ExecutionPlan
    box_overlaps = _native.box_overlaps
    crop = _native.crop
    ell_matmul = _native.ell_matmul
    fit_rotations = _native.fit_rotations
    follow = _native.follow
    heatmap = _native.heatmap
    keypoint_similarity = _native.keypoint_similarity
    letterbox = _native.letterbox
    masked_median = _native.masked_median
    median_colors = _native.median_colors
    nms = _native.nms
    nv12_to_bgr = _native.nv12_to_bgr
    paint = _native.paint
    rasterize = _native.rasterize
    refine_pose = _native.refine_pose
    shape_evidence = _native.shape_evidence
    cuda_device_count = _native.cuda_device_count
    set_threads = _native.set_threads
    skinning = _native.skinning
    NATIVE = True
    CUDA = _native.CUDA
    kernel_threads = _native.threads
    amx_refusal = _native.amx_refusal

__all__ = [
    "CUDA",
    "NATIVE",
    "ExecutionPlan",
    "GraphConv",
    "Linear",
    "amx_refusal",
    "box_overlaps",
    "crop",
    "cuda_device_count",
    "ell_matmul",
    "fit_rotations",
    "follow",
    "heatmap",
    "kernel_threads",
    "keypoint_similarity",
    "letterbox",
    "masked_median",
    "median_colors",
    "nms",
    "nv12_to_bgr",
    "paint",
    "rasterize",
    "refine_pose",
    "set_threads",
    "shape_evidence",
    "skinning",
]
