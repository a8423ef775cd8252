"""TensorRT: real plans, built without a GPU, run on stand-ins for GPU and runtime."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from engines.cards.card import ZOO  # noqa: E402
from engines.errors import DeviceLostError, ModelError, OutOfMemoryError  # noqa: E402
from engines.inference.backends import tensorrt_build, tensorrt_engine  # noqa: E402
from engines.inference.backends.tensorrt_build import build_plan, interface, targets  # noqa: E402
from engines.inference.backends.tensorrt_engine import TensorRt, TensorRtSession, in_precision  # noqa: E402
from engines.inference.cuda import driver as cuda  # noqa: E402
from engines.inference.cuda.memory import DeviceArray  # noqa: E402
from engines.inference.stream_engine import EnqueuingSession  # noqa: E402
from tests.support import cuda_stand_in  # noqa: E402

driver = cuda_stand_in.driver
FLOAT = onnx.TensorProto.FLOAT


# Real plans


@pytest.fixture(scope="session")
def rtx() -> str:
    try:
        interface("tensorrt_rtx")
    except ModelError as error:
        pytest.skip(str(error))
    return "tensorrt_rtx"


ARCHITECTURES = {"Ampere": (8, 6), "Ada": (8, 9), "Blackwell": (12, 0)}


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_build_plan_without_gpu_builds_for_each_architecture(rtx: str, architecture: str, precision: str) -> None:
    model = (ZOO / "nanodet_g.fp16w.onnx").read_bytes()
    ready = in_precision(model, precision, "nanodet_g")
    plan = build_plan(rtx, ready, "nanodet_g", [(3, 416, 416)], ARCHITECTURES[architecture])
    assert len(plan) > (12e6 if precision == "fp32" else 6e6)  # 3.8 million weights


def test_build_plan_reports_its_progress(rtx: str) -> None:
    heard: list[tuple[str, float]] = []
    build_plan(rtx, qdq_model(), "qdq", [(3, 8, 8)], (8, 9), lambda model, fraction: heard.append((model, fraction)))
    assert {model for model, _ in heard} == {"qdq"}
    fractions = [fraction for _, fraction in heard]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 3
    assert (fractions[0], fractions[-1]) == (0, 1)


def qdq_model(zero: int = 0) -> bytes:
    """images (N, 3, 8, 8) -> Q/DQ -> Conv with quantized weights -> y."""
    node, rng = onnx.helper.make_node, np.random.default_rng(0)
    constants = {
        "s": np.float32(0.02),
        "z": np.array(zero, np.int8 if zero == 0 else np.uint8),
        "w": rng.integers(-127, 127, (8, 3, 3, 3)).astype(np.int8),
        "ws": rng.random(8).astype(np.float32) * 0.01 + 0.001,
        "wz": np.zeros(8, np.int8),
    }
    nodes = [
        node("QuantizeLinear", ["images", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["x"]),
        node("DequantizeLinear", ["w", "ws", "wz"], ["v"], axis=0),
        node("Conv", ["x", "v"], ["y"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "qdq",
        [onnx.helper.make_tensor_value_info("images", FLOAT, ["N", 3, 8, 8])],
        [onnx.helper.make_tensor_value_info("y", FLOAT, ["N", 8, 6, 6])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def test_build_plan_asymmetric_int8_raises(rtx: str) -> None:
    assert build_plan(rtx, qdq_model(), "qdq", [(3, 8, 8)], (8, 9))
    with pytest.raises(
        ModelError, match=r"^qdq: .* symmetric INT8 without quantized biases, as `meshcast calib"
    ) as caught:
        build_plan(rtx, qdq_model(zero=3), "qdq", [(3, 8, 8)], (8, 9))
    assert "\n" not in str(caught.value)


def test_build_plan_unsupported_gpu_lists_the_supported_ones(rtx: str) -> None:
    assert {"SM86", "SM89", "SM120"} <= set(targets(rtx))
    with pytest.raises(ModelError, match=r"tensorrt_rtx: does not build for SM87; choose one of: .*SM86"):
        build_plan(rtx, qdq_model(), "qdq", [(3, 8, 8)], (8, 7))


def test_build_plan_unparsable_model_raises_one_line(rtx: str) -> None:
    with pytest.raises(ModelError, match=r"^m\.onnx: tensorrt_rtx cannot parse it") as caught:
        build_plan(rtx, b"no model" * 10, "m.onnx", [(3, 8, 8)])
    assert "\n" not in str(caught.value)


def test_tensorrt_load_without_gpu_raises(rtx: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "driver", lambda: None)
    assert TensorRt(rtx).devices() == ()
    with pytest.raises(ModelError, match=r"CUDA: no device, as no NVIDIA driver"):
        TensorRt(rtx).load(qdq_model(), "qdq", "cuda:0", "int8", None)


# Running, on stand-ins


def model_of(shape: tuple[Any, ...]) -> bytes:
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["images"], ["more"])],
        "m",
        [onnx.helper.make_tensor_value_info("images", FLOAT, shape)],
        [onnx.helper.make_tensor_value_info("more", FLOAT, shape)],
    )
    return bytes(onnx.helper.make_model(graph).SerializeToString())


class Bench:
    """A session on the stand-ins, with what it built and loaded."""

    def __init__(self, driver: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.driver = driver
        self.trt = cuda_stand_in.TensorRtModule()
        self.built: list[tuple[Any, ...]] = []
        self.plan = b"good plan"
        monkeypatch.setitem(sys.modules, "tensorrt", self.trt)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setattr(tensorrt_engine, "build_plan", self.build)
        for function in (interface, tensorrt_build.logger):
            function.cache_clear()

    def build(self, *arguments: Any) -> bytes:
        self.built.append(arguments)
        return self.plan

    def open(self, shape: tuple[Any, ...] = ("N", 3, 2, 2), device: str = "cuda:1") -> TensorRtSession:
        return TensorRt("tensorrt").load(model_of(shape), "net.onnx", device, "fp32", None)


@pytest.fixture
def bench(driver: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    yield Bench(driver, monkeypatch, tmp_path)
    for function in (interface, tensorrt_build.logger):
        function.cache_clear()


def images(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(size=(count, 3, 2, 2)).astype(np.float32)


def test_tensorrt_devices_and_precisions_are_listed(bench: Bench) -> None:
    engine = TensorRt("tensorrt")
    assert engine.devices() == ("cuda:0", "cuda:1")
    assert engine.precisions("cuda:0") == ("fp32", "bf16", "fp16", "int8")


def test_tensorrt_rtx_devices_are_supported_ones_only(driver: Any, rtx: str) -> None:
    assert TensorRt(rtx).devices() == ("cuda:1",)


@pytest.mark.parametrize(("count", "batches"), [(0, [1]), (1, [1]), (3, [4]), (9, [16]), (70, [64, 8])])
def test_tensorrt_session_pads_batches_to_compiled_sizes(bench: Bench, count: int, batches: list[int]) -> None:
    session = bench.open()
    (engine,) = bench.trt.engines
    engine.batches.clear()
    x = images(count)
    more, sums = session(x)
    np.testing.assert_array_equal(more, x + 1)
    np.testing.assert_allclose(sums, x.sum(axis=(2, 3)), rtol=1e-6)
    assert engine.batches == batches
    assert bench.driver.current == 11  # the context of cuda:1


def test_tensorrt_session_outputs_are_unchanged_by_the_next_call(bench: Bench) -> None:
    session = bench.open()
    first, _ = session(np.zeros((1, 3, 2, 2), np.float32))
    session(np.ones((1, 3, 2, 2), np.float32))
    np.testing.assert_array_equal(first, 1)


def on_device(x: np.ndarray) -> DeviceArray:
    array = DeviceArray(x.shape, np.float32)
    cuda_stand_in.host_array(array.pointer, x.shape)[:] = x
    return array


@pytest.mark.parametrize("count", [1, 3, 70])
def test_tensorrt_session_device_arrays_stay_on_the_device(bench: Bench, count: int) -> None:
    session, x = bench.open(), images(count)
    given = on_device(x)
    bench.driver.order.clear()
    more, sums = session.enqueue(given, stream=77)
    assert "synchronize" not in {what for what, _, _ in bench.driver.order}
    first, last = bench.driver.order[:2], bench.driver.order[-2:]
    assert [(what, stream == 77) for what, _, stream in (*first, *last)] == [
        ("record", True),
        ("wait", False),
        ("record", False),
        ("wait", True),
    ]
    np.testing.assert_array_equal(cuda_stand_in.host_array(more.pointer, more.shape), x + 1)
    known = sums.__cuda_array_interface__
    assert (known["shape"], known["typestr"], known["version"]) == ((count, 3), "<f4", 3)


def test_tensorrt_session_device_outputs_are_kept_until_released(bench: Bench) -> None:
    session = bench.open()
    kept = session.enqueue(on_device(images(2)))[0]
    again = session.enqueue(on_device(images(2) * 5))[0]
    assert kept.pointer != again.pointer
    np.testing.assert_array_equal(cuda_stand_in.host_array(kept.pointer, (2, 3, 2, 2)), images(2) + 1)
    place = again.pointer
    del again
    assert session.enqueue(on_device(images(2)))[0].pointer == place  # let go of, used again


def test_tensorrt_enqueue_host_or_wrong_input_raises(bench: Bench) -> None:
    session = bench.open()
    with pytest.raises(ModelError, match="an input of ndarray is not an array on a CUDA device"):
        session.enqueue(images(1))
    wrong = on_device(images(2))
    wrong.dtype = np.dtype(np.int32)
    with pytest.raises(ModelError, match=r"not contiguous float32 \(<i4\)"):
        session.enqueue(wrong)


def test_tensorrt_plan_is_cached_by_gpu_and_version(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.open()
    bench.open()
    assert [arguments[0] for arguments in bench.built] == ["tensorrt"]
    assert bench.built[0][2:] == ("net.onnx", ((3, 2, 2),), (8, 6), None, None)
    bench.open(device="cuda:0")
    bench.trt.__version__ = "10.4.0"
    bench.open()
    assert len(bench.built) == 3  # for another GPU, for another version


def test_tensorrt_refused_plan_is_rebuilt_once(bench: Bench) -> None:
    bench.plan = b"bad plan"
    with pytest.raises(
        ModelError, match=r"tensorrt cannot load its plan on cuda:1 \(the plan was made by another vers"
    ):
        bench.open()
    assert len(bench.built) == 2
    bench.plan = b"good plan"
    bench.open()
    assert len(bench.built) == 3


def test_tensorrt_session_builds_one_plan_per_image_size(bench: Bench) -> None:
    session = bench.open(("N", 3, "H", "W"))
    assert not bench.built
    session(np.zeros((1, 3, 2, 2), np.float32))
    session(np.zeros((5, 3, 2, 2), np.float32))
    session(np.zeros((1, 3, 4, 2), np.float32))
    assert [arguments[3] for arguments in bench.built] == [((3, 2, 2),), ((3, 4, 2),)]


def test_tensorrt_session_fixed_batch_of_one_runs_one_by_one(bench: Bench) -> None:
    session = bench.open((1, 3, 2, 2))
    np.testing.assert_array_equal(session(images(3))[0], images(3) + 1)
    assert set(bench.trt.engines[0].batches) == {1}


def test_tensorrt_session_out_of_memory_halves_the_batch(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    session = bench.open()
    bench.driver.limit = bench.driver.used() + 2500  # a batch of 8 needs 2 x (8 x 48 + 8 x 48 + 8 x 12) bytes
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        more, _ = session(images(32))
    np.testing.assert_array_equal(more, images(32) + 1)
    said = [message for message in caplog.messages if "not enough memory for" in message]
    assert said[0] == "net.onnx: not enough memory for a batch of 32; continuing with batches of 16"


def test_tensorrt_session_single_sample_out_of_memory_raises(bench: Bench) -> None:
    bench.driver.limit = 10
    with pytest.raises(
        OutOfMemoryError, match=r"^net\.onnx: tensorrt on cuda:1 has not enough memory to run it for 1 x"
    ):
        bench.open()


def test_tensorrt_session_failed_context_is_out_of_memory(bench: Bench) -> None:
    session = bench.open()
    bench.trt.engines[0].contexts = 0
    np.testing.assert_array_equal(session(images(4))[0], images(4) + 1)  # one by one, in the context that there is
    assert set(bench.trt.engines[0].batches) == {1}


@pytest.mark.parametrize("code", [700, 719])
def test_tensorrt_session_lost_device_raises(bench: Bench, code: int) -> None:
    session = bench.open()
    bench.driver.broken = code
    for _ in range(2):
        with pytest.raises(DeviceLostError, match=r"^net\.onnx: tensorrt on cuda:1 was lost \(cu\w+: CUDA_ERROR_"):
            session(images(1))


def test_tensorrt_session_launch_failure_is_a_lost_device(bench: Bench) -> None:
    session = bench.open()
    bench.trt.engines[0].fails = "Cuda Runtime (unspecified launch failure)\nmore"
    with pytest.raises(DeviceLostError, match="was lost") as caught:
        session(images(1))
    assert "\n" not in str(caught.value)


def test_tensorrt_session_other_failure_names_the_reason(bench: Bench) -> None:
    session = bench.open()
    bench.trt.engines[0].fails = "no such tactic"
    with pytest.raises(ModelError, match="no such tactic"):
        session(images(1))


def test_tensorrt_old_version_raises(bench: Bench) -> None:
    bench.trt.__version__ = "8.6.1"
    with pytest.raises(ModelError, match=r"^tensorrt: version 8\.6\.1 is too old; install version 10 or newer$"):
        TensorRt("tensorrt")


@pytest.mark.parametrize("count", [1, 3, 70])
def test_tensorrt_session_fills_the_memory_of_its_caller(bench: Bench, count: int) -> None:
    session, x = bench.open(), images(count)
    given, more, sums = on_device(x), on_device(0 * x), on_device(np.zeros((count, 3), np.float32))
    bench.driver.order.clear()
    session.into([given], [more, sums], 77)
    assert "synchronize" not in {what for what, _, _ in bench.driver.order}
    np.testing.assert_array_equal(cuda_stand_in.host_array(more.pointer, more.shape), x + 1)
    np.testing.assert_allclose(cuda_stand_in.host_array(sums.pointer, sums.shape), x.sum(axis=(2, 3)), rtol=1e-5)
    own = count in session.batches  # the engine writes to the memory; else its outputs are copied there
    assert [stream for what, _, stream in bench.driver.order[-2:]] == ([] if own else [77, 77])
    assert isinstance(session, EnqueuingSession)


def test_tensorrt_session_has_a_context_for_each_memory_of_its_callers(bench: Bench) -> None:
    session = bench.open()
    engine = bench.trt.engines[0]
    engine.strategies.clear()
    for count in (1, 4):
        arrays = [[on_device(images(count)), on_device(0 * images(count)), on_device(np.zeros((count, 3), np.float32))]]
        arrays.append([arrays[0][0], on_device(0 * images(count)), arrays[0][2]])
        for given, more, sums in (*arrays, *arrays):
            session.into([given], [more, sums], 77)
            np.testing.assert_array_equal(cuda_stand_in.host_array(more.pointer, more.shape), images(count) + 1)
    assert engine.strategies == ["user managed"] * 4  # captured graphs stay valid: no context is changed afterwards
    assert len(engine.scratch) == 1
