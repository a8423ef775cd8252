"""graph_conv in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check
from edge_kernels.bfloat16 import from_bf16, to_bf16
from edge_kernels.csr import CsrMatrix, SkipRows

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

SKIP_MISSING = "skip: this layer adds a skip connection; pass its features"
SKIP_UNEXPECTED = "skip: this layer adds no skip connection; pass None"


class GraphConv:
    """A Chebyshev graph convolution of order 3 with its linear layer; see graph_conv.hpp for the contract."""

    def __init__(
        self,
        self_rows: I32,
        one_hop: CsrMatrix,
        two_hops: CsrMatrix,
        weight: F32,
        bias: F32,
        sources: int,
        skip: SkipRows | None,
        relu: bool,
        bf16: bool,
        device: int = -1,
        kernel: str = "vector",
    ) -> None:
        _check.host(device)
        _check.kernel(kernel, bf16)
        _check.array(self_rows, "self_rows", np.int32, (None,))
        _check.array(weight, "weight", np.float32, (None, None))
        depth, columns = weight.shape
        if depth == 0 or depth % 3:
            raise ValueError("weight must have 3 channels_in rows, at least 3")
        if columns == 0:
            raise ValueError("weight must have at least one column")
        _check.array(bias, "bias", np.float32, (columns,))
        _inside(self_rows, sources, "self_rows")
        if skip is not None:
            if skip.channels < 1:
                raise ValueError("skip.channels must be at least 1")
            _check.array(skip.rows, "skip.rows", np.int32, self_rows.shape)
            _inside(skip.rows, skip.sources, "skip.rows")
        rows = len(self_rows)
        self._hops = [
            _checked_matrix(matrix, rows, sources, name)
            for name, matrix in (("one_hop", one_hop), ("two_hops", two_hops))
        ]
        self._self, self._skip_rows = self_rows.copy(), None if skip is None else skip.rows.copy()
        self._weight = from_bf16(to_bf16(weight)) if bf16 else weight.copy()
        self._bias, self._relu, self.bf16 = bias.copy(), relu, bf16
        self.rows = rows, sources, 0 if skip is None else skip.sources
        self.channels = depth // 3, columns, 0 if skip is None else skip.channels

    @property
    def entries(self) -> int:
        """Entries of both graph operators."""
        return sum(len(matrix.indices) for matrix in self._hops)

    @property
    def constant_bytes(self) -> int:
        """Bytes of weights, bias and graph."""
        (rows, _, _), (channels_in, channels_out, channels_skip) = self.rows, self.channels
        weights = 3 * channels_in * channels_out * (2 if self.bf16 else 4)
        graph = 8 * self.entries + 8 * (rows + 1) + (8 if channels_skip else 4) * rows
        return int(weights + 4 * channels_out + graph)

    def __call__(self, x: NDArray[Any], skip: NDArray[Any] | None, out: NDArray[Any], stream: int = 0) -> None:
        """x (sources, batch, channels_in), skip (skip_sources, batch, channels_skip) or None; writes out."""
        rows, sources, skip_sources = self.rows
        channels_in, channels_out, channels_skip = self.channels
        dtype = np.uint16 if self.bf16 else np.float32
        _check.array(x, "x", dtype, (sources, None, channels_in))
        batch = x.shape[1]
        _check.output(out, "out", dtype, (rows, batch, channels_out))
        if (skip is not None) != (channels_skip > 0):
            raise ValueError(SKIP_MISSING if channels_skip else SKIP_UNEXPECTED)
        if skip is not None:
            _check.array(skip, "skip", dtype, (skip_sources, batch, channels_skip))
        for name, given in (("x", x), ("skip", skip)):
            if given is not None and np.may_share_memory(given, out):
                raise ValueError(f"out must not overlap {name}")
        out[:] = self._store(self.features(x, skip))

    def features(self, x: NDArray[Any], skip: NDArray[Any] | None) -> F32:
        """The result in float32, before it is stored."""
        features = self._load(x)
        orders = [features[self._self]]
        for indptr, indices, data in self._hops:
            terms = data[:, None, None] * features[indices]
            total = np.concatenate([np.zeros((1, *terms.shape[1:])), np.cumsum(terms, axis=0, dtype=np.float64)])
            orders.append(self._load(self._store((total[indptr[1:]] - total[indptr[:-1]]).astype(np.float32))))
        result = np.concatenate(orders, -1) @ self._weight + self._bias
        if self._relu:
            result = np.maximum(result, 0)
        if skip is not None:
            result += resize(self._load(skip), self.channels[1])[self._skip_rows]
        return np.asarray(result, np.float32)

    def _load(self, values: NDArray[Any]) -> F32:
        return from_bf16(values) if self.bf16 else values

    def _store(self, values: F32) -> NDArray[Any]:
        return to_bf16(values) if self.bf16 else values


def resize(x: F32, channels: int) -> F32:
    """Linear interpolation of the last axis to `channels`, centers at half integers."""
    position = np.maximum((np.arange(channels) + 0.5) * x.shape[-1] / channels - 0.5, 0)
    low = position.astype(np.int64)
    weight = (position - low).astype(np.float32)
    result: F32 = (1 - weight) * x[..., low] + weight * x[..., np.minimum(low + 1, x.shape[-1] - 1)]
    return result


def _inside(indices: I32, count: int, name: str) -> None:
    if indices.size and not (indices.min() >= 0 and indices.max() < count):
        raise ValueError(f"{name} must be in 0..{count - 1}")


def _checked_matrix(matrix: CsrMatrix, rows: int, sources: int, name: str) -> CsrMatrix:
    """A copy of a matrix with `rows` rows and `sources` columns, or ValueError."""
    indptr, indices, data = matrix.indptr, matrix.indices, matrix.data
    _check.array(indptr, f"{name}.indptr", np.int32, (rows + 1,))
    _check.array(indices, f"{name}.indices", np.int32, (None,))
    _check.array(data, f"{name}.data", np.float32, indices.shape)
    if indptr[0] != 0 or indptr[-1] != len(indices) or (np.diff(indptr) < 0).any():
        raise ValueError(f"{name}.indptr must rise from 0 to the number of entries")
    _inside(indices, sources, f"{name}.indices")
    return CsrMatrix(indptr.copy(), indices.copy(), data.copy())
