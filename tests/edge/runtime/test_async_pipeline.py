"""The asynchronous pipeline: same bodies as the serial one, frame drops, errors and shutdown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.camera import CameraError
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.async_pipeline import AsyncPipeline
from edge.runtime.frame_errors import MAX_CONSECUTIVE_ERRORS
from edge.sources import Source, open_source
from edge.stages.config import PipelineConfig
from edge.types import Bodies, Frame, TrackedFrame
from engines.errors import ModelError
from tests.support.paths import MEDIA

SOON_S = 20.0


@pytest.fixture(scope="module")
def loaded() -> LoadedModels:
    return LoadedModels(Models())


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("meshcast")} == set()


def equal(a: Bodies, b: Bodies) -> bool:
    """Whether every number of two results is the same, bit for bit."""
    values = ((getattr(a, field.name), getattr(b, field.name)) for field in fields(Bodies) if field.name != "attention")
    return all((x is None and y is None) or np.array_equal(x, y) for x, y in values)


@pytest.mark.parametrize("clip", [MEDIA / "balance_cam01.mp4", MEDIA / "pedestrians.mp4"])
def test_async_pipeline_equals_serial_pipeline(clip: Path, loaded: LoadedModels) -> None:
    serial = Pipeline(loaded, CameraConfig())
    with open_source(str(clip)) as source:
        expected = [serial.process(frame) for frame, _ in zip(source, range(32), strict=False)]
    assert any(len(bodies) for bodies in expected)
    with AsyncPipeline(open_source(str(clip)), Pipeline(loaded, CameraConfig()), limit=32) as results:
        got = list(results)
    assert [result.frame.index for result in got] == list(range(32))
    assert all(equal(a, b.bodies) for a, b in zip(expected, got, strict=True))
    assert results.captured == 32
    assert sum(results.drops.values()) == 0


def test_async_pipeline_parallel_streams_equal_single_streams(loaded: LoadedModels) -> None:
    """They share the engines, whose calls then hold rows of both."""
    clips = [MEDIA / "balance_cam01.mp4", MEDIA / "balance_cam03.mp4"]

    def through(clip: Path) -> list[Bodies]:
        with AsyncPipeline(open_source(str(clip)), Pipeline(loaded, CameraConfig()), limit=16) as results:
            return [result.bodies for result in results]

    alone = [through(clip) for clip in clips]
    together: dict[Path, list[Bodies]] = {}
    threads = [threading.Thread(target=lambda clip=clip: together.update({clip: through(clip)})) for clip in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S * 3)
    for clip, expected in zip(clips, alone, strict=True):
        assert all(equal(a, b) for a, b in zip(together[clip], expected, strict=True))


class Numbered(Source):
    """Small frames; `made` counts them. Waits before frame `gate` until `open` is set; `done` is set after the last."""

    def __init__(self, count: int, *, live: bool = False, gate: int | None = None) -> None:
        super().__init__("numbered", live=live)
        self.made = 0
        self.open, self.done = threading.Event(), threading.Event()
        self._count, self._gate = count, gate

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            if index == self._gate:
                assert self.open.wait(SOON_S)
            if self._stop.is_set():
                return
            self.made += 1
            yield Frame(self.name, index, 0, index / 30, np.zeros((48, 64, 3), np.uint8))
        self.done.set()


def altered(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, step: str, action: Callable[[int], None]) -> None:
    """Let `action` see the index of each frame before a step of the pipeline works on it."""
    original = getattr(pipeline, step)

    def acting(given: Any) -> Any:
        action((given.frame if isinstance(given, TrackedFrame) else given).index)
        return original(given)

    monkeypatch.setattr(pipeline, step, acting)


@pytest.mark.parametrize("error", [ModelError("no numbers"), CameraError("another size"), ZeroDivisionError("zero")])
@pytest.mark.parametrize("step", ["track_people", "recover_meshes"])
def test_async_pipeline_step_error_leaves_frame_out(
    step: str, error: Exception, loaded: LoadedModels, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline(loaded, CameraConfig())

    def fail(index: int) -> None:
        if index in (0, 5, 6):
            raise error

    altered(pipeline, monkeypatch, step, fail)
    with AsyncPipeline(Numbered(12), pipeline) as results:
        indices = [result.frame.index for result in results]
    assert indices == [1, 2, 3, 4, 7, 8, 9, 10, 11]
    assert results.drops["failed"] == 3
    assert results.captured == len(indices) + sum(results.drops.values())
    (problem,) = results.problems
    assert problem.startswith("numbered: 3 frames were left out; ")
    assert str(error) in problem
    assert len(caplog.records) == 1


@pytest.mark.parametrize("step", ["track_people", "recover_meshes"])
def test_async_pipeline_persistent_errors_end_stream_after_results(
    step: str, loaded: LoadedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = Pipeline(loaded, CameraConfig())

    def fail(index: int) -> None:
        if index >= 5:
            raise ModelError("the engine is gone")

    altered(pipeline, monkeypatch, step, fail)
    seen = []
    with (
        pytest.raises(ModelError, match="the engine is gone"),
        AsyncPipeline(Numbered(1000), pipeline) as results,
    ):
        seen.extend(result.frame.index for result in results)
    assert seen == [0, 1, 2, 3, 4]
    assert results.captured == len(seen) + sum(results.drops.values())
    assert results.drops["failed"] == MAX_CONSECUTIVE_ERRORS


@pytest.mark.parametrize("step", ["track_people", "recover_meshes"])
def test_async_pipeline_slow_step_on_live_source_drops_oldest(
    step: str, loaded: LoadedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, source = Pipeline(loaded, CameraConfig()), Numbered(200, live=True, gate=1)

    def slow(index: int) -> None:
        if index == 0:
            source.open.set()
            assert source.done.wait(SOON_S)

    altered(pipeline, monkeypatch, step, slow)
    with AsyncPipeline(source, pipeline) as results:
        indices = [result.frame.index for result in results]
        assert indices[0] == 0
        assert indices == sorted(set(indices))
        assert indices[-1] == 199  # the newest always comes through
        assert results.captured == 200 == len(indices) + sum(results.drops.values())
        assert results.drops["unfinished"] == 0


def test_async_pipeline_idle_consumer_blocks_file_but_not_camera(loaded: LoadedModels) -> None:
    source = Numbered(500)
    with AsyncPipeline(source, Pipeline(loaded, CameraConfig())) as results:
        next(iter(results))
        assert source.made < 20
    assert source.made < 20
    live = Numbered(500, live=True, gate=1)
    with AsyncPipeline(live, Pipeline(loaded, CameraConfig())) as results:
        frames = iter(results)
        assert next(frames).frame.index == 0
        live.open.set()
        assert live.done.wait(SOON_S)
        indices = [result.frame.index for result in frames]
    assert len(indices) <= 4
    assert indices[-1] == 499


def test_async_pipeline_stop_delivers_frames_in_flight(loaded: LoadedModels) -> None:
    source = Numbered(1000, gate=10)
    with AsyncPipeline(source, Pipeline(loaded, CameraConfig())) as results:
        frames = iter(results)
        indices = [next(frames).frame.index for _ in range(3)]
        results.stop()
        source.open.set()
        indices += [result.frame.index for result in frames]
    assert indices == list(range(len(indices)))
    assert 3 <= len(indices) <= 12
    assert results.captured == len(indices)


@pytest.mark.parametrize("taken", [0, 1])
def test_async_pipeline_close_from_other_thread_ends_iteration(taken: int, loaded: LoadedModels) -> None:
    source = Numbered(1000, gate=2)
    results = AsyncPipeline(source, Pipeline(loaded, CameraConfig()))
    frames = iter(results)
    for _ in range(taken):
        next(frames)
    closer = threading.Thread(target=results.close)
    closer.start()
    source.open.set()
    assert len(list(frames)) <= 4
    closer.join(SOON_S)
    assert not closer.is_alive()
    assert list(results) == []


def test_async_pipeline_limit_holds_on_live_source(loaded: LoadedModels) -> None:
    with AsyncPipeline(Numbered(100, live=True), Pipeline(loaded, CameraConfig()), limit=1) as results:
        assert len(list(results)) == 1
    with AsyncPipeline(Numbered(100), Pipeline(loaded, CameraConfig()), limit=7) as results:
        assert [result.frame.index for result in results] == list(range(7))
    assert results.captured == 7


def test_async_pipeline_rotations_are_solved_once_for_each_frame_that_wants_them(loaded: LoadedModels) -> None:
    pipeline, wanted = Pipeline(loaded, CameraConfig()), iter([False, True, True, False, False, True])
    with AsyncPipeline(Numbered(6), pipeline, wants_rotations=lambda: next(wanted)) as results:
        with_rotations = [result.frame.index for result in results if result.rig_pose is not None]
    assert with_rotations == [1, 2, 5]
    assert pipeline.timings.stages.stats()["rig_error"].count == 3


def test_async_pipeline_network_surfaces_are_fitted_on_demand(loaded: LoadedModels) -> None:
    pipeline = Pipeline(loaded, CameraConfig(), PipelineConfig(surface="network"))
    wanted = iter([False, True, True, False, False, True])
    with AsyncPipeline(Numbered(6), pipeline, wants_rotations=lambda: next(wanted)) as results:
        with_rotations = [result.frame.index for result in results if result.rig_pose is not None]
    assert with_rotations == [1, 2, 5]
    assert pipeline.timings.stages.stats()["inverse_kinematics"].count == 3


def test_async_pipeline_without_wish_for_rotations_skips_inverse_kinematics(loaded: LoadedModels) -> None:
    pipeline = Pipeline(loaded, CameraConfig(), PipelineConfig(surface="network"))
    with AsyncPipeline(Numbered(3), pipeline) as results:
        assert all(result.rig_pose is None for result in results)
    assert "inverse_kinematics" not in pipeline.timings.stages.stats()
