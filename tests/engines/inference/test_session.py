"""Sessions: backends agree, explicit choices are kept, errors name the alternatives."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.cards.card import Card, load_card
from engines.errors import MeshcastError, ModelError, UnknownNameError
from engines.inference.cuda import driver as cuda
from engines.inference.session import BACKENDS as BACKENDS_BY_NAME
from engines.inference.session import open_session

onnx = pytest.importorskip("onnx")
BACKENDS = ("openvino", "onnxruntime", "torch")


def tiny_model() -> bytes:
    """images (N, 3, 4, 4) -> images + 1 and (N, 3), the sums over the image."""
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
        'name = "tiny"\ntask = "pose"\nfamily = "movenet"\ntitle = "t"\nlicense = "l"\nsource = "s"\n'
        '[input]\nname = "images"\nshape = ["N", 3, 4, 4]\n'
        f'[variants.fp32]\nfile = "tiny.onnx"\nsha256 = "{hashlib.sha256(weights).hexdigest()}"\n'
    )
    return load_card(path)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_open_session_any_batch_size_is_computed(tmp_path: Path, backend: str, count: int) -> None:
    session = open_session(tiny_card(tmp_path, tiny_model()), backend=backend, threads=1)
    images = np.random.default_rng(count).normal(size=(count, 3, 4, 4)).astype(np.float32)
    more, sums = session(images)
    np.testing.assert_allclose(more, images + 1, rtol=1e-6)
    np.testing.assert_allclose(sums, images.sum(axis=(2, 3)), rtol=1e-4, atol=1e-5)
    assert (session.backend, session.device, session.precision) == (backend, "cpu", "fp32")


@pytest.mark.parametrize("backend", BACKENDS)
def test_open_session_outputs_are_unchanged_by_the_next_call(tmp_path: Path, backend: str) -> None:
    session = open_session(tiny_card(tmp_path, tiny_model()), backend=backend, threads=1)
    first, _ = session(np.zeros((1, 3, 4, 4), np.float32))
    session(np.full((1, 3, 4, 4), 5, np.float32))
    np.testing.assert_array_equal(first, 1)


def test_open_session_backends_agree_on_a_bundled_model() -> None:
    card = load_card("movenet_thunder")
    crops = np.random.default_rng(3).uniform(0, 255, (2, 3, 256, 256)).astype(np.float32)
    openvino, onnxruntime = (
        open_session(card, backend=b, precision="fp32", threads=1)(crops)[0] for b in ("openvino", "onnxruntime")
    )
    np.testing.assert_allclose(openvino, onnxruntime, atol=2e-3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weights", [b"", b"this is no model" * 50, tiny_model()[:-80]])
def test_open_session_unparsable_model_raises_one_line(tmp_path: Path, backend: str, weights: bytes) -> None:
    with pytest.raises(ModelError, match=r"tiny\.onnx: ") as caught:
        open_session(tiny_card(tmp_path, weights), backend=backend)
    assert "\n" not in str(caught.value)


def test_open_session_unknown_names_list_the_known_ones(tmp_path: Path) -> None:
    card = tiny_card(tmp_path, tiny_model())
    with pytest.raises(UnknownNameError, match="unknown backend 'caffe'; there are: openvino, onnxruntime, torch, ten"):
        open_session(card, backend="caffe")
    for device in ("npu", "cuda:", "cuda:x", "cpu:0"):
        with pytest.raises(UnknownNameError, match=f"unknown device '{device}'; there are: cpu, cuda:N"):
            open_session(card, device=device)
    with pytest.raises(UnknownNameError, match="unknown precision 'fp8'; there are: fp32, bf16, fp16, int8"):
        open_session(card, precision="fp8")


def test_open_session_explicit_precision_is_not_replaced(tmp_path: Path) -> None:
    card = tiny_card(tmp_path, tiny_model())
    with pytest.raises(ModelError, match=r"tiny: no int8 weights \(it has: fp32\)"):
        open_session(card, precision="int8")
    with pytest.raises(ModelError, match=r"onnxruntime on cpu: no bf16 \(it has: fp32, int8\)"):
        open_session(card, backend="onnxruntime", precision="bf16")
    with pytest.raises(ModelError, match=r"openvino on cpu: no fp16 \(it has: .*\); choose another precision"):
        open_session(card, backend="openvino", precision="fp16")
    for precision in ("fp16", "int8"):
        with pytest.raises(ModelError, match=f"pose2mesh_coco: the native kernels have no {precision}; choose fp32"):
            open_session(load_card("pose2mesh_coco"), device="cpu", precision=precision)
    with pytest.raises(ModelError, match=r"torch on cpu: no fp16 \(it has: fp32, bf16\)"):
        open_session(card, backend="torch", precision="fp16")


def test_open_session_auto_precision_follows_the_card(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "meshcast.engines"):
        session = open_session(load_card("movenet_thunder"), backend="onnxruntime", threads=1)
    assert session.precision == "fp32"  # bf16 is preferred, this engine has none, int8 harms the keypoints
    assert caplog.messages == ["movenet_thunder: onnxruntime, cpu, fp32"]


@pytest.mark.parametrize(
    ("backend", "packages", "advice"),
    [
        ("openvino", ["openvino"], "pip install openvino"),
        ("onnxruntime", ["onnxruntime"], "[onnxruntime]"),
        ("torch", ["torch"], "[torch]"),
        ("torch", ["onnx"], "[torch]"),
        ("tensorrt", ["tensorrt"], "pip install tensorrt; on a Jetson it comes with JetPack"),
        ("tensorrt_rtx", ["tensorrt_rtx", "tensorrt_rtx_bindings"], "[tensorrt-rtx]"),
        ("torch_tensorrt", ["torch_tensorrt"], "pip install torch-tensorrt"),
    ],
)
def test_open_session_missing_package_is_named(backend: str, packages: list[str], advice: str) -> None:
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({packages}))\n"
        "from engines.cards.card import load_card; from engines.errors import ModelError\n"
        "from engines.inference.session import open_session\n"
        f"try: open_session(load_card('nanodet_g'), backend='{backend}')\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cannot be imported" in done.stdout
    assert "pip install" in done.stdout
    assert advice in done.stdout
    assert done.stdout.count("\n") == 1


class Loaded:
    """A session that remembers what it was loaded with."""

    def __init__(self, backend: str, device: str, precision: str) -> None:
        self.backend, self.device, self.precision = backend, device, precision

    def __call__(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return inputs


class Engine:
    """An engine that finds these devices."""

    def __init__(self, name: str, devices: tuple[str, ...], able: tuple[str, ...]) -> None:
        self.name, self._devices, self._able = name, devices, able

    def devices(self) -> tuple[str, ...]:
        return self._devices

    def precisions(self, device: str) -> tuple[str, ...]:
        return self._able

    def load(
        self, model: bytes, source: str, device: str, precision: str, threads: int | None, on_build: Any
    ) -> Loaded:
        return Loaded(self.name, device, precision)


GPUS = ("cuda:0", "cuda:1")
ON_GPU = ("fp32", "bf16", "fp16", "int8")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretend that a machine has so many GPUs, and these engines installed; torch_devices are what torch finds."""

    def make(gpus: int, installed: set[str], torch_devices: tuple[str, ...] = (*GPUS, "cpu")) -> None:
        found = {
            "openvino": Engine("openvino", ("cpu",), ("fp32", "bf16", "int8")),
            "onnxruntime": Engine("onnxruntime", ("cpu",), ("fp32", "int8")),
            "torch": Engine("torch", torch_devices, ON_GPU),
            "tensorrt": Engine("tensorrt", GPUS[:gpus], ON_GPU),
            "tensorrt_rtx": Engine("tensorrt_rtx", GPUS[:gpus], ON_GPU),
        }
        monkeypatch.setattr(cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(cuda, "gpu", lambda index: cuda.Gpu(index, "NVIDIA H200", (9, 0)))
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in installed or None)
        for name, engine in found.items():
            monkeypatch.setitem(BACKENDS_BY_NAME, name, lambda engine=engine: engine)

    return make


