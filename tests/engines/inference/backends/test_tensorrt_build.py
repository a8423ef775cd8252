"""Plans for the detector on a deep learning accelerator: what TensorRT is asked for, and what is refused."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.cards.card import load_card
from engines.errors import ModelError
from engines.inference.backends import tensorrt_build, tensorrt_engine
from engines.inference.backends.tensorrt_build import build_plan, interface
from engines.inference.backends.tensorrt_engine import TensorRt
from engines.inference.session import open_session
from tests.support import cuda_stand_in

driver = cuda_stand_in.driver


class Builder:
    """As much of TensorRT's builder as a build needs, with two cores; keeps what it was asked for."""

    num_DLA_cores = 2

    def __init__(self) -> None:
        self.flags: list[str] = []
        self.profiles: list[tuple[int, ...]] = []
        self.config = types.SimpleNamespace(
            default_device_type="GPU",
            DLA_core=-1,
            set_flag=self.flags.append,
            clear_flag=lambda flag: None,
            set_memory_pool_limit=lambda pool, size: None,
            add_optimization_profile=lambda profile: None,
        )

    def create_network(self, flags: int) -> Any:
        given = types.SimpleNamespace(name="images", shape=(-1, 3, 8, 8))
        return types.SimpleNamespace(num_inputs=1, get_input=lambda index: given)

    def create_builder_config(self) -> Any:
        return self.config

    def create_optimization_profile(self) -> Any:
        def set_shape(name: str, *shapes: tuple[int, ...]) -> None:
            self.profiles.append(tuple(shape[0] for shape in shapes))

        return types.SimpleNamespace(set_shape=set_shape)

    def build_serialized_network(self, network: Any, config: Any) -> bytes:
        return b"plan"


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    made = Builder()
    fake = types.SimpleNamespace(
        Builder=lambda log: made,
        NetworkDefinitionCreationFlag=types.SimpleNamespace(STRONGLY_TYPED=1),
        OnnxParser=lambda network, log: types.SimpleNamespace(parse=lambda model: True),
        MemoryPoolType=types.SimpleNamespace(WORKSPACE=0),
        BuilderFlag=types.SimpleNamespace(TF32="TF32", GPU_FALLBACK="GPU_FALLBACK"),
        DeviceType=types.SimpleNamespace(DLA="DLA"),
    )
    monkeypatch.setattr(tensorrt_build, "interface", lambda name: fake)
    monkeypatch.setattr(tensorrt_build, "logger", lambda name: types.SimpleNamespace(errors=[]))
    monkeypatch.setattr(tensorrt_build, "_monitor", lambda *given: None)
    return made


def test_build_plan_for_an_accelerator_falls_back_to_the_gpu_and_has_batches_of_one(builder: Builder) -> None:
    assert build_plan("tensorrt", b"model", "net", [(3, 8, 8)], dla=1) == b"plan"
    assert (builder.config.default_device_type, builder.config.DLA_core) == ("DLA", 1)
    assert builder.flags == ["GPU_FALLBACK"]
    assert builder.profiles == [(1, 1, 1)]


def test_build_plan_for_the_gpu_asks_for_no_accelerator(builder: Builder) -> None:
    build_plan("tensorrt", b"model", "net", [(3, 8, 8)])
    assert (builder.config.default_device_type, builder.flags) == ("GPU", [])
    assert len(builder.profiles) == 2


@pytest.mark.parametrize(("cores", "found"), [(0, "no deep learning accelerator"), (1, "the cores 0 to 0")])
def test_build_plan_for_an_accelerator_that_is_not_there_raises(builder: Builder, cores: int, found: str) -> None:
    builder.num_DLA_cores = cores
    with pytest.raises(ModelError, match=f"^net: tensorrt finds {found} here; run it on the GPU, without --dla$"):
        build_plan("tensorrt", b"model", "net", [(3, 8, 8)], dla=1)


def test_tensorrt_rtx_has_no_accelerator() -> None:
    try:
        interface("tensorrt_rtx")
    except ModelError:
        pytest.skip("TensorRT-RTX is not installed")
    with pytest.raises(ModelError, match="tensorrt_rtx finds no deep learning accelerator here"):
        build_plan("tensorrt_rtx", b"model", "net", [(3, 8, 8)], dla=0)


def test_session_on_an_accelerator_runs_one_by_one_from_a_plan_of_its_own(
    driver: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trt, built = cuda_stand_in.TensorRtModule(), []
    monkeypatch.setattr(tensorrt_engine, "interface", lambda name: trt)
    monkeypatch.setattr("engines.inference.backends.tensorrt_run.interface", lambda name: trt)
    for module in ("tensorrt_engine", "tensorrt_run"):
        log = types.SimpleNamespace(errors=[])
        monkeypatch.setattr(f"engines.inference.backends.{module}.logger", lambda name, log=log: log)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(tensorrt_engine, "build_plan", lambda *given: built.append(given[-1]) or b"good plan")
    monkeypatch.setattr(tensorrt_engine, "input_shapes", lambda model, source: ((None, 3, 2, 2),))
    monkeypatch.setattr(tensorrt_engine, "in_precision", lambda model, precision, source: model)
    engine = TensorRt("tensorrt", dla=0)
    assert engine.precisions("cuda:0") == ("fp16", "int8")
    session = engine.load(b"model", "net", "cuda:0", "fp16", None)
    x = np.ones((3, 3, 2, 2), np.float32)
    np.testing.assert_array_equal(session(x)[0], x + 1)
    assert session.batches == (1,)
    TensorRt("tensorrt").load(b"model", "net", "cuda:0", "fp16", None)
    assert built == [0, None]


def test_accelerator_with_another_engine_is_one_line() -> None:
    with pytest.raises(ModelError, match=r"^nanodet_g: openvino has no deep learning accelerator; --dla needs"):
        open_session(load_card("nanodet_g", "detector"), backend="openvino", device="cpu", dla=0)
