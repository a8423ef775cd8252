"""Sessions: both engines compute the same, what was asked for is what runs, and what cannot be had is said."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engines.cards import Card, load_card
from engines.errors import ModelError, UnknownNameError
from engines.session import BACKENDS as BACKENDS_BY_NAME
from engines.session import open_session

onnx = pytest.importorskip("onnx")
BACKENDS = ("openvino", "onnxruntime")


def tiny_model() -> bytes:
    """images (N, 3, 4, 4) -> images + 1 and (N, 3), the sums over the picture."""
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["images", "one"], ["more"]),
            helper.make_node("ReduceSum", ["images", "axes"], ["sums"], keepdims=0),
        ],
        "tiny",
        [helper.make_tensor_value_info("images", float32, ["N", 3, 4, 4])],
        [
            helper.make_tensor_value_info("more", float32, ["N", 3, 4, 4]),
            helper.make_tensor_value_info("sums", float32, ["N", 3]),
        ],
        [
            onnx.numpy_helper.from_array(np.float32(1), "one"),
            onnx.numpy_helper.from_array(np.array([2, 3], np.int64), "axes"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def tiny_card(folder: Path, weights: bytes) -> Card:
    (folder / "tiny.onnx").write_bytes(weights)
    path = folder / "tiny.toml"
    path.write_text(
        'name = "tiny"\ntask = "pose"\nfamily = "movenet"\ntitle = "t"\nlicence = "l"\nsource = "s"\n'
        '[input]\nname = "images"\nshape = ["N", 3, 4, 4]\n'
        f'[variants.fp32]\nfile = "tiny.onnx"\nsha256 = "{hashlib.sha256(weights).hexdigest()}"\n'
    )
    return load_card(path)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_any_number_of_rows(tmp_path: Path, backend: str, count: int) -> None:
    session = open_session(tiny_card(tmp_path, tiny_model()), backend=backend, threads=1)
    images = np.random.default_rng(count).normal(size=(count, 3, 4, 4)).astype(np.float32)
    more, sums = session(images)
    np.testing.assert_allclose(more, images + 1, rtol=1e-6)
    np.testing.assert_allclose(sums, images.sum(axis=(2, 3)), rtol=1e-4, atol=1e-5)
    assert (session.backend, session.device, session.precision) == (backend, "cpu", "fp32")


@pytest.mark.parametrize("backend", BACKENDS)
def test_outputs_survive_the_next_call(tmp_path: Path, backend: str) -> None:
    session = open_session(tiny_card(tmp_path, tiny_model()), backend=backend, threads=1)
    first, _ = session(np.zeros((1, 3, 4, 4), np.float32))
    session(np.full((1, 3, 4, 4), 5, np.float32))
    np.testing.assert_array_equal(first, 1)


def test_the_engines_agree_on_a_real_model() -> None:
    card = load_card("movenet_thunder")
    crops = np.random.default_rng(3).uniform(0, 255, (2, 3, 256, 256)).astype(np.float32)
    openvino, onnxruntime = (open_session(card, backend=b, precision="fp32", threads=1)(crops)[0] for b in BACKENDS)
    np.testing.assert_allclose(openvino, onnxruntime, atol=2e-3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weights", [b"", b"this is no model" * 50, tiny_model()[:-80]])
def test_what_the_engine_cannot_parse(tmp_path: Path, backend: str, weights: bytes) -> None:
    with pytest.raises(ModelError, match=r"tiny\.onnx: ") as caught:
        open_session(tiny_card(tmp_path, weights), backend=backend)
    assert "\n" not in str(caught.value)


def test_unknown_names_list_what_exists(tmp_path: Path) -> None:
    card = tiny_card(tmp_path, tiny_model())
    with pytest.raises(UnknownNameError, match="unknown backend 'caffe'; there are: openvino, onnxruntime"):
        open_session(card, backend="caffe")
    with pytest.raises(UnknownNameError, match="unknown device 'npu'; openvino has here: cpu"):
        open_session(card, device="npu")
    with pytest.raises(UnknownNameError, match="unknown precision 'fp8'; there are: fp32, bf16, int8"):
        open_session(card, precision="fp8")


def test_a_precision_by_name_is_never_replaced(tmp_path: Path) -> None:
    card = tiny_card(tmp_path, tiny_model())
    with pytest.raises(ModelError, match="tiny has no int8 weights, it has: fp32"):
        open_session(card, precision="int8")
    with pytest.raises(ModelError, match="onnxruntime on cpu does not compute in bf16, it has: fp32, int8"):
        open_session(card, backend="onnxruntime", precision="bf16")


def test_auto_takes_what_the_card_prefers_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "meshcast.engines"):
        session = open_session(load_card("movenet_thunder"), backend="onnxruntime", threads=1)
    assert session.precision == "fp32"  # bf16 is preferred, this engine has none, int8 harms the keypoints
    assert caplog.messages == ["movenet_thunder: onnxruntime, cpu, fp32"]


def test_a_missing_package_is_named() -> None:
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from engines.cards import load_card; from engines.errors import ModelError\n"
        "from engines.session import open_session\n"
        "try: open_session(load_card('nanodet_g'), backend='onnxruntime')\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install meshcast[onnxruntime]" in done.stdout
    assert done.stdout.count("\n") == 1


def test_nothing_is_sent_anywhere_when_openvino_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "import engines.backends.openvino_cpu\n"
        "print([name for name, module in sys.modules.items() if name.startswith('openvino_telemetry') and module])\n"
        "import pathlib; print(list(pathlib.Path.home().iterdir()))\n"
    )
    environment = {"HOME": str(tmp_path), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines() == ["[]", "[]"]


def model_of_batch(batch: int) -> bytes:
    """images (batch, 3, 4, 4), the batch also in a constant of the graph -> (batch, 48), as exports often are."""
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["images", "shape"], ["rows"])],
        "fixed",
        [helper.make_tensor_value_info("images", float32, [batch, 3, 4, 4])],
        [helper.make_tensor_value_info("rows", float32, [batch, 48])],
        [onnx.numpy_helper.from_array(np.array([batch, 48], np.int64), "shape")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_that_is_fixed_at_one_runs_people_one_by_one(backend: str) -> None:
    session = BACKENDS_BY_NAME[backend]().load(model_of_batch(1), "fixed.onnx", "cpu", "fp32", None)
    images = np.random.default_rng(0).random((5, 3, 4, 4)).astype(np.float32)
    for count in (1, 4, 5):
        (rows,) = session(images[:count])
        np.testing.assert_array_equal(rows, images[:count].reshape(count, 48))
    with pytest.raises(ModelError, match=r"fixed\.onnx: its batch is fixed at 3; export it with a free batch axis"):
        BACKENDS_BY_NAME[backend]().load(model_of_batch(3), "fixed.onnx", "cpu", "fp32", None)