ALL = {"openvino", "onnxruntime", "torch", "tensorrt", "tensorrt_rtx_bindings"}


@pytest.mark.parametrize(
    ("gpus", "installed", "device", "chosen"),
    [
        (1, ALL, "auto", ("tensorrt", "cuda:0", "fp16")),
        (1, ALL - {"tensorrt"}, "auto", ("tensorrt_rtx", "cuda:0", "fp16")),
        (1, {"openvino", "torch"}, "auto", ("torch", "cuda:0", "fp16")),
        (1, {"openvino"}, "auto", ("openvino", "cpu", "bf16")),
        (0, ALL, "auto", ("openvino", "cpu", "bf16")),
        (0, {"onnxruntime", "torch"}, "auto", ("onnxruntime", "cpu", "fp32")),
        (1, ALL, "cpu", ("openvino", "cpu", "bf16")),
        (2, ALL, "cuda:1", ("tensorrt", "cuda:1", "fp16")),
        (2, ALL, "cuda", ("tensorrt", "cuda:0", "fp16")),
    ],
)
def test_open_session_auto_chooses_backend_device_and_precision(
    machine: Any, gpus: int, installed: set[str], device: str, chosen: tuple[str, str, str]
) -> None:
    machine(gpus, installed)
    session = open_session(load_card("movenet_thunder"), device=device)
    assert (session.backend, session.device, session.precision) == chosen


