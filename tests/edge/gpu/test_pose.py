"""2D poses on a stream: what the stage on the CPU finds, with neighbors painted over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from edge.gpu.models import gpu_models
from edge.gpu.pose import GpuPose
from edge.gpu.slots import FrameRing
from edge.stages.pose import Pose
from edge.types import Frame, Tracks
from tests.support.emulated.clips import Clip
from tests.support.emulated.machine import emulated_models, install
from tests.support.emulated.runtime import Runtime


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    made = Runtime(seed=4)
    install(monkeypatch, made)
    return made


@pytest.fixture
def poses(runtime: Runtime) -> Iterator[tuple[Pose, GpuPose]]:
    loaded = emulated_models(second_pose="none")
    gpu = gpu_models(loaded)
    assert gpu is not None
    ring = FrameRing(gpu.device)
    engine = gpu.engine("pose", loaded.pose, (3, 256, 256))
    made = GpuPose(
        gpu.session("pose"),
        loaded.pose,
        device=gpu.device,
        stream=gpu.device.stream("pose"),
        engine=engine,
        ring=ring,
    )
    yield Pose(loaded.pose_session, loaded.pose), made
    for part in (made, ring, gpu):
        part.close()
    assert runtime.checker.hazards == []
    assert runtime.used["cuda:0"] == 0


def overlapping(frame: Frame, people: int) -> Tracks:
    """People whose boxes overlap, with keypoints all over them."""
    height, width = frame.image.shape[:2]
    left = np.linspace(0, width / 4, people)
    boxes = np.stack([left, np.full(people, 0.1 * height), left + width / 2, np.full(people, 0.9 * height)], 1)
    places = np.random.default_rng(0).random((people, 17, 2))
    keypoints = boxes[:, None, :2] + places * (boxes[:, None, 2:] - boxes[:, None, :2])
    scores = np.full((people, 17, 1), 0.9)
    return Tracks(
        np.arange(people, dtype=np.int32),
        boxes.astype(np.float32),
        np.ones(people, np.float32),
        np.concatenate([keypoints, scores], 2).astype(np.float32),
    )


def test_gpu_pose_paints_over_neighbors_as_the_cpu_does(
    poses: tuple[Pose, GpuPose], runtime: Runtime, one_person: Clip
) -> None:
    plain, on_gpu = poses
    frame = one_person.frames[0]
    for people in (3, 2, 5):
        tracks = overlapping(frame, people)
        expected, found = plain(frame, tracks), on_gpu(frame, tracks)
        np.testing.assert_array_equal(found.keypoints, expected.keypoints)
        np.testing.assert_array_equal(found.scores, expected.scores)
        unpainted = plain(frame, replace(tracks, keypoints=None))
        assert np.abs(unpainted.scores - expected.scores).max() > 0.01
    assert runtime.counts["paint"] == 3


def test_gpu_pose_without_people_enqueues_nothing(
    poses: tuple[Pose, GpuPose], runtime: Runtime, one_person: Clip
) -> None:
    before = runtime.counts["launches"]
    assert len(poses[1](one_person.frames[0], overlapping(one_person.frames[0], 0)).ids) == 0
    assert runtime.counts["launches"] == before
