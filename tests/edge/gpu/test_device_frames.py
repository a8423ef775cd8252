"""Frames whose images are on the device: decoders' surfaces, read once, given back in time, or used up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from edge.errors import SourceError
from edge.gpu.models import gpu_models
from edge.gpu.pipeline import GpuPipeline
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.async_pipeline import AsyncPipeline
from edge.types import DeviceFrame
from engines.errors import ModelError, OutOfMemoryError
from tests.support.emulated.checker import HOST
from tests.support.emulated.clips import Clip, differences
from tests.support.emulated.machine import emulated_models, install
from tests.support.emulated.runtime import Runtime
from tests.support.emulated.surfaces import SurfaceFrames, SurfacePool, as_decoded

SIZE = (320, 240)
ENOUGH = 12


@pytest.fixture(scope="module")
def decoded(one_person: Clip) -> Clip:
    """The clip with the images that the surfaces show, and its bodies on the CPU."""
    frames = [as_decoded(frame) for frame in one_person.frames]
    pipeline = Pipeline(emulated_models("cpu", "none"), CameraConfig())
    return Clip(frames, [pipeline.process(frame) for frame in frames])


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    made = Runtime(seed=7)
    install(monkeypatch, made)
    yield made
    assert not any(made.used.values())


@pytest.fixture
def pipeline(runtime: Runtime) -> Iterator[GpuPipeline]:
    gpu = gpu_models(emulated_models(second_pose="none"))
    assert gpu is not None
    made = GpuPipeline(gpu, CameraConfig())
    yield made
    made.close()
    gpu.close()


@pytest.fixture
def pool(runtime: Runtime) -> Iterator[SurfacePool]:
    made = SurfacePool(runtime, ENOUGH, SIZE)
    yield made
    assert made.used == 0
    made.close()


def test_device_frames_give_the_bodies_of_their_images_on_the_cpu(
    pipeline: GpuPipeline, pool: SurfacePool, runtime: Runtime, one_person: Clip, decoded: Clip
) -> None:
    with AsyncPipeline(SurfaceFrames(one_person, pool, 10), pipeline) as results:
        found = list(results)
    for result, frame in zip(found, decoded.frames, strict=True):
        assert isinstance(result.frame, DeviceFrame)
        np.testing.assert_array_equal(result.frame.image, frame.image)
    assert differences([result.bodies for result in found], decoded.bodies) < 1e-5
    assert runtime.checker.hazards == []
    assert runtime.counts["image to BGR"] == 10


def test_device_frames_and_frames_of_the_host_go_side_by_side(
    pipeline: GpuPipeline, pool: SurfacePool, runtime: Runtime, one_person: Clip, decoded: Clip
) -> None:
    bodies = []
    for index, frame in enumerate(decoded.frames):
        bodies.append(pipeline.process(pool.frame(one_person.frames[index]) if index % 2 else frame))
    assert differences(bodies, decoded.bodies) < 1e-5
    assert runtime.checker.hazards == []


def test_device_frames_that_are_dropped_give_their_surfaces_back(
    pipeline: GpuPipeline, pool: SurfacePool, runtime: Runtime, one_person: Clip
) -> None:
    for frame in one_person.frames:
        given = pool.frame(frame)
        pipeline.upload(given)
        pipeline.discard(given)
        assert pool.used <= 4
    pipeline.close()
    assert pool.used == 0
    assert runtime.checker.hazards == []


@pytest.mark.parametrize("wait", [(HOST, "image downloaded")], ids=["image downloaded"])
def test_device_frames_without_one_wait_are_found_out(
    wait: tuple[str, str], pipeline: GpuPipeline, pool: SurfacePool, runtime: Runtime, one_person: Clip
) -> None:
    runtime.eagerness = 0
    runtime.restart({wait})
    for frame in one_person.frames[:3]:
        given = pool.frame(frame)
        pipeline.upload(given)
        assert given.image.shape == (240, 320, 3)
        pipeline.discard(given)
    assert runtime.checker.hazards
    runtime.restart()


def test_decoder_without_free_surfaces_ends_its_stream_with_one_line(
    pipeline: GpuPipeline, runtime: Runtime, one_person: Clip
) -> None:
    pool = SurfacePool(runtime, 1, SIZE)
    frame = pool.frame(one_person.frames[0])
    results = AsyncPipeline(SurfaceFrames(one_person, pool, 10), pipeline)
    with results, pytest.raises(SourceError, match=r"^synthetic: all 1 surfaces of its decoder are in use; give it"):
        list(results)
    assert frame.surface is not None
    frame.surface.release()
    assert pool.used == 0
    pool.close()
    assert runtime.checker.hazards == []


def test_device_frame_of_another_device_is_one_line(pipeline: GpuPipeline, runtime: Runtime, one_person: Clip) -> None:
    pool = SurfacePool(runtime, 1, SIZE, "cuda:1")
    with pytest.raises(ModelError, match=r"^synthetic: its images are on cuda:1, its models on cuda:0$"):
        pipeline.upload(pool.frame(one_person.frames[0]))
    assert pool.used == 0
    pool.close()


def test_device_frame_that_is_not_uploaded_gives_its_surface_back(
    pipeline: GpuPipeline, pool: SurfacePool, runtime: Runtime, one_person: Clip
) -> None:
    runtime.limit = runtime.used["cuda:0"] + 1
    with pytest.raises(OutOfMemoryError):
        pipeline.upload(pool.frame(one_person.frames[0]))
    assert pool.used == 0
    runtime.limit = 1 << 40
    pipeline.end()
    with pytest.raises(ModelError, match=r"its frames are no longer uploaded"):
        pipeline.upload(pool.frame(one_person.frames[0]))
    assert pool.used == 0


def test_device_frame_that_no_pipeline_took_has_no_image(pool: SurfacePool, one_person: Clip) -> None:
    frame = pool.frame(one_person.frames[0])
    with pytest.raises(ValueError, match=r"^synthetic: the image of frame 0 is on a device that does not use it$"):
        frame.image.sum()
    assert frame.surface is not None
    frame.surface.release()
    known = replace(DeviceFrame("a", 1, 2, 3.0, one_person.frames[0].image), t_s=4.0)
    assert (known.t_s, known.image.shape) == (4.0, (240, 320, 3))
