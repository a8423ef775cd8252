"""Layers of networks: convolutions, pooling, normalization."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from engines.errors import ModelError
from engines.onnx_tools.ops.table import Attributes, Ints, op


def _padding(attributes: Attributes, x: Tensor, kernel: Ints) -> tuple[Ints, Ints]:
    """Strides, and paddings before and after each axis in the order of F.pad (last axis first)."""
    rank = len(kernel)
    strides = attributes.get("strides") or [1] * rank
    dilations = attributes.get("dilations") or [1] * rank
    auto = attributes.get("auto_pad", "NOTSET")
    pads = attributes.get("pads") or [0] * (2 * rank)
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = [0] * (2 * rank)
        for axis in range(rank):
            size, step = x.shape[2 + axis], strides[axis]
            total = max((-(-size // step) - 1) * step + (kernel[axis] - 1) * dilations[axis] + 1 - size, 0)
            less, more = total // 2, total - total // 2
            pads[axis], pads[rank + axis] = (less, more) if auto == "SAME_UPPER" else (more, less)
    return strides, [pads[axis + side * rank] for axis in reversed(range(rank)) for side in (0, 1)]


def _symmetric(flat: Ints) -> Ints | None:
    """Paddings for a torch function, where they are the same before and after."""
    return flat[::-2] if flat[::2] == flat[1::2] else None


@op("Conv")
def conv(attributes: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    strides, flat = _padding(attributes, x, list(weight.shape[2:]))
    padding = _symmetric(flat)
    if padding is None:
        x, padding = F.pad(x, flat), [0] * len(strides)
    run = (F.conv1d, F.conv2d, F.conv3d)[len(strides) - 1]
    dilations = attributes.get("dilations") or [1] * len(strides)
    return run(x, weight, bias, strides, padding, dilations, attributes.get("group", 1))


@op("ConvTranspose")
def conv_transpose(attributes: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    if attributes.get("auto_pad", "NOTSET") != "NOTSET" or "output_shape" in attributes:
        raise ModelError("a ConvTranspose with auto_pad or output_shape is not supported; export it with pads")
    strides, flat = _padding(attributes, x, list(weight.shape[2:]))
    padding = _symmetric(flat)
    if padding is None:
        raise ModelError("a ConvTranspose with uneven pads is not supported")
    run = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(strides) - 1]
    more = attributes.get("output_padding") or [0] * len(strides)
    dilations = attributes.get("dilations") or [1] * len(strides)
    return run(x, weight, bias, strides, padding, more, attributes.get("group", 1), dilations)


@op("MaxPool", "AveragePool")
def pool(attributes: Attributes, x: Tensor) -> Tensor:
    kernel = attributes["kernel_shape"]
    strides, flat = _padding(attributes, x, kernel)
    ceil = bool(attributes.get("ceil_mode"))
    padding = _symmetric(flat)
    rank = len(kernel) - 1
    if attributes["op"] == "AveragePool":
        if padding is None:
            raise ModelError("an AveragePool with uneven pads is not supported")
        average = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank]
        return average(x, kernel, strides, padding, ceil, bool(attributes.get("count_include_pad")))
    if padding is None or any(2 * amount > size for amount, size in zip(padding, kernel, strict=True)):
        x, padding = F.pad(x, flat, value=float("-inf")), [0] * len(kernel)
    dilations = attributes.get("dilations") or [1] * len(kernel)
    return (F.max_pool1d, F.max_pool2d, F.max_pool3d)[rank](x, kernel, strides, padding, dilations, ceil)


@op("GlobalAveragePool")
def global_average_pool(_attributes: Attributes, x: Tensor) -> Tensor:
    return x.mean(tuple(range(2, x.ndim)), keepdim=True)


@op("BatchNormalization")
def batch_normalization(
    attributes: Attributes, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor
) -> Tensor:
    return F.batch_norm(x, mean, var, scale, bias, eps=attributes.get("epsilon", 1e-5))


@op("InstanceNormalization")
def instance_normalization(attributes: Attributes, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    return F.instance_norm(x, weight=scale, bias=bias, eps=attributes.get("epsilon", 1e-5))


@op("LayerNormalization")
def layer_normalization(attributes: Attributes, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    axis = attributes.get("axis", -1) % x.ndim
    return F.layer_norm(x, x.shape[axis:], scale, bias, attributes.get("epsilon", 1e-5))
