"""The pipeline on a GPU's streams, on an emulated device that runs work late and in any order the events allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pytest

from edge.gpu.pipeline import GpuPipeline
from edge.stages.config import BirthConfig, InverseKinematicsConfig, PipelineConfig, QuietConfig, TrackerConfig
from edge.types import Bodies, Frame, TrackedFrame
from engines.errors import DeviceLostError, MeshcastError, OutOfMemoryError
from tests.support.emulated.checker import HOST
from tests.support.emulated.clips import Clip, differences
from tests.support.emulated.machine import out_of_memory
from tests.support.emulated.pipelines import pipelines
from tests.support.emulated.runtime import Fault, Runtime

FITS_ONE = PipelineConfig(inverse_kinematics=InverseKinematicsConfig(gpu_people=1))  # on the device
ALWAYS = QuietConfig(empty_s=0.0)
SAME = 1e-5  # m and px; the emulation computes the operators and networks on the CPU


def processed(pipeline: GpuPipeline, frames: Sequence[Frame], ahead: int = 2) -> list[Bodies]:
    """The bodies of frames of which each is uploaded `ahead` frames before its people are tracked."""
    bodies = []
    for index, frame in enumerate(frames):
        for later in frames[index if not index else index + ahead : index + ahead + 1]:
            pipeline.upload(later)
        bodies.append(pipeline.process(frame))
    return bodies


@pytest.mark.parametrize(("clip", "eagerness"), [("crowd", 0.0), ("visitors", 0.5)])
def test_gpu_pipeline_equals_the_cpu(clip: str, eagerness: float, request: pytest.FixtureRequest) -> None:
    given: Clip = request.getfixturevalue(clip)
    runtime = Runtime(seed=int(10 * eagerness), eagerness=eagerness)
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        assert differences(processed(pipeline, given.frames), given.bodies) < SAME
    assert runtime.checker.hazards == []


def test_gpu_pipeline_without_uploads_ahead_equals_the_cpu(one_person: Clip) -> None:
    runtime = Runtime()
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        assert differences([pipeline.process(frame) for frame in one_person.frames], one_person.bodies) < SAME
    assert runtime.checker.hazards == []


def test_gpu_pipelines_of_three_cameras_equal_the_cpu(crowd: Clip, visitors: Clip, one_person: Clip) -> None:
    runtime = Runtime(seed=3)
    clips = [crowd, visitors, one_person]
    found: list[list[Bodies]] = [[], [], []]
    with pipelines(runtime, 3, second_pose="auto") as made:
        for index in range(10):
            for pipeline, clip in zip(made, clips, strict=True):
                pipeline.upload(clip.frames[index])
            for pipeline, clip, bodies in zip(made, clips, found, strict=True):
                bodies.append(pipeline.process(clip.frames[index]))
    for clip, bodies in zip(clips, found, strict=True):
        assert differences(bodies, clip.bodies[:10]) < SAME
    assert runtime.checker.hazards == []


def test_gpu_pipeline_after_warm_up_allocates_nothing_and_waits_as_designed(one_person: Clip) -> None:
    runtime = Runtime(eagerness=0)
    # A look behind a person is one more crop, with a mask to copy.
    config = PipelineConfig(tracker=TrackerConfig(births=BirthConfig(search_hidden=False), quiet=ALWAYS))
    frames = one_person.frames
    with pipelines(runtime, config=config) as (pipeline,):
        pipeline.upload(frames[0])
        for index, frame in enumerate(frames[:-1]):
            pipeline.upload(frames[index + 1])
            before = runtime.counts.copy()
            tracked = pipeline.track_people(frame)
            tracking = runtime.counts - before
            bodies = pipeline.recover_meshes(tracked)
            all_of_it = runtime.counts - before
            assert len(bodies) == 1
            if index < 5:
                continue  # warm-up
            detected, due = index % 8 == 0, (index + 1) % 8 == 0
            assert all_of_it["allocations"] == all_of_it["frees"] == 0
            assert tracking["host waits"] == 1 + detected  # keypoints; the frame's boxes depend on its detections
            assert all_of_it["host waits"] - tracking["host waits"] == 2  # points of the mesh; the surface
            # Of the next frame, unless its boxes depend on its detections; of this one, if its boxes did.
            assert tracking["crops"] == tracking["pose engine"] == (not due) + detected
            assert tracking["follow"] == (not due)
            assert (all_of_it["mesh engine"], all_of_it["skinning"]) == (1, 1)
            # Tracks and places of the crops, and keypoints, of the next frame; of this one, places and keypoints.
            assert tracking["copies"] == 3 * (not due) + 2 * detected
            assert all_of_it["copies"] - tracking["copies"] == 4  # to and from the mesh network, and the skinning
            assert all_of_it["graphs"] >= 1


def test_upload_starts_the_detector_when_it_is_due_only(one_person: Clip) -> None:
    runtime = Runtime()
    with pipelines(runtime, config=PipelineConfig(tracker=TrackerConfig(quiet=ALWAYS))) as (pipeline,):
        processed(pipeline, one_person.frames)
        assert runtime.counts["letterbox"] == 4  # on the three uploaded before anybody was in sight, and every eighth
        detected = pipeline.timings.stages.stats()["detect"].count
    assert detected == 2


# The waits of the design: who waits, and for what.
WAITS = {
    ("copy in", "image read by the crops"),
    ("copy in", "image read by the detector"),
    ("detector", "detector engine free"),
    ("detector", "image uploaded"),
    ("mesh", "mesh engine free"),
    ("pose", "image uploaded"),
    ("pose", "pose engine free"),
    (HOST, "bodies landed"),
    (HOST, "detections landed"),
    (HOST, "image uploaded"),
    (HOST, "keypoints landed"),
    (HOST, "mesh engine done"),
    (HOST, "rotations landed"),
}


@dataclass(frozen=True, slots=True)
class TwoCameras:
    """Two pipelines on one device, and a clip for both."""

    runtime: Runtime
    one: GpuPipeline
    two: GpuPipeline
    clip: Clip


@pytest.fixture(scope="module")
def cameras(one_person: Clip) -> Iterator[TwoCameras]:
    runtime = Runtime(eagerness=0)
    with pipelines(runtime, 2, config=FITS_ONE) as (one, two):
        yield TwoCameras(runtime, one, two, one_person)


def hard_times(cameras: TwoCameras) -> None:
    """Both cameras at the same time, frames that are dropped, an engine that fails once, and late results."""
    runtime, one, two, clip = cameras.runtime, cameras.one, cameras.two, cameras.clip
    frames = iter(clip.frames)
    for pipeline in (one, two):
        pipeline.reset()
    first = next(frames)
    for pipeline in (one, two):
        pipeline.upload(first)
    tracked = two.track_people(first)
    runtime.meanwhile["mesh engine done"] = lambda: recover(two, tracked)
    one.process(first)
    drop(one, [next(frames) for _ in range(3)])
    runtime.faults = [Fault("pose engine", 0, out_of_memory("pose"))]
    frame = next(frames)
    for pipeline in (one, two):
        pipeline.upload(frame)
        with suppress(OutOfMemoryError):
            pipeline.process(frame)
    runtime.faults.clear()
    drop(one, [next(frames) for _ in range(3)])
    frame = next(frames)
    for pipeline in (one, two):
        pipeline.upload(frame)
    runtime.meanwhile["keypoints landed"] = lambda: track(two, frame)
    one.process(frame)
    one.reset()
    steady_times(one, clip.frames)
    for pipeline in (one, two):
        pipeline.upload(clip.frames[0])
    runtime.meanwhile["keypoints landed"] = lambda: track(two, clip.frames[0])
    one.process(clip.frames[0])
    one.reset()
    drop(one, clip.frames[:5])  # with the detector started: there are no people


def steady_times(pipeline: GpuPipeline, frames: Sequence[Frame]) -> None:
    """Crops of the next frame in flight while this one is tracked, then one whose frame is dropped."""
    processed(pipeline, frames[:6], ahead=1)
    pipeline.upload(frames[7])
    pipeline.process(frames[6])
    pipeline.discard(frames[7])
    pipeline.process(frames[8])
    pipeline.reset()


def drop(pipeline: GpuPipeline, frames: Sequence[Frame]) -> None:
    for frame in frames:
        pipeline.upload(frame)
        pipeline.discard(frame)


def recover(pipeline: GpuPipeline, tracked: TrackedFrame) -> None:
    pipeline.recover_meshes(tracked)


def track(pipeline: GpuPipeline, frame: Frame) -> None:
    pipeline.track_people(frame)


def test_gpu_pipeline_in_hard_times_has_no_hazard(cameras: TwoCameras) -> None:
    cameras.runtime.restart()
    hard_times(cameras)
    assert cameras.runtime.checker.hazards == []
    assert cameras.runtime.edges == WAITS
    assert not cameras.runtime.meanwhile


def test_gpu_pipeline_in_hard_times_on_shared_memory_has_no_hazard(one_person: Clip) -> None:
    runtime = Runtime(eagerness=0, unified=True)
    with pipelines(runtime, 2) as (one, two):
        hard_times(TwoCameras(runtime, one, two, one_person))
        assert runtime.checker.hazards == []


@pytest.mark.parametrize("wait", sorted(WAITS), ids=lambda wait: " ".join(wait))
def test_gpu_pipeline_without_one_wait_is_found_out(wait: tuple[str, str], cameras: TwoCameras) -> None:
    cameras.runtime.restart({wait})
    try:
        with suppress(MeshcastError):  # numbers that are not there yet
            hard_times(cameras)
        assert cameras.runtime.checker.hazards
    finally:
        for frame in cameras.clip.frames:
            for pipeline in (cameras.one, cameras.two):
                pipeline.discard(frame)
        cameras.runtime.restart()


def test_gpu_pipeline_made_and_closed_without_one_wait_is_found_out() -> None:
    for wait in [(HOST, "body uploaded"), (HOST, "rig uploaded")]:
        runtime = Runtime(eagerness=0, without=frozenset({wait}))
        with pipelines(runtime):
            pass
        assert runtime.checker.hazards


def test_gpu_pipeline_on_lost_device_raises_device_lost(one_person: Clip) -> None:
    runtime = Runtime(eagerness=0, faults=[Fault("pose engine", 3, RuntimeError(), late=True)])
    with (
        pytest.raises(
            DeviceLostError, match=r"^GPU pipeline: cuda:0 was lost .*; restart when the device is available"
        ),
        pipelines(runtime) as (pipeline,),
    ):
        processed(pipeline, one_person.frames)


def test_gpu_pipeline_without_memory_for_all_people_uses_smaller_batches(
    crowd: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = Runtime()
    with pipelines(runtime) as (pipeline,):
        empty = [replace(frame, image=np.zeros_like(frame.image)) for frame in crowd.frames[:3]]
        processed(pipeline, empty)
        pipeline.reset()
        runtime.limit = runtime.used["cuda:0"] + 2 * 3 * 256 * 256 * 4 + (1 << 14)
        tracked = pipeline.track_people(crowd.frames[3])
        assert len(tracked.pose.ids) > 2
        assert runtime.counts["pose engine"] >= -(-len(tracked.pose.ids) // 2)
        runtime.limit = 1 << 40
    with pipelines(Runtime()) as (pipeline,):
        expected = pipeline.track_people(crowd.frames[3]).pose
    np.testing.assert_array_equal(tracked.pose.keypoints, expected.keypoints)
    assert [line for line in caplog.messages if line.endswith("continuing with batches of 2 people")]


def test_gpu_pipeline_frames_that_change_their_size_equal_the_cpu(one_person: Clip, crowd: Clip) -> None:
    runtime = Runtime()
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        processed(pipeline, crowd.frames[:3])
        pipeline.reset()
        assert differences(processed(pipeline, one_person.frames), one_person.bodies) < SAME
    assert runtime.checker.hazards == []
