"""The execution plan in NumPy: the reference of the native one, and its replacement where that was not built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check
from edge_kernels.bfloat16 import from_bf16, to_bf16
from edge_kernels.reference.graph_conv import SKIP_MISSING, SKIP_UNEXPECTED, GraphConv
from edge_kernels.reference.linear import Linear

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Channels = tuple[int, int, int]  # width, stride, first
View = Callable[[list[NDArray[Any]]], NDArray[Any]]
X, OUT = 0, 1


class ExecutionPlan:
    """Layers one after the other over buffers; see plan.hpp for the contract."""

    def __init__(
        self, inputs: int, outputs: int, buffers: Sequence[tuple[int, bool]], people: int, device: int = -1
    ) -> None:
        _check.host(device)
        self._buffers = [(inputs, False), (outputs, False), *buffers]
        if min(numbers for numbers, _ in self._buffers) < 1:
            raise ValueError("a buffer must have at least one number")
        if people < 1:
            raise ValueError("people must be at least 1")
        self._people = people
        self._held = {X: inputs}
        self._products = self._sums = self._row_bytes = self._constant_bytes = 0
        self._steps: list[Callable[[list[NDArray[Any]]], None]] = []

    @property
    def bytes(self) -> int:
        """Bytes of its own buffers."""
        return sum(-(-numbers * self._people * (2 if bf16 else 4) // 256) * 256 for numbers, bf16 in self._buffers[2:])

    def work(self, batch: int) -> tuple[int, int, int]:
        """Lower bounds: products of the linear parts and of the sums over neighbors, and bytes moved."""
        return batch * self._products, batch * self._sums, batch * self._row_bytes + self._constant_bytes

    def copy(
        self, x: int, out: int, numbers: int, x_as: Channels | None = None, out_as: Channels | None = None
    ) -> None:
        """Numbers of every row, from one layout and type to another."""
        x_view, read = self._view(x, numbers, x_as)
        out_view, written = self._view(out, numbers, out_as)
        self._readable(x, read)
        self._writable(out, written)
        if x == out:
            raise ValueError("a copy needs two buffers")
        self._count(0, 0, 0, (x, numbers), (out, numbers))

        def step(memory: list[NDArray[Any]]) -> None:
            out_view(memory)[...] = self._stored(out, self._loaded(x, x_view(memory))).reshape(out_view(memory).shape)

        self._add(out, written, step)

    def linear(
        self,
        layer: Linear,
        x: int,
        residual: int | None,
        out: int,
        x_as: Channels | None = None,
        out_as: Channels | None = None,
    ) -> None:
        """A fully connected layer; residual and out may be the same buffer."""
        outputs, inputs = layer.shape
        x_view, read = self._view(x, inputs, x_as)
        out_view, written = self._view(out, outputs, out_as)
        self._readable(x, read)
        self._writable(out, written)
        if x == out:
            raise ValueError("the result of a linear layer must not overwrite its input")
        if residual is not None:
            self._readable(residual, outputs)
            self._require_type(residual, False)
            if residual == out and out_as:
                raise ValueError("a residual is read as rows: it cannot be overwritten by features")
            self._count(0, 0, 0, (residual, outputs))
        self._count(inputs * outputs, 0, layer.constant_bytes, (x, inputs), (out, outputs))

        def step(memory: list[NDArray[Any]]) -> None:
            rows = np.ascontiguousarray(self._loaded(x, x_view(memory))).reshape(-1, inputs)
            result = np.empty((len(rows), outputs), np.float32)
            before = None if residual is None else _rows(memory, residual, outputs).reshape(-1, outputs)
            layer(rows, before, result)
            view = out_view(memory)
            view[...] = self._stored(out, result).reshape(view.shape)

        self._add(out, written, step)

    def graph_conv(
        self, layer: GraphConv, x: int, skip: int | None, out: int, output_permutation: I32 | None = None
    ) -> None:
        """A graph convolution; with output_permutation (rows,) out is batch-major, v in row output_permutation[v]."""
        rows, sources, skip_sources = layer.rows
        channels_in, channels_out, channels_skip = layer.channels
        written = rows * channels_out
        self._readable(x, sources * channels_in)
        self._require_type(x, layer.bf16)
        if (skip is not None) != (channels_skip > 0):
            raise ValueError(SKIP_MISSING if channels_skip else SKIP_UNEXPECTED)
        if skip is not None:
            self._readable(skip, skip_sources * channels_skip)
            self._require_type(skip, layer.bf16)
        self._writable(out, written)
        self._require_type(out, output_permutation is None and layer.bf16)
        if out in (x, skip):
            raise ValueError("the result of a graph convolution must not overwrite its input")
        if X in (x, skip) or (out == OUT and output_permutation is None):
            raise ValueError(
                "x and out hold rows, not features: copy x to a buffer, and pass output_permutation for out"
            )
        if output_permutation is not None:
            _check.array(output_permutation, "output_permutation", np.int32, (rows,))
            if not np.array_equal(np.sort(output_permutation), np.arange(rows)):
                raise ValueError("output_permutation must be a permutation")
            output_permutation = output_permutation.copy()
        if skip is not None:
            self._count(0, 0, 0, (skip, skip_sources * channels_skip))
        sums, read = layer.entries * channels_in, (x, sources * channels_in)
        self._count(3 * channels_in * written, sums, layer.constant_bytes, read, (out, written))

        def step(memory: list[NDArray[Any]]) -> None:
            batch = len(memory[X])
            before = None
            if skip is not None:
                before = _rows(memory, skip, skip_sources * channels_skip).reshape(skip_sources, batch, channels_skip)
            features = _rows(memory, x, sources * channels_in).reshape(sources, batch, channels_in)
            result, to = layer.features(features, before), _rows(memory, out, written)
            if output_permutation is None:
                to[...] = self._stored(out, result).ravel()
            else:
                to.reshape(batch, rows, channels_out)[:, output_permutation] = result.transpose(1, 0, 2)

        self._add(out, written, step)

    def __call__(self, x: F32, out: F32, stream: int = 0) -> None:
        """x, rows of `inputs` numbers, to out, as many rows of `outputs` numbers, whatever their shapes; float32."""
        inputs, outputs = self._buffers[X][0], self._buffers[OUT][0]
        for name, array, numbers in (("x", x, inputs), ("out", out, outputs)):
            row = int(np.prod(np.shape(array)[1:]))
            if row != numbers:
                raise ValueError(f"{name} must have rows of {numbers} numbers, not {row}")
        _check.array(x, "x", np.float32, x.shape)
        _check.output(out, "out", np.float32, out.shape)
        if len(x) != len(out):
            raise ValueError("out must have as many rows as x")
        if len(x) > self._people:
            raise ValueError(f"x has {len(x)} rows, the plan is made for at most {self._people}")
        if np.may_share_memory(x, out):
            raise ValueError("out must not overlap x")
        own = [np.zeros(len(x) * numbers, np.uint16 if bf16 else np.float32) for numbers, bf16 in self._buffers[2:]]
        for step in self._steps:
            step([x.reshape(len(x), inputs), out.reshape(len(x), outputs), *own])

    def _add(self, out: int, numbers: int, step: Callable[[list[NDArray[Any]]], None]) -> None:
        self._held[out] = numbers
        self._steps.append(step)

    def _count(self, products: int, sums: int, constants: int, *moved: tuple[int, int]) -> None:
        self._products, self._sums = self._products + products, self._sums + sums
        self._constant_bytes += constants
        self._row_bytes += sum(numbers * (2 if self._buffers[buffer][1] else 4) for buffer, numbers in moved)

    def _readable(self, buffer: int, numbers: int) -> None:
        if not 0 <= buffer < len(self._buffers) or buffer == OUT:
            raise ValueError(f"buffer {buffer} cannot be read")
        if buffer not in self._held:
            raise ValueError(f"buffer {buffer} is read before anything was written to it")
        if self._held[buffer] != numbers:
            raise ValueError(f"buffer {buffer} holds {self._held[buffer]} numbers a row, not {numbers}")

    def _writable(self, buffer: int, numbers: int) -> None:
        if not OUT <= buffer < len(self._buffers):
            raise ValueError(f"buffer {buffer} cannot be written")
        room = self._buffers[buffer][0]
        if numbers > room or (buffer == OUT and numbers != room):
            raise ValueError(f"buffer {buffer} has room for {room} numbers a row, not {numbers}")

    def _view(self, buffer: int, numbers: int, as_: Channels | None) -> tuple[View, int]:
        """A function that gives a buffer's rows (batch, nodes, width) as a view; the numbers of a row it is part of."""
        if not 0 <= buffer < len(self._buffers):
            raise ValueError(f"there is no buffer {buffer}")
        if as_ is not None and buffer in (X, OUT):
            raise ValueError("x and out hold rows, not features")
        width, stride, first = as_ or (numbers, numbers, 0)
        if width < 1 or numbers < 1 or numbers % width or first < 0 or first + width > stride:
            raise ValueError(f"channels do not fit: {width} of {stride} from {first} on, for {numbers} numbers")
        nodes = numbers // width

        def view(memory: list[NDArray[Any]]) -> NDArray[Any]:
            features = _rows(memory, buffer, nodes * stride).reshape(nodes, len(memory[X]), stride)
            part: NDArray[Any] = features[..., first : first + width].transpose(1, 0, 2)
            return part

        return view, nodes * stride

    def _require_type(self, buffer: int, bf16: bool) -> None:
        if self._buffers[buffer][1] != bf16:
            raise ValueError(f"buffer {buffer} must be {'bfloat16' if bf16 else 'float32'}")

    def _loaded(self, buffer: int, values: NDArray[Any]) -> F32:
        return from_bf16(values) if self._buffers[buffer][1] else values

    def _stored(self, buffer: int, values: F32) -> NDArray[Any]:
        return to_bf16(values) if self._buffers[buffer][1] else values


def _rows(memory: list[NDArray[Any]], buffer: int, numbers: int) -> NDArray[Any]:
    """The flat part of a buffer that `numbers` numbers a row take."""
    return memory[buffer].reshape(-1)[: len(memory[X]) * numbers]
