"""Runs ONNX models in torch: a graph that is read once, and a module without shape arithmetic for each input shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx
import torch
from onnx import helper, numpy_helper, version_converter
from torch import Tensor, nn

from engines.backend_errors import first_line, shapes_text
from engines.errors import ModelError
from engines.onnx_tools.ops import OPS, Attributes

OPSET = 13  # older models are converted to it
_LARGE = 1 << 14  # elements from which a constant is stored on the device only


@dataclass(frozen=True, slots=True)
class _Node:
    op: str
    attributes: Attributes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(slots=True)
class _Step:
    """A call: arguments (tensor names or numbers), outputs, and the tensors that are not needed after it."""

    run: Any
    attributes: Attributes
    arguments: tuple[str | list[Any] | float | None, ...]
    outputs: tuple[str, ...]
    done_with: tuple[str, ...] = ()


@dataclass(slots=True)
class _ShapedGraph:
    """The state of a traversal of the graph for given shapes."""

    steps: list[_Step] = field(default_factory=list)
    known: dict[str, Tensor] = field(default_factory=dict)
    unknown: dict[str, Tensor] = field(default_factory=dict)  # on the meta device: shape and type only


class OnnxGraph:
    """An ONNX model with its constants folded.

    source names it in errors. Raises ModelError when it cannot be parsed or uses an operator that is not in
    engines.onnx_tools.ops.
    """

    def __init__(self, model: bytes, source: str, device: torch.device | str = "cpu") -> None:
        self.source = source
        self.device = torch.device(device)
        proto = _parse(model, source)
        graph = proto.graph
        initial = {entry.name for entry in graph.initializer}
        entries = [entry for entry in graph.input if entry.name not in initial]
        self.inputs = tuple(entry.name for entry in entries)
        self.shapes = tuple(
            tuple(side.dim_value or None for side in entry.type.tensor_type.shape.dim) for entry in entries
        )
        self.outputs = tuple(entry.name for entry in graph.output)
        unknown_ops = sorted({node.op_type for node in graph.node if node.domain or node.op_type not in OPS})
        if unknown_ops:
            raise ModelError(f"{source}: torch has no operator for {', '.join(unknown_ops)}; choose another backend")
        self._constants = {entry.name: _tensor(entry) for entry in graph.initializer}
        self._placed: dict[str, Tensor] = {}
        self._nodes: list[_Node] = []
        for node in (_node(entry) for entry in graph.node):
            if node.op != "Shape" and all(name in self._constants for name in node.inputs if name):
                self._constants.update(_call(node, self._constants, {}, source)[1])
            else:
                self._nodes.append(node)

    def module(self, shapes: Sequence[Sequence[int]]) -> OnnxModule:
        """The model for inputs of these shapes, sharing its weights with the modules for other shapes.

        Raises ModelError when it cannot run for them.
        """
        if len(shapes) != len(self.inputs):
            raise ModelError(f"{self.source}: the model has {len(self.inputs)} inputs, not {len(shapes)}")
        shaped = _ShapedGraph(known=dict(self._constants))
        for name, shape in zip(self.inputs, shapes, strict=True):
            shaped.unknown[name] = torch.empty(tuple(shape), device="meta")
        with torch.no_grad():
            for node in self._nodes:
                self._add(node, shaped, shapes)
        return self._module(shaped)

    def _add(self, node: _Node, shaped: _ShapedGraph, shapes: Sequence[Sequence[int]]) -> None:
        names = [name for name in node.inputs if name]
        if node.op == "Shape" and names[0] in shaped.unknown:
            shaped.known[node.outputs[0]] = OPS["Shape"].run(node.attributes, shaped.unknown[names[0]])
            return
        if all(name in shaped.known for name in names):
            shaped.known.update(_call(node, shaped.known, {}, self.source)[1])
            return
        try:
            step, made = _call(node, shaped.known, shaped.unknown, self.source)
        except ModelError as error:
            raise ModelError(f"{error}, for {shapes_text(shapes)}") from None
        shaped.steps.append(step)
        shaped.unknown.update(made)

    def _module(self, shaped: _ShapedGraph) -> OnnxModule:
        read = [name for step in shaped.steps for name in step.arguments if isinstance(name, str)]
        weights = {
            name: self._place(name, shaped.known[name]) for name in (*read, *self.outputs) if name in shaped.known
        }
        needed = {*self.outputs, *weights}
        for step in reversed(shaped.steps):
            own = {name for name in (*step.arguments, *step.outputs) if isinstance(name, str)}
            step.done_with = tuple(sorted(own - needed))
            needed |= own
        return OnnxModule(shaped.steps, weights, self.inputs, self.outputs)

    def _place(self, name: str, value: Tensor) -> Tensor:
        """A known value on the device; weights are copied there once."""
        if name not in self._constants:
            return value.to(self.device)
        if name not in self._placed:
            value = value.to(self.device)
            if self.device.type == "cuda" and value.ndim == 4 and value.is_floating_point():
                value = value.contiguous(memory_format=torch.channels_last)
            self._placed[name] = value
            if value.numel() > _LARGE:
                self._constants[name] = value
        return self._placed[name]


class OnnxModule(nn.Module):
    """A model for fixed input shapes: tensors of float32 in, a tuple of tensors out, one torch call after the other."""

    def __init__(
        self, steps: list[_Step], weights: dict[str, Tensor], inputs: tuple[str, ...], outputs: tuple[str, ...]
    ) -> None:
        super().__init__()
        self._steps, self._inputs, self._outputs = steps, inputs, outputs
        self._weights = {name: f"weight_{index}" for index, name in enumerate(weights)}
        for name, buffer in self._weights.items():
            self.register_buffer(buffer, weights[name], persistent=False)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        values: dict[str, Any] = {name: getattr(self, buffer) for name, buffer in self._weights.items()}
        values.update(zip(self._inputs, inputs, strict=True))
        for step in self._steps:
            arguments = [values[entry] if isinstance(entry, str) else entry for entry in step.arguments]
            made = step.run(step.attributes, *arguments)
            values.update(zip(step.outputs, made if isinstance(made, tuple) else (made,), strict=False))
            for name in step.done_with:
                del values[name]
        return tuple(values[name] for name in self._outputs)


def _call(
    node: _Node, known: dict[str, Tensor], unknown: dict[str, Tensor], source: str
) -> tuple[_Step, dict[str, Tensor]]:
    """Runs a node, on values where all inputs are known, else on shapes; returns its step and its outputs."""
    op, real = OPS[node.op], not any(name in unknown for name in node.inputs)
    arguments: list[str | list[Any] | float | None] = []
    values: list[Any] = []
    for place, name in enumerate(node.inputs):
        if not name or (place in op.fixed and name in known):
            number = known[name].tolist() if name else None
            arguments.append(number)
            values.append(number)
        elif place in op.fixed:
            raise ModelError(
                f"{source}: shapes that depend on computed values are not supported "
                f"({node.op} {node.outputs[0]}); choose another backend"
            )
        else:
            arguments.append(name)
            values.append(unknown[name] if name in unknown else known[name].to("cpu" if real else "meta"))
    try:
        made = op.run(node.attributes, *values)
    except (RuntimeError, ValueError, TypeError, IndexError, KeyError, NotImplementedError) as error:
        raise ModelError(f"{source}: torch cannot run {node.op} {node.outputs[0]} ({first_line(error)})") from None
    except ModelError as error:
        raise ModelError(f"{source}: {error}") from None
    results = dict(zip(node.outputs, made if isinstance(made, tuple) else (made,), strict=False))
    return _Step(op.run, node.attributes, tuple(arguments), node.outputs), results


def _parse(model: bytes, source: str) -> onnx.ModelProto:
    try:
        proto = onnx.load_from_string(model)
        version = next((entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")), OPSET)
        if not proto.graph.node:
            raise ValueError("no nodes")
        return proto if version >= OPSET else version_converter.convert_version(proto, OPSET)
    except Exception as error:  # protobuf's and the converter's errors have no common base
        raise ModelError(f"{source}: onnx cannot read it ({first_line(error)})") from None


def _node(entry: onnx.NodeProto) -> _Node:
    attributes: dict[str, Any] = {"op": entry.op_type, "outputs": len(entry.output)}
    for attribute in entry.attribute:
        value = helper.get_attribute_value(attribute)
        if isinstance(value, onnx.TensorProto):
            value = _tensor(value)
        elif isinstance(value, bytes):
            value = value.decode()
        attributes[attribute.name] = list(value) if attribute.type == onnx.AttributeProto.INTS else value
    return _Node(entry.op_type, attributes, tuple(entry.input), tuple(entry.output))


def _tensor(entry: onnx.TensorProto) -> Tensor:
    array = numpy_helper.to_array(entry)
    if entry.data_type == onnx.TensorProto.BFLOAT16:
        return torch.from_numpy(array.view("int16").copy()).view(torch.bfloat16)
    try:
        return torch.from_numpy(array.copy())
    except TypeError:
        raise ModelError(f"{entry.name}: its type is not supported by torch; choose another backend") from None
