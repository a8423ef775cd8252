"""Native operators on arrays, with a NumPy reference of each: the only importable package of the kernels.

NATIVE: the compiled operators are used. CUDA: they were built with CUDA (a device may still be missing, see
`cuda_device_count`).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from edge_kernels._backend import (
    CUDA,
    NATIVE,
    ExecutionPlan,
    GraphConv,
    Linear,
    amx_refusal,
    box_overlaps,
    crop,
    cuda_device_count,
    ell_matmul,
    fit_rotations,
    follow,
    heatmap,
    kernel_threads,
    keypoint_similarity,
    letterbox,
    masked_median,
    median_colors,
    nms,
    nv12_to_bgr,
    paint,
    rasterize,
    refine_pose,
    set_threads,
    shape_evidence,
    skinning,
)
from edge_kernels.body_skinning import Skinning
from edge_kernels.csr import CsrMatrix, SkipRows
from edge_kernels.ell import Ell
from edge_kernels.planar import planar_colors
from edge_kernels.skinning_model import SkinningModel

if TYPE_CHECKING:
    Plan = ExecutionPlan
    SkinningConstants = SkinningModel

__all__ = [
    "CUDA",
    "NATIVE",
    "CsrMatrix",
    "Ell",
    "ExecutionPlan",
    "GraphConv",
    "Linear",
    "Skinning",
    "SkinningModel",
    "SkipRows",
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
    "planar_colors",
    "rasterize",
    "refine_pose",
    "set_threads",
    "shape_evidence",
    "skinning",
]

_RENAMED: dict[str, Any] = {"Plan": ExecutionPlan, "SkinningConstants": SkinningModel}


def __getattr__(name: str) -> Any:
    """The former names of two classes, with a DeprecationWarning, for one release."""
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    renamed = _RENAMED[name]
    warnings.warn(
        f"edge_kernels.{name} is deprecated; use edge_kernels.{renamed.__name__}", DeprecationWarning, stacklevel=2
    )
    return renamed
