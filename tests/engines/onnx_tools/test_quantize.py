"""Quantized networks: layers, zero points and scales, and equal outputs of two engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from engines.errors import ModelError  # noqa: E402
from engines.inference.backends.openvino_cpu import OpenVino  # noqa: E402
from engines.onnx_tools.quantize import FloatNetwork  # noqa: E402

SHAPE = (1, 3, 16, 16)
F32 = NDArray[np.float32]


class Net:
    """A small ONNX network, node by node."""

    def __init__(self, opset: int = 17) -> None:
        self.rng = np.random.default_rng(3)
        self.opset = opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, *shape: int) -> str:
        return self.constant((self.rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32))

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def conv(self, x: str, channels: int, given: int, **attributes: Any) -> str:
        bias = self.constant(self.rng.standard_normal(channels).astype(np.float32))
        return self.add("Conv", x, self.weight(channels, given, 3, 3), bias, pads=[1] * 4, **attributes)

    def bytes(self, output: str) -> bytes:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *SHAPE[1:]])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        data: bytes = model.SerializeToString()
        return data


def residual() -> bytes:
    """Two convolutions around a sum, then a third; a constant and another output's sum behind it."""
    net = Net()
    stem = net.add("Relu", net.conv("x", 8, 3))
    branch = net.conv(stem, 8, 8)
    last = net.conv(net.add("Relu", net.add("Add", branch, stem)), 4, 8, strides=[2, 2])
    twice = net.add("Add", last, last)
    return net.bytes(net.add("Add", twice, net.constant(np.float32([1.0]))))


def joined() -> bytes:
    """What OpenVINO gets wrong without care: a convolution that reads a Concat of signed numbers."""
    net = Net()
    parts = [net.add("LeakyRelu", net.conv("x", 8, 3)) for _ in range(2)]
    return net.bytes(net.conv(net.add("Concat", *parts, axis=1), 8, 16))


def joined_and_scaled() -> bytes:
    net = Net()
    parts = [net.conv("x", 8, 3) for _ in range(2)]
    scaled = net.add("Mul", net.add("Concat", *parts, axis=1), net.constant(np.full((1, 16, 1, 1), 0.7, np.float32)))
    return net.bytes(net.conv(net.add("Relu", scaled), 8, 16))


def dense() -> bytes:
    """Gemm with transposed weights, MatMul with constant ones, and one of two activations, which stays float."""
    net = Net()
    flat = net.add("Flatten", net.add("Relu", net.conv("x", 4, 3, strides=[4, 4])))
    hidden = net.add("Gemm", flat, net.weight(12, 64), transB=1)
    wide = net.add("MatMul", hidden, net.weight(12, 12))
    turned = net.add("Transpose", wide, perm=[1, 0])
    return net.bytes(net.add("MatMul", net.add("MatMul", wide, turned), wide))


NETWORKS = {make.__name__: make for make in (residual, joined, joined_and_scaled, dense)}


def limits(network: FloatNetwork, x: F32) -> dict[str, float]:
    return {name: float(np.abs(values).max()) for name, values in network.activations(x).items()}