def test_open_session_auto_skips_engine_without_gpu_support(machine: Any, caplog: pytest.LogCaptureFixture) -> None:
    machine(1, {"torch", "openvino"}, torch_devices=("cpu",))
    with caplog.at_level(logging.INFO, "meshcast.engines"):
        assert open_session(load_card("movenet_thunder")).backend == "openvino"
    assert caplog.messages == [
        "torch cannot use cuda:N (the installed torch build does not support NVIDIA H200); its devices are: none",
        "movenet_thunder: openvino, cpu, bf16",
    ]


def test_open_session_auto_skips_broken_engine(
    machine: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Engine:
        raise ModelError("tensorrt cannot be imported (libnvinfer.so.10)")

    machine(1, ALL)
    monkeypatch.setitem(BACKENDS_BY_NAME, "tensorrt", broken)
    assert open_session(load_card("movenet_thunder")).backend == "tensorrt_rtx"
    assert caplog.messages[0] == "tensorrt cannot be imported (libnvinfer.so.10); trying other engines"
    with pytest.raises(ModelError, match="cannot be imported"):
        open_session(load_card("movenet_thunder"), backend="tensorrt")


@pytest.mark.parametrize(
    ("gpus", "installed", "asked", "said"),
    [
        (0, ALL, {"device": "cuda:0"}, "cuda:0: cannot be used; no CUDA device is visible"),
        (1, ALL, {"device": "cuda:3"}, "cuda:3: cannot be used; visible devices: cuda:0"),
        (
            1,
            {"openvino"},
            {"device": "cuda:0"},
            "cuda:0: no installed engine can use it; install one of: tensorrt, ",
        ),
        (0, set(), {}, "no inference engine is installed; pip install openvino"),
        (1, ALL, {"backend": "openvino", "device": "cuda:0"}, "openvino cannot use cuda:0 (it runs on the CPU only)"),
        (1, ALL, {"backend": "tensorrt", "device": "cpu"}, "tensorrt cannot use cpu; its devices are: cuda:0"),
        (0, ALL, {"backend": "tensorrt"}, "tensorrt cannot use cuda:N (no CUDA device is visible"),
        (2, ALL, {"backend": "torch", "device": "cuda:7"}, "torch cannot use cuda:7 (visible devices: cuda:0, cuda:1)"),
    ],
)
def test_open_session_explicit_device_is_not_replaced(
    machine: Any, gpus: int, installed: set[str], asked: dict[str, str], said: str
) -> None:
    machine(gpus, installed)
    with pytest.raises(MeshcastError, match=re.escape(said)) as caught:
        open_session(load_card("movenet_thunder"), **asked)
    assert "\n" not in str(caught.value)


def test_openvino_import_loads_no_telemetry(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "import engines.inference.backends.openvino_cpu\n"
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
def test_load_fixed_batch_of_one_runs_one_by_one(backend: str) -> None:
    session = BACKENDS_BY_NAME[backend]().load(model_of_batch(1), "fixed.onnx", "cpu", "fp32", None)
    images = np.random.default_rng(0).random((5, 3, 4, 4)).astype(np.float32)
    for count in (1, 4, 5):
        (rows,) = session(images[:count])
        np.testing.assert_array_equal(rows, images[:count].reshape(count, 48))
    with pytest.raises(ModelError, match=r"fixed\.onnx: its batch is fixed at 3; export it with a free batch axis"):
        BACKENDS_BY_NAME[backend]().load(model_of_batch(3), "fixed.onnx", "cpu", "fp32", None)
