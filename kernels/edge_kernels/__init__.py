"""Native operators on arrays, with a NumPy reference of each: the only importable package of the kernels.

NATIVE says whether the compiled operators are used, CUDA whether they were built with CUDA (a device may still be
missing: see `cuda_device_count`).
"""

from edge_kernels._backend import (
    CUDA,
    NATIVE,
    GraphConv,
    Linear,
    crop,
    cuda_device_count,
    ell_matmul,
    heatmap,
    letterbox,
    nms,
    rasterize,
    set_threads,
)
from edge_kernels.ell import Ell

__all__ = [
    "CUDA",
    "NATIVE",
    "Ell",
    "GraphConv",
    "Linear",
    "crop",
    "cuda_device_count",
    "ell_matmul",
    "heatmap",
    "letterbox",
    "nms",
    "rasterize",
    "set_threads",
]
