"""Operators on elements, sums, products, and quantized numbers, which are computed in floating point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engines.onnx_tools.ops.table import OPS, Attributes, Ints, Op, op


def _plain(name: str, function: Callable[..., Any]) -> None:
    """An operator that is a torch function of the same inputs."""
    OPS[name] = Op(lambda _attributes, *inputs: function(*inputs))


_PLAIN: dict[str, Callable[..., Any]] = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "HardSwish": F.hardswish,
    "Identity": lambda x: x,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "MatMul": torch.matmul,
    "Max": torch.maximum,
    "Min": torch.minimum,
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "Pow": torch.pow,
    "Reciprocal": torch.reciprocal,
    "Relu": torch.relu,
    "Round": torch.round,
    "Sigmoid": torch.sigmoid,
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Tanh": torch.tanh,
    "Where": torch.where,
}
for _name, _function in _PLAIN.items():
    _plain(_name, _function)


@op("Div")
def div(_attributes: Attributes, x: Tensor, y: Tensor) -> Tensor:
    made: Tensor = torch.div(x, y) if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")
    return made


@op("Clip", fixed=(1, 2))
def clip(attributes: Attributes, x: Tensor, least: float | None = None, most: float | None = None) -> Tensor:
    least = attributes.get("min") if least is None else least
    most = attributes.get("max") if most is None else most
    return x if least is None and most is None else x.clamp(least, most)


@op("LeakyRelu")
def leaky_relu(attributes: Attributes, x: Tensor) -> Tensor:
    return F.leaky_relu(x, attributes.get("alpha", 0.01))


@op("HardSigmoid")
def hard_sigmoid(attributes: Attributes, x: Tensor) -> Tensor:
    line: Tensor = x * attributes.get("alpha", 0.2) + attributes.get("beta", 0.5)
    return line.clamp(0, 1)


@op("PRelu")
def prelu(_attributes: Attributes, x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x < 0, x * slope, x)


@op("Softmax")
def softmax(attributes: Attributes, x: Tensor) -> Tensor:
    return x.softmax(attributes.get("axis", -1))


@op("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", fixed=(1,))
def reduce(attributes: Attributes, x: Tensor, axes: Ints | None = None) -> Tensor:
    axes = axes or attributes.get("axes")
    if axes is None:
        if attributes.get("noop_with_empty_axes"):
            return x
        axes = list(range(x.ndim))
    keep = bool(attributes.get("keepdims", 1))
    how: Callable[..., Tensor] = {
        "ReduceMean": torch.mean,
        "ReduceSum": torch.sum,
        "ReduceMax": torch.amax,
        "ReduceMin": torch.amin,
        "ReduceL2": torch.linalg.vector_norm,
    }[attributes["op"]]
    return how(x, dim=tuple(axes), keepdim=keep)


@op("ArgMax")
def argmax(attributes: Attributes, x: Tensor) -> Tensor:
    axis = attributes.get("axis", 0)
    last = attributes.get("select_last_index")
    place = x.shape[axis] - 1 - x.flip(axis).argmax(axis) if last else x.argmax(axis)
    return place.unsqueeze(axis) if attributes.get("keepdims", 1) else place


@op("Einsum")
def einsum(attributes: Attributes, *inputs: Tensor) -> Tensor:
    made: Tensor = torch.einsum(attributes["equation"], *inputs)
    return made


@op("Gemm")
def gemm(attributes: Attributes, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    a = a.t() if attributes.get("transA") else a
    b = b.t() if attributes.get("transB") else b
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    if c is None:
        return a @ b * alpha if alpha != 1 else a @ b
    return torch.addmm(c, a, b, beta=beta, alpha=alpha)


@op("QuantizeLinear")
def quantize_linear(attributes: Attributes, x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
    dtype = zero.dtype if zero is not None else torch.uint8
    least, most = torch.iinfo(dtype).min, torch.iinfo(dtype).max
    scale, offset = _along(attributes, x, scale, zero)
    return (torch.round(x / scale) + offset).clamp(least, most).to(dtype)


@op("DequantizeLinear")
def dequantize_linear(attributes: Attributes, x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
    scale, offset = _along(attributes, x, scale, zero)
    return (x.to(scale.dtype) - offset) * scale


def _along(attributes: Attributes, x: Tensor, scale: Tensor, zero: Tensor | None) -> tuple[Tensor, Tensor]:
    """Scale and zero point as floating point, shaped for the axis that they belong to."""
    offset = torch.zeros_like(scale) if zero is None else zero.to(scale.dtype)
    if scale.ndim == 0 or scale.numel() == 1:
        return scale.reshape(()), offset.reshape(())
    sizes = [1] * x.ndim
    sizes[attributes.get("axis", 1)] = -1
    return scale.reshape(sizes), offset.reshape(sizes)
