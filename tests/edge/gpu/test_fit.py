"""Rotations that are fitted on the device: those of the host, for enough people, as far as there is memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import edge_kernels
from edge.gpu.fit import GpuFit
from edge.stages.config import InverseKinematicsConfig, PipelineConfig
from tests.support.emulated.clips import Clip, differences
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.pipelines import pipelines
from tests.support.emulated.runtime import Runtime
from tests.support.figures import Figure, a_figure, no_prior, poses, skinned

LEAST = 2
JOINTS = 9


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(eagerness=0)


@pytest.fixture
def figure(rng: np.random.Generator) -> Figure:
    return a_figure(rng, JOINTS, 20)


@pytest.fixture
def fit(runtime: Runtime, figure: Figure) -> Iterator[GpuFit]:
    device = EmulatedDevice(runtime, "cuda:0")
    made = GpuFit(device, device.stream("mesh"), figure.rig, LEAST)
    yield made
    made.close()
    assert runtime.checker.hazards == []
    assert not runtime.used.get("cuda:0")


def arguments(figure: Figure, people: int, rng: np.random.Generator) -> list[np.ndarray]:
    vertices = skinned(figure, poses(rng, people, JOINTS, 0.4)).astype(np.float32)
    return [
        np.tile(figure.rest, (people, 1, 1)),
        np.tile(figure.rest_joints, (people, 1, 1)),
        vertices,
        no_prior(people, JOINTS),
        np.full(people, 1e-5, np.float32),
        np.full((people, JOINTS, 3, 3), np.nan, np.float32),
        np.full(people, np.nan, np.float32),
    ]


def same_as_on_the_host(fit: GpuFit, figure: Figure, people: int, rng: np.random.Generator) -> bool:
    given = arguments(figure, people, rng)
    expected = [array.copy() for array in given]
    edge_kernels.fit_rotations(*figure.rig, *expected)
    fit(*given)
    return all(np.array_equal(one, other) for one, other in zip(given, expected, strict=True))


def test_gpu_fit_equals_the_host(fit: GpuFit, figure: Figure, runtime: Runtime, rng: np.random.Generator) -> None:
    for people in (2, 5, 2, 2, 3):
        assert same_as_on_the_host(fit, figure, people, rng)
    assert runtime.counts["inverse kinematics"] == 5
    before = runtime.counts.copy()
    assert same_as_on_the_host(fit, figure, 5, rng)
    assert (runtime.counts - before)["host waits"] == 1
    assert (runtime.counts - before)["allocations"] == 0


def test_gpu_fit_of_few_people_stays_on_the_host(
    fit: GpuFit, figure: Figure, runtime: Runtime, rng: np.random.Generator
) -> None:
    for people in (0, 1):
        assert same_as_on_the_host(fit, figure, people, rng)
    assert runtime.counts["inverse kinematics"] == 0


def test_gpu_fit_without_memory_goes_on_on_the_host(
    fit: GpuFit, figure: Figure, runtime: Runtime, rng: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    runtime.limit = runtime.used["cuda:0"] + 1
    assert same_as_on_the_host(fit, figure, 4, rng)
    runtime.limit = 1 << 40
    assert same_as_on_the_host(fit, figure, 4, rng)
    assert runtime.counts["inverse kinematics"] == 0
    (line,) = caplog.messages
    assert line.endswith("; rotations of 4 people and more are fitted on the host")


def test_gpu_pipeline_that_fits_on_the_device_equals_the_cpu(crowd: Clip) -> None:
    runtime = Runtime(seed=5)
    config = PipelineConfig(inverse_kinematics=InverseKinematicsConfig(gpu_people=2))
    with pipelines(runtime, second_pose="auto", config=config) as (pipeline,):
        found = [pipeline.process(frame) for frame in crowd.frames[:4]]
    assert differences(found, crowd.bodies[:4]) == 0
    assert runtime.counts["inverse kinematics"] >= 4
    assert runtime.checker.hazards == []
