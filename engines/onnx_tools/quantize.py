"""INT8 networks: a float ONNX network with quantize-dequantize pairs before the layers that run in INT8.

Weights are symmetric per output channel, activations symmetric per tensor, both signed 8 bit with zero point 0; biases
and everything else stay float32 (Jacob et al., CVPR 2018, without its zero points). Only the inputs of
a layer are quantized, never its outputs: so the last layers of a network keep their full resolution, and engines fuse
the quantization into the layer before. The same file works with OpenVINO and TensorRT.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.files.install_hint import install_hint

try:
    import onnx
    import onnxruntime as ort
    from onnx import helper, numpy_helper, version_converter
except ImportError as error:
    raise ModelError(f"INT8: needs onnx and onnxruntime ({error}); {install_hint('export')}") from None

F32: TypeAlias = NDArray[np.float32]

WEIGHTED = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1, "MatMul": 1}  # operator: axis of the weights' output channels
LARGEST = 127  # of a signed 8-bit number, symmetric
OPSET = 13  # the first that scales weights by channel
MIN_SCALE = 1e-12  # scale of a channel of zeros
UNSAFE = ("Concat", "MatMul", "Gemm")  # operators after which OpenVINO's fusion must be blocked, see _activation_pair
POINTWISE = ("Relu", "Clip", "Mul", "Add", "Sub", "Div")  # operators that it moves a quantization across


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that can run in INT8: node name, operator, activations that it reads, and multiply-adds for one input."""

    name: str
    op: str
    reads: tuple[str, ...]
    macs: int


