"""Embeds the data files of ONNX models with external data, so that engines get one array of bytes.

torch.onnx.export(dynamo=True) writes `model.onnx` and `model.onnx.data`. Engines read data from the current
folder or any path in the model; here it is read from the model's own folder only, and bounded by the size of its files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from engines.onnx_file.protobuf import BYTES, DamagedError, Field, fields, header, integers

LARGEST = (1 << 31) - 1  # bytes of a protocol buffer
DEEPEST = 32  # levels of graphs in graphs
SHARED = 2  # limit for the sum of all tensors, in multiples of the size of the data files

# The messages on the way from a model to its tensors: by kind, the kinds of its fields. See onnx.proto3.
_CHILDREN = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA, _EXTERNAL_DATA, _DATA_LOCATION = 1, 2, 8, 9, 13, 14
_BITS = {
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
    **dict.fromkeys((21, 22, 23), 4),
    **dict.fromkeys((25, 26), 2),
}  # of an element, by TensorProto.DataType

Parts: TypeAlias = "list[bytes | memoryview]"


@dataclass(frozen=True, slots=True)
class _DataRange:
    """The location and size in bytes of a tensor's data."""

    tensor: str
    location: str
    offset: int
    size: int


def data_files(model: bytes) -> tuple[str, ...]:
    """The names of the data files that an ONNX model's tensors name, each once. Raises DamagedError."""
    return tuple(dict.fromkeys(data_range.location for data_range in _data_ranges(memoryview(model), "model", 0)))


def embedded(model: bytes, read: Callable[[str], bytes]) -> bytes:
    """The model with the contents of its data files in it; the same bytes where it has none.

    Args:
        model: The ONNX file.
        read: Gives the contents of a data file by its name; called once for each.

    Raises:
        DamagedError: The model is not ONNX, or a data file does not hold what the model says.
    """
    names = data_files(model)
    if not names:
        return model
    data = {name: memoryview(read(name)) for name in names}
    most = min(LARGEST - len(model), SHARED * sum(map(len, data.values())))
    total = 0

    def numbers(data_range: _DataRange) -> memoryview:
        nonlocal total
        held, end = data[data_range.location], data_range.offset + data_range.size
        if end > len(held):
            raise DamagedError(
                f"{data_range.location} has {len(held)} bytes, but {data_range.tensor} needs {end}; copy it again"
            )
        total += data_range.size
        if total > most:
            raise DamagedError("its data exceeds 2 GiB, or tensors overlap in a data file")
        return held[data_range.offset : end]

    return b"".join(_rewritten(memoryview(model), "model", numbers))


def _data_ranges(message: memoryview, kind: str, depth: int) -> Iterator[_DataRange]:
    if depth > DEEPEST:
        raise DamagedError("its graphs are nested too deeply")
    if kind == "tensor":
        data_range = _data_range(message)
        if data_range is not None:
            yield data_range
        return
    for field in fields(message):
        child = _CHILDREN[kind].get(field.number)
        if child is not None and field.wire == BYTES:
            yield from _data_ranges(field.bytes(), child, depth + 1)


def _data_range(tensor: memoryview) -> _DataRange | None:
    """The location of a tensor's external data, None where the data is in the tensor. Raises DamagedError."""
    name, location, offset, stated = "a tensor", "", 0, -1
    dims: list[int] = []
    data_type, external = 0, False
    for field in fields(tensor):
        if field.number == _DIMS:
            dims += integers(field)
        elif field.number == _DATA_TYPE:
            data_type = field.integer()
        elif field.number == _NAME:
            name = field.text()[:80]
        elif field.number == _DATA_LOCATION:
            external = field.integer() == 1
        elif field.number == _EXTERNAL_DATA:
            entry = {part.number: part.text() for part in fields(field.bytes())}
            key, value = entry.get(1, ""), entry.get(2, "")
            if key == "location":
                location = value
            elif key in ("offset", "length") and not (value.isdecimal() and len(value) < 20):
                raise DamagedError(f"{name}: the {key} of its data is not a number")
            elif key == "offset":
                offset = int(value)
            elif key == "length":
                stated = int(value)
    if not external:
        return None
    if data_type not in _BITS or any(side < 0 for side in dims):
        raise DamagedError(f"{name}: external data of this type or shape is invalid")
    size = (math.prod(dims) * _BITS[data_type] + 7) // 8
    if stated not in (-1, size):
        raise DamagedError(f"{name}: its data has {stated} bytes, where its shape and type need {size}")
    return _DataRange(name, location, offset, size)


def _rewritten(message: memoryview, kind: str, numbers: Callable[[_DataRange], memoryview]) -> Parts:
    """A message with embedded tensor data, as parts, so that the data is copied only once."""
    if kind == "tensor":
        data_range = _data_range(message)
        if data_range is None:
            return [message]
        kept = [f.whole for f in fields(message) if f.number not in (_RAW_DATA, _EXTERNAL_DATA, _DATA_LOCATION)]
        data = numbers(data_range)
        return [*kept, *_with_header(_RAW_DATA, [data])]
    parts: Parts = []
    for field in fields(message):
        child = _CHILDREN[kind].get(field.number)
        if child is None or field.wire != BYTES:
            parts.append(field.whole)
        else:
            parts += _child(field, child, numbers)
    return parts


def _child(field: Field, kind: str, numbers: Callable[[_DataRange], memoryview]) -> Parts:
    old = field.bytes()
    new = _rewritten(old, kind, numbers)
    return [field.whole] if len(new) == 1 and new[0] is old else _with_header(field.number, new)


def _with_header(number: int, parts: Parts) -> Parts:
    """A field of these parts: its key and length, then the parts."""
    return [header(number, sum(map(len, parts))), *parts]
