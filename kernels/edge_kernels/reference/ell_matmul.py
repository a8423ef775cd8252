"""ell_matmul in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


def ell_matmul(indices: I32, values: F32, x: F32, out: F32, stream: int = 0) -> None:
    """out[n, r, :] = sum over k of values[r, k] * x[n, indices[r, k], :]; see ell_matmul.hpp for the contract."""
    _check.array(x, "x", np.float32, (None, None, None))
    _check.array(indices, "indices", np.int32, (None, None))
    _check.array(values, "values", np.float32, indices.shape)
    _check.output(out, "out", np.float32, (x.shape[0], indices.shape[0], x.shape[2]))
    if x.shape[1] == 0 and indices.size:
        raise ValueError("x has no rows for the indices to point at")
    if np.may_share_memory(x, out):
        raise ValueError("out must not overlap x")
    out[:] = 0
    for index, value in zip(indices.T, values.T, strict=True):
        out += value[:, None] * x[:, index]