class FloatNetwork:
    """A float ONNX network whose layers can be quantized.

    layers are those with constant weights, and sums of two activations that such a layer reads later (residual ones),
    in the order in which they run. Raises ModelError when the model cannot be read or has no such layer.
    """

    def __init__(self, model: bytes, source: str, shape: tuple[int, ...]) -> None:
        """source names the model in errors; shape is that of one input, batch 1."""
        self._source = source
        self._model = _prepared(model, source)
        self.input_name: str = self._model.graph.input[0].name
        found = _layers(self._model.graph)
        if not found:
            raise ModelError(
                f"{source}: no layer can run in INT8 (supported: {', '.join(WEIGHTED)}); use the float model"
            )
        sizes = self._output_sizes([node.output[0] for node in found], shape)
        constants = _constants(self._model.graph)
        self.layers = tuple(_layer(node, constants, sizes[node.output[0]]) for node in found)
        self._observer: ort.InferenceSession | None = None

    def activations(self, x: F32) -> dict[str, F32]:
        """The activations that the layers read for an input (1, ...), by tensor name."""
        names = sorted({name for layer in self.layers for name in layer.reads} - {self.input_name})
        if not names:
            return {self.input_name: x}
        if self._observer is None:
            self._observer = self._session(names)
        try:
            values = self._observer.run(names, {self.input_name: x})
        except Exception as error:  # its errors have no common public base
            raise ModelError(f"{self._source}: cannot run ({str(error).splitlines()[0]})") from None
        return {self.input_name: x, **dict(zip(names, values, strict=True))}

    def quantized(self, limits: Mapping[str, float], layers: Collection[str], *, batch: int | None = None) -> bytes:
        """The network with these layers (by name) in INT8; limits are the largest magnitudes of their activations.

        batch: a fixed batch size, so that an engine compiles only that one; None keeps it free.
        """
        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        graph = model.graph
        weights = {entry.name: entry for entry in graph.initializer}
        unsafe = _unsafe(graph)
        pairs: dict[str, str] = {}
        nodes = []
        for node in graph.node:
            if node.name in layers:
                for index, name in enumerate(node.input):
                    if index > 1 or not name:
                        continue
                    if name not in weights:
                        if name not in pairs:
                            pairs[name] = f"{name}_int8"
                            scale = limits[name] / LARGEST
                            nodes += _activation_pair(graph, name, pairs[name], scale, block_fusion=name in unsafe)
                        node.input[index] = pairs[name]
                    else:
                        nodes.append(_weight(graph, weights[name], f"{node.name}_weight", _channel_axis(node)))
                        node.input[index] = nodes[-1].output[0]
            nodes.append(node)
        del graph.node[:]
        graph.node.extend(nodes)
        _drop_unused(graph)
        if batch is not None:
            graph.input[0].type.tensor_type.shape.dim[0].dim_value = batch
        onnx.checker.check_model(model)
        data: bytes = model.SerializeToString(deterministic=True)
        return data

    def _output_sizes(self, names: list[str], shape: tuple[int, ...]) -> dict[str, int]:
        session = self._session(names)
        values = session.run(names, {self.input_name: np.zeros(shape, np.float32)})
        return {name: value.size for name, value in zip(names, values, strict=True)}

    def _session(self, outputs: Iterable[str]) -> ort.InferenceSession:
        """The network with inner tensors as additional outputs."""
        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        already = {entry.name for entry in model.graph.output}
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs if name not in already)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        # Optimizations would remove the observed tensors.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _prepared(model: bytes, source: str) -> onnx.ModelProto:
    """The model with constants computed, batch norms folded and every node named, opset 13 or newer."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prepared.onnx"
        options.optimized_model_filepath = str(file)
        try:
            proto = onnx.load_from_string(model)
            version = next(entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx"))
            if version < OPSET:
                proto = version_converter.convert_version(proto, OPSET)
            ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
            optimized = onnx.shape_inference.infer_shapes(onnx.load(file))
        except Exception as error:  # the errors of three libraries have no common base
            raise ModelError(f"{source}: cannot be quantized ({str(error).splitlines()[0]})") from None
    standard = [entry for entry in optimized.opset_import if entry.domain in ("", "ai.onnx")]
    del optimized.opset_import[:]
    optimized.opset_import.extend(standard)
    for number, node in enumerate(optimized.graph.node):
        node.name = f"{node.op_type}_{number}"
    return optimized


def _constants(graph: Any) -> dict[str, tuple[int, ...]]:
    return {entry.name: tuple(entry.dims) for entry in graph.initializer}


def _layers(graph: Any) -> list[Any]:
    """The nodes that can be quantized, in order."""
    constants = _constants(graph)
    weighted = [
        node
        for node in graph.node
        if node.op_type in WEIGHTED and node.input[0] not in constants and len(constants.get(node.input[1], ())) > 1
    ]
    before = _ancestors(graph, weighted)
    names = {node.name for node in weighted}
    return [node for node in graph.node if node.name in names or (node.name in before and _is_sum(node, constants))]


def _is_sum(node: Any, constants: Mapping[str, tuple[int, ...]]) -> bool:
    return node.op_type == "Add" and not any(name in constants for name in node.input)


def _ancestors(graph: Any, nodes: list[Any]) -> set[str]:
    """Names of the nodes whose results these nodes read, directly or not."""
    maker = {output: node for node in graph.node for output in node.output}
    found: set[str] = set()
    waiting = [name for node in nodes for name in node.input]
    while waiting:
        node = maker.get(waiting.pop())
        if node is not None and node.name not in found:
            found.add(node.name)
            waiting += node.input
    return found


def _layer(node: Any, constants: Mapping[str, tuple[int, ...]], size: int) -> Layer:
    reads = tuple(name for name in node.input[:2] if name not in constants)
    if node.op_type not in WEIGHTED:
        return Layer(node.name, node.op_type, reads, 0)
    dims = constants[node.input[1]]
    return Layer(node.name, node.op_type, reads, size * int(np.prod(dims)) // dims[_channel_axis(node)])


def _channel_axis(node: Any) -> int:
    if node.op_type == "Gemm" and any(entry.name == "transB" and entry.i for entry in node.attribute):
        return 0
    return WEIGHTED[node.op_type]


def _scalar(graph: Any, name: str, value: Any) -> str:
    graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def _unsafe(graph: Any) -> set[str]:
    """Tensors from an UNSAFE operator, directly or through pointwise ones."""
    found: set[str] = set()
    for node in graph.node:
        if node.op_type in UNSAFE or (node.op_type in POINTWISE and not found.isdisjoint(node.input)):
            found.update(node.output)
    return found


def _activation_pair(graph: Any, name: str, result: str, scale: float, *, block_fusion: bool) -> list[Any]:
    """Quantizes and dequantizes an activation.

    block_fusion: insert a LeakyRelu of slope 1 (the identity) before it. OpenVINO (2026.4) moves a quantization in
    front of a Concat and there takes signed numbers for unsigned ones, and fuses it wrongly into a product without bias
    that another one follows; it does neither across this operator.
    """
    blockers = []
    if block_fusion:
        # The name ends in _wall, as in the INT8 files of former releases: the same model gives the same bytes.
        blockers.append(helper.make_node("LeakyRelu", [name], [f"{result}_wall"], f"{result}_wall", alpha=1.0))
        name = f"{result}_wall"
    given = [
        _scalar(graph, f"{result}_scale", np.array(max(scale, MIN_SCALE), np.float32)),
        _scalar(graph, f"{result}_zero", np.array(0, np.int8)),
    ]
    return [
        *blockers,
        helper.make_node("QuantizeLinear", [name, *given], [f"{result}_q"], f"{result}_quantize"),
        helper.make_node("DequantizeLinear", [f"{result}_q", *given], [result], f"{result}_dequantize"),
    ]


def _weight(graph: Any, tensor: Any, result: str, axis: int) -> Any:
    """Adds 8-bit weights to the graph; returns the node that dequantizes them."""
    weight: F32 = numpy_helper.to_array(tensor).astype(np.float32)
    axis = axis if weight.ndim > axis else weight.ndim - 1
    others = tuple(index for index in range(weight.ndim) if index != axis)
    scale = np.maximum(np.abs(weight).max(axis=others, keepdims=True) / LARGEST, MIN_SCALE).astype(np.float32)
    stored = np.clip(np.rint(weight / scale), -LARGEST, LARGEST).astype(np.int8)
    given = [
        _scalar(graph, f"{result}_q", stored),
        _scalar(graph, f"{result}_scale", scale.reshape(-1)),
        _scalar(graph, f"{result}_zero", np.zeros(scale.size, np.int8)),
    ]
    return helper.make_node("DequantizeLinear", given, [result], f"{result}_dequantize", axis=axis)


def _drop_unused(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input} | {entry.name for entry in graph.output}
    kept = [entry for entry in graph.initializer if entry.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.value_info[:]
