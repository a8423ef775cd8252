"""A sparse matrix in ELLPACK form, checked once and multiplied often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels._backend import ell_matmul

F32 = NDArray[np.float32]


class Ell:
    """A sparse (rows, columns) float32 matrix with the same number of entries K in every row.

    indices (rows, K) int32 in 0..columns-1, values (rows, K) float32; short rows are padded with value 0 and any valid
    index. Raises TypeError for other dtypes and ValueError for shapes or indices that do not fit.
    """

    __slots__ = ("columns", "indices", "values")

    def __init__(self, indices: NDArray[np.int32], values: F32, columns: int) -> None:
        if indices.dtype != np.int32 or values.dtype != np.float32:
            raise TypeError(f"indices must be int32 and values float32, not {indices.dtype} and {values.dtype}")
        if indices.ndim != 2 or indices.shape != values.shape:
            raise ValueError(f"indices and values must have one shape (rows, K): {indices.shape}, {values.shape}")
        if indices.size and not (indices.min() >= 0 and indices.max() < columns):
            raise ValueError(f"indices must be in 0..{columns - 1}, not {indices.min()}..{indices.max()}")
        self.indices = np.ascontiguousarray(indices)
        self.values = np.ascontiguousarray(values)
        self.columns = columns

    @property
    def rows(self) -> int:
        """How many rows the product has."""
        return len(self.indices)

    def __call__(self, x: F32, out: F32 | None = None) -> F32:
        """The product (N, rows, C) with x (N, columns, C) float32, written to `out` (C-contiguous) when given.

        Raises TypeError for another dtype, ValueError for another shape or when `out` overlaps `x`.
        """
        x = np.ascontiguousarray(x)
        if x.ndim != 3 or x.shape[1] != self.columns:
            raise ValueError(f"x must have the shape (N, {self.columns}, C), not {x.shape}")
        if out is None:
            out = np.empty((x.shape[0], self.rows, x.shape[2]), np.float32)
        ell_matmul(self.indices, self.values, x, out)
        return out
