"""linear in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check
from edge_kernels.bfloat16 import from_bf16, to_bf16

F32 = NDArray[np.float32]


class Linear:
    """A fully connected layer behind an optional scale, shift and ReLU; see linear.hpp for the contract."""

    def __init__(
        self,
        weight: F32,
        bias: F32,
        scale: F32 | None,
        shift: F32 | None,
        relu: bool,
        bf16: bool,
        device: int = -1,
        kernel: str = "vector",
    ) -> None:
        _check.host(device)
        _check.kernel(kernel, bf16)
        _check.array(weight, "weight", np.float32, (None, None))
        _check.array(bias, "bias", np.float32, weight.shape[:1])
        if (scale is None) != (shift is None):
            raise ValueError("give scale and shift together, or neither")
        for name, values in (("scale", scale), ("shift", shift)):
            if values is not None:
                _check.array(values, name, np.float32, weight.shape[1:])
        self._weight = from_bf16(to_bf16(weight)) if bf16 else weight.copy()
        self._bias, self._scale, self._shift, self._relu, self._bf16 = bias, scale, shift, relu, bf16

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        outputs, inputs = self._weight.shape
        return outputs, inputs

    @property
    def constant_bytes(self) -> int:
        """What weights, bias and batch norm take."""
        outputs, inputs = self.shape
        size = 2 if self._bf16 else 4
        return size * inputs * outputs + 4 * outputs + (0 if self._scale is None else 8 * inputs)

    def __call__(self, x: F32, residual: F32 | None, out: F32, stream: int = 0) -> None:
        """x (batch, inputs), residual (batch, outputs) or None; writes out (batch, outputs)."""
        outputs, inputs = self.shape
        _check.array(x, "x", np.float32, (None, inputs))
        _check.output(out, "out", np.float32, (len(x), outputs))
        if residual is not None:
            _check.array(residual, "residual", np.float32, out.shape)
        if np.may_share_memory(x, out):
            raise ValueError("out must not overlap x")
        if self._scale is not None and self._shift is not None:
            x = np.maximum(self._scale * x + self._shift, 0)
        result = x @ self._weight.T + self._bias
        if self._relu:
            result = np.maximum(result, 0)
        out[:] = result if residual is None else result + residual
