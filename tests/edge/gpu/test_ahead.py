"""Crops of the next frame: the boxes of the device are those of the tracker, and what is not is not used."""

from __future__ import annotations

import numpy as np

import edge_kernels
from edge.gpu.ahead import LONGEST_PAUSE, Pause, crop_values, motion_values
from edge.stages.config import CutConfig, MotionConfig, TrackerConfig
from edge.stages.crops import Cropper, complete_boxes
from edge.stages.tracker import Tracker
from edge.types import Detections, Frame, Pose2D
from tests.support.emulated.clips import Clip, differences
from tests.support.emulated.machine import emulated_models, out_of_memory
from tests.support.emulated.pipelines import pipelines
from tests.support.emulated.runtime import Fault, Runtime

SIZE = (480, 640)
FPS = 29.97


def frame(index: int) -> Frame:
    return Frame("camera", index, 0, index / FPS, np.full((*SIZE, 3), 90, np.uint8))


def test_boxes_on_the_device_are_those_of_the_tracker_bit_for_bit() -> None:
    rng = np.random.default_rng(3)
    motion, cut, crops = MotionConfig(), CutConfig(), Cropper(emulated_models("cpu", "none").pose)
    tracker = Tracker(TrackerConfig(interval=1000))
    middles = np.array([[120, 200], [330, 260], [520, 430]])
    limbs = rng.normal(0, 40, (3, 17, 2)) * (0.6, 1.6)
    compared = 0
    for index in range(30):
        found = np.array([[80, 80, 160, 320], [290, 140, 370, 380], [480, 310, 560, 479]], np.float32)
        detections = Detections(found, np.full(3, 0.9, np.float32)) if tracker.wants_detections(frame(index)) else None
        tracks = tracker.update(frame(index), detections)
        following = frame(index + 1)
        boxes = complete_boxes(tracks.boxes, SIZE[0], cut)
        centers, scales, regions = crops.regions(boxes)
        count = len(tracks.ids)
        rows = np.arange(count) % 3
        middles = middles + rng.normal(0, 3, middles.shape)
        places = middles[rows, None] + limbs[rows] + rng.normal(0, 1, (count, 17, 2))
        low, high = regions[:, None, :2], regions[:, None, 2:]
        outputs = np.empty((count, 17, 3), np.float32)
        outputs[..., 1::-1] = (places - low) / (high - low)
        outputs[..., 2] = np.clip(rng.normal(0.45, 0.2, (count, 17)), 0, 1)
        predicted = None
        if tracker.follows(following) and (tracks.ids >= 0).all():
            state = tracker.motion_state(tracks.ids, following.t_s)
            assert state is not None
            predicted = np.empty((count, 2), np.float32), np.empty(count, np.float32)
            values = crop_values(crops, (1.0, 1.0, 0.0, 0.0, 1.0), SIZE[0], cut)
            edge_kernels.follow(motion_values(motion), values, outputs, centers, scales, *state, *predicted)
        keypoints = (low + outputs[..., 1::-1] * (high - low)).astype(np.float32)
        tracker.observe(frame(index), Pose2D(tracks.ids, keypoints, outputs[..., 2]))
        if predicted is None:
            continue
        probe = Tracker(TrackerConfig(interval=1000))
        for name in vars(tracker):
            setattr(probe, name, getattr(tracker, name))
        probe._people = tracker._people[np.arange(len(tracker._people))]
        after = probe.update(following, None)
        rows = [tracks.ids.tolist().index(i) for i in after.ids.tolist() if i in tracks.ids]
        same = [row for row, i in enumerate(after.ids.tolist()) if i in tracks.ids]
        expected = crops.regions(complete_boxes(after.boxes[same], SIZE[0], cut))
        np.testing.assert_array_equal(predicted[0][rows], expected[0])
        np.testing.assert_array_equal(predicted[1][rows], expected[1])
        compared += len(rows)
    assert compared > 30


def test_wrong_forecasts_are_not_used_and_pause(one_person: Clip) -> None:
    runtime = Runtime(seed=5)
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        right = pipeline._forecast

        def wrong(tracks, following):  # type: ignore[no-untyped-def]
            state = right(tracks, following)
            return None if state is None else (state[0] + np.float32(3), state[1])

        pipeline.pose._forecast = wrong
        bodies = []
        pipeline.upload(one_person.frames[0])
        for index, given in enumerate(one_person.frames):
            if index + 1 < len(one_person.frames):
                pipeline.upload(one_person.frames[index + 1])
            bodies.append(pipeline.process(given))
    assert differences(bodies, one_person.bodies) < 1e-5
    assert 1 <= runtime.counts["follow"] <= 4
    assert runtime.checker.hazards == []


def test_crops_ahead_without_memory_cost_no_frame(one_person: Clip) -> None:
    runtime = Runtime(seed=5, eagerness=0)
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        bodies = []
        pipeline.upload(one_person.frames[0])
        for index, given in enumerate(one_person.frames):
            if index + 1 < len(one_person.frames):
                pipeline.upload(one_person.frames[index + 1])
            if index == 6:  # its own crops were computed while the frame before was tracked
                runtime.faults = [Fault("pose engine", 0, out_of_memory("pose"))]
            bodies.append(pipeline.process(given))
            refused = [fault.seen for fault in runtime.faults]
            runtime.faults.clear()
            assert refused == ([1] if index == 6 else [])
    assert differences(bodies, one_person.bodies) < 1e-5
    assert runtime.checker.hazards == []


def test_pause_grows_with_wrong_forecasts_and_ends_with_a_right_one() -> None:
    pause, waited = Pause(), []
    for _ in range(7):
        assert pause.over()
        pause.note(right=False)
        frames = 1
        while not pause.over():
            frames += 1
        waited.append(frames - 1)
    assert waited == [1, 2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    pause.note(right=True)
    assert pause.over()
