"""Streams of frames through threads and an emulated GPU: slow outputs, two devices, an end in the middle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from edge.gpu.models import gpu_models
from edge.gpu.pipeline import GpuPipeline
from edge.pipeline import CameraConfig
from edge.runtime.async_pipeline import AsyncPipeline
from edge.sources import Source
from edge.types import Bodies, Frame
from tests.support.emulated.clips import Clip, differences
from tests.support.emulated.machine import emulated_models, install
from tests.support.emulated.runtime import Runtime

SOON_S = 30.0


class Frames(Source):
    """Given frames, repeated; a live one does not wait for anybody. `done` is set when all were given."""

    def __init__(self, clip: Clip, count: int, *, live: bool = False) -> None:
        height, width = clip.frames[0].image.shape[:2]
        super().__init__("frames", live=live, size=(width, height), frame_count=count, fps=30.0)
        self._clip, self._count = clip, count
        self.done = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        frames = self._clip.frames
        for index in range(self._count):
            yield replace(frames[index % len(frames)], index=index, t_s=index / 30)
        self.done.set()


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    made = Runtime(seed=2)
    install(monkeypatch, made)
    yield made
    assert made.checker.hazards == []
    assert not any(made.used.values())


@pytest.fixture
def pipeline(runtime: Runtime) -> Iterator[GpuPipeline]:
    gpu = gpu_models(emulated_models(second_pose="none"))
    assert gpu is not None
    made = GpuPipeline(gpu, CameraConfig())
    yield made
    made.close()
    gpu.close()


def test_gpu_stream_with_a_slow_output_drops_frames_and_stays_new(pipeline: GpuPipeline, one_person: Clip) -> None:
    source = Frames(one_person, 40, live=True)
    with AsyncPipeline(source, pipeline) as results:
        frames = iter(results)
        indices = [next(frames).frame.index]
        assert source.done.wait(SOON_S)
        indices += [result.frame.index for result in frames]
    assert indices == sorted(set(indices))
    assert indices[-1] == 39
    assert results.captured == 40 == len(indices) + sum(results.drops.values())
    assert pipeline._ring.used == 0


def test_gpu_stream_closed_in_the_middle_ends_at_once(pipeline: GpuPipeline, one_person: Clip) -> None:
    source = Frames(one_person, 10_000)
    with AsyncPipeline(source, pipeline) as results:
        for result in results:
            if result.frame.index == 2:
                break
    assert not source.done.is_set()
    assert results.problems == []
    assert pipeline._ring.used == 0


def test_gpu_streams_on_two_devices_share_no_memory(runtime: Runtime, one_person: Clip) -> None:
    found: dict[str, list[Bodies]] = {}
    for name in ("cuda:0", "cuda:1"):
        gpu = gpu_models(emulated_models(name, "none"))
        assert gpu is not None
        assert gpu.device.name == name
        made = GpuPipeline(gpu, CameraConfig())
        found[name] = [made.process(frame) for frame in one_person.frames[:3]]
        assert runtime.used[name] > 0
        made.close()
        gpu.close()
    assert differences(found["cuda:0"], found["cuda:1"]) == 0
