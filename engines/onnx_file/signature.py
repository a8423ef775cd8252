"""The signature of an ONNX model: names, types and shapes of inputs and outputs, read without an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from engines.onnx_file.protobuf import DamagedError, fields

Shape: TypeAlias = "tuple[int | None, ...]"

TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
}  # by TensorProto.DataType
_KINDS = {4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}
_LONGEST = 80  # characters of a tensor's name in a message


@dataclass(frozen=True, slots=True)
class TensorType:
    """An input or output: its name, element type ("float32"; "sequence" and so on for other kinds; "" where unknown)
    and shape, with None for free axes, or None where the rank is unknown. An axis of 0, which some exporters write for
    a free one, is 0."""

    name: str
    element: str
    shape: Shape | None

    @property
    def shown(self) -> str:
        """Name, type and shape for a message."""
        return f"{self.name[:_LONGEST]!r} ({self.element or 'no type'} {shape_text(self.shape)})"


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs that a caller must give, and the outputs, in their order; opset is that of ONNX's own operators."""

    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    opset: int


def read_signature(model: bytes) -> Signature:
    """The signature of an ONNX file. Raises DamagedError when the bytes are not a complete ONNX model."""
    parts = list(fields(memoryview(model)))
    graphs = [field.bytes() for field in parts if field.number == 7]
    if len(graphs) != 1:
        raise DamagedError("it holds no graph")
    inputs: list[TensorType] = []
    outputs: list[TensorType] = []
    constants = set()
    nodes = 0
    for field in fields(graphs[0]):
        if field.number == 1:
            nodes += 1
        elif field.number == 5:
            constants.add(next((part.text() for part in fields(field.bytes()) if part.number == 8), ""))
        elif field.number == 11:
            inputs.append(_tensor_type(field.bytes()))
        elif field.number == 12:
            outputs.append(_tensor_type(field.bytes()))
    if not nodes:
        raise DamagedError("its graph holds no operators")
    # Old exporters list constants among the inputs; a caller does not pass those.
    given = tuple(entry for entry in inputs if entry.name not in constants)
    return Signature(given, tuple(outputs), _opset([field.bytes() for field in parts if field.number == 8]))


def _opset(imports: list[memoryview]) -> int:
    """The version of the operators whose domain is ONNX's."""
    for entry in imports:
        parts = {field.number: field for field in fields(entry)}
        if (parts[1].text() if 1 in parts else "") in ("", "ai.onnx") and 2 in parts:
            return parts[2].integer()
    return 1


def shape_text(shape: tuple[int | str | None, ...] | None) -> str:
    """A shape for a message: "[N, 3, 640, 640]", a free axis without a name being "?"."""
    if shape is None:
        return "of any shape"
    return f"[{', '.join('?' if side is None else str(side) for side in shape)}]"


def _tensor_type(message: memoryview) -> TensorType:
    name, element, shape = "", "", None
    for field in fields(message):
        if field.number == 1:
            name = field.text()
        elif field.number == 2:
            for kind in fields(field.bytes()):
                if kind.number == 1:
                    element, shape = _tensor(kind.bytes())
                else:
                    element = _KINDS.get(kind.number, "unknown")
    return TensorType(name, element, shape)


def _tensor(message: memoryview) -> tuple[str, Shape | None]:
    element, shape = "", None
    for field in fields(message):
        if field.number == 1:
            code = field.integer()
            element = TYPES.get(code, f"type {code}") if code else ""
        elif field.number == 2:
            shape = tuple(_side(side.bytes()) for side in fields(field.bytes()) if side.number == 1)
    return element, shape


def _side(dimension: memoryview) -> int | None:
    """The size of an axis, at least 0."""
    sizes = [field.integer() for field in fields(dimension) if field.number == 1]
    return max(sizes[-1], 0) if sizes else None
