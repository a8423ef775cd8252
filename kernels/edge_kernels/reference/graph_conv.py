"""graph_conv in NumPy: what the native operator must equal, and what runs where it was not built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check
from edge_kernels.bfloat16 import from_bf16, to_bf16

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


class GraphConv:
    """A Chebyshev graph convolution of order 3 with its linear layer; see graph_conv.hpp for the contract."""

    def __init__(
        self,
        self_rows: I32,
        start1: I32,
        near1: I32,
        value1: F32,
        start2: I32,
        near2: I32,
        value2: F32,
        weight: F32,
        bias: F32,
        sources: int,
        skip_row: I32 | None,
        skip_sources: int,
        channels_skip: int,
        relu: bool,
        bf16: bool,
        device: int = -1,
    ) -> None:
        _check.host(device)
        _check.array(self_rows, "self_rows", np.int32, (None,))
        _check.array(weight, "weight", np.float32, (None, None))
        depth, columns = weight.shape
        if depth == 0 or depth % 3:
            raise ValueError("weight must have 3 channels_in rows, at least 3")
        if columns == 0:
            raise ValueError("weight must have at least one column")
        _check.array(bias, "bias", np.float32, (columns,))
        if channels_skip < 0:
            raise ValueError("channels_skip must not be negative")
        _inside(self_rows, sources, "self_rows")
        if (skip_row is not None) != (channels_skip > 0):
            raise ValueError("skip_row and channels_skip go together: give both, or None and 0")
        if skip_row is not None:
            _check.array(skip_row, "skip_row", np.int32, self_rows.shape)
            _inside(skip_row, skip_sources, "skip_row")
        rows = len(self_rows)
        self._hops = [
            _hops(rows, sources, start, near, value, hop)
            for hop, (start, near, value) in enumerate(((start1, near1, value1), (start2, near2, value2)), 1)
        ]
        self._self, self._skip_row = self_rows.copy(), None if skip_row is None else skip_row.copy()
        self._weight = from_bf16(to_bf16(weight)) if bf16 else weight.copy()
        self._bias, self._relu, self.bf16 = bias.copy(), relu, bf16
        self.rows = len(self_rows), sources, skip_sources
        self.channels = depth // 3, columns, channels_skip

    @property
    def entries(self) -> int:
        """Entries of both graph operators."""
        return sum(len(near) for _, near, _ in self._hops)

    @property
    def constant_bytes(self) -> int:
        """What weights, bias and graph take."""
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
            raise ValueError("this layer adds a skip: give it one" if channels_skip else "this layer adds no skip")
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
        for start, near, value in self._hops:
            shares = value[:, None, None] * features[near]
            total = np.concatenate([np.zeros((1, *shares.shape[1:])), np.cumsum(shares, axis=0, dtype=np.float64)])
            orders.append(self._load(self._store((total[start[1:]] - total[start[:-1]]).astype(np.float32))))
        result = np.concatenate(orders, -1) @ self._weight + self._bias
        if self._relu:
            result = np.maximum(result, 0)
        if skip is not None:
            result += resize(self._load(skip), self.channels[1])[self._skip_row]
        return np.asarray(result, np.float32)

    def _load(self, values: NDArray[Any]) -> F32:
        return from_bf16(values) if self.bf16 else values

    def _store(self, values: F32) -> NDArray[Any]:
        return to_bf16(values) if self.bf16 else values


def resize(x: F32, channels: int) -> F32:
    """Linear interpolation of the last axis to `channels`, centers at half integers."""
    place = np.maximum((np.arange(channels) + 0.5) * x.shape[-1] / channels - 0.5, 0)
    low = place.astype(np.int64)
    share = (place - low).astype(np.float32)
    result: F32 = (1 - share) * x[..., low] + share * x[..., np.minimum(low + 1, x.shape[-1] - 1)]
    return result


def _inside(indices: I32, count: int, name: str) -> None:
    if indices.size and not (indices.min() >= 0 and indices.max() < count):
        raise ValueError(f"{name} must be in 0..{count - 1}")


def _hops(rows: int, sources: int, start: I32, near: I32, value: F32, hop: int) -> tuple[I32, I32, F32]:
    _check.array(start, f"start{hop}", np.int32, (rows + 1,))
    _check.array(near, f"near{hop}", np.int32, (None,))
    _check.array(value, f"value{hop}", np.float32, near.shape)
    if start[0] != 0 or start[-1] != len(near) or (np.diff(start) < 0).any():
        raise ValueError(f"start{hop} must rise from 0 to the number of entries")
    _inside(near, sources, f"near{hop}")
    return start.copy(), near.copy(), value.copy()