def reference(data: bytes, x: F32) -> F32:
    """What the file says, by ONNX Runtime without any optimization."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    result: F32 = session.run(None, {"x": x})[0]
    return result


@pytest.fixture
def x(rng: np.random.Generator) -> F32:
    return rng.standard_normal(SHAPE).astype(np.float32)


def test_float_network_layers_are_products_and_residual_sums() -> None:
    layers = FloatNetwork(residual(), "net", SHAPE).layers
    assert [layer.op for layer in layers] == ["Conv", "Conv", "Add", "Conv"]
    assert [layer.macs for layer in layers] == [16 * 16 * 8 * 27, 16 * 16 * 8 * 72, 0, 8 * 8 * 4 * 72]
    assert [len(layer.reads) for layer in layers] == [1, 1, 2, 1]


def test_float_network_product_of_activations_is_no_layer() -> None:
    layers = FloatNetwork(dense(), "net", SHAPE).layers
    assert [(layer.op, layer.macs) for layer in layers] == [("Conv", 16 * 4 * 27), ("Gemm", 768), ("MatMul", 144)]


def quantize_pairs(model: onnx.ModelProto) -> tuple[list[onnx.NodeProto], dict[str, Any]]:
    """The quantizing and dequantizing nodes, and the constants by name."""
    pairs = [node for node in model.graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
    return pairs, {entry.name: numpy_helper.to_array(entry) for entry in model.graph.initializer}


@pytest.fixture
def quantized(x: F32) -> onnx.ModelProto:
    network = FloatNetwork(residual(), "net", SHAPE)
    return onnx.load_from_string(network.quantized(limits(network, x), [layer.name for layer in network.layers]))


def test_quantized_zero_points_are_zero(quantized: onnx.ModelProto) -> None:
    pairs, constants = quantize_pairs(quantized)
    zeros = [constants[node.input[2]] for node in pairs]
    assert zeros
    assert all(zero.dtype == np.int8 and not zero.any() for zero in zeros)


def test_quantized_weights_are_symmetric_by_output_channel(quantized: onnx.ModelProto) -> None:
    pairs, constants = quantize_pairs(quantized)
    stored = [constants[node.input[0]] for node in pairs if node.input[0] in constants]
    assert [weight.shape for weight in stored] == [(8, 3, 3, 3), (8, 8, 3, 3), (4, 8, 3, 3)]
    assert all(weight.dtype == np.int8 and weight.min() >= -127 for weight in stored)
    assert all((np.abs(weight).max(axis=(1, 2, 3)) == 127).all() for weight in stored)


def test_quantized_biases_and_output_stay_float(quantized: onnx.ModelProto) -> None:
    pairs, constants = quantize_pairs(quantized)
    convolutions = [node for node in quantized.graph.node if node.op_type == "Conv"]
    assert all(constants[node.input[2]].dtype == np.float32 for node in convolutions)
    assert sum(node.op_type == "QuantizeLinear" for node in pairs) == 4  # x, the stem (once for two), branch, sum
    assert not any(node.op_type == "QuantizeLinear" and node.input[0] == convolutions[-1].output[0] for node in pairs)


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_quantized_openvino_equals_reference_and_is_near_float(make: Callable[[], bytes], x: F32) -> None:
    network = FloatNetwork(make(), "net", SHAPE)
    data = network.quantized(limits(network, x), [layer.name for layer in network.layers])
    exact = reference(make(), x)
    wanted = reference(data, x)
    (got,) = OpenVino().load(data, "net", "cpu", "int8", 1)(x)
    scale = np.abs(exact).max()
    assert 0 < np.abs(wanted - exact).max() < 0.05 * scale
    assert np.abs(got - wanted).max() < 0.01 * scale


def test_quantized_excluded_layers_stay_float(x: F32) -> None:
    network = FloatNetwork(residual(), "net", SHAPE)
    ranges = limits(network, x)
    assert np.array_equal(reference(network.quantized(ranges, []), x), reference(residual(), x))
    first = network.quantized(ranges, [network.layers[0].name])
    assert sum(node.op_type == "QuantizeLinear" for node in onnx.load_from_string(first).graph.node) == 1
    assert not np.array_equal(reference(first, x), reference(residual(), x))


def test_quantized_batch_is_free_or_fixed(x: F32) -> None:
    network = FloatNetwork(residual(), "net", SHAPE)
    ranges = limits(network, x)
    both = np.concatenate([x, -x])
    names = [layer.name for layer in network.layers]
    assert reference(network.quantized(ranges, names), both).shape[0] == 2
    fixed = onnx.load_from_string(network.quantized(ranges, names, batch=1))
    assert fixed.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_float_network_half_precision_weights_are_read(x: F32) -> None:
    net = Net()
    half = net.constant(net.rng.standard_normal((4, 3, 3, 3)).astype(np.float16))
    data = net.bytes(net.add("Conv", "x", net.add("Cast", half, to=TensorProto.FLOAT), pads=[1] * 4))
    network = FloatNetwork(data, "net", SHAPE)
    assert [layer.op for layer in network.layers] == ["Conv"]
    assert reference(network.quantized(limits(network, x), ["Conv_0"]), x).shape == (1, 4, 16, 16)


def test_float_network_older_opset_is_converted(x: F32) -> None:
    net = Net(opset=11)
    data = net.bytes(net.conv("x", 4, 3))
    network = FloatNetwork(data, "net", SHAPE)
    assert np.isfinite(reference(network.quantized(limits(network, x), ["Conv_0"]), x)).all()


def test_quantized_zero_range_has_finite_outputs(x: F32) -> None:
    network = FloatNetwork(residual(), "net", SHAPE)
    data = network.quantized(dict.fromkeys(limits(network, x), 0.0), [layer.name for layer in network.layers])
    assert np.isfinite(reference(data, x)).all()


def test_float_network_invalid_model_raises_one_line() -> None:
    with pytest.raises(ModelError, match=r"^broken: cannot be quantized \(.+\)$"):
        FloatNetwork(b"not onnx", "broken", SHAPE)
    net = Net()
    with pytest.raises(ModelError, match="no layer can run in INT8"):
        FloatNetwork(net.bytes(net.add("Relu", "x")), "net", SHAPE)
