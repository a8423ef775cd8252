"""ONNX models against their cards: conversion or a clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.cards.card import Card, load_card, read_weights
from engines.errors import ModelError
from engines.inference.model_check import fit_to_card
from engines.inference.session import open_session

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper  # noqa: E402

BACKENDS = ("openvino", "onnxruntime", "torch")
SHAPE = (1, 3, 8, 6)
CARD = """
task = "detector"
family = "yolo"
{top}

[input]
name = "images"
shape = {shape}
size = 8
color = "rgb"
mean = {mean}
std = {std}

[variants.fp32]
file = "model.onnx"
"""


def model(
    kind: int = TensorProto.FLOAT,
    shape: tuple[Any, ...] | None = SHAPE,
    given: int = TensorProto.FLOAT,
    outputs: int = 1,
    opset: int = 17,
    second: bool = False,
) -> bytes:
    """images -> their mean over all but the batch, in a type."""
    nodes = [
        helper.make_node("Cast", ["images"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Cast", ["mean"], ["out"], to=given),
    ]
    inputs = [helper.make_tensor_value_info("images", kind, shape)]
    if second:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    results = [helper.make_tensor_value_info("out", given, None)][:outputs]
    graph = helper.make_graph(nodes, "graph", inputs, results)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(made.SerializeToString())


def card(folder: Path, data: bytes, shape: str = "[1, 3, 8, 6]", std: float = 1.0, top: str = "") -> Card:
    (folder / "model.onnx").write_bytes(data)
    path = folder / "model.toml"
    path.write_text(CARD.format(shape=shape, mean=[0.0] * 3, std=[std] * 3, top=top))
    return load_card(path)


def images() -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).uniform(-40, 300, (2, *SHAPE[1:])).astype(np.float32)


def pixels() -> Any:
    """The expected values of integer inputs: rounded and clipped."""
    return np.clip(np.floor(np.clip(images(), 0, 255) + 0.5), 0, 255)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (TensorProto.UINT8, SHAPE),
        (TensorProto.INT32, (1, 8, 6, 3)),
        (TensorProto.INT64, ("N", 3, "H", "W")),
    ],
    ids=["uint8", "int32, channels last", "int64, free"],
)
def test_fit_to_card_integer_images_are_rounded_and_clipped(
    backend: str, kind: int, shape: Any, tmp_path: Path
) -> None:
    session = open_session(card(tmp_path, model(kind, shape)), backend=backend, device="cpu", threads=1)
    (found,) = session(images())
    np.testing.assert_allclose(found, pixels().mean((1, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("kind", "shape", "given"),
    [
        (TensorProto.FLOAT16, SHAPE, TensorProto.FLOAT16),
        (TensorProto.DOUBLE, ("N", 8, 6, 3), TensorProto.DOUBLE),
        (TensorProto.FLOAT, None, TensorProto.FLOAT),
        (TensorProto.FLOAT, (0, 3, 8, 6), TensorProto.FLOAT),
    ],
    ids=["float16", "float64, channels last", "no shape", "batch of 0"],
)
def test_fit_to_card_other_floats_and_unstated_shapes_run(
    backend: str, kind: int, shape: Any, given: int, tmp_path: Path
) -> None:
    session = open_session(card(tmp_path, model(kind, shape, given)), backend=backend, device="cpu", threads=1)
    (found,) = session(images())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, images().mean((1, 2, 3)), rtol=2e-3)


def test_fit_to_card_integer_outputs_become_float32(tmp_path: Path) -> None:
    session = open_session(card(tmp_path, model(given=TensorProto.INT64)), backend="openvino", threads=1)
    (found,) = session(np.full((1, *SHAPE[1:]), 7, np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == [7]


def test_fit_to_card_matching_model_is_unchanged(tmp_path: Path) -> None:
    data = model()
    assert fit_to_card(card(tmp_path, data), data, "model.onnx") is data


@pytest.mark.parametrize("name", ["nanodet_g", "movenet_thunder", "pose2mesh_open"])
def test_fit_to_card_bundled_models_are_unchanged(name: str) -> None:
    shipped = load_card(name)
    for variant in shipped.variants:
        data = read_weights(variant)
        assert fit_to_card(shipped, data, name) is data


def test_fit_to_card_listed_outputs_are_in_the_cards_order(tmp_path: Path) -> None:
    proto = onnx.load_from_string(model())
    proto.graph.node.append(helper.make_node("Neg", ["mean"], ["negative"]))
    proto.graph.output.append(helper.make_tensor_value_info("negative", TensorProto.FLOAT, [1]))
    chosen = card(tmp_path, proto.SerializeToString(), top='outputs = ["negative", "out"]')
    negative, positive = open_session(chosen, backend="openvino", threads=1)(np.ones((1, *SHAPE[1:]), np.float32))
    assert (negative.tolist(), positive.tolist()) == ([-1], [1])


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (model(second=True), {}, r"a further input 'orig_target_sizes' \(int64 \[1, 2\]\); the card expects one input"),
        (model(TensorProto.UINT8), {"std": 255.0}, r"'images' is uint8 with pixel values 0 to 255; set"),
        (model(TensorProto.INT8), {}, r"its input is 'images' \(int8 \[1, 3, 8, 6\]\); the card expects 'images' \(fl"),
        (model(TensorProto.STRING), {}, r"string \[1, 3, 8, 6\]"),
        (model(shape=(4, 3, 8, 6)), {}, r"its batch is fixed at 4; export it with a free batch axis"),
        (model(shape=(3, 8, 6)), {}, r"\[3, 8, 6\]\); the card expects 'images' \(float32 \[1, 3, 8, 6\]\)"),
        (model(shape=(1, 3, 16, 12)), {}, r"\[1, 3, 16, 12\]\); the card expects"),
        (model(shape=(1, 3, 16, 16)), {"shape": '["N", 3, "H", "W"]'}, r"\[1, 3, 16, 16\]\); the card expects"),
        (model(outputs=0), {}, "no output"),
        (model(), {"top": 'outputs = ["outs"]'}, r"no output 'outs' \(did you mean out\?\)"),
        (model(opset=99), {}, "opset 99 is newer than"),
        (model()[:-30], {}, "not an ONNX model, or damaged: it ends before"),
        (b"PK\x03\x04" + bytes(100), {}, "it is a zip archive"),
        (b"<!DOCTYPE html>", {}, "it is text, perhaps a web page"),
        (b"", {}, "it is empty"),
    ],
)
def test_fit_to_card_mismatch_is_named_in_the_error(
    tmp_path: Path, data: bytes, options: dict[str, Any], said: str
) -> None:
    for backend in BACKENDS:
        with pytest.raises(ModelError, match=said) as caught:
            open_session(card(tmp_path, data, **options), backend=backend, device="cpu")
        assert str(caught.value).startswith(f"{tmp_path / 'model.onnx'}: ")
        assert "\n" not in str(caught.value)


def test_fit_to_card_other_input_name_is_named_in_the_error(tmp_path: Path) -> None:
    wrong = card(tmp_path, model())
    path = wrong.path
    path.write_text(path.read_text().replace('name = "images"', 'name = "image"'))
    with pytest.raises(ModelError, match=r"its input is 'images' .*; the card expects one input, 'image' "):
        open_session(load_card(path), backend="openvino")


def test_fit_to_card_damaged_file_raises_model_error_only(tmp_path: Path) -> None:
    whole, draw = model(), np.random.default_rng(4)
    fitting = card(tmp_path, whole)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[draw.integers(len(whole))] = draw.integers(256)
        try:
            fit_to_card(fitting, bytes(damaged[: draw.integers(1, len(whole) + 1)]), "model.onnx")
        except ModelError as error:
            assert "\n" not in str(error)  # noqa: PT017
