"""ONNX graphs in torch equal ONNX Runtime, by operator and on the bundled models.

The exported networks are compared in test_export.py, where they are at hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from engines.cards.card import ZOO  # noqa: E402
from engines.errors import ModelError  # noqa: E402
from engines.onnx_tools.ops import OPS  # noqa: E402
from engines.onnx_tools.to_torch import OnnxGraph  # noqa: E402

TOLERANCE = 1e-4  # of the largest value, float32 against float32
FLOAT = onnx.TensorProto.FLOAT
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 6, 5)).astype(np.float32)
I64 = np.int64


def graph(
    nodes: list[Any],
    inputs: dict[str, NDArray[Any]],
    constants: dict[str, NDArray[Any]],
    outputs: list[str],
    opset: int,
) -> bytes:
    helper = onnx.helper
    made = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), ["N", *x.shape[1:]])
            for name, x in inputs.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    return bytes(model.SerializeToString())


def one(op: str, *extra: NDArray[Any] | None, opset: int = 17, outputs: int = 1, **attributes: Any) -> bytes:
    """x -> op(x, constants...) -> y0, y1, ..."""
    names = ["x", *("" if value is None else f"c{index}" for index, value in enumerate(extra))]
    made = [f"y{index}" for index in range(outputs)]
    node = onnx.helper.make_node(op, names, made, **attributes)
    constants = {f"c{index}": np.asarray(value) for index, value in enumerate(extra) if value is not None}
    return graph([node], {"x": X}, constants, made, opset)


def reference(model: bytes, *inputs: NDArray[Any], exact: bool = False) -> list[NDArray[Any]]:
    options = ort.SessionOptions()
    if exact:  # quantized kernels of its own round differently
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    return list(session.run(None, dict(zip(names, inputs, strict=True))))


def ours(model: bytes, *inputs: NDArray[Any]) -> list[NDArray[Any]]:
    module = OnnxGraph(model, "m.onnx").module([x.shape for x in inputs])
    with torch.inference_mode():
        return [y.numpy() for y in module(*map(torch.from_numpy, inputs))]


def assert_equal(got: list[NDArray[Any]], wanted: list[NDArray[Any]], tolerance: float = TOLERANCE) -> None:
    for y, z in zip(got, wanted, strict=True):
        assert y.shape == z.shape
        assert y.dtype == z.dtype
        assert np.abs(y.astype(np.float64) - z).max(initial=0) <= tolerance * max(np.abs(z).max(initial=0), 1e-6)


def ints(*values: int) -> NDArray[np.int64]:
    return np.array(values, I64)


def floats(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def f32(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


SCALES = f32(1, 1, 2, 3)
CASES = {
    "reshape": one("Reshape", ints(0, -1, 5)),
    "flatten": one("Flatten", axis=2),
    "transpose": one("Transpose", perm=[0, 2, 3, 1]),
    "transpose, reversed": one("Transpose"),
    "unsqueeze": one("Unsqueeze", ints(1, -1)),
    "unsqueeze, old": one("Unsqueeze", opset=11, axes=[1]),
    "expand": one("Expand", ints(4, 1, 1, 6, 5)[1:]),
    "expand, more axes": one("Expand", ints(7, 1, 3, 1, 1)),
    "tile": one("Tile", ints(1, 2, 1, 3)),
    "split": one("Split", ints(1, 2), outputs=2, axis=1),
    "split, even": one("Split", outputs=3, axis=1),
    "slice": one("Slice", ints(1, -3), ints(3, 9999), ints(1, 3)),
    "slice, steps": one("Slice", ints(0, 4), ints(6, -9999), ints(2, 3), ints(2, -2)),
    "slice, empty": one("Slice", ints(4), ints(2), ints(2)),
    "pad": one("Pad", ints(0, 0, 1, 2, 0, 0, 3, 0), np.float32(7)),
    "pad, edge": one("Pad", ints(0, 0, 1, 2, 0, 0, 3, 0), mode="edge"),
    "gather": one("Gather", np.array([[2, 0], [-1, 1]], I64), axis=1),
    "gather, one": one("Gather", np.array(1, I64), axis=2),
    "gather elements": one("GatherElements", np.array([[[[0, 5, -1, 2, 3]] * 2] * 3] * 2, I64), axis=2),
    "scatter": one("ScatterElements", np.array([[[[0, 2]] * 2] * 3] * 2, I64), floats(2, 3, 2, 2), axis=3),
    "scatter, add": one(
        "ScatterElements", np.array([[[[1, 1]] * 6] * 3] * 2, I64), floats(2, 3, 6, 2), axis=3, reduction="add"
    ),
    "clip": one("Clip", np.float32(-0.5), np.float32(0.2)),
    "clip, below": one("Clip", np.float32(0)),
    "leaky": one("LeakyRelu", alpha=0.3),
    "prelu": one("PRelu", floats(3, 1, 1)),
    "hard sigmoid": one("HardSigmoid", alpha=0.25),
    "hard swish": one("HardSwish"),
    "softmax": one("Softmax", axis=1),
    "softmax, old": one("Softmax", opset=11, axis=3),
    "erf": one("Erf"),
    "pow": one("Pow", np.float32(2)),
    "div": one("Div", floats(3, 1, 1) + 3),
    "where": graph(
        [onnx.helper.make_node("Greater", ["x", "c"], ["b"]), onnx.helper.make_node("Where", ["b", "x", "c"], ["y"])],
        {"x": X},
        {"c": np.array(0.1, np.float32)},
        ["y"],
        17,
    ),
    "mean": one("ReduceMean", axes=[2, 3], keepdims=0),
    "mean, new": one("ReduceMean", ints(-1), opset=18),
    "sum, all": one("ReduceSum"),
    "max": one("ReduceMax", axes=[1]),
    "length": one("ReduceL2", axes=[-1]),
    "argmax": one("ArgMax", axis=2, keepdims=0),
    "argmax, last": one("ArgMax", axis=1, select_last_index=1),
    "einsum": one("Einsum", floats(6, 7), equation="nchw,hk->nkwc"),
    "matmul": one("MatMul", floats(5, 4)),
    "conv": one("Conv", floats(4, 3, 3, 3), floats(4), pads=[1, 1, 1, 1]),
    "conv, uneven": one("Conv", floats(4, 3, 3, 2), pads=[0, 1, 1, 0], strides=[2, 1], dilations=[1, 2]),
    "conv, same": one("Conv", floats(4, 3, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2]),
    "conv, same lower": one("Conv", floats(4, 3, 4, 2), auto_pad="SAME_LOWER", strides=[2, 2]),
    "conv, groups": one("Conv", floats(6, 1, 3, 3), group=3),
    "deconv": one(
        "ConvTranspose", floats(3, 2, 4, 4), floats(2), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 0]
    ),
    "max pool": one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "max pool, uneven": one("MaxPool", kernel_shape=[3, 2], strides=[2, 2], pads=[0, 0, 2, 1]),
    "max pool, ceil": one("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "average pool": one("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    "global average": one("GlobalAveragePool"),
    "batch norm": one("BatchNormalization", floats(3), floats(3), floats(3), np.abs(floats(3)) + 1),
    "instance norm": one("InstanceNormalization", floats(3), floats(3)),
    "layer norm": one("LayerNormalization", floats(5), floats(5)),
    "nearest": one(
        "Resize", None, SCALES, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    ),
    "nearest, default": one("Resize", None, f32(1, 1, 1.5, 0.7)),
    "nearest, sizes": one("Resize", None, None, ints(2, 3, 13, 4), nearest_mode="ceil"),
    "nearest, corners": one("Resize", None, SCALES, coordinate_transformation_mode="align_corners"),
    "linear": one("Resize", None, SCALES, mode="linear"),
    "linear, smaller": one("Resize", None, None, ints(2, 3, 3, 2), mode="linear"),
    "linear, odd scale": one("Resize", None, f32(1, 1, 1.3, 1.7), mode="linear"),
    "linear, corners": one("Resize", None, SCALES, mode="linear", coordinate_transformation_mode="align_corners"),
    "cubic": one("Resize", None, SCALES, mode="cubic"),
    "cast": one("Cast", to=onnx.TensorProto.INT32),
    "quantise": one("QuantizeLinear", np.float32(0.02), np.int8(0)),
    "quantise, zero point": one("QuantizeLinear", np.float32(0.011), np.uint8(131)),
    "quantise, channels": one("QuantizeLinear", f32(0.1, 0.02, 0.3), np.array([0, 4, -3], np.int8), axis=1),
}


@pytest.mark.parametrize("case", list(CASES))
def test_onnx_module_each_case_equals_reference(case: str) -> None:
    assert_equal(ours(CASES[case], X), reference(CASES[case], X))


@pytest.mark.parametrize(
    "op", ["Abs", "Exp", "Floor", "Identity", "Neg", "Relu", "Round", "Sigmoid", "Tanh", "Reciprocal"]
)
def test_onnx_module_unary_operator_equals_reference(op: str) -> None:
    model = one(op)
    x = np.concatenate([X, np.full_like(X, 0.5), np.full_like(X, 1.5)])  # ties, for Round
    assert_equal(ours(model, x), reference(model, x))


@pytest.mark.parametrize("op", ["Log", "Sqrt"])
def test_onnx_module_operator_of_positive_input_equals_reference(op: str) -> None:
    assert_equal(ours(one(op), np.abs(X) + 0.1), reference(one(op), np.abs(X) + 0.1))


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Max", "Min", "Equal", "Less", "LessOrEqual", "GreaterOrEqual"])
def test_onnx_module_binary_operator_equals_reference(op: str) -> None:
    model = one(op, floats(3, 1, 5))
    assert_equal(ours(model, X), reference(model, X))


@pytest.mark.parametrize("transposed", [{}, {"transB": 1}, {"transA": 1, "alpha": 0.5, "beta": 2.0}])
def test_onnx_module_gemm_equals_reference(transposed: dict[str, Any]) -> None:
    x = floats(4, 4)
    node = onnx.helper.make_node("Gemm", ["x", "w", "b"], ["y"], **transposed)
    model = graph([node], {"x": x}, {"w": floats(4, 4), "b": floats(4)}, ["y"], 17)
    assert_equal(ours(model, x), reference(model, x))


def test_onnx_module_dequantize_equals_reference() -> None:
    nodes = [
        onnx.helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        onnx.helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
        onnx.helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["v"], axis=0),
        onnx.helper.make_node("Conv", ["y", "v"], ["c"]),
    ]
    constants = {
        "s": np.array(0.02, np.float32),
        "z": np.array(-5, np.int8),
        "w": np.random.default_rng(0).integers(-127, 127, (2, 3, 3, 3)).astype(np.int8),
        "ws": f32(0.01, 0.2),
        "wz": np.zeros(2, np.int8),
    }
    model = graph(nodes, {"x": X}, constants, ["y", "c"], 17)
    assert_equal(ours(model, X), reference(model, X, exact=True))


def test_onnx_module_shape_arithmetic_is_folded() -> None:
    """x -> x.reshape(x.shape[0], x.shape[1] * x.shape[2], -1), with the shape computed in the graph."""
    node = onnx.helper.make_node
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["n"]),
        node("Slice", ["shape", "one", "three"], ["cd"]),
        node("Gather", ["cd", "zero"], ["c"]),
        node("Gather", ["cd", "one0"], ["d"]),
        node("Mul", ["c", "d"], ["product"]),
        node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Unsqueeze", ["product", "axes"], ["p1"]),
        node("Concat", ["n1", "p1", "rest"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["y"]),
    ]
    constants = {
        "zero": np.array(0, I64),
        "one0": np.array(1, I64),
        "one": ints(1),
        "three": ints(3),
        "axes": ints(0),
        "rest": ints(-1),
    }
    model = graph(nodes, {"x": X}, constants, ["y"], 17)
    module = OnnxGraph(model, "m").module([X.shape])
    assert len(module._steps) == 1
    assert_equal([y.numpy() for y in module(torch.from_numpy(X))], reference(model, X))


def test_onnx_graph_modules_of_other_shapes_share_weights() -> None:
    made = OnnxGraph(one("Conv", floats(4, 3, 3, 3), floats(4)), "m")
    small, large = (made.module([(count, 3, 6, 5)]) for count in (1, 8))
    assert [weight.data_ptr() for weight in small.buffers()] == [weight.data_ptr() for weight in large.buffers()]


def test_onnx_graph_unknown_operators_are_named() -> None:
    assert "NonMaxSuppression" not in OPS
    nodes = [onnx.helper.make_node("NonZero", ["x"], ["y"]), onnx.helper.make_node("Det", ["x"], ["z"])]
    with pytest.raises(ModelError, match=r"^m\.onnx: torch has no operator for Det, NonZero; choose another backend$"):
        OnnxGraph(graph(nodes, {"x": X}, {}, ["y", "z"], 17), "m.onnx")


def test_onnx_graph_data_dependent_shape_raises() -> None:
    node = onnx.helper.make_node
    nodes = [
        node("Cast", ["x"], ["whole"], to=onnx.TensorProto.INT64),
        node("Reshape", ["whole", "flat"], ["sizes"]),
        node("Expand", ["one", "sizes"], ["y"]),
    ]
    model = graph(nodes, {"x": X}, {"flat": ints(-1), "one": f32(1)}, ["y"], 17)
    with pytest.raises(ModelError, match="shapes that depend on computed values are not supported") as caught:
        OnnxGraph(model, "m.onnx").module([X.shape])
    assert "\n" not in str(caught.value)


def test_onnx_graph_wrong_input_shape_raises() -> None:
    made = OnnxGraph(one("Conv", floats(4, 3, 3, 3)), "m.onnx")
    with pytest.raises(ModelError, match=r"^m\.onnx: torch cannot run Conv y0 .*, for 1 x 7 x 6 x 5$"):
        made.module([(1, 7, 6, 5)])
    with pytest.raises(ModelError, match="the model has 1 inputs, not 2"):
        made.module([(1, 3, 6, 5), (1, 3)])


@pytest.mark.parametrize("data", [b"", b"no model" * 40])
def test_onnx_graph_invalid_model_raises(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"^m\.onnx: onnx cannot read it"):
        OnnxGraph(data, "m.onnx")


ZOO_INPUTS = {
    "movenet_thunder.fp16w": ((2, 3, 256, 256), 255),
    "nanodet_g.fp16w": ((1, 3, 224, 416), 255),
    "pose2mesh_open": ((3, 1082), 1),
}


@pytest.mark.parametrize("name", list(ZOO_INPUTS))
def test_onnx_module_bundled_models_equal_reference(name: str) -> None:
    shape, most = ZOO_INPUTS[name]
    x = (np.random.default_rng(1).random(shape) * most).astype(np.float32)
    model = Path(ZOO / f"{name}.onnx").read_bytes()
    assert_equal(ours(model, x), reference(model, x))


def test_onnx_module_bundled_int8_model_is_near_reference() -> None:
    """Rounding makes of the last bit of float32 a step of the quantization, and steps add up from layer to layer."""
    x = (np.random.default_rng(1).random((1, 3, 128, 128)) * 255).astype(np.float32)
    model = (ZOO / "nanodet_g.int8.onnx").read_bytes()
    got, wanted = ours(model, x), reference(model, x, exact=True)
    for y, z in zip(got, wanted, strict=True):
        assert np.abs(y - z).mean() <= 0.02 * np.abs(z).max()
        assert np.corrcoef(y.ravel(), z.ravel())[0, 1] > 0.99
