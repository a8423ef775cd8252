"""Converts float32 ONNX models to float16 or bfloat16, for engines that compute in the types of the file.

Half precision is used from the first product of a model to the last one. The preprocessing before and the decoding of
coordinates after stay in float32 (the 8 bits of bfloat16 are half a pixel of a crop), and so do softmax, norms by
statistics and all operators that are not in _HALF. Inputs and outputs keep
their types.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

from edge_kernels.bfloat16 import to_bf16
from engines.backend_errors import first_line
from engines.errors import ModelError

_PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"})
_HALF = _PRODUCTS | {
    *("Relu", "LeakyRelu", "PRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Erf"),
    *("Add", "Sub", "Mul", "Concat", "Split", "Slice", "Pad", "Identity"),
    *("Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Expand", "Tile"),
    *("MaxPool", "AveragePool", "GlobalAveragePool", "BatchNormalization", "Resize"),
}
_ALWAYS_FLOAT = {"Resize": (1, 2)}  # inputs that ONNX requires in float32
_TYPES = {"fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}
_LARGEST_FP16 = float(np.finfo(np.float16).max)


def to_half(model: bytes, precision: str, source: str) -> bytes:
    """The model with its products in "fp16" or "bf16". Raises ModelError when it cannot be read, or its weights exceed
    float16."""
    try:
        proto = shape_inference.infer_shapes(onnx.load_from_string(model))
    except Exception as error:  # protobuf's and onnx's errors have no common base
        raise ModelError(f"{source}: onnx cannot read it ({first_line(error)})") from None
    return bytes(_Converter(proto, precision, source).convert().SerializeToString())


class _Converter:
    def __init__(self, proto: onnx.ModelProto, precision: str, source: str) -> None:
        self._proto, self._graph = proto, proto.graph
        self._precision, self._type, self._source = precision, _TYPES[precision], source
        self._constants = {entry.name: entry for entry in self._graph.initializer}
        for node in self._graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self._constants[node.output[0]] = node.attribute[0].t
            elif _renames(node) and node.input[0] in self._constants:
                self._constants[node.output[0]] = self._constants[node.input[0]]
        entries = (*self._graph.input, *self._graph.value_info, *self._graph.output)
        self._floats = {entry.name for entry in entries if entry.type.tensor_type.elem_type == TensorProto.FLOAT}
        self._floats |= {entry.name for entry in self._graph.initializer if entry.data_type == TensorProto.FLOAT}
        self._new: list[onnx.NodeProto] = []
        self._made: set[str] = set()  # what exists in half precision, by its name in float32

    def convert(self) -> onnx.ModelProto:
        nodes = list(self._graph.node)
        chosen = self._between_products(nodes)
        needed = {entry.name for entry in self._graph.output}  # tensors needed in float32
        for index, node in enumerate(nodes):
            if index not in chosen and node.op_type != "Shape":
                needed.update(node.input)
            elif index in chosen:
                needed.update(
                    node.input[place] for place in _ALWAYS_FLOAT.get(node.op_type, ()) if place < len(node.input)
                )
        for index, node in enumerate(nodes):
            if index in chosen:
                self._half(node, needed)
            else:
                if node.op_type == "Shape" and node.input[0] in self._made:
                    node.input[0] = _half_name(node.input[0])
                self._new.append(node)
        del self._graph.node[:], self._graph.value_info[:]
        self._graph.node.extend(_used(self._new, {entry.name for entry in self._graph.output}))
        read = {name for node in self._graph.node for name in node.input}
        kept = [entry for entry in self._graph.initializer if entry.name in read]
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)
        return self._proto

    def _between_products(self, nodes: list[onnx.NodeProto]) -> set[int]:
        """Nodes of _HALF that are products or lie between two of them, by index."""
        after, before = set[str](), set[str]()
        has_product, leads_to_product = set[int](), set[int]()
        for index, node in enumerate(nodes):
            if node.op_type in _PRODUCTS or after.intersection(node.input):
                has_product.add(index)
                after.update(node.output)
        for index, node in reversed(list(enumerate(nodes))):
            if node.op_type in _PRODUCTS or before.intersection(node.output):
                leads_to_product.add(index)
                before.update(node.input)
        return {
            index
            for index in has_product & leads_to_product
            if nodes[index].op_type in _HALF and all(name in self._floats for name in nodes[index].output)
        }

    def _half(self, node: onnx.NodeProto, needed: set[str]) -> None:
        keep = _ALWAYS_FLOAT.get(node.op_type, ())
        for place, name in enumerate(node.input):
            if name in self._floats and place not in keep:
                node.input[place] = self._in_half(name)
        for place, name in enumerate(node.output):
            node.output[place] = _half_name(name)
            self._made.add(name)
        self._new.append(node)
        self._new += [
            helper.make_node("Cast", [_half_name(name)], [name], to=TensorProto.FLOAT)
            for name in (_float_name(output) for output in node.output)
            if name in needed
        ]

    def _in_half(self, name: str) -> str:
        """The name of a tensor in half precision, which is added where it is missing."""
        if name not in self._made:
            self._made.add(name)
            if name in self._constants:
                self._graph.initializer.append(self._constant(name))
            else:
                self._new.append(helper.make_node("Cast", [name], [_half_name(name)], to=self._type))
        return _half_name(name)

    def _constant(self, name: str) -> onnx.TensorProto:
        array = numpy_helper.to_array(self._constants[name]).astype(np.float32)
        if self._precision == "fp16":
            if np.abs(array, where=np.isfinite(array), out=np.zeros_like(array)).max(initial=0) > _LARGEST_FP16:
                raise ModelError(f"{self._source}: its weights exceed the range of fp16; choose bf16 or fp32")
            return numpy_helper.from_array(array.astype(np.float16), _half_name(name))
        bits = to_bf16(array.reshape(-1)).tobytes()
        return helper.make_tensor(_half_name(name), TensorProto.BFLOAT16, array.shape, bits, raw=True)


def _renames(node: onnx.NodeProto) -> bool:
    """Whether a node passes its input on as float32."""
    if node.op_type == "Cast":
        return bool(node.attribute[0].i == TensorProto.FLOAT)
    return bool(node.op_type == "Identity")


def _used(nodes: Iterable[onnx.NodeProto], outputs: set[str]) -> list[onnx.NodeProto]:
    """The nodes that an output depends on."""
    kept, read = [], set(outputs)
    for node in reversed(list(nodes)):
        if read.intersection(node.output):
            kept.append(node)
            read.update(node.input)
    return kept[::-1]


_SUFFIX = "__half"


def _half_name(name: str) -> str:
    return name + _SUFFIX


def _float_name(name: str) -> str:
    return name.removesuffix(_SUFFIX)
