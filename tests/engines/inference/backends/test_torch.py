"""Torch on the CPU, and CUDA graphs with a stand-in or a real GPU."""

from __future__ import annotations

import contextlib
import logging
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from engines.cards.card import ZOO, load_card  # noqa: E402
from engines.errors import DeviceLostError, ModelError, OutOfMemoryError  # noqa: E402
from engines.inference.backends import torch_cuda  # noqa: E402
from engines.inference.backends.torch_cuda import TorchCudaSession  # noqa: E402
from engines.inference.backends.torch_eager import Torch, read_graph  # noqa: E402
from engines.inference.session import open_session  # noqa: E402
from engines.onnx_tools.to_torch import OnnxGraph  # noqa: E402

FLOAT = onnx.TensorProto.FLOAT
RNG = np.random.default_rng(0)
WEIGHT = RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)


def model_of(shape: tuple[Any, ...] = ("N", 3, 8, 8)) -> bytes:
    """images -> a convolution (N, 4, 6, 6), and the sums over its rows and columns (N, 4)."""
    node = onnx.helper.make_node
    graph = onnx.helper.make_graph(
        [node("Conv", ["images", "w"], ["maps"]), node("ReduceSum", ["maps", "axes"], ["sums"], keepdims=0)],
        "m",
        [onnx.helper.make_tensor_value_info("images", FLOAT, shape)],
        [onnx.helper.make_tensor_value_info(name, FLOAT, None) for name in ("maps", "sums")],
        [onnx.numpy_helper.from_array(WEIGHT, "w"), onnx.numpy_helper.from_array(np.array([2, 3]), "axes")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def images(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(size=(count, 3, 8, 8)).astype(np.float32)


def expected(x: np.ndarray) -> list[np.ndarray]:
    maps = torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(WEIGHT))
    return [maps.numpy(), maps.sum((2, 3)).numpy()]


def assert_expected(outputs: tuple[Any, ...], x: np.ndarray, atol: float = 1e-4) -> None:
    for got, wanted in zip(outputs, expected(x), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, wanted, atol=atol)


# The CPU


@pytest.mark.parametrize("count", [1, 3])
def test_torch_session_cpu_fp32_equals_expected(count: int) -> None:
    session = Torch().load(model_of(), "m", "cpu", "fp32", None)
    assert_expected(session(images(count)), images(count))
    assert (session.backend, session.device, session.precision) == ("torch", "cpu", "fp32")


def test_torch_session_cpu_bf16_is_near_expected() -> None:
    session = Torch().load(model_of(), "m", "cpu", "bf16", None)
    outputs = session(images(2))
    assert_expected(outputs, images(2), atol=0.6)
    assert np.abs(outputs[0] - expected(images(2))[0]).max() > 1e-3  # it is bfloat16


def test_torch_session_bundled_model_equals_onnxruntime() -> None:
    pytest.importorskip("onnxruntime")
    x = (np.random.default_rng(3).random((2, 3, 256, 256)) * 255).astype(np.float32)
    card = load_card("movenet_thunder")
    ours, theirs = (open_session(card, backend=name, precision="fp32")(x) for name in ("torch", "onnxruntime"))
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-4)


def test_torch_session_cpu_out_of_memory_halves_the_batch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = Torch().load(model_of(), "m", "cpu", "fp32", None)
    convolve = torch.nn.functional.conv2d

    def small_memory(x: Any, *arguments: Any) -> Any:
        if len(x) > 2 and x.device.type == "cpu":
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return convolve(x, *arguments)

    monkeypatch.setattr(torch.nn.functional, "conv2d", small_memory)
    from engines.onnx_tools.ops import layers

    assert layers.F.conv2d is small_memory
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        outputs = session(images(8))
    monkeypatch.undo()
    assert_expected(outputs, images(8))
    assert [m for m in caplog.messages if "memory" in m] == [
        "m: not enough memory for a batch of 8; continuing with batches of 4",
        "m: not enough memory for a batch of 4; continuing with batches of 2",
    ]


# CUDA graphs, with a stand-in: what is captured is a call, and replaying it calls again


class Graph:
    def __init__(self, replays: list[int]) -> None:
        self.replays = replays
        self.session: Any = None

    def replay(self) -> None:
        self.replays.append(len(self.captured.inputs[0]))
        for target, made in zip(self.captured.outputs, self.captured._module(*self.captured.inputs), strict=True):
            target.copy_(made)


class Stream:
    def __init__(self, *_: Any) -> None:
        self.synchronized = 0

    def synchronize(self) -> None:
        self.synchronized += 1


@pytest.fixture
def replays(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The batch sizes of all replays."""
    made: list[int] = []

    def captured(*arguments: Any) -> Any:
        result = real(*arguments)
        result.graph.captured = result
        return result

    real = torch_cuda._Captured
    nothing = contextlib.nullcontext
    stand_in = types.SimpleNamespace(
        Stream=Stream,
        CUDAGraph=lambda: Graph(made),
        graph=lambda *_, **__: nothing(),
        graph_pool_handle=lambda: 0,
        device=lambda _: nothing(),
        stream=lambda _: nothing(),
    )
    monkeypatch.setattr(torch_cuda, "_cuda", stand_in)
    monkeypatch.setattr(torch_cuda, "_Captured", captured)
    monkeypatch.setattr(torch_cuda, "_pinned", lambda like: torch.zeros(like.shape, dtype=like.dtype))
    return made


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (3, [4]), (9, [16]), (70, [64, 8])])
def test_torch_cuda_session_pads_batches_to_captured_sizes(replays: list[int], count: int, sizes: list[int]) -> None:
    session = TorchCudaSession("torch", OnnxGraph(model_of(), "m"), "fp32")
    assert replays == [1, 2, 4]  # prepared when it is loaded
    replays.clear()
    assert_expected(session(images(count)), images(count))
    assert replays == sizes


def test_torch_cuda_session_outputs_are_unchanged_by_the_next_call(replays: list[int]) -> None:
    session = TorchCudaSession("torch", OnnxGraph(model_of(), "m"), "fp32")
    first = session(images(2))
    session(images(2) * 3)
    assert_expected(first, images(2))


def test_torch_cuda_session_captures_each_image_size_on_first_use(replays: list[int]) -> None:
    session = TorchCudaSession("torch", OnnxGraph(model_of(("N", 3, "H", "W")), "m"), "fp32")
    assert not replays
    assert session(np.zeros((1, 3, 8, 8), np.float32))[0].shape == (1, 4, 6, 6)
    assert session(np.zeros((1, 3, 5, 9), np.float32))[0].shape == (1, 4, 3, 7)


def test_torch_cuda_session_bf16_has_float32_inputs_and_outputs(replays: list[int]) -> None:
    session = TorchCudaSession("torch", read_graph(model_of(), "m", "cpu", "bf16"), "bf16")
    assert_expected(session(images(3)), images(3), atol=0.6)


def test_torch_cuda_session_compiler_gets_module_and_inputs(replays: list[int]) -> None:
    given: list[tuple[int, ...]] = []

    def compile_module(module: Any, inputs: list[Any]) -> Any:
        given.extend(tuple(x.shape) for x in inputs)
        return module

    session = TorchCudaSession("torch_tensorrt", OnnxGraph(model_of(), "m"), "fp16", compile_module)
    assert given == [(size, 3, 8, 8) for size in (1, 2, 4)]
    assert (session.backend, session.precision) == ("torch_tensorrt", "fp16")


def test_torch_cuda_session_out_of_memory_in_capture_reduces_sizes(
    replays: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    captured = torch_cuda._Captured

    def small_memory(module: Any, inputs: list[Any], *rest: Any) -> Any:
        if len(inputs[0]) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return captured(module, inputs, *rest)

    monkeypatch.setattr(torch_cuda, "_Captured", small_memory)
    session = TorchCudaSession("torch", OnnxGraph(model_of(), "m"), "fp32")
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        assert_expected(session(images(9)), images(9))
    assert caplog.messages[-1] == "m: not enough memory for a batch of 8; continuing with batches of 4"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CUDA out of memory. Tried to allocate 2 GiB.", OutOfMemoryError),
        ("CUDA error: an illegal memory access was encountered\nCompile with X", DeviceLostError),
        ("CUDA error: invalid argument", ModelError),
    ],
)
def test_torch_cuda_session_replay_errors_are_classified(
    replays: list[int], monkeypatch: pytest.MonkeyPatch, text: str, kind: type[ModelError]
) -> None:
    session = TorchCudaSession("torch", OnnxGraph(model_of(), "m"), "fp32")

    def fail(_self: Graph) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(Graph, "replay", fail)
    with pytest.raises(kind, match=r"^m: torch on cpu ") as caught:
        session(images(1))
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)


# With a GPU


@pytest.fixture
def cuda_device() -> str:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device, or a torch without CUDA")
    return "cuda:0"


@pytest.mark.gpu
@pytest.mark.parametrize(("precision", "atol"), [("fp32", 1e-4), ("fp16", 0.1), ("bf16", 0.6)])
@pytest.mark.parametrize("count", [1, 5, 70])
def test_torch_session_gpu_equals_cpu(cuda_device: str, precision: str, atol: float, count: int) -> None:
    session = Torch().load(model_of(), "m", cuda_device, precision, None)
    for _ in range(2):
        assert_expected(session(images(count)), images(count), atol)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["movenet_thunder", "nanodet_g", "pose2mesh_open"])
def test_torch_session_gpu_equals_cpu_on_bundled_models(cuda_device: str, name: str) -> None:
    file = ZOO / (f"{name}.onnx" if name == "pose2mesh_open" else f"{name}.fp16w.onnx")
    shape = {"movenet_thunder": (3, 3, 256, 256), "nanodet_g": (1, 3, 416, 416), "pose2mesh_open": (6, 1082)}[name]
    x = (np.random.default_rng(1).random(shape) * (1 if name == "pose2mesh_open" else 255)).astype(np.float32)
    there, here = (Torch().load(file.read_bytes(), name, device, "fp32", None)(x) for device in (cuda_device, "cpu"))
    for got, wanted in zip(there, here, strict=True):
        assert np.abs(got - wanted).max() <= 1e-3 * np.abs(wanted).max()


@pytest.mark.gpu
@pytest.mark.parametrize("count", [1, 5, 70])
def test_torch_session_gpu_arrays_are_computed_on_the_given_stream(cuda_device: str, count: int) -> None:
    session: Any = Torch().load(model_of(), "m", cuda_device, "fp32", None)
    stream = torch.cuda.Stream(cuda_device)
    with torch.cuda.stream(stream):
        x = torch.from_numpy(images(count)).to(cuda_device) * 1
        kept = session.enqueue(x, stream=stream.cuda_stream)
        later = session.enqueue(x * 2, stream=stream.cuda_stream)
        doubled = [2 * y for y in kept]
    stream.synchronize()
    assert_expected(tuple(y.cpu().numpy() for y in kept), images(count))
    for y, z in zip(later, doubled, strict=True):
        torch.testing.assert_close(y, z, rtol=1e-3, atol=1e-3)
    with pytest.raises(ModelError, match="an input is on cpu"):
        session.enqueue(torch.zeros(1, 3, 8, 8))
