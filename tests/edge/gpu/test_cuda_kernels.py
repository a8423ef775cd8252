"""The pipeline with the CUDA kernels, where they were built for this machine's processor (`make emulated`)."""

from __future__ import annotations

import ctypes
import sys
import types
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import edge_kernels
from edge.gpu.models import gpu_models
from edge.gpu.pipeline import GpuPipeline
from edge.pipeline import CameraConfig
from edge.stages.config import InverseKinematicsConfig, PipelineConfig
from engines.device.cuda import CudaDevice
from tests.support import cuda_core_stand_in
from tests.support.emulated import machine
from tests.support.emulated.clips import Clip, differences

SAME = 2e-3  # m and px: CUDA kernels round differently


def emulated_build() -> bool:
    """Whether the CUDA kernels run on the processor, on host memory."""
    return edge_kernels.CUDA and hasattr(ctypes.CDLL(sys.modules["edge_kernels._native"].__file__), "emulated_replay")


def on_host(array: Any) -> Any:
    known = array.__cuda_array_interface__
    size = int(np.prod(known["shape"]))
    return np.ctypeslib.as_array((ctypes.c_float * size).from_address(known["data"][0])).reshape(known["shape"])


class OnAddresses(machine.EmulatedSession):
    """A model that finds its arrays as TensorRT does."""

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        assert stream
        super().into([on_host(x) for x in inputs], [on_host(x) for x in outputs], stream)


@pytest.mark.gpu
def test_gpu_pipeline_with_cuda_kernels_equals_the_cpu(crowd: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    if not emulated_build():
        pytest.skip("this build's kernels are not emulated")
    made, parent = cuda_core_stand_in.module(), types.ModuleType("cuda")
    parent.core = made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cuda", parent)
    monkeypatch.setitem(sys.modules, "cuda.core", made)
    monkeypatch.setattr(cuda_core_stand_in.Stream, "captures", False)
    monkeypatch.setattr(machine, "EmulatedSession", OnAddresses)
    machine.emulated_models.cache_clear()
    gpu = gpu_models(machine.emulated_models())
    machine.emulated_models.cache_clear()
    assert gpu is not None
    assert isinstance(gpu.device, CudaDevice)
    config = PipelineConfig(inverse_kinematics=InverseKinematicsConfig(gpu_people=1))
    pipeline = GpuPipeline(gpu, CameraConfig(), config)
    found = [pipeline.process(frame) for frame in crowd.frames[:4]]
    assert differences(found, crowd.bodies[:4]) < SAME
    assert {"gpu crops", "gpu inverse kinematics"} <= set(pipeline.timings.stages.stats())
    pipeline.close()
    gpu.close()
