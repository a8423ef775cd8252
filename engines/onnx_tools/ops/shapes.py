"""Operators that change shapes, pick elements or make constants."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engines.errors import ModelError
from engines.onnx_tools.ops.table import DTYPES, Attributes, Ints, op


@op("Shape")
def shape(attributes: Attributes, x: Tensor) -> Tensor:
    return torch.tensor(x.shape[attributes.get("start", 0) : attributes.get("end")], dtype=torch.int64)


@op("Reshape", fixed=(1,))
def reshape(attributes: Attributes, x: Tensor, sizes: Ints) -> Tensor:
    if not attributes.get("allowzero"):
        sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return x.reshape(sizes)


@op("Flatten")
def flatten(attributes: Attributes, x: Tensor) -> Tensor:
    axis = attributes.get("axis", 1)
    rows = 1
    for size in x.shape[:axis]:
        rows *= size
    return x.reshape(rows, -1)


@op("Transpose")
def transpose(attributes: Attributes, x: Tensor) -> Tensor:
    return x.permute(attributes.get("perm") or list(range(x.ndim))[::-1])


@op("Squeeze", fixed=(1,))
def squeeze(attributes: Attributes, x: Tensor, axes: Ints | None = None) -> Tensor:
    axes = axes or attributes.get("axes")
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


@op("Unsqueeze", fixed=(1,))
def unsqueeze(attributes: Attributes, x: Tensor, axes: Ints | None = None) -> Tensor:
    axes = axes or attributes["axes"]
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


@op("Expand", fixed=(1,))
def expand(_attributes: Attributes, x: Tensor, sizes: Ints) -> Tensor:
    return x.expand(np.broadcast_shapes(tuple(x.shape), tuple(sizes)))


@op("Tile", fixed=(1,))
def tile(_attributes: Attributes, x: Tensor, repeats: Ints) -> Tensor:
    return x.repeat(repeats)


@op("Concat")
def concat(attributes: Attributes, *parts: Tensor) -> Tensor:
    return torch.cat(parts, attributes["axis"])


@op("Split", fixed=(1,))
def split(attributes: Attributes, x: Tensor, sizes: Ints | None = None) -> tuple[Tensor, ...]:
    axis = attributes.get("axis", 0)
    sizes = sizes or attributes.get("split")
    if sizes is None:
        count = attributes["outputs"]
        sizes = [-(-x.shape[axis] // count)] * count
        sizes[-1] = x.shape[axis] - sum(sizes[:-1])
    return torch.split_with_sizes(x, sizes, axis)


@op("Slice", fixed=(1, 2, 3, 4))
def slice_(
    attributes: Attributes,
    x: Tensor,
    starts: Ints | None = None,
    ends: Ints | None = None,
    axes: Ints | None = None,
    steps: Ints | None = None,
) -> Tensor:
    starts, ends = starts or attributes["starts"], ends or attributes["ends"]
    axes = axes or attributes.get("axes") or list(range(len(starts)))
    for axis, start, end, step in zip(axes, starts, ends, steps or [1] * len(starts), strict=True):
        rows = range(x.shape[axis])[start:end:step]
        if step > 0:
            x = x.narrow(axis, rows.start, len(rows) and rows[-1] + 1 - rows.start)
            x = x[(slice(None),) * (axis % x.ndim) + (slice(None, None, step),)] if step > 1 else x
        else:
            x = x.index_select(axis, torch.arange(rows.start, rows.stop, step, device=x.device))
    return x


@op("Pad", fixed=(1, 2, 3))
def pad(
    attributes: Attributes, x: Tensor, pads: Ints | None = None, value: float | None = None, axes: Ints | None = None
) -> Tensor:
    pads = pads or attributes["pads"]
    before_after = dict.fromkeys(range(x.ndim), (0, 0))
    for place, axis in enumerate(axes or range(x.ndim)):
        before_after[axis % x.ndim] = (pads[place], pads[place + len(pads) // 2])
    flat = [amount for axis in reversed(range(x.ndim)) for amount in before_after[axis]]
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}[attributes.get("mode", "constant")]
    if mode == "constant":
        return F.pad(x, flat, value=value if value is not None else attributes.get("value", 0.0))
    while flat[-2:] == [0, 0]:
        flat = flat[:-2]
    return F.pad(x, flat, mode)


@op("Gather")
def gather(attributes: Attributes, x: Tensor, index: Tensor) -> Tensor:
    axis = attributes.get("axis", 0) % x.ndim
    index = torch.where(index < 0, index + x.shape[axis], index).long()
    picked = x.index_select(axis, index.reshape(-1))
    return picked.reshape(x.shape[:axis] + index.shape + x.shape[axis + 1 :])


@op("GatherElements")
def gather_elements(attributes: Attributes, x: Tensor, index: Tensor) -> Tensor:
    axis = attributes.get("axis", 0)
    return x.gather(axis, torch.where(index < 0, index + x.shape[axis], index).long())


@op("ScatterElements")
def scatter_elements(attributes: Attributes, x: Tensor, index: Tensor, updates: Tensor) -> Tensor:
    axis = attributes.get("axis", 0)
    index = torch.where(index < 0, index + x.shape[axis], index).long()
    how = {"none": "", "add": "sum", "mul": "prod", "max": "amax", "min": "amin"}[attributes.get("reduction", "none")]
    if not how:
        return x.scatter(axis, index, updates)
    return x.scatter_reduce(axis, index, updates, how)


@op("Constant")
def constant(attributes: Attributes) -> Tensor:
    if "value" in attributes:
        made: Tensor = attributes["value"]
        return made
    for name, dtype in (("int", torch.int64), ("float", torch.float32)):
        for key in (f"value_{name}", f"value_{name}s"):
            if key in attributes:
                return torch.tensor(attributes[key], dtype=dtype)
    raise ModelError("a Constant of text is not supported")


@op("ConstantOfShape", fixed=(0,))
def constant_of_shape(attributes: Attributes, sizes: Ints) -> Tensor:
    value: Tensor = attributes.get("value", torch.zeros(1))
    return value.reshape(()).expand(sizes).clone()


@op("Range")
def range_(_attributes: Attributes, start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)


@op("Cast")
def cast(attributes: Attributes, x: Tensor) -> Tensor:
    return x.to(DTYPES[attributes["to"]])
