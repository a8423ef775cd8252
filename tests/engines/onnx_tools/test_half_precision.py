"""Models converted to half precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from engines.cards.card import ZOO  # noqa: E402
from engines.errors import ModelError  # noqa: E402
from engines.onnx_tools.half_precision import to_half  # noqa: E402
from engines.onnx_tools.to_torch import OnnxGraph  # noqa: E402

FLOAT = onnx.TensorProto.FLOAT
HALVES = {"fp16": onnx.TensorProto.FLOAT16, "bf16": onnx.TensorProto.BFLOAT16}
EPS = {"fp16": 2**-11, "bf16": 2**-8}


def small(scale: float = 1.0) -> bytes:
    """x / 255 -> Conv -> Relu -> Resize -> Conv -> x 100: a picture's way in, a network and coordinates out of it."""
    node, rng = onnx.helper.make_node, np.random.default_rng(0)
    constants = {
        "whole": np.float32(255),
        "w1": rng.normal(size=(4, 3, 3, 3)).astype(np.float32) * scale,
        "b1": rng.normal(size=4).astype(np.float32),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "stored": rng.normal(size=(2, 4, 1, 1)).astype(np.float16),
        "hundred": np.float32(100),
    }
    nodes = [
        node("Div", ["x", "whole"], ["unit"]),
        node("Conv", ["unit", "w1", "b1"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("Resize", ["r", "", "scales"], ["big"], mode="linear"),
        node("Cast", ["stored"], ["w2"], to=FLOAT),
        node("Conv", ["big", "w2"], ["heat"]),
        node("Mul", ["heat", "hundred"], ["y"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "small",
        [onnx.helper.make_tensor_value_info("x", FLOAT, ["N", 3, 8, 8])],
        [onnx.helper.make_tensor_value_info(name, FLOAT, None) for name in ("y", "r")],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def run(model: bytes, x: np.ndarray) -> list[Any]:
    with torch.inference_mode():
        return [y.numpy() for y in OnnxGraph(model, "m").module([x.shape])(torch.from_numpy(x))]


def types(model: bytes) -> dict[str, int]:
    made = onnx.shape_inference.infer_shapes(onnx.load_from_string(model), strict_mode=True).graph
    known = {entry.name: entry.type.tensor_type.elem_type for entry in (*made.value_info, *made.output, *made.input)}
    return {f"{node.op_type} {node.output[0].split('__')[0]}": known[node.output[0]] for node in made.node}


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_to_half_converts_from_first_to_last_product(precision: str) -> None:
    half = HALVES[precision]
    assert types(to_half(small(), precision, "m")) == {
        "Div unit": FLOAT,
        "Cast unit": half,
        "Conv a": half,
        "Relu r": half,
        "Cast r": FLOAT,  # an output of the model
        "Resize big": half,
        "Conv heat": half,
        "Cast heat": FLOAT,
        "Mul y": FLOAT,
    }


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_to_half_outputs_stay_near(precision: str) -> None:
    x = (np.random.default_rng(1).random((2, 3, 8, 8)) * 255).astype(np.float32)
    for got, wanted in zip(run(to_half(small(), precision, "m"), x), run(small(), x), strict=True):
        assert got.dtype == np.float32
        error = np.abs(got - wanted).max() / np.abs(wanted).max()
        assert EPS[precision] / 50 < error < 4 * EPS[precision]


def test_to_half_weights_are_stored_in_half_precision() -> None:
    made = onnx.load_from_string(to_half(small(), "fp16", "m")).graph
    stored = {entry.name: entry.data_type for entry in made.initializer}
    assert stored == {
        "whole": FLOAT,
        "scales": FLOAT,
        "hundred": FLOAT,
        "w1__half": HALVES["fp16"],
        "b1__half": HALVES["fp16"],
        "stored__half" if "stored__half" in stored else "w2__half": HALVES["fp16"],
    }


def test_to_half_weights_beyond_fp16_raise() -> None:
    with pytest.raises(ModelError, match=r"^m: its weights exceed the range of fp16; choose bf16 or fp32$"):
        to_half(small(1e6), "fp16", "m")
    to_half(small(1e6), "bf16", "m")


def test_to_half_invalid_model_raises() -> None:
    with pytest.raises(ModelError, match=r"^m\.onnx: onnx cannot read it"):
        to_half(b"no model" * 9, "fp16", "m.onnx")


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
@pytest.mark.parametrize(("name", "side"), [("movenet_thunder", 256), ("nanodet_g", 128)])
def test_to_half_bundled_models_have_consistent_types(name: str, side: int, precision: str) -> None:
    """Every convolution in half precision; the type of every tensor agrees with its neighbors'."""
    model = (ZOO / f"{name}.fp16w.onnx").read_bytes()
    half = to_half(model, precision, name)
    found = types(half)
    assert {kind for key, kind in found.items() if key.startswith("Conv")} == {HALVES[precision]}
    assert {kind for key, kind in found.items() if key.startswith(("ArgMax", "Gather"))} <= {
        onnx.TensorProto.INT64,
        FLOAT,
    }
    if precision == "fp16":
        x = (np.random.default_rng(1).random((1, 3, side, side)) * 255).astype(np.float32)
        for got, wanted in zip(run(half, x), run(model, x), strict=True):
            assert np.abs(got - wanted).max() < 0.02 * np.abs(wanted).max()


def test_to_half_model_runs_on_onnxruntime() -> None:
    ort = pytest.importorskip("onnxruntime")
    x = (np.random.default_rng(1).random((1, 3, 256, 256)) * 255).astype(np.float32)
    half = to_half((ZOO / "movenet_thunder.fp16w.onnx").read_bytes(), "fp16", "m")
    (wanted,) = ort.InferenceSession(half, providers=["CPUExecutionProvider"]).run(None, {"images": x})
    np.testing.assert_allclose(run(half, x)[0], wanted, atol=2e-3)
