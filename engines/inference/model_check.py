"""Checks an ONNX model against its card when it is loaded, and converts inputs and outputs by added operators.

After this every model has float32 inputs, images as (N, 3, H, W), under the card's name, and float32 outputs.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from engines.cards.types import Card
from engines.errors import ModelError
from engines.files.suggestions import did_you_mean
from engines.onnx_file.protobuf import DamagedError, bytes_field, fields, integer_field, text_field
from engines.onnx_file.signature import TYPES, Shape, Signature, TensorType, read_signature, shape_text

FLOATS = ("float32", "float16", "float64", "bfloat16")
PIXELS = ("uint8", "uint16", "int32", "int64")  # integer types that hold 0 to 255 in every framework's exports
NUMBERS = (*FLOATS, *PIXELS, "int8", "int16", "uint32", "uint64", "bool")
NEWEST_OPSET = 28  # engines load newer models without an error, with the semantics of older operators
_CODES = {name: code for code, name in TYPES.items()}
_CONVERTED = "meshcast."  # prefix of the names of added tensors


def fit_to_card(card: Card, model: bytes, source: str) -> bytes:
    """The model as sessions run it.

    Supported beside float32 images (N, 3, H, W): other floating point types; uint8, uint16, int32 and int64 images
    (values are rounded and clipped to 0..255, so the card's mean must be 0 and its std 1); images (N, H, W, 3);
    outputs of any numeric type; and, where the card lists `outputs`, those of them, in its order.

    Args:
        card: The model's card.
        model: The ONNX file's bytes; returned unchanged when nothing needs to be converted.
        source: The file, for messages.

    Raises:
        ModelError: The bytes are not an ONNX model, or its inputs or outputs are not those of the card; the message
            names the input or output and what was expected.
    """
    try:
        signature = read_signature(model)
    except DamagedError as error:
        raise ModelError(f"{source}: not an ONNX model, or damaged: {_appearance(model) or error}") from None
    if signature.opset > NEWEST_OPSET:
        raise ModelError(
            f"{source}: opset {signature.opset} is newer than {NEWEST_OPSET}, the last one that engines support; "
            "export it with an older one, such as 17"
        )
    given = _only_input(card, signature, source)
    change = _Change()
    _fit_input(card, given, source, change)
    _fit_outputs(card, signature, source, change)
    return _changed(model, given.name, change) if change.any else model


@dataclass(slots=True)
class _Change:
    """Changes of a graph: nodes before and after its own, its input, its outputs."""

    before: list[bytes] = field(default_factory=list)
    after: list[bytes] = field(default_factory=list)
    input: bytes | None = None
    outputs: list[bytes] | None = None  # None: unchanged

    @property
    def any(self) -> bool:
        return self.input is not None or self.outputs is not None


def _only_input(card: Card, signature: Signature, source: str) -> TensorType:
    wanted = f"the card expects one input, {_wanted(card)}"
    if not signature.inputs:
        raise ModelError(f"{source}: no input; {wanted}")
    named = [entry for entry in signature.inputs if entry.name == card.input.name]
    if len(signature.inputs) > 1:
        others = ", ".join(entry.shown for entry in signature.inputs if not named or entry is not named[0])
        more = "a further input" if named else "several inputs,"
        raise ModelError(f"{source}: it has {more} {others}; {wanted}; export it with that one alone")
    if not named:
        raise ModelError(
            f"{source}: its input is {signature.inputs[0].shown}; {wanted}; correct input.name in the card"
        )
    return named[0]


def _fit_input(card: Card, given: TensorType, source: str, change: _Change) -> None:
    expected, images = card.input, bool(card.input.color)
    mismatch_summary = f"{source}: its input is {given.shown}; the card expects {_wanted(card)}"
    if given.element not in (*FLOATS, *PIXELS):
        raise ModelError(f"{mismatch_summary}; export it with an input of float32")
    if given.element in PIXELS:
        if not images:
            raise ModelError(f"{mismatch_summary}; export it with an input of float32")
        if any(expected.mean) or any(value != 1 for value in expected.std):
            raise ModelError(
                f"{source}: its input {given.name!r} is {given.element} with pixel values 0 to 255; set "
                "input.mean = [0, 0, 0] and input.std = [1, 1, 1] in the card"
            )
    sides = tuple(
        expected.size if card.task == "detector" and axis > 1 and isinstance(side, str) else side
        for axis, side in enumerate(expected.shape)
    )
    last = images and len(sides) == 4 and given.shape is not None and _channels_last(given.shape)
    shape = given.shape if given.shape is not None else tuple(s if isinstance(s, int) else None for s in expected.shape)
    unstated = given.shape is None or 0 in given.shape
    shape = tuple(side or None for side in shape)
    if last:
        shape = (shape[0], shape[3], shape[1], shape[2])
    if len(shape) != len(sides):
        raise ModelError(f"{mismatch_summary}; correct input.shape in the card, or export the model again")
    if isinstance(shape[0], int) and shape[0] != 1:
        raise ModelError(
            f"{mismatch_summary}; its batch is fixed at {shape[0]}; export it with a free batch axis, or with 1"
        )
    for side, wanted in zip(shape[1:], sides[1:], strict=True):
        if side is not None and isinstance(wanted, int) and side != wanted:
            raise ModelError(f"{mismatch_summary}; correct the card, or export the model again")
    if given.element == "float32" and not last and not unstated:
        return
    _convert_input(given, shape, last, change)


def _channels_last(shape: Shape) -> bool:
    """Whether images of this shape are (N, H, W, 3)."""
    return len(shape) == 4 and shape[3] == 3 and shape[1] != 3


def _convert_input(given: TensorType, shape: Shape, last: bool, change: _Change) -> None:
    name = f"{_CONVERTED}input"
    change.input = _tensor_type(name, shape)
    steps: list[tuple[str, tuple[str, ...], bytes]] = []
    if given.element in PIXELS:
        for constant, value in (("low", 0.0), ("high", 255.0), ("half", 0.5)):
            change.before.append(_constant(f"{_CONVERTED}{constant}", value))
        # Rounds to the nearest integer: floor(x + 0.5).
        steps = [(op, (f"{_CONVERTED}{of}",), b"") for op, of in (("Max", "low"), ("Min", "high"), ("Add", "half"))]
        steps.append(("Floor", (), b""))
    if last:
        steps.append(("Transpose", (), _integers_attribute("perm", (0, 2, 3, 1))))
    if given.element != "float32":
        steps.append(("Cast", (), _integer_attribute("to", _CODES[given.element])))
    if not steps:
        steps.append(("Identity", (), b""))  # only the shape is missing
    for index, (op, constants, attribute) in enumerate(steps):
        made = given.name if index == len(steps) - 1 else f"{_CONVERTED}input.{index}"
        change.before.append(_node(op, (name, *constants), made, attribute))
        name = made


def _fit_outputs(card: Card, signature: Signature, source: str, change: _Change) -> None:
    """Converts the outputs to float32: all of them, or those that the card lists."""
    there = {entry.name: entry for entry in signature.outputs}
    if not there:
        raise ModelError(f"{source}: no output")
    for name in card.outputs:
        if name not in there:
            known = ", ".join(entry.shown for entry in signature.outputs)
            raise ModelError(f"{source}: no output {name!r}{did_you_mean(name, there)}; its outputs are {known}")
    chosen = [there[name] for name in card.outputs] or list(signature.outputs)
    for entry in chosen:
        if entry.element not in (*NUMBERS, ""):
            raise ModelError(f"{source}: its output is {entry.shown}; a {card.family} model has tensors of numbers")
    if chosen == list(signature.outputs) and all(entry.element in ("float32", "") for entry in chosen):
        return
    change.outputs = []
    for index, entry in enumerate(chosen):
        name = entry.name
        if entry.element not in ("float32", ""):
            name = f"{_CONVERTED}output.{index}"
            change.after.append(_node("Cast", (entry.name,), name, _integer_attribute("to", _CODES["float32"])))
        change.outputs.append(_tensor_type(name, entry.shape))


def _wanted(card: Card) -> str:
    return f"{card.input.name!r} (float32 {shape_text(card.input.shape)})"


def _appearance(data: bytes) -> str:
    """The kind of a file that is not an ONNX model, or "" where it is unknown."""
    if not data:
        return "it is empty"
    if data[:4] == b"PK\x03\x04":
        return "it is a zip archive; unpack it, or import it if it is a checkpoint"
    if data[:2] == b"\x1f\x8b":
        return "it is compressed with gzip; unpack it"
    if data.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS; fetch the file itself (git lfs pull)"
    if data[:100].lstrip()[:1] in (b"<", b"{"):
        return "it is text, perhaps a web page saved in place of the file; download it again"
    return ""


def _changed(model: bytes, old_input: str, change: _Change) -> bytes:
    return b"".join(
        bytes_field(7, *_graph(entry.bytes(), old_input, change)) if entry.number == 7 else entry.whole
        for entry in fields(memoryview(model))
    )


def _graph(graph: memoryview, old_input: str, change: _Change) -> Sequence[bytes | memoryview]:
    parts: list[bytes | memoryview] = [bytes_field(1, node) for node in change.before]
    for entry in fields(graph):
        if entry.number == 11 and change.input is not None and _name(entry.bytes()) == old_input:
            parts.append(bytes_field(11, change.input))
        elif entry.number != 12 or change.outputs is None:
            parts.append(entry.whole)
    parts += [bytes_field(1, node) for node in change.after]
    parts += [bytes_field(12, output) for output in change.outputs or ()]
    return parts


def _name(value_info: memoryview) -> str:
    return next((part.text() for part in fields(value_info) if part.number == 1), "")


def _tensor_type(name: str, shape: Shape | None) -> bytes:
    """A ValueInfoProto of float32; free axes are not named, since two of them need not be equal."""
    tensor = integer_field(1, _CODES["float32"])
    if shape is not None:
        dims = [bytes_field(1, integer_field(1, side) if side is not None else b"") for side in shape]
        tensor += bytes_field(2, *dims)
    return text_field(1, name) + bytes_field(2, bytes_field(1, tensor))


def _node(op: str, inputs: tuple[str, ...], output: str, attribute: bytes = b"") -> bytes:
    named = b"".join(text_field(1, name) for name in inputs) + text_field(2, output)
    return named + text_field(3, f"{_CONVERTED}{op}.{output}") + text_field(4, op) + attribute


def _constant(name: str, value: float) -> bytes:
    tensor = integer_field(2, _CODES["float32"]) + bytes_field(9, struct.pack("<f", value))
    attribute = text_field(1, "value") + bytes_field(5, tensor) + integer_field(20, 4)
    return _node("Constant", (), name, bytes_field(5, attribute))


def _integer_attribute(name: str, value: int) -> bytes:
    return bytes_field(5, text_field(1, name) + integer_field(3, value) + integer_field(20, 2))


def _integers_attribute(name: str, values: tuple[int, ...]) -> bytes:
    return bytes_field(5, text_field(1, name), *(integer_field(8, value) for value in values), integer_field(20, 7))
