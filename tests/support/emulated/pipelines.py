"""Pipelines of several cameras on an emulated device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from edge.gpu.models import GpuModels, gpu_models
from edge.gpu.pipeline import GpuPipeline
from edge.pipeline import CameraConfig
from edge.stages.config import PipelineConfig
from tests.support.emulated.machine import emulated_models, install
from tests.support.emulated.runtime import Runtime


@contextmanager
def pipelines(
    runtime: Runtime, count: int = 1, *, second_pose: str = "none", config: PipelineConfig | None = None
) -> Iterator[list[GpuPipeline]]:
    """Pipelines of several cameras on one emulated device; afterwards nothing of it is allocated."""
    with pytest.MonkeyPatch.context() as patch:
        install(patch, runtime)
        gpu = gpu_models(emulated_models(second_pose=second_pose))
        assert gpu is not None
        made: list[GpuPipeline] = []
        try:
            made += [GpuPipeline(gpu, CameraConfig(), config) for _ in range(count)]
            yield made
        finally:
            close(gpu, made)
    assert runtime.lost or not runtime.used.get("cuda:0")


def close(gpu: GpuModels, made: Sequence[GpuPipeline]) -> None:
    for pipeline in made:
        pipeline.close()
    gpu.close()
