"""The table of operators that the modules of this package fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

Attributes = Mapping[str, Any]
Ints = list[int]

# onnx.TensorProto.DataType
DTYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}


@dataclass(frozen=True, slots=True)
class Op:
    """A function and the positions of the inputs that it gets as Python values."""

    run: Callable[..., Any]
    fixed: tuple[int, ...] = ()


OPS: dict[str, Op] = {}


def op(*names: str, fixed: tuple[int, ...] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function into the table under these names."""

    def enter(run: Callable[..., Any]) -> Callable[..., Any]:
        OPS.update({name: Op(run, fixed) for name in names})
        return run

    return enter
