"""Native operators on arrays, with a NumPy reference of each: the only importable package of the kernels.

NATIVE says whether the compiled operators are used, CUDA whether they were built with CUDA (a device may still be
missing: see `cuda_device_count`).
"""

from edge_kernels._backend import (
    CUDA,
    NATIVE,
    GraphConv,
    Linear,
    Plan,
    crop,
    cuda_device_count,
    ell_matmul,
    fit_rotations,
    heatmap,
    letterbox,
    nms,
    rasterize,
    set_threads,
    shape_evidence,
    skinning,
)
from edge_kernels.ell import Ell
from edge_kernels.skinning_model import Skinning, SkinningConstants

__all__ = [
    "CUDA",
    "NATIVE",
    "Ell",
    "GraphConv",
    "Linear",
    "Plan",
    "Skinning",
    "SkinningConstants",
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
